"""Places in the paths of splits that take so many customers and no more, given out at every full hour."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.engagement.journeys.layout import ASKED, B_CAP, COUNT, FIRST, FULL, GRANTED, KIND, NONE, W_FIRST, Kind
from lifesim.population.arrays import appended
from lifesim.world.kernel import hold
from lifesim.world.world import World

HOUR = 3_600
#: Who has a place in which path, by its row among the branches of the journeys: kept for the customer who comes again.
HELD_PLACE = np.dtype([("customer", "i4"), ("path", "i4")], align=True)
TAKEN = "taken places"


def capped(world: World) -> bool:
    """Whether any journey of a world has a split with a cap."""
    return bool((world.journeys.arrays["journey_branches"][:, B_CAP] != NONE).any())


def next_hour(world: World, asked: Any, now: int) -> int:
    """The next full hour at which somebody may wait, as for the desk; ``asked`` is when those did who wait."""
    if int(world.state.wake.min()) >= world.ahead:
        first = int(asked.min()) + 1 if len(asked) else world.ahead
        now = max(now, min(first, world.ahead))
    return -(-now // HOUR) * HOUR


class Places:
    """Gives places to those who have come to a split with a cap: first come, first served, in each branch by itself.

    Those who came in the same second draw lots. Whoever has a place keeps it, and comes again without another one.
    """

    phase, name, local = 5, "places", True

    def __init__(self, world: World) -> None:
        self.world = world
        world.extra.setdefault(TAKEN, np.zeros(0, HELD_PLACE))

    def next(self, now: int) -> int:
        """The next full hour at which somebody may wait."""
        return next_hour(self.world, self.world.extra["places"]["time"], now)

    def act(self, world: World, now: int) -> None:
        """Answer those who have asked before this hour."""
        made = world.extra["places"]["time"] < now
        if not made.any():
            return
        asked, world.extra["places"] = world.extra["places"][made], world.extra["places"][~made]
        pool, courses = world.state.courses, world.state.enrolments["course"]
        of = courses[asked["detail"]]
        waits = of >= 0
        waits[waits] = (pool["inside"][of[waits]] == 1) & (pool["sends"][of[waits]] == ASKED)
        waiting = asked[waits][np.argsort(-asked["time"][waits], kind="stable")]
        # Whoever has left and come in again within the hour has asked twice; the later time is that of this visit.
        waiting = waiting[np.unique(waiting["detail"], return_index=True)[1]]
        paths = pool["until"][courses[waiting["detail"]]].astype(np.int64)
        for path in np.unique(paths):
            self._answer(world, int(path), waiting[paths == path], now)
        hold(asked["customer"].astype(np.int64), -1, world.kernel_address)

    def _answer(self, world: World, path: int, waiting: Any, now: int) -> None:
        """Give the places of one path, branch by branch of the insurer."""
        c, taken = world.state.customers, world.extra[TAKEN]
        most = int(world.journeys.arrays["journey_branches"][path, B_CAP])
        mine = taken["customer"][taken["path"] == path]
        lots = world.streams.uniforms(_name(world, path), c["key"][waiting["customer"]], again=True)
        waiting = waiting[np.lexsort((lots, waiting["time"]))]
        has, branch = np.isin(waiting["customer"], mine), c["branch"][waiting["customer"]]
        for number in np.unique(branch):
            new = np.flatnonzero((branch == number) & ~has)
            has[new[: max(0, most - int(np.count_nonzero(c["branch"][mine] == number)))]] = True
        got = np.setdiff1d(waiting["customer"][has], mine)
        more = np.zeros(len(got), HELD_PLACE)
        more["customer"], more["path"] = got, path
        world.extra[TAKEN] = appended(taken, more)
        places, rows = world.state.enrolments["course"][waiting["detail"]], waiting["customer"]
        world.state.courses["sends"][places] = np.where(has, GRANTED, FULL)
        world.state.courses["at"][places] = now
        c["touch_at"][rows] = np.minimum(c["touch_at"][rows], now)


def _name(world: World, path: int) -> str:
    """What the lots about a path are keyed by: the names of journey, step and path."""
    for row in world.journeys.arrays["journey_steps"]:
        if row[KIND] == Kind.CHANCE and row[FIRST] <= path < row[FIRST] + row[COUNT]:
            journey, step, way = world.journeys.ways[row[W_FIRST] + path - row[FIRST]]
            return f"journey {journey} place in {step} {way}"
    raise IndexError(f"no split has path {path}")
