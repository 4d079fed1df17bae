"""Coefficients of the score of early warning, fitted at the fork on what the insurer has seen by then.

In the warm-up the signals of all policyholders are kept every so often. By the next look some of them have been lost: a
logistic model says how signals foretold it, once for all arms. Every branch learns from its own customers alone.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from lifesim.population.arrays import appended
from lifesim.population.columns import LEFT_IN_ORDER
from lifesim.regression import fit
from lifesim.scenario.inference import SIGNALS
from lifesim.world.warning_score import WEIGHTS, given, scored, signals_of
from lifesim.world.world import World

#: Losses that a branch must have seen; with fewer the coefficients of the scenario stay.
LEAST: Final = 20
#: Penalty on squared coefficients of standardised signals, as the grading by a logistic model has it.
RIDGE: Final = 2.0

_PAST: Final = "score_past"
#: A policyholder at a look, and what had come of it by the next one.
_SEEN = np.dtype([("customer", "i4"), ("came", "i1"), ("signals", "f8", (len(SIGNALS),))])
_OPEN, _STAYED, _LOST, _IN_ORDER = range(4)


def keep_look(world: World, now: int) -> None:
    """Keep the signals of all policyholders, where this is one of the looks that the score will be fitted on."""
    between, fork = world.scenario.inference.between_looks, world.scenario.warm_up
    # Signals need some time from the beginning, too.
    if between is None or not between <= now < fork or (fork - now) % between:
        return
    past = world.extra.get(_PAST, np.zeros(0, _SEEN))
    _conclude(world, past)
    rows = np.flatnonzero(scored(world, now))
    look = np.zeros(len(rows), _SEEN)
    look["customer"] = rows
    look["signals"] = np.column_stack([signal[rows] for signal in signals_of(world, now).values()])
    world.extra[_PAST] = appended(past, look)


def _conclude(world: World, past: Any) -> None:
    """Write down what has come of the latest look: whoever holds no policy any more has been lost.

    Those whose policies ended in order, by death, maturity or a claim, say nothing about it.
    """
    c = world.state.customers[past["customer"]]
    without = np.where((c["marks"] & LEFT_IN_ORDER) > 0, _IN_ORDER, _LOST)
    came = np.where(c["policies"] > 0, _STAYED, without)
    past["came"] = np.where(past["came"] == _OPEN, came, past["came"])


def learn(world: World) -> None:
    """Fit the score of every branch at the fork, and let go of what it was fitted on."""
    past = world.extra.pop(_PAST, None)
    if past is None:
        return
    _conclude(world, past)
    branch, weights = world.state.customers["branch"][past["customer"]], given(world)
    for number in world.branches:
        mine = past[(branch == number) & (past["came"] != _IN_ORDER)]
        lost = mine["came"] == _LOST
        if lost.sum() >= LEAST:
            weights[number] = fitted(mine["signals"], lost.astype(float))
    world.extra[WEIGHTS] = weights


def fitted(signals: Any, lost: Any) -> Any:
    """Coefficients on signals as they are, the constant first, shape (1 + signals,)."""
    center, scale = signals.mean(axis=0), signals.std(axis=0)
    scale[scale < 1e-9] = 1.0
    found = fit((signals - center) / scale, lost, RIDGE)
    slopes = found[1:] / scale
    return np.concatenate([[found[0] - slopes @ center], slopes])
