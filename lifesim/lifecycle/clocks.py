"""Hazard clocks: each cause has its own threshold and its own integrated hazard.

A clock fires when its integrated hazard reaches a unit-exponential threshold that was drawn once for the episode.
The hazard has two parts: a background that is constant between two refreshes on the customer's own grid, and an
excess that touches add and that decays. The background counts from ``rated_at``, the excess from a time of its own,
so that a touch moves no bit of a clock that it does not lift.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lifesim.compiled import compiled_open
from lifesim.population.columns import NEVER
from lifesim.streams import exponential, uniform

#: An excess of which less than this share of a mean threshold is left to use is dropped.
NEGLIGIBLE = 1e-9
#: How much longer a clock is looked at than it must be, so that no rounding hides its firing.
_LONGER = 1.0 + 1e-9


@compiled_open
def excess_used(lifted: Any, now: int, fade: float) -> float:
    """Integral of the excess hazard from its time to ``now``."""
    if lifted.excess == 0.0:
        return 0.0
    return lifted.excess / fade * -math.expm1(-fade * (now - lifted.at))


@compiled_open
def settle(clock: Any, lifted: Any, rated_at: int, now: int, fade: float) -> None:
    """Take what has been used since the last refresh from the threshold; the caller moves ``rated_at``."""
    clock.residual -= clock.rate * (now - rated_at) + excess_used(lifted, now, fade)
    if lifted.excess != 0.0:
        lifted.excess *= math.exp(-fade * (now - lifted.at))
        lifted.at = now
        if lifted.excess < NEGLIGIBLE * fade:
            lifted.excess = 0.0


@compiled_open
def lift(clock: Any, lifted: Any, now: int, fade: float, times: float) -> None:
    """Add an excess of ``times`` the background hazard; touches no other clock."""
    added = times * clock.rate
    if added <= 0.0:
        return
    clock.residual -= excess_used(lifted, now, fade)
    lifted.excess = lifted.excess * math.exp(-fade * (now - lifted.at)) + added
    lifted.at = now


@compiled_open
def arm(clock: Any, lifted: Any, key: Any, customer_key: Any, episode: int) -> None:
    """A fresh threshold for a new episode, with no hazard yet."""
    clock.residual = exponential(uniform(key, customer_key, episode))
    clock.rate = 0.0
    clock.episode = episode
    lifted.excess = 0.0
    lifted.at = 0


@compiled_open
def arm_again(
    clock: Any, lifted: Any, key: Any, customer_key: Any, episode: int, rated_at: int, now: int, fade: float
) -> None:
    """The next threshold of a clock that fires at ``now``; its hazard, background and excess, goes on.

    The background of all clocks of a customer counts from the same ``rated_at``, which is not moved for the sake of
    one: what this clock has used since then is added to its threshold instead.
    """
    clock.residual = exponential(uniform(key, customer_key, episode)) + clock.rate * (now - rated_at)
    if lifted.excess != 0.0:
        lifted.excess *= math.exp(-fade * (now - lifted.at))
        lifted.at = now


@compiled_open
def may_fire(clock: Any, lifted: Any, seconds: int) -> bool:
    """Whether a clock may fire within ``seconds`` of ``rated_at``; it does not when this says no.

    Most do not before their hazard is evaluated anew. To know this much takes no division, and the answer can be
    guessed before the hazard is known.
    """
    return lifted.excess != 0.0 or clock.residual <= clock.rate * (seconds * _LONGER)


@compiled_open
def crossing(clock: Any, lifted: Any, rated_at: int, fade: float) -> int:
    """Second at which the clock fires if nothing changes; ``NEVER`` when it does not."""
    if lifted.excess == 0.0:
        wait = clock.residual / clock.rate if clock.rate > 0.0 else np.inf
    else:
        wait = lifted_wait(clock, lifted, rated_at, fade)
    # After the end it is all one when; what is never needs no rounding.
    return rated_at + int(math.ceil(max(0.0, wait))) if wait < NEVER - rated_at else NEVER


@compiled_open
def lifted_wait(clock: Any, lifted: Any, rated_at: int, fade: float) -> float:
    """Seconds from ``rated_at`` to the firing of a clock with an excess; infinite when it does not fire.

    The equation rate x (t - rated_at) + excess/fade x (1 - exp(-fade x (t - its time))) = residual is solved by
    Newton's method from the left; the left side is concave, so no step overshoots.
    """
    begin = float(max(rated_at, lifted.at))
    if clock.rate <= 0.0 and lifted.excess / fade <= clock.residual:
        return np.inf
    t = begin
    for _ in range(60):
        left = math.exp(-fade * (t - lifted.at))
        gap = clock.residual - clock.rate * (t - rated_at) - lifted.excess / fade * (1.0 - left)
        step = gap / (clock.rate + lifted.excess * left)
        t += step
        if step < 0.01:
            break
    wait: float = max(t, begin) - rated_at
    return wait
