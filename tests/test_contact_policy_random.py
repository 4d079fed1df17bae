"""Random small journeys, campaigns and policies: nothing gets past consent, hours or caps, and everything adds up."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from journey_worlds import a_journey, obliging
from small_worlds import Weekly, described, keys_of, log_of, run

from lifesim.experiment.gather import _queued
from lifesim.population.columns import DAY, E_DELIVERED, E_FAILED, E_OPT_OUT
from lifesim.scenario import Scenario
from lifesim.scenario.journeys import Journey
from lifesim.scenario.market import CHANNELS
from lifesim.strategy import Practice
from lifesim.world.world import World

SENT_BY = ("push", "sms", "service_account")
KINDS = {"offer": "product_offer", "lesson": "education", "gift_now": "benefit"}
HOUR = 3_600
DAYS = 25


@st.composite
def hours(draw: st.DrawFn) -> dict[str, Any]:
    """Quiet hours, over midnight or not."""
    start, end = draw(st.integers(0, 23)), draw(st.integers(0, 23))
    return {"start": f"{start:02d}:15", "end": f"{end:02d}:45", "discard": draw(st.booleans())}


@st.composite
def caps(draw: st.DrawFn) -> dict[str, Any]:
    """A cap over some channels and kinds."""
    return {
        "touches": draw(st.integers(1, 4)), "within": f"{draw(st.sampled_from((1, 3, 10)))}d",
        "channels": draw(st.lists(st.sampled_from(SENT_BY), unique=True, max_size=2)),
        "kinds": draw(st.lists(st.sampled_from(sorted(KINDS.values())), unique=True, max_size=2)),
    }  # fmt: skip


@st.composite
def policies(draw: st.DrawFn) -> dict[str, Any]:
    """Any rules together."""
    policy: dict[str, Any] = {
        "marketing_cap": draw(st.none() | st.just({"touches": 2, "within": "2d"})),
        "quiet": draw(st.none() | hours()),
        "quiet_by_channel": draw(st.dictionaries(st.sampled_from(SENT_BY), hours(), max_size=1)),
        "caps": draw(st.dictionaries(st.sampled_from(("one", "two")), caps(), max_size=2)),
        "holdout": draw(st.sampled_from((0.0, 0.2))),
        "fallback": draw(st.sampled_from(({}, {"push": "sms"}, {"push": "sms", "service_account": "sms"}))),
        "priority": draw(st.sampled_from(((), ("walk",), ("news", "walk")))),
        "suppressions": draw(st.sampled_from(({}, {"young": {"who": "age < 30", "kinds": ["product_offer"]}}))),
    }  # fmt: skip
    if draw(st.booleans()):
        policy["rates"] = {"gate": {"touches": draw(st.integers(1, 20)), "each": "1h", "waits": "6h",
                                    "channels": [draw(st.sampled_from(SENT_BY))]}}  # fmt: skip
    if draw(st.booleans()):
        policy["budgets"] = {"money": {"amount": "3 CNY", "each": "3d", "channels": ["sms"]}}
    return policy


@st.composite
def practices(draw: st.DrawFn) -> Practice:
    """Two campaigns and a journey, at any hour; what each sends is known by its name."""

    def anything() -> tuple[str, str]:
        return draw(st.sampled_from(sorted(KINDS))), draw(st.sampled_from(SENT_BY))

    campaigns: dict[str, Any] = {}
    for name in ("news", "offers"):
        at, share = f"{draw(st.integers(0, 23)):02d}:00", draw(st.sampled_from((0.5, 1.0)))
        campaigns[name] = Weekly(*anything(), at, tuple(range(1, 8)), share)
    content, channel = anything()
    steps = {"tell": {"send": {channel: content}, "next": "rest"},
             "rest": {"wait": draw(st.sampled_from(("5h", "1d", "4d"))), "next": "back"},
             "back": {"repeat": "tell", "times": 6, "next": "exit"}}  # fmt: skip
    entry = draw(st.sampled_from(({"on": "launched_app"}, {"at": "2026-01-06 21:00"}, {"every": "mon 09:00"})))
    journey = a_journey(steps, entry=entry, contents={content: {"kind": KINDS[content], "says": content}})
    return Practice(orchestrations=campaigns | {"walk": journey})


def market(policy: dict[str, Any], delay: str) -> Scenario:
    """Half consent to each channel, a fifth opt out with every message, and some messages fail."""
    scenario = obliging(**{name: {"kind": kind, "visit": 0.0} for name, kind in KINDS.items()})
    data = described(scenario)
    for name in SENT_BY:
        data["channels"][name] |= {"delivered": 0.7, "opt_out": 0.2, "delay": delay, "cost": "0.05 CNY"}
    for channel in data["channels"].values():
        channel["hours"] = None  # hours that lie in the quiet ones are refused
    for segment in data["segments"].values():
        segment["consent"] |= dict.fromkeys(SENT_BY, 0.5)
    given = {name: data[name] for name in ("channels", "segments")}
    return scenario.replace(**given, contact_policy=policy | {"exempt": ["service"]})


def carried(practice: Practice, name: str, fallback: dict[str, str]) -> tuple[str, list[str]]:
    """What an orchestration sends, and by which channels it may arrive."""
    sender: Any = practice.orchestrations[name]
    if isinstance(sender, Journey):
        _, sender = next(sender.sends())
    content, channel = sender.content, sender.channel
    return content, [channel, *([fallback[channel]] if channel in fallback else [])]


def quiet_at(second: int, quiet: dict[str, Any] | None) -> bool:
    if quiet is None:
        return False
    start, end = (int(quiet[name][:2]) * HOUR + int(quiet[name][3:]) * 60 for name in ("start", "end"))
    return start <= second < end if start <= end else second >= start or second < end


def balanced(world: World) -> None:
    """Requested = delivered + failed + suppressed by reason + withdrawn + queued, in every cell of the table."""
    table = world.state.touched
    ends = [k for k, name in enumerate(world.policies.outcomes)
            if name in ("delivered", "failed", "withdrawn") or name.startswith("suppressed_")]  # fmt: skip
    left = table[..., 0] - table[..., ends].sum(axis=-1)
    for row in _queued(world, list(world.scenario.contents)):
        place = (world.campaigns.index(row["campaign"]), CHANNELS.index(row["channel"]),
                 list(world.scenario.contents).index(row["content"]))  # fmt: skip
        left[place] -= row["count"]
    assert not left.any()


def consents(world: World, log: dict[str, Any]) -> dict[tuple[int, str], int]:
    """Until when each customer consents to a channel, by key and channel; those who never did are not in it."""
    rows = range(int(world.state.counts["customers"][0]))
    keys, bits = keys_of(world).tolist(), world.state.customers["consent"]
    until = {(keys[i], name): DAYS * DAY for i in rows for name in SENT_BY if bits[i] >> CHANNELS.index(name) & 1}
    gone = log["kind"] == E_OPT_OUT
    for key, channel, time in zip(*(log[name][gone].tolist() for name in ("key", "detail", "time")), strict=True):
        until[key, CHANNELS[channel]] = time
    return until


def of(log: dict[str, Any], name: str, *kinds: int) -> list[tuple[int, int]]:
    """Customer and time of what became of an orchestration's touches."""
    mine = np.isin(log["kind"], kinds) & (log["campaign"] == name)
    return list(zip(log["key"][mine].tolist(), log["time"][mine].tolist(), strict=True))


