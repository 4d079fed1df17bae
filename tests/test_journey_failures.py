"""What a journey asks for and nobody gets: it hears ``failed``, whoever or whatever has held the touch back."""

from __future__ import annotations

from typing import Any

import pytest
from journey_worlds import a_journey, sent, under, ways
from pydantic import ValidationError
from small_worlds import FirstSeat, described, log_of, run
from test_contact_policy import HOUR, market
from test_hand_overs import inside
from test_lead_mining import Graded
from test_tries import reaching

from lifesim.population.columns import DAY, E_DELIVERED
from lifesim.scenario import Scenario
from lifesim.scenario.journeys import Journey
from lifesim.strategy import Practice
from lifesim.world.world import World

OFFER = {"offer": {"kind": "product_offer", "says": "offer"}, "hello": {"kind": "service", "says": "hello"}}
TEN = 24 * DAY + 10 * HOUR
LINE = {"touches": 5, "each": "1h", "waits": "3h"}


def offering(channel: str, done: str = "connected") -> Journey:
    """A journey that offers something on a Friday at 10:00, and writes to those whom it does not reach."""
    offer = {"send": {channel: "offer"}, "on": {done: "exit", "failed": "write"}, "within": "9d", "else": "exit"}
    write = {"send": {"push": "hello"}, "on": {"delivered": "exit"}, "within": "1d", "else": "exit"}
    return a_journey({"offer": offer, "write": write}, entry={"at": "2026-01-09 10:00"}, contents=OFFER)


def arrived(world: World) -> list[int]:
    """When touches of the journey arrived, seconds."""
    log = log_of(world)
    times: list[int] = log["time"][(log["kind"] == E_DELIVERED) & (log["campaign"] == "walk")].tolist()
    return times


def test_a_call_that_the_policy_holds_back_for_too_long_has_failed() -> None:
    practice = under(offering("call"))
    world = run(market(rates={"line": LINE | {"channels": ["call"]}}), practice, days=40)
    held_back = sent(world)["call", "offer"]["suppressed_line"]
    assert held_back == len(inside(world)) - 15 > 30
    took = {("offer", "connected"): 15, ("offer", "failed"): held_back, ("write", "delivered"): held_back}
    assert ways(world, practice) == took
    assert arrived(world).count(TEN + 3 * HOUR) == held_back
    assert not world.state.customers["held"].any()


def test_a_call_that_quiet_hours_drop_has_failed() -> None:
    practice = under(offering("call"))
    world = run(market(quiet={"start": "09:00", "end": "14:00", "discard": True}), practice, days=40)
    assert sent(world)["call", "offer"]["suppressed_quiet"] == len(inside(world)) == len(arrived(world))
    assert ways(world, practice) == {
        ("offer", "failed"): len(inside(world)),
        ("write", "delivered"): len(inside(world)),
    }
    assert max(arrived(world)) <= TEN + HOUR


@pytest.mark.parametrize("channel", ["call", "wecom"])
def test_a_call_for_which_nobody_has_time_has_failed(channel: str) -> None:
    """The desk waits two days for somebody, and the step nine."""
    practice = Practice(orchestrations={"walk": offering(channel, "failed(write)")})
    world = run(market(), practice, days=40)
    everyone = len(inside(world))
    assert ways(world, practice) == {("offer", "failed"): everyone, ("write", "delivered"): everyone}
    assert sent(world)[channel, "offer"] == {"requested": everyone, "withdrawn": everyone}
    assert min(arrived(world)) >= TEN + 2 * DAY and len(world.extra["leads"]) == 0


def test_a_notice_and_a_hand_over_that_nobody_takes_have_failed() -> None:
    for ask in ({"notify": {"reason": "look"}}, {"hand_over": {"reason": "call"}}):
        listen = {"on": {"failed(ask)": "exit"}, "within": "9d", "else": "exit"}
        journey = a_journey({"ask": ask | {"next": "listen"}, "listen": listen})
        practice = Practice(orchestrations={"walk": journey})
        world = run(market(), practice, days=40)
        everyone = len(inside(world))
        assert ways(world, practice) == {("ask", "next"): everyone, ("listen", "failed(ask)"): everyone}


