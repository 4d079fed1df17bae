"""The whole way of a lead with everything that can happen to it, from two records: what is there, and a diary.

Leads come of behaviour, inquiries and hand-overs of journeys, are tried again, worked on in steps, and come back to the
pool; they wait, are in hand of a group of agents or seats, or cool down.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from small_worlds import FirstSeat, busy, described, experiment, new_world, small
from teams import JUNIORS, SENIORS, TURNOVER
from teams import described as team_described
from test_hand_overs import one_step
from test_lead_mining import Daily, Graded, mining
from test_operation import STEPS

from lifesim.population.columns import DAY
from lifesim.strategy import Practice
from lifesim.workforce import cases
from lifesim.workforce.leads import BY_JOURNEY
from lifesim.workforce.operation import WORK_DONE, WORK_LEFT
from lifesim.workforce.passage import CONVERTED, CREATED, LEAD_LOST, PASSAGE, WITHDRAWN, open_leads
from lifesim.workforce.recycling import COOLING
from lifesim.workforce.staff import BY_TIER, LOAD, TAKEN_AGAIN, TRY_SLOTS, Staff
from lifesim.workforce.tries import TRIES
from lifesim.world.desk import Desk
from lifesim.world.review import Review
from lifesim.world.world import World

HOUR, DAYS = 3_600, 80
WAITING, COOLS, GROUPS = 0, 1, 2
#: Where a lead is once it is nowhere.
NOWHERE = -1


def groups_of(staff: Staff) -> Any:
    """Where the leads of each row of the staff are: a place for each branch and tier, after the other two."""
    return GROUPS + staff.branch * len(staff.tiers) + staff.tier


class Way(Desk):
    """A desk that writes down leads that come into the pool, are given to somebody, or let go."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        assert self.pipeline is not None
        self.written: list[tuple[Any, Any, Any]] = []
        self.now, groups = 0, groups_of(self.staff)
        entered, let_go, call = self.pipeline.entered, self.pipeline._let_go, self.rounds._call

        def coming_in(*about: Any) -> Any:
            new = entered(*about)
            self.write(new["luck"], WAITING)
            return new

        def leaving(leads: Any, *given: Any) -> None:
            self.write(leads["luck"], NOWHERE)
            let_go(leads, *given)

        def calling(now: int, granted: Any, rows: Any, *given: Any) -> None:
            self.write(granted["luck"], groups[rows])
            call(now, granted, rows, *given)

        self.pipeline.entered, self.pipeline._let_go = coming_in, leaving  # type: ignore[method-assign]
        self.rounds._call = calling  # type: ignore[method-assign]

    def act(self, world: World, now: int) -> None:
        self.now = now
        super().act(world, now)

    def _lose(self, waiting: Any, now: int, measures: Any) -> Any:
        self.write(waiting["luck"][waiting["gives_up"] <= now], NOWHERE)
        return super()._lose(waiting, now, measures)

    def write(self, luck: Any, places: Any, now: int | None = None) -> None:
        at = self.now if now is None else now
        self.written.append((np.full(len(luck), at), luck.copy(), np.broadcast_to(places, len(luck))))


class Closing(Review):
    """A review that writes down which leads it concludes, lets cool down, and brings back."""

    def __init__(self, way: Way) -> None:
        super().__init__(way.staff)
        self.way = way

    def act(self, world: World, now: int) -> None:
        held, cool = self._lucks(world)
        super().act(world, now)
        still, cooling = self._lucks(world)
        self.way.write(np.setdiff1d(held, still), NOWHERE, now)
        self.way.write(np.setdiff1d(cooling, cool), COOLS, now)
        warm = np.setdiff1d(cool, cooling)
        again = np.isin(warm, world.extra["leads"]["luck"])
        self.way.write(warm, np.where(again, WAITING, NOWHERE), now)

    @staticmethod
    def _lucks(world: World) -> tuple[Any, Any]:
        held = np.concatenate([world.extra[name]["luck"] for name in (cases.IN_HAND, cases.RECENT)])
        return held, world.extra[COOLING]["luck"].copy() if COOLING in world.extra else held[:0]


