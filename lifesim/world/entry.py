"""Journeys that customers enter by the calendar: once, or at appointments that come round."""

from __future__ import annotations

from typing import Any

from lifesim.engagement.journeys.layout import KIND, STEP, A, Way
from lifesim.engagement.journeys.tables import Tables, compile_journey
from lifesim.scenario.journeys import Journey, vocabulary
from lifesim.scenario.journeys.calendar import Calendar
from lifesim.world.world import World


class Entry:
    """The appointments of a journey: lets those in who may enter; all else happens in the customer's own time."""

    phase, local = 4, False

    def __init__(self, journey: Journey, world: World) -> None:
        self.name = journey.name
        self._zero, self._end = world.date(0), world.scenario.warm_up + world.scenario.horizon
        self._tables: Tables = compile_journey(journey, self._zero, vocabulary(world.scenario))

    def next(self, now: int) -> int | None:
        """The first appointment of any of the ways in."""
        found = [at for row in self._tables.entries if (at := self._at(row, now)) is not None and at < self._end]
        return min(found, default=None)

    def _at(self, row: Any, now: int) -> int | None:
        if row[KIND] == Way.MOMENT:
            return int(row[A]) if row[A] >= now else None
        if row[KIND] == Way.CALENDAR:
            return _calendar(self._tables.calendars[row[A]]).next_after(now - 1, self._zero)
        return None

    def act(self, world: World, now: int) -> None:
        """Let customers in."""
        first = world.journeys.arrays["journey_rules"]["entries_from"][world.journeys.names.index(self.name)]
        for number, row in enumerate(self._tables.entries):
            if self._at(row, now) == now:
                world.enrol(self.name, int(world.journeys.arrays["journey_entries"][first + number, STEP]), now)


def _calendar(row: Any) -> Calendar:
    """A calendar from its row of bits."""
    sets = [frozenset(k for k in range(64) if int(bits) >> k & 1) for bits in row[:5]]
    minutes, hours, days, months, weekdays = sets
    return Calendar(minutes, hours, days, months, weekdays, bool(row[5]))
