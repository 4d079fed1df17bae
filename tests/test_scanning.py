"""Leads that the grading makes: of customers who opened the app lately and have no lead, if they are graded so well."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
from quiet_world import REPO
from small_worlds import FirstSeat, busy, described, run, small
from test_lead_mining import Daily, mining, staffed

import lifesim
from lifesim.errors import ScenarioError
from lifesim.population.columns import DAY
from lifesim.population.memory import count
from lifesim.scenario import Scenario
from lifesim.strategy import IntArray, LeadView, Luck, Practice
from lifesim.workforce import cases
from lifesim.workforce.leads import BY_GRADING
from lifesim.workforce.passage import open_leads
from lifesim.workforce.recycling import COOLING
from lifesim.world.world import World

WITHIN = 5


def scanned(**changes: Any) -> Scenario:
    """Leads of behaviour, and those that a look of every fourth day makes."""
    scenario = staffed(mining(small({"north": 300, "south": 200})))
    look = {"every": "4d", "within": f"{WITHIN}d", "bar": "B", "content": "advice"} | changes
    return scenario.replace(leads=described(scenario)["leads"] | {"scanned": look})


@dataclass(frozen=True)
class Lots:
    """A grade for every lead, by lot, which stays with the customer."""

    def grade(self, leads: LeadView, luck: Luck) -> IntArray:
        return (luck.uniforms("grade", lasting=True) * 4).astype(np.int64)


class Looks:
    """Writes down at every midnight who has no lead before the look, and the leads that it makes."""

    name, local = "looks", False

    def __init__(self, phase: int) -> None:
        self.phase = phase
        self.found: dict[int, Any] = {}

    def next(self, now: int) -> int:
        return -(-now // DAY) * DAY

    def act(self, world: World, now: int) -> None:
        leads = world.extra["leads"]
        if self.phase > 4:
            new = (leads["source"] == BY_GRADING) & (leads["asked"] == now) & (leads["returned"] == 0)
            self.found[now // DAY] = leads[new].copy()
            return
        n = count(world.state)
        lists = ("leads", "inquiries", "calls", cases.IN_HAND, cases.RECENT, COOLING)
        busy_now = np.concatenate([world.extra[name]["customer"] for name in lists if name in world.extra])
        free = np.setdiff1d(np.arange(n), busy_now)
        last = world.state.customers["last_session"][free]
        self.found[now // DAY] = (set(free.tolist()), set(free[last > now - WITHIN * DAY].tolist()))


@cache
def watched() -> tuple[World, Daily, dict[int, Any], dict[int, Any]]:
    daily, before, after = Daily(), Looks(4), Looks(5)
    before.name = "before the scan"
    practice = Practice(busy(calls=False).orchestrations, grading=Lots(), allocation=FirstSeat())
    world = run(scanned(), practice, days=50, observers=[daily, before, after])
    return world, daily, before.found, after.found


def test_only_who_did_something_lately_and_has_no_lead_becomes_one() -> None:
    _, _, before, after = watched()
    made = 0
    for day, leads in after.items():
        free, active = before[day]
        customers = set(leads["customer"].tolist())
        assert len(customers) == len(leads) == 0 or day % 4 == 0
        assert customers <= active < free, "there are others without a lead, who did nothing"
        made += len(leads)
        if day % 4 == 0 and len(active) > 20:
            # Half of the grades are A or B; the contact policy lets us call some of these.
            assert 0 < len(leads) < 0.8 * len(active)
    assert made > 100


def test_they_are_graded_and_counted_as_all_leads_are() -> None:
    world, daily, _, after = watched()
    leads = np.concatenate(list(after.values()))
    assert set(leads["grade"]) == {1, 2} and np.all(leads["looked"] == leads["asked"])
    assert np.all(leads["latest"] <= leads["asked"]) and np.all(leads["latest"] > leads["asked"] - WITHIN * DAY)
    assert len(np.unique(leads["luck"])) == len(leads)
    for counted, found in zip(daily.counted, daily.found, strict=True):
        assert np.array_equal(open_leads(counted), found)
    assert daily.found[-1][:, BY_GRADING].sum() > 0
    waiting = np.concatenate([world.extra[name]["customer"] for name in ("leads", "inquiries", "calls")])
    held = world.state.customers["held"]
    assert np.array_equal(held, np.bincount(waiting, minlength=len(held)))


def test_the_shipped_comparison_of_gradings_that_make_leads_runs_with_all_its_arms() -> None:
    """A short run of one replication: every grading but the one that lets nobody pass makes leads after the fork."""
    scenario = lifesim.load("found_leads", root=REPO).replace(
        warm_up="14d", horizon="28d", population={"branches": {"north": 4_000}, "segments": {"mainstream": 1.0}},
        experiment={"replications": 1, "seed": 1},
    )  # fmt: skip
    result = lifesim.compare(scenario, workers=1)
    assert result.failures == []
    leads = result.tables["leads"]
    found = leads[(leads["source"] == "grading") & (leads["measure"] == "created")].groupby("arm")["value"].sum()
    assert set(found.index) == set(scenario.arms)
    others = found.drop("nobody")
    assert others.min() > found["nobody"] + 20, "those open at the fork are counted in all arms"
    assert leads[(leads["source"] == "product_page")].empty, "no behaviour makes a lead"


def test_what_makes_no_sense_is_refused() -> None:
    for wrong, said in (({"every": "36h"}, "must be whole days"), ({"content": "advise"}, "unknown content 'advise'")):
        with pytest.raises(ScenarioError, match=said):
            scanned(**wrong)
