"""The journey of orphans with long-term cover, in a world: every step at its time, and every way out of it."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from journey_worlds import sent, story, ways
from small_worlds import FirstSeat, described, enrolled, keys_of, run
from teams import JUNIORS
from teams import described as of_team

import lifesim
from lifesim.experiment.passages import journey_totals
from lifesim.population.columns import E_PURCHASE, GAP_ASSESSED, ORPHAN
from lifesim.scenario import Scenario
from lifesim.scenario.channels import CHANNELS
from lifesim.scenario.journeys import Journey
from lifesim.scenario.journeys.loading import load_journey
from lifesim.strategy import NobodyAnswers, Practice
from lifesim.world.outcomes import outcomes_of
from lifesim.world.world import World

NAME = "wealth_rising"
#: Days from the beginning to the end of what the journey may wait for, in 2026.
DAYS = 20 + 210
AGENTS = {"slots": 900, "own_business": "0%", "willing": "100%", "per_10k": 1_000, "tenure": "60y",
          "skill": {"protection": 0.0, "health": 0.0, "wealth": 0.0}, "skill_spread": 0.0}  # fmt: skip


@cache
def journey() -> Journey:
    return load_journey(NAME)


@cache
def shipped() -> Scenario:
    return lifesim.load(NAME)


def obliging(sells: bool = True, **does: dict[str, float]) -> Scenario:
    """Orphans who do all that they are asked to do, at once, but for what ``does`` says of the contents.

    Everything else that can happen to them does not: but some buy, if it ``sells``.
    """
    data = described(shipped())
    for channel in data["channels"].values():
        channel |= {"delay": "0s", "delivered": 1.0, "opened": 1.0, "open_delay": "0s", "depends": {}}
        channel |= {"fatigue": 0.0, "opt_out": 0.0}
    data["channels"]["offline_event"]["open_delay"] = "1h"
    data["channels"]["wecom"]["adds_a_day"] = None
    asked = {"salon_chat": {"booked": 1.0}, "wecom_add": {"added_wecom": 1.0}, "gap_chat": {"gap_assessed": 1.0}}
    for name in journey().contents:
        content = data["contents"][name]
        told = asked.get(name, {}) | does.get(name, {})
        visit = told.pop("visit", 1.0 if name == "salon_talk" else 0.0)
        content |= {"prompts": dict.fromkeys(content["prompts"], 0.0) | told, "opened": None, "visit": visit}
        content |= {"lifts": {}, "impulses": {}}
    behaviour = data["behaviour"]
    for clock in (*behaviour["transitions"].values(), *behaviour["processes"].values()):
        clock["rate"] = "0/y"
    if sells:
        # Sought once the proposal is made, so that all that comes before is gone through.
        data["contents"]["pension_proposal"]["lifts"] = {"RENEWAL_UPSELL.upsell": 4_000.0}
        behaviour["transitions"]["RENEWAL_UPSELL.upsell"] |= {"rate": "0.001/y", "depends": {}}
        behaviour["transitions"]["HOLDING.needs_grow"] |= {"rate": "2/y", "depends": {}}
    behaviour["sessions"]["rate"] = "0/y"
    behaviour["life_events"], behaviour["unpaid"] = {}, {}
    for segment in data["segments"].values():
        segment |= {"refuses_targeting": 0.0, "orphans": 1.0, "start": {"HOLDING": 1.0}, "second_policy": 0.0}
        segment |= {"book": {"annuity": 1.0}, "consent": dict.fromkeys(CHANNELS, 1.0)}
        segment |= {"reach": dict.fromkeys(CHANNELS, 1.0) | {"wecom": 0.0}}
        segment["policy_years"] = {"median": 3.3, "spread": 0.0, "low": 3.3, "high": 3.3}
    for product in data["products"].values():
        product |= {"underwriting": None, "cooling_off": {"within": "0d", "returned": 0.0}}
    turnover = of_team()["turnover"] | {"veterans_leave": "0/month", "retained_13_months": 1.0}
    team = of_team(tiers={"newcomers": JUNIORS | AGENTS}, turnover=turnover, affinity=0.0)
    changed = {name: data[name] for name in ("channels", "contents", "behaviour", "segments", "products")}
    seats = {"none": {"per_10k": 0, "calls_per_hour": 1, "skill": 0}}
    return shipped().replace(
        **changed,
        name="orphans", warm_up="20d", acquisition={}, market={"luck": 0.0, "season": {}},
        workforce=team, desk=data["desk"] | {"seats": seats}, practices={}, arms={"control": {}},
        population={"branches": {"north": 120}, "segments": {"wealth_rising": 1.0}},
        experiment={"replications": 1, "seed": 11, "event_share": 1.0, "twins": True},
    )  # fmt: skip


def practice(**more: Any) -> Practice:
    given: dict[str, Any] = {"orchestrations": {NAME: journey()}, "allocation": FirstSeat()}
    return Practice(**(given | more))


def walked(scenario: Scenario, by: Practice | None = None) -> tuple[World, dict[tuple[str, str], int], int]:
    """The world at the end, customers by step and way, and how many came in."""
    by = by or practice()
    world = run(scenario, by, days=DAYS)
    entered = {row["measure"]: row["value"] for row in journey_totals(world, by)}["entered"]
    return world, ways(world, by), entered


STEPS = [
    ("assign", "agent_assigned"), ("month_before", "next"), ("invite", "clicked"), ("undecided", "next"),
    ("call", "connected"), ("wecom", "added_wecom"), ("chat", "booked(salon) or replied"), ("before_salon", "next"),
    ("reminder", "attended(salon)"), ("interest", "browsed(annuity) or browsed(wealth)"), ("tell_agent", "next"),
    ("follow_up", "gap_assessed"), ("proposal", "proposal_made"),
]  # fmt: skip


def test_one_customer_goes_through_every_step_at_its_time() -> None:
    world, took, everyone = walked(obliging())
    assert 20 < everyone < 120
    assert {way: n for way, n in took.items() if way[0] != "decision"} == dict.fromkeys(STEPS, everyone)
    bought = took["decision", "bought"]
    assert 0 < bought <= everyone and sum(n for (step, _), n in took.items() if step == "decision") == everyone
    assert [step for step, _ in STEPS] == list(journey().steps)[:-1]
    buyers = world.event_log()
    rows = buyers["customer"][buyers["kind"] == E_PURCHASE]
    (key,) = keys_of(world)[rows[:1]]
    told = story(world, key, name=NAME)
    # The salon is on Saturday, 18 April at 14:00. What is asked of people they do in the slot that begins next.
    between = [
        ("Thu 12 11:00", "Thu 12 12:00"),  # taken over, and called
        ("Thu 19 10:00", "Thu 19 10:00"),  # a month before: invited
        ("Sat 21 11:00", "Sat 21 12:00"),  # clicked, and did not book for a day: called at the next 10:00
        ("Sat 21 12:00", "Sat 21 13:00"),  # asked to accept on WeCom
        ("Sat 21 13:00", "Sat 21 14:00"),  # chat
        ("Fri 17 09:00", "Fri 17 09:00"),  # the day before: address and notes
        ("Sat 18 14:00", "Sat 18 14:00"),  # comes
    ]
    *before, chat, proposal = told
    assert len(before) == len(between)
    assert all(low <= at <= high for at, (low, high) in zip(before, between, strict=True)), told
    # Has listened and looked at annuities: the agent is told, writes, and makes a proposal, on Saturday or Monday.
    for at in (chat, proposal):
        assert at[:6] in ("Sat 18", "Mon 20") and "09:00" <= at[7:] < "18:00", told


def test_each_step_sends_its_content_by_its_channel() -> None:
    world, _, everyone = walked(obliging(sells=False))
    became = dict.fromkeys(("requested", "delivered", "opened"), everyone)
    assert sent(world, NAME) == {
        ("call", world.scenario.desk.content): became,
        ("sms", "salon_invitation"): became,
        ("call", "salon_call"): became,
        ("wecom", "wecom_add"): became,
        ("wecom", "salon_chat"): became,
        ("sms", "salon_reminder"): became,
        ("offline_event", "salon_talk"): became,
        ("wecom", "gap_chat"): became,
        ("wecom", "pension_proposal"): became,
    }
    taken = keys_of(world)[enrolled(world)["customer"]]
    marked = world.state.customers["key"][world.state.customers["marks"] & ORPHAN > 0]
    assert not np.isin(taken, marked).any()


BOOKED = {"salon_invitation": {"booked": 1.0}}
#: What the customer does not do, what becomes of it, and steps that are passed over.
MISSING: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "books at once": (BOOKED, ("invite", "booked(salon)")),
    "not accepted": ({"wecom_add": {"added_wecom": 0.0}}, ("wecom", "else")),
    "no answer": ({"salon_chat": {"booked": 0.0}}, ("chat", "else")),
    "not interested": (BOOKED | {"salon_talk": {"visit": 0.0}}, ("interest", "else")),
    "no gap": (BOOKED | {"salon_talk": {"visit": 1.0, "added_wecom": 1.0}, "gap_chat": {"gap_assessed": 0.0}},
               ("follow_up", "else")),
}  # fmt: skip


@pytest.mark.parametrize("what", MISSING)
def test_who_does_not_follow_takes_the_other_way(what: str) -> None:
    does, way = MISSING[what]
    _, took, everyone = walked(obliging(sells=False, **does))
    assert took[way] == everyone > 20
    if "salon_invitation" in does:
        assert not {"undecided", "call", "wecom", "chat"} & {step for step, _ in took}


def without(channel: str, **changes: Any) -> Scenario:
    """The same with other rules for a channel."""
    scenario = obliging(sells=False, **BOOKED)
    channels = described(scenario)["channels"]
    channels[channel] |= changes
    return scenario.replace(channels=channels)


def test_who_never_clicks_leaves() -> None:
    _, took, everyone = walked(without("sms", opened=0.0))
    assert took["invite", "else"] == everyone and ("before_salon", "next") not in took


def test_who_does_not_take_the_call_leaves() -> None:
    scenario = without("call", delivered=0.0)
    contents = described(scenario)["contents"]
    contents["salon_invitation"]["prompts"] = {}
    _, took, everyone = walked(scenario.replace(contents=contents))
    # Who was called in vain is served by the agent all the same.
    assert took["assign", "agent_assigned"] == took["undecided", "next"] == took["call", "else"] == everyone


def test_whom_nobody_takes_over_is_invited_and_whom_nobody_calls_leaves() -> None:
    scenario = obliging(sells=False)
    _, took, everyone = walked(scenario, practice(allocation=NobodyAnswers()))
    assert took["assign", "else"] == took["invite", "clicked"] == took["call", "else"] == everyone


def test_who_has_booked_and_does_not_come_leaves() -> None:
    scenario = without("offline_event", delivered=0.0)
    contents = described(scenario)["contents"]
    contents["salon_reminder"]["brings"] = 0.0
    world, took, everyone = walked(scenario.replace(contents=contents))
    assert took["reminder", "else"] == everyone
    assert sent(world, NAME)["offline_event", "salon_talk"] == {"requested": everyone, "failed": everyone}


def test_whom_the_cap_keeps_from_a_proposal_leaves() -> None:
    talk = {"salon_talk": {"visit": 1.0, "added_wecom": 1.0}}
    scenario = obliging(sells=False, **(BOOKED | talk))
    capped = scenario.replace(contact_policy=described(scenario)["contact_policy"] | {
        "marketing_cap": {"touches": 1, "within": "25d"},
    })  # fmt: skip
    world, took, everyone = walked(capped)
    assert took["follow_up", "gap_assessed"] == took["proposal", "else"] == everyone
    assessed = world.state.customers["marks"] & GAP_ASSESSED > 0
    assert assessed.sum() == outcomes_of(world)[0]["gap_assessments"].sum() == everyone
    assert sent(world, NAME)["wecom", "pension_proposal"]["suppressed_cap"] == everyone


def test_who_does_not_decide_leaves_in_time() -> None:
    talk = {"salon_talk": {"visit": 1.0, "added_wecom": 1.0}}
    _, took, everyone = walked(obliging(sells=False, **(BOOKED | talk)))
    assert took["decision", "else"] == everyone


def test_who_opts_out_leaves_at_once() -> None:
    """At the invitation, which is marketing: before the click."""
    _, took, everyone = walked(without("sms", opt_out=1.0))
    assert took["invite", "left"] == everyone and ("before_salon", "next") not in took
