"""Life events: how often, at what age, what they move, and that nothing but their own rate moves them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from chance import check_shares
from quiet_world import begin, events, hazards, lived, people, set_rate, still
from small_worlds import busy, described, experiment, run, small, table

from lifesim.experiment.unit import Unit
from lifesim.population.columns import DAY, YEAR
from lifesim.scenario.needs import LIFE_EVENTS
from lifesim.world.world import World

YEARS = 3


def aged(age: float, life: dict[str, Any], size: int = 8000, years: int = YEARS) -> Any:
    """A world at rest of people of one age at the start, but for some life events."""
    data = still(size, 365 * years, "AWARENESS")
    data["segments"]["mainstream"]["traits"]["age"] |= {"mean": age, "sd": 0.0}
    data["behaviour"]["life_events"] = life
    return data


def by_kind(world: World) -> dict[str, set[tuple[int, int]]]:
    """Life events by kind, each as customer's key and time."""
    log, keys = events(world, "life_event"), people(world)["key"]
    found: dict[str, set[tuple[int, int]]] = {kind: set() for kind in LIFE_EVENTS}
    for event in log:
        found[LIFE_EVENTS[event["detail"]]].add((int(keys[event["customer"]]), int(event["time"])))
    return found


# --- how often --------------------------------------------------------------------------------------------------


