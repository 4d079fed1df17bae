"""Seats of offline events that are few: given out at every full hour to those who have booked since the last."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.population.columns import CAUSE_DIED
from lifesim.world.places import next_hour
from lifesim.world.world import World

#: Seats taken, as an array of the world, shape (events of all journeys, branches).
TAKEN = "seats_taken"
_SEATS = 3  # column of ``journeys.arrays["seats"]``


def scarce(world: World) -> bool:
    """Whether any journey of a world has an event with a number of seats."""
    return bool((world.journeys.arrays["seats"][:, _SEATS] >= 0).any())


class Seats:
    """Gives seats to those who have booked, in each branch by itself; those for whom none is left are turned away.

    Bookings of one hour draw lots, keyed by the customer, the journey and the event: with more seats, everybody who had
    one has one.
    """

    phase, name, local = 5, "seats", True

    def __init__(self, world: World) -> None:
        self.world = world
        branches = len(world.scenario.population.branches)
        world.extra.setdefault(TAKEN, np.zeros((len(world.journeys.arrays["seats"]), branches), np.int64))

    def next(self, now: int) -> int:
        """The next full hour at which somebody may wait."""
        return next_hour(self.world, self.world.extra["bookings"]["time"], now)

    def act(self, world: World, now: int) -> None:
        """Answer those who have booked before this hour."""
        made = world.extra["bookings"]["time"] < now
        if not made.any():
            return
        asked, world.extra["bookings"] = world.extra["bookings"][made], world.extra["bookings"][~made]
        for event in np.unique(asked["detail"]):
            self._answer(world, int(event), asked["customer"][asked["detail"] == event].astype(np.int64), now)

    def _answer(self, world: World, event: int, rows: Any, now: int) -> None:
        """Answer the bookings of one event."""
        c, taken = world.state.customers, world.extra[TAKEN][event]
        campaign, begins, _, seats = world.journeys.arrays["seats"][event].tolist()
        name = f"seat at an event of {world.campaigns[campaign]} at {begins}"
        rows = rows[np.lexsort((c["key"][rows], world.streams.uniforms(name, c["key"][rows], again=True)))]
        # Whoever has booked twice within the hour has one seat, and hears of it twice.
        first = np.zeros(len(rows), bool)
        first[np.unique(rows, return_index=True)[1]] = True
        able = (c["cause"][rows] != CAUSE_DIED) & (begins > now)
        has = np.zeros(len(rows), bool)
        for branch in np.unique(c["branch"][rows]):
            new = np.flatnonzero(first & able & (c["branch"][rows] == branch))[: max(0, seats - int(taken[branch]))]
            has[new] = True
            taken[branch] += len(new)
        world.answer_bookings(rows, event, np.isin(rows, rows[has]), now)
