"""Metrics of policies and of value: how long policies last, what is paid on them, what they cost and are worth."""

from __future__ import annotations

from typing import Any

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
)
from lifesim.population.accounts import Accounts
from lifesim.population.columns import BOUGHT_MORE, GAP_ASSESSED, ORPHAN

Outcomes = Any


def _holders_seen(c: Customers) -> Any:
    """Who held a policy at the fork, where a year since was seen."""
    return holders(c) & c["year_seen"]


def _kept_a_year(c: Customers) -> Any:
    return _holders_seen(c) & c["held_after_a_year"]


def _bought_more(c: Customers) -> Any:
    return holders(c) & ((c["marks"] & BOUGHT_MORE) > 0)


def _assessed(c: Customers) -> Any:
    return present(c) & ((c["marks"] & GAP_ASSESSED) > 0)


def _policyholders(c: Customers) -> Any:
    """Customers present at the fork who hold a policy at the end."""
    return present(c) & (c["policies"] > 0)


def _orphans(c: Customers) -> Any:
    """Of those, whose serving agent has left."""
    return _policyholders(c) & ((c["marks"] & ORPHAN) > 0)


def _policies_held(c: Customers) -> Any:
    return present(c) * c["policies"].astype(int)


def _hold_long(c: Customers) -> Any:
    return present(c) & (c["long"] > 0)


def _satisfaction(c: Customers) -> Any:
    return present(c) * c["satisfaction"]


def _later_premium(o: Outcomes, accounts: Accounts) -> Any:
    """Premium of later policy years of long-term policies."""
    return o["premium"] - o["first_year_premium"] - o["again_premium"]


_OF_FORK, _OF_FORK_ZH = "long-term policies in force, or in grace, at the fork", "分叉时有效（含宽限期）的长期险保单"
_WITH_GRACE = "from the fork on, with the grace period over before the end of the horizon"
_WITH_GRACE_ZH = "分叉后到期、且宽限期在观察期结束前届满"
_COST, _COST_ZH = "touches sent, conversations, benefits and acquisition", "触达、通话、权益与获客"

