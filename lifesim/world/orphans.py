"""The weekly book of serving agents: who has left, who follows, who takes over."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.population.arrays import appended
from lifesim.population.columns import DAY, NEVER, ORPHAN
from lifesim.population.memory import count
from lifesim.scenario.workforce import Reassignment
from lifesim.workforce import cases
from lifesim.workforce.serving import (
    NOBODY,
    ORPHANS,
    SERVING,
    chosen,
    due,
    orphaned,
    orphans_of_start,
    present,
    room,
    successors,
    taken_over,
    told_of_another,
)
from lifesim.workforce.staff import ASSIGNED_TO, BY_TIER, FOLLOWED_BY, ORPHANED_BY, Staff
from lifesim.world.kernel import ASSIGNED, FOLLOWS, ORPHANED
from lifesim.world.parts import every
from lifesim.world.review import issued_last
from lifesim.world.world import World


class Orphans:
    """Keeps the book up to date, before the review of leads of the same midnight closes cases; looks at everyone.

    Parameters
    ----------
    reassign
        Who takes over customers whose agent has left; none: nobody.
    """

    phase, name, local, days = 3, "orphans", False, 7

    def __init__(self, staff: Staff, reassign: Reassignment | None, world: World) -> None:
        workforce = staff.scenario.workforce
        assert workforce is not None
        self.staff, self.reassign, self.departures = staff, reassign, workforce.departures
        self.offset = staff.scenario.warm_up % (self.days * DAY)
        if SERVING not in world.extra:
            self._begin(world)

    def next(self, now: int) -> int | None:
        """Every seventh midnight, counted so that the fork is one."""
        return every(self.days, now, self.offset)

    def act(self, world: World, now: int) -> None:
        """Agents have left, customers follow, and others have somebody again, in this order."""
        before = world.extra[SERVING]
        world.extra[SERVING] = np.concatenate([before, np.full(count(world.state) - len(before), NOBODY, np.int32)])
        self._leave(world, now)
        self._follow(world, now)
        self._sold(world, now)
        self._new(world, now)
        if self.reassign is not None:
            self._hand_over(world, self.reassign, now)

    def _begin(self, world: World) -> None:
        """Everyone who holds a policy has an agent, but for the orphans of the start."""
        c = world.state.customers[: count(world.state)]
        world.extra[SERVING] = np.full(len(c), NOBODY, np.int32)
        world.extra[ORPHANS] = orphans_of_start(np.flatnonzero((c["marks"] & ORPHAN) > 0))
        self._new(world, world.now)

    def _leave(self, world: World, now: int) -> None:
        """Customers of agents who have left since are orphans from now on."""
        serving = world.extra[SERVING]
        gone = np.ones(len(self.staff) + 1, bool)  # the last stands for nobody
        gone[self.staff.present(now)], gone[NOBODY] = False, False
        customers = np.flatnonzero(gone[serving])
        left = serving[customers].astype(np.int64)
        serving[customers] = NOBODY
        hold = world.state.customers["policies"][customers] > 0
        customers, left = customers[hold], left[hold]
        keys = world.state.customers["key"][customers]
        new = orphaned(self.departures, self.staff, world.streams, customers, keys, left)
        world.extra[ORPHANS] = appended(world.extra[ORPHANS], new)
        world.change_service(customers, ORPHANED, now)
        self._count(world, customers, left, ORPHANED_BY)

    def _follow(self, world: World, now: int) -> None:
        """Those whose time to follow their agent has come end their policies with us."""
        records = world.extra[ORPHANS]
        due = records["follows"] <= now
        hold = world.state.customers["policies"][records["customer"]] > 0
        customers, first = np.unique(records["customer"][due & hold], return_index=True)
        self._count(world, customers, records["left"][due & hold][first], FOLLOWED_BY)
        world.change_service(customers.astype(np.int64), FOLLOWS, now)
        world.extra[SERVING][customers] = NOBODY
        records["follows"][due] = NEVER
        world.extra[ORPHANS] = records[~(due & (records["told"] == 1))]

    def _sold(self, world: World, now: int) -> None:
        """Whoever has nobody and bought from an agent who is there is served by that agent."""
        held = appended(world.extra[cases.IN_HAND], world.extra[cases.RECENT])
        rows = self.staff.rows_of(held["agent"])
        there = np.zeros(len(self.staff), bool)
        there[self.staff.present(now)[len(self.staff.calls) :]] = True
        mine = there[rows] & (world.extra[SERVING][held["customer"]] == NOBODY)
        mine &= world.state.customers["policies"][held["customer"]] > 0
        held, rows = held[mine], rows[mine]
        sold = issued_last(world, held["customer"], now) > held["handed"]
        held, rows = held[sold], rows[sold]
        order = np.lexsort((held["luck"], -held["handed"].astype(np.int64), held["customer"]))
        customers, latest = np.unique(held["customer"][order], return_index=True)
        self._take_over(world, customers.astype(np.int64), rows[order][latest], now, 0)

    def _new(self, world: World, now: int) -> None:
        """Other new policyholders get an agent of the branch."""
        c = world.state.customers[: count(world.state)]
        nobody = (world.extra[SERVING] == NOBODY) & (c["policies"] > 0) & ((c["marks"] & ORPHAN) == 0)
        customers = np.flatnonzero(nobody)
        rows, weights = present(self.staff, now)
        serve = chosen(self.staff, world.streams, c["key"][customers], c["branch"][customers], rows, weights)
        world.extra[SERVING][customers] = serve

    def _hand_over(self, world: World, reassign: Reassignment, now: int) -> None:
        """Orphans who have waited for long enough are told of somebody else, where there is somebody with room."""
        c = world.state.customers[: count(world.state)]
        customers, since = due(world.extra[ORPHANS], reassign, now)
        hold = c["policies"][customers] > 0
        customers, since = customers[hold], since[hold]
        rows = successors(self.staff, reassign.to, now)
        places = room(self.staff, world.extra[SERVING], c["policies"] > 0, rows)
        mine = c[customers]
        serve = taken_over(self.staff, world.streams, mine["key"], mine["branch"], since, rows, places)
        found = serve != NOBODY
        self._take_over(world, customers[found], serve[found], now, reassign.cost)

    def _take_over(self, world: World, customers: Any, rows: Any, now: int, cost: int) -> None:
        """Customers have somebody again; those who were orphans are none any more once told."""
        world.extra[SERVING][customers] = rows
        were = (world.state.customers["marks"][customers] & ORPHAN) > 0
        customers, rows = customers[were], rows[were]
        self._count(world, customers, rows, ASSIGNED_TO)
        world.change_service(customers, ASSIGNED, now, cost)
        told_of_another(world.extra, self.staff, world.streams, world.state.customers["key"], customers)

    def _count(self, world: World, customers: Any, rows: Any, measure: int) -> None:
        branch = world.state.customers["branch"][customers]
        np.add.at(world.extra[BY_TIER], (branch, self.staff.tier[rows], measure), 1)


def waiting(world: World, reassign: Reassignment) -> Any:
    """Rows of the orphans for whom nobody had room when the book was last kept, before the present. Shape (n,)."""
    last = every(Orphans.days, world.now, world.scenario.warm_up % (Orphans.days * DAY)) - Orphans.days * DAY
    c = world.state.customers
    customers, _ = due(world.extra[ORPHANS], reassign, last)
    return customers[c["policies"][customers] > 0]