class Numbers:
    """Counts at every hour who waits, who cools down, and what each group has in hand: it knows of no lead."""

    phase, name, local = 9, "numbers", False

    def __init__(self, staff: Staff) -> None:
        self.groups = groups_of(staff)
        self.counted: dict[int, Any] = {}

    def next(self, now: int) -> int:
        return -(-(now - 7) // HOUR) * HOUR + 7

    def act(self, world: World, now: int) -> None:
        found = np.bincount(self.groups, world.extra[LOAD]).astype(np.int64)
        found[WAITING], found[COOLS] = len(world.extra["leads"]), len(world.extra.get(COOLING, ()))
        self.counted[now] = found


@cache
def whole() -> tuple[World, Way, Numbers, Daily]:
    """Agents who come and go, few enough that leads wait, over everything that leads can go through."""
    scenario = mining(small({"north": 400, "south": 300}))
    people = {"slots": 3, "own_business": "0%", "per_10k": 150}
    team = team_described(
        tiers={"senior_agents": SENIORS | people, "junior_agents": JUNIORS | people},
        turnover=TURNOVER | {"veterans_leave": "0.2/month", "vacant": "10d"},
        recycling={"cool_down": "7d", "times": 2},
        operation={"steps": STEPS, "patience": "4d"},
        reaching={"connects": 0.5, "dials": 3, "apart": "1d"},
    )
    desk = described(scenario)["desk"] | {"follow_up": "14d"}
    desk["seats"] = {"seats": {"per_10k": 25, "calls_per_hour": 0.2, "skill": 0.0}}
    scenario = scenario.replace(workforce=team, desk=desk)
    walk = one_step({"hand_over": {"reason": "take over"}}, entry={"every": "mon 10:00", "who": "age <= 28"})
    under = Practice(busy(calls=False).orchestrations | {"walk": walk}, grading=Graded(), allocation=FirstSeat())
    of = experiment(scenario, {"control": under})
    world = new_world(of)
    way, daily = Way(scenario, under, world), Daily()
    numbers = Numbers(way.staff)
    others = [part for part in of.parts(world, under) if not isinstance(part, Desk | Review)]
    world.run(DAYS * DAY, [*others, way, Closing(way), numbers, daily])
    return world, way, numbers, daily


def test_everything_happens_in_the_world_of_the_whole_way() -> None:
    world, *_ = whole()
    counts = world.extra[BY_TIER].sum(axis=(0, 1))
    assert counts[TAKEN_AGAIN] > 10 and counts[TRY_SLOTS] > 30
    assert world.extra[WORK_DONE].sum(axis=0).min() > 5
    passed = world.extra[PASSAGE].sum(axis=(0, 2))
    assert passed[BY_JOURNEY, CREATED] > 20
    assert passed.sum(axis=0)[[CONVERTED, LEAD_LOST, WITHDRAWN]].min() > 5


@pytest.mark.parametrize("place", range(GROUPS + 6))
def test_leads_that_wait_are_in_hand_or_cool_down_add_up_to_the_time_for_which_each_does(place: int) -> None:
    """For every group of agents and seats of every branch: at each look, and so over any window."""
    _, way, numbers, _ = whole()
    time, luck, where = (np.concatenate(each) for each in zip(*way.written, strict=True))
    order = np.lexsort((np.arange(len(time)), luck))
    time, luck, where = time[order], luck[order], where[order]
    until = np.append(np.where(luck[1:] == luck[:-1], time[1:], DAYS * DAY), DAYS * DAY)
    looks = np.array(sorted(numbers.counted))
    first, last = (np.searchsorted(looks, each[where == place]) for each in (time, until))
    number = np.array([numbers.counted[at][place] for at in looks.tolist()])
    ends = len(looks) + 1
    assert number.sum() == (last - first).sum() > 1_000
    assert np.array_equal(
        number, np.cumsum(np.bincount(first, minlength=ends) - np.bincount(last, minlength=ends))[:-1]
    )


def test_every_lead_of_the_whole_way_is_converted_lost_withdrawn_or_open_by_grade_every_day() -> None:
    world, _, numbers, daily = whole()
    for day, (counted, found) in enumerate(zip(daily.counted, daily.found, strict=True)):
        assert np.array_equal(open_leads(counted), found), day
        assert numbers.counted[day * DAY + 7].sum() == found.sum(), day
    assert min(found.sum(axis=(0, 1))[1:]) > 5
    names = ("leads", "inquiries", "calls", WORK_LEFT, TRIES)
    waiting = np.concatenate([world.extra[name]["customer"] for name in names])
    held = world.state.customers["held"]
    assert np.array_equal(held, np.bincount(waiting, minlength=len(held)))
