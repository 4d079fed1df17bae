"""The appointments at which customers come into a journey: moments, calendars, and a daily look at what has changed."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.engagement.journeys.audience import Program
from lifesim.engagement.journeys.layout import KIND, NONE, STEP, A, B, C, D, Way
from lifesim.engagement.journeys.tables import Tables, compile_journey
from lifesim.population.columns import DAY
from lifesim.population.memory import count
from lifesim.scenario.journeys import Journey, vocabulary
from lifesim.scenario.journeys.calendar import Calendar
from lifesim.scenario.journeys.texts import CUSTOMER_DATES
from lifesim.world.learning import learned
from lifesim.world.own_dates import having
from lifesim.world.parts import every
from lifesim.world.views import customer_view
from lifesim.world.world import World

#: Ways in that are looked after once a day, at midnight where they say no time.
_DAILY = (Way.LIFE_EVENT, Way.ENTERS, Way.LEAVES, Way.CUSTOMER_DATE)


class Entry:
    """The appointments of a journey: lets those in who may enter; all else happens in the customer's own time."""

    phase, local = 4, False

    def __init__(self, journey: Journey, world: World) -> None:
        self.name = journey.name
        self._zero, self._end = world.date(0), world.scenario.warm_up + world.scenario.horizon
        self._tables: Tables = compile_journey(journey, self._zero, vocabulary(world.scenario))
        self._audiences: tuple[Program, ...] = self._tables.programs()
        # As Python's numbers: every appointment looks at each of them.
        self._entries: list[list[int]] = self._tables.entries.tolist()
        self._calendars = [_calendar(row) for row in self._tables.calendars]

    def next(self, now: int) -> int | None:
        """The first appointment of any of the ways in."""
        found = [at for row in self._entries if (at := self._at(row, now)) is not None and at < self._end]
        return min(found, default=None)

    def _at(self, row: list[int], now: int) -> int | None:
        if row[KIND] == Way.MOMENT:
            return row[A] if row[A] >= now else None
        if row[KIND] == Way.CALENDAR:
            return self._calendars[row[A]].next_after(now - 1, self._zero)
        if row[KIND] in _DAILY:
            return every(1, now, row[D] if row[KIND] == Way.CUSTOMER_DATE and row[D] != NONE else 0)
        return None

    def act(self, world: World, now: int) -> None:
        """Let customers in."""
        first = world.journeys.arrays["journey_rules"]["entries_from"][world.journeys.names.index(self.name)]
        for number, row in enumerate(self._entries):
            if self._at(row, now) == now:
                audience = int(world.journeys.arrays["journey_entries"][first + number, STEP])
                world.enrol(self.name, audience, now, self._candidates(world, number, row, now))

    def _candidates(self, world: World, number: int, row: list[int], now: int) -> Any:
        """Rows of those whom an entry is about today; none where it is about everyone."""
        if row[KIND] == Way.LIFE_EVENT:
            return learned(world, row[A], now)
        if row[KIND] == Way.CUSTOMER_DATE:
            return having(world, CUSTOMER_DATES[row[B]], now // DAY * DAY - row[C])
        if row[KIND] in (Way.ENTERS, Way.LEAVES):
            before, today = self._members(world, number, row[A], now)
            return np.flatnonzero(today & ~before if row[KIND] == Way.ENTERS else before & ~today)
        return None

    def _members(self, world: World, number: int, audience: int, now: int) -> tuple[Any, Any]:
        """Who was in an audience at the last look, and who is now; whoever has joined since was not.

        Nobody comes to be in it at the first look, or is in it no longer: it takes two to see a change.
        """
        of_service = world.rules.numbers["service_journeys"] >> world.journeys.names.index(self.name) & 1 == 1
        view, rows = customer_view(world.observed, world.state, now, world.date(now), of_service)
        today = np.zeros(count(world.state), bool)
        today[rows[self._audiences[audience](view)]] = True
        name = f"members {self.name} {number}"
        before = np.zeros(len(today), bool)
        known = world.extra.get(name, today)
        before[: len(known)] = known
        world.extra[name] = today
        return before, today


def _calendar(row: Any) -> Calendar:
    """A calendar from its row of bits."""
    sets = [frozenset(k for k in range(64) if int(bits) >> k & 1) for bits in row[:5]]
    minutes, hours, days, months, weekdays = sets
    return Calendar(minutes, hours, days, months, weekdays, bool(row[5]))
