"""The desk of every branch: at each slot leads are graded, allocated and called, up to its capacity."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.engagement import granting
from lifesim.errors import StrategyError
from lifesim.population.columns import T_WITHDRAWN
from lifesim.scenario import Scenario
from lifesim.scenario.market import CHANNELS
from lifesim.strategy import UNASSIGNED, AgentView, LeadView, Luck, Practice
from lifesim.workforce import leads as pool
from lifesim.workforce.leads import DESK
from lifesim.world.asking import asked, at, integers
from lifesim.world.hours import Hours
from lifesim.world.kernel import hold
from lifesim.world.views import AGENT_COLUMNS
from lifesim.world.world import World

MAX_GRADE = 3
_CALL = CHANNELS.index("call")


class Desk:
    """Keeps the appointments of the seats; looks at nobody but the customers who wait for one."""

    phase, name, local = 5, DESK, True

    def __init__(self, scenario: Scenario, practice: Practice, world: World) -> None:
        self.desk, self.practice, self.world = scenario.desk, practice, world
        self.groups = groups(scenario, world)
        self.hours = Hours(scenario, practice.staffing)

    def next(self, now: int) -> int | None:
        """Next slot of a working day at which somebody may wait.

        With an empty pool, and everyone ahead already, nobody can ask before the first request that is known or
        the time up to which customers ran ahead: the slots between are not visited.
        """
        inquiries = self.world.extra["inquiries"]["time"]
        ahead = self.world.ahead
        if len(self.world.extra["leads"]) or int(self.world.state.wake.min()) < ahead:
            return self.hours.next(now)
        first = int(inquiries.min()) + 1 if len(inquiries) else ahead
        return self.hours.next(max(now, min(first, ahead)))

    def act(self, world: World, now: int) -> None:
        """One slot: new requests in, impatient customers out, the rest graded, allocated, called."""
        measures = world.extra["desk"]
        waiting = self._lose(self._collect(now, measures), now, measures)
        capacity = self.hours.calls(self.groups["calls"], np.array([now]))[0]
        if len(waiting) and capacity.any():
            waiting = self._serve(now, waiting, capacity, measures)
        world.extra["leads"] = waiting

    def _collect(self, now: int, measures: Any) -> Any:
        """Waiting leads with the inquiries made before this slot."""
        world = self.world
        inquiries, waiting = world.extra["inquiries"], world.extra["leads"]
        made = inquiries["time"] < now
        if not made.any():
            return waiting
        desk = world.campaigns.index(DESK)
        new = pool.inquiries(world.scenario, world.streams, world.state, inquiries[made], desk)
        world.extra["inquiries"] = inquiries[~made]
        _count(world, measures, new, pool.REQUESTS, 1)
        return pool.in_order(np.concatenate([waiting, new]), world.state)

    def _lose(self, waiting: Any, now: int, measures: Any) -> Any:
        """Without those who gave up."""
        gone = waiting["gives_up"] <= now
        if not gone.any():
            return waiting
        world, lost = self.world, waiting[gone]
        _count(world, measures, lost, pool.GAVE_UP, 1)
        calls = lost[lost["inquiry"] == 0]
        np.add.at(world.state.touched, (calls["campaign"], _CALL, calls["content"], T_WITHDRAWN), 1)
        granting.give_up(_rows(lost[lost["inquiry"] == 1]), now, world.kernel_record)
        hold(_rows(lost), -1, world.kernel_record)
        return waiting[~gone]

    def _serve(self, now: int, waiting: Any, capacity: Any, measures: Any) -> Any:
        """Grade and allocate; put the calls on their way; returns the leads that go on waiting."""
        world = self.world
        date = world.date(now)
        grading, allocation = self.practice.grading, self.practice.allocation
        view = self._view(waiting, now, grading)
        name = type(grading).__name__
        grades = asked(world, name, now, grading.grade, view, self._luck("grading", name, waiting, now))
        grades = integers(world, name, now, "grades", grades, len(waiting), 0, MAX_GRADE)
        reordered = bool(np.any(grades[1:] < grades[:-1]))
        if reordered:
            waiting = waiting[np.argsort(grades, kind="stable")]
        view = self._view(waiting, now, allocation)
        seats = {**self.groups["seen"], "capacity": capacity}
        agents = AgentView(np.arange(len(capacity)), AGENT_COLUMNS, seats, now, date)
        name = type(allocation).__name__
        luck = self._luck("allocation", name, waiting, now)
        given = asked(world, name, now, allocation.assign, view, agents, luck)
        given = integers(world, name, now, "assignments", given, len(waiting), UNASSIGNED, len(capacity) - 1)
        taken = given >= 0
        if not taken.any():
            return waiting
        self._check(name, now, waiting[taken], given[taken], capacity)
        self._call(now, waiting[taken], given[taken], measures)
        rest = waiting[~taken]
        return pool.in_order(rest, world.state) if reordered else rest

    def _luck(self, kind: str, name: str, waiting: Any, now: int) -> Luck:
        """Luck about leads: a class may grade and allocate, and a customer may wait twice."""
        customers = self.world.state.customers

        def keys() -> Any:
            return customers["key"][waiting["customer"]]

        return Luck(self.world.streams, f"{kind} {name}", keys, now, waiting["luck"])

    def _view(self, waiting: Any, now: int, plug_in: Any) -> LeadView:
        world = self.world
        columns = world.everything_of_leads if getattr(plug_in, "oracle", False) else world.observed_leads
        return LeadView(np.arange(len(waiting)), columns, (world.state, waiting), now, world.date(now))

    def _check(self, name: str, now: int, taken: Any, given: Any, capacity: Any) -> None:
        """No group takes more than its capacity, nor customers of another branch."""
        used = np.bincount(given, minlength=len(capacity))
        if np.any(used > capacity):
            group = int(np.argmax(used - capacity))
            raise StrategyError(
                f"{at(self.world, name, now)}: gives {used[group]} leads to group {group}, "
                f"which can take {capacity[group]}"
            )
        branch = self.world.state.customers["branch"][taken["customer"]]
        if self.desk.scope == "branch" and np.any(branch != self.groups["seen"]["branch"][given]):
            raise StrategyError(f"{at(self.world, name, now)}: gives a lead to seats of another branch")

    def _call(self, now: int, granted: Any, given: Any, measures: Any) -> None:
        """Put the calls on their way, at times within the slot that are the customer's own luck."""
        world = self.world
        world.room_for_touches(len(granted))
        u = world.streams.uniforms("time in slot", granted["luck"])
        times = now + (u * self.desk.slot).astype(np.int64)
        _count(world, measures, granted, pool.GRANTED, 1)
        _count(world, measures, granted, pool.WAIT_SECONDS, times - granted["asked"])
        skill = self.groups["seen"]["skill"][given]
        granting.call(granted, times, skill, _CALL, self.desk.cost, world.kernel_record)
        hold(_rows(granted), -1, world.kernel_record)


