"""Touches that have been asked for and of which nothing has become so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lifesim.population.columns import CALL, DELIVERED, FADING, HAND_OVER, UNSPOKEN
from lifesim.population.state import State
from lifesim.strategy import IntArray
from lifesim.workforce.leads import TOLD


def under_way(state: State, extra: Mapping[str, Any]) -> IntArray:
    """Touches on their way, or that wait for their turn or for somebody, by campaign, channel and content.

    An inquiry becomes a touch when it is answered, and a notice to an agent never does.

    Parameters
    ----------
    extra
        Arrays of the world beside its state.

    Returns
    -------
    array
        Shape (campaigns, channels, contents).
    """
    found = np.zeros(state.touched.shape[:3], np.int64)
    touches = state.touches[state.touches["customer"] >= 0]
    travels = ~np.isin(touches["status"], (DELIVERED, FADING)) & (touches["lead"] & UNSPOKEN == 0)
    leads, calls, turns = extra["leads"], extra["calls"], extra["turns"]
    waits = (leads["inquiry"] == 0) & (leads["told"] != TOLD)
    asked = np.isin(calls["kind"], (CALL, HAND_OVER))
    for of, channels in (
        (touches[travels], touches["channel"][travels]),
        (leads[waits], leads["channel"][waits]),
        (calls[asked], calls["detail"][asked]),
        (turns, turns["detail"] % 256),
    ):
        np.add.at(found, (of["campaign"], channels, of["content"]), 1)
    return found
