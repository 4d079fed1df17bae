"""When an orchestration is asked, and what it answers."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from lifesim.strategy.views import IntArray

#: What a schedule may do on days that are no workdays.
REST_DAYS = ("as_usual", "skip", "move")


def _weekday(date: datetime.date) -> bool:
    return date.isoweekday() <= 5


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Days and time at which an orchestration is asked.

    Attributes
    ----------
    at
        Clock time, ``"HH:MM"``, or several of them: asked at each.
    weekdays
        1 Monday to 7 Sunday; every day when empty.
    days
        Days of the month; every day when empty.
    rest_days
        What becomes of an appointment on a day that is no workday by the scenario's calendar (without one, on
        Saturday or Sunday): kept ``"as_usual"``, ``"skip"``, or ``"move"`` to the next workday.
    """

    at: str | tuple[str, ...] = "10:00"
    weekdays: tuple[int, ...] = ()
    days: tuple[int, ...] = ()
    rest_days: str = "as_usual"

    @property
    def times(self) -> tuple[str, ...]:
        """Every clock time."""
        return (self.at,) if isinstance(self.at, str) else self.at

    @property
    def seconds(self) -> tuple[int, ...]:
        """Seconds of the day, one for each time."""
        return tuple(int(hours) * 3600 + int(minutes) * 60 for hours, minutes in (at.split(":") for at in self.times))

    def includes(self, date: datetime.date, works: Callable[[datetime.date], bool] = _weekday) -> bool:
        """Whether the schedule has an appointment on a date; ``works`` tells workdays."""
        if self.rest_days == "as_usual":
            return self._names(date)
        if not works(date):
            return False
        found = self._names(date)
        while self.rest_days == "move" and not found and not works(date := date - datetime.timedelta(days=1)):
            found = self._names(date)
        return found

    def _names(self, date: datetime.date) -> bool:
        if self.weekdays and date.isoweekday() not in self.weekdays:
            return False
        return not self.days or date.day in self.days


@dataclass(frozen=True)
class Touches:
    """Touches that an orchestration asks for; the contact policy has the last word.

    Attributes
    ----------
    who
        Positions in the view, shape (n,), distinct.
    content
        Name of a content of the scenario.
    channel
        ``push``, ``sms``, ``call``, ``service_account`` or ``wecom``.
    """

    who: IntArray
    content: str
    channel: str
