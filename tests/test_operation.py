"""Agents at work on leads in hand: steps in their order, in slots, before new leads, until it is over."""

from __future__ import annotations

import dataclasses
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from small_worlds import FirstSeat, busy, described, experiment, forked, run, small, table
from teams import JUNIORS, SENIORS
from teams import described as team_described
from test_lead_mining import Graded, mining

from lifesim.errors import ScenarioError
from lifesim.experiment.lead_table import contacted
from lifesim.population.columns import DAY, GAP_ASSESSED, T_FAILED, T_REACH, T_REQUESTED
from lifesim.scenario import Scenario
from lifesim.scenario.operation import Operation
from lifesim.strategy import AgentView, IntArray, LeadView, Luck, Practice
from lifesim.workforce.leads import CALL, LEAD
from lifesim.workforce.operation import WORK, WORK_DONE, WORK_LEFT, chosen, go_on
from lifesim.workforce.passage import IN_TIME, PASSAGE, SERVICE_DUE
from lifesim.workforce.staff import BY_TIER, IN_TIME_BY, SETTLED_BY, TAKEN_BY
from lifesim.world.desk import Desk
from lifesim.world.outcomes import outcomes_of
from lifesim.world.world import World

HOUR = 3_600
STEPS: dict[str, Any] = {
    "close": {"content": "product_offer", "channel": "call", "after": "2d"},
    "chat": {"content": "care_message", "channel": "wecom", "after": "1d"},
    "proposal": {"content": "advice", "channel": "call", "slots": 2, "after": "1d"},
}


def operation(**changes: Any) -> Operation:
    return Operation.model_validate({"steps": STEPS, "patience": "6d"} | changes)


def worked(per_10k: float = 200, steps: dict[str, Any] | None = STEPS, slots: int = 6, **more: Any) -> Scenario:
    """A scenario in which leads of behaviour go to agents, who work on them."""
    scenario = mining(small({"north": 300, "south": 200}), **more)
    tiers = {name: each | {"per_10k": per_10k, "tenure": "60y", "own_business": "0%", "slots": slots}
             for name, each in (("senior_agents", SENIORS), ("junior_agents", JUNIORS))}  # fmt: skip
    skill = {"protection": 0.0, "health": 0.0, "wealth": 0.0}
    tiers["junior_agents"] |= {"skill": skill}
    team = team_described(tiers=tiers) | ({} if steps is None else {"operation": {"steps": steps, "patience": "6d"}})
    desk = described(scenario)["desk"] | {"follow_up": "20d"}
    desk["seats"] = {"seats": {"per_10k": 0, "calls_per_hour": 1, "skill": 0.0}}
    return scenario.replace(workforce=team, desk=desk)


PRACTICE = Practice(busy(calls=False).orchestrations, grading=Graded(), allocation=FirstSeat())


class Nobody:
    """Gives no lead to anybody."""

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        return np.full(len(leads), -1)


