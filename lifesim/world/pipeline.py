"""Leads before anybody is given them: made of behaviour, graded at set intervals, nurtured."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.engagement.sending import send
from lifesim.population.arrays import appended, picked
from lifesim.population.columns import T_WITHDRAWN
from lifesim.scenario.channels import CHANNELS
from lifesim.scenario.leads import Leads
from lifesim.strategy import Practice
from lifesim.workforce import cases, mining
from lifesim.workforce.leads import DESK, MINED
from lifesim.workforce.nurturing import direct, nurtured
from lifesim.workforce.passage import CREATED, LEAD_LOST, WITHDRAWN, nothing_passed, pass_on, regrade
from lifesim.workforce.recycling import COOLING
from lifesim.workforce.service import late, miss
from lifesim.workforce.staff import Staff
from lifesim.world.call_rules import CallRules
from lifesim.world.dialling import Dialler
from lifesim.world.kernel import hold
from lifesim.world.lead_views import foreseen, graded
from lifesim.world.letting_go import let_go
from lifesim.world.review import allowed, issued_last
from lifesim.world.world import World

#: Grades that there are.
_ALL = 4


class Pipeline:
    """What is done with leads that nobody has been given yet; the leads themselves are arrays of the world."""

    def __init__(self, leads: Leads, practice: Practice, staff: Staff, rules: CallRules, world: World) -> None:
        self.leads, self.grading, self.world = leads, practice.grading, world
        self.nurture = practice.nurture
        self.dialler = None
        if practice.cleaning is not None and leads.dialling is not None:
            self.dialler = Dialler(leads.dialling, practice.cleaning, staff, rules, world)
        for name, empty in nothing_passed(len(world.scenario.population.branches)).items():
            world.extra.setdefault(name, empty)

    def entered(self, asked_for: Any, behaviours: Any, waiting: Any, now: int) -> Any:
        """What is new in the pool: leads that were asked for, and those that come of behaviour."""
        new = appended(asked_for, self._mined(behaviours, (waiting, asked_for), now))
        pass_on(self.world.extra, self._branches, new, new["grade"], CREATED)
        return new

    def worked(self, waiting: Any, calls: Any, now: int) -> Any:
        """The leads after grading and nurturing those that are due, and dialling as many as seats can.

        Parameters
        ----------
        calls
            That each group of seats can make in this slot; below 0 while the desk is closed. Those of groups that dial
            are taken out. Shape (groups,).
        """
        due = self._due(waiting, now)
        if due.any():
            waiting, due = self._without_buyers(waiting, due, now)
            before = self.nurtured(waiting)
            self._grade(waiting, np.flatnonzero(due), now)
            after = self.nurtured(waiting)
            waiting["back"][before & ~after] = now
            self._feed(waiting, np.flatnonzero(due & after), now)
        if self.dialler is None:
            return waiting
        waiting, dropped = self.dialler.dial(waiting, self._dirty(waiting), calls, now)
        miss(self.world.extra, self._branches, dropped)
        self._let_go(dropped, LEAD_LOST, now)
        return waiting

    def overdue(self, waiting: Any, now: int) -> None:
        """Settle as breaches of the service level those that nobody has contacted in time."""
        miss(self.world.extra, self._branches, waiting, late(waiting, self.leads.contacted, now, self.nurture))

    def cooled(self, leads: Any, now: int) -> Any:
        """What is taken off the skill of a conversation by the time since the latest behaviour. Shape (n,)."""
        if self.leads.cools is None:
            return 0.0
        return np.log(2.0) * np.maximum(now - leads["latest"], 0) / self.leads.cools

    def ready(self, waiting: Any) -> Any:
        """Which leads may be given to somebody. Shape (n,)."""
        return (waiting["grade"] > 0) & ~self.nurtured(waiting) & ~self._dirty(waiting)

    def _due(self, waiting: Any, now: int) -> Any:
        """Which leads are to be graded: new inquiries, and at every interval all that came, or waited, before it."""
        interval = self.leads.graded
        last = np.maximum(waiting["asked"], waiting["looked"]) // interval
        return (last < now // interval) | ((waiting["inquiry"] == 1) & (waiting["grade"] == 0))

    def _without_buyers(self, waiting: Any, due: Any, now: int) -> tuple[Any, Any]:
        """The leads and which are due, without those of behaviour whose customer has bought meanwhile."""
        mined = np.flatnonzero(due & (waiting["source"] >= MINED))
        bought = mined[issued_last(self.world, waiting["customer"][mined], now) > waiting["asked"][mined]]
        if not len(bought):
            return waiting, due
        self._let_go(picked(waiting, bought), WITHDRAWN, now)
        left = np.ones(len(waiting), bool)
        left[bought] = False
        return picked(waiting, left), due[left]

    def _grade(self, waiting: Any, due: Any, now: int) -> None:
        """Grade the leads at some positions."""
        leads = picked(waiting, due)
        if len(leads):
            grades = graded(self.world, self.grading, leads, now)
            leads["chance"] = foreseen(self.world, self.grading, leads, now)
            regrade(self.world.extra, self._branches, leads, grades + 1, now)
            waiting[due] = leads

    def _feed(self, waiting: Any, due: Any, now: int) -> None:
        """Send contents to leads below the bar, as often as the practice says."""
        nurture, world = self.nurture, self.world
        if nurture is None:
            return
        last = waiting["fed"][due]
        due = due[(last == 0) | (last + nurture.every <= now)]
        if not len(due):
            return
        world.room_for_touches(len(due))
        content, channel = list(world.scenario.contents).index(nurture.content), CHANNELS.index(nurture.channel)
        rows, reasons = waiting["customer"][due].astype(np.int64), np.zeros(len(due), np.int8)
        desk, place = world.campaigns.index(DESK), 0
        while place < len(rows):
            place = send(rows, desk, content, channel, now, 0, place, now, world.kernel_address, reasons)
            world.drain()
        waiting["fed"][due] = now

    def nurtured(self, waiting: Any) -> Any:
        """Which leads nobody calls, as long as they are graded as they are."""
        return nurtured(self.nurture, waiting)

    def _dirty(self, waiting: Any) -> Any:
        """Which leads are dialled before anybody gets them."""
        passes = _ALL if self.dialler is None else self.dialler.cleaning.passes
        return (waiting["grade"] > passes) & ~direct(waiting) & ~self.nurtured(waiting)

    def _mined(self, behaviours: Any, pools: tuple[Any, ...], now: int) -> Any:
        """Leads of customers who have none, as far as the contact policy lets us call; of others it is noted."""
        if not len(behaviours):
            return pools[0][:0]
        world, keys = self.world, self.world.state.customers["key"]
        behaviours = picked(behaviours, np.lexsort((keys[behaviours["customer"]], behaviours["time"])))
        leads = mining.found(
            world.scenario, world.streams, keys[behaviours["customer"]], behaviours, world.campaigns.index(DESK)
        )
        held = [world.extra[name] for name in (cases.IN_HAND, cases.RECENT, COOLING) if name in world.extra]
        busy = np.concatenate([each["customer"] for each in (*pools, *held)])
        kept = mining.first_of_each(leads["customer"], busy)
        for each in pools:
            mining.notice(each, picked(leads, ~kept))
        kept[kept] = allowed(world, picked(leads, kept), now)
        hold(leads["customer"][~kept].astype(np.int64), -1, world.kernel_address)
        return picked(leads, kept)

    def _let_go(self, leads: Any, measure: int, now: int) -> None:
        """Let go of leads that we do not pursue any more."""
        if not len(leads):
            return
        pass_on(self.world.extra, self._branches, leads, leads["grade"], measure)
        place = (leads["campaign"], leads["channel"], leads["content"], T_WITHDRAWN)
        np.add.at(self.world.state.touched, place, 1)
        let_go(self.world, leads, now)

    @property
    def _branches(self) -> Any:
        return self.world.state.customers["branch"]
