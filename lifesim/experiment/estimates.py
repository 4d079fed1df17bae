"""The table ``estimates``: what the insurer takes customers for, beside what they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from lifesim.engagement.journeys.layout import Seen
from lifesim.population.columns import CHURN_WARNING
from lifesim.population.memory import count
from lifesim.scenario import STAGES
from lifesim.world.world import World


def estimates(world: World, among: Any) -> list[dict[str, Any]]:
    """Customers by what they are and what they are taken for, of those who may be targeted.

    Precision is ``right`` over ``estimated``, recall ``right`` over ``customers``; accuracy the sum of ``right`` over
    that of ``customers``, for estimates of which everyone has one.

    Parameters
    ----------
    among
        Which customers, shape (n,).
    """
    rows = np.flatnonzero(among & (world.state.visible[: count(world.state)] <= world.now))
    return [
        {"estimate": estimate, "value": value, "customers": int(truth.sum()), "estimated": int(taken.sum()),
         "right": int((truth & taken).sum())}
        for estimate, value, truth, taken in _pairs(world, rows)
    ]  # fmt: skip


def _pairs(world: World, rows: Any) -> Iterator[tuple[str, str, Any, Any]]:
    """Estimate, value, who it is true of, whom it is estimated of."""
    c, state = world.state.customers, world.state
    stages, seen = c["stage"][rows], c["seen_stage"][rows]
    for number, stage in enumerate(STAGES):
        yield "stage", stage, stages == number, seen == number
    segments = c["segment"][rows]
    for number, segment in enumerate(world.scenario.segments):
        yield "tag", segment, segments == number, world.seen(state, rows, Seen.TAG, number, world.now) > 0
    churn = world.scenario.inference.churn
    if churn is not None:
        held = c["policies"][rows] > 0
        alarmed = state.signals[rows, 0]["score"][held] >= churn.alarm
        leaves = stages[held] == CHURN_WARNING
        yield "churn_score", "leaves", leaves, alarmed
        yield "churn_score", "stays", ~leaves, ~alarmed
