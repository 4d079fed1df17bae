"""The weekly review of leads in hand: what the insurer has learned of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.engagement.sending import send
from lifesim.lifecycle.policies import latest_issued
from lifesim.population.arrays import appended
from lifesim.population.columns import DAY
from lifesim.population.memory import count
from lifesim.scenario.workforce import Recycling
from lifesim.workforce import cases
from lifesim.workforce import leads as pool
from lifesim.workforce.leads import DESK
from lifesim.workforce.operation import WORK_LEFT
from lifesim.workforce.passage import LEAD_LOST, WITHDRAWN, pass_on
from lifesim.workforce.recycling import COOLING, returning, taken_back
from lifesim.workforce.staff import BY_TIER, RETURNED_BY, Staff
from lifesim.workforce.tries import TRIES
from lifesim.world.kernel import hold
from lifesim.world.letting_go import let_go
from lifesim.world.parts import every
from lifesim.world.world import World


class Review:
    """Concludes leads in hand, and brings back those that have cooled down.

    It looks at everyone: the policy may have come by another way, and the contact policy is asked before a call.
    """

    phase, name, local, days = 3, "review", False, 7

    def __init__(self, staff: Staff) -> None:
        self.staff = staff
        self.within = staff.scenario.desk.follow_up
        self.recycling = staff.scenario.workforce.recycling if staff.scenario.workforce else None
        self.offset = staff.scenario.warm_up % (self.days * DAY)

    def next(self, now: int) -> int | None:
        """Every seventh midnight, counted so that the fork is one."""
        return every(self.days, now, self.offset)

    def act(self, world: World, now: int) -> None:
        """Conclude what is won, and what has been in hand for too long."""
        branch = world.state.customers["branch"][: count(world.state)]
        lost = cases.review(
            world.extra, self.staff, lambda customers: issued_last(world, customers, now), branch, now, self.within,
            int(world.state.counts["fork"][0]),
        )  # fmt: skip
        for name in (WORK_LEFT, TRIES):
            conclude_work(world, name, world.extra[cases.IN_HAND], now)
        if self.recycling is not None:
            comes_back = returning(self.recycling, self.staff, lost)
            self._take_back(world, lost[comes_back], now)
            self._bring_back(world, self.recycling, now)
            lost = lost[~comes_back]
        pass_on(world.extra, branch, lost, lost["grade"] + 1, LEAD_LOST)

    def _take_back(self, world: World, lost: Any, now: int) -> None:
        """Lost leads begin to cool down."""
        leads = taken_back(world.streams, lost, world.campaigns.index(DESK), now)
        cooling = world.extra.get(COOLING, leads[:0])
        world.extra[COOLING] = appended(cooling, leads)
        branch = world.state.customers["branch"][lost["customer"]]
        rows: Any = self.staff.rows_of(lost["agent"])
        np.add.at(world.extra[BY_TIER], (branch, self.staff.tier[rows], RETURNED_BY), 1)

    def _bring_back(self, world: World, recycling: Recycling, now: int) -> None:
        """Leads that have cooled down are in the pool again, unless the customer has bought or may not be called."""
        cooling = world.extra[COOLING]
        cold = cooling["asked"] + recycling.cool_down <= now
        world.extra[COOLING], leads = cooling[~cold], cooling[cold]
        branch = world.state.customers["branch"]
        goes_on = issued_last(world, leads["customer"], now) <= leads["asked"]
        goes_on[goes_on] = allowed(world, leads[goes_on], now)
        pass_on(world.extra, branch, leads[~goes_on], leads["grade"][~goes_on], WITHDRAWN)
        leads = leads[goes_on]
        leads["asked"], leads["gives_up"] = now, now + self.staff.scenario.desk.patience
        hold(leads["customer"].astype(np.int64), 1, world.kernel_address)
        world.extra["leads"] = pool.in_order(appended(world.extra["leads"], leads), world.state)


def allowed(world: World, leads: Any, now: int) -> Any:
    """Whether the contact policy lets us call about each lead, which is asked for here. Shape (n,)."""
    reasons = np.zeros(len(leads), np.int8)
    for content in np.unique(leads["content"]):
        of = np.flatnonzero(leads["content"] == content)
        rows, held_back = leads["customer"][of].astype(np.int64), np.zeros(len(of), np.int8)
        campaign = world.campaigns.index(DESK)
        place = 0
        while place < len(rows):
            place = send(rows, campaign, int(content), pool.CALL, now, 1, place, now, world.kernel_address, held_back)
            world.drain()
        reasons[of] = held_back
    return reasons == 0


def issued_last(world: World, customers: Any, now: int) -> Any:
    """When the latest policy of each of some customers was issued; -1 without one. Shape (n,)."""
    out = np.full(len(customers), -1)
    latest_issued(customers.astype(np.int64), now, world.kernel_address, out)
    return out


def conclude_work(world: World, name: str, open_cases: Any, now: int) -> None:
    """Drop work, or tries, on leads that are in nobody's hand any more."""
    work = world.extra[name]
    if not len(work):
        return
    over = ~np.isin(work["luck"], open_cases["luck"])
    if not over.any():
        return
    if name == TRIES:
        let_go(world, work[over], now)
    else:
        hold(work["customer"][over].astype(np.int64), -1, world.kernel_address)
    world.extra[name] = work[~over]
