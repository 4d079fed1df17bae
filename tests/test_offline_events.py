"""Offline events and WeCom: who books, who comes, who accepts, and what journeys hear of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from journey_worlds import a_journey, obliging, sent, story, under, ways
from small_worlds import Weekly, described, enrolled, keys_of, run

from lifesim.engagement.journeys.running_checks import cannot_run
from lifesim.errors import ScenarioError
from lifesim.population.columns import DAY, E_OPENED
from lifesim.scenario import Scenario
from lifesim.scenario.channels import BY_PEOPLE, CHANNELS
from lifesim.scenario.journeys import Journey
from lifesim.scenario.journeys.loading import misfits
from lifesim.strategy import Practice

WECOM = CHANNELS.index("wecom")
SALON: dict[str, Any] = {"salon": {"date": "2026-01-24 14:00", "content": "talk"}}
INVITED = {
    "invite": {"send": {"sms": "letter"}, "on": {"booked(salon)": "come", "clicked": "exit"}, "within": "3d",
               "else": "exit"},
    "come": {"on": {"attended(salon)": "went"}, "within": "30d", "else": "missed"},
    "went": {"wait": "1d", "next": "exit"},
    "missed": {"wait": "1d", "next": "exit"},
}  # fmt: skip


def invited(steps: dict[str, Any] | None = None, **more: Any) -> Journey:
    """A journey that invites to an event at which there is a talk."""
    steps = steps or INVITED
    names = {"talk"} | {name for step in steps.values() if "send" in step for name in step["send"].values()}
    contents = {name: {"kind": "service", "says": name} for name in sorted(names)}
    return a_journey(steps, **({"events": SALON, "contents": contents} | more))


def meeting(come: float = 0.4, people: int = 60, **contents: Any) -> Scenario:
    """A scenario in which everybody who is invited books, and some come to what they have booked."""
    given: dict[str, Any] = {
        "letter": {"kind": "service", "visit": 0.0, "prompts": {"booked": 1.0}},
        "talk": {"kind": "service", "visit": 0.0, "impulses": {"need": 2.0}},
        "note": {"kind": "service", "visit": 0.0},
    }
    scenario = obliging(**(given | contents))
    channels = described(scenario)["channels"]
    channels["offline_event"] |= {"delivered": come, "cost": "60 CNY"}
    segments = {"mainstream": 1.0}
    return scenario.replace(channels=channels, population={"branches": {"north": people}, "segments": segments})


def test_whoever_books_comes_when_the_event_begins_and_takes_in_what_is_said() -> None:
    practice = under(invited())
    world = run(meeting(come=1.0), practice, days=60)
    everyone = len(enrolled(world))
    key = keys_of(world)[enrolled(world)["customer"][0]]
    assert story(world, key) == ["Fri 09 19:00", "Sat 24 14:00"] == story(world, key, E_OPENED)
    assert sent(world)["offline_event", "talk"] == dict.fromkeys(("requested", "delivered", "opened"), everyone)
    # Booking comes before the click, because it is what the customer did.
    assert (
        ways(world, practice)["invite", "booked(salon)"] == everyone == ways(world, practice)["come", "attended(salon)"]
    )
    apart = run(meeting(come=0.0), practice, days=60)
    need = list(world.scenario.behaviour.states).index("need")
    at = int((24 - 5 + 20) * DAY + 14 * 3_600)
    rows = enrolled(world)["customer"]
    moved = world.state_of_mind(world.state, rows, need, at) - apart.state_of_mind(apart.state, rows, need, at)
    assert np.median(moved) > 1.0


def test_as_many_come_as_the_scenario_says_and_the_others_are_missed() -> None:
    practice = under(invited())
    world = run(meeting(people=1_500), practice, days=70)
    seats = sent(world)["offline_event", "talk"]
    booked, came = seats["requested"], seats["delivered"]
    assert booked > 1_000 and seats["failed"] == booked - came
    # False failure of 1e-6 is 4.9 deviations.
    assert abs(came - 0.4 * booked) < 4.9 * np.sqrt(booked * 0.24)
    took = ways(world, practice)
    assert took["come", "attended(salon)"] == came
    assert took["come", "else"] + took.get(("come", "waiting"), 0) + took.get(("come", "left"), 0) == booked - came


def test_a_reminder_brings_some_of_those_who_would_have_missed_it_and_keeps_nobody_away() -> None:
    steps = dict(INVITED) | {
        "come": {"wait": {"before": "salon", "by": "1d", "at": "09:00"}, "next": "remind"},
        "remind": {"send": {"sms": "note"}, "on": {"attended(salon)": "went"}, "within": "3d", "else": "missed"},
    }
    journey = invited(steps)
    without, with_ = (
        run(meeting(people=800, note={"kind": "service", "visit": 0.0, "brings": share}), under(journey), days=50)
        for share in (0.0, 0.5)
    )
    came = [
        {key for key in keys_of(world) if "Sat 24 14:00" in story(world, key)} for world in (without, with_)
    ]  # fmt: skip
    missed = sent(without)["offline_event", "talk"]["failed"]
    assert came[0] < came[1]
    assert abs(len(came[1] - came[0]) - 0.5 * missed) < 4.9 * np.sqrt(missed * 0.25)


def test_a_seat_costs_and_is_booked_once() -> None:
    steps = {
        "invite": INVITED["invite"] | {"on": {"booked(salon)": "again"}},
        "again": {"send": {"sms": "letter"}, "next": "exit"},
    }
    world = run(meeting(), under(invited(steps)), days=40)
    everyone = len(enrolled(world))
    assert sent(world)["sms", "letter"]["delivered"] == 2 * everyone
    assert sent(world)["offline_event", "talk"]["requested"] == everyone
    cheap = described(world.scenario)["channels"]
    cheap["offline_event"]["cost"] = "0 CNY"
    free = run(world.scenario.replace(channels=cheap), under(invited(steps)), days=40)
    paid = (w.state.outcomes["contact"].sum() for w in (world, free))
    assert next(paid) - next(paid) == 6_000 * everyone


def test_nobody_books_what_has_begun() -> None:
    late = invited(events={"salon": {"date": "2026-01-09 19:00", "content": "talk"}})
    world = run(meeting(), under(late), days=40)
    assert ("offline_event", "talk") not in sent(world)
    assert ("invite", "booked(salon)") not in ways(world, under(late))


ADDED = {
    "add": {"send": {"wecom": "add"}, "on": {"added_wecom": "chat"}, "within": "3d", "else": "chat"},
    "chat": {"send": {"wecom": "note"}, "on": {"clicked": "exit"}, "within": "3d", "else": "exit"},
}


def strangers(accept: float, phone: float = 1.0, known: float = 0.0) -> Scenario:
    """A scenario in which WeCom reaches a share of the customers, and the others may be asked by phone number."""
    add = {"kind": "service", "visit": 0.0, "prompts": {"added_wecom": accept}}
    scenario = meeting(people=400, add=add)
    segments = described(scenario)["segments"]
    for segment in segments.values():
        segment["reach"] |= {"wecom": known, "call": phone}
    return scenario.replace(segments=segments)


def test_wecom_reaches_those_who_have_accepted() -> None:
    practice = under(a_journey(ADDED))
    world = run(strangers(0.35), practice, days=50)
    took, chat = ways(world, practice), sent(world)["wecom", "note"]
    asked, accepted = sent(world)["wecom", "add"]["delivered"], took["add", "added_wecom"]
    assert abs(accepted - 0.35 * asked) < 4.9 * np.sqrt(asked * 0.35 * 0.65)
    assert chat["delivered"] == accepted == np.count_nonzero(world.state.customers["reach"] & (1 << WECOM))
    assert chat["suppressed_reach"] == chat["requested"] - accepted


def test_a_request_goes_by_the_phone_number_and_a_contact_has_nothing_to_accept() -> None:
    nobody = run(strangers(1.0, phone=0.0), under(a_journey(ADDED)), days=40)
    assert sent(nobody)["wecom", "add"]["suppressed_reach"] == sent(nobody)["wecom", "add"]["requested"] > 0
    practice = under(a_journey(ADDED))
    friends = run(strangers(0.001, known=1.0), practice, days=40)
    assert ways(friends, practice)["add", "added_wecom"] == sent(friends)["wecom", "add"]["requested"]


def test_chats_are_written_in_slots_of_the_desk() -> None:
    """A chat waits for somebody to write it, and has the price of its channel; without anybody it is withdrawn."""
    world = run(strangers(1.0), under(a_journey(ADDED)), days=40)
    key = keys_of(world)[enrolled(world)["customer"][0]]
    asked, chatted = story(world, key)
    # Asked for on Friday at 19:00, when the desk is closed: on Saturday, one slot after the other.
    assert "Sat 10 09:00" <= asked < "Sat 10 10:00" <= chatted < "Sat 10 11:00"
    nobody = Practice(orchestrations={"walk": a_journey(ADDED)})
    unwritten = run(strangers(1.0), nobody, days=40)
    became = sent(unwritten)["wecom", "add"]
    assert became == {"requested": became["requested"], "withdrawn": became["requested"]}
    dear = described(world.scenario)["channels"]
    dear["wecom"]["cost"] = "7 CNY"
    dearer = run(world.scenario.replace(channels=dear), under(a_journey(ADDED)), days=40)
    chats = sum(sent(world)["wecom", name]["delivered"] for name in ("add", "note"))
    paid = dearer.state.outcomes["contact"].sum() - world.state.outcomes["contact"].sum()
    assert paid == (700 - world.scenario.channels["wecom"].cost) * chats


def test_a_campaign_sends_by_wecom_through_the_desk_and_never_by_an_event() -> None:
    assert "wecom" in BY_PEOPLE
    practice = Practice(orchestrations={"chats": Weekly("note", "wecom")}, allocation=under().allocation)
    world = run(strangers(1.0, known=1.0), practice, days=25)
    assert sent(world, "chats")["wecom", "note"]["delivered"] > 100
    with pytest.raises(Exception, match="unknown channel 'offline_event'"):
        run(strangers(1.0), Practice(orchestrations={"chats": Weekly("note", "offline_event")}), days=25)


def test_a_proposal_is_made_when_it_arrives_and_read_when_it_is_opened() -> None:
    steps = {
        "offer": {
            "send": {"service_account": "plan"},
            "on": {"proposal_made": "reads"},
            "within": "2d",
            "else": "exit",
        },
        "reads": {"on": {"proposal_read": "exit"}, "within": "2d", "else": "exit"},
    }
    practice = under(a_journey(steps, contents={"plan": {"kind": "proposal", "says": "a plan"}}))
    world = run(meeting(plan={"kind": "proposal", "visit": 0.0}), practice, days=40)
    everyone = sent(world)["service_account", "plan"]["delivered"]
    assert ways(world, practice) == {("offer", "proposal_made"): everyone, ("reads", "proposal_read"): everyone}


def test_a_proposal_is_about_the_product_of_its_page() -> None:
    steps = {
        "offer": {"send": {"service_account": "plan"}, "on": {"proposal_made(annuity)": "reads"}, "within": "2d",
                  "else": "other"},
        "reads": {"on": {"proposal_read(wealth)": "exit"}, "within": "2d", "else": "exit"},
        "other": {"send": {"push": "life"}, "next": "exit"},
    }  # fmt: skip
    contents = {name: {"kind": "proposal", "says": "a plan"} for name in ("plan", "life")}
    practice = under(a_journey(steps, contents=contents))
    found = []
    for about in ("annuity", "term_life"):
        pages = {"plan": about, "life": "annuity"}
        plans = {name: {"kind": "proposal", "visit": 0.0, "page": page} for name, page in pages.items()}
        took = ways(run(meeting(**plans), practice, days=40), practice)
        found.append({way for way in took if took[way]})
    assert found[0] == {("offer", "proposal_made(annuity)"), ("reads", "proposal_read(wealth)")}
    assert found[1] == {("offer", "else"), ("other", "next")}


def test_a_journey_may_lead_to_several_events_one_after_another() -> None:
    """Whoever books before the walk has a seat at the walk, and after it at the salon."""
    two = {"salon": {"date": "2026-01-24 14:00", "content": "talk"},
           "walk": {"date": "2026-01-17 09:00", "content": "talk"}}  # fmt: skip
    steps = {
        "first": {"send": {"sms": "letter"}, "on": {"booked(salon)": "exit", "booked(walk)": "walks"}, "within": "1d",
                  "else": "exit"},
        "walks": {"on": {"attended(salon)": "exit", "attended(walk)": "again"}, "within": "30d", "else": "exit"},
        "again": {"send": {"sms": "letter"}, "on": {"booked(walk)": "exit", "booked(salon)": "sits"}, "within": "1d",
                  "else": "exit"},
        "sits": {"on": {"attended(salon)": "exit"}, "within": "30d", "else": "exit"},
    }  # fmt: skip
    practice = under(invited(steps, events=two))
    world = run(meeting(come=1.0), practice, days=60)
    everyone = ways(world, practice)["first", "booked(walk)"]
    assert everyone > 50 and ways(world, practice) == {
        ("first", "booked(walk)"): everyone, ("walks", "attended(walk)"): everyone,
        ("again", "booked(salon)"): everyone, ("sits", "attended(salon)"): everyone,
    }  # fmt: skip
    assert sent(world)["offline_event", "talk"]["delivered"] == 2 * everyone


def test_a_visit_may_begin_at_a_product_page() -> None:
    steps = {"page": {"send": {"push": "link"}, "on": {"browsed(annuity)": "exit"}, "within": "1h", "else": "exit"}}
    practice = under(a_journey(steps))
    link = {"kind": "service", "visit": 1.0}
    led, free = (run(meeting(link=link | page), practice, days=40) for page in ({"page": "annuity"}, {}))
    everyone = sent(led)["push", "link"]["delivered"]
    assert ways(led, practice)["page", "browsed(annuity)"] == everyone
    assert ways(free, practice)["page", "else"] > 0.8 * everyone


def test_what_an_event_lacks_is_said_with_its_place() -> None:
    two = {"salon": {"date": "2026-01-24 14:00"}, "walk": {"date": "2026-01-25 14:00"}}
    contents = {"letter": {"kind": "service", "says": "come"}}
    found = {
        ".".join(map(str, e.path)): e.message for e in cannot_run(invited(events=two, contents=contents), meeting())
    }
    assert found == {
        "events.salon": "can be booked; write content: what those who come take in",
        "events.walk": "can be booked; write content: what those who come take in",
    }
    plain = meeting(letter={"kind": "service", "visit": 0.0})
    messages = [each.message for each in cannot_run(invited(), plain)]
    assert messages == [
        "nothing that the journey sends leads to 'booked'; give one of the contents prompts: {booked: 30%}",
        "nobody can book an offline event of this journey; give one of its contents prompts: {booked: 30%}",
    ]
    offered = {"offer": {"send": {"push": "note"}, "on": {"proposal_made": "exit"}, "within": "1d", "else": "exit"}}
    (message,) = [each.message for each in cannot_run(a_journey(offered), meeting())]
    assert message == "nothing that the journey sends leads to 'proposal_made'; send a content of kind proposal"
    named = {"offer": offered["offer"] | {"send": {"push": "plan"}, "on": {"proposal_read(annuity)": "exit"}}}
    plan = a_journey(named, contents={"plan": {"kind": "proposal", "says": "a plan"}})
    (message,) = [each.message for each in cannot_run(plan, meeting(plan={"kind": "proposal", "visit": 0.0}))]
    said = "no proposal that the journey sends is about 'annuity'; give its content page: annuity"
    assert message == said
    assert list(cannot_run(plan, meeting(plan={"kind": "proposal", "visit": 0.0, "page": "annuity"}))) == []


def test_what_is_said_at_an_event_is_described_and_known() -> None:
    lost = {"salon": SALON["salon"] | {"content": "tlak"}}
    with pytest.raises(ValueError, match="content 'tlak' is not described under contents; did you mean 'talk'"):
        invited(events=lost)
    (unknown,) = misfits(invited(), obliging(letter={"kind": "service", "visit": 0.0}))
    assert unknown.path == ("events", "salon", "content")
    assert unknown.message.startswith("the scenario has no content 'talk'; known: ")


def test_a_page_is_one_of_a_product() -> None:
    with pytest.raises(ScenarioError, match=r"contents\.link\.page: unknown product 'anuity'; did you mean 'annuity'"):
        meeting(link={"kind": "service", "visit": 1.0, "page": "anuity"})
