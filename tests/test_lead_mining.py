"""Leads that come of behaviour: who becomes one, when they are graded, and what becomes of each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np
import pytest
from small_worlds import FirstSeat, Weekly, busy, described, enrolled, experiment, forked, run, small, table
from teams import JUNIORS, SENIORS
from teams import described as team_described
from test_offline_events import invited, meeting

from lifesim.errors import ScenarioError
from lifesim.experiment.gather import gather
from lifesim.experiment.unit import Unit, UnitResult
from lifesim.population.columns import DAY, E_OPENED, E_PRODUCT_PAGE, FIRST_PURCHASE
from lifesim.population.memory import count
from lifesim.scenario import Scenario
from lifesim.strategy import IntArray, LeadView, Luck, Practice
from lifesim.workforce import cases
from lifesim.workforce.leads import SOURCES
from lifesim.workforce.passage import CONVERTED, CREATED, LEAD_LOST, PASSAGE, WITHDRAWN, open_leads
from lifesim.workforce.recycling import COOLING
from lifesim.world.parts import Observer, occupancy
from lifesim.world.world import World

HOUR = 3_600
PAGE, PROPOSAL, ATTENDED = (SOURCES.index(name) for name in ("product_page", "proposal_read", "attended"))


@dataclass(frozen=True)
class Graded:
    """A grade that is the lead's own luck, anew at every grading; remembers what it was asked about and when."""

    asked: ClassVar[list[tuple[int, Any, Any]]] = []

    def grade(self, leads: LeadView, luck: Luck) -> IntArray:
        self.asked.append((leads.now, leads.waiting_seconds.copy(), leads.asked_by_customer.copy()))
        return (luck.uniforms("grade") * 4).astype(np.int64)


def mining(scenario: Scenario, **leads: Any) -> Scenario:
    """The scenario with leads of product pages, and customers who look at them often."""
    given = {"mined": {"product_page": {"content": "care_call"}}, "waits": "10d", "graded": "4h"}
    behaviour = described(scenario)["behaviour"]
    behaviour["transitions"]["AWARENESS.need_formed"]["rate"] = "4/y"
    return scenario.replace(leads=given | leads, behaviour=behaviour)


def staffed(scenario: Scenario) -> Scenario:
    """The scenario with agents whose leads come back once, and few seats."""
    tiers = {"senior_agents": SENIORS | {"per_10k": 100}, "junior_agents": JUNIORS | {"per_10k": 100}}
    desk = described(scenario)["desk"] | {"follow_up": "14d"}
    desk["seats"] = {"seats": {"per_10k": 20, "calls_per_hour": 1, "skill": 0.0}}
    team = team_described(tiers=tiers, recycling={"cool_down": "7d", "times": 1})
    return scenario.replace(workforce=team, desk=desk)


