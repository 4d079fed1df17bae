"""Every queue of leads from two independent records: leads counted where they are, and a diary of what became of each.

Leads wait to be graded, for an agent or a seat, for seats that dial, or in nurture, branch by branch.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from small_worlds import described, experiment, new_world, small
from test_cleaning import cleaned, cleaning, practice
from test_lead_mining import Daily

from lifesim.population.columns import DAY
from lifesim.scenario.leads import Nurture
from lifesim.workforce.leads import CALL
from lifesim.workforce.passage import CREATED
from lifesim.world.desk import Desk
from lifesim.world.world import World

HOUR, DAYS = 3_600, 80
QUEUES = ("ungraded", "ready", "dialled", "nurtured")
GONE = len(QUEUES)
#: Grades that agents get at once, and that seats dial; the others are nurtured.
AT_ONCE, DIALLED = 1, 2


class Diary(Desk):
    """A desk that writes down what happens to leads: when, branch and luck, in which queue each is from then on."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        assert self.pipeline is not None and self.pipeline.dialler is not None
        self.written: list[Any] = []
        self.grades: list[Any] = []
        self.now, self.of = 0, self.pipeline
        entered, grade, let_go, dial = self.of.entered, self.of._grade, self.of._let_go, self.of.dialler.dial

        def coming_in(*about: Any) -> Any:
            new = entered(*about)
            self.write(new, np.zeros(len(new), np.int64))
            self.grades.append((self.now, new["luck"].copy(), np.zeros(len(new), np.int64)))
            return new

        def graded(waiting: Any, due: Any, now: int) -> None:
            grade(waiting, due, now)
            self.write(waiting[due], self.queue_of(waiting[due]))
            self.grades.append((now, waiting["luck"][due], waiting["grade"][due].astype(np.int64)))

        def leaving(leads: Any, *given: Any) -> None:
            self.write(leads, np.full(len(leads), GONE))
            let_go(leads, *given)

        def dialling(waiting: Any, *about: Any) -> Any:
            left, dropped = dial(waiting, *about)
            won = left[left["qualified"] == 1]
            self.write(won, np.full(len(won), 1))
            return left, dropped

        call = self.rounds._call

        def calling(now: int, granted: Any, *given: Any) -> None:
            self.write(granted, np.full(len(granted), GONE))
            call(now, granted, *given)

        self.rounds._call = calling  # type: ignore[method-assign]
        self.of.entered, self.of._grade = coming_in, graded  # type: ignore[method-assign]
        self.of._let_go, self.of.dialler.dial = leaving, dialling  # type: ignore[method-assign]

    def queue_of(self, leads: Any) -> Any:
        """By the grade, where nobody asked, is handed over or was qualified."""
        direct = (leads["inquiry"] == 1) | (leads["told"] > 0) | (leads["channel"] != CALL) | (leads["qualified"] == 1)
        return np.where(direct | (leads["grade"] <= AT_ONCE), 1, np.where(leads["grade"] <= DIALLED, 2, 3))

    def act(self, world: World, now: int) -> None:
        self.now = now
        super().act(world, now)

    def _lose(self, waiting: Any, now: int, measures: Any) -> Any:
        gone = waiting[waiting["gives_up"] <= now]
        self.write(gone, np.full(len(gone), GONE))
        return super()._lose(waiting, now, measures)

    def write(self, leads: Any, queues: Any) -> None:
        branch = self.world.state.customers["branch"][leads["customer"]].astype(np.int64)
        self.written.append((np.full(len(leads), self.now), branch, leads["luck"].copy(), queues))