@pytest.mark.analytic
def test_as_often_as_their_rate_says_year_by_year() -> None:
    """Of Poisson counts in a year, shares of none, one and more within five percentage points of expectation."""
    rate = 0.9
    world = lived(aged(40, {"home": {"rate": f"{rate}/y"}}), 365 * YEARS)
    log, n = events(world, "life_event"), len(people(world))
    for year in range(YEARS):
        mine = log[log["time"] // YEAR == year]
        counts = np.bincount(np.bincount(mine["customer"], minlength=n), minlength=3)
        check_shares(int(counts[0]), n, math.exp(-rate), catches=0.05)
        check_shares(int(counts[1]), n, rate * math.exp(-rate), catches=0.05)
    within = log["time"] % YEAR
    check_shares(int(np.count_nonzero(within < YEAR // 2)), len(within), 0.5, catches=0.05)


@pytest.mark.analytic
def test_bands_of_age_follow_the_customer_through_the_years() -> None:
    """At 39 at the start, customers are 39.5 in the middle of the first year, 40.5 in that of the second."""
    life = {"income": {"rate": "0.5/y", "ages": {0: 0, 40: 2, 41: 0, 42: 1}}}
    world = lived(aged(39, life, years=4), 4 * 365)
    log, n = events(world, "life_event"), len(people(world))
    shares = [len(set(log["customer"][log["time"] // YEAR == year])) / n for year in range(4)]
    assert shares[0] == shares[2] == 0.0
    for year, expected in ((1, 1.0), (3, 0.5)):
        check_shares(round(shares[year] * n), n, -math.expm1(-expected), catches=0.05)


@pytest.mark.analytic
def test_coefficients_multiply_the_rate() -> None:
    """One more of a trait with coefficient ln 2 doubles the rate."""
    life = {"child": {"rate": "0.3/y", "depends": {"age": math.log(2)}}}
    for age, rate in ((40, 0.3), (50, 0.6)):
        world = lived(aged(age, life, years=1), 365)
        touched = len(set(events(world, "life_event")["customer"]))
        check_shares(touched, len(people(world)), -math.expm1(-rate), catches=0.05)


@pytest.mark.analytic
@pytest.mark.parametrize("age", [55, 59])
def test_once_in_a_life_counts_the_years_before_the_start(age: int) -> None:
    """From 55 on at 0.5 a year: whoever is 59 has the first event ahead with a chance of exp(-4 x 0.5)."""
    life = {"retirement": {"rate": "0.5/y", "ages": {0: 0, 55: 1}, "once": True}}
    world = lived(aged(age, life), 365 * YEARS)
    log = events(world, "life_event")
    assert len(set(log["customer"])) == len(log)
    before = math.exp(-0.5 * (age - 55))
    check_shares(len(log), len(people(world)), before * -math.expm1(-0.5 * YEARS), catches=0.05)


# --- whose luck -------------------------------------------------------------------------------------------------


@pytest.mark.metamorphic
@pytest.mark.parametrize("kind", LIFE_EVENTS)
def test_more_of_one_kind_moves_no_other(kind: str) -> None:
    life: dict[str, Any] = {each: {"rate": "0.3/y"} for each in LIFE_EVENTS}
    before = by_kind(lived(aged(40, life, 500), 365 * YEARS))
    after = by_kind(lived(aged(40, life | {kind: {"rate": "0.6/y"}}, 500), 365 * YEARS))
    assert all(len(each) > 100 for each in before.values())
    assert {each for each in LIFE_EVENTS if before[each] != after[each]} == {kind}
    assert len(after[kind]) > len(before[kind])


@pytest.mark.metamorphic
def test_no_strategy_moves_a_life_event() -> None:
    scenario = small(600)
    silent, touched = (by_kind(run(scenario, *practice)) for practice in ((), (busy(),)))
    present = {key for each in silent.values() for key, _ in each}
    kept = {kind: {pair for pair in each if pair[0] in present} for kind, each in touched.items()}
    assert sum(map(len, silent.values())) > 10
    assert silent == kept


# --- what they move ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", LIFE_EVENTS)
def test_each_kind_has_impulses_of_its_own(kind: str) -> None:
    """At the moment it happens the states move by what its kind says, and no others do."""
    own = {"need": 0.1 * (1 + LIFE_EVENTS.index(kind)), "present_need_wealth": -0.2}
    other = {"trust": 5.0}
    life = {each: {"rate": "2/y" if each == kind else "0/y", "impulses": other} for each in LIFE_EVENTS}
    life[kind]["impulses"] = own
    world = lived(aged(40, life, 300, 1), 365)
    log = events(world, "life_event")
    last = {int(event["customer"]): int(event["time"]) for event in log}
    once = [customer for customer in last if np.count_nonzero(log["customer"] == customer) == 1]
    assert len(once) > 30 and set(log["detail"]) == {LIFE_EVENTS.index(kind)}
    for k, state in enumerate(world.scenario.behaviour.states):
        mind = world.state.mind[once, k]
        np.testing.assert_allclose(mind["offset"], own.get(state, 0.0), rtol=1e-6)
        if state in own:
            assert mind["at"].tolist() == [last[customer] for customer in once]


def test_a_shift_of_a_need_lasts_for_years_and_hazards_follow_at_once() -> None:
    """A need that has moved by one multiplies the hazard by exp(coefficient), less what has decayed."""
    data = aged(40, {"child": {"rate": "1/y", "impulses": {"present_need_health": 1.0}}}, 800, 1)
    set_rate(data, "AWARENESS.need_formed", 1e-6)
    who, before = hazards(begin(data)[0], "AWARENESS.need_formed")
    world = lived(data, 365)
    _, after = hazards(world, "AWARENESS.need_formed")
    log = events(world, "life_event")
    counts = np.bincount(log["customer"], minlength=len(who))
    at = np.zeros(len(who))
    at[log["customer"]] = log["time"]
    behaviour = world.scenario.behaviour
    coefficient = behaviour.transitions["AWARENESS.need_formed"].depends["present_need_health"]
    one = (counts == 1) & (at > 100 * DAY)
    # Rates are those of the middle of the time to the next refresh, at most 45 days.
    decayed = 0.5 ** ((365 * DAY - at[one]) / behaviour.states["present_need_health"].half_life)
    np.testing.assert_allclose(np.log(after[one] / before[one]) / coefficient, decayed, atol=0.01)
    np.testing.assert_allclose(after[counts == 0], before[counts == 0], rtol=1e-6)
    fresh = one & (at > 364 * DAY)
    assert np.count_nonzero(fresh) > 0 and np.count_nonzero(one) > 150


def test_the_table_of_events_names_the_kind() -> None:
    scenario = small(800)
    data = described(scenario)["behaviour"]
    data["life_events"] = {kind: {"rate": "1/y"} for kind in LIFE_EVENTS}
    of = experiment(scenario.replace(behaviour=data), {"control": busy()})
    kinds = {row["kind"] for row in table(of.run(Unit(0, ("north",))), "events")}
    assert {f"life_event_{kind}" for kind in LIFE_EVENTS} <= kinds and "life_event" not in kinds
