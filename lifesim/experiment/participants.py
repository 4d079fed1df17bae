"""What became of those who came into a journey: against everyone, and against themselves in the control.

Whoever takes part is another kind of customer to begin with, so that participants against the average shows who they
are, not what the journey did. The same customers in the control arm show what it did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lifesim.metrics import METRICS
from lifesim.population.columns import NONE
from lifesim.strategy import Practice
from lifesim.world.world import World


@dataclass(frozen=True)
class Kept:
    """What an arm leaves behind for this comparison.

    Attributes
    ----------
    counted
        By metric of persons, who counts in the numerator and in the denominator. Shape (customers,) each.
    members
        By journey of the arm, rows of the customers present at the fork who came in since then.
    """

    counted: dict[str, tuple[Any, Any]]
    members: dict[str, Any]


def kept(world: World, practice: Practice, customers: dict[str, Any], at_fork: int) -> Kept:
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
            name: (np.asarray(metric.top(of_fork)), np.asarray(metric.bottom(of_fork)))
            for name, metric in METRICS.items()
            if metric.kind == "persons"
        },
        {name: pool["customer"][came & (pool["journey"] == number[name])] for name in practice.journeys},
    )


def participants(arm: Kept, control: Kept) -> list[dict[str, Any]]:
    """By journey and metric: sums over participants, over the same customers in the control, and over everyone."""
    return [
        {"journey": journey, "metric": name,
         "numerator": _sum(top[rows]), "denominator": _sum(bottom[rows]),
         "control_numerator": _sum(control.counted[name][0][rows]),
         "control_denominator": _sum(control.counted[name][1][rows]),
         "everyone_numerator": _sum(top), "everyone_denominator": _sum(bottom)}
        for journey, rows in arm.members.items()
        for name, (top, bottom) in arm.counted.items()
    ]  # fmt: skip


def participants_of_arms(arms: Mapping[str, Kept], control: str) -> dict[str, list[dict[str, Any]]]:
    """Rows by arm, where the control is there to compare with."""
    if control not in arms:
        return {}
    return {arm: participants(each, arms[control]) for arm, each in arms.items() if each.members}


def _sum(column: Any) -> int:
    return int(column.sum())
