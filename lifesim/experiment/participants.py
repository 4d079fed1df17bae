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
from lifesim.population.columns import NONE
from lifesim.strategy import Practice
from lifesim.world.world import World


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
    pool = world.state.enrolments
    came = (pool["customer"] != NONE) & (pool["entered"] >= world.scenario.warm_up) & (pool["customer"] < at_fork)
    number = {name: k for k, name in enumerate(world.journeys.names)}
    return Kept(
        {
            name: (np.packbits(metric.top(of_fork)), np.packbits(metric.bottom(of_fork)))
            for name, metric in METRICS.items()
            if metric.kind == "persons" and metric.unit == "share"
        },
        {name: pool["customer"][came & (pool["journey"] == number[name])] for name in practice.journeys},
        how_they_ended(world, at_fork),
        sold_to_served(world, practice, at_fork),
    )


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
