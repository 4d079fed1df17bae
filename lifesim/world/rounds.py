"""One round of a slot: leads that may be given to somebody are graded, allocated, and called."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from lifesim.engagement import granting
from lifesim.errors import StrategyError
from lifesim.lifecycle.touch_tables import channel_rules
from lifesim.population.arrays import appended, picked
from lifesim.population.columns import ANSWERS, ASSIGNS, CONNECTED, DAY, ORPHAN, T_REQUESTED, TO_AGENT, UNSPOKEN
from lifesim.scenario import Scenario
from lifesim.scenario.needs import FAMILIES
from lifesim.strategy import UNASSIGNED, AgentView, Practice
from lifesim.workforce import cases, levers
from lifesim.workforce import leads as pool
from lifesim.workforce.agents import affinity
from lifesim.workforce.answers import complaint
from lifesim.workforce.contacts import Contacts
from lifesim.workforce.on_the_way import slots_on_the_way
from lifesim.workforce.passage import AGENT_SECONDS, PASSAGE, TAKEN_FIRST, pass_on
from lifesim.workforce.service import meet
from lifesim.workforce.serving import NOBODY, SERVING, owners, told_of_another
from lifesim.workforce.shift import Shift
from lifesim.workforce.sold import IGNORED, SOLD_BY
from lifesim.workforce.staff import ASSIGNED_TO, AWAY, BY_TIER, LAST, WAITED_FOR, WAY_SLOTS, Staff
from lifesim.workforce.talks import Talks
from lifesim.world.asking import asked, at, integers
from lifesim.world.call_rules import CallRules
from lifesim.world.hours import Hours
from lifesim.world.kernel import hold
from lifesim.world.lead_views import columns_for, graded, known, luck_of, shown
from lifesim.world.pipeline import Pipeline
from lifesim.world.trying import Trier
from lifesim.world.views import AGENT_COLUMNS, round_columns
from lifesim.world.working import Worker
from lifesim.world.world import World

_SKILLS = (*(f"skill_{family}" for family in FAMILIES), "skill")
#: Bits of a touch by what a journey asks for beside a call (nothing, ``HANDED``, ``TOLD``), of seats and of agents.
_OF_TOLD = np.array([[0, 0], [ASSIGNS, ASSIGNS | TO_AGENT], [ASSIGNS | UNSPOKEN, ASSIGNS | TO_AGENT | UNSPOKEN]])


class Rounds:
    """Gives leads to who is on duty, as a practice does, and puts the calls on their way."""

    def __init__(
        self, practice: Practice, staff: Staff, times: tuple[Hours, Talks], rules: CallRules,
        pipeline: Pipeline | None, world: World,
    ) -> None:  # fmt: skip
        scenario: Scenario = world.scenario
        self.desk, self.practice, self.staff, self.rules = scenario.desk, practice, staff, rules
        self.pipeline, self.world, self.costs = pipeline, world, rules.costs
        self.hours, self.talks = times
        self.takes = np.array([each.takes for each in channel_rules(scenario)], np.int64)
        self.of_round = round_columns(scenario)
        self.columns = columns_for(world, practice.allocation) | self.of_round
        self.contacts = Contacts(scenario, staff)
        for name, empty in self.contacts.kept().items():
            world.extra.setdefault(name, empty)
        self.worker = None
        if scenario.workforce is not None and scenario.workforce.operation is not None:
            self.worker = Worker(scenario.workforce.operation, staff, rules, self.skill, world)
        self.trier = None
        if scenario.workforce is not None and scenario.workforce.reaching is not None:
            self.trier = Trier(scenario.workforce.reaching, staff, rules, world)

    def serve(self, now: int, waiting: Any, measures: Any, calls: Any, used: Any) -> Any:
        """Serve those who may be called now; returns the leads that go on waiting."""
        if not self._is_round(now):
            return waiting
        due, later = self.rules.due(waiting, now)
        rest = self._serve(now, due, measures, calls, used) if len(due) else due
        # Whoever has waited for long enough, and for whom the last calls have left nothing, waits no more.
        rest, beyond = self.rules.due(rest, now) if len(rest) else (rest, rest)
        held = appended(later, beyond)
        return pool.in_order(appended(rest, held), self.world.state) if len(held) else rest

    def _serve(self, now: int, waiting: Any, measures: Any, calls: Any, used: Any) -> Any:
        """Grade and allocate; put the calls on their way; returns the leads that go on waiting."""
        shift = Shift(self.staff, self.world.extra, now, calls, self.hours.works(now))
        if used is not None:
            shift = shift.with_capacity(shift["capacity"] - used[shift.rows])
        if not np.count_nonzero(shift["capacity"]):
            return waiting
        grades = self._grades(now, waiting)
        order = grades.argsort(kind="stable")
        ranked, grades = picked(waiting, order), grades[order]
        given = self._given(now, ranked, grades, shift)
        wanted = self.rules.within(ranked, given >= 0, now)
        taken = self.contacts.within(self.world.extra, ranked, wanted, shift.rows[given], now)
        if not np.count_nonzero(taken):
            return waiting
        granted, given = picked(ranked, taken), given[taken]
        skill = self.skill(granted, given, shift)
        if self.pipeline is not None:
            skill -= self.pipeline.cooled(granted, now)
        self.rules.count(granted)
        self._call(now, granted, shift.rows[given], grades[taken], skill, measures)
        self._leave(granted, given, shift)
        left = np.ones(len(waiting), bool)
        left[order[taken]] = False
        return picked(waiting, left)

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
        theirs = pool.BY_AGENTS[waiting["channel"]]
        if not np.count_nonzero(theirs):
            return self._allocated(now, waiting, grades, shift)
        given = np.full(len(waiting), UNASSIGNED)
        # One visit in a slot: whoever is on the way to a customer takes nothing else.
        able = np.where(shift.rows < len(self.staff.calls), 0, np.minimum(shift["capacity"], 1))
        agents = shift.with_capacity(able)
        given[theirs] = self._allocated(now, picked(waiting, theirs), grades[theirs], agents)
        used = np.bincount(given[theirs & (given >= 0)], minlength=len(shift.rows))
        left = shift.with_capacity(np.where(used > 0, 0, shift["capacity"]))
        given[~theirs] = self._allocated(now, picked(waiting, ~theirs), grades[~theirs], left)
        return given

    def _allocated(self, now: int, waiting: Any, grades: Any, shift: Shift) -> Any:
        """Place in the shift of who gets each lead."""
        world, allocation, rows = self.world, self.practice.allocation, shift.rows
        name = type(allocation).__name__
        owners = partial(self._owners, waiting["customer"], rows)
        leads = shown(world, self.columns, (world.state, waiting, grades, owners), now)
        agents = AgentView(np.arange(len(rows)), AGENT_COLUMNS, shift, now, leads.date, self.staff.tiers)
        luck = luck_of(world, "allocation", name, waiting, now, self.staff.key[rows])
        given = asked(world, name, now, allocation.assign, leads, agents, luck)
        given = integers(world, name, now, "assignments", given, len(waiting), UNASSIGNED, len(rows) - 1)
        # By what is behind the view: the strategy may have made the columns of its own writable.
        wrong = complaint(given, world.state.customers["branch"][pool.rows_of(waiting)], shift)
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

    def skill(self, taken: Any, given: Any, shift: Shift) -> Any:
        """Skill of each conversation, in the family of needs that it is about, with what the two make of each other."""
        if self.staff.agents is None:  # seats are as good in one family of needs as in another
            return self.staff.skill[given]
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
        """Enter leads that somebody takes, and call them."""
        world, extra, branches = self.world, self.world.extra, self.world.state.customers["branch"]
        # The customer has asked for the answer: it is a touch of ours from now on.
        pool.count_touches(world.state.touched, granted, T_REQUESTED, granted["inquiry"])
        times = self._talk(granted, rows, skill, now, first=True)
        waited = times - granted["asked"]
        branch = branches[pool.rows_of(granted)].astype(np.int64)
        pool.count(measures, branch, pool.GRANTED)
        pool.count(measures, branch, pool.WAIT_SECONDS, waited)
        if BY_TIER in extra:
            np.add.at(extra[BY_TIER], (branch, self.staff.tier[rows], WAITED_FOR), waited)
        if PASSAGE in extra:
            first = granted["returned"] == 0
            of = picked(granted, first)
            pass_on(extra, branches, of, of["grade"], TAKEN_FIRST)
            pass_on(extra, branches, of, of["grade"], AGENT_SECONDS, times[first] - of["graded"])
        about = {} if self.pipeline is None else known(world, granted, now)
        cases.take(extra, self.staff, granted, rows, grades, branch, now, about)
        if SERVING in extra:
            self._give_to_agents(granted, rows)
        self.talks.begin(extra, world.streams, granted, rows, times)
        extra[LAST][rows] = now

    def try_again(self, shift: Shift, now: int) -> Any:
        """Have agents call customers again whom they did not reach; slots that it takes of each row of the staff."""
        assert self.trier is not None
        leads, rows, used = self.trier.again(shift, now)
        place = np.zeros(len(self.staff), np.int64)
        place[shift.rows] = np.arange(len(shift.rows))
        skill = self.skill(leads, place[rows], shift)
        if self.pipeline is not None:
            skill -= self.pipeline.cooled(leads, now)
        self._talk(leads, rows, skill, now)
        return used

    def _talk(self, leads: Any, rows: Any, skill: Any, now: int, first: bool = False) -> Any:
        """Put calls on their way to those who are reached; times within the slot that are the customer's own luck."""
        world, tries = self.world, 0 if first else leads["dials"].astype(np.int64)
        times = now + (world.streams.uniforms("time in slot", leads["luck"], tries) * self.desk.slot).astype(np.int64)
        bits, at = self._what_it_is(leads, rows), times
        if self.trier is not None:
            of = self.trier.reached(leads, rows, now) if first else np.ones(len(leads), bool)
            by_agent = (leads["channel"] == pool.CALL) & (rows >= len(self.staff.calls))
            bits = np.where(by_agent, bits | CONNECTED, bits)[of]
            leads, rows, skill, at = picked(leads, of), rows[of], skill[of], times[of]
        world.room_for_touches(len(leads))
        granting.call(
            leads["customer"], leads["luck"], leads["campaign"], leads["content"], leads["step"], bits,
            leads["channel"], at, skill, self.costs, world.kernel_address,
        )  # fmt: skip
        if self.pipeline is not None:
            within = self.pipeline.leads.contacted
            meet(world.extra, world.state.customers["branch"], leads, self.staff.tier[rows], at, within)
        released = leads if self.worker is None else picked(leads, ~self.worker.begin(leads, rows, now))
        hold(pool.rows_of(released), -1, world.kernel_address)
        return times

    def _leave(self, taken: Any, given: Any, shift: Shift) -> None:
        """Agents who go to see a customer take nothing else until they are back; count the slots that this takes."""
        away = self.takes[taken["channel"]]
        goes, now, extra = away > 0, shift.now, self.world.extra
        if not np.count_nonzero(goes):
            return
        given = given[goes]
        rows, until = shift.rows[given], now + away[goes]
        np.maximum.at(extra[AWAY], rows, until)
        lost = shift["capacity"][given] - 1
        lost += slots_on_the_way(self.staff, rows, np.minimum(until, self.hours.end), now, self.hours.slot_after)
        branch = self.world.state.customers["branch"][taken["customer"][goes]]
        np.add.at(extra[BY_TIER], (branch, self.staff.tier[rows], WAY_SLOTS), lost)

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
        by_agent = (rows >= len(self.staff.calls)).astype(np.int64)
        # Who was qualified has been told of the call, and expects it.
        expected = granted["qualified"] * np.int64(CONNECTED)
        return expected | granted["inquiry"] * ANSWERS | _OF_TOLD[granted["told"].astype(np.int64), by_agent]