#: How customers and policies stay.
STAYING = (
    Metric(
        "retention_12", "Customer retention after 12 months", "客户留存率（12个月）", "share", "比例", "higher",
        "of these customers, those who hold a policy in force 365 days after the fork, or whose last one ended by "
        "death, maturity or a claim",
        "customers with a policy at the fork",
        "其中分叉后第365天仍持有至少一张有效保单，或末张保单因身故、满期或理赔终止的客户",
        "分叉时有保单的客户", 1.0,
        _kept_a_year, _holders_seen, "persons",
        "from the fork to 365 days after it; not observable where the horizon is shorter",
        "从分叉到其后第365天；观察期不足365天时不可观察",
        group="relationship", after_days=365,
    ),
    *(Metric(
        f"persistency_{month}_premium", f"{month}-month persistency by premium", f"{month}个月继续率（保费）",
        "share", "比例", "neither",
        f"of it, that of policies whose premium of month {month} was paid",
        f"annual premium of long-term policies issued and not given back{MOVES}",
        f"其中第{month}个月保费已缴保单的年化保费", f"承保且未在犹豫期退保的长期险年化保费{MOVES_ZH}",
        1.0, outcome(f"kept_premium_{month}"), outcome(f"new_premium_{month}"), "ratio",
        f"policies issued since the fork, {month - 1} months and a grace period or more before the horizon",
        f"分叉后承保、且距观察期末至少{month - 1}个月加宽限期的保单",
        group="relationship", after_days=365 * (month // 12), after_grace=True,
    ) for month in (13, 25)),
    Metric(
        "rebuy_rate", "Short cover bought again", "续保率", "share", "比例", "neither",
        "of these covers, those bought again, grace included", f"short covers that ended{MOVES}",
        "其中（含宽限期内）再次投保的保单", f"到期的短期险保单{MOVES_ZH}",
        1.0, outcome("short_again"), outcome("short_due"), "ratio", _WITH_GRACE, _WITH_GRACE_ZH,
        group="relationship", after_grace=True,
    ),
    Metric(
        "lapse_rate", "Lapses", "失效率", "share", "比例", "lower",
        "of these policies, those suspended at the end of a grace period; once each, also when reinstated later",
        _OF_FORK, "其中因宽限期满未缴费而失效的保单（每张计一次，其后复效者亦计入）", _OF_FORK_ZH,
        1.0, outcome("lapsed_of_fork"), outcome("long_at_fork"), "ratio",
        group="relationship",
    ),
    Metric(
        "surrender_rate", "Surrenders", "退保率", "share", "比例", "lower",
        "of these policies, those ended for their cash value by customers who surrender or leave for a competitor; "
        "cooling-off is not in it",
        _OF_FORK, "其中客户退保或转投其他公司而领取现金价值终止的保单（不含犹豫期退保）", _OF_FORK_ZH,
        1.0, outcome("surrendered_of_fork"), outcome("long_at_fork"), "ratio",
        group="relationship",
    ),
    Metric(
        "reinstatement_rate", "Reinstatements", "复效率", "share", "比例", "neither",
        "of these policies, those reinstated; those that still rest at the end are not",
        f"policies suspended since the fork, or then{MOVES}",
        "其中已复效的保单（期末仍中止者不计入）", f"分叉时处于中止或其后失效中止的保单{MOVES_ZH}",
        1.0, outcome("reinstated"), outcome("suspended"), "ratio",
        group="relationship",
    ),
    Metric(
        "orphan_share", "Orphans among policyholders", "孤儿单客户占比", "share", "比例", "neither",
        "of these customers, those whose serving agent has left, and who have not been told of another",
        f"customers present at the fork who hold a policy at the end{MOVES}",
        "其中服务代理人已离职且尚未获告知新服务人员的客户", f"分叉时在册且期末持有保单的客户数{MOVES_ZH}", 1.0,
        _orphans, _policyholders, "persons",
        "at the end of the horizon", "观察期末",
        group="relationship",
    ),
    Metric(
        "satisfaction", "Satisfaction at the end", "期末满意度", "count", "分", "higher",
        "score of satisfaction, 0 being the ordinary level and 20 points of 100 a score of 1; of those who died, too",
        AT_FORK, "满意度得分之和（0为平常水平，1分相当于百分制20分；含身故者）", AT_FORK_ZH, 0.001,
        _satisfaction, present, "persons",
        "at the end of the horizon", "观察期末",
        group="relationship",
    ),
)  # fmt: skip

#: What is sold to whom.
SELLING = (
    Metric(
        "add_on_rate", "Holders who bought more", "加保率", "share", "比例", "higher",
        "of these customers, those to whom a further policy was issued", "customers with a policy at the fork",
        "其中期内再承保至少一张保单的客户", "分叉时有保单的客户", 1.0,
        _bought_more, holders, "persons",
    ),
    Metric(
        "gap_assessed_rate", "Customers whose gap was assessed", "缺口评估客户占比", "share", "比例", "higher",
        "of these customers, those with whom somebody went through the protection gap once or more", AT_FORK,
        "其中至少做过一次保障缺口评估的客户", AT_FORK_ZH, 1.0, _assessed, present, "persons",
    ),
    Metric(
        "gap_assessments_per_10k", "Gap assessments per 10,000", "每万客户缺口评估次数", "count", "次", "higher",
        "times that somebody went through the protection gap with a customer", AT_FORK,
        "做保障缺口评估的次数", AT_FORK_ZH, 10_000.0, outcome("gap_assessments"), present,
    ),
    Metric(
        "policies_per_holder", "Policies per policyholder", "人均持有保单件数", "count", "件", "neither",
        "policies in force, or in grace, of these customers",
        f"customers present at the fork who hold a policy at the end{MOVES}",
        "这些客户持有的有效（含宽限期）保单件数", f"分叉时在册且期末持有保单的客户数{MOVES_ZH}", 1.0,
        _policies_held, _policyholders, "persons",
        "at the end of the horizon", "观察期末",
    ),
    Metric(
        "long_term_share", "Customers with long-term cover", "长险渗透率", "share", "比例", "higher",
        "of these customers, those who hold a long-term policy in force, or in grace", AT_FORK,
        "其中持有有效（含宽限期）长期险保单的客户", AT_FORK_ZH, 1.0,
        _hold_long, present, "persons",
        "at the end of the horizon", "观察期末",
    ),
    Metric(
        "average_premium", "Average premium per policy", "件均保费", CNY, YUAN, "neither",
        "annual premium of these policies", f"policies issued{MOVES}", "其年化保费", f"承保件数{MOVES_ZH}",
        FEN, outcome("ape"), outcome("purchases"), "ratio",
    ),
)  # fmt: skip

#: What is paid, spent and worth.
MONEY = (
    per_10k("fyp_per_10k", "First-year premium per 10,000", "每万客户新单保费（FYP）", CNY, YUAN, "higher",
            ("premium received for first policy years; never a profit", "实收的首个保单年度保费（不是利润）"),
            outcome("first_year_premium"), FEN, "money"),
    per_10k("later_premium_per_10k", "Renewal premium per 10,000", "每万客户续期保费", CNY, YUAN, "higher",
            ("premium received for later policy years of long-term policies, arrears included; never a profit",
             "实收的长期险后续保单年度保费，含复效补缴（不是利润）"), _later_premium, FEN, "money"),
    per_10k("rebuy_premium_per_10k", "Premium of short cover bought again per 10,000", "每万客户续保保费", CNY, YUAN,
            "higher", ("premium received for short cover bought again; never a profit",
                       "实收的短期险续保保费（不是利润）"), outcome("again_premium"), FEN, "money"),
    per_10k("lifetime_value_per_10k", "Lifetime value per 10,000", "每万客户终身价值", CNY, YUAN, "higher",
            ("value of new business and of later premiums less all cost, each discounted to the fork, plus the "
             "residual: renewal margin on the premiums still expected of long-term policies in force at the end",
             "新业务与后续保费的价值减全部成本（均折现至分叉时），加剩余价值：期末有效长期险预期未来保费的续期价值"),
            outcome("worth", "residual"), FEN, "money"),
    Metric(
        "acquisition_cost", "Cost per new customer (CAC)", "获客成本（CAC）", CNY, YUAN, "neither",
        f"cost of {_COST} spent on customers while they held no policy; without commission and fixed costs; "
        "acquisition only where everyone is counted",
        f"first purchases{MOVES}",
        f"客户尚无保单期间的{_COST_ZH}成本（不含佣金与固定成本；获客成本仅在统计全部客户时计入）",
        f"首次投保次数{MOVES_ZH}", FEN, outcome("prospecting"), outcome("first_purchases"), "ratio",
        group="money",
    ),
    Metric(
        "cost_per_policy", "Cost per policy", "单件成本", CNY, YUAN, "neither",
        f"cost of {_COST}, and of levers on agents; without commission and fixed costs", f"policies issued{MOVES}",
        f"{_COST_ZH}成本及代理人培训等投入（不含佣金与固定成本）", f"承保件数{MOVES_ZH}",
        FEN, costs, outcome("purchases"), "ratio", group="money",
    ),
)  # fmt: skip
