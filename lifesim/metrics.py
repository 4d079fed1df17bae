"""What is measured: named ratios over customers, with unit, window and direction of better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from lifesim.population.columns import HELD_AT_FORK, PRESENT

Customers = Any
Outcomes = Any
Column = Callable[[Customers, Outcomes], Any]


@dataclass(frozen=True)
class Metric:
    """A ratio of two sums over customers, from the fork to the end of the horizon.

    Attributes
    ----------
    scale
        The value is scale x numerator / denominator.
    top, bottom
        Integer columns, shape (n,), from customers and outcomes.
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
    window: str = "from the fork to the end of the horizon"
    window_zh: str = "从分叉到观察期末"
    group: Literal["sales", "relationship", "money", "contact"] = "sales"


def _everyone(c: Customers, o: Outcomes) -> Any:
    return np.ones(len(c), np.int64)


def _prospects(c: Customers, o: Outcomes) -> Any:
    """Customers who held no policy at the fork."""
    return ((c["marks"] & HELD_AT_FORK) == 0).astype(np.int64)


def _holders(c: Customers, o: Outcomes) -> Any:
    """Customers who held a policy at the fork."""
    return ((c["marks"] & HELD_AT_FORK) > 0).astype(np.int64)


def _outcome(name: str) -> Column:
    return lambda c, o: o[name].astype(np.int64)


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
        "customers",
        what[1],
        "客户数",
        scale * 10_000,
        column,
        _everyone,
        group=group,
    )


def _costs(c: Customers, o: Outcomes) -> Any:
    return sum(o[name].astype(np.int64) for name in ("contact", "benefit", "acquisition"))


_CNY, _YUAN = "CNY", "元"
_FEN = 0.01

_ALL = (
    Metric(
        "first_purchase_rate", "First purchase rate", "首次投保率", "share", "比例", "higher",
        "customers without a policy at the fork who bought their first", "customers without a policy at the fork",
        "分叉时无保单且期内首次投保的客户", "分叉时无保单的客户", 1.0,
        lambda c, o: np.where(_prospects(c, o) == 1, np.minimum(o["first_purchases"], 1), 0), _prospects,
    ),
    Metric(
        "retention_rate", "Customer retention", "客户留存率", "share", "比例", "higher",
        "customers with a policy at the fork who hold one at the end", "customers with a policy at the fork",
        "分叉时有保单且期末仍持有至少一张的客户", "分叉时有保单的客户", 1.0,
        lambda c, o: np.where(_holders(c, o) == 1, np.minimum(c["policies"], 1), 0), _holders,
        group="relationship",
    ),
    Metric(
        "premium_payment_rate", "Premiums paid when due", "到期缴费率", "share", "比例", "higher",
        "premiums due that were paid, grace included", "premiums due",
        "到期后（含宽限期）缴纳的保费笔数", "到期保费笔数", 1.0, _outcome("paid"), _outcome("due"),
        group="relationship",
    ),
    _per_10k("policies_per_10k", "New policies per 10,000 customers", "每万客户新增保单", "count", "件", "higher",
             ("policies issued", "承保件数"), _outcome("purchases"), 1.0),
    _per_10k("ape_per_10k", "New annualised premium per 10,000", "每万客户年化新保", _CNY, _YUAN, "higher",
             ("annualised premium of policies issued", "新承保保单的年化保费"), _outcome("ape"), _FEN),
    _per_10k("premium_per_10k", "Premium received per 10,000", "每万客户实收保费", _CNY, _YUAN, "neither",
             ("premium received, first and later ones; never a profit", "实收保费，含首年与续期（不是利润）"),
             _outcome("premium"), _FEN, "money"),
    _per_10k("commission_per_10k", "Commission per 10,000", "每万客户佣金", _CNY, _YUAN, "neither",
             ("commission on premiums received, first and later ones; it grows with sales",
              "按实收保费计提的佣金，含首年与续期；随业绩增长"), _outcome("commission"), _FEN, "money"),
    _per_10k("claims_per_10k", "Claims paid per 10,000", "每万客户赔付", _CNY, _YUAN, "neither",
             ("claims paid; the liability for later claims is not in it", "已付赔款；不含未来赔付责任"),
             _outcome("claims"), _FEN, "money"),
    _per_10k("cost_per_10k", "Contact, benefit, acquisition cost per 10,000", "每万客户触达权益获客成本", _CNY, _YUAN,
             "lower",
             ("cost of touches sent, conversations, benefits and arrivals; without commission, claims and fixed costs "
              "such as wages and systems",
              "已发送触达、通话、权益与获客的成本；不含佣金、赔款以及工资、系统等固定成本"), _costs, _FEN, "money"),
    _per_10k("referrals_per_10k", "Recommendations per 10,000", "每万客户转介绍", "count", "次", "higher",
             ("recommendations to friends", "向朋友推荐次数"), _outcome("referred"), 1.0),
    _per_10k("friends_policies_per_10k", "New policies of referred friends per 10,000", "每万客户转介新增保单",
             "count", "件", "higher",
             ("policies issued to friends they referred, and to theirs", "其转介客户（逐级）的承保件数"),
             _outcome("friends_purchases"), 1.0),
    _per_10k("losses_per_10k", "Customers lost per 10,000", "每万客户流失", "count", "次", "lower",
             ("moves into the stage Lost, death included; who comes back and is lost again counts twice",
              "进入“已流失”阶段的次数（含身故）；挽回后再次流失计两次"), _outcome("losses"), 1.0, "relationship"),
    _per_10k("complaints_per_10k", "Complaints per 10,000", "每万客户投诉", "count", "件", "lower",
             ("complaints to the insurer", "客服投诉件数"), _outcome("complaints"), 1.0, "relationship"),
    Metric(
        "opt_out_rate", "Opt-outs", "退订率", "share", "比例", "lower",
        "withdrawals of consent, not customers: each channel withdrawn counts", "customers",
        "撤回营销同意的次数（不是人数）：每撤回一个渠道计一次", "客户数", 1.0, _outcome("opt_outs"), _everyone,
        group="contact",
    ),
    Metric(
        "touches_per_customer", "Touches per customer", "人均触达次数", "count", "次", "neither",
        "touches sent", "customers", "发送的触达次数", "客户数", 1.0, _outcome("sent"), _everyone,
        group="contact",
    ),
    Metric(
        "open_rate", "Open rate", "打开率", "share", "比例", "higher",
        "touches opened", "touches delivered", "打开的触达", "送达的触达",
        1.0, _outcome("opened"), _outcome("delivered"),
        group="contact",
    ),
    Metric(
        "sessions_per_customer", "App sessions per customer", "人均访问次数", "count", "次", "higher",
        "app sessions", "customers", "应用访问次数", "客户数", 1.0, _outcome("sessions"), _everyone,
        group="contact",
    ),
    Metric(
        "answer_rate", "Inquiries answered", "咨询应答率", "share", "比例", "higher",
        "conversations with an adviser after an inquiry", "inquiries", "咨询后与顾问通话次数", "咨询次数",
        1.0, _outcome("answered"), _outcome("inquiries"),
        group="contact",
    ),
)  # fmt: skip

