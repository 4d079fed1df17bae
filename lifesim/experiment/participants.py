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
from lifesim.population.enrolled import came_in
from lifesim.strategy import Practice
from lifesim.world.world import World

#: Customers whose journeys are gone through at once.
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
        By journey of the arm, rows of the customers present at the fork who came in since then.
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
            name: (np.packbits(metric.top(of_fork)), np.packbits(metric.bottom(of_fork)))
            for name, metric in METRICS.items()
            if metric.kind == "persons" and metric.unit == "share"
        },
        _members(world, practice, at_fork),
        how_they_ended(world, at_fork),
        sold_to_served(world, practice, at_fork),
    )


def _members(world: World, practice: Practice, at_fork: int) -> dict[str, Any]:
    """By journey of a practice, customers present at the fork who came in since; so many at a time, to need little."""
    number = {name: k for k, name in enumerate(world.journeys.names)}
    found: dict[str, list[Any]] = {name: [np.zeros(0, np.int32)] for name in practice.journeys}
    for first in range(0, at_fork, _AT_ONCE):
        rows = np.arange(first, min(first + _AT_ONCE, at_fork), dtype=np.int32)
        customers, journeys = came_in(world.state, world.scenario.warm_up, rows)
        for name, pieces in found.items():
            pieces.append(customers[journeys == number[name]])
    return {name: np.concatenate(pieces) for name, pieces in found.items()}


def participants(arm: Kept, control: Kept) -> list[dict[str, Any]]:
    """By journey and metric: sums over participants, over the same customers in the control, and over everyone."""
    return [
        {"journey": journey, "metric": name,
         "numerator": _among(top, rows), "denominator": _among(bottom, rows),
         "control_numerator": _among(control.counted[name][0], rows),
         "control_denominator": _among(control.counted[name][1], rows),
         "everyone_numerator": _among(top), "everyone_denominator": _among(bottom)}
        for journey, rows in arm.members.items()
        for name, (top, bottom) in arm.counted.items()
    ]  # fmt: skip


def _among(bits: Any, rows: Any = slice(None)) -> int:
    return int(np.count_nonzero(np.unpackbits(bits)[rows]))
