"""Channels: what each shows, whom it reaches through another, and visits, for which only agents have the time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from journey_worlds import a_journey, obliging, sent, under, ways
from quiet_world import base
from small_worlds import FirstSeat, Weekly, described, run
from teams import JUNIORS, SENIORS
from teams import described as of_team

from lifesim.engagement.journeys.running_checks import cannot_run
from lifesim.errors import ScenarioError, StrategyError
from lifesim.population.synthesis import synthesise
from lifesim.scenario import Scenario
from lifesim.scenario.channels import BY_PEOPLE, CHANNELS, SENDING
from lifesim.scenario.journeys import Journey
from lifesim.scenario.journeys.words import CHANNEL_WORDS
from lifesim.strategy import UNASSIGNED, AgentView, IntArray, LeadView, Luck, Practice
from lifesim.streams import Streams
from lifesim.workforce import cases
from lifesim.workforce.staff import AWAY

AUTOMATIC = [name for name in SENDING if name not in BY_PEOPLE]
HOUR = 3_600


def test_every_channel_of_journeys_is_one_of_the_base_market() -> None:
    assert set(CHANNEL_WORDS) == set(SENDING) == set(base().channels) - {"offline_event"}
    assert len(CHANNELS) <= 16, "reach and consent are bits of 16"
    for segment in base().segments.values():
        assert set(segment.reach) == set(segment.consent) == set(SENDING)


def test_every_automatic_channel_carries_and_shows_what_the_insurer_sees_of_it() -> None:
    shown = {
        name: next(word for word in ("opened", "clicked", "connected") if word in CHANNEL_WORDS[name].shows)
        for name in AUTOMATIC
    }
    following = dict(zip(AUTOMATIC, [*AUTOMATIC[1:], "exit"], strict=True))
    steps = {
        name: {"send": {name: "hello"}, "on": {shown[name]: following[name]}, "within": "1d", "else": "exit"}
        for name in AUTOMATIC
    }
    practice = under(a_journey(steps))
    world = run(obliging(), practice, days=26)
    took, last = ways(world, practice), AUTOMATIC[-1]
    everyone = took[last, shown[last]]
    assert everyone > 40 and took == {(name, shown[name]): everyone for name in AUTOMATIC}
    for name in AUTOMATIC:
        assert sent(world)[name, "hello"] == {"requested": everyone, "delivered": everyone, "opened": everyone}


def test_moments_reach_nobody_who_is_no_contact() -> None:
    """Half of all are contacts, and half of those are seen in Moments: a quarter of all, and only contacts."""
    scenario = obliging()
    segments = described(scenario)["segments"]
    for segment in segments.values():
        segment["reach"] |= {"wecom": 0.5, "moments": 0.5}
    scenario = scenario.replace(segments=segments, population={"branches": {"north": 2_000}, "segments": {
        "mainstream": 1.0}})  # fmt: skip
    world = run(scenario, under(a_journey({"seen": {"send": {"moments": "hello"}, "next": "exit"}})), days=26)
    became = sent(world)["moments", "hello"]
    # False failure of 1e-6 is 4.9 deviations.
    n = became["requested"]
    assert abs(became["delivered"] - n / 4) < 4.9 * np.sqrt(n * 3 / 16)
    assert became["suppressed_reach"] == n - became["delivered"]


def test_a_channel_that_is_left_out_changes_nobody_and_carries_nothing() -> None:
    scenario = obliging()
    channels = {name: rules for name, rules in described(scenario)["channels"].items() if name != "email"}
    fewer = scenario.replace(channels=channels)
    people, others = (synthesise(each, Streams(1, 0), "north", 200) for each in (scenario, fewer))
    bit = 1 << CHANNELS.index("email")
    for mask in ("reach", "consent"):
        given, left = getattr(people, mask), getattr(others, mask)
        assert np.all(given & bit) and np.array_equal(given & ~bit, left)
    assert np.array_equal(people.traits, others.traits)
    with pytest.raises(StrategyError, match="unknown channel 'email'"):
        run(fewer, Practice(orchestrations={"mail": Weekly("hello", "email")}), days=25)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"call": None}, "channels: needs an entry for call, by which the desk answers"),
        ({"wecom": None}, "channels.wecom_group.through: the scenario has no channel 'wecom'"),
        ({"email": {"through": "moments"}}, "channels.email.through: 'moments' keeps no contact of its own"),
        ({"push": {"takes": "1h"}}, "channels.push.takes: is for visit alone; leave it out"),
    ],
)
def test_what_is_wrong_with_channels_is_said(changes: dict[str, Any], message: str) -> None:
    channels = described(base())["channels"]
    for name, change in changes.items():
        if change is None:
            del channels[name]
        else:
            channels[name] |= change
    with pytest.raises(ScenarioError) as caught:
        base().replace(channels=channels)
    assert message in str(caught.value)


def visiting(**more: Any) -> Scenario:
    """A scenario with few agents, who have slots for two leads an hour, and plenty of seats."""
    scenario = obliging(**more)
    places: dict[str, Any] = {
        "slots": 18, "own_business": "0%", "willing": "100%", "per_10k": 1_500, "tenure": "60y",
    }  # fmt: skip
    turnover = of_team()["turnover"] | {"veterans_leave": "0/month", "retained_13_months": 1.0}
    tiers = {"old_hands": SENIORS | places, "beginners": JUNIORS | places}
    return scenario.replace(workforce=of_team(tiers=tiers, turnover=turnover))


def to_all(channel: str, content: str = "hello", name: str = "walk", who: str = "age >= 0") -> Journey:
    step = {"send": {channel: content}, "on": {"connected": "exit"}, "within": "9d", "else": "exit"}
    return a_journey({"ask": step}, name=name, entry={"at": "2026-01-09 19:00", "who": who})


@dataclass(frozen=True)
class Backwards:
    """Gives leads to agents first, and then to seats."""

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        room = np.repeat(np.arange(len(agents)), agents.capacity)[::-1][: len(leads)]
        return np.append(room, np.full(len(leads) - len(room), UNASSIGNED))


def taken_for(world: Any, content: int) -> Any:
    """Leads about a content that the staff has taken, by who took them and when."""
    taken = np.concatenate([world.extra[name] for name in (cases.RECENT, cases.IN_HAND)])
    return np.sort(taken[taken["content"] == content], order=["agent", "handed"])


def test_visits_are_made_by_agents_alone_each_away_for_as_long_as_one_takes() -> None:
    """On Saturday, the one day before those who wait lose patience, each of nine hours has room for three visits."""
    scenario = visiting()
    world = run(scenario, Practice(orchestrations={"walk": to_all("visit")}, allocation=FirstSeat()), days=32)
    taken = taken_for(world, list(scenario.contents).index("hello"))
    seats = len(scenario.desk.seats)
    agents = len(world.extra[AWAY]) - seats
    assert len(taken) == sent(world)["visit", "hello"]["delivered"] == 3 * agents
    assert np.all(world.extra[AWAY][:seats] == 0) and np.all(world.extra[AWAY][seats:] > 0)
    gaps = np.diff(taken["handed"])[np.diff(taken["agent"].astype(np.float64)) == 0]
    assert set(gaps) == {scenario.channels["visit"].takes} == {3 * HOUR}


def test_agents_on_a_visit_take_no_calls_and_the_others_do() -> None:
    """With visits and calls at once, no agent takes anything from a visit until three hours later."""
    few, all_others = to_all("visit", who="age <= 24"), to_all("call", "gift", "call")
    practice = Practice(orchestrations={"walk": few, "call": all_others}, allocation=Backwards())
    world = run(visiting(), practice, days=30)
    contents = list(world.scenario.contents)
    visits, calls = (taken_for(world, contents.index(name)) for name in ("hello", "gift"))
    assert 3 < len(visits) < 18 and len(calls) == sent(world, "call")["call", "gift"]["requested"]
    assert np.isin(calls["agent"], visits["agent"]).sum() == 0 and len(np.unique(calls["agent"])) > 3
    assert np.all(world.extra[AWAY][world.extra[AWAY] > 0] == visits["handed"][0] + 3 * HOUR)


def test_visits_need_agents() -> None:
    (found,) = cannot_run(to_all("visit"), obliging())
    assert found.path == ("steps", "ask", "send", "visit")
    assert found.message.startswith("only agents come, and the scenario has no workforce")
    with pytest.raises(StrategyError, match="channel 'visit' needs agents, and the scenario has no workforce"):
        run(obliging(), Practice(orchestrations={"trips": Weekly("hello", "visit")}, allocation=under().allocation),
            days=25)  # fmt: skip
