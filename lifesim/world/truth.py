"""What no insurer sees of leads: the decisions that a conversation adds."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.scenario.needs import FAMILIES
from lifesim.world.world import World


def added_decisions(world: World, leads: Any, now: int) -> Any:
    """Events that a conversation of average skill adds to the hazards that its content lifts. Shape (leads,).

    The excess hazard that a lift adds decays, and sums up to lift x fit x present hazard / fading of the clock. The
    effect of a conversation is this times exp(skill).
    """
    state, arrays = world.state, world.rules.arrays
    rows, content = leads["customer"].astype(np.int64), leads["content"].astype(np.int64)
    stage = state.customers["stage"][rows].astype(np.int64)
    fit = np.maximum(arrays["fit"][content, stage], 0.0) * _to_the_point(world, rows, content, now)
    first, behind = (arrays["stage_rules"][name][stage] for name in ("clock_from", "clock_to"))
    added = np.zeros(len(rows))
    for slot in range(int((behind - first).max(initial=0))):
        runs = first + slot < behind
        clock = (first + slot)[runs]
        lifted = arrays["lifted_by"][content[runs], clock] * state.clocks["rate"][rows[runs], slot]
        added[runs] += lifted / arrays["clock_rules"]["fade"][clock]
    return added * fit


def _to_the_point(world: World, rows: Any, content: Any, now: int) -> Any:
    """Share of the effect that is left by what a content speaks to and the customer's gap."""
    share = np.ones(len(rows))
    for k, each in enumerate(world.scenario.contents.values()):
        about = np.flatnonzero(content == k)
        if each.aim is not None and len(about):
            gap = world.gap(world.state, rows[about], FAMILIES.index(each.aim.family), now)
            share[about] = np.minimum(1.0, gap / each.aim.gap)
    return share