def test_agents_who_never_reach_the_customer_have_failed() -> None:
    call = {"send": {"call": "premium_notice"}, "on": {"failed": "exit"}, "within": "20d", "else": "exit"}
    journey = a_journey({"call": call}, entry={"at": "2026-01-09 10:00"})
    practice = Practice(orchestrations={"walk": journey}, grading=Graded(), allocation=FirstSeat())
    world = run(reaching(connects=0.0, apart="1d"), practice, days=45)
    took = ways(world, practice)
    assert took["call", "failed"] == len(inside(world)) > 50 and set(took) == {("call", "failed")}
    counted = sent(world)["call", "premium_notice"]
    assert counted["failed"] > 200 < counted["withdrawn"]
    assert counted["requested"] == sum(counted[name] for name in ("failed", "withdrawn", "suppressed_reach"))


def half_consent(scenario: Scenario, channel: str) -> Scenario:
    segments = described(scenario)["segments"]
    for segment in segments.values():
        segment["consent"] |= {channel: 0.5}
    return scenario.replace(segments=segments)


@pytest.mark.parametrize("channel", ["sms", "call"])
def test_what_is_held_back_at_once_has_failed_at_once(channel: str) -> None:
    done = "connected" if channel == "call" else "delivered"
    practice = under(offering(channel, done))
    world = run(half_consent(market(), channel), practice, days=40)
    counted = sent(world)[channel, "offer"]
    took = ways(world, practice)
    assert took["offer", "failed"] == counted["suppressed_consent"] > 10
    assert took["offer", done] == counted["delivered"] > 10
    assert arrived(world).count(TEN) >= counted["suppressed_consent"]


def test_a_message_that_gets_no_turn_in_time_has_failed() -> None:
    practice = under(offering("sms", "delivered"))
    world = run(market(rates={"gate": LINE | {"channels": ["sms"]}}), practice, days=40)
    held_back = sent(world)["sms", "offer"]["suppressed_gate"]
    took = {("offer", "delivered"): 15, ("offer", "failed"): held_back, ("write", "delivered"): held_back}
    assert ways(world, practice) == took and held_back > 30
    assert sum(time >= TEN + 3 * HOUR for time in arrived(world)) >= held_back


def test_a_message_sent_every_day_fails_on_the_first() -> None:
    daily = {"send": {"push": "offer"}, "daily": "11:00", "on": {"failed": "exit"}, "within": "5d", "else": "exit"}
    journey = a_journey({"ask": daily}, contents={"offer": OFFER["offer"]}, entry={"at": "2026-01-09 10:00"})
    practice = under(journey)
    world = run(half_consent(market(), "push"), practice, days=40)
    took, counted = ways(world, practice), sent(world)["push", "offer"]
    assert took["ask", "failed"] == counted["suppressed_consent"] > 10
    assert counted["delivered"] == 5 * took["ask", "else"]


def test_where_no_journey_asks_nothing_is_put_on_its_way() -> None:
    silent = a_journey({"ask": {"send": {"push": "offer"}, "next": "exit"}}, contents={"offer": OFFER["offer"]})
    world = run(half_consent(market(), "push"), under(silent), days=24 + 19 / 24 + 1e-4)
    assert sent(world)["push", "offer"]["suppressed_consent"] > 10
    assert not world.journeys.numbers["heeds_failure"]


def refused(steps: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as error:
        a_journey(steps)
    return str(error.value)


def test_what_a_hand_over_or_a_notice_cannot_bring_is_refused() -> None:
    waits = {"within": "1d", "else": "exit"}
    for ask, says in (("hand_over", "by a hand-over"), ("notify", "by a notice")):
        said = refused({"ask": {ask: {"reason": "look"}, "on": {"opened": "exit"}, **waits}})
        assert f"{says} the insurer never learns who opened" in said


def test_a_circle_of_failures_takes_no_time_and_is_refused() -> None:
    waits = {"on": {"failed": "again", "delivered": "exit"}, "within": "1d", "else": "exit"}
    again = {"send": {"push": "hello"}, "on": {"failed": "ask"}, "within": "1d", "else": "exit"}
    assert "goes round without a wait (ask -> again -> ask)" in refused(
        {"ask": {"send": {"sms": "hello"}, **waits}, "again": again}
    )
    a_journey({"ask": {"send": {"sms": "hello"}, **waits}, "again": again | {"at": "09:00"}})
