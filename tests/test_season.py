"""The season of demand and of effort: inquiries, the desk's calls, an arm's staffing plan."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from chance import check_shares
from quiet_world import lived, still
from small_worlds import Weekly, busy, described, experiment, log_of, run, small, table

from lifesim.experiment.unit import Unit
from lifesim.population.columns import DAY, E_DELIVERED, E_FAILED
from lifesim.scenario import Scenario
from lifesim.world.desk import capacity_by_branch

ONES = (1.0,) * 12
#: Half in January, none in February, three times as much in March.
UNEVEN = [0.5, 0, 3, *ONES[3:]]


def test_inquiries_follow_the_month() -> None:
    """Every session while deciding opens a product page and asks: every other one in January, none in February."""
    data = still(400, 85, "FIRST_PURCHASE")
    data["start"] = "2026-01-01"
    data["behaviour"]["sessions"] |= {"rate": "100/y", "product_page": {"FIRST_PURCHASE": 1.0}, "inquiry": 1.0}
    data["market"]["season"] = {"inquiries": UNEVEN}
    log = lived(data, 85).event_log()
    kinds = {"session": 1, "inquiry": 4}
    days = {what: log["time"][log["kind"] == kind] // DAY for what, kind in kinds.items()}
    month = {what: np.digitize(of, [31, 59]) for what, of in days.items()}
    asked, seen = (np.bincount(month[what], minlength=3) for what in ("inquiry", "session"))
    assert (asked[1], asked[2]) == (0, seen[2])
    check_shares(asked[0], seen[0], 0.5, catches=0.1)


def seasonal(season: list[float] | None, **changes: Any) -> Scenario:
    """400 customers from January to March, no warm-up, one seat that makes exactly 18 calls a day."""
    made = small(400, start="2026-01-01", warm_up="0d", horizon="90d", **changes)
    data = described(made)
    desk = data["desk"] | {
        "seats": {"all": {"per_10k": 25, "calls_per_hour": 2, "skill": 0}},
        "workdays": [*range(1, 8)],
    }
    market = data["market"] | {"season": data["market"]["season"] | ({"desk": season} if season else {})}
    return made.replace(desk=desk, market=market)


@pytest.mark.parametrize(("season", "staffing"), [(UNEVEN, ()), (None, tuple(UNEVEN)), (UNEVEN, (2.0,) * 12)])
def test_capacity_follows_season_and_staffing(season: list[float] | None, staffing: tuple[float, ...]) -> None:
    world = run(seasonal(season), days=0)
    twice = 2 if season and staffing else 1
    months = ((0, 31), (31, 59), (59, 90))
    calls = [capacity_by_branch(world, staffing, first * DAY, last * DAY)[0] for first, last in months]
    assert calls == [twice * 9 * 31, 0, twice * 54 * 31]


def test_the_desk_makes_no_more_calls_than_its_factor_allows() -> None:
    """Campaigns ask for far more calls than there are seats, which are all busy then."""
    care = Weekly("care_call", "call", "08:00", (), 0.5)
    world = run(seasonal(UNEVEN), busy(calls=False, care=care), days=90)
    log = log_of(world)
    day = log["time"][np.isin(log["kind"], (E_DELIVERED, E_FAILED)) & (log["campaign"] == "care")] // DAY
    january, february, march = np.bincount(np.digitize(day, [31, 59]), minlength=3)
    assert february == 0
    assert 100 < january <= 9 * 31 and january < march <= 54 * 31


def test_a_staffing_plan_is_an_arms_own() -> None:
    """The control has one seat all year; the other arm moves it from January and February to March."""
    scenario = seasonal(None, arms={"control": {}, "later": {"staffing": UNEVEN}})
    practices = {"control": busy(), "later": type(busy())(**{**vars(busy()), "staffing": tuple(UNEVEN)})}
    result = experiment(scenario, practices).run(Unit(0, ("north",)))
    rows = {(row["arm"], row["measure"]): row["value"] for row in table(result, "desks")}
    assert rows["control", "capacity"] == 18 * 90
    assert rows["later", "capacity"] == (9 + 54) * 31
    assert 0 < rows["later", "granted"] <= rows["later", "capacity"]
    assert rows["control", "granted"] != rows["later", "granted"]


def test_a_practice_may_have_a_staffing_plan_and_an_arm_another() -> None:
    plan = [2.0] * 12
    scenario = small(
        practices={"staffed": {"staffing": plan}},
        arms={"control": {"use": "staffed"}, "own": {"use": "staffed", "staffing": UNEVEN}, "none": {}},
    )
    assert [scenario.arm(name).staffing for name in scenario.arms] == [tuple(plan), tuple(UNEVEN), ()]


@pytest.mark.parametrize("per_10k", [6.25, 9.0, 14.0])
def test_fractions_of_calls_add_up_to_the_seats(per_10k: float) -> None:
    """A quarter of a seat for 400 customers makes half a call an hour and 4.5 a day, through nights and months."""
    made = seasonal([0.7, 1.3, *ONES[2:]])
    seats = {"all": {"per_10k": per_10k, "calls_per_hour": 2, "skill": 0}}
    world = run(made.replace(desk=described(made)["desk"] | {"seats": seats}), days=0)
    a_day = per_10k * 400 / 10_000 * 2 * 9
    for last, days in ((1, 0.7), (31, 0.7 * 31), (59, 0.7 * 31 + 1.3 * 28), (90, 0.7 * 31 + 1.3 * 28 + 31)):
        assert abs(capacity_by_branch(world, (), 0, last * DAY)[0] - a_day * days) < 1
