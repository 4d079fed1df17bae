"""What a metric is: a ratio of two sums with unit, window and direction of better; what metrics have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from lifesim.population.columns import HELD_AT_FORK, PRESENT

#: Columns of customers at the end, see ``world.closing``.
Customers = Any
#: Of customers, shape (n,); or of outcomes and what their accounts stand for. ``Metric.kind`` says which.
Column = Callable[..., Any]

AT_FORK, AT_FORK_ZH = "customers present at the fork", "分叉时在册的客户数"
MOVES, MOVES_ZH = "; arms differ in it, so neither direction is better", "（各策略组不同，故无好坏之分）"
CNY, YUAN = "CNY", "元"
FEN = 0.01


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
        ``amount``: outcomes per customer present at the fork; ``persons``: of columns of these customers at the end;
        ``ratio``: of outcomes to outcomes of these customers; ``chain``: likewise, with those of the friends whom they
        referred since. Where the arm moves the denominator, neither direction is better. See ``totals``.
    group
        Reports draw the metrics of a group together.
    after_days, after_grace
        A shorter horizon has nothing to measure: days, and whether a grace period has to pass besides.
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
    kind: Literal["amount", "persons", "ratio", "chain"] = "amount"
    window: str = "from the fork to the end of the horizon"
    window_zh: str = "从分叉到观察期末"
    group: Literal["sales", "relationship", "money", "contact"] = "sales"
    after_days: int = 0
    after_grace: bool = False


def present(c: Customers) -> Any:
    """Customers present at the fork: no arm can move their number."""
    return (c["marks"] & PRESENT) > 0


def prospects(c: Customers) -> Any:
    """Of those, who held no policy at the fork."""
    return (c["marks"] & (PRESENT | HELD_AT_FORK)) == PRESENT


def holders(c: Customers) -> Any:
    """Of those, who held a policy at the fork."""
    return (c["marks"] & (PRESENT | HELD_AT_FORK)) == PRESENT | HELD_AT_FORK


def outcome(*names: str) -> Column:
    """The sum of some outcomes."""
    return lambda o, accounts: sum(o[name] for name in names)


def per_10k(
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
        AT_FORK,
        what[1],
        AT_FORK_ZH,
        scale * 10_000,
        column,
        present,
        group=group,
    )


costs = outcome("contact", "benefit", "acquisition", "levers")
