"""Agents who try to reach the customers of their leads: who is not reached is tried again, until they give up."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.engagement.granting import give_up
from lifesim.population.arrays import appended, picked
from lifesim.population.columns import T_FAILED, T_REQUESTED
from lifesim.scenario.operation import Reaching
from lifesim.workforce.leads import CALL, TOLD, rows_of
from lifesim.workforce.operation import fitting
from lifesim.workforce.service import miss
from lifesim.workforce.shift import Shift
from lifesim.workforce.staff import BY_TIER, TRY_SLOTS, Staff
from lifesim.workforce.tries import TRIES, TRY, reaches
from lifesim.world.call_rules import CallRules
from lifesim.world.letting_go import let_go
from lifesim.world.review import issued_last
from lifesim.world.world import World


class Trier:
    """Keeps the list of customers whom agents have not reached; the list itself is an array of the world.

    Whether a customer may be called at all the contact policy is asked before the first try, as about every call. When,
    and for how much in a time, it says about every try.
    """

    def __init__(self, reaching: Reaching, staff: Staff, rules: CallRules, world: World) -> None:
        self.reaching, self.staff, self.rules, self.world = reaching, staff, rules, world

    def reached(self, granted: Any, rows: Any, now: int) -> Any:
        """Whose customers are reached at once; the others are on the list from now on. Shape (n,).

        Who is only told of something calls nobody, who was qualified expects the call, and seats have a dialler.

        Parameters
        ----------
        granted
            Records of ``leads.LEAD`` that somebody has taken. Shape (n,).
        rows
            Of the staff who took them. Shape (n,).
        """
        calls = (rows >= len(self.staff.calls)) & (granted["channel"] == CALL) & (granted["told"] != TOLD)
        calls &= granted["qualified"] == 0
        new = np.zeros(int(calls.sum()), TRY)
        for name in granted.dtype.names:
            new[name] = granted[name][calls]
        new["agent"], new["handed"], new["dials"] = self.staff.key[rows[calls]], now, 0
        found = ~calls
        found[calls] = self._tried(new, now)
        self._keep(picked(new, ~found[calls]))
        return found

    def again(self, shift: Shift, now: int) -> tuple[Any, Any, Any]:
        """Try those who are due, as far as agents have time: leads reached, rows of who did, slots of each row."""
        tries, allowed = self._allowed(self._going_on(self.world.extra[TRIES], now), now)
        rows, room = self.staff.rows_of(tries["agent"]), np.zeros(len(self.staff), np.int64)
        room[shift.rows] = shift["capacity"]
        due = np.flatnonzero(allowed)
        which = fitting(due[np.lexsort((tries["luck"][due], tries["due"][due], rows[due]))], rows, room)
        which = which[self.rules.within(picked(tries, which), np.ones(len(which), bool), now)]
        tried, by = picked(tries, which), rows[which]
        self.rules.count(tried)
        self._count(tried, T_REQUESTED)
        branch = self.world.state.customers["branch"][tried["customer"]]
        np.add.at(self.world.extra[BY_TIER], (branch, self.staff.tier[by], TRY_SLOTS), 1)
        found = self._tried(tried, now)
        left = np.ones(len(tries), bool)
        left[which] = False
        # Whoever has waited for long enough, and for whom the last tries have left nothing, waits no more.
        self.world.extra[TRIES], _ = self._allowed(picked(tries, left), now)
        self._keep(tried[~found])
        return tried[found], by[found], np.bincount(by, minlength=len(self.staff))

    def _allowed(self, tries: Any, now: int) -> tuple[Any, Any]:
        """The list without customers whom the contact policy lets go, and who of it may be tried now. Shape (n,)."""
        due = tries["due"] <= now
        held, gone = self.rules.judge(tries, now, tries["due"])
        over = due & (gone > 0)
        if np.count_nonzero(over):
            self.rules.suppress(picked(tries, over), gone[over])
            miss(self.world.extra, self.world.state.customers["branch"], tries, over)
            let_go(self.world, picked(tries, over), now)
        able = due & ~held & self.rules.open_in(now)[tries["channel"]]
        return picked(tries, ~over), able[~over]

    def _tried(self, leads: Any, now: int) -> Any:
        """Whom one more try reaches. Shape (n,)."""
        found = reaches(self.reaching, self.world.streams, leads)
        leads["dials"] += 1
        leads["due"] = now + self.reaching.apart
        self._count(picked(leads, ~found), T_FAILED)
        return found

    def _keep(self, missed: Any) -> None:
        """Put those who were not reached on the list, but for those who have been tried often enough."""
        over = missed["dials"] >= self.reaching.dials
        let_go(self.world, picked(missed, over), int(self.world.now))
        miss(self.world.extra, self.world.state.customers["branch"], missed, over)
        self.world.extra[TRIES] = appended(self.world.extra[TRIES], picked(missed, ~over))
        asked = picked(missed, over & (missed["inquiry"] == 1))
        give_up(rows_of(asked), int(self.world.now), self.world.kernel_address)

    def _going_on(self, tries: Any, now: int) -> Any:
        """The list without customers who have bought meanwhile."""
        bought = issued_last(self.world, tries["customer"], now) > tries["handed"]
        let_go(self.world, picked(tries, bought), now)
        return picked(tries, ~bought)

    def _count(self, leads: Any, outcome: int) -> None:
        place: Any = (leads["campaign"], leads["channel"], leads["content"], outcome)
        np.add.at(self.world.state.touched, place, 1)
