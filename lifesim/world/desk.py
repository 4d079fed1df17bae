"""The pool of every branch: at each slot new requests come in, the impatient go, and the rest are given out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lifesim.engagement import granting
from lifesim.lifecycle.touch_tables import channel_rules
from lifesim.population.arrays import appended, picked
from lifesim.population.columns import (
    DAY,
    KEY_BEHAVIOUR,
    T_WITHDRAWN,
)
from lifesim.population.memory import months_of
from lifesim.scenario import Scenario
from lifesim.strategy import Practice
from lifesim.workforce import cases, levers
from lifesim.workforce import leads as pool
from lifesim.workforce.leads import DESK
from lifesim.workforce.operation import WORK_LEFT
from lifesim.workforce.passage import LEAD_LOST, WITHDRAWN, pass_on
from lifesim.workforce.recording import OWED, nothing_owed, work_off
from lifesim.workforce.service import miss
from lifesim.workforce.shift import Shift
from lifesim.workforce.sold import nothing_sold
from lifesim.workforce.staff import staff
from lifesim.workforce.talks import Talks
from lifesim.workforce.tries import TRIES
from lifesim.world.call_rules import CallRules
from lifesim.world.hours import Hours
from lifesim.world.letting_go import let_go
from lifesim.world.pipeline import Pipeline
from lifesim.world.queues import HELD
from lifesim.world.rounds import Rounds
from lifesim.world.turns import Turns
from lifesim.world.world import World


class Desk:
    """Keeps the appointments of seats and agents; looks at nobody but the customers who wait for one."""

    phase, name, local = 5, DESK, True

    def __init__(self, scenario: Scenario, practice: Practice, world: World, turns: Turns | None = None) -> None:
        self.desk, self.world = scenario.desk, world
        # A conversation has the price of the desk; what is written, that of its channel.
        channels = channel_rules(scenario)
        costs = np.array([rules.cost for rules in channels], np.int64)
        costs[pool.CALL] = scenario.desk.cost
        self.staff = staff(
            levers.practised(scenario, practice.agents), world.streams, world.branches, world.started_with
        )
        levers.begin(world.extra, scenario, practice.agents, world.now)
        self.wishes = pool.wishes_of(world.journeys.told, scenario, self.staff.tiers)
        self.hours, self.talks = Hours(scenario, practice.staffing, self.staff.calls), Talks(self.staff)
        rules = self.rules = CallRules(world, costs, turns)
        self.pipeline = None
        if scenario.leads is not None:
            self.pipeline = Pipeline(scenario.leads, practice, self.staff, rules, world)
        self.rounds = Rounds(practice, self.staff, (self.hours, self.talks), rules, self.pipeline, world)
        months = len(months_of(scenario)[0])
        empty_ones = (
            self.staff.kept() | nothing_sold(self.staff, months) | self.talks.none()
            | cases.none(len(scenario.population.branches)) | nothing_owed(scenario, self.staff)
        )  # fmt: skip
        for name, empty in empty_ones.items():
            world.extra.setdefault(name, empty)

    def next(self, now: int) -> int | None:
        """Next slot of a working day at which somebody may wait.

        With an empty pool, and everyone ahead already, nobody can ask before the first request that is known or
        the time up to which customers ran ahead: the slots between are not visited.
        """
        extra, ahead = self.world.extra, self.world.ahead
        if len(extra["leads"]) or any(len(extra[name]) for name in HELD) or self._owed():
            return self.hours.next(now)
        if int(self.world.state.wake.min()) < ahead:
            return self.hours.next(now)
        made = np.concatenate([extra[name]["time"] for name in ("inquiries", "calls")])
        first = int(made.min()) + 1 if len(made) else ahead
        return self.hours.next(max(now, min(first, ahead)))

    def _owed(self) -> bool:
        """Whether sales are still to be recorded."""
        return OWED in self.world.extra and bool(np.count_nonzero(self.world.extra[OWED]))

    def act(self, world: World, now: int) -> None:
        """One slot: new requests in, impatient customers out, the rest graded, allocated, called."""
        measures = world.extra["desk"]
        used = self._worked_off(now)
        waiting = self._collect(now, measures)
        if self.pipeline is not None:
            for each in (waiting, world.extra[TRIES]):
                self.pipeline.overdue(each, now)
        waiting = self._lose(waiting, now, measures)
        shut, later = self.rules.shut(waiting, now), waiting[:0]
        if np.count_nonzero(shut):
            waiting, later = picked(waiting, ~shut), picked(waiting, shut)
        if len(waiting):
            waiting = self._serve(waiting, now, measures, used)
        world.extra["leads"] = pool.in_order(appended(waiting, later), world.state) if len(later) else waiting

    def _serve(self, waiting: Any, now: int, measures: Any, used: Any) -> Any:
        """Grade, allocate and call the leads whose channel is open; those that go on waiting."""
        calls = self._calls_now(now)
        if self.pipeline is None:
            return self.rounds.serve(now, waiting, measures, calls, used)
        calls = calls.copy()
        waiting = self.pipeline.worked(waiting, calls, now)
        ready = self.pipeline.ready(waiting)
        rest = self.rounds.serve(now, picked(waiting, ready), measures, calls, used)
        if len(rest) < np.count_nonzero(ready):
            waiting = pool.in_order(appended(picked(waiting, ~ready), rest), self.world.state)
        return waiting

    def _calls_now(self, now: int) -> Any:
        """Calls that each group of seats can make in the slot that begins now; below 0 while the desk is closed."""
        return self.talks.free(self.world.extra, self.hours.calls_now(now), self.hours.factors[now // DAY], now)

    def _collect(self, now: int, measures: Any) -> Any:
        """Waiting leads with those of inquiries, journeys and behaviour before this slot."""
        world, waiting = self.world, self.world.extra["leads"]
        inquiries, calls = (self._made(name, now) for name in ("inquiries", "calls"))
        if not len(inquiries) and not len(calls):
            return waiting
        new = pool.inquiries(world.scenario, world.streams, world.state, inquiries, world.campaigns.index(DESK))
        seen = calls["kind"] == KEY_BEHAVIOUR
        if len(calls):
            new = appended(new, pool.journey_calls(picked(calls, ~seen), self.wishes, self.desk.patience))
        if self.pipeline is not None:
            new = self.pipeline.entered(new, picked(calls, seen), waiting, now)
        pool.count(measures, world.state.customers["branch"][pool.rows_of(new)], pool.REQUESTS)
        return pool.in_order(appended(waiting, new), world.state)

    def _made(self, name: str, now: int) -> Any:
        """Requests made before this slot, which are taken out of those that wait to be collected."""
        requests = self.world.extra[name]
        made = requests["time"] < now
        if not np.count_nonzero(made):
            return requests[:0]
        self.world.extra[name] = picked(requests, ~made)
        return picked(requests, made)

    def _lose(self, waiting: Any, now: int, measures: Any) -> Any:
        """Without those who gave up."""
        gone = waiting["gives_up"] <= now
        if not np.count_nonzero(gone):
            return waiting
        world, lost = self.world, picked(waiting, gone)
        pool.count(measures, world.state.customers["branch"][lost["customer"]], pool.GAVE_UP)
        miss(world.extra, world.state.customers["branch"], lost, self.pipeline is None or ~self.pipeline.nurtured(lost))
        theirs = lost["inquiry"] == 1
        asked, ours = picked(lost, theirs), picked(lost, ~theirs)
        for of, measure in ((asked, LEAD_LOST), (ours, WITHDRAWN)):
            pass_on(world.extra, world.state.customers["branch"], of, of["grade"], measure)
        pool.count_touches(world.state.touched, picked(ours, ours["told"] != pool.TOLD), T_WITHDRAWN)
        granting.give_up(pool.rows_of(asked), now, world.kernel_address)
        let_go(world, lost, now)
        return picked(waiting, ~gone)

    def _worked_off(self, now: int) -> Any:
        """Slots that agents spend on sales to record and leads in hand, by row of the staff; none without such work."""
        extra, rounds = self.world.extra, self.rounds
        jobs: list[Callable[[Shift, int], Any]] = []
        if self._owed():
            jobs.append(lambda shift, now: work_off(extra, self.staff, shift))
        if rounds.worker is not None and len(extra[WORK_LEFT]):
            jobs.append(rounds.worker.work)
        if len(extra[TRIES]):
            jobs.append(rounds.try_again)
        if not jobs:
            return None
        shift, used = Shift(self.staff, extra, now, self.hours.calls_now(now), self.hours.works(now)), 0
        for job in jobs:
            slots = job(shift, now)
            shift, used = shift.with_capacity(shift["capacity"] - slots[shift.rows]), used + slots
        return used


def capacity_by_branch(
    world: World, staffing: tuple[float, ...], since: int, until: int, groups: tuple[str, ...] | None = None
) -> Any:
    """Calls that the seats of each branch, or some groups of them, can make in a time. Shape (branches,)."""
    of = staff(world.scenario, world.streams, world.branches, world.started_with)
    hours = Hours(world.scenario, staffing, of.calls)
    calls = hours.calls(hours.times(since, until)).sum(axis=0)
    if groups is not None:
        calls = calls * np.isin([of.tiers[tier] for tier in of.tier[: len(calls)]], groups)
    branch = np.maximum(of.branch[: len(of.calls)], 0)
    return np.bincount(branch, weights=calls, minlength=len(world.scenario.population.branches))
