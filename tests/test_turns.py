"""Budgets, rates and limited entries: touches and customers take their turns, and everything adds up."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from journey_worlds import a_journey, sent, under
from small_worlds import Weekly, cut_alike, described, enrolled, keys_of, run
from test_contact_policy import DAILY, HOUR, OPEN, arrivals, campaigns, market

from lifesim.errors import ScenarioError
from lifesim.experiment.passages import journey_totals
from lifesim.population.columns import DAY
from lifesim.scenario import Scenario
from lifesim.scenario.contact import Throughput
from lifesim.strategy import Practice
from lifesim.world.turns import Turns
from lifesim.world.world import World

OFFERS = Weekly("offer", "sms", "10:00", **DAILY)
#: Shortly after offers have asked for their turn.
END = 29 * DAY + 41_400
NEWS = Weekly("lesson", "sms", "10:00", **DAILY)


def priced(scenario: Scenario) -> Scenario:
    """The scenario with a text message for 10 fen."""
    channels = described(scenario)["channels"]
    channels["sms"]["cost"] = "0.10 CNY"
    return scenario.replace(channels=channels)


def balance(world: World, campaign: str) -> int:
    """Touches that wait for their turn; all others of the campaign have been delivered, or suppressed for a reason."""
    open_ones = 0
    for outcomes in sent(world, campaign).values():
        ended = sum(n for name, n in outcomes.items() if name == "delivered" or name.startswith("suppressed_"))
        open_ones += outcomes["requested"] - ended - outcomes.get("failed", 0)
    return open_ones


def by_day(world: World, campaign: str) -> dict[int, int]:
    times = [time for at in arrivals(world, campaign).values() for time in at]
    return dict(zip(*(each.tolist() for each in np.unique(np.array(times) // DAY, return_counts=True)), strict=True))


def test_a_budget_sends_what_it_pays_for_at_the_next_full_hour_and_suppresses_the_rest() -> None:
    scenario = priced(market(budgets={"texts": {"amount": "2 CNY", "each": "1d", "channels": ["sms"]}}))
    world = run(scenario, campaigns(offers=OFFERS, notices=Weekly("hello", "sms", "10:00", **DAILY)), days=5)
    assert by_day(world, "offers") == dict.fromkeys(range(5), 20)
    assert {time % DAY for times in arrivals(world, "offers").values() for time in times} == {11 * HOUR}
    counted = sent(world, "offers")["sms", "offer"]
    assert counted["suppressed_texts"] == counted["requested"] - 100 and balance(world, "offers") == 0
    assert {time % DAY for times in arrivals(world, "notices").values() for time in times} == {10 * HOUR}, "service"
    # The lot of a touch is its own: nobody is first every day.
    assert max(map(len, arrivals(world, "offers").values())) < 5


def test_a_rate_spreads_a_wave_over_the_hours_until_touches_have_waited_too_long() -> None:
    rates = {"gateway": {"touches": 3, "each": "1h", "channels": ["sms"], "waits": "12h"}}
    monday = Weekly("offer", "sms", "10:00", (1,), 1.0)
    world = run(market(rates=rates), campaigns(offers=monday), days=7)
    times = np.sort([time for at in arrivals(world, "offers").values() for time in at])
    first = times[0] // DAY * DAY
    assert set((times - first) // HOUR) == set(range(11, 23)), "from the hour after, for twelve hours"
    assert np.bincount((times - first) // HOUR)[11:].tolist() == [3] * 12
    counted = sent(world, "offers")["sms", "offer"]
    assert counted["suppressed_gateway"] == counted["requested"] - 36 and balance(world, "offers") == 0
    waiting = run(market(rates=rates), campaigns(offers=monday), days=(first + 14 * HOUR + 60) / DAY)
    assert balance(waiting, "offers") == len(waiting.extra["turns"]) == counted["requested"] - 12


@pytest.mark.parametrize("closed", ["quiet hours", "hours of the channel"])
def test_a_rate_bounds_the_burst_after_a_night_in_which_nothing_arrives(closed: str) -> None:
    scenario = market(rates={"gateway": {"touches": 7, "waits": "20h"}})
    if closed == "quiet hours":
        policy = described(scenario)["contact_policy"] | {"quiet": {"start": "21:30", "end": "08:30"}}
        scenario = scenario.replace(contact_policy=policy)
    else:
        channels = described(scenario)["channels"]
        channels["push"]["hours"] = {"opens": "08:30", "closes": "21:30"}
        scenario = scenario.replace(channels=channels)
    world = run(scenario, campaigns(offers=Weekly("offer", "push", "22:00", (1,), 1.0)), days=8)
    times = np.array([time for at in arrivals(world, "offers").values() for time in at])
    hours, counts = np.unique(times % DAY // HOUR, return_counts=True)
    assert hours.tolist() == [*range(9, 9 + len(hours))] and set(counts[:-1].tolist()) == {7}
    assert sent(world, "offers")["push", "offer"]["requested"] == len(times)


def test_turns_go_by_priority_then_by_lot_and_a_wide_limit_changes_nothing_but_the_hour() -> None:
    practice = campaigns(offers=OFFERS, news=NEWS)
    rates = {"gateway": {"touches": 70, "each": "1d", "waits": "0s"}}
    world = run(market(rates=rates, priority=["news", "offers"]), practice, days=3)
    everyone = set(arrivals(world, "news"))
    assert len(everyone) < 70
    assert all(len(times) == 3 for times in arrivals(world, "news").values())
    assert sum(by_day(world, "offers").values()) == 3 * (70 - len(everyone))
    wide, free = (run(market(**rule), practice, days=3) for rule in (
        {"rates": {"gateway": {"touches": 100_000, "each": "1d"}}}, {},
    ))  # fmt: skip
    for name in practice.orchestrations:
        later = {key: [time + HOUR for time in times] for key, times in arrivals(free, name).items()}
        assert arrivals(wide, name) == later


def test_a_larger_budget_takes_nothing_from_those_whom_a_smaller_one_serves() -> None:
    reached = []
    for amount in ("1 CNY", "3 CNY"):
        scenario = priced(market(budgets={"texts": {"amount": amount, "each": "1d"}}))
        reached.append(set(arrivals(run(scenario, campaigns(offers=OFFERS), days=1), "offers")))
    assert reached[0] < reached[1] and [len(each) for each in reached] == [10, 30]


def test_what_is_shared_by_all_branches_is_split_by_their_customers_whoever_simulates_them() -> None:
    scenario = priced(market(budgets={"texts": {"amount": "3 CNY", "each": "1d"}}))
    scenario = scenario.replace(population={"branches": {"north": 80, "south": 40}, "segments": {"mainstream": 1.0}})
    practice = campaigns(offers=OFFERS)
    both, north = run(scenario, practice, days=3), run(scenario, practice, days=3, branches=("north",))
    names = both.state.customers["branch"][: len(keys_of(both))]
    of = [set(keys_of(both)[names == k].tolist()) for k in range(2)]
    got = [sum(len(times) for key, times in arrivals(both, "offers").items() if key in mine) for mine in of]
    assert got == [60, 30]
    assert {key: times for key, times in arrivals(both, "offers").items() if key in of[0]} == arrivals(north, "offers")
    each = {"texts": {"amount": "3 CNY", "each": "1d", "scope": "branch"}}
    own = run(scenario.replace(contact_policy=OPEN | {"budgets": each}), practice, days=3)
    assert [sum(len(t) for k, t in arrivals(own, "offers").items() if k in mine) for mine in of] == [90, 90]


@pytest.mark.parametrize("amount", [10**12, 10**18, 2**63 - 1])
def test_as_much_as_anybody_can_write_is_split_without_being_lost(amount: int) -> None:
    limit = Throughput.model_validate({"touches": amount})
    world: Any = SimpleNamespace(
        policy=None, policies=SimpleNamespace(limits=[]), journeys=SimpleNamespace(names=[]), extra={}
    )
    most = Turns(world, {"north": 10_000_000, "south": 30_000_000}).most(amount, limit)
    assert sum(most.tolist()) == amount and most[0] == amount // 4


def test_what_falls_back_on_a_limited_channel_takes_its_turn_there() -> None:
    scenario = market(fallback={"push": "sms"}, rates={"gateway": {"touches": 5, "each": "1d", "channels": ["sms"],
                                                                  "waits": "0s"}})  # fmt: skip
    data = described(scenario)
    data["channels"]["push"]["delivered"] = 0.0
    practice = campaigns(offers=Weekly("offer", "push", "10:00", **DAILY))
    world = run(scenario.replace(channels=data["channels"]), practice, days=2)
    counted = sent(world, "offers")
    assert (
        counted["push", "offer"]["failed"]
        == counted["push", "offer"]["requested"]
        == counted["sms", "offer"]["requested"]
    )
    assert counted["sms", "offer"]["delivered"] == 10 and balance(world, "offers") == 0


def a_stay(entry: Any, **more: Any) -> Any:
    return a_journey({"tell": {"send": {"push": "hello"}, "next": "rest"}, "rest": {"wait": "5d", "next": "exit"}},
                     entry=entry, **more)  # fmt: skip


def entered(world: World) -> set[int]:
    pool = enrolled(world)
    return set(keys_of(world)[pool["customer"][pool["entries"] > 0]].tolist())


def test_a_journey_takes_so_many_customers_by_lot_and_more_places_turn_nobody_away() -> None:
    practice = under(a_stay({"at": "2026-01-09 10:00"}))
    worlds = [run(market(entries={"walk": {"customers": most}}), practice, days=40) for most in (12, 25, 10_000)]
    got = [entered(world) for world in worlds]
    assert len(got[0]) == 12 and len(got[1]) == 25 and got[0] < got[1] < got[2]
    assert {time % DAY for times in arrivals(worlds[0], "walk").values() for time in times} == {11 * HOUR}
    free = run(market(), practice, days=40)
    assert got[2] == entered(free)
    refused = [totals(world, practice) for world in worlds]
    assert [each["refused_entries"] for each in refused] == [len(got[2]) - 12, len(got[2]) - 25, 0]
    assert "refused_entries" not in totals(free, practice)


def totals(world: World, practice: Practice) -> dict[str, int]:
    return {row["measure"]: row["value"] for row in journey_totals(world, practice)}


def test_entries_by_events_wait_for_the_full_hour_and_places_come_back_with_time() -> None:
    journey = a_stay({"on": "launched_app"}, reentry={"after": "0d"})
    rule = {"walk": {"customers": 4, "each": "7d", "scope": "branch"}}
    world = run(market(entries=rule), under(journey), days=41)
    told = [time for times in arrivals(world, "walk").values() for time in times]
    assert {time % HOUR for time in told} == {0}
    # Weeks are counted from the fork on day 20: there are six of 4, and the first begins before the world.
    weeks = np.bincount((np.array(told) - 20 * DAY) // (7 * DAY) + 3)
    assert weeks.tolist() == [4] * 6
    assert world.state.customers["held"].max() == 0


def test_a_call_after_a_touch_that_took_its_turn_is_made_in_the_next_slot() -> None:
    """Customers who wait for a turn live on behind the others: the desk must not have gone on without them."""
    steps = {
        "tell": {"send": {"push": "offer"}, "on": {"opened": "call"}, "within": "5d", "else": "exit"},
        "call": {"send": {"call": "hello"}, "next": "exit"},
    }
    kinds = {"offer": {"kind": "product_offer", "says": "offer"}, "hello": {"kind": "service", "says": "hello"}}
    journey = a_journey(steps, entry={"at": "2026-01-09 10:00"}, contents=kinds)
    world = run(market(rates={"slow": {"touches": 1_000, "each": "1h"}}), under(journey), days=40)
    times = arrivals(world, "walk")
    assert len(times) > 40
    for told, called in times.values():
        assert told % DAY == 11 * HOUR and 11 * HOUR <= called % DAY <= 13 * HOUR and called // DAY == told // DAY


def test_a_world_cut_anywhere_goes_on_as_if_it_had_not_been() -> None:
    rates = {"gateway": {"touches": 2, "each": "1h", "waits": "2d"}}
    scenario = market(
        rates=rates, entries={"walk": {"customers": 3, "each": "2d"}}, caps={"c": {"touches": 3, "within": "9d"}}
    )
    practice = Practice(orchestrations={"offers": OFFERS, "walk": a_stay({"on": "launched_app"})})
    assert len(cut_alike(scenario, practice, END, [9 * DAY + 37_000, 21 * DAY + 39_700]).extra["turns"]) > 5


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ({"rates": {"x": {"touches": 1}}, "budgets": {"x": {"amount": "1 CNY"}}}, "has a rule 'x' too"),
    ],
)
def test_what_is_wrong_with_a_limit_is_said(policy: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        market(**policy)