class Daily:
    """Counts leads at every midnight, after everyone else: by the counts, and one by one."""

    phase, name, local = 9, "daily", False

    def __init__(self) -> None:
        self.counted: list[Any] = []
        self.found: list[Any] = []

    def next(self, now: int) -> int:
        return -(-now // DAY) * DAY

    def act(self, world: World, now: int) -> None:
        self.counted.append(world.extra[PASSAGE].copy())
        found = np.zeros(world.extra[PASSAGE].shape[:3], np.int64)
        for name in ("leads", cases.IN_HAND, cases.RECENT, COOLING):
            records = world.extra.get(name, world.extra["leads"][:0])
            grade = records["grade"] + (name in (cases.IN_HAND, cases.RECENT))
            branch = world.state.customers["branch"][records["customer"]]
            np.add.at(found, (branch, records["source"], grade), 1)
        self.found.append(found)


class Believed:
    """Notes at every midnight, before anybody else, in which estimated stage those are who became leads that day."""

    phase, name, local = 0, "believed", False

    def __init__(self) -> None:
        self.stages: list[int] = []

    def next(self, now: int) -> int:
        return -(-now // DAY) * DAY

    def act(self, world: World, now: int) -> None:
        leads = world.extra["leads"]
        today = leads["customer"][(leads["source"] == PAGE) & (leads["asked"] >= now - DAY)]
        self.stages += world.state.customers["seen_stage"][today].tolist()


@cache
def watched() -> tuple[World, Daily]:
    daily = Daily()
    scenario = staffed(mining(small({"north": 300, "south": 200})))
    practice = Practice(busy().orchestrations, grading=Graded(), allocation=FirstSeat())
    return run(scenario, practice, observers=[daily]), daily


def test_every_lead_is_converted_lost_withdrawn_or_open_on_every_day() -> None:
    """Two independent records: counts of what happened, and the leads that are somewhere."""
    world, daily = watched()
    assert len(daily.counted) >= 80
    for counted, found in zip(daily.counted, daily.found, strict=True):
        assert np.array_equal(open_leads(counted), found)
    last = world.extra[PASSAGE].sum(axis=(0, 2))
    assert last[PAGE, [CREATED, CONVERTED, LEAD_LOST, WITHDRAWN]].min() > 0, "not every way out is taken"
    assert np.all(world.extra[PASSAGE].sum(axis=(0, 1))[1:, CREATED] > 20), "not every grade is given"


def test_nobody_is_held_but_those_who_wait() -> None:
    world, _ = watched()
    waiting = np.concatenate([world.extra[name]["customer"] for name in ("leads", "inquiries", "calls")])
    held = world.state.customers["held"]
    assert np.array_equal(held, np.bincount(waiting, minlength=len(held)))


def test_nobody_who_waits_is_left_behind() -> None:
    """Customers who are held, and do more of what makes leads, live on up to the moment that is kept."""
    world = run(mining(small(300), waits="60d"), Practice(), days=50)
    c = world.state.customers[: count(world.state)]
    ways = ("touch_at", "policy_at", "settled_at", "life_at", "clock_at", "refresh_at", "session_at")
    assert np.count_nonzero(c["held"]) > 50 and world.extra["leads"]["behaviours"].max() > 2
    assert min(int(c[name][c["joined"] <= world.now].min()) for name in ways) >= world.now


def test_a_customer_is_one_lead_of_behaviour_at_a_time() -> None:
    world, _ = watched()
    mined = [
        each[each["source"] >= PAGE]["customer"]
        for each in (world.extra["leads"], world.extra[cases.IN_HAND], world.extra[cases.RECENT], world.extra[COOLING])
    ]
    everybody = np.concatenate(mined)
    assert len(everybody) > 20 and len(np.unique(everybody)) == len(everybody)


def test_leads_are_graded_at_set_intervals_and_inquiries_at_once() -> None:
    Graded.asked.clear()
    run(mining(small(300)), Practice(grading=Graded(), allocation=FirstSeat()), days=30)
    asked = [(now, wait, mine) for now, waits, theirs in Graded.asked for wait, mine in zip(waits, theirs, strict=True)]
    now, wait, theirs = (np.array(each) for each in zip(*asked, strict=True))
    came = now - wait
    # Leads are graded after the end of the interval in which they came, which is a later one than their own.
    late = theirs == 0
    assert np.count_nonzero(late) > 50
    assert np.all(now[late] // (4 * HOUR) > came[late] // (4 * HOUR))
    within = (np.count_nonzero(theirs) > 5) and np.diff(np.unique(now[late] // (4 * HOUR))).min()
    assert within == 1 and len(np.unique(now[late])) == len(np.unique(now[late] // (4 * HOUR))), "once an interval"
    awake = (theirs == 1) & (came % DAY > 10 * HOUR) & (came % DAY < 17 * HOUR) & (wait < 12 * HOUR)
    assert np.any(awake) and wait[awake].min() < HOUR


def test_behaviour_makes_leads_in_the_stages_that_are_named_as_the_insurer_believes() -> None:
    believed = {}
    for stages in ((), ("FIRST_PURCHASE",)):
        seen = Believed()
        mined = {"product_page": {"content": "care_call", "stages": list(stages)}}
        run(mining(small(300), mined=mined, waits="60d"), Practice(), days=40, observers=[seen])
        believed[stages] = set(seen.stages)
    assert believed["FIRST_PURCHASE",] == {FIRST_PURCHASE}
    assert believed[()] > {FIRST_PURCHASE}


def test_who_refuses_calls_is_no_lead_of_behaviour() -> None:
    scenario = mining(small(300))
    segments = described(scenario)["segments"]
    for segment in segments.values():
        segment["consent"]["call"] = 0.0
    world = run(scenario.replace(segments=segments), Practice(), days=40)
    assert world.extra[PASSAGE][:, PAGE].sum() == 0
    assert run(scenario, Practice(), days=40).extra[PASSAGE][:, PAGE].sum() > 50


def test_without_mining_nothing_is_requested_and_nothing_counted() -> None:
    world = run(small(200), Practice(), days=40)
    opened = world.event_log()["kind"] == E_PRODUCT_PAGE
    assert opened.any() and PASSAGE not in world.extra
    mined = run(mining(small(200), waits="60d"), Practice(), days=40)
    assert len(mined.extra["leads"]) > 20


def test_a_proposal_that_is_read_makes_a_lead() -> None:
    scenario = small(400)
    contents = described(scenario)["contents"] | {"offer": {"kind": "proposal", "visit": 0.0, "opened": 0.5}}
    scenario = scenario.replace(
        contents=contents, leads={"mined": {"proposal_read": {"content": "care_call"}}, "waits": "50d"}
    )
    world = run(scenario, Practice({"offers": Weekly("offer", "push", weekdays=(1,))}), days=20)
    log = world.event_log()
    readers = np.unique(log["customer"][log["kind"] == E_OPENED])
    leads = world.extra["leads"][world.extra["leads"]["source"] == PROPOSAL]
    assert len(leads) > 20 and np.isin(leads["customer"], readers).all()
    assert np.all(leads["content"] == list(contents).index("care_call"))


def test_who_comes_to_an_event_is_a_lead() -> None:
    scenario = meeting(come=1.0)
    scenario = scenario.replace(leads={"mined": {"attended": {"content": "hello"}}, "waits": "60d"})
    journey = invited()
    world = run(scenario, Practice({journey.name: journey}), days=60)
    leads = world.extra["leads"][world.extra["leads"]["source"] == ATTENDED]
    inside = enrolled(world)["customer"]
    assert set(leads["customer"].tolist()) == set(inside.tolist()) and len(leads) > 5
    at = int((24 - 5 + 20) * DAY + 14 * HOUR)
    assert np.all(leads["asked"] == at)


def test_the_table_of_leads_counts_from_the_fork_with_those_open_then() -> None:
    scenario = staffed(mining(small({"north": 300, "south": 200})))
    practice = Practice(busy().orchestrations, grading=Graded(), allocation=FirstSeat())
    of = experiment(scenario, {"control": practice})
    world = forked(of, practice)
    begun = world.extra[PASSAGE].copy()
    assert begun[..., CREATED].sum() > 20 and begun[..., CREATED + 1 :].sum() == 0
    end = scenario.warm_up + scenario.horizon
    observer = Observer(scenario.warm_up, end)
    world.run(end, [*of.parts(world, practice), observer])
    observer.counted[scenario.horizon // DAY] = occupancy(world, end)
    result = UnitResult(Unit(0, ("north", "south")))
    gather(world, "control", practice, observer, result)
    rows = table(result, "leads")
    values = {
        name: sum(row["value"] for row in rows if row["measure"] == name) for name in {r["measure"] for r in rows}
    }
    assert values["created"] == sum(values[name] for name in ("converted", "lost", "withdrawn", "open"))
    assert 0 < values["taken"] <= values["graded"] and values["grade_seconds"] > 0 and values["agent_seconds"] > 0
    assert {row["source"] for row in rows} >= {"inquiry", "campaign", "product_page"}
    assert {row["branch"] for row in rows} == {"north", "south"}


def test_a_content_that_the_scenario_lacks_is_named() -> None:
    with pytest.raises(ScenarioError, match=r"unknown content 'care_cal'; did you mean 'care_call'"):
        mining(small(50), mined={"attended": {"content": "care_cal"}})
