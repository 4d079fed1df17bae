"""Appointments by the calendar: ``fri 19:00``, ``workdays 09:00``, ``month 8 10:00``, cron, and the next one after."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from lifesim.scenario.quantities import DAY, HOUR, MINUTE, parse_clock_time, parse_date
from lifesim.scenario.units import PathError
from lifesim.scenario.wording import shown, suggest

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_GROUPS: Final = {"day": "mon,tue,wed,thu,fri,sat,sun", "workdays": "mon,tue,wed,thu,fri", "weekend": "sat,sun"}
_EVERY_WANTED: Final = "write 'fri 19:00', 'mon,wed 09:00', 'day 09:00', 'workdays 09:00' or 'month 8 10:00'"
_FIELDS: Final = (
    ("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("weekday", 0, 7),
)  # fmt: skip
#: A calendar of every 29 February has its next day within this many.
_LONGEST_SEARCH: Final = 8 * 366 + 1


@dataclass(frozen=True)
class Calendar:
    """The minutes that match every set; both sets of days are asked, as `either_day` says.

    Attributes
    ----------
    minutes, hours, days, months
        Of the hour from 0, of the day from 0, of the month from 1, of the year from 1.
    weekdays
        1 Monday to 7 Sunday.
    either_day
        A day needs to be in `days` or in `weekdays`, and not in both: what cron means when it restricts both.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int] = frozenset(range(1, 32))
    months: frozenset[int] = frozenset(range(1, 13))
    weekdays: frozenset[int] = frozenset(range(1, 8))
    either_day: bool = False

    def includes(self, date: datetime.date) -> bool:
        """Whether there is an appointment on a date."""
        by_month, by_week = date.day in self.days, date.isoweekday() in self.weekdays
        return date.month in self.months and (by_month or by_week if self.either_day else by_month and by_week)

    def next_after(self, time: int, start: datetime.date) -> int:
        """The first appointment later than a time, both in seconds since midnight of `start`.

        Raises
        ------
        ValueError
            When no day of the calendar matches.
        """
        times = sorted(hour * HOUR + minute * MINUTE for hour in self.hours for minute in self.minutes)
        today = time // DAY
        for day in range(today, today + _LONGEST_SEARCH):
            if self.includes(start + datetime.timedelta(days=day)):
                for second in times:
                    if day * DAY + second > time:
                        return day * DAY + second
        raise ValueError("no day of the calendar matches")


@lru_cache(maxsize=1_000)
def parse_every(text: str) -> Calendar:
    """Appointments that come round: by day of the week or of the month, at one time of day.

    Raises
    ------
    PathError
        When it is none.
    """
    *words, clock = text.split() or [""]
    try:
        second = parse_clock_time(clock)
    except ValueError as error:
        raise PathError((), f"{error}; {_EVERY_WANTED}") from None
    minutes, hours = frozenset((second % HOUR // MINUTE,)), frozenset((second // HOUR,))
    if len(words) == 2 and words[0] == "month":
        return Calendar(minutes, hours, days=frozenset(_field(words[1], *_FIELDS[2])))
    if len(words) != 1:
        raise PathError((), f"{shown(text)} is no appointment; {_EVERY_WANTED}")
    return Calendar(minutes, hours, weekdays=frozenset(_weekdays(words[0])))


def _weekdays(text: str) -> Iterator[int]:
    for word in _GROUPS.get(text, text).split(","):
        if word not in WEEKDAYS:
            raise PathError((), f"unknown day '{word}'{suggest(word, [*WEEKDAYS, *_GROUPS])}")
        yield WEEKDAYS.index(word) + 1


@lru_cache(maxsize=1_000)
def parse_cron(text: str) -> Calendar:
    """Five fields as cron has them: minute, hour, day of the month, month, weekday (0 and 7 are Sunday).

    Raises
    ------
    PathError
        When a field is wrong, or no calendar has such a day.
    """
    fields = text.split()
    if len(fields) != 5:
        raise PathError((), f"{shown(text)} has {len(fields)} fields; cron has 5: '0 19 * * 5' is Friday at 19:00")
    minutes, hours, days, months, weekdays = (
        frozenset(_field(field, *limits)) for field, limits in zip(fields, _FIELDS, strict=True)
    )
    either = not fields[2].startswith("*") and not fields[4].startswith("*")
    found = Calendar(minutes, hours, days, months, frozenset(day or 7 for day in weekdays), either)
    try:
        found.next_after(0, datetime.date(2024, 1, 1))
    except ValueError:
        raise PathError((), f"{shown(text)}: no calendar has such a day") from None
    return found


def _field(text: str, name: str, low: int, high: int) -> Iterator[int]:
    for part in text.split(","):
        match = re.fullmatch(r"(?:\*|([0-9]{1,2})(?:-([0-9]{1,2}))?)(?:/([0-9]{1,2}))?", part)
        if match is None:
            raise PathError((), f"{shown(part)} is no {name}; write {low} to {high}, a list 1,2 or *")
        first = low if match[1] is None else int(match[1])
        last = high if match[1] is None else int(match[2] or match[1])
        step = int(match[3] or 1)
        if not low <= first <= last <= high or step < 1:
            raise PathError((), f"{shown(part)} is no {name}; it goes from {low} to {high}")
        yield from range(first, last + 1, step)


@lru_cache(maxsize=1_000)
def parse_time(text: str) -> datetime.datetime:
    """A moment: ``2026-04-18 14:00``, or midnight of ``2026-04-18``.

    Raises
    ------
    PathError
        When the calendar has no such moment.
    """
    date, _, clock = text.partition(" ")
    try:
        second = parse_clock_time(clock.strip()) if clock else 0
        return datetime.datetime.combine(parse_date(date), datetime.time()) + datetime.timedelta(seconds=second)
    except ValueError as error:
        raise PathError((), f"{error}; a moment is 2026-04-18 14:00") from None
