"""All metrics by name, in the order in which reports show them."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.metrics.issuing import ISSUING
from lifesim.metrics.metric import (
    AT_FORK,
    AT_FORK_ZH,
    CNY,
    FEN,
    MOVES,
    MOVES_ZH,
    YUAN,
    Customers,
    Metric,
    costs,
    holders,
    outcome,
    per_10k,
    present,
    prospects,
)
from lifesim.metrics.policies import MONEY, SELLING, STAYING
from lifesim.population.accounts import REFERRED, Accounts
from lifesim.population.columns import FIRST_BOUGHT, LEFT_IN_ORDER

Outcomes = Any


def _bought_first(c: Customers) -> Any:
    return prospects(c) & ((c["marks"] & FIRST_BOUGHT) > 0)


def _still_hold(c: Customers) -> Any:
    return holders(c) & ((c["policies"] > 0) | ((c["marks"] & LEFT_IN_ORDER) > 0))


def _new_business(o: Outcomes, accounts: Accounts) -> Any:
    return o["value"] - costs(o, accounts)


def _friends_purchases(o: Outcomes, accounts: Accounts) -> Any:
    """Policies of customers who were referred and joined after the fork."""
    return np.where(accounts.kind == REFERRED, o["purchases"], 0)


_ALL = (
    Metric(
        "first_purchase_rate", "First purchase rate", "首次投保率", "share", "比例", "higher",
        "customers without a policy at the fork who bought their first", "customers without a policy at the fork",
        "分叉时无保单且期内首次投保的客户", "分叉时无保单的客户", 1.0,
        _bought_first, prospects, "persons",
    ),
    Metric(
        "retention_rate", "Customers kept to the end", "期末留存率", "share", "比例", "higher",
        "customers with a policy at the fork who hold one at the end, or whose last one ended by death, maturity or a "
        "claim, which is not churn", "customers with a policy at the fork",
        "分叉时有保单、且期末仍持有至少一张，或末张保单因身故、满期或理赔终止（不计流失）的客户",
        "分叉时有保单的客户", 1.0,
        _still_hold, holders, "persons",
        group="relationship",
    ),
    Metric(
        "premium_payment_rate", "Renewal premiums paid", "续期缴费率", "share", "比例", "neither",
        "of these premiums, those paid, grace included", f"premiums due of long-term policies{MOVES}",
        "其中（含宽限期内）已缴纳的保费笔数", f"长期险到期保费笔数{MOVES_ZH}",
        1.0, outcome("paid_settled"), outcome("due_settled"), "ratio",
        "premiums due from the fork on whose grace period ends before the horizon does",
        "分叉后到期、且宽限期在观察期结束前届满的保费",
        group="relationship", after_grace=True,
    ),
    Metric(
        "grace_recovery_rate", "Recovered in grace", "宽限期回收率", "share", "比例", "neither",
        "of these premiums, those paid within the grace period",
        f"premiums of long-term policies not paid when due{MOVES}",
        "其中在宽限期内缴纳的笔数", f"长期险到期未缴的保费笔数{MOVES_ZH}",
        1.0, outcome("recovered_settled"), outcome("unpaid_settled"), "ratio",
        "premiums due from the fork on whose grace period ends before the horizon does",
        "分叉后到期、且宽限期在观察期结束前届满的保费",
        group="relationship", after_grace=True,
    ),
    *(Metric(
        f"persistency_{month}", f"{month}-month persistency", f"{month}个月继续率", "share", "比例", "neither",
        f"of these policies, those whose premium of month {month} was paid",
        f"long-term policies issued and not given back{MOVES}",
        f"其中第{month}个月保费已缴的保单", f"承保且未在犹豫期退保的长期险保单{MOVES_ZH}",
        1.0, outcome(f"kept_month_{month}"), outcome(f"new_month_{month}"), "ratio",
        f"policies issued since the fork, {month - 1} months and a grace period or more before the horizon",
        f"分叉后承保、且距观察期末至少{month - 1}个月加宽限期的保单",
        group="relationship", after_days=365 * (month // 12), after_grace=True,
    ) for month in (13, 25)),
    per_10k("policies_per_10k", "New policies per 10,000 customers", "每万客户新增保单", "count", "件", "higher",
             ("policies issued", "承保件数"), outcome("purchases"), 1.0),
    per_10k("ape_per_10k", "New annualised premium per 10,000", "每万客户年化新保", CNY, YUAN, "higher",
             ("annualised premium of policies issued", "新承保保单的年化保费"), outcome("ape"), FEN),
    per_10k("premium_per_10k", "Premium received per 10,000", "每万客户实收保费", CNY, YUAN, "neither",
             ("premium received, first and later ones; never a profit", "实收保费，含首年与续期（不是利润）"),
             outcome("premium"), FEN, "money"),
    per_10k("nbv_per_10k", "New business value per 10,000", "每万客户新业务价值", CNY, YUAN, "higher",
             ("margin on the annualised premium of new policies, taken back for those given back or ended early, plus "
              "the margin on later premiums, less the cost of contacts, benefits, acquisition and levers on agents",
              "新保单年化保费的价值率部分（犹豫期退保与早期失效予以冲回），加续期保费的价值，"
              "减触达、权益、获客成本与代理人培训等投入"),
             _new_business, FEN, "money"),
    per_10k("commission_per_10k", "Commission per 10,000", "每万客户佣金", CNY, YUAN, "neither",
             ("commission on premiums received, first and later ones; it grows with sales",
              "按实收保费计提的佣金，含首年与续期；随业绩增长"), outcome("commission"), FEN, "money"),
    per_10k("claims_per_10k", "Claims paid per 10,000", "每万客户赔付", CNY, YUAN, "neither",
             ("claims paid; the liability for later claims is not in it", "已付赔款；不含未来赔付责任"),
             outcome("claims"), FEN, "money"),
    per_10k("cost_per_10k", "Cost per 10,000", "每万客户成本", CNY, YUAN, "lower",
             ("cost of touches sent, conversations, benefits and levers on agents such as training, and where "
              "everyone is counted of acquiring those who arrived later; without commission, claims and fixed costs "
              "such as wages and systems",
              "已发送触达、通话、权益与代理人培训等投入的成本，统计全部客户时另含后来客户的获客成本；"
              "不含佣金、赔款以及工资、系统等固定成本"), costs, FEN, "money"),
    per_10k("referrals_per_10k", "Recommendations per 10,000", "每万客户转介绍", "count", "次", "higher",
             ("recommendations to friends", "向朋友推荐次数"), outcome("referred"), 1.0),
    per_10k("friends_policies_per_10k", "New policies of referred friends per 10,000", "每万客户转介新增保单",
             "count", "件", "higher",
             ("policies issued to friends referred, and to theirs, who joined after the fork",
              "分叉后加入的转介客户（逐级）的承保件数"), _friends_purchases, 1.0),
    Metric(
        "referral_success", "Friends' policies per recommendation", "转介成功率", "share", "比例", "neither",
        "policies issued to friends referred, and to theirs, who joined after the fork",
        f"recommendations to friends, by them too{MOVES}",
        "分叉后加入的转介客户（逐级）的承保件数", f"向朋友推荐次数，含转介客户的推荐{MOVES_ZH}",
        1.0, _friends_purchases, outcome("referred"), "chain",
    ),
    per_10k("losses_per_10k", "Customers lost per 10,000", "每万客户流失", "count", "次", "lower",
             ("moves into the stage Lost, but for death, maturity and a claim that ended the last policy; who comes "
              "back and is lost again counts twice",
              "进入“已流失”阶段的次数，不含身故、满期与理赔终止；挽回后再次流失计两次"),
             outcome("losses"), 1.0, "relationship"),
    Metric(
        "save_rate", "Saves, gross", "挽回率（毛）", "share", "比例", "neither",
        "moves from the churn warning back to holding; gross: those who would have stayed anyway are in it, and the "
        "paired effect is what is net", f"churn warnings begun since the fork or under way then{MOVES}",
        "从流失预警回到持有的次数；毛值，含本来就会留下的客户，净值见配对效果",
        f"分叉时已在或其后进入流失预警的次数{MOVES_ZH}",
        1.0, outcome("saves"), outcome("warnings"), "ratio",
        group="relationship",
    ),
    per_10k("complaints_per_10k", "Complaints per 10,000", "每万客户投诉", "count", "件", "lower",
             ("complaints to the insurer", "客服投诉件数"), outcome("complaints"), 1.0, "relationship"),
    per_10k("regulator_complaints_per_10k", "Regulator complaints per 10,000", "每万客户监管转办投诉", "count", "件",
             "lower", ("complaints to the regulator, passed on to the insurer", "监管转办的投诉件数"),
             outcome("regulator_complaints"), 1.0, "relationship"),
    Metric(
        "opt_out_rate", "Opt-outs", "退订率", "share", "比例", "lower",
        "withdrawals of consent, not customers: each channel withdrawn counts", AT_FORK,
        "撤回营销同意的次数（不是人数）：每撤回一个渠道计一次", AT_FORK_ZH, 1.0, outcome("opt_outs"), present,
        group="contact",
    ),
    per_10k("unfollows_per_10k", "Unfollows per 10,000", "每万客户取关", "count", "次", "lower",
             ("customers who stopped following the service account, each time", "取消关注服务号的次数"),
             outcome("unfollows"), 1.0, "contact"),
    per_10k("wecom_deletions_per_10k", "WeCom contacts deleted per 10,000", "每万客户删除企微", "count", "次", "lower",
             ("customers who deleted the contact on WeCom, each time", "客户删除企业微信好友的次数"),
             outcome("deletions"), 1.0, "contact"),
    Metric(
        "touches_per_customer", "Touches per customer", "人均触达次数", "count", "次", "neither",
        "touches sent", AT_FORK, "发送的触达次数", AT_FORK_ZH, 1.0, outcome("sent"), present,
        group="contact",
    ),
    Metric(
        "open_rate", "Open rate", "打开率", "share", "比例", "neither",
        "touches opened", f"touches delivered{MOVES}", "打开的触达", f"送达的触达{MOVES_ZH}",
        1.0, outcome("opened"), outcome("delivered"), "ratio",
        group="contact",
    ),
    Metric(
        "sessions_per_customer", "App sessions per customer", "人均访问次数", "count", "次", "higher",
        "app sessions", AT_FORK, "应用访问次数", AT_FORK_ZH, 1.0, outcome("sessions"), present,
        group="contact",
    ),
    Metric(
        "answer_rate", "Inquiries answered", "咨询应答率", "share", "比例", "neither",
        "conversations with an adviser after an inquiry", f"inquiries{MOVES}",
        "咨询后与顾问通话次数", f"咨询次数{MOVES_ZH}", 1.0, outcome("answered"), outcome("inquiries"), "ratio",
        group="contact",
    ),
)  # fmt: skip

#: All metrics by name, in the order in which reports show them.
METRICS: dict[str, Metric] = {metric.name: metric for metric in (*_ALL, *SELLING, *ISSUING, *STAYING, *MONEY)}


def described() -> dict[str, dict[str, str]]:
    """What every metric is, for the manifest of a run."""
    keys = ("label_en", "label_zh", "unit", "unit_zh", "better", "numerator", "denominator", "window",
            "numerator_zh", "denominator_zh", "window_zh", "group")  # fmt: skip
    return {name: {key: getattr(metric, key) for key in keys} for name, metric in METRICS.items()}
