"""Leads that come back: which, when, how often, within the contact policy, and counted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from small_worlds import Weekly, described, differences, experiment, forked, lives, run, run_on, small
from teams import JUNIORS, SENIORS
from teams import described as team_described

from lifesim.population.columns import DAY, T_CAP, T_CONSENT, T_REACH, T_REQUESTED, T_TARGETING, T_WITHDRAWN
from lifesim.scenario import Scenario
from lifesim.strategy import AgentView, IntArray, LeadView, Luck, Practice
from lifesim.workforce import cases
from lifesim.workforce.leads import CALL, LEAD
from lifesim.workforce.recycling import COOLING
from lifesim.workforce.staff import BY_TIER, LOST_BY, RETURNED_BY, TAKEN_AGAIN, staff
from lifesim.world.review import Review
from lifesim.world.world import World

WEEK = 7 * DAY


def of_agents(recycling: dict[str, Any] | None, seats: float = 0.0, branches: Any = 300) -> Scenario:
    """Twelve agents a branch who have two weeks for a lead, and seats if there are any."""
    data = described(small(branches))
    tiers = {"senior_agents": SENIORS | {"per_10k": 200}, "junior_agents": JUNIORS | {"per_10k": 200}}
    desk = data["desk"] | {
        "seats": {"seats": {"per_10k": seats, "calls_per_hour": 1, "skill": 0.0}}, "patience": "2d", "follow_up": "14d",
    }  # fmt: skip
    team = team_described(tiers=tiers) | ({"recycling": recycling} if recycling else {})
    return small(branches).replace(desk=desk, workforce=team)


@dataclass(frozen=True)
class InTurns:
    """Those of the branch who have time, in turns that begin anew in every slot."""

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        answer, left = np.full(len(leads), -1), agents.capacity.astype(np.int64)
        for lead, branch in enumerate(leads.branch):
            free = np.flatnonzero((agents.branch == branch) & (left > 0))
            if len(free):
                answer[lead] = free[lead % len(free)]
                left[answer[lead]] -= 1
        return answer


def calling(content: str = "care_call") -> Practice:
    """A third of everyone is to be called in the first week, and nobody later."""
    return Practice({"once": Weekly(content, "call", "10:00", (1,), 0.3, lasting=True)}, allocation=InTurns())


@cache
def world(times: int, cool_down: str = "7d", days: int = 80) -> World:
    return run(of_agents({"cool_down": cool_down, "times": times}), calling(), days=days)


def counted(of: World, measure: int) -> int:
    return int(of.extra[BY_TIER][..., measure].sum())


def test_without_recycling_leads_are_lost() -> None:
    alone = run(of_agents(None), calling())
    assert COOLING not in alone.extra
    assert counted(alone, LOST_BY) > 50
    assert counted(alone, RETURNED_BY) == counted(alone, TAKEN_AGAIN) == 0


def test_leads_that_were_not_concluded_in_time_come_back_as_often_as_declared() -> None:
    once, thrice = world(1), world(3)
    assert counted(once, RETURNED_BY) > 50
    assert counted(thrice, RETURNED_BY) > counted(once, RETURNED_BY)
    assert counted(once, TAKEN_AGAIN) > 30
    in_hand = [np.concatenate([each.extra[cases.IN_HAND], each.extra[cases.RECENT]]) for each in (once, thrice)]
    assert in_hand[0]["returned"].max() == 1
    assert 1 < in_hand[1]["returned"].max() <= 3


def test_every_lead_that_came_back_is_accounted_for() -> None:
    """Asked of the contact policy = held back + withdrawn + taken again + waiting."""
    of = world(3)
    touched = of.state.touched[of.campaigns.index("desk"), CALL].sum(axis=0)
    held_back = touched[[T_CONSENT, T_REACH, T_CAP, T_TARGETING]].sum()
    waiting = np.count_nonzero(of.extra["leads"]["returned"])
    assert touched[T_REQUESTED] > 50
    assert touched[T_REQUESTED] == held_back + touched[T_WITHDRAWN] + counted(of, TAKEN_AGAIN) + waiting
    assert held_back > 0, "a care call is marketing"
    bought = counted(of, RETURNED_BY) - len(of.extra[COOLING]) - touched[T_REQUESTED]
    assert 0 <= bought < 0.2 * counted(of, RETURNED_BY)


def test_a_lead_may_be_claimed_after_the_cool_down_and_not_before() -> None:
    """Taken from Monday of day 6 on, lost at the review of day 27 or later, back a week or four weeks after that."""
    week, month = world(1, "7d", 41), world(1, "28d", 41)
    assert counted(week, RETURNED_BY) == counted(month, RETURNED_BY) > 20
    assert counted(week, TAKEN_AGAIN) > 10
    assert counted(month, TAKEN_AGAIN) == 0
    assert len(month.extra[COOLING]) == counted(month, RETURNED_BY)
    assert counted(world(1, "28d"), TAKEN_AGAIN) > 10


def test_the_leads_of_seats_do_not_come_back() -> None:
    scenario = of_agents({"cool_down": "7d", "times": 1}, seats=2_000)
    desk_only = run(scenario, Practice(calling().orchestrations, allocation=SeatsFirst()))
    assert counted(desk_only, LOST_BY) > 50
    assert counted(desk_only, RETURNED_BY) == 0


@dataclass(frozen=True)
class SeatsFirst:
    """Seats of the branch alone."""

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        seats = np.flatnonzero((agents.tier == 0) & (agents.capacity > 0))
        answer = np.full(len(leads), -1)
        few = min(len(leads), int(agents.capacity[seats[0]]) if len(seats) else 0)
        answer[:few] = seats[0] if len(seats) else -1
        return answer


def test_whoever_has_bought_meanwhile_is_not_called() -> None:
    of = run(of_agents({"cool_down": "7d", "times": 1}), days=30)
    team = staff(of.scenario, of.streams, of.branches, of.started_with)
    recycling = of.scenario.workforce.recycling if of.scenario.workforce else None
    assert recycling is not None
    customers = of.state.customers[:300]
    held = of.state.policies["customer"] >= 0
    of.state.policies["issued"][held] = 10 * DAY
    reached = (customers["reach"] & (1 << CALL)) > 0
    holds = np.isin(np.arange(300), of.state.policies["customer"][held])
    assert np.count_nonzero(holds & reached) > 50
    for asked, expected in ((5 * DAY, reached & ~holds), (20 * DAY, reached)):
        leads = np.zeros(300, LEAD)
        leads["customer"], leads["luck"], leads["asked"] = np.arange(300), np.arange(300), asked
        leads["content"] = list(of.scenario.contents).index("advice")
        of.extra[COOLING], of.extra["leads"] = leads, leads[:0]
        Review(team)._bring_back(of, recycling, of.now)
        found = of.extra["leads"]
        assert np.array_equal(np.sort(found["customer"]), np.flatnonzero(expected))
        assert np.all(found["asked"] == of.now)
        assert len(of.extra[COOLING]) == 0


def test_a_world_whose_leads_cool_down_is_cut_anywhere() -> None:
    scenario, practice = of_agents({"cool_down": "7d", "times": 2}, branches=200), calling()
    of = experiment(scenario, {"control": practice})
    whole, _ = run_on(of, forked(of, practice), practice, 60 * DAY)
    cut, _ = run_on(of, forked(of, practice), practice, 60 * DAY, [35 * DAY, 43 * DAY + 11])
    assert len(whole.extra[COOLING]) > 0
    assert differences(lives(whole), lives(cut), ignore=["log."]) == []
