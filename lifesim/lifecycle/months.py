"""What is sold and what is paid, month by month: the season of the business."""

from __future__ import annotations

from typing import Any

from lifesim.compiled import compiled
from lifesim.dates import DAY
from lifesim.lifecycle.layout import policy_row, rule_i4, tally
from lifesim.population.columns import MONTH_COLUMNS

#: Columns of ``months``; money in fen.
SOLD, APE, RECEIVED = range(MONTH_COLUMNS)


@compiled
def cell(product: int, now: int, w: Any) -> int:
    """Place of the first column of a product in the calendar month of ``now``."""
    month = rule_i4(w.month_of, now // DAY)
    return (product * w.months_all + month) * MONTH_COLUMNS


@compiled
def count_sold(place: int, now: int, w: Any) -> None:
    """Count a new policy and its annual premium."""
    policy = policy_row(w, place)
    tally(w.months, cell(policy.product, now, w) + SOLD, 1)
    tally(w.months, cell(policy.product, now, w) + APE, policy.premium)


@compiled
def count_received(place: int, amount: Any, now: int, w: Any) -> None:
    """Count premium received on a policy, the first or a later one, or arrears."""
    tally(w.months, cell(policy_row(w, place).product, now, w) + RECEIVED, amount)