class Lists:
    """Writes down the list of work after every slot."""

    phase, name, local = 6, "lists", True

    def __init__(self) -> None:
        self.seen: list[tuple[int, Any]] = []

    def next(self, now: int) -> int:
        return -(-now // HOUR) * HOUR

    def act(self, world: World, now: int) -> None:
        self.seen.append((now, world.extra[WORK_LEFT].copy()))


@cache
def watched() -> tuple[World, Lists]:
    lists = Lists()
    return run(worked(), PRACTICE, observers=[lists]), lists


def test_steps_are_done_in_their_order_after_their_time_and_take_their_slots() -> None:
    _, lists = watched()
    slots = np.array([1, 2, 1])  # chat, proposal, close
    after = np.array([1, 1, 2]) * DAY
    found: dict[int, list[tuple[int, int, int, int]]] = {}
    for now, work in lists.seen:
        for luck, step, left, due in zip(
            *(work[name].tolist() for name in ("luck", "step", "left", "due")), strict=True
        ):
            found.setdefault(luck, []).append((now, step, left, due))
    done = 0
    for story in found.values():
        for (_, step, left, due), (now, then, rest, later) in pairwise(story):
            if (then, rest) == (step, left):
                continue
            done += 1
            assert now >= due, "nothing is done before its time"
            assert (then, rest) == ((step, left - 1) if left > 1 else (step + 1, slots[step + 1]))
            assert later == (due if then == step else now + after[then])
    assert done > 30


def test_all_steps_are_done_and_the_customer_hears_of_each() -> None:
    world, _ = watched()
    chats, proposals, closings, impatient = world.extra[WORK_DONE].sum(axis=0)
    assert chats > proposals > closings > 3 and impatient >= 0
    contents, desk = list(world.scenario.contents), world.campaigns.index("desk")
    told = world.state.touched[desk, CALL]
    assert told[contents.index("advice"), T_REQUESTED] >= proposals
    assert told[contents.index("product_offer"), T_REQUESTED] == closings
    chatted = world.state.touched[desk, :, contents.index("care_message")].sum(axis=0)
    assert chatted[T_REQUESTED] == chats and 0 < chatted[T_REACH] < chats


def test_agents_who_go_through_the_gaps_are_counted() -> None:
    steps = {"gap_assessment": {"content": "advice", "channel": "call", "after": "1d"}}
    world = run(worked(steps=steps), PRACTICE)
    done = world.extra[WORK_DONE][:, 0].sum()
    assessed = world.state.customers["marks"] & GAP_ASSESSED > 0
    assert 5 < assessed.sum() <= done == outcomes_of(world)[0]["gap_assessments"].sum()


def test_steps_use_the_slots_of_the_agents() -> None:
    """Every step of one slot: as many slots as steps done, of the tiers that did them, within their capacity."""
    steps = {name: step | {"slots": 1} for name, step in STEPS.items()}
    of = experiment(worked(steps=steps), {"control": PRACTICE})
    rows = table(of.run(of.units()[0]), "agents")
    found = {name: sum(row["value"] for row in rows if row["measure"] == name) for name in
             ("taken", "step_slots", "used_slots", "idle_slots", "capacity")}  # fmt: skip
    world = forked(of, PRACTICE)
    world.run(of.scenario.warm_up + of.scenario.horizon, of.parts(world, PRACTICE))
    assert found["step_slots"] == world.extra[WORK_DONE][:, :-1].sum() > 50
    assert found["used_slots"] == found["taken"] + found["step_slots"]
    assert found["used_slots"] + found["idle_slots"] == found["capacity"]
    for tier in ("senior_agents", "junior_agents"):
        shares = [row["value"] for row in rows if row["measure"] == "idle_share" and row["tier"] == tier]
        assert len(shares) == 2 and 0 <= min(shares) <= max(shares) < 1


def test_activity_is_first_conversations_further_tries_and_steps_of_work() -> None:
    """Against what was counted elsewhere: calls that reached nobody or somebody first, and steps by their names."""
    scenario = worked(steps=STEPS | {"proposal": STEPS["proposal"] | {"content": "care_message"}})
    reaching = {"connects": 0.5, "dials": 3, "apart": "2d"}
    scenario = scenario.replace(workforce=described(scenario)["workforce"] | {"reaching": reaching})
    of = experiment(scenario, {"control": PRACTICE})
    rows = table(of.run(of.units()[0]), "agents")
    world = forked(of, PRACTICE)
    world.run(scenario.warm_up + scenario.horizon, of.parts(world, PRACTICE))
    # What steps say has contents of its own; a first conversation by agents settles the lead.
    first = [list(scenario.contents).index(name) for name in ("care_call", scenario.desk.content)]
    missed = world.state.touched[world.campaigns.index("desk"), CALL, first, T_FAILED].sum()
    steps = world.extra[WORK_DONE][:, :-1].sum()
    counts = world.extra[BY_TIER].sum(axis=(0, 1))
    found = {name: sum(row["value"] for row in rows if row["measure"] == name) for name in
             ("activities", "taken", "try_slots", "steps_done", "step_slots")}  # fmt: skip
    assert found["activities"] == missed + counts[SETTLED_BY] + steps
    assert found["activities"] - found["taken"] - found["steps_done"] == found["try_slots"] > 10
    assert found["step_slots"] > found["steps_done"] == steps > 50, "a proposal takes two slots and is one activity"
    assert {row["tier"] for row in rows if row["measure"] == "activities"} == {"senior_agents", "junior_agents"}
    of = experiment(worked(steps=None), {"control": PRACTICE})
    measures = {row["measure"] for row in table(of.run(of.units()[0]), "agents")}
    assert "activities" in measures and measures.isdisjoint({"try_slots", "steps_done"})


def test_nobody_is_held_but_those_who_wait_or_are_worked_on() -> None:
    world, _ = watched()
    names = ("leads", "inquiries", "calls", WORK_LEFT)
    waiting = np.concatenate([world.extra[name]["customer"] for name in names])
    held = world.state.customers["held"]
    assert np.array_equal(held, np.bincount(waiting, minlength=len(held)))
    in_hand = np.concatenate([world.extra["cases"]["luck"], world.extra["cases_recent"]["luck"]])
    assert np.isin(world.extra[WORK_LEFT]["luck"], in_hand).all() and len(world.extra[WORK_LEFT]) > 0


def test_work_in_hand_comes_before_new_leads() -> None:
    """With few agents, those who work on their leads take fewer new ones; customers lose patience."""
    with_work, without = (run(worked(per_10k=30, steps=steps, slots=1), PRACTICE) for steps in (STEPS, None))
    taken = [int(world.extra[BY_TIER][..., TAKEN_BY].sum()) for world in (with_work, without)]
    assert 0 < taken[0] < 0.8 * taken[1]
    assert len(without.extra[WORK_LEFT]) == 0 and WORK_DONE not in without.extra
    services = [world.extra[PASSAGE][..., [IN_TIME, SERVICE_DUE]].sum(axis=(0, 1, 2)) for world in (with_work, without)]
    assert services[0][0] / services[0][1] < services[1][0] / services[1][1]
    assert 0 < services[0][0] < services[0][1]


class Contacts:
    """Writes down when each lead was first asked for, and when somebody took it, from the lists of the world."""

    phase, name, local = 6, "contacts", True

    def __init__(self) -> None:
        self.asked: dict[int, int] = {}
        self.taken: dict[int, int] = {}
        self.gone: dict[int, int] = {}

    def next(self, now: int) -> int:
        return -(-now // HOUR) * HOUR

    def act(self, world: World, now: int) -> None:
        waiting = world.extra["leads"]
        for luck, asked, returned in zip(
            *(waiting[name].tolist() for name in ("luck", "asked", "returned")), strict=True
        ):
            if not returned:
                self.asked.setdefault(luck, asked)
        recent = world.extra["cases_recent"]
        for luck, handed in zip(recent["luck"].tolist(), recent["handed"].tolist(), strict=True):
            self.taken.setdefault(luck, handed)
        for luck in self.asked.keys() - self.taken.keys() - set(waiting["luck"].tolist()):
            self.gone.setdefault(luck, now)


def test_leads_that_nobody_contacts_are_breaches_of_the_service_level() -> None:
    """Counted anew from lists of those that waited at some slot; with few agents many wait too long, or for nothing."""
    contacts, scenario = Contacts(), worked(per_10k=30, steps=None, slots=1, contacted="6h")
    world = run(scenario, PRACTICE, days=60, observers=[contacts])
    counts = world.extra[PASSAGE].sum(axis=(0, 1, 2))
    waited = contacts.asked.keys()
    late = {luck for luck in waited & contacts.taken.keys() if contacts.taken[luck] > contacts.asked[luck] + 6 * HOUR}
    never = {
        luck for luck in waited - contacts.taken.keys()
        if contacts.gone.get(luck, world.now) > contacts.asked[luck] + 6 * HOUR
    }  # fmt: skip
    assert len(late) > 5 and len(never) > 20
    row = sum(row["value"] for k in (0, 1) for row in contacted(world, PRACTICE, k) if row["measure"] == "service_due")
    # An inquiry may be given up sooner, which is a breach too; one contacted in the last hour of the six may be late.
    assert len(late) + len(never) <= row - counts[IN_TIME] <= 1.2 * (len(late) + len(never))
    by_tier = world.extra[BY_TIER].sum(axis=(0, 1))
    assert by_tier[SETTLED_BY] == by_tier[TAKEN_BY] and by_tier[IN_TIME_BY] == counts[IN_TIME] > 0
    nobody = run(
        worked(per_10k=30, steps=None, contacted="6h"), dataclasses.replace(PRACTICE, allocation=Nobody()), days=40
    )
    settled = nobody.extra[PASSAGE].sum(axis=(0, 1, 2))
    assert settled[SERVICE_DUE] > 20 and settled[IN_TIME] == 0


def test_an_agent_does_as_much_as_fits_and_first_what_is_closest_to_its_end() -> None:
    work = np.zeros(6, WORK)
    work["agent"], work["luck"] = [7, 7, 7, 7, 9, 9], [1, 2, 3, 4, 5, 6]
    work["due"], work["step"], work["left"] = [10, 20, 30, 99, 10, 10], [0, 2, 2, 2, 0, 0], [1, 1, 2, 1, 1, 1]
    rows = np.array([0, 0, 0, 0, 1, 1])
    assert chosen(work, rows, np.array([2, 1]), work["due"] <= 50).tolist() == [1, 2, 4]
    assert chosen(work, rows, np.array([9, 0]), work["due"] <= 50).tolist() == [1, 2, 0]
    done, over = go_on(operation(), work, np.array([0, 1, 2]), 50)
    assert done.tolist() == [0, 1] and over.tolist() == [1]
    assert work["left"].tolist()[:3] == [2, 0, 1] and work["due"][0] == 50 + DAY


def test_a_late_first_conversation_does_less() -> None:
    scenario = worked(steps=None)
    leads = described(scenario)["leads"]
    cold, warm = (run(scenario.replace(leads=leads | {"cools": cools}), PRACTICE, days=40) for cools in ("2h", None))
    assert cold.state.mind["offset"].tobytes() != warm.state.mind["offset"].tobytes()
    waiting = np.zeros(3, LEAD)
    waiting["latest"] = cold.now - np.array([0, 2, 4]) * HOUR
    desks = [Desk(world.scenario, PRACTICE, world).pipeline for world in (cold, warm)]
    assert desks[0] is not None and desks[1] is not None
    assert np.exp(-desks[0].cooled(waiting, cold.now)) == pytest.approx([1.0, 0.5, 0.25])
    assert desks[1].cooled(waiting, cold.now) == 0.0


def test_what_cannot_be_done_is_named() -> None:
    with pytest.raises(ScenarioError, match="unknown content 'hello'"):
        worked(steps={"chat": {"content": "hello", "channel": "wecom", "after": "1d"}})
    with pytest.raises(ScenarioError, match="needs at least one step"):
        worked(steps={})
    with pytest.raises(ScenarioError, match="must be 1 to 250"):
        worked(steps={"chat": {"content": "advice", "channel": "wecom", "after": "1d", "slots": 0}})
