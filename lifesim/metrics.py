"""What is measured: named ratios over customers, with unit, window and direction of better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from lifesim.population.accounts import NOBODY, PRESENT_AT_FORK, REFERRED, Accounts
from lifesim.population.columns import FIRST_BOUGHT, HELD_AT_FORK, PRESENT

Customers = Any
Outcomes = Any
#: Of customers, shape (n,); or of outcomes and what their accounts stand for. ``Metric.kind`` says which.
Column = Callable[..., Any]


@dataclass(frozen=True)
class Metric:
    """A ratio of two sums over customers, from the fork to the end of the horizon.

    Attributes
    ----------
    scale
        The value is scale x numerator / denominator.
    top, bottom
        What is added up for numerator and denominator.
    kind
        ``amount``: outcomes per customer present at the fork; ``persons``: a share of these customers; ``ratio``: of
        outcomes to outcomes, both moved by the arm, so that neither direction is better. See ``totals``.
    group
        Reports draw the metrics of a group together.
    """

    name: str
    label_en: str
    label_zh: str
    unit: str
    unit_zh: str
    better: Literal["higher", "lower", "neither"]
    numerator: str
    denominator: str
    numerator_zh: str
    denominator_zh: str
    scale: float
    top: Column
    bottom: Column
    kind: Literal["amount", "persons", "ratio"] = "amount"
    window: str = "from the fork to the end of the horizon"
    window_zh: str = "从分叉到观察期末"
    group: Literal["sales", "relationship", "money", "contact"] = "sales"


def _present(c: Customers) -> Any:
    """Customers present at the fork: no arm can move their number."""
    return (c["marks"] & PRESENT) > 0


def _prospects(c: Customers) -> Any:
    """Of those, who held no policy at the fork."""
    return (c["marks"] & (PRESENT | HELD_AT_FORK)) == PRESENT


def _holders(c: Customers) -> Any:
    """Of those, who held a policy at the fork."""
    return (c["marks"] & (PRESENT | HELD_AT_FORK)) == PRESENT | HELD_AT_FORK


def _bought_first(c: Customers) -> Any:
    return _prospects(c) & ((c["marks"] & FIRST_BOUGHT) > 0)


def _still_hold(c: Customers) -> Any:
    return _holders(c) & (c["policies"] > 0)


def _outcome(*names: str) -> Column:
    """The sum of some outcomes."""
    return lambda o, accounts: sum(o[name] for name in names)


def _per_10k(
    name: str,
    en: str,
    zh: str,
    unit: str,
    unit_zh: str,
    better: Any,
    what: tuple[str, str],
    column: Column,
    scale: float,
    group: Any = "sales",
) -> Metric:
    """A metric for 10,000 customers."""
    return Metric(
        name,
        en,
        zh,
        unit,
        unit_zh,
        better,
        what[0],
        _AT_FORK,
        what[1],
        _AT_FORK_ZH,
        scale * 10_000,
        column,
        _present,
        group=group,
    )


_costs = _outcome("contact", "benefit", "acquisition")


def _new_business(o: Outcomes, accounts: Accounts) -> Any:
    return o["value"] - _costs(o, accounts)


def _friends_purchases(o: Outcomes, accounts: Accounts) -> Any:
    """Policies of customers who were referred and joined after the fork."""
    return np.where(accounts.kind == REFERRED, o["purchases"], 0)


_AT_FORK, _AT_FORK_ZH = "customers present at the fork", "分叉时在册的客户数"
_MOVES, _MOVES_ZH = "; arms differ in it, so neither direction is better", "（各策略组不同，故无好坏之分）"
_CNY, _YUAN = "CNY", "元"
_FEN = 0.01

_ALL = (
    Metric(
        "first_purchase_rate", "First purchase rate", "首次投保率", "share", "比例", "higher",
        "customers without a policy at the fork who bought their first", "customers without a policy at the fork",
        "分叉时无保单且期内首次投保的客户", "分叉时无保单的客户", 1.0,
        _bought_first, _prospects, "persons",
    ),
    Metric(
        "retention_rate", "Customer retention", "客户留存率", "share", "比例", "higher",
        "customers with a policy at the fork who hold one at the end", "customers with a policy at the fork",
        "分叉时有保单且期末仍持有至少一张的客户", "分叉时有保单的客户", 1.0,
        _still_hold, _holders, "persons",
        group="relationship",
    ),
    Metric(
        "premium_payment_rate", "Premiums paid when due", "到期缴费率", "share", "比例", "neither",
        "of these premiums, those paid, grace included", f"premiums due{_MOVES}",
        "其中（含宽限期内）已缴纳的保费笔数", f"到期保费笔数{_MOVES_ZH}",
        1.0, _outcome("paid_settled"), _outcome("due_settled"), "ratio",
        "premiums due from the fork on whose grace period ends before the horizon does",
        "分叉后到期、且宽限期在观察期结束前届满的保费",
        group="relationship",
    ),
    Metric(
        "grace_recovery_rate", "Recovered in grace", "宽限期回收率", "share", "比例", "neither",
        "of these premiums, those paid within the grace period", f"premiums not paid when due{_MOVES}",
        "其中在宽限期内缴纳的笔数", f"到期未缴的保费笔数{_MOVES_ZH}",
        1.0, _outcome("recovered_settled"), _outcome("unpaid_settled"), "ratio",
        "premiums due from the fork on whose grace period ends before the horizon does",
        "分叉后到期、且宽限期在观察期结束前届满的保费",
        group="relationship",
    ),
    *(Metric(
        f"persistency_{month}", f"{month}-month persistency", f"{month}个月继续率", "share", "比例", "neither",
        f"of these policies, those whose premium of month {month} was paid",
        f"long-term policies issued and not given back{_MOVES}",
        f"其中第{month}个月保费已缴的保单", f"承保且未在犹豫期退保的长期险保单{_MOVES_ZH}",
        1.0, _outcome(f"kept_month_{month}"), _outcome(f"new_month_{month}"), "ratio",
        f"policies issued since the fork, {month - 1} months and a grace period or more before the horizon",
        f"分叉后承保、且距观察期末至少{month - 1}个月加宽限期的保单",
        group="relationship",
    ) for month in (13, 25)),
    _per_10k("policies_per_10k", "New policies per 10,000 customers", "每万客户新增保单", "count", "件", "higher",
             ("policies issued", "承保件数"), _outcome("purchases"), 1.0),
    _per_10k("ape_per_10k", "New annualised premium per 10,000", "每万客户年化新保", _CNY, _YUAN, "higher",
             ("annualised premium of policies issued", "新承保保单的年化保费"), _outcome("ape"), _FEN),
    _per_10k("premium_per_10k", "Premium received per 10,000", "每万客户实收保费", _CNY, _YUAN, "neither",
             ("premium received, first and later ones; never a profit", "实收保费，含首年与续期（不是利润）"),
             _outcome("premium"), _FEN, "money"),
    _per_10k("nbv_per_10k", "New business value per 10,000", "每万客户新业务价值", _CNY, _YUAN, "higher",
             ("margin on the annualised premium of new policies, taken back for those given back or ended early, plus "
              "the margin on later premiums, less the cost of contacts, benefits and acquisition",
              "新保单年化保费的价值率部分（犹豫期退保与早期失效予以冲回），加续期保费的价值，减触达、权益与获客成本"),
             _new_business, _FEN, "money"),
    _per_10k("commission_per_10k", "Commission per 10,000", "每万客户佣金", _CNY, _YUAN, "neither",
             ("commission on premiums received, first and later ones; it grows with sales",
              "按实收保费计提的佣金，含首年与续期；随业绩增长"), _outcome("commission"), _FEN, "money"),
    _per_10k("claims_per_10k", "Claims paid per 10,000", "每万客户赔付", _CNY, _YUAN, "neither",
             ("claims paid; the liability for later claims is not in it", "已付赔款；不含未来赔付责任"),
             _outcome("claims"), _FEN, "money"),
    _per_10k("cost_per_10k", "Cost per 10,000", "每万客户成本", _CNY, _YUAN, "lower",
             ("cost of touches sent, conversations and benefits, and where everyone is counted of acquiring those who "
              "arrived later; without commission, claims and fixed costs "
              "such as wages and systems",
              "已发送触达、通话与权益的成本，统计全部客户时另含后来客户的获客成本；"
              "不含佣金、赔款以及工资、系统等固定成本"), _costs, _FEN, "money"),
    _per_10k("referrals_per_10k", "Recommendations per 10,000", "每万客户转介绍", "count", "次", "higher",
             ("recommendations to friends", "向朋友推荐次数"), _outcome("referred"), 1.0),
    _per_10k("friends_policies_per_10k", "New policies of referred friends per 10,000", "每万客户转介新增保单",
             "count", "件", "higher",
             ("policies issued to friends referred, and to theirs, who joined after the fork",
              "分叉后加入的转介客户（逐级）的承保件数"), _friends_purchases, 1.0),
    _per_10k("losses_per_10k", "Customers lost per 10,000", "每万客户流失", "count", "次", "lower",
             ("moves into the stage Lost, death included; who comes back and is lost again counts twice",
              "进入“已流失”阶段的次数（含身故）；挽回后再次流失计两次"), _outcome("losses"), 1.0, "relationship"),
    Metric(
        "save_rate", "Saves, gross", "挽回率（毛）", "share", "比例", "neither",
        "moves from the churn warning back to holding; gross: those who would have stayed anyway are in it, and the "
        "paired effect is what is net", f"churn warnings begun since the fork or under way then{_MOVES}",
        "从流失预警回到持有的次数；毛值，含本来就会留下的客户，净值见配对效果",
        f"分叉时已在或其后进入流失预警的次数{_MOVES_ZH}",
        1.0, _outcome("saves"), _outcome("warnings"), "ratio",
        group="relationship",
    ),
    _per_10k("complaints_per_10k", "Complaints per 10,000", "每万客户投诉", "count", "件", "lower",
             ("complaints to the insurer", "客服投诉件数"), _outcome("complaints"), 1.0, "relationship"),
    _per_10k("regulator_complaints_per_10k", "Regulator complaints per 10,000", "每万客户监管转办投诉", "count", "件",
             "lower", ("complaints to the regulator, passed on to the insurer", "监管转办的投诉件数"),
             _outcome("regulator_complaints"), 1.0, "relationship"),
    Metric(
        "opt_out_rate", "Opt-outs", "退订率", "share", "比例", "lower",
        "withdrawals of consent, not customers: each channel withdrawn counts", _AT_FORK,
        "撤回营销同意的次数（不是人数）：每撤回一个渠道计一次", _AT_FORK_ZH, 1.0, _outcome("opt_outs"), _present,
        group="contact",
    ),
    Metric(
        "touches_per_customer", "Touches per customer", "人均触达次数", "count", "次", "neither",
        "touches sent", _AT_FORK, "发送的触达次数", _AT_FORK_ZH, 1.0, _outcome("sent"), _present,
        group="contact",
    ),
    Metric(
        "open_rate", "Open rate", "打开率", "share", "比例", "neither",
        "touches opened", f"touches delivered{_MOVES}", "打开的触达", f"送达的触达{_MOVES_ZH}",
        1.0, _outcome("opened"), _outcome("delivered"), "ratio",
        group="contact",
    ),
    Metric(
        "sessions_per_customer", "App sessions per customer", "人均访问次数", "count", "次", "higher",
        "app sessions", _AT_FORK, "应用访问次数", _AT_FORK_ZH, 1.0, _outcome("sessions"), _present,
        group="contact",
    ),
    Metric(
        "answer_rate", "Inquiries answered", "咨询应答率", "share", "比例", "neither",
        "conversations with an adviser after an inquiry", f"inquiries{_MOVES}",
        "咨询后与顾问通话次数", f"咨询次数{_MOVES_ZH}", 1.0, _outcome("answered"), _outcome("inquiries"), "ratio",
        group="contact",
    ),
)  # fmt: skip

#: All metrics by name, in the order in which reports show them.
METRICS: dict[str, Metric] = {metric.name: metric for metric in _ALL}


def totals(segments: list[str], customers: Customers, outcomes: Outcomes, accounts: Accounts) -> list[dict[str, Any]]:
    """Numerators and denominators by scope, segment and metric.

    Scope ``present`` counts customers present at the fork. An ``amount`` counts besides what became of those whom they
    referred since, and of the friends of those: it is credited to the customer present at the fork from whom the chain
    goes out, and to the segment of that customer. Scope ``everyone`` counts all, by their own segment. The denominator
    of amounts and ``persons`` is fixed at the fork in both scopes: more friends never lower what is sold per customer.

    Parameters
    ----------
    customers
        Columns of the customers who have joined, shape (n,).
    outcomes, accounts
        What became of customers, and whom it counts to; shape (m,) each.
    """
    n = len(segments)
    rows = []
    for scope in ("present", "everyone"):
        for metric in METRICS.values():
            counted, segment = _whom(metric, scope, accounts)

            def of_outcomes(column: Column, counted: Any = counted, segment: Any = segment) -> Any:
                return _sums(column(outcomes, accounts)[counted], segment[counted], n)

            def of_customers(column: Column) -> Any:
                return np.bincount(customers["segment"][column(customers)], minlength=n)

            top = (of_customers if metric.kind == "persons" else of_outcomes)(metric.top)
            bottom = (of_outcomes if metric.kind == "ratio" else of_customers)(metric.bottom)
            rows += [
                {"segment": name, "scope": scope, "metric": metric.name, "numerator": int(up), "denominator": int(down)}
                for name, up, down in zip(segments, top, bottom, strict=True)
            ]
    return rows


def _whom(metric: Metric, scope: str, accounts: Accounts) -> tuple[Any, Any]:
    """Which accounts a metric adds up, and under which segment each counts."""
    if scope == "everyone":
        return np.ones(len(accounts.segment), bool), accounts.segment
    if metric.kind == "amount":
        return accounts.credited != NOBODY, accounts.credited
    return accounts.kind == PRESENT_AT_FORK, accounts.segment


def _sums(column: Any, segment: Any, segments: int) -> Any:
    """Sum of a column of whole numbers by segment."""
    sums = np.zeros(segments, np.int64)
    np.add.at(sums, segment, column)
    return sums


def described() -> dict[str, dict[str, str]]:
    """What every metric is, for the manifest of a run."""
    keys = ("label_en", "label_zh", "unit", "unit_zh", "better", "numerator", "denominator", "window",
            "numerator_zh", "denominator_zh", "window_zh", "group")  # fmt: skip
    return {name: {key: getattr(metric, key) for key in keys} for name, metric in METRICS.items()}
