"""The pool of every branch: at each slot leads are graded, allocated to seats and agents, and called."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from lifesim.engagement import granting
from lifesim.errors import StrategyError
from lifesim.lifecycle.touch_tables import channel_rules
from lifesim.population.arrays import appended
from lifesim.population.columns import (
    ANSWERS,
    ASSIGNS,
    CONNECTED,
    DAY,
    KEY_BEHAVIOUR,
    ORPHAN,
    T_REQUESTED,
    T_WITHDRAWN,
    TO_AGENT,
    UNSPOKEN,
)
from lifesim.population.memory import months_of
from lifesim.scenario import Scenario
from lifesim.scenario.needs import FAMILIES
from lifesim.strategy import UNASSIGNED, AgentView, Practice
from lifesim.workforce import cases, levers
from lifesim.workforce import leads as pool
from lifesim.workforce.agents import affinity
from lifesim.workforce.answers import complaint
from lifesim.workforce.contacts import Contacts
from lifesim.workforce.leads import DESK
from lifesim.workforce.operation import WORK_LEFT
from lifesim.workforce.passage import AGENT_SECONDS, IN_TIME, LEAD_LOST, TAKEN_FIRST, WITHDRAWN, pass_on
from lifesim.workforce.serving import NOBODY, SERVING, owners, told_of_another
from lifesim.workforce.shift import Shift
from lifesim.workforce.sold import IGNORED, SOLD_BY, nothing_sold
from lifesim.workforce.staff import ASSIGNED_TO, AWAY, BY_TIER, LAST, WAITED_FOR, staff
from lifesim.workforce.talks import Talks
from lifesim.world.asking import asked, at, integers
from lifesim.world.call_rules import CallRules
from lifesim.world.hours import Hours
from lifesim.world.kernel import hold
from lifesim.world.lead_views import graded, known, luck_of, shown, true_value
from lifesim.world.pipeline import Pipeline
from lifesim.world.turns import Turns
from lifesim.world.views import AGENT_COLUMNS, round_columns
from lifesim.world.working import Worker
from lifesim.world.world import HELD, World

_SKILLS = (*(f"skill_{family}" for family in FAMILIES), "skill")


class Desk:
    """Keeps the appointments of seats and agents; looks at nobody but the customers who wait for one."""

    phase, name, local = 5, DESK, True

    def __init__(self, scenario: Scenario, practice: Practice, world: World, turns: Turns | None = None) -> None:
        self.desk, self.practice, self.world = scenario.desk, practice, world
        # A conversation has the price of the desk; what is written, that of its channel.
        channels = channel_rules(scenario)
        self.costs = np.array([rules.cost for rules in channels], np.int64)
        self.costs[pool.CALL] = scenario.desk.cost
        self.takes = np.array([rules.takes for rules in channels], np.int64)
        hours = [(rules.hours.opens, rules.hours.closes) if rules.hours else (0, DAY) for rules in channels]
        self.opens, self.closes = np.array(hours).T
        self.staff = staff(
            levers.practised(scenario, practice.agents), world.streams, world.branches, world.started_with
        )
        levers.begin(world.extra, scenario, practice.agents, world.now)
        self.wishes = pool.wishes_of(world.journeys.told, scenario, self.staff.tiers)
        self.hours, self.talks = Hours(scenario, practice.staffing, self.staff.calls), Talks(self.staff)
        self.of_round = round_columns(scenario)
        self.of_oracles = self.of_round | true_value(world)
        self.rules = CallRules(world, self.costs, turns)
        self.pipeline = None
        if scenario.leads is not None:
            self.pipeline = Pipeline(scenario.leads, practice, self.staff, self.rules, world)
        self.worker = None
        if scenario.workforce is not None and scenario.workforce.operation is not None:
            self.worker = Worker(scenario.workforce.operation, self.staff, self.costs, self._skill, world)
        months = len(months_of(scenario)[0])
        self.contacts = Contacts(scenario, self.staff)
        empty_ones = (
            self.staff.kept() | self.contacts.kept() | nothing_sold(self.staff, months)
            | cases.none(len(scenario.population.branches)) | self.talks.none()
        )  # fmt: skip
        for name, empty in empty_ones.items():
            world.extra.setdefault(name, empty)

    def next(self, now: int) -> int | None:
        """Next slot of a working day at which somebody may wait.

        With an empty pool, and everyone ahead already, nobody can ask before the first request that is known or
        the time up to which customers ran ahead: the slots between are not visited.
        """
        made = np.concatenate([self.world.extra[name]["time"] for name in ("inquiries", "calls")])
        ahead = self.world.ahead
        held = any(len(self.world.extra[name]) for name in ("leads", *HELD))
        if held or int(self.world.state.wake.min()) < ahead:
            return self.hours.next(now)
        first = int(made.min()) + 1 if len(made) else ahead
        return self.hours.next(max(now, min(first, ahead)))

    def act(self, world: World, now: int) -> None:
        """One slot: new requests in, impatient customers out, the rest graded, allocated, called."""
        measures = world.extra["desk"]
        used = self._worked_off(now)
        waiting = self._lose(self._collect(now, measures), now, measures)
        shut = ~self.open_in(now)[waiting["channel"]]
        waiting, later = waiting[~shut], waiting[shut]
        if len(waiting) and self.pipeline is not None:
            calls = self._calls_now(now).copy()
            waiting = self.pipeline.worked(waiting, calls, now)
            ready = self.pipeline.ready(waiting)
            rest = self._serve_due(now, waiting[ready], measures, calls, used)
            waiting = pool.in_order(appended(waiting[~ready], rest), world.state)
        elif len(waiting):
            waiting = self._serve_due(now, waiting, measures, self._calls_now(now), used)
        world.extra["leads"] = pool.in_order(appended(waiting, later), world.state) if len(later) else waiting

    def _calls_now(self, now: int) -> Any:
        """Calls that each group of seats can make in the slot that begins now; below 0 while the desk is closed."""
        return self.talks.free(self.world.extra, self.hours.calls_now(now), self.hours.factors[now // DAY], now)

    def open_in(self, now: int) -> Any:
        """Which channels are open for the whole slot that begins now. Shape (channels,)."""
        second = now % DAY
        return (self.opens <= second) & (second + self.desk.slot <= self.closes)

    def _collect(self, now: int, measures: Any) -> Any:
        """Waiting leads with those of inquiries, journeys and behaviour before this slot."""
        world, waiting = self.world, self.world.extra["leads"]
        inquiries, calls = (self._made(name, now) for name in ("inquiries", "calls"))
        if not len(inquiries) and not len(calls):
            return waiting
        new = pool.inquiries(world.scenario, world.streams, world.state, inquiries, world.campaigns.index(DESK))
        seen = calls["kind"] == KEY_BEHAVIOUR
        new = appended(new, pool.journey_calls(calls[~seen], self.wishes, self.desk.patience))
        if self.pipeline is not None:
            new = self.pipeline.entered(new, calls[seen], waiting, now)
        _count(world, measures, new, pool.REQUESTS)
        return pool.in_order(appended(waiting, new), world.state)

    def _made(self, name: str, now: int) -> Any:
        """Requests made before this slot, which are taken out of those that wait to be collected."""
        requests = self.world.extra[name]
        made = requests["time"] < now
        if made.any():
            self.world.extra[name] = requests[~made]
        return requests[made]

    def _lose(self, waiting: Any, now: int, measures: Any) -> Any:
        """Without those who gave up."""
        gone = waiting["gives_up"] <= now
        if not gone.any():
            return waiting
        world, lost = self.world, waiting[gone]
        _count(world, measures, lost, pool.GAVE_UP)
        theirs = lost["inquiry"] == 1
        for of, measure in ((lost[theirs], LEAD_LOST), (lost[~theirs], WITHDRAWN)):
            pass_on(world.extra, world.state.customers["branch"], of, of["grade"], measure)
        _count_touches(world, lost[(lost["inquiry"] == 0) & (lost["told"] != pool.TOLD)], T_WITHDRAWN)
        granting.give_up(_rows(lost[lost["inquiry"] == 1]), now, world.kernel_address)
        hold(_rows(lost), -1, world.kernel_address)
        return waiting[~gone]

    def _worked_off(self, now: int) -> Any:
        """Slots that agents spend on leads in hand, by row of the staff; none where there is no such work."""
        if self.worker is None or not len(self.world.extra[WORK_LEFT]):
            return None
        shift = Shift(self.staff, self.world.extra, now, self.hours.calls_now(now), self.hours.works(now))
        return self.worker.work(shift, now)

    def _serve_due(self, now: int, waiting: Any, measures: Any, calls: Any, used: Any) -> Any:
        """Serve those who may be called now; returns the leads that go on waiting."""
        due, later = self.rules.due(waiting, now)
        rest = self._serve(now, due, measures, calls, used) if len(due) else due
        # Whoever has waited for long enough, and for whom the last calls have left nothing, waits no more.
        rest, beyond = self.rules.due(rest, now)
        held = appended(later, beyond)
        return pool.in_order(appended(rest, held), self.world.state) if len(held) else rest

    def _serve(self, now: int, waiting: Any, measures: Any, calls: Any, used: Any) -> Any:
        """Grade and allocate; put the calls on their way; returns the leads that go on waiting."""
        if not self._is_round(now):
            return waiting
        shift = Shift(self.staff, self.world.extra, now, calls, self.hours.works(now))
        if used is not None:
            shift = shift.with_capacity(shift["capacity"] - used[shift.rows])
        if not shift["capacity"].any():
            return waiting
        grades = self._grades(now, waiting)
        reordered = bool(np.any(grades[1:] < grades[:-1]))
        if reordered:
            order = np.argsort(grades, kind="stable")
            waiting, grades = waiting[order], grades[order]
        given = self._given(now, waiting, grades, shift)
        rows = np.where(self.rules.within(waiting, given >= 0, now), shift.rows[given], UNASSIGNED)
        asks = (waiting["channel"] == pool.WECOM) & self.contacts.asks[waiting["content"]]
        taken = self.contacts.within(self.world.extra, asks, rows, now)
        if not taken.any():
            return waiting
        skill = self._skill(waiting[taken], given[taken], shift)
        if self.pipeline is not None:
            skill -= self.pipeline.cooled(waiting[taken], now)
        self.rules.count(waiting[taken])
        self._call(now, waiting[taken], shift.rows[given[taken]], grades[taken], skill, measures)
        rest = waiting[~taken]
        return pool.in_order(rest, self.world.state) if reordered else rest

    def _is_round(self, now: int) -> bool:
        """Whether leads are given out in the slot that begins now."""
        rounds = self.practice.rounds
        return not rounds or any(0 <= now % DAY - time < self.desk.slot for time in rounds)

    def _grades(self, now: int, waiting: Any) -> Any:
        """Grade of each lead, 0 to 3."""
        if self.pipeline is not None:
            return waiting["grade"].astype(np.int64) - 1
        return graded(self.world, self.practice.grading, waiting, now)

    def _given(self, now: int, waiting: Any, grades: Any, shift: Shift) -> Any:
        """Place in the shift of who gets each lead: what only agents can do first, and the rest with who is left."""
        theirs = np.isin(waiting["channel"], pool.BY_AGENTS)
        if not theirs.any():
            return self._allocated(now, waiting, grades, shift)
        given = np.full(len(waiting), UNASSIGNED)
        # One visit in a slot: whoever is on the way to a customer takes nothing else.
        able = np.where(shift.rows < len(self.staff.calls), 0, np.minimum(shift["capacity"], 1))
        agents = shift.with_capacity(able)
        given[theirs] = self._allocated(now, waiting[theirs], grades[theirs], agents)
        used = np.bincount(given[theirs & (given >= 0)], minlength=len(shift.rows))
        left = shift.with_capacity(np.where(used > 0, 0, shift["capacity"]))
        given[~theirs] = self._allocated(now, waiting[~theirs], grades[~theirs], left)
        return given

    def _allocated(self, now: int, waiting: Any, grades: Any, shift: Shift) -> Any:
        """Place in the shift of who gets each lead."""
        world, allocation, rows = self.world, self.practice.allocation, shift.rows
        name = type(allocation).__name__
        owners = partial(self._owners, waiting["customer"], rows)
        columns = self.of_oracles if getattr(allocation, "oracle", False) else self.of_round
        leads = shown(world, allocation, (world.state, waiting, grades, owners), columns, now)
        agents = AgentView(np.arange(len(rows)), AGENT_COLUMNS, shift, now, world.date(now), self.staff.tiers)
        luck = luck_of(world, "allocation", name, waiting, now, self.staff.key[rows])
        given = asked(world, name, now, allocation.assign, leads, agents, luck)
        given = integers(world, name, now, "assignments", given, len(waiting), UNASSIGNED, len(rows) - 1)
        wrong = complaint(given, world.state.customers["branch"][waiting["customer"]], agents)
        if wrong is not None:
            raise StrategyError(f"{at(world, name, now)}: {wrong}")
        return self._taken_up(now, waiting, given, rows)

    def _owners(self, customers: Any, rows: Any) -> Any:
        """Place in the shift of who has a customer's latest lead in hand, or else serves the customer; -1 for none."""
        extra = self.world.extra
        in_hand = cases.owners(extra, self.staff, customers, rows)
        if SERVING not in extra:
            return in_hand
        return np.where(in_hand >= 0, in_hand, owners(self.staff, extra[SERVING], customers, rows))

    def _taken_up(self, now: int, waiting: Any, given: Any, rows: Any) -> Any:
        """The answer without the leads that agents ignore, of their own will: those stay in the pool."""
        workforce = self.staff.scenario.workforce
        if workforce is None:
            return given
        willing = np.array([1.0] * len(self.desk.seats) + [tier.willing for tier in workforce.tiers.values()])
        willing = willing[self.staff.tier[rows[given]]] * levers.willingness(workforce, self.world.extra, rows[given])
        u = self.world.streams.uniforms("lead taken up", waiting["luck"], now)
        ignored = (given >= 0) & (u >= willing)
        if ignored.any():
            branch = self.world.state.customers["branch"][waiting["customer"][ignored]]
            np.add.at(self.world.extra[SOLD_BY], (branch, self.staff.tier[rows[given[ignored]]], IGNORED), 1)
        return np.where(ignored, UNASSIGNED, given)

    def _skill(self, taken: Any, given: Any, shift: Shift) -> Any:
        """Skill of each conversation, in the family of needs that it is about, with what the two make of each other."""
        about = self.of_round["family"]((None, taken), slice(None), 0)
        # A content about no family has -1: the last column.
        skill = np.array([shift[name] for name in _SKILLS], np.float64)[about, given]
        workforce, rows = self.world.scenario.workforce, shift.rows
        if workforce is not None:
            agents = rows[given] >= len(self.staff.calls)
            keys = self.world.state.customers["key"][taken["customer"][agents]]
            skill[agents] += affinity(workforce, self.world.streams, keys, self.staff.key[rows[given[agents]]])
        return skill

    def _call(self, now: int, granted: Any, rows: Any, grades: Any, skill: Any, measures: Any) -> None:
        """Put the calls on their way, at times within the slot that are the customer's own luck."""
        world = self.world
        world.room_for_touches(len(granted))
        u = world.streams.uniforms("time in slot", granted["luck"])
        times = now + (u * self.desk.slot).astype(np.int64)
        _count(world, measures, granted, pool.GRANTED)
        _count(world, measures, granted, pool.WAIT_SECONDS, times - granted["asked"])
        # The customer has asked for the answer: it is a touch of ours from now on.
        _count_touches(world, granted[granted["inquiry"] == 1], T_REQUESTED)
        granting.call(
            granted["customer"], granted["luck"], granted["campaign"], granted["content"], granted["step"],
            self._what_it_is(granted, rows), granted["channel"], times, skill, self.costs, world.kernel_address,
        )  # fmt: skip
        branch = world.state.customers["branch"][granted["customer"]].astype(np.int64)
        if BY_TIER in world.extra:
            waited = times - granted["asked"]
            np.add.at(world.extra[BY_TIER], (branch, self.staff.tier[rows], WAITED_FOR), waited)
        first = granted["returned"] == 0
        of, branches = granted[first], world.state.customers["branch"]
        pass_on(world.extra, branches, of, of["grade"], TAKEN_FIRST)
        pass_on(world.extra, branches, of, of["grade"], AGENT_SECONDS, times[first] - of["graded"])
        if self.pipeline is not None:
            soon = of[times[first] - of["asked"] <= self.pipeline.leads.contacted]
            pass_on(world.extra, branches, soon, soon["grade"], IN_TIME)
        about = {} if self.pipeline is None else known(world, granted, now)
        cases.take(world.extra, self.staff, granted, rows, grades, branch, now, about)
        if SERVING in world.extra:
            self._give_to_agents(granted, rows)
        self.talks.begin(world.extra, world.streams, granted, rows, times)
        world.extra[LAST][rows] = now
        away = self.takes[granted["channel"]]
        np.maximum.at(world.extra[AWAY], rows[away > 0], now + away[away > 0])
        released = granted if self.worker is None else granted[~self.worker.begin(granted, rows, now)]
        hold(_rows(released), -1, world.kernel_address)

    def _give_to_agents(self, granted: Any, rows: Any) -> None:
        """Policyholders whom agents take over are theirs from now on; so are those of nobody of whom they are told."""
        extra, c = self.world.extra, self.world.state.customers
        mine = (granted["told"] > 0) & (rows >= len(self.staff.calls)) & (granted["customer"] < len(extra[SERVING]))
        customers, rows, told = granted["customer"][mine].astype(np.int64), rows[mine], granted["told"][mine]
        free = (told == pool.HANDED) | (extra[SERVING][customers] == NOBODY)
        free &= c["policies"][customers] > 0
        customers, rows = customers[free], rows[free]
        extra[SERVING][customers] = rows
        were = (c["marks"][customers] & ORPHAN) > 0
        np.add.at(extra[BY_TIER], (c["branch"][customers[were]], self.staff.tier[rows[were]], ASSIGNED_TO), 1)
        told_of_another(extra, self.staff, self.world.streams, c["key"], customers[were])

    def _what_it_is(self, granted: Any, rows: Any) -> Any:
        """Bits of the touch with each lead, see ``population.columns``; rows of the staff who took them. Shape (n,)."""
        told = granted["told"].astype(np.int64)
        by_agent = np.where(rows >= len(self.staff.calls), TO_AGENT, 0)
        assigned = np.where(told > 0, ASSIGNS | by_agent, 0)
        # Who was qualified has been told of the call, and expects it.
        expected = granted["qualified"] * np.int64(CONNECTED)
        return expected | granted["inquiry"] * ANSWERS | assigned | np.where(told == pool.TOLD, UNSPOKEN, 0)


def _rows(leads: Any) -> Any:
    return leads["customer"].astype(np.int64)


def _count(world: World, measures: Any, leads: Any, measure: int, amounts: Any = None) -> None:
    """Add to a measure of each branch: amounts of its leads, whole numbers, or how many they are."""
    branch = world.state.customers["branch"][leads["customer"]]
    measures[:, measure] += np.bincount(branch, amounts, minlength=len(measures)).astype(np.int64)


def _count_touches(world: World, leads: Any, outcome: int) -> None:
    """Count the calls that leads are for in the table of what became of touches."""
    np.add.at(world.state.touched, (leads["campaign"], leads["channel"], leads["content"], outcome), 1)


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
