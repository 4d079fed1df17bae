"""The table of tiers: what each tier of agents and group of seats did, could have done, and shared out."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from small_worlds import Weekly, curious, described, experiment, forked, small, table
from teams import JUNIORS, SENIORS, TURNOVER, team
from teams import described as team_described

from lifesim.experiment.gather import gather
from lifesim.experiment.tiers import tiers_by_branch
from lifesim.experiment.unit import Unit, UnitResult
from lifesim.population.columns import DAY
from lifesim.scenario import Scenario
from lifesim.strategy import AgentView, IntArray, LeadView, Luck, Practice
from lifesim.streams import Streams
from lifesim.workforce import cases
from lifesim.workforce.agents import agents, leads_between, room
from lifesim.workforce.fairness import gini
from lifesim.workforce.serving import NOBODY, SERVING
from lifesim.workforce.staff import GOOD, staff
from lifesim.world.hours import Hours
from lifesim.world.parts import Observer, occupancy
from lifesim.world.world import World

HOUR = 3_600


def test_capacity_is_the_room_of_all_slots() -> None:
    """Tiers with hours of their own, on days that are worked or not, agents who come and go between slots."""
    early = JUNIORS | {"opens": "08:30", "closes": "17:45", "slots": 7}
    turnover = TURNOVER | {"retained_13_months": 0.01, "vacant": "3d"}
    workforce = team(tiers={"senior_agents": SENIORS, "junior_agents": early}, turnover=turnover)
    of = agents(workforce, Streams(2, 0), {0: "north"}, {0: 20_000}, 120 * DAY)
    works = [np.arange(120) % 7 < 6, np.arange(120) % 7 < 5]
    for slot, first in ((HOUR, 8 * HOUR), (1_200, 8 * HOUR + 600)):
        expected = np.zeros(len(of), np.int64)
        for day in range(30, 110):
            for now in range(day * DAY + first, day * DAY + 18 * HOUR, slot):
                there = (of.since <= now) & (now < of.until)
                expected += there * room(workforce, slot, of, now, [bool(each[day]) for each in works])
        found = leads_between(workforce, slot, of, (30 * DAY, 110 * DAY), first, works)
        assert np.array_equal(found, expected)
        assert np.count_nonzero(expected) > 30 and len(np.unique(expected)) > 20


def test_gini_is_half_the_mean_difference_over_the_mean() -> None:
    rng = np.random.default_rng(5)
    amounts, days = rng.poisson(3, 40).astype(float), rng.uniform(1, 90, 40)
    rate, weight = amounts / days, days / days.sum()
    apart = (weight[:, None] * weight * abs(rate[:, None] - rate)).sum()
    assert gini(amounts, days) == pytest.approx(apart / 2 / (weight * rate).sum())
    assert gini(7 * days, days) == pytest.approx(0.0)
    assert gini(np.array([0.0, 0, 0, 9]), np.full(4, 20.0)) == pytest.approx(0.75)
    assert gini(np.array([1.0, 1.0, 0.0]), np.array([1.0, 1.0, 0.0])) == pytest.approx(0.0), "who was not there"
    assert gini(np.zeros(3), np.ones(3)) is None


def contended(**changes: Any) -> Scenario:
    """Many inquiries for seats and agents of two branches, reviewed after two weeks."""
    scenario = small({"north": 250, "south": 200}, **changes)
    data = described(scenario)
    tiers = {"senior_agents": SENIORS | {"per_10k": 200}, "junior_agents": JUNIORS | {"per_10k": 200}}
    team_of = team_described(tiers=tiers, turnover=TURNOVER | {"veterans_leave": "0.3/month", "vacant": "10d"})
    seats = {"seats": {"per_10k": 20, "calls_per_hour": 1, "skill": 0.0}}
    desk = data["desk"] | {"seats": seats, "patience": "6h", "follow_up": "14d"}
    return scenario.replace(behaviour=curious(scenario), desk=desk, workforce=team_of)


class Halves:
    """A grade that is the lead's own luck: half of all are good."""

    def grade(self, leads: LeadView, luck: Luck) -> IntArray:
        return (luck.uniforms("grade", lasting=True) * 4).astype(np.int64)


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


