"""Hand-overs and notices: leads that journeys make, what allocations see of them, and whom customers belong to then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from journey_worlds import a_journey, obliging, sent, story, under, ways
from small_worlds import FirstSeat, described, enrolled, experiment, keys_of, new_world, run
from teams import JUNIORS, SENIORS
from teams import described as of_team

from lifesim.errors import ScenarioError
from lifesim.population.columns import DAY, ORPHAN
from lifesim.scenario import Scenario
from lifesim.scenario.journeys import Journey
from lifesim.scenario.journeys.loading import misfits
from lifesim.strategy import UNASSIGNED, AgentView, IntArray, LeadView, Luck, Practice
from lifesim.workforce.leads import GRANTED, REQUESTS
from lifesim.workforce.serving import ORPHANS, SERVING
from lifesim.workforce.staff import ASSIGNED_TO, BY_TIER

PLACES = {"slots": 900, "own_business": "0%", "willing": "100%", "per_10k": 500, "tenure": "60y"}


@dataclass(frozen=True)
class Noting:
    """Gives all leads to the last who can take them, agents before seats; remembers what it saw of them."""

    seen: ClassVar[list[dict[str, Any]]] = []

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        names = ("wished_tier", "family", "waiting_seconds", "owner")
        self.seen.append({name: leads.column(name).copy() for name in names} | {"tiers": agents.tiers})
        able = np.flatnonzero(agents.capacity > 0)
        room = np.repeat(able, agents.capacity[able])[::-1][: len(leads)]
        return np.append(room, np.full(len(leads) - len(room), UNASSIGNED))


@dataclass(frozen=True)
class Slow(Noting):
    """Looks at all leads and gives nobody any."""

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        super().assign(leads, agents, luck)
        return np.full(len(leads), UNASSIGNED)


def staffed() -> Scenario:
    """A scenario with agents who have time for everyone."""
    scenario = obliging()
    tiers = {"old_hands": SENIORS | PLACES, "beginners": JUNIORS | PLACES}
    turnover = of_team()["turnover"] | {"veterans_leave": "0/month", "retained_13_months": 1.0}
    segments = described(scenario)["segments"]
    for segment in segments.values():
        segment["orphans"] = 1.0
    team = of_team(tiers=tiers, turnover=turnover)
    return scenario.replace(workforce=team, segments=segments)


def one_step(step: dict[str, Any], **more: Any) -> Journey:
    """A journey of one step that waits for an agent, and goes on for a day."""
    waits = {"on": {"agent_assigned": "rest"}, "within": "3d", "else": "exit"}
    return a_journey({"ask": step | waits, "rest": {"wait": "1d", "next": "exit"}}, **more)


def orphans(world: Any) -> set[int]:
    marked = world.state.customers["marks"] & ORPHAN > 0
    return {int(key) for key in world.state.customers["key"][marked]}


def inside(world: Any) -> set[int]:
    return {int(key) for key in keys_of(world)[enrolled(world)["customer"]]}


def test_a_customer_whom_an_agent_takes_over_is_called_and_is_no_orphan_any_more() -> None:
    journey = one_step(
        {"hand_over": {"reason": "take over"}}, entry={"at": "2026-01-09 19:00", "who": "orphan and age <= 40"}
    )
    practice = Practice(orchestrations={"walk": journey}, allocation=Noting())
    world, before = (run(staffed(), each, days=40) for each in (practice, Practice(allocation=Noting())))
    taken = inside(world)
    assert len(taken) > 5 and taken < orphans(before)
    assert orphans(world) == orphans(before) - taken
    assert ways(world, practice) == {("ask", "agent_assigned"): len(taken), ("rest", "next"): len(taken)}
    serving = world.extra[SERVING][[int(np.flatnonzero(keys_of(world) == key)[0]) for key in taken]]
    assert np.all(serving >= 0) and set(world.extra[ORPHANS]["customer"].tolist()).isdisjoint(
        np.flatnonzero(np.isin(keys_of(world), list(taken))).tolist()
    )
    assert world.extra[BY_TIER][..., ASSIGNED_TO].sum() == len(taken)
    assert sent(world)["call", world.scenario.desk.content]["delivered"] == len(taken)
    (call,) = story(world, next(iter(taken)))
    assert "Sat 10 09:00" <= call < "Sat 10 10:00"


def test_the_hazards_of_an_orphan_fall_when_an_agent_takes_over() -> None:
    """Nothing else happens to the customer at that moment: the background hazard is evaluated anew."""
    journey = one_step({"notify": {"reason": "hers"}}, entry={"at": "2026-01-09 19:00", "who": "orphan"})
    practice = Practice(orchestrations={"walk": journey}, allocation=Noting())
    of = experiment(staffed(), {"control": practice})
    world = new_world(of)
    world.run(24 * DAY + 19 * 3_600 + 1, of.parts(world, practice))
    rows = enrolled(world)["customer"]
    before = world.state.customers["rated_at"][rows].copy()
    world.run(25 * DAY + 12 * 3_600, of.parts(world, practice))
    after = world.state.customers["rated_at"][rows]
    assert len(rows) > 10 and np.all(before < 25 * DAY) and np.all(after >= 25 * DAY + 9 * 3_600)


def test_a_seat_of_the_desk_takes_over_and_orphans_stay_orphans() -> None:
    journey = one_step({"hand_over": {"reason": "take over"}}, entry={"at": "2026-01-09 19:00", "who": "orphan"})
    practice = under(journey)
    world, before = run(obliging(), practice, days=40), run(obliging(), Practice(allocation=FirstSeat()), days=40)
    assert ways(world, practice)["ask", "agent_assigned"] == len(inside(world)) > 0
    assert orphans(world) == orphans(before)


def test_of_a_notice_the_customer_learns_nothing() -> None:
    practice = under(one_step({"notify": {"reason": "look"}}))
    world, silent = run(obliging(), practice, days=40), run(obliging(), Practice(allocation=FirstSeat()), days=40)
    told = len(inside(world))
    assert ways(world, practice) == {("ask", "agent_assigned"): told, ("rest", "next"): told}
    assert sent(world) == {} and told > 50
    for measure in (REQUESTS, GRANTED):
        assert world.extra["desk"][:, measure].sum() == silent.extra["desk"][:, measure].sum() + told
    for outcome in ("sent", "contact", "delivered", "opened"):
        assert world.state.outcomes[outcome].sum() == silent.state.outcomes[outcome].sum()
    assert not world.state.customers["held"].any()


def test_a_notice_that_nobody_takes_ends_with_its_step() -> None:
    practice = Practice(orchestrations={"walk": one_step({"notify": {"reason": "look"}})})
    world = run(obliging(), practice, days=40)
    assert ways(world, practice) == {("ask", "else"): len(inside(world))}
    assert sent(world) == {} and len(world.extra["leads"]) == 0 and not world.state.customers["held"].any()


def test_allocations_see_the_tier_and_the_skill_that_are_wished() -> None:
    Noting.seen.clear()
    step = {"hand_over": {"reason": "she is able to buy", "tier": "old_hands", "skill": "annuity"}}
    practice = Practice(orchestrations={"walk": one_step(step)}, allocation=Noting())
    run(staffed(), practice, days=26)
    wished = [(seen["tiers"], tier, family) for seen in Noting.seen
              for tier, family in zip(seen["wished_tier"], seen["family"], strict=True)]  # fmt: skip
    mine = [(tiers[tier], family) for tiers, tier, family in wished if tier >= 0]
    assert len(mine) > 50 and set(mine) == {("old_hands", 2)}
    assert {family for _, tier, family in wished if tier < 0} <= {-1}


def test_a_lead_waits_as_long_as_its_step() -> None:
    """Three days, where a call waits for the patience of the desk: two."""
    Noting.seen.clear()
    steps = {"call": {"send": {"call": "hello"}, "next": "ask"}}
    later = one_step({"notify": {"reason": "look", "tier": "seniors"}})
    journey = a_journey({**steps, **{name: step.model_dump(by_alias=True, exclude_defaults=True)
                                     for name, step in later.steps.items()}})  # fmt: skip
    scenario = obliging()
    seats = {"seniors": {"per_10k": 500, "calls_per_hour": 9, "skill": 0.0}}
    scenario = scenario.replace(desk=described(scenario)["desk"] | {"seats": seats, "holidays": "open"})
    run(scenario, Practice(orchestrations={"walk": journey}, allocation=Slow()), days=40)
    waited = [(int(tier), int(seconds)) for seen in Noting.seen
              for tier, seconds in zip(seen["wished_tier"], seen["waiting_seconds"], strict=True)]  # fmt: skip
    longest = {wished: max(seconds for tier, seconds in waited if tier == wished) for wished in (-1, 0)}
    assert longest[-1] <= 2 * DAY < longest[0] <= 3 * DAY


def test_a_tier_or_skill_that_the_scenario_lacks_is_named_with_its_place() -> None:
    wishes = {"reason": "look", "tier": "senior", "skill": "annuities"}
    found = {".".join(map(str, each.path)): each.message for each in misfits(one_step({"notify": wishes}), staffed())}
    assert found["steps.ask.notify.tier"].startswith("the scenario has no tier 'senior'")
    assert found["steps.ask.notify.skill"].startswith("the scenario has no skill 'annuities'; did you mean 'annuity'")
    with pytest.raises(ScenarioError, match="the scenario has no tier 'senior'"):
        experiment(staffed(), {"control": under(one_step({"hand_over": wishes}))})
