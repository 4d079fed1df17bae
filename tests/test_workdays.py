"""The calendar of workdays: announced days off, rules for later years, desks and schedules that follow it."""

from __future__ import annotations

import datetime
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from small_worlds import DAY, Weekly, busy, described, log_of, run, small, uncontended

from lifesim.population.columns import E_DELIVERED, E_FAILED
from lifesim.scenario import Scenario
from lifesim.scenario.cautions import not_announced
from lifesim.scenario.workdays import Workdays
from lifesim.strategy import Schedule
from lifesim.world.desk import capacity_by_branch

CHINA = Workdays("china")
#: Days off from the first to the last, and weekend days worked for them: notice of the General Office of the State
#: Council on the holidays of 2026, 4 November 2025.
OFF_2026 = (
    ("01-01", "01-03"), ("02-15", "02-23"), ("04-04", "04-06"), ("05-01", "05-05"), ("06-19", "06-21"),
    ("09-25", "09-27"), ("10-01", "10-07"),
)  # fmt: skip
WORKED_2026 = ("01-04", "02-14", "02-28", "05-09", "09-20", "10-10")


def dates(first: str, last: str) -> list[datetime.date]:
    """Dates of 2026 from one to another."""
    begin, end = (datetime.date.fromisoformat(f"2026-{each}") for each in (first, last))
    return [begin + datetime.timedelta(days=day) for day in range((end - begin).days + 1)]


YEAR = dates("01-01", "12-31")
OFF = {date for first, last in OFF_2026 for date in dates(first, last)}
WORKED = {datetime.date.fromisoformat(f"2026-{each}") for each in WORKED_2026}


def test_the_days_off_of_2026_are_those_announced() -> None:
    assert {date for date in YEAR if CHINA.rests(date)} == OFF
    assert {date for date in YEAR if CHINA.made_up(date)} == WORKED
    worked = {date for date in YEAR if CHINA.works(date)}
    assert worked == WORKED | {date for date in YEAR if date.isoweekday() <= 5 and date not in OFF}


def test_later_years_follow_the_law_and_the_lunar_calendar() -> None:
    """Spring Festival of 2033 is on 31 January; nobody knows yet which weekends will be worked for it."""
    assert CHINA.rests(datetime.date(2033, 1, 31))
    assert CHINA.rests(datetime.date(2033, 10, 3))
    year = [datetime.date(2033, 1, 1) + datetime.timedelta(days=day) for day in range(365)]
    assert not any(CHINA.made_up(date) for date in year)


def test_without_a_calendar_no_date_is_special() -> None:
    plain = Workdays(None)
    assert not any(plain.rests(date) or plain.made_up(date) for date in YEAR)
    assert all(plain.works(date) == (date.isoweekday() <= 5) for date in YEAR)


def schedule_dates(schedule: Schedule) -> set[str]:
    return {f"{date:%m-%d}" for date in YEAR if schedule.includes(date, CHINA.works)}


@pytest.mark.parametrize(
    ("rest_days", "wanted"),
    [
        ("as_usual", {"01-04", "02-15", "04-05", "10-03"}),
        ("skip", {"01-04"}),
        ("move", {"01-04", "02-24", "04-07", "10-08"}),
    ],
)
def test_a_schedule_keeps_skips_or_moves_appointments_on_rest_days(rest_days: str, wanted: set[str]) -> None:
    """4 January is a Sunday that is worked; the other days belong to holidays."""
    days = {(1, 4): (4,), (2, 15): (15,), (4, 5): (5,), (10, 3): (3,)}
    found = set()
    for (month, _), day in days.items():
        of_day = schedule_dates(Schedule(days=day, rest_days=rest_days))
        found |= {each for each in of_day if int(each[:2]) == month}
    assert found == wanted


def test_two_appointments_moved_to_one_workday_are_one() -> None:
    moved = schedule_dates(Schedule(weekdays=(2, 3), rest_days="move"))
    assert {date for date in moved if "02-15" <= date <= "02-28"} == {"02-24", "02-25"}


def scenario(calendar: str | None, **desk: Any) -> Scenario:
    """A branch whose desk has seats for all, from mid-January to mid-March 2026."""
    made = uncontended(small(400, start="2026-01-25", warm_up="10d", horizon="50d", calendar=calendar))
    return made.replace(desk=described(made)["desk"] | {"workdays": [1, 2, 3, 4, 5]} | desk)


def days_with_calls(made: Scenario) -> set[datetime.date]:
    """Dates on which somebody was called; a campaign asks for calls every day."""
    practice = busy(calls=False, care=Weekly("care_call", "call", "08:00", (), 0.5))
    world = run(made, practice, days=60)
    log = log_of(world)
    calls = log["time"][np.isin(log["kind"], (E_DELIVERED, E_FAILED)) & (log["campaign"] == "care")]
    return {world.date(int(time)) for time in calls}


def test_a_desk_is_closed_on_holidays_and_open_on_make_up_workdays() -> None:
    called = days_with_calls(scenario("china"))
    assert called == {date for date in dates("01-15", "03-15") if CHINA.works(date)}


@pytest.mark.parametrize(("calendar", "holidays"), [(None, "closed"), ("china", "open")])
def test_a_desk_without_holidays_goes_by_the_days_of_the_week(calendar: str | None, holidays: str) -> None:
    called = days_with_calls(scenario(calendar, holidays=holidays))
    assert called == {date for date in dates("01-15", "03-15") if date.isoweekday() <= 5}


def test_capacity_counts_open_days_only() -> None:
    """10,000 seats for 10,000 customers and 10 calls an hour, 9 slots of an hour: 36,000 calls a day for 400."""
    made = scenario("china")
    world = run(made, days=0)
    capacity = capacity_by_branch(world, (), 0, 60 * DAY)
    assert capacity.tolist() == [36_000 * sum(CHINA.works(date) for date in dates("01-15", "03-15"))]


def test_years_not_announced_are_worth_a_second_look() -> None:
    (found,) = not_announced(small(start="2060-01-05", calendar="china"))
    assert found.path == ("calendar",)
    assert found.message.startswith("the days off of 2059 to 2060 are not announced: they follow the law and the lunar")
    assert list(not_announced(small(start="2026-01-25", calendar="china"))) == []
    assert list(not_announced(small(start="2060-01-05"))) == []


def test_nothing_is_loaded_before_a_calendar_is_asked() -> None:
    code = (
        "import sys, datetime, lifesim.scenario.workdays as w; before = 'holidays' in sys.modules\n"
        "w.Workdays(None).works(datetime.date(2026, 1, 1)); between = 'holidays' in sys.modules\n"
        "w.Workdays('china').works(datetime.date(2026, 1, 1)); print(before, between, 'holidays' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["False", "False", "True"]
