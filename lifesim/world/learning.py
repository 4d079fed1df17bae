"""Life events that the insurer learns of: some of them, and later than they happen."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.population.arrays import appended, picked
from lifesim.population.columns import DAY
from lifesim.scenario.inference import Learning
from lifesim.scenario.needs import LIFE_EVENTS
from lifesim.world.world import World


def learned(world: World, kind: int, now: int) -> Any:
    """Rows of the customers of whom the insurer has learned in the 24 hours before ``now`` that it happened to them.

    Parameters
    ----------
    kind
        Place in ``scenario.needs.LIFE_EVENTS``.
    """
    take_note(world, now)
    known = world.extra["learned"]
    theirs = (known["time"] < now) & (known["detail"] == kind)
    if not np.count_nonzero(theirs):
        return np.zeros(0, np.int64)
    return np.unique(known["customer"][theirs]).astype(np.int64)


def take_note(world: World, now: int) -> None:
    """Life events of which the insurer will learn wait for the time at which it does; the others are forgotten.

    So are those learned of more than a day ago, which no entry asks for any more. The luck is that of the customer and
    the event: its kind and when it happened.
    """
    happened, learned_of = world.extra["happened"], world.extra["learned"]
    learning = world.scenario.inference.life_events
    if len(happened):
        world.extra["happened"] = happened[:0].copy()
        if learning is not None:
            learned_of = appended(learned_of, _to_be_learned(world, happened, learning))
    if len(learned_of):
        world.extra["learned"] = picked(learned_of, learned_of["time"] >= now - DAY)


def _to_be_learned(world: World, happened: Any, learning: Learning) -> Any:
    """Those events of which the insurer will learn, at the time at which it does."""
    keys = world.state.customers["key"][happened["customer"]]
    event = happened["time"].astype(np.int64) * len(LIFE_EVENTS) + happened["detail"]
    known = world.streams.uniforms("life event learned", keys, event) < learning.share
    delay = -np.log(world.streams.uniforms("time until a life event is learned", keys, event)) * learning.delay
    happened["time"] += delay.astype(np.int32)
    return picked(happened, known)
