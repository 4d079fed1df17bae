"""What holds of agents and their leads whatever the strategy: nobody's luck moves, and no queue loses anybody."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from quiet_world import REPO
from small_worlds import busy, curious, described, differences, experiment, keys_of, lives, new_world, small
from teams import JUNIORS, SENIORS, TURNOVER
from teams import described as team_described

from lifesim import workspace
from lifesim.population.columns import DAY
from lifesim.scenario import Scenario
from lifesim.strategy import LeadView, Luck, Practice
from lifesim.workforce import cases
from lifesim.workforce.staff import LOAD
from lifesim.world.desk import Desk
from lifesim.world.review import Review
from lifesim.world.world import World

HOUR = 3_600


@pytest.fixture(autouse=True)
def _workspace() -> Iterator[None]:
    """Work with the strategies of the checkout."""
    workspace.unmount()
    workspace.mount(REPO)
    yield
    workspace.unmount()


class Graded:
    """A grade that is the lead's own luck."""

    def grade(self, leads: LeadView, luck: Luck) -> Any:
        return (luck.uniforms("grade", lasting=True) * 4).astype(np.int64)


# Where nobody is scarce and all are alike


@cache
def alike(slots: int) -> Scenario:
    """Two branches whose seats and agents are alike and stay; with as many slots a day as given."""
    scenario = small({"north": 250, "south": 200})
    data = described(scenario)
    tier = SENIORS | {
        "per_10k": 200, "skill": dict.fromkeys(("protection", "health", "wealth"), 0.1), "skill_spread": 0.0,
        "opens": "09:00", "closes": "18:00", "workdays": [1, 2, 3, 4, 5], "slots": slots, "own_business": "0%",
        "willing": "100%",
    }  # fmt: skip
    stay = TURNOVER | {"retained_13_months": 1.0, "veterans_leave": "0/y"}
    team = team_described(tiers={"seniors": tier, "juniors": tier}, turnover=stay, affinity=0.0)
    seats = {"all": {"per_10k": slots, "calls_per_hour": slots, "skill": 0.1}}
    desk = data["desk"] | {"seats": seats, "opens": "09:00", "closes": "18:00", "workdays": [1, 2, 3, 4, 5]}
    return scenario.replace(behaviour=curious(scenario), desk=desk, workforce=team)


def ended(name: str, slots: int = 3_000) -> tuple[World, dict[str, Any]]:
    """A world after 60 days under an allocation, and what became of its customers."""
    practice = Practice(busy().orchestrations, grading=Graded(), allocation=of(name))
    experiment_of = experiment(alike(slots), {"control": practice})
    world = new_world(experiment_of)
    world.run(60 * DAY, experiment_of.parts(world, practice))
    return world, lives(world, only=keys_of(world))


def of(name: str) -> Any:
    return workspace.discover("allocation")[name].cls()


#: Who has a lead in hand is all that may differ.
WHO = ("extra.cases",)


@cache
def by_chance() -> dict[str, Any]:
    return ended("random_agent")[1]


def names() -> list[str]:
    return sorted(path.stem for path in (REPO / "strategies" / "allocation").glob("[a-z]*.py"))


@pytest.mark.parametrize("name", [name for name in names() if name != "random_agent"])
def test_where_nobody_is_scarce_and_all_are_alike_no_customer_notices_the_allocation(name: str) -> None:
    """Every column, policy, touch and event of every customer is the same, to the bit."""
    world, found = ended(name)
    assert world.extra[cases.GRADED][..., cases.TAKEN].sum() > 200
    assert differences(by_chance(), found, ignore=WHO) == []


def test_where_agents_are_scarce_or_differ_customers_do_notice() -> None:
    """The test above could fail: the same worlds with few slots end in different ways."""
    assert differences(ended("random_agent", 1)[1], ended("tiered", 1)[1], ignore=WHO) != []


# Queues, from two records


