"""Asking plug-ins: whatever goes wrong becomes one line with the plug-in's name and the world's time."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np

from lifesim.errors import RunError, StrategyError
from lifesim.population.columns import DAY
from lifesim.world.world import World


def asked(world: World, name: str, now: int, question: Any, *given: Any) -> Any:
    """Ask a plug-in; whatever it raises becomes one line with its name and the world's time."""
    try:
        return question(*given)
    except RunError:
        raise
    except (Exception, SystemExit) as error:
        reason = str(error).splitlines()[0] if str(error) else "no message"
        raise StrategyError(f"{at(world, name, now)}: raised {type(error).__name__}: {reason}") from error


def at(world: World, name: str, now: int) -> str:
    moment = datetime.datetime.combine(world.date(now), datetime.time()) + datetime.timedelta(seconds=now % DAY)
    return f"strategy '{name}' at {moment:%Y-%m-%d %H:%M}"


def integers(world: World, name: str, now: int, what: str, values: Any, n: int | None, low: int, high: int) -> Any:
    """``values`` as n integers from ``low`` to ``high``, any number of them without n; else the plug-in's failure."""
    try:
        array = np.asarray(values)
    except ValueError as error:  # rows of several lengths
        raise StrategyError(f"{at(world, name, now)}: {what} must be an array of integers: {error}") from error
    if array.ndim != 1 or n not in (None, len(array)):
        wanted = "n" if n is None else n
        raise StrategyError(f"{at(world, name, now)}: {what} must have shape ({wanted},), not {array.shape}")
    if array.dtype.kind not in "iu" and len(array):
        raise StrategyError(f"{at(world, name, now)}: {what} must be integers, not {array.dtype}")
    if len(array) and np.count_nonzero((array < low) | (array > high)):
        raise StrategyError(
            f"{at(world, name, now)}: {what} must lie between {low} and {high}; found {array.min()} to {array.max()}"
        )
    return array.astype(np.int64, copy=False)
