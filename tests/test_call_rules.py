"""Calls, chats and visits under the contact policy: quiet hours, budgets and rates hold for what people do, too."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from journey_worlds import a_journey, sent
from small_worlds import FirstSeat, Weekly, cut_alike, described, differences, keys_of, lives, log_of, run, small
from test_cleaning import Dials, cleaned, cleaning
from test_cleaning import practice as cleaning_up
from test_contact_policy import DAILY, HOUR, OPEN, arrivals, market
from test_contact_policy_random import balanced
from test_turns import by_day

from lifesim.errors import ScenarioError
from lifesim.population.columns import DAY, REFUSES_TARGETING
from lifesim.scenario import Scenario
from lifesim.scenario.contact import Quiet
from lifesim.strategy import Practice
from lifesim.workforce.cleaning import CLEANED_LEADS, DIALS
from lifesim.workforce.leads import MINED, SOURCES
from lifesim.world.world import World

OFFERS = Weekly("offer", "call", "10:00", **DAILY)
SERVICE = Weekly("hello", "call", "10:00", **DAILY)
MORNING = {"start": "09:00", "end": "14:00"}


def calling(**given: Weekly) -> Practice:
    return Practice(orchestrations=given, allocation=FirstSeat())


def hours(world: World, campaign: str) -> set[int]:
    return {time % DAY // HOUR for times in arrivals(world, campaign).values() for time in times}


def test_a_call_waits_for_the_first_slot_after_quiet_hours_and_service_does_not() -> None:
    world = run(market(quiet=MORNING), calling(offers=OFFERS, service=SERVICE), days=8)
    assert hours(world, "offers") == {14} and hours(world, "service") == {9, 10}, "at 9 on the day after Sunday"
    counted = sent(world, "offers")["call", "offer"]
    assert counted["delivered"] > 300 and set(counted) <= {"requested", "delivered", "opened"}
    balanced(world)


def test_quiet_hours_of_a_channel_are_those_of_calls_and_a_slot_that_is_quiet_in_part_is_quiet() -> None:
    own = {"call": {"start": "12:30", "end": "10:15"}}
    world = run(market(quiet=MORNING, quiet_by_channel=own), calling(offers=OFFERS), days=4)
    assert hours(world, "offers") == {11}


def test_quiet_hours_that_discard_drop_the_calls_that_are_due_and_no_others() -> None:
    practice = calling(offers=OFFERS, late=Weekly("offer", "call", "15:00", **DAILY), service=SERVICE)
    world = run(market(quiet=MORNING | {"discard": True}), practice, days=5)
    counted = sent(world, "offers")["call", "offer"]
    due = counted["suppressed_quiet"]
    assert due > 200 and counted == {"requested": due, "suppressed_quiet": due}
    assert hours(world, "late") == {15} and hours(world, "service") == {10}
    assert not world.state.customers["held"].any()
    balanced(world)


def test_leads_that_are_given_out_in_rounds_are_due_in_those_alone() -> None:
    practice = dataclasses.replace(calling(offers=OFFERS), rounds=(15 * HOUR,))
    world = run(market(quiet=MORNING | {"discard": True}), practice, days=4)
    assert hours(world, "offers") == {15} and "suppressed_quiet" not in sent(world, "offers")["call", "offer"]


def test_seconds_of_a_day_that_quiet_hours_cover() -> None:
    day, night = (Quiet.model_validate({"start": a, "end": b}) for a, b in (("12:00", "14:00"), ("21:00", "08:00")))
    at = [(h * HOUR, (h + 1) * HOUR) for h in range(24)]
    assert [h for h in range(24) if day.covers(*at[h])] == [12, 13]
    assert [h for h in range(24) if not night.covers(*at[h])] == list(range(8, 21))


def test_a_budget_pays_for_so_many_calls_in_a_time_and_the_rest_are_suppressed() -> None:
    """A conversation of the desk costs 12 CNY: 100 CNY a day pay for 8, whatever a message costs."""
    budgets = {"calls": {"amount": "100 CNY", "each": "1d", "channels": ["call"]}}
    world = run(market(budgets=budgets), calling(offers=OFFERS, service=SERVICE), days=5)
    open_days = by_day(world, "offers")
    assert set(open_days.values()) == {8} and len(open_days) > 3
    assert set(open_days) == set(by_day(world, "service")) and min(by_day(world, "service").values()) > 50
    counted = sent(world, "offers")["call", "offer"]
    assert counted["suppressed_calls"] > 10 * len(open_days)
    assert not world.state.customers["held"].any()
    balanced(world)


def test_a_budget_of_messages_and_calls_is_spent_by_both() -> None:
    scenario = market(budgets={"all": {"amount": "50 CNY", "each": "1d", "channels": ["call", "sms"]}})
    channels = described(scenario)["channels"]
    channels["sms"]["cost"] = "1 CNY"
    practice = calling(offers=Weekly("offer", "call", "14:00", **DAILY), texts=Weekly("lesson", "sms", "08:10", (2,)))
    world = run(scenario.replace(channels=channels), practice, days=7)
    texts, calls = by_day(world, "texts"), by_day(world, "offers")
    (tuesday,) = texts
    assert 25 < texts[tuesday] < 48 and calls.get(tuesday, 0) == (50 - texts[tuesday]) // 12 < 4
    assert {number for day, number in calls.items() if day != tuesday} == {4}


def test_a_rate_spreads_calls_over_the_slots_until_they_have_waited_too_long() -> None:
    rates = {"line": {"touches": 3, "each": "1h", "channels": ["call"], "waits": "4h"}}
    world = run(market(rates=rates), calling(offers=Weekly("offer", "call", "10:00", (1,), 1.0)), days=7)
    times = np.sort([time for at in arrivals(world, "offers").values() for time in at]) % DAY // HOUR
    assert np.bincount(times).tolist() == [0] * 10 + [3, 3, 3, 3, 3]
    counted = sent(world, "offers")["call", "offer"]
    assert counted["suppressed_line"] == counted["requested"] - 15
    balanced(world)


def test_the_first_in_order_of_priority_are_called_first() -> None:
    rates = {"line": {"touches": 70, "each": "1d", "channels": ["call"], "waits": "0s"}}
    practice = calling(offers=OFFERS, care=Weekly("lesson", "call", "10:00", **DAILY))
    for first, last in (("care", "offers"), ("offers", "care")):
        world = run(market(rates=rates, priority=[first, last]), practice, days=3)
        assert {day: n + by_day(world, last)[day] for day, n in by_day(world, first).items()} == dict.fromkeys(
            by_day(world, first), 70
        )
        asked = sent(world, first)["call", "offer" if first == "offers" else "lesson"]
        assert asked["delivered"] == asked["requested"]


def test_rules_that_name_no_channel_of_people_are_not_about_them() -> None:
    limits = {"budgets": {"money": {"amount": "0.01 CNY", "each": "1d"}}, "rates": {"gate": {"touches": 1}}}
    practice = calling(offers=OFFERS)
    bound, free = (run(market(**rule), practice, days=3) for rule in (limits, {}))
    assert differences(lives(bound), lives(free), ignore=("touched", "extra.")) == []
    assert sent(bound, "offers") == sent(free, "offers")


def test_a_call_of_a_journey_waits_its_turn_as_one_of_a_campaign_does() -> None:
    steps = {"call": {"send": {"call": "offer"}, "next": "exit"}}
    kinds = {"offer": {"kind": "product_offer", "says": "offer"}}
    journey = a_journey(steps, entry={"at": "2026-01-09 10:00"}, contents=kinds)
    rates = {"line": {"touches": 5, "each": "1h", "channels": ["call"], "waits": "3h"}}
    world = run(market(rates=rates), Practice({"walk": journey}, allocation=FirstSeat()), days=40)
    counted = sent(world)["call", "offer"]
    assert counted["delivered"] == 15 and counted["suppressed_line"] == counted["requested"] - 15
    balanced(world)


def test_seats_that_clean_leads_dial_neither_in_quiet_hours_nor_beyond_a_budget() -> None:
    def cleaned_under(**policy: Any) -> tuple[World, Dials]:
        seen = Dials()
        scenario = cleaned(described_open(**policy), cost="1 CNY")
        return run(scenario, cleaning_up(cleaning(bar="all")), days=50, observers=[seen]), seen

    free, _ = cleaned_under()
    quiet, seen = cleaned_under(quiet={"start": "09:00", "end": "16:00"})
    dialled = quiet.extra[CLEANED_LEADS][:, DIALS].sum()
    assert dialled > 20
    before: dict[int, int] = {}
    for now, leads in seen.seen:
        for luck, dials in zip(leads["luck"].tolist(), leads["dials"].tolist(), strict=True):
            assert dials == before.get(luck, 0) or now % DAY // HOUR >= 16
            before[luck] = dials
    budgets = {"dials": {"amount": "2 CNY", "each": "1d", "channels": ["call"], "waits": "30d"}}
    poor, _ = cleaned_under(budgets=budgets)
    spent = poor.extra[CLEANED_LEADS][:, DIALS].sum()
    assert 10 < spent <= 2 * 50 < free.extra[CLEANED_LEADS][:, DIALS].sum()


def described_open(**policy: Any) -> Scenario:
    """A small scenario in which calls of care are marketing, under a policy that has the given rules and no others."""
    return small({"north": 300, "south": 200}).replace(contact_policy=OPEN | policy)


def test_who_refuses_targeting_is_selected_for_nothing_and_answered_all_the_same() -> None:
    """No campaign, and no lead of what they did; whoever asks an adviser is answered."""
    scenario = cleaned(described_open())
    segments = described(scenario)["segments"]
    for segment in segments.values():
        segment["refuses_targeting"] = 0.5
    world = run(scenario.replace(segments=segments), cleaning_up(None), days=50)
    refuses = (world.state.customers["marks"] & REFUSES_TARGETING) > 0
    log, keys = log_of(world), keys_of(world)
    of = np.isin(log["key"], keys[refuses[: len(keys)]])
    sent_to = np.isin(log["campaign"], ("news", "offers"))
    assert sent_to[~of].sum() > 100 and not sent_to[of].any()
    for name in ("cases", "cases_recent"):
        theirs = world.extra[name][refuses[world.extra[name]["customer"]]]
        assert np.all(theirs["source"] == SOURCES.index("inquiry"))
    assert np.any(world.extra["cases"]["source"] >= MINED)
    assert world.state.outcomes["answered"][refuses].sum() > 0


def test_a_world_cut_anywhere_goes_on_as_if_it_had_not_been() -> None:
    rates = {"line": {"touches": 5, "each": "2h", "channels": ["call"], "waits": "2d"}}
    practice = calling(offers=OFFERS)
    end, cuts = 20 * DAY + 55_000, [9 * DAY + 54_100, 12 * DAY + 57_700]
    assert len(cut_alike(market(rates=rates, quiet=MORNING), practice, end, cuts).extra["leads"]) > 5


@pytest.mark.parametrize("by", ["call", "wecom", "visit"])
def test_nothing_falls_back_on_people_nor_from_them(by: str) -> None:
    for fallback in ({by: "sms"}, {"sms": by}):
        with pytest.raises(ScenarioError, match=f"nothing is sent by {by}: falling back takes channels without people"):
            market(fallback=fallback)


def test_seats_at_an_event_are_no_matter_of_budgets() -> None:
    with pytest.raises(ScenarioError, match="nothing is sent by offline_event: seats of the event bound it"):
        market(rates={"seats": {"touches": 1, "channels": ["offline_event"]}})
