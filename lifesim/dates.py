"""Calendar dates as day numbers, compiled: premiums fall due on the same day of the month, leap years or not.

Source of the arithmetic: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms" (2013): a year that begins in March
has its leap day at the end, so that days of a year and months follow from integer divisions.
"""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np

from lifesim.compiled import compiled_entry, compiled_open

DAY = 86_400
#: Days from 0000-03-01 to 1970-01-01; days of 400 years.
_EPOCH, _ERA = 719_468, 146_097


@compiled_open
def months_later(day: int, months: int) -> int:
    """The day ``months`` calendar months after ``day``; the last of the month where that has no such day.

    Parameters
    ----------
    day
        Days since 1970-01-01.
    """
    era = (day + _EPOCH) // _ERA
    of_era = day + _EPOCH - era * _ERA
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    of_month = of_year - (153 * month + 2) // 5
    total = (era * 400 + year) * 12 + month + months
    year, month = total // 12, total % 12
    if month == 11:
        calendar_year = year + 1
        leap = calendar_year % 4 == 0 and (calendar_year % 100 != 0 or calendar_year % 400 == 0)
        length = 29 if leap else 28
    else:
        length = (153 * month + 155) // 5 - (153 * month + 2) // 5
    era = year // 400
    year -= era * 400
    first = 365 * year + year // 4 - year // 100 + (153 * month + 2) // 5
    return era * _ERA + first + min(of_month, length - 1) - _EPOCH


@compiled_open
def due_date(issued: int, number: int, times: int, first_day: int) -> int:
    """When the ``number``-th instalment of ``times`` a year falls due, seconds like ``issued``; 0 is the first premium.

    Parameters
    ----------
    first_day
        Day of second 0, days since 1970-01-01.
    """
    day = issued // DAY
    return (months_later(first_day + day, number * (12 // times)) - first_day - day) * DAY + issued


def first_day(start: datetime.date, warm_up: int) -> int:
    """Day of second 0 of a world, days since 1970-01-01: ``warm_up`` seconds before ``start``."""
    return (start - datetime.date(1970, 1, 1)).days - warm_up // DAY


@compiled_entry
def _fill(issued: Any, times: Any, first_day: int, number: Any, due: Any) -> None:
    for k in range(len(issued)):
        n = max(1, -issued[k] // (366 * DAY // times[k]))
        while due_date(issued[k], n, times[k], first_day) <= 0:
            n += 1
        number[k] = n
        due[k] = due_date(issued[k], n, times[k], first_day)


def next_dues(issued: Any, times: Any, first_day: int) -> tuple[Any, Any]:
    """Number and date of the first instalment that falls due after time 0, by policy issued before. Shapes (n,)."""
    number, due = np.zeros(len(issued), np.int64), np.zeros(len(issued), np.int64)
    _fill(np.ascontiguousarray(issued, np.int64), np.ascontiguousarray(times, np.int64), first_day, number, due)
    return number, due


@compiled_entry
def _fill_maturities(issued: Any, years: Any, first_day: int, at: Any) -> None:
    for k in range(len(issued)):
        at[k] = due_date(issued[k], years[k], 1, first_day)


def maturities(issued: Any, years: Any, first_day: int) -> Any:
    """When policies mature some years after their issue, seconds like ``issued``. Shapes (n,)."""
    at = np.zeros(len(issued), np.int64)
    _fill_maturities(np.ascontiguousarray(issued, np.int64), np.ascontiguousarray(years, np.int64), first_day, at)
    return at