@cache
def at_the_end() -> tuple[World, Any, dict[str, Any]]:
    """A world at the end of an arm, what had become of leads by grade at the fork, and the tables."""
    calls = Weekly("care_call", "call", "10:30", (1, 4), 0.4)
    practice = Practice({"care": calls}, grading=Halves(), allocation=InTurns())
    scenario = contended()
    of = experiment(scenario, {"control": practice})
    world = forked(of, practice)
    before = world.extra[cases.GRADED].copy()
    observer = Observer(scenario.warm_up, world.now + scenario.horizon)
    world.run(scenario.warm_up + scenario.horizon, [*of.parts(world, practice), observer])
    observer.counted[scenario.horizon // DAY] = occupancy(world, world.now)
    result = UnitResult(Unit(0, ("north", "south")))
    gather(world, "control", practice, observer, result)
    return world, before, {name: table(result, name) for name in ("agents", "desks")}


def values(measure: str) -> dict[tuple[str, str], float]:
    """A measure by branch and tier."""
    rows = at_the_end()[2]["agents"]
    return {(row["branch"], row["tier"]): row["value"] for row in rows if row["measure"] == measure}


def test_tiers_add_up_to_the_desk() -> None:
    desks = {(row["branch"], row["measure"]): row["value"] for row in at_the_end()[2]["desks"]}
    for branch in ("north", "south"):
        for measure, of_desk in (("taken", "granted"), ("wait_seconds", "wait_seconds")):
            counted = [value for (name, _), value in values(measure).items() if name == branch]
            assert len(counted) == 3
            assert sum(counted) == desks[branch, of_desk] > 100
    assert min(values("taken").values()) > 0
    assert sum(values("won").values()) > 20 and sum(values("lost").values()) > 20


def test_idle_is_what_is_left_of_the_capacity() -> None:
    """Slots worked, idle and of own business are those of duty, which are counted here one by one."""
    taken, capacity = values("taken"), values("capacity")
    assert {key: 1 - taken[key] / capacity[key] for key in taken} == values("idle_share")
    world = at_the_end()[0]
    of = staff(world.scenario, world.streams, world.branches, world.started_with)
    workforce = world.scenario.workforce
    assert of.agents is not None and workforce is not None
    whole = {name: tier.model_copy(update={"own_business": 0.0}) for name, tier in workforce.tiers.items()}
    busy, hours = workforce.model_copy(update={"tiers": whole}), Hours(world.scenario, (), of.calls)
    on_duty = np.zeros(len(of.agents), np.int64)
    now = hours.next(world.scenario.warm_up)
    while now is not None and now < world.now:
        there = (of.agents.since <= now) & (now < of.agents.until)
        on_duty += there * room(busy, world.scenario.desk.slot, of.agents, now, hours.works(now))
        now = hours.next(now + 1)
    for (branch, tier), worked in values("used_slots").items():
        others = values("idle_slots")[branch, tier] + values("own_slots")[branch, tier]
        if tier.endswith("agents"):
            place = ("north", "south").index(branch), list(workforce.tiers).index(tier)
            mine = (of.agents.branch == place[0]) & (of.agents.tier == place[1])
            assert worked + others == on_duty[mine].sum() > worked > 0
        else:
            assert worked + others == capacity[branch, tier]
    assert 0 <= min(values("idle_share").values()) < max(values("idle_share").values()) < 1


def test_agents_who_come_and_go_and_whom_they_serve() -> None:
    world = at_the_end()[0]
    of = staff(world.scenario, world.streams, world.branches, world.started_with)
    assert of.agents is not None
    fork, tiers = world.scenario.warm_up, ("senior_agents", "junior_agents")
    for (branch, tier), number in values("agents").items():
        mine = (of.agents.branch == ("north", "south").index(branch)) & (of.agents.tier == tiers.index(tier))
        at_fork = np.count_nonzero(mine[of.agents.present(fork)])
        assert number == at_fork + values("hired")[branch, tier] - values("left")[branch, tier]
        assert number == np.count_nonzero(mine[of.agents.present(world.now)])
    assert sum(values("hired").values()) > 3 and sum(values("left").values()) > 3
    assert sum(values("serves").values()) == np.count_nonzero(world.extra[SERVING] != NOBODY) > 50


def test_good_leads_and_how_evenly_they_are_shared_out() -> None:
    world, before, _ = at_the_end()
    of = staff(world.scenario, world.streams, world.branches, world.started_with)
    taken = (world.extra[cases.GRADED] - before)[..., cases.TAKEN].sum(axis=0)
    assert world.extra[GOOD].sum() == taken[:2].sum() > 0 < taken[2:].sum()
    assert sum(values("good").values()) == world.extra[GOOD][len(of.calls) :].sum()
    assert {tier for _, tier in values("gini_good")} == {"senior_agents", "junior_agents"}
    assert 0 < min(values("gini_good").values()) < max(values("gini_good").values()) < 0.5


def test_without_agents_there_is_no_such_table() -> None:
    practice = Practice()
    world = forked(experiment(small(50), {"control": practice}))
    assert tiers_by_branch(world, practice) == {}
