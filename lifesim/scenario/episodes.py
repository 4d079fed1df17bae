"""Episodes of the market: what happens at a date, on top of the season."""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Iterator

from lifesim.scenario.model import Part, about
from lifesim.scenario.quantities import DAY
from lifesim.scenario.units import Date, Name, PathError, PositiveDuration, Real


class Spell(Part):
    """Conditions that hold for some days."""

    start: Date = about("first day")
    lasts: PositiveDuration = about("duration; the last day counts in full")
    hazards: dict[str, Real] = about("factor on hazards by STAGE.cause or process", default={})
    arrivals: dict[Name, Real] = about("factor on arrivals by source", default={})
    inquiries: Real = about(
        "factor on the share of product-page sessions while deciding that ask an adviser", default=1.0
    )
    desk: Real = about("factor on the calls that the desk can make", default=1.0)

    @property
    def days(self) -> int:
        """Number of days."""
        return -(-self.lasts // DAY)

    @property
    def end(self) -> datetime.date:
        """The day after the last one."""
        return self.start + datetime.timedelta(days=self.days)

    def occurrences(self, last: datetime.date) -> Iterator[tuple[datetime.date, datetime.date]]:
        """First day and day after the last, of every time that it happens up to ``last``."""
        if self.start <= last:
            yield self.start, self.end

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        yield from negative_factors(self)


def negative_factors(spell: Spell) -> Iterator[PathError]:
    """Complain about factors below zero."""
    for table in ("hazards", "arrivals"):
        for name, factor in getattr(spell, table).items():
            if factor < 0:
                yield PathError((table, name), "a factor must not be negative")
    for name in ("inquiries", "desk"):
        if getattr(spell, name) < 0:
            yield PathError((name,), "a factor must not be negative")


class Shock(Spell):
    """A spell of changed conditions."""


class Opening(Spell):
    """An opening campaign (开门红): for some weeks people want more, and the insurer tries harder."""

    appeal: dict[Name, Real] = about("added to the utility of products that it puts forward", unit="logit", default={})
    yearly: bool = about("comes back on the same date of every later year", default=False)

    def occurrences(self, last: datetime.date) -> Iterator[tuple[datetime.date, datetime.date]]:
        """See ``Spell``; 29 February is the 28th in other years."""
        if not self.yearly:
            yield from super().occurrences(last)
            return
        for year in range(self.start.year, last.year + 1):
            start = _in_year(self.start, year)
            if start <= last:
                yield start, start + datetime.timedelta(days=self.days)

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        yield from super().complaints()
        if self.yearly and self.days > 365:
            yield PathError(("lasts",), "is longer than a year, after which it comes back")


def _in_year(date: datetime.date, year: int) -> datetime.date:
    leap_day = (date.month, date.day) == (2, 29) and not calendar.isleap(year)
    return date.replace(year=year, day=28) if leap_day else date.replace(year=year)
