"""What became of those who came into a journey: against everyone, and against themselves in the control.

Whoever takes part is another kind of customer to begin with, so that participants against the average shows who they
are, not what the journey did. The same customers in the control arm show what it did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lifesim.experiment.cannibalised import sold_to_served
from lifesim.experiment.harm import Ends, how_they_ended
from lifesim.metrics import METRICS
from lifesim.metrics.metric import Column
from lifesim.population.enrolled import came_in
from lifesim.strategy import Practice
from lifesim.world.world import World

#: Customers who are gone through at once, eight to a byte.
_AT_ONCE = 8_192


@dataclass(frozen=True)
class Kept:
    """What an arm leaves behind for comparisons customer by customer.

    Attributes
    ----------
    counted
        By metric of persons that is a share, who counts in the numerator and in the denominator: bits, eight customers
        a byte, because the control's are kept while other arms run.
    members
        By journey of the arm, which of the customers present at the fork came in since then: bits, too.
    ends
        What became of customers, see `harm`.
    sold
        By branch, what was sold to customers whom agents served, see `cannibalised`.
    """

    counted: dict[str, tuple[Any, Any]]
    members: dict[str, Any]
    ends: Ends
    sold: dict[str, Any]


def what_is_kept(world: World, practice: Practice, customers: dict[str, Any], at_fork: int) -> Kept:
    """What is needed of an arm at its end.

    Parameters
    ----------
    customers
        Columns of all customers at the end, see ``world.closing``.
    at_fork
        How many customers there were at the fork; their rows are the same in every arm.
    """
    of_fork = {name: column[:at_fork] for name, column in customers.items()}
    return Kept(
        {
            name: (_bits(metric.top, of_fork, at_fork), _bits(metric.bottom, of_fork, at_fork))
            for name, metric in METRICS.items()
            if metric.kind == "persons" and metric.unit == "share"
        },
        _members(world, practice, at_fork),
        how_they_ended(world, at_fork),
        sold_to_served(world, practice, at_fork),
    )


def _bits(column: Column, customers: dict[str, Any], n: int) -> Any:
    """Which of the first n customers a column of a metric is true of; so many at a time, to need little memory."""
    found = np.zeros(-(-n // 8), np.uint8)
    for first in range(0, n, _AT_ONCE):
        of = {name: each[first : first + _AT_ONCE] for name, each in customers.items()}
        found[first // 8 : (first + _AT_ONCE) // 8] = np.packbits(column(of))
    return found


def _members(world: World, practice: Practice, at_fork: int) -> dict[str, Any]:
    """By journey of a practice, which of the customers present at the fork came in since, as `_bits` says it."""
    number = {name: k for k, name in enumerate(world.journeys.names)}
    found = {name: np.zeros(-(-at_fork // 8), np.uint8) for name in practice.journeys}
    for first in range(0, at_fork, _AT_ONCE):
        rows = np.arange(first, min(first + _AT_ONCE, at_fork))
        customers, journeys = came_in(world.state, world.scenario.warm_up, rows)
        for name, bits in found.items():
            came = np.zeros(len(rows), bool)
            came[customers[journeys == number[name]] - first] = True
            bits[first // 8 : (first + _AT_ONCE) // 8] = np.packbits(came)
    return found


def participants(arm: Kept, control: Kept) -> list[dict[str, Any]]:
    """By journey and metric: sums over participants, over the same customers in the control, and over everyone."""
    return [
        {"journey": journey, "metric": name,
         "numerator": _count(top & members), "denominator": _count(bottom & members),
         "control_numerator": _count(control.counted[name][0] & members),
         "control_denominator": _count(control.counted[name][1] & members),
         "everyone_numerator": _count(top), "everyone_denominator": _count(bottom)}
        for journey, members in arm.members.items()
        for name, (top, bottom) in arm.counted.items()
    ]  # fmt: skip


def _count(bits: Any) -> int:
    return int(np.bitwise_count(bits).sum())