@settings(max_examples=15, deadline=None)
@given(policies(), practices())
def test_nothing_arrives_in_quiet_hours_or_without_consent_and_everything_adds_up(
    policy: dict[str, Any], practice: Practice
) -> None:
    world = run(market(policy, "3h"), practice, days=DAYS)
    balanced(world)
    log = log_of(world)
    consented = consents(world, log)
    for name in practice.orchestrations:
        _, channels = carried(practice, name, policy["fallback"])
        for key, time in of(log, name, E_DELIVERED):
            quiet = {each: policy["quiet_by_channel"].get(each, policy["quiet"]) for each in channels}
            ways = [each for each in channels if not quiet_at(time % DAY, quiet[each]) and (key, each) in consented]
            assert ways, f"{name} reached a customer at {time % DAY} s of the day"


@settings(max_examples=15, deadline=None)
@given(policies(), practices())
def test_no_window_holds_more_than_its_cap_and_nothing_is_sent_after_an_opt_out(
    policy: dict[str, Any], practice: Practice
) -> None:
    """Where messages arrive, or fail, in the second in which they are sent, the log says when that was."""
    policy = policy | {"quiet": None, "quiet_by_channel": {}, "fallback": {}}
    world = run(market(policy, "0s"), practice, days=DAYS)
    balanced(world)
    log = log_of(world)
    consented = consents(world, log)
    sends: list[tuple[int, int, str, str]] = []
    for name in practice.orchestrations:
        content, (channel,) = carried(practice, name, {})
        sends += [(key, time, channel, KINDS[content]) for key, time in of(log, name, E_DELIVERED, E_FAILED)]
        assert all(time <= consented[key, channel] for key, time in of(log, name, E_DELIVERED, E_FAILED))
    every = {"channels": [], "kinds": []}
    for cap in (*policy["caps"].values(), *([policy["marketing_cap"] | every] if policy["marketing_cap"] else [])):
        counted: dict[int, list[int]] = {}
        for key, time, channel, kind in sorted(sends):
            if channel in (cap["channels"] or SENT_BY) and kind in (cap["kinds"] or KINDS.values()):
                counted.setdefault(key, []).append(time)
        within, most = int(cap["within"][:-1]) * DAY, cap["touches"]
        for times in counted.values():
            assert all(later - time >= within for time, later in zip(times, times[most:], strict=False))
