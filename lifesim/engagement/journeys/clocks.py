"""Moments of a journey as whole numbers."""

from __future__ import annotations

import datetime

from lifesim.engagement.journeys.layout import NONE, Clock
from lifesim.engagement.journeys.registers import Registers
from lifesim.scenario.journeys.calendar import Calendar, parse_time
from lifesim.scenario.journeys.steps import Pause
from lifesim.scenario.journeys.texts import CUSTOMER_DATES, parse_until
from lifesim.scenario.quantities import DAY

Parameters = tuple[int, int, int, int]


def seconds(moment: datetime.datetime, zero: datetime.date) -> int:
    """Second of the world of a moment."""
    return round((moment - datetime.datetime.combine(zero, datetime.time())).total_seconds())


def bits(numbers: frozenset[int]) -> int:
    """A set of numbers below 63 as bits."""
    return sum(1 << each for each in numbers)


def calendar_row(calendar: Calendar) -> tuple[int, ...]:
    """A calendar as six whole numbers."""
    sets = (calendar.minutes, calendar.hours, calendar.days, calendar.months, calendar.weekdays)
    return (*map(bits, sets), int(calendar.either_day))


def daily(second: int) -> Calendar:
    """The calendar of one time of day."""
    return Calendar(frozenset((second % 3600 // 60,)), frozenset((second // 3600,)))


def pause(wait: int | Pause, registers: Registers) -> Parameters:
    """What a wait waits for: a `Clock` and its parameters."""
    if isinstance(wait, int):
        return Clock.SPAN, wait, 0, 0
    if wait.until is not None:
        until = parse_until(wait.until)
        if isinstance(until, Calendar):
            return Clock.CALENDAR, registers.calendars.number(until), 0, 0
        return Clock.MOMENT, seconds(until, registers.zero), 0, 0
    if wait.before is not None:
        return dated(wait.before, -wait.by, wait.at, registers)
    assert wait.after is not None
    return dated(wait.after, wait.by, wait.at, registers)


def dated(anchor: str, shift: int, at: int | None, registers: Registers) -> Parameters:
    """A span before or after a date, as a `Clock`: of an offline event it is known, of a customer's own it is not."""
    if anchor in CUSTOMER_DATES:
        return Clock.CUSTOMER_DATE, CUSTOMER_DATES.index(anchor), shift, NONE if at is None else at
    moment = seconds(parse_time(registers.journey.events[anchor].date), registers.zero) + shift
    return Clock.MOMENT, moment if at is None else moment // DAY * DAY + at, 0, 0
