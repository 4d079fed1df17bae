"""Agents at work on the leads they have in hand: steps in slots, until the customer has bought or loses patience."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lifesim.engagement import granting
from lifesim.population.arrays import appended, picked
from lifesim.population.columns import GAP_ASSESSED, T_REACH, T_REQUESTED
from lifesim.scenario.channels import CHANNELS
from lifesim.scenario.operation import Operation, Step
from lifesim.workforce.leads import DESK, LEAD, TOLD
from lifesim.workforce.operation import WORK_DONE, WORK_LEFT, begun, chosen, go_on
from lifesim.workforce.shift import Shift
from lifesim.workforce.staff import BY_TIER, STEP_SLOTS, STEPS_DONE, Staff
from lifesim.world.call_rules import CallRules
from lifesim.world.kernel import hold
from lifesim.world.outcomes import book
from lifesim.world.review import issued_last
from lifesim.world.world import World

#: The step in which an agent goes through what a customer lacks.
GAP: Step = "gap_assessment"
#: Skill of conversations: from leads, places in the shift of who has each, and the shift.
SkillOf = Callable[[Any, Any, Shift], Any]


class Worker:
    """Keeps the list of work of all agents; the list itself is an array of the world."""

    def __init__(self, operation: Operation, staff: Staff, rules: CallRules, skill: SkillOf, world: World) -> None:
        self.operation, self.staff, self.world = operation, staff, world
        self.rules, self.skill = rules, skill
        steps = [each for _, each in operation.ordered]
        contents = list(world.scenario.contents)
        self.contents = np.array([contents.index(step.content) for step in steps])
        self.channels = np.array([CHANNELS.index(step.channel) for step in steps])
        done = (len(world.scenario.population.branches), len(steps) + 1)
        world.extra.setdefault(WORK_DONE, np.zeros(done, np.int64))

    def begin(self, taken: Any, rows: Any, now: int) -> Any:
        """Enter work on the leads that agents have taken; which of them there is work on. Shape (n,)."""
        mine = (rows >= len(self.staff.calls)) & (taken["told"] != TOLD)
        extra = self.world.extra
        new = begun(self.operation, picked(taken, mine), self.staff.key[rows[mine]], now)
        extra[WORK_LEFT] = appended(extra[WORK_LEFT], new)
        return mine

    def work(self, shift: Shift, now: int) -> Any:
        """Do what is due and fits into this slot; slots that it takes of each row of the staff. Shape (staff,)."""
        work, able = self._allowed(self._going_on(self.world.extra[WORK_LEFT], now), now)
        room = np.zeros(len(self.staff), np.int64)
        room[shift.rows] = shift["capacity"]
        rows = self.staff.rows_of(work["agent"])
        which = self._within(work, chosen(work, rows, room, able), now)
        if len(which):
            steps, customers = work["step"].copy(), work["customer"][which]
            done, over = go_on(self.operation, work, which, now)
            of_done = self.world.state.customers["branch"][work["customer"][done]]
            self._say(picked(work, done), steps[done], rows[done], shift, now)
            work["step"][done] += 1
            work = self._without(work, over)
            # Whoever has waited for long enough, and for whom this slot has left nothing, waits no more.
            work, _ = self._allowed(work, now)
            branch = self.world.state.customers["branch"][customers]
            np.add.at(self.world.extra[BY_TIER], (branch, self.staff.tier[rows[which]], STEP_SLOTS), 1)
            np.add.at(self.world.extra[BY_TIER], (of_done, self.staff.tier[rows[done]], STEPS_DONE), 1)
        self.world.extra[WORK_LEFT] = work
        return np.bincount(rows[which], minlength=len(self.staff))

    def _talks(self, work: Any) -> tuple[Any, Any]:
        """Work of which a further slot is a conversation: its positions, and the conversations as leads."""
        at = np.flatnonzero(work["left"] == 1)
        leads = self._leads(picked(work, at), work["step"][at])
        reached = self._reached(leads)
        return at[reached], picked(leads, reached)

    def _allowed(self, work: Any, now: int) -> tuple[Any, Any]:
        """The work without that which the contact policy ends, and which of it can be done now. Shape (n,)."""
        able = work["due"] <= now
        if not np.count_nonzero(able):
            return work, able
        at, leads = self._talks(work)
        held, gone = self.rules.judge(leads, now, work["due"][at])
        over = able[at] & (gone > 0)
        self.rules.suppress(picked(leads, over), gone[over])
        able[at] &= ~held & self.rules.open_in(now)[leads["channel"]]
        left = np.ones(len(work), bool)
        left[at[over]] = False
        return self._without(work, at[over]), able[left]

    def _within(self, work: Any, which: Any, now: int) -> Any:
        """The positions, of some, of work for which budgets and rates leave enough; that is counted."""
        at, leads = self._talks(picked(work, which))
        done = self.rules.within(leads, np.ones(len(leads), bool), now)
        self.rules.count(picked(leads, done))
        left = np.ones(len(which), bool)
        left[at[~done]] = False
        return which[left]

    def _going_on(self, work: Any, now: int) -> Any:
        """The work without that on customers who have bought, or have waited for too long."""
        bought = issued_last(self.world, work["customer"], now) > work["handed"]
        late = ~bought & (work["due"] + self.operation.patience <= now)
        if np.count_nonzero(late):
            self._count(picked(work, late), np.full(np.count_nonzero(late), len(self.contents)))
        return self._without(work, np.flatnonzero(bought | late))

    def _without(self, work: Any, over: Any) -> Any:
        """The work without some of it, whose customers nobody holds any more."""
        if not len(over):
            return work
        left = np.ones(len(work), bool)
        left[over] = False
        hold(work["customer"][~left].astype(np.int64), -1, self.world.kernel_address)
        return picked(work, left)

    def _count(self, work: Any, columns: Any) -> None:
        branch = self.world.state.customers["branch"][work["customer"]]
        np.add.at(self.world.extra[WORK_DONE], (branch.astype(np.int64), columns.astype(np.int64)), 1)

    def _assess(self, customers: Any) -> None:
        """Agents have gone through the protection gaps of these customers with them."""
        np.bitwise_or.at(self.world.state.customers["marks"], customers, np.uint16(GAP_ASSESSED))
        book(self.world, "gap_assessments", customers, 1)

    def _leads(self, work: Any, steps: Any) -> Any:
        """What customers are told in some steps, as leads. Shape (n,)."""
        leads = np.zeros(len(work), LEAD)
        leads["customer"], leads["campaign"] = work["customer"], self.world.campaigns.index(DESK)
        leads["content"], leads["channel"] = self.contents[steps], self.channels[steps]
        leads["inquiry"] = work["inquiry"]
        return leads

    def _reached(self, leads: Any) -> Any:
        """Whose channel reaches the customer. Shape (n,)."""
        return (self.world.state.customers["reach"][leads["customer"]] >> leads["channel"]) & 1 == 1

    def _say(self, work: Any, steps: Any, rows: Any, shift: Shift, now: int) -> None:
        """Put what customers are told in steps that are done on its way, to those whom the channel reaches."""
        world, streams = self.world, self.world.streams
        self._count(work, steps)
        leads = self._leads(work, steps)
        names = [name for name, _ in self.operation.ordered]
        for k, name in enumerate(names):
            leads["luck"][steps == k] = streams.hashes(f"step {name}", work["luck"][steps == k], 0)
        reached = self._reached(leads)
        if GAP in names:
            self._assess(leads["customer"][steps == names.index(GAP)])
        for of, outcome in ((leads, T_REQUESTED), (picked(leads, ~reached), T_REACH)):
            place: Any = (of["campaign"], of["channel"], of["content"], outcome)
            np.add.at(world.state.touched, place, 1)
        seat = np.zeros(len(self.staff), np.int64)
        seat[shift.rows] = np.arange(len(shift.rows))
        leads, rows = picked(leads, reached), rows[reached]
        world.room_for_touches(len(leads))
        times = now + (streams.uniforms("time in slot", leads["luck"]) * world.scenario.desk.slot).astype(np.int64)
        skill = self.skill(leads, seat[rows], shift)
        granting.call(
            leads["customer"], leads["luck"], leads["campaign"], leads["content"], leads["step"],
            np.zeros(len(leads), np.int64), leads["channel"], times, skill, self.rules.costs, world.kernel_address,
        )  # fmt: skip
