"""Public holidays and make-up workdays of a country, from the package ``holidays``, which is loaded when first asked.

The State Council announces the days off of the next year, and the weekend days worked for them (调休), in November.
For years not yet announced the days are those of the law and the lunar calendar, and nobody makes up for them.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from lifesim.scenario.quantities import DAY
from lifesim.scenario.units import PathError

if TYPE_CHECKING:
    from lifesim.scenario.models import Scenario

Country = Literal["china"]

#: Years whose days off are known: those before have not been checked against the announcements, and for those after
#: the lunar calendar has no table.
FIRST_YEAR, LAST_YEAR = 2001, 2099
_ONE_DAY = datetime.timedelta(days=1)


class Workdays:
    """Which days are worked.

    Parameters
    ----------
    country
        Whose public holidays count; without one Monday to Friday are worked, whatever the date.
    """

    def __init__(self, country: Country | None) -> None:
        self.country = country

    def rests(self, date: datetime.date) -> bool:
        """Whether a date belongs to a holiday: a row of days off that holds a public holiday, weekends included."""
        if self.country is None or self._works(date):
            return False
        return any(each in _china(each.year) for each in self._row(date))

    def made_up(self, date: datetime.date) -> bool:
        """Whether a date is a weekend day that is worked for a day off."""
        return self.country is not None and date.isoweekday() > 5 and self._works(date)

    def works(self, date: datetime.date) -> bool:
        """Whether a date is a workday: Monday to Friday but for holidays, and the weekend days worked for them."""
        return date.isoweekday() <= 5 if self.country is None else self._works(date)

    def opens(self, date: datetime.date, weekdays: tuple[int, ...]) -> bool:
        """Whether somebody who works on some days of the week, 1 Monday to 7 Sunday, works on a date."""
        return self.made_up(date) or (date.isoweekday() in weekdays and not self.rests(date))

    def _works(self, date: datetime.date) -> bool:
        return bool(_china(date.year).is_working_day(date))

    def _row(self, date: datetime.date) -> Iterator[datetime.date]:
        """The days off in a row around one of them."""
        first = date
        while not self._works(first - _ONE_DAY):
            first -= _ONE_DAY
        while not self._works(first):
            yield first
            first += _ONE_DAY


@cache
def _china(year: int) -> Any:
    """Public holidays of mainland China in a year and the years beside it."""
    china = import_module("holidays.countries.china")
    return china.China(years=(year - 1, year, year + 1), expand=False)


def announced(year: int) -> bool:
    """Whether the days off of a year are those announced: in every year since 2001 weekends made up for some."""
    return any(date.year == year for date in _china(year).weekend_workdays)


def span(scenario: Scenario) -> tuple[datetime.date, datetime.date]:
    """First and last day of the world, warm-up included, as far as there are dates."""
    start = scenario.start.toordinal()
    first, last = start - scenario.warm_up // DAY, start + -(-scenario.horizon // DAY) - 1
    return datetime.date.fromordinal(max(first, 1)), datetime.date.fromordinal(min(last, datetime.date.max.toordinal()))


def calendar_covers(scenario: Scenario) -> Iterator[PathError]:
    """The calendar of workdays knows the years of warm-up and horizon."""
    if scenario.calendar is None:
        return
    first, last = span(scenario)
    if first.year < FIRST_YEAR or last.year > LAST_YEAR:
        name = "start" if first.year < FIRST_YEAR else "horizon"
        yield PathError(
            (name,),
            f"the world goes from {first} to {last}; `calendar: {scenario.calendar}` covers {FIRST_YEAR} to "
            f"{LAST_YEAR}; change the dates or remove the calendar",
        )


def not_announced(scenario: Scenario) -> Iterator[PathError]:
    """Years whose days off follow from rules, because they had not been announced; worth a second look."""
    if scenario.calendar is None:
        return
    first, last = span(scenario)
    years = [year for year in range(first.year, last.year + 1) if not announced(year)]
    if years:
        some = f"{years[0]} to {years[-1]}" if len(years) > 1 else f"{years[0]}"
        yield PathError(
            ("calendar",),
            f"the days off of {some} are not announced: they follow the law and the lunar calendar, without make-up "
            "workdays",
        )
