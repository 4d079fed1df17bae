"""Leads that nobody pursues any more: their customers wait for nobody, and journeys learn that nobody called."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.engagement import granting
from lifesim.population.columns import UNSPOKEN
from lifesim.scenario.channels import CHANNELS
from lifesim.workforce.leads import rows_of
from lifesim.world.kernel import hold
from lifesim.world.world import World


def let_go(world: World, leads: Any, now: int) -> None:
    """Let go of the customers of some leads; what a step of a journey asked for is ``failed``.

    Parameters
    ----------
    leads
        Records of ``leads.LEAD``. Shape (n,).
    """
    if world.journeys.numbers["heeds_failure"]:
        _tell(world, leads[leads["step"] > 0], now)
    hold(rows_of(leads), -1, world.kernel_address)


def _tell(world: World, leads: Any, now: int) -> None:
    """Put on its way what journeys hear of leads; customers learn nothing of it, and it costs nothing."""
    world.room_for_touches(len(leads))
    granting.call(
        leads["customer"], leads["luck"], leads["campaign"], leads["content"], leads["step"],
        np.full(len(leads), UNSPOKEN, np.int64), leads["channel"], np.full(len(leads), now, np.int64),
        np.zeros(len(leads)), np.zeros(len(CHANNELS), np.int64), world.kernel_address,
    )  # fmt: skip
