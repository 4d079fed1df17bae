"""Leads before anybody is given them: made of behaviour, and graded at set intervals."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.population.columns import T_WITHDRAWN, appended
from lifesim.scenario.leads import Leads
from lifesim.strategy import Practice
from lifesim.workforce import cases, mining
from lifesim.workforce.leads import DESK, MINED
from lifesim.workforce.passage import CREATED, WITHDRAWN, nothing_passed, pass_on, regrade
from lifesim.workforce.recycling import COOLING
from lifesim.world.kernel import hold
from lifesim.world.lead_views import foreseen, graded
from lifesim.world.review import allowed, issued_last
from lifesim.world.world import World


class Pipeline:
    """What the desk does with leads that nobody has been given yet; the leads themselves are arrays of the world."""

    def __init__(self, leads: Leads, practice: Practice, world: World) -> None:
        self.leads, self.grading, self.world = leads, practice.grading, world
        for name, empty in nothing_passed(len(world.scenario.population.branches)).items():
            world.extra.setdefault(name, empty)

    def entered(self, asked_for: Any, behaviours: Any, waiting: Any, now: int) -> Any:
        """What is new in the pool: leads that were asked for, and those that come of behaviour."""
        new = appended(asked_for, self._mined(behaviours, (waiting, asked_for), now))
        pass_on(self.world.extra, self._branches, new, new["grade"], CREATED)
        return new

    def look(self, waiting: Any, now: int) -> Any:
        """Grade the leads that are due, without those of customers who have bought meanwhile."""
        due = self._due(waiting, now)
        if not due.any():
            return waiting
        mined = np.flatnonzero(due & (waiting["source"] >= MINED))
        bought = mined[issued_last(self.world, waiting["customer"][mined], now) > waiting["asked"][mined]]
        if len(bought):
            self._withdraw(waiting[bought])
            left = np.ones(len(waiting), bool)
            left[bought] = False
            waiting, due = waiting[left], due[left]
        leads = waiting[due]
        if len(leads):
            grades = graded(self.world, self.grading, leads, now)
            leads["chance"] = foreseen(self.world, self.grading, leads, now)
            regrade(self.world.extra, self._branches, leads, grades + 1, now)
            waiting[due] = leads
        return waiting

    def _due(self, waiting: Any, now: int) -> Any:
        """Which leads are to be graded: new inquiries, and at every interval all that came, or waited, before it."""
        interval = self.leads.graded
        last = np.maximum(waiting["asked"], waiting["looked"]) // interval
        return (last < now // interval) | ((waiting["inquiry"] == 1) & (waiting["grade"] == 0))

    def _mined(self, behaviours: Any, pools: tuple[Any, ...], now: int) -> Any:
        """Leads of customers who have none, as far as the contact policy lets us call; of others it is noted."""
        world, keys = self.world, self.world.state.customers["key"]
        behaviours = behaviours[np.lexsort((keys[behaviours["customer"]], behaviours["time"]))]
        leads = mining.found(
            world.scenario, world.streams, keys[behaviours["customer"]], behaviours, world.campaigns.index(DESK)
        )
        held = [world.extra[name] for name in (cases.IN_HAND, cases.RECENT, COOLING) if name in world.extra]
        busy = np.concatenate([each["customer"] for each in (*pools, *held)])
        kept = mining.first_of_each(leads["customer"], busy)
        for each in pools:
            mining.notice(each, leads[~kept])
        kept[kept] = allowed(world, leads[kept], now)
        hold(leads["customer"][~kept].astype(np.int64), -1, world.kernel_address)
        return leads[kept]

    def _withdraw(self, leads: Any) -> None:
        """Let go of leads that we do not pursue any more."""
        pass_on(self.world.extra, self._branches, leads, leads["grade"], WITHDRAWN)
        place = (leads["campaign"], leads["channel"], leads["content"], T_WITHDRAWN)
        np.add.at(self.world.state.touched, place, 1)
        hold(leads["customer"].astype(np.int64), -1, self.world.kernel_address)

    @property
    def _branches(self) -> Any:
        return self.world.state.customers["branch"]
