"""Audiences about what customers did: when they last did it is remembered of everyone, and only where somebody asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from journey_worlds import a_journey, obliging, sent, under, ways
from small_worlds import (
    FirstSeat,
    Weekly,
    busy,
    described,
    differences,
    enrolled,
    experiment,
    keys_of,
    lives,
    log_of,
    new_world,
    run,
    run_on,
    small,
)

from lifesim.errors import InputError
from lifesim.experiment.checks import problems
from lifesim.population.columns import (
    DAY,
    E_DELIVERED,
    E_INQUIRY,
    E_OPENED,
    E_PREMIUM,
    E_PRODUCT_PAGE,
    E_PURCHASE,
    E_SERVICE_USE,
)
from lifesim.population.memory import count
from lifesim.scenario.journeys import Journey
from lifesim.strategy import CustomerView, Luck, Practice, Schedule, Touches
from lifesim.world.world import World

#: Of audiences that ask, the events of the log that they ask about.
IN_LOG = {
    "browsed within 9d": E_PRODUCT_PAGE, "asked_adviser within 9d": E_INQUIRY, "premium_paid within 9d": E_PREMIUM,
    "used_service within 9d": E_SERVICE_USE,
}  # fmt: skip
STAY = {"stay": {"wait": "1d", "next": "exit"}}


def asking(*audiences: str, **more: Any) -> Journey:
    """A journey that asks, and lets nobody in."""
    entry = [{"at": "2026-02-20", "who": f"age < 0 and ({each})"} for each in audiences]
    return a_journey(STAY, name="asks", entry=entry, **more)


def beside(practice: Practice, journey: Journey) -> Practice:
    return Practice({**practice.orchestrations, journey.name: journey}, allocation=practice.allocation)


def recalled(world: World, column: str) -> Any:
    """When each customer last did it, below zero for never, by row."""
    times = world.state.recalled[: count(world.state), world.journeys.recalled.index(column)]
    return np.where(times < -10_000 * DAY, -1, times)


def last_in_log(world: World, *kinds: int, campaign: str = "", products: tuple[int, ...] = ()) -> Any:
    """The same from the log."""
    log, keys = log_of(world), keys_of(world)
    mine = np.isin(log["kind"], kinds) & ((log["campaign"] == campaign) | (campaign == ""))
    mine &= np.isin(log["detail"], products) | (len(products) == 0)
    found = np.full(len(keys), -1)
    order = np.argsort(keys)
    np.maximum.at(found, order[np.searchsorted(keys[order], log["key"][mine])], log["time"][mine])
    return found


def test_when_customers_last_did_something_is_what_the_log_says() -> None:
    """Of everyone, in a journey or not, and of answers to campaigns."""
    journey = asking(*IN_LOG, "opened(newsletter) within 9d", "opened within 9d", "clicked(product_offer) within 9d")
    world = run(small(1_000, horizon="120d"), beside(busy(), journey), days=120)
    for audience, kind in IN_LOG.items():
        times = recalled(world, f"days_since_{audience.split()[0]}")
        assert np.array_equal(times, last_in_log(world, kind)) and (times >= 0).any(), audience
    news = last_in_log(world, E_OPENED, campaign="news")
    assert np.array_equal(recalled(world, "days_since_opened_newsletter"), news)
    # Of an SMS it is seen that it was clicked, never that it was opened, and of a call neither.
    assert np.array_equal(recalled(world, "days_since_opened"), news)
    offers = last_in_log(world, E_OPENED, campaign="offers")
    assert np.array_equal(recalled(world, "days_since_clicked_product_offer"), offers) and (offers >= 0).sum() > 50


def test_a_family_is_any_of_its_products_and_policies_of_the_past_count() -> None:
    journey = asking("bought(protection) within 9d", "bought(accident) within 9d", "bought within 9d")
    scenario = small(800, horizon="120d")
    world = run(scenario, under(journey), days=120)
    n, pool = count(world.state), world.state.policies
    for name in ("protection", "accident", ""):
        of = [k for k, (product, each) in enumerate(scenario.products.items()) if name in ("", product, each.family)]
        held = pool[(pool["customer"] >= 0) & (pool["issued"] < 0) & np.isin(pool["product"], of)]
        before = np.full(n, -(2**31) + 1)
        np.maximum.at(before, held["customer"], held["issued"])
        since = last_in_log(world, E_PURCHASE, products=tuple(of))
        times = world.state.recalled[:n, world.journeys.recalled.index(f"days_since_bought{'_' if name else ''}{name}")]
        # A policy of the past may have ended: then its date is remembered, and the policy gone.
        assert np.array_equal(times[since >= 0], since[since >= 0])
        assert (times[since < 0] >= before[since < 0]).all() and (times[since < 0] < 0).all()
        assert np.count_nonzero((times == before) & (since < 0) & (times > -10_000 * DAY)) > 5 and (since >= 0).any()


def test_to_ask_costs_memory_where_somebody_asks_and_moves_nobody() -> None:
    plain, asks = (beside(busy(), asking(each)) for each in ("launched_app within 9d", "browsed within 9d"))
    of, also = (experiment(small(200), {"control": each}) for each in (plain, asks))
    without, log = run_on(of, new_world(of), plain, 60 * DAY)
    world, log_again = run_on(also, new_world(also), asks, 60 * DAY, [25 * DAY + 7])
    assert without.state.recalled.nbytes == 0 and world.state.recalled.shape[1] == 1
    assert differences(lives(without), lives(world), ignore=("log.", "recalled.")) == []
    assert differences(log, log_again) == []


@dataclass(frozen=True)
class ToBrowsers:
    """Write to those who looked at a product page in the last days."""

    schedule = Schedule(at="10:00", weekdays=(1, 2, 3, 4, 5, 6, 7))

    def touch(self, customers: CustomerView, luck: Luck) -> Touches:
        return Touches(customers.where(customers.days_since_browsed <= 2), "hello", "push")


def test_a_plug_in_sees_the_same_columns() -> None:
    practice = beside(Practice({"browsers": ToBrowsers()}, allocation=FirstSeat()), asking("browsed within 9d"))
    world = run(obliging(), practice, days=30)
    log = log_of(world)
    told = (log["kind"] == E_OPENED) & (log["campaign"] == "browsers")
    pages = log["kind"] == E_PRODUCT_PAGE
    assert told.sum() > 20
    for key, at in zip(log["key"][told].tolist(), log["time"][told].tolist(), strict=True):
        times = log["time"][pages & (log["key"] == key) & (log["time"] < at)]
        assert len(times) and at - times.max() <= 2 * DAY


def test_whoever_did_it_comes_in_and_whoever_does_it_now_has_done_it() -> None:
    """At an appointment, and at the very event."""
    at_once = a_journey(STAY, name="at_once", entry={"on": "browsed", "who": "browsed within 1s"})
    first = a_journey(STAY, name="first", entry={"on": "browsed", "who": "not browsed within 1s"})
    monthly = a_journey(STAY, name="monthly", entry={"at": "2026-01-25 10:00", "who": "browsed within 14d"})
    world = run(obliging(), under(at_once, first, monthly), days=60)
    pool, log = enrolled(world), log_of(world)
    came = {name: set(keys_of(world)[pool["customer"][pool["journey"] == number]].tolist())
            for number, name in enumerate(world.journeys.names)}  # fmt: skip
    pages = log["kind"] == E_PRODUCT_PAGE
    assert came["at_once"] == set(log["key"][pages].tolist()) and not came["first"]
    now = 40 * DAY + 36_000
    recent = pages & (log["time"] < now) & (log["time"] >= now - 14 * DAY)
    assert came["monthly"] == set(log["key"][recent].tolist()) and 0 < len(came["monthly"]) < len(came["at_once"])


SALON = {
    "invite": {"send": {"push": "card"}, "next": "after"},
    "after": {"wait": {"after": "salon", "by": "1d"}, "next": "there"},
    "there": {"if": "attended(salon) within 3d", "then": "exit", "else": "missed"},
    "missed": {"if": "booked within 60d", "then": "exit", "else": "exit"},
}


def test_bookings_and_visits_of_an_offline_event_can_be_asked_about() -> None:
    scenario = obliging(card={"kind": "service", "visit": 0.0, "prompts": {"booked": 0.6}},
                        talk={"kind": "service", "visit": 0.0})  # fmt: skip
    channels = described(scenario)["channels"]
    channels["offline_event"] |= {"delivered": 0.5}
    contents = {name: {"kind": "service", "says": name} for name in ("card", "talk")}
    journey = a_journey(SALON, events={"salon": {"date": "2026-01-20 14:00", "content": "talk"}}, contents=contents)
    practice = under(journey)
    world = run(scenario.replace(channels=channels), practice, days=40)
    came, took = sent(world)["offline_event", "talk"], ways(world, practice)
    assert took["there", "then"] == came["delivered"] > 5
    assert took["missed", "then"] == came["requested"] - came["delivered"] > 5
    assert took["missed", "else"] > 5


@pytest.mark.parametrize(
    ("audience", "said"),
    [
        ("opened(newslettr) within 3d", "unknown content 'newslettr'; did you mean 'newsletter'"),
        ("age > 3 and browsed(anuity) within 3d", "unknown product 'anuity'"),
        ("age > 3 and left_contact within 3d", "nothing leads to 'left_contact'; give one of the contents prompts"),
        ("turned_away within 3d", "an offline event has room for everybody who books"),
        ("orphaned within 3d", "without a workforce nobody has a serving agent"),
    ],
)
def test_what_never_happens_is_said_before_anything_runs(audience: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        experiment(small(), {"control": under(asking(audience))})


def test_a_journey_knows_its_own_offline_events() -> None:
    with pytest.raises(ValueError, match="unknown offline event 'saloon'; did you mean 'salon'"):
        asking("booked(saloon) within 3d", events={"salon": {"date": "2026-06-20 14:00"}})


def test_a_contact_policy_may_ask_too() -> None:
    """Whoever has used a service gets no offer for twenty days."""
    policy = {"suppressions": {"served": {"who": "used_service within 20d"}}, "exempt": ["service"]}
    practice = Practice({"offers": Weekly("product_offer", "sms", "10:00", tuple(range(1, 8)), 1.0)})
    scenario = small(400).replace(contact_policy=policy)
    assert problems(scenario) == []
    world = run(scenario, practice, days=60)
    log = log_of(world)
    told = (log["kind"] == E_DELIVERED) & (log["campaign"] == "offers")
    asked = log["kind"] == E_SERVICE_USE
    assert told.sum() > 1_000 and asked.sum() > 3
    for key, at in zip(log["key"][asked].tolist(), log["time"][asked].tolist(), strict=True):
        since = log["time"][told & (log["key"] == key)] - at
        # What was sent before may arrive within the day.
        assert not ((since > DAY) & (since < 20 * DAY)).any()
    assert world.state.touched[..., world.policies.outcomes.index("suppressed_served")].sum() > 20