#: All metrics by name, in the order in which reports show them.
METRICS: dict[str, Metric] = {metric.name: metric for metric in _ALL}


def totals(segments: list[str], customers: Customers, outcomes: Outcomes) -> list[dict[str, Any]]:
    """Numerators and denominators by scope, segment and metric.

    Parameters
    ----------
    customers, outcomes
        Columns of the customers who have joined, shape (n,).
    """
    known = {name: outcomes[name] for name in outcomes.dtype.names} | _of_friends(customers, outcomes)
    present = (customers["marks"] & PRESENT) > 0
    rows = []
    for scope, chosen in (("present", present), ("everyone", np.ones_like(present))):
        c, o = customers[chosen], {name: column[chosen] for name, column in known.items()}
        for metric in _ALL:
            top = np.bincount(c["segment"], weights=metric.top(c, o), minlength=len(segments))
            bottom = np.bincount(c["segment"], weights=metric.bottom(c, o), minlength=len(segments))
            rows += [
                {
                    "segment": segment,
                    "scope": scope,
                    "metric": metric.name,
                    "numerator": int(top[k]),
                    "denominator": int(bottom[k]),
                }
                for k, segment in enumerate(segments)
            ]
    return rows


def _of_friends(customers: Customers, outcomes: Outcomes) -> dict[str, Any]:
    """What became of the friends of each customer, and of theirs: outcomes of the one who began the chain."""
    order = np.argsort(customers["key"])
    place = np.searchsorted(customers["key"], customers["root"], sorter=order)
    root = order[np.minimum(place, len(order) - 1)] if len(order) else order
    friend = (customers["root"] != customers["key"]) & (customers["key"][root] == customers["root"])
    bought = outcomes["purchases"][friend].astype(np.float64)
    return {"friends_purchases": np.bincount(root[friend], weights=bought, minlength=len(customers)).astype(np.int64)}


def described() -> dict[str, dict[str, str]]:
    """What every metric is, for the manifest of a run."""
    keys = ("label_en", "label_zh", "unit", "unit_zh", "better", "numerator", "denominator", "window",
            "numerator_zh", "denominator_zh", "window_zh", "group")  # fmt: skip
    return {name: {key: getattr(metric, key) for key in keys} for name, metric in METRICS.items()}
