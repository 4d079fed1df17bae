"""Premiums of long-term policies: dates over leap years, causes of not paying and their levers, grace, suspension."""

from __future__ import annotations

import datetime
import math
from typing import Any

import numpy as np
import pytest
from chance import check_shares
from hypothesis import given, settings
from hypothesis import strategies as st
from quiet_world import Described, begin, bought_again, events, people, still

from lifesim.dates import due_date, first_day, months_later, next_dues
from lifesim.lifecycle.persistency import LAPSED, MONTHS, count_living
from lifesim.population.columns import DAY, PAID_UP, SUSPENDED
from lifesim.scenario.behaviour import LAPSE_CAUSES
from lifesim.world.world import World

EPOCH = datetime.date(1970, 1, 1)
N = 4_000
PAYMENT: dict[str, Any] = {"years": 20, "frequency": {"yearly": 1.0}, "unpaid": [1.0], "instalments": 1.0,
                           "reinstated": 0.0}  # fmt: skip


# --- dates ------------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2190, 12, 31)), st.integers(0, 1_200))
def test_months_later_is_the_calendar(day: datetime.date, months: int) -> None:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = (datetime.date(year + month // 11, (month + 1) % 12 + 1, 1) - datetime.timedelta(days=1)).day
    expected = datetime.date(year, month + 1, min(day.day, last))
    assert months_later((day - EPOCH).days, months) == (expected - EPOCH).days


@settings(deadline=None)
@given(st.integers(-30 * 366 * DAY, -1), st.sampled_from([1, 2, 4, 12]))
def test_the_next_instalment_is_the_first_after_the_start(issued: int, times: int) -> None:
    day = first_day(datetime.date(2026, 1, 5), 0)
    number, due = (int(each[0]) for each in next_dues([issued], [times], day))
    assert due == due_date(issued, number, times, day) > 0
    assert due_date(issued, number - 1, times, day) <= 0


# --- a world of policyholders -----------------------------------------------------------------------------------


def owed(size: int = N, days: int = 800, years: float = 0.1, **payment: Any) -> Described:
    """Holders of one policy each whose premiums fall due, in which nothing but their contracts moves them."""
    data = still(size, days, "HOLDING")
    data["segments"]["mainstream"]["policy_years"] = {"median": years, "spread": 0.0, "low": years, "high": years}
    data["behaviour"]["warning"]["silent_start"] = 0.0
    data["behaviour"]["unpaid"] = {cause: {"chance": 0.0, "recovers": 0.0} for cause in LAPSE_CAUSES}
    for product in data["products"].values():
        product |= {
            "term": "long", "renewal": None, "recovery": None, "payment": PAYMENT | payment, "grace": "30d",
        }  # fmt: skip
    return data


def lived(data: Described, days: int) -> World:
    world = begin(data)[0]
    world.run(days * DAY, [])
    return world


def lapses(world: World) -> dict[int, str]:
    """Cause of the lapse of each customer."""
    return {int(e["customer"]): LAPSE_CAUSES[(e["detail"] >> 8) - 1] for e in events(world, "lapse")}


@pytest.mark.parametrize(("frequency", "times"), [("yearly", 1), ("half_yearly", 2), ("quarterly", 4), ("monthly", 12)])
def test_instalments_fall_due_by_the_calendar_and_add_up(frequency: str, times: int) -> None:
    """Over the leap day of 2028, to the second and to the fen."""
    data = owed(60, 1_100, frequency={frequency: 1.0})
    if times == 12:
        for product in data["products"].values():
            product["grace"] = "20d"
    world = begin(data)[0]
    pool = world.state.policies
    held = {int(p["customer"]): p.copy() for p in pool[pool["customer"] >= 0]}
    world.run(1_100 * DAY, [])
    paid: dict[int, list[tuple[int, int]]] = {}
    for event in events(world, "premium"):
        paid.setdefault(int(event["customer"]), []).append((int(event["time"]), int(event["amount"])))
    for customer, policy in held.items():
        issued = world.scenario.start + datetime.timedelta(days=int(policy["issued"]) // DAY)
        dues = []
        for number in range(1, 3 * times + 1):
            month = issued.month - 1 + number * 12 // times
            year, month = issued.year + month // 12, month % 12 + 1
            length = (datetime.date(year + month // 12, month % 12 + 1, 1) - datetime.timedelta(days=1)).day
            date = datetime.date(year, month, min(issued.day, length))
            dues.append((date - world.scenario.start).days * DAY + int(policy["issued"]) % DAY)
        expected = [due for due in dues if due > 0]
        assert [time for time, _ in paid[customer]][: len(expected)] == expected
        amounts = [amount for _, amount in paid[customer]]
        assert sum(amounts[:times]) == int(policy["premium"])


def test_a_policy_is_paid_up_after_its_payment_years() -> None:
    world = lived(owed(200, 1_500, years=3), 1_500)
    short = owed(200, 1_500, years=0.1)
    for product in short["products"].values():
        product["payment"] = PAYMENT | {"years": 3}
    ends = lived(short, 1_500)
    counted = np.bincount(events(ends, "premium")["customer"], minlength=200)
    assert set(counted) == {2}, "three premiums in all, the first of which was paid at issue"
    held = ends.state.policies[ends.state.policies["customer"] >= 0]
    assert np.all(held["status"] == PAID_UP) and np.all(people(ends)["policies"] == 1)
    assert np.bincount(events(world, "premium")["customer"], minlength=200).min() >= 4


# --- causes and levers ------------------------------------------------------------------------------------------

CHANCES = {"agent_left": 0.05, "replaced": 0.08, "dissatisfied": 0.1, "cannot_pay": 0.12, "forgotten": 0.3}


def chances(data: Described, recovers: float = 0.0, **changed: float) -> Described:
    for cause, chance in (CHANCES | changed).items():
        data["behaviour"]["unpaid"][cause] = {"chance": chance, "recovers": recovers}
    return data


@pytest.mark.analytic
def test_shares_of_premiums_not_paid() -> None:
    """A premium is paid when none of five independent causes keeps it from being paid."""
    world = lived(chances(owed(20_000, 400)), 400)
    unpaid = np.unique(events(world, "unpaid")["customer"])
    check_shares(len(unpaid), 20_000, 1 - math.prod(1 - chance for chance in CHANCES.values()), catches=0.03)
    why = lapses(world)
    assert sorted(why) == unpaid.tolist()
    before = 1.0
    for cause in LAPSE_CAUSES:
        check_shares(sum(each == cause for each in why.values()), 20_000, before * CHANCES[cause], catches=0.03)
        before *= 1 - CHANCES[cause]


@pytest.mark.analytic
@pytest.mark.parametrize(("frequency", "times"), [("yearly", 1), ("quarterly", 4)])
def test_chances_of_a_year_follow_the_policy_year_and_the_frequency(frequency: str, times: int) -> None:
    """Whoever pays in instalments has more chances to stop, each smaller: lapses by policy year in closed form."""
    factors, instalments = [1.0, 0.5, 0.25], 1.6
    data = owed(20_000, 1_200, years=0.02, frequency={frequency: 1.0}, unpaid=factors, instalments=instalments)
    for cause in LAPSE_CAUSES:
        data["behaviour"]["unpaid"][cause] = {"chance": 0.3 if cause == "forgotten" else 0.0, "recovers": 0.0}
    world = lived(data, 1_200)
    numbers: dict[int, int] = {}
    payments = np.bincount(events(world, "premium")["customer"], minlength=20_000)
    for customer in lapses(world):
        numbers[customer] = int(payments[customer]) + 1
    staying = 1.0
    for number in range(1, 3 * times + 1):
        year = min((number - 1) // times, 2)
        chance = 0.3 * factors[year] * (instalments if times > 1 else 1.0) / times
        check_shares(sum(n == number for n in numbers.values()), 20_000, staying * chance, catches=0.03)
        staying *= 1 - chance


@pytest.mark.metamorphic
@pytest.mark.parametrize("cause", LAPSE_CAUSES)
def test_raising_one_cause_moves_no_other(cause: str) -> None:
    """Everyone who does not pay still does not, and those who join them do so for this cause alone."""
    plain = lived(chances(owed(days=400)), 400)
    raised = lived(chances(owed(days=400), **{cause: CHANCES[cause] + 0.2}), 400)
    before, after = lapses(plain), lapses(raised)
    assert set(before) < set(after)
    assert {after[customer] for customer in set(after) - set(before)} == {cause}
    rank = LAPSE_CAUSES.index
    assert all(after[each] == before[each] or rank(after[each]) < rank(before[each]) for each in before)


@pytest.mark.metamorphic
@pytest.mark.parametrize("cause", LAPSE_CAUSES)
@pytest.mark.parametrize("day", [300, 340], ids=["before the due date", "in grace"])
def test_each_cause_responds_to_its_own_lever_alone(cause: str, day: int) -> None:
    """A touch that cures one cause for everyone leaves exactly the lapses of the others."""
    from test_analytic import arriving_at_once, send_to_all

    def world(**content: Any) -> World:
        data = chances(owed(days=420))
        arriving_at_once(data, impulses={}, lifts={}, fit={}, **content)
        found = begin(data)[0]
        send_to_all(found, day)
        found.run(420 * DAY, [])
        return found

    untouched, treated = world(), world(cures={cause: 1.0})
    alone = {k: (0.0 if k == cause else v) for k, v in CHANCES.items()}
    without = lapses(lived(chances(owed(days=420), **alone), 420))
    # The due date is day 365 - 36 = 329 after the start for a policy of 0.1 years.
    assert set(lapses(treated)) == set(without) < set(lapses(untouched))
    assert set(lapses(treated).values()) == set(without.values())


def test_a_lever_with_half_the_strength_cures_a_part() -> None:
    from test_analytic import arriving_at_once, send_to_all

    data = chances(owed(8_000, 420), **dict.fromkeys(LAPSE_CAUSES, 0.0) | {"forgotten": 0.5})
    arriving_at_once(data, impulses={}, lifts={}, fit={}, cures={"forgotten": 0.4})
    world = begin(data)[0]
    send_to_all(world, 340)
    world.run(420 * DAY, [])
    unpaid = len(events(world, "unpaid"))
    cured = events(world, "premium")
    check_shares(len(cured[cured["time"] == 340 * DAY]), unpaid, 0.4, catches=0.08)


# --- grace, suspension, reinstatement ---------------------------------------------------------------------------


@pytest.mark.analytic
def test_recovery_by_cause() -> None:
    data = chances(owed(20_000, 420), recovers=0.6, **dict.fromkeys(LAPSE_CAUSES, 0.0) | {"cannot_pay": 0.5})
    world = lived(data, 420)
    check_shares(len(lapses(world)), len(events(world, "unpaid")), 0.4, catches=0.04)


def test_suspension_ends_cover_and_reinstatement_brings_it_back_with_arrears() -> None:
    # Nobody pays on the first anniversary, everybody on later ones.
    data = chances(owed(days=1_150, reinstated=0.5, unpaid=[1.0, 0.0]), forgotten=1.0)
    data["behaviour"]["suspension"] = {"within": "2y"}
    world = begin(data)[0]
    # A policy of 36.5 days falls due after 328.5 days, and 30 days of grace follow; nobody is reinstated at once.
    world.run(358 * DAY + DAY // 2 + 60, [])
    held = world.state.policies[world.state.policies["customer"] >= 0]
    assert np.all(held["status"] == SUSPENDED)
    assert not people(world)["policies"].any()
    stage = people(world)["stage"]
    assert set(np.array(["A", "F", "HOLDING", "R", "C", "LOST"])[stage]) == {"LOST"}
    world.run(1_150 * DAY, [])
    back, ended = events(world, "reinstated"), events(world, "ended")
    check_shares(len(back), N, 0.5, catches=0.07)
    assert len(back) + len(ended) == N and not set(back["customer"]) & set(ended["customer"])
    # Reinstated within two years of the lapse on day 359: one premium in arrears, or two, or three.
    premium = {int(p["customer"]): int(p["premium"]) for p in held}
    times = {round(int(e["amount"]) / premium[int(e["customer"])], 9) for e in back}
    assert times == {1.0, 2.0, 3.0} or times == {1.0, 2.0}


def test_what_was_received_is_what_was_logged() -> None:
    data = chances(owed(days=1_150, reinstated=0.5, frequency={"yearly": 0.5, "quarterly": 0.5}), recovers=0.3)
    world = lived(data, 1_150)
    kinds = ("premium", "reinstated", "purchase")
    logged = sum(int(events(world, kind)["amount"].sum()) for kind in kinds)
    assert logged == int(world.state.outcomes["premium"].sum()) > 0
    assert len(events(world, "premium")) == int(world.state.outcomes["paid"].sum())


def test_short_cover_is_neither_suspended_nor_cured() -> None:
    from test_analytic import arriving_at_once, send_to_all

    data = still(500, 500, "HOLDING")
    bought_again(data, {"appeal": -50.0}, {"appeal": -50.0})
    arriving_at_once(data, impulses={}, lifts={}, fit={}, cures=dict.fromkeys(LAPSE_CAUSES, 1.0))
    world = begin(data)[0]
    send_to_all(world, 340)
    world.run(500 * DAY, [])
    assert not (world.state.policies["customer"] >= 0).any()
    assert len(events(world, "lapse")) == 500 and not len(events(world, "premium"))


# --- persistency ------------------------------------------------------------------------------------------------


def test_persistency_of_new_policies_by_hand() -> None:
    """Policies issued after the fork: those whose 13th, and 25th, month is settled before the end, and who paid it."""
    from test_value import buying

    end = 830
    world = buying(end, cooling_off={"within": "15d", "returned": 0.2}, payment=PAYMENT | {"unpaid": [1.0, 0.5]},
                   grace="30d", chance=0.3)  # fmt: skip
    bought = {int(e["customer"]): int(e["time"]) for e in events(world, "purchase")}
    back = set(events(world, "returned")["customer"].tolist())
    paid = np.bincount(events(world, "premium")["customer"], minlength=len(people(world)))
    day = first_day(world.scenario.start, 0)
    expected = np.zeros(4, int)
    for customer, time in bought.items():
        for years in (1, 2):
            if customer not in back and due_date(time, years, 1, day) + 30 * DAY < end * DAY:
                expected[2 * years - 2] += 1
                expected[2 * years - 1] += paid[customer] >= years
    o = world.state.outcomes
    names = ("new_month_13", "kept_month_13", "new_month_25", "kept_month_25")
    assert [int(o[name].sum()) for name in names] == expected.tolist()
    assert expected[2] > 100 and expected[0] > expected[1] > 0 and expected[2] > expected[3] > 0
    check_shares(expected[1], expected[0], 0.7, catches=0.06)


@pytest.mark.analytic
def test_policy_years_hold_exposure_and_lapses() -> None:
    """Lapses over the instalments of a policy year are the chance of that year; nobody is counted twice."""
    data = owed(20_000, 730, years=1.2, frequency={"quarterly": 1.0}, unpaid=[1.0, 0.6, 0.3])
    chances(data, **dict.fromkeys(LAPSE_CAUSES, 0.0) | {"cannot_pay": 0.2})
    world = lived(data, 730)
    count_living(len(world.state.policies), world.now, world.kernel_address)
    life = world.state.policy_life.sum(axis=0)
    dues = life[:, MONTHS] / 3
    for year, chance in ((1, 0.2 * 0.6 / 4), (2, 0.2 * 0.3 / 4)):
        check_shares(life[year, LAPSED], dues[year], chance, catches=0.02)
    settled = np.count_nonzero(events(world, "lapse")["time"] <= 730 * DAY)
    late = np.count_nonzero(events(world, "lapse")["time"] - 30 * DAY >= 700 * DAY)
    assert life[:, LAPSED].sum() == settled - late > 500
    # Everybody is there until the last grace period, or until the due date of the premium that was not paid.
    lost = {int(e["customer"]): int(e["time"]) - 30 * DAY for e in events(world, "lapse")}
    until = [min(lost.get(row, 700 * DAY - 1), 700 * DAY - 1) for row in range(20_000)]
    assert life[:, 0].sum() == sum(until)
