"""The look at customers of whom the grading makes leads: those it grades well enough, and who did something lately."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.population.arrays import appended
from lifesim.population.columns import DAY
from lifesim.population.memory import count
from lifesim.scenario.leads import Scanned
from lifesim.strategy import Grading
from lifesim.workforce import cases
from lifesim.workforce import leads as pool
from lifesim.workforce.leads import BY_GRADING, CALL, DESK, LEAD
from lifesim.workforce.passage import CREATED, pass_on, regrade
from lifesim.workforce.recycling import COOLING
from lifesim.world.kernel import hold
from lifesim.world.lead_views import foreseen, graded
from lifesim.world.parts import every
from lifesim.world.review import allowed
from lifesim.world.world import World


class Scan:
    """Shows the grading customers who opened the app lately and are no lead, as if they were, and keeps the good ones.

    Who has done nothing in the declared time is not looked at: nothing could be said about them but what they hold. It
    looks at everyone, so that it is no part of the desk; the luck of a lead is that of the customer and the moment.
    """

    phase, name, local = 4, "scan", False

    def __init__(self, scanned: Scanned, waits: int, grading: Grading) -> None:
        self.scanned, self.waits, self.grading = scanned, waits, grading

    def next(self, now: int) -> int | None:
        """Every so many midnights."""
        return every(self.scanned.days, now)

    def act(self, world: World, now: int) -> None:
        """Make leads."""
        leads = self._candidates(world, now)
        if not len(leads):
            return
        grades = graded(world, self.grading, leads, now)
        good = grades < self.scanned.passes
        leads, grades = leads[good], grades[good]
        may = allowed(world, leads, now)
        leads, grades = leads[may], grades[may]
        if not len(leads):
            return
        leads["chance"] = foreseen(world, self.grading, leads, now)
        branches = world.state.customers["branch"]
        pass_on(world.extra, branches, leads, leads["grade"], CREATED)
        regrade(world.extra, branches, leads, grades + 1, now)
        pool.count(world.extra["desk"], branches[leads["customer"]], pool.REQUESTS)
        hold(pool.rows_of(leads), 1, world.kernel_address)
        world.extra["leads"] = pool.in_order(appended(world.extra["leads"], leads), world.state)

    def _candidates(self, world: World, now: int) -> Any:
        """Customers who may be targeted, opened the app in the declared time, and have no lead: as leads."""
        n = count(world.state)
        seen = world.state.customers["last_session"][:n]
        looked_at = (world.state.visible[:n] <= now) & (seen > now - self.scanned.within) & (seen <= now)
        for name in ("leads", "inquiries", "calls", cases.IN_HAND, cases.RECENT, COOLING):
            if name in world.extra:
                looked_at[world.extra[name]["customer"]] = False
        rows = np.flatnonzero(looked_at)
        leads = np.zeros(len(rows), LEAD)
        leads["customer"], leads["asked"], leads["gives_up"] = rows, now, now + self.waits
        leads["campaign"], leads["channel"], leads["source"] = world.campaigns.index(DESK), CALL, BY_GRADING
        leads["content"] = list(world.scenario.contents).index(self.scanned.content)
        leads["behaviours"], leads["latest"] = 1, seen[rows]
        leads["luck"] = world.streams.hashes("lead of grading", world.state.customers["key"][rows], now // DAY)
        return leads