class Looks:
    """Sums what each row of the staff has in hand, a record that knows of no case."""

    phase, name, local = 9, "looks", False

    def __init__(self) -> None:
        self.load: dict[int, int] = {}
        self.waiting: dict[int, int] = {}

    def next(self, now: int) -> int:
        return -(-(now - 7) // HOUR) * HOUR + 7

    def act(self, world: World, now: int) -> None:
        self.load[now] = int(world.extra[LOAD].sum())
        self.waiting[now] = int(world.state.customers["waits"].sum())


class Written(Desk):
    """A desk that writes down when each inquiry was made and when somebody took it or the customer gave up."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._enter = self.rounds._call
        self.rounds._call = self._noted  # type: ignore[method-assign]
        self.asked: list[Any] = []
        self.over: list[Any] = []
        self.taken: list[Any] = []

    def _lose(self, waiting: Any, now: int, measures: Any) -> Any:
        left = super()._lose(waiting, now, measures)
        gone = waiting[(waiting["gives_up"] <= now) & (waiting["inquiry"] == 1)]
        self._write(gone, np.full(len(gone), now))
        return left

    def _noted(self, now: int, granted: Any, *given: Any) -> None:
        u = self.world.streams.uniforms("time in slot", granted["luck"], again=True)
        asked = granted["inquiry"] == 1
        self._write(granted[asked], (now + (u * self.desk.slot).astype(np.int64))[asked])
        self.taken.append(np.full(len(granted), now))
        self._enter(now, granted, *given)

    def _write(self, leads: Any, times: Any) -> None:
        self.asked.append(leads["asked"].astype(np.int64))
        self.over.append(times)


class Closed(Review):
    """A review that writes down when each case was taken and when it was concluded."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.handed: list[Any] = []
        self.over: list[Any] = []

    def act(self, world: World, now: int) -> None:
        before = np.concatenate([world.extra[cases.IN_HAND], world.extra[cases.RECENT]])
        super().act(world, now)
        still = np.isin(before["luck"], world.extra[cases.IN_HAND]["luck"])
        self.handed.append(before["handed"][~still].astype(np.int64))
        self.over.append(np.full(np.count_nonzero(~still), now))


DAYS = 120


@cache
def watched() -> tuple[Looks, Written, Closed, World]:
    """Impatient customers of few seats and of agents who come and go, over 120 days."""
    scenario = small({"north": 500, "south": 400}, horizon="100d")
    data = described(scenario)
    tiers = {"senior_agents": SENIORS | {"per_10k": 60}, "junior_agents": JUNIORS | {"per_10k": 60}}
    team = team_described(tiers=tiers, turnover=TURNOVER | {"veterans_leave": "0.3/month", "vacant": "10d"})
    seats = {"seats": {"per_10k": 15, "calls_per_hour": 1, "skill": 0.0}}
    desk = data["desk"] | {"seats": seats, "patience": "8h", "follow_up": "10d"}
    scenario = scenario.replace(behaviour=curious(scenario), desk=desk, workforce=team)
    practice = Practice(busy().orchestrations, grading=Graded(), allocation=of("random_agent"))
    experiment_of = experiment(scenario, {"control": practice})
    world = new_world(experiment_of)
    written = Written(scenario, practice, world)
    looks, closed = Looks(), Closed(written.staff)
    parts = experiment_of.parts(world, practice)
    others = [part for part in parts if not isinstance(part, Desk | Review)]
    world.run(DAYS * DAY, [*others, written, closed, looks])
    return looks, written, closed, world


def check_queue(counted: dict[int, int], came: Any, went: Any) -> None:
    """The number in the queue, summed over all looks, is the sum of the looks that each sojourn lives through.

    At every look, and so for the time-integral cut to any window: here to the middle half of the time besides.
    """
    looks = np.array(sorted(counted))
    number = np.array([counted[at] for at in looks.tolist()])
    inside = np.searchsorted(looks, went) - np.searchsorted(looks, came)
    assert number.sum() == inside.sum() > 1_000
    window = (looks >= DAYS * DAY // 4) & (looks < DAYS * DAY * 3 // 4)
    cut = np.searchsorted(looks[window], went) - np.searchsorted(looks[window], came)
    assert number[window].sum() == cut.sum() > 500


def test_those_who_wait_for_seats_and_agents_add_up_to_the_time_that_each_waits() -> None:
    looks, written, _, world = watched()
    waiting = [world.extra[name] for name in ("leads", "inquiries")]
    still = np.concatenate([waiting[0]["asked"][waiting[0]["inquiry"] == 1], waiting[1]["time"]]).astype(np.int64)
    came = np.concatenate([*written.asked, still])
    went = np.concatenate([*written.over, np.full(len(still), DAYS * DAY)])
    check_queue(looks.waiting, came, went)


def test_leads_in_hand_add_up_to_the_time_for_which_each_is() -> None:
    looks, written, closed, world = watched()
    still = np.concatenate([world.extra[cases.IN_HAND], world.extra[cases.RECENT]])["handed"].astype(np.int64)
    came = np.concatenate([*closed.handed, still])
    assert np.array_equal(np.sort(came), np.sort(np.concatenate(written.taken))), "a lead in hand that nobody took"
    check_queue(looks.load, came, np.concatenate([*closed.over, np.full(len(still), DAYS * DAY)]))


@pytest.mark.parametrize("queue", ["waiting", "in hand"])
def test_littles_law(queue: str) -> None:
    """L = rate x mean sojourn of those who came in the window, whole sojourns: 5% off at most, by those at its ends.

    L is the mean of the number that was counted, and knows of no sojourn.
    """
    looks, written, closed, _ = watched()
    counted = looks.waiting if queue == "waiting" else looks.load
    came, went = (written.asked, written.over) if queue == "waiting" else (closed.handed, closed.over)
    came, went = np.concatenate(came), np.concatenate(went)
    first, last = 20 * DAY, 100 * DAY
    mine = (came >= first) & (came < last)
    number = np.mean([n for at, n in counted.items() if first <= at < last])
    rate = np.count_nonzero(mine) / (last - first)
    assert np.count_nonzero(mine) > 200
    assert number == pytest.approx(rate * (went - came)[mine].mean(), rel=0.05)