class Looks:
    """Counts the leads of each branch by where they are: a record that knows of no event."""

    phase, name, local = 9, "looks", False

    def __init__(self) -> None:
        self.counted: dict[int, Any] = {}

    def next(self, now: int) -> int:
        return -(-(now - 7) // HOUR) * HOUR + 7

    def act(self, world: World, now: int) -> None:
        leads = world.extra["leads"]
        grade = leads["grade"].astype(np.int64)
        direct = (leads["inquiry"] + leads["told"] + leads["qualified"] > 0) | (leads["channel"] != CALL)
        place = np.select([grade == 0, direct | (grade <= AT_ONCE), grade <= DIALLED], [0, 1, 2], 3)
        found = np.zeros((2, GONE), np.int64)
        np.add.at(found, (world.state.customers["branch"][leads["customer"]], place), 1)
        self.counted[now] = found


@cache
def watched() -> tuple[Diary, Looks, Daily]:
    """Leads of behaviour and inquiries: A to agents, B dialled, C and D nurtured, graded anew every four hours."""
    scenario = cleaned(small({"north": 300, "south": 200}), per_10k=10)
    workforce, desk = described(scenario)["workforce"] | {"recycling": None}, described(scenario)["desk"]
    for people in (*workforce["tiers"].values(), desk["seats"]["seats"]):
        people["per_10k"] *= 0.3
    scenario = scenario.replace(workforce=workforce, desk=desk)
    nurture = Nurture.model_validate({"bar": "B", "content": "newsletter", "channel": "push", "every": "3d"})
    under = practice(cleaning(bar="A"), nurture)
    of = experiment(scenario, {"control": under})
    world = new_world(of)
    diary, looks, daily = Diary(scenario, under, world), Looks(), Daily()
    others = [part for part in of.parts(world, under) if not isinstance(part, Desk)]
    world.run(DAYS * DAY, [*others, diary, looks, daily])
    return diary, looks, daily


@cache
def stays() -> tuple[Any, Any, Any, Any]:
    """Every stay of a lead in a queue, from the diary: branch, queue, from, to; to the end for those who wait then."""
    time, branch, luck, queue = (np.concatenate(each) for each in zip(*watched()[0].written, strict=True))
    order = np.lexsort((np.arange(len(time)), luck))
    time, branch, luck, queue = time[order], branch[order], luck[order], queue[order]
    until = np.append(np.where(luck[1:] == luck[:-1], time[1:], DAYS * DAY), DAYS * DAY)
    inside = queue != GONE
    return branch[inside], queue[inside], time[inside], until[inside]


@pytest.mark.parametrize("branch", [0, 1])
@pytest.mark.parametrize("queue", range(1, GONE), ids=QUEUES[1:])
def test_the_number_in_every_queue_adds_up_to_the_time_that_each_stays(branch: int, queue: int) -> None:
    """The sum over all looks is that of the looks that each stay lives through; at each look, and cut to a window."""
    looks = np.array(sorted(watched()[1].counted))
    number = np.array([watched()[1].counted[at][branch, queue] for at in looks.tolist()])
    of_branch, of_queue, came, went = stays()
    mine = (of_branch == branch) & (of_queue == queue)
    came, went = came[mine], went[mine]
    first, last = np.searchsorted(looks, came), np.searchsorted(looks, went)
    assert number.sum() == (last - first).sum() > 100
    assert np.array_equal(number, np.cumsum(np.bincount(first, minlength=len(looks) + 1)
                                            - np.bincount(last, minlength=len(looks) + 1))[:-1])  # fmt: skip
    # Little's law over a window, with what earlier stays reach into it and its own reach beyond it.
    begins, ends = 20 * DAY, 70 * DAY
    inside = (came >= begins) & (came < ends)
    rate = np.count_nonzero(inside) / (ends - begins)
    mean = number[(looks >= begins) & (looks < ends)].mean()
    earlier = np.clip(went - begins, 0, ends - begins)[came < begins].sum()
    beyond = np.clip(went - ends, 0, None)[inside].sum()
    assert np.count_nonzero(inside) > 20
    little = rate * (went - came)[inside].mean()
    assert mean == pytest.approx(little + (earlier - beyond) / (ends - begins), rel=0.1)


def test_leads_created_are_those_of_the_diary_by_their_latest_grade_every_day() -> None:
    diary, _, daily = watched()
    time = np.concatenate([np.full(len(luck), now) for now, luck, _ in diary.grades])
    luck, grade = (np.concatenate([each[k] for each in diary.grades]) for k in (1, 2))
    for day, counted in enumerate(daily.counted):
        so_far = time < day * DAY
        order = np.lexsort((np.arange(np.count_nonzero(so_far)), luck[so_far]))
        latest = np.append(np.diff(luck[so_far][order].astype(np.int64)) != 0, True) if len(order) else []
        found = np.bincount(grade[so_far][order][latest] if len(order) else [], minlength=5)
        assert np.array_equal(counted[..., CREATED].sum(axis=(0, 1)), found), day
    assert np.all(daily.counted[-1][..., CREATED].sum(axis=(0, 1))[1:] > 5)