def _rows(leads: Any) -> Any:
    return leads["customer"].astype(np.int64)


def _count(world: World, measures: Any, leads: Any, measure: int, amount: Any) -> None:
    np.add.at(measures, (world.state.customers["branch"][leads["customer"]], measure), amount)


def groups(scenario: Scenario, world: World) -> dict[str, Any]:
    """Groups of seats as columns: one row per branch and group, or per group for a national desk."""
    desk = scenario.desk
    sizes = world.started_with if desk.scope == "branch" else {0: sum(world.started_with.values())}
    rows = [(number, desk.seats[group], size) for number, size in sizes.items() for group in desk.seats]
    calls = [seats.per_10k * size / 1e4 * seats.calls_per_hour * desk.slot / 3600 for _, seats, size in rows]
    branch = np.array([number for number, _, _ in rows])
    skill = np.array([seats.skill for _, seats, _ in rows])
    return {"calls": np.array(calls), "seen": {"branch": branch, "skill": skill}}


def capacity_by_branch(world: World, staffing: tuple[float, ...], since: int, until: int) -> Any:
    """Calls that the seats of each branch can make from one time to another. Shape (branches,)."""
    hours, of = Hours(world.scenario, staffing), groups(world.scenario, world)
    calls = hours.calls(of["calls"], hours.times(since, until)).sum(axis=0)
    branches = len(world.scenario.population.branches)
    return np.bincount(of["seen"]["branch"], weights=calls, minlength=branches)
