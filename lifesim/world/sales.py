"""The weekly book of sales: which policies were issued, and who sold them."""

from __future__ import annotations

from collections.abc import MutableMapping
from functools import cached_property
from typing import Any

import numpy as np

from lifesim.population.arrays import appended
from lifesim.population.columns import APPLIED, BARRED, DAY
from lifesim.population.memory import months_of
from lifesim.scenario.agent_levers import AgentPractice
from lifesim.scenario.needs import FAMILIES
from lifesim.workforce import cases
from lifesim.workforce.levers import GRIEVANCE, resent
from lifesim.workforce.recording import forget_leavers, owe
from lifesim.workforce.serving import SERVING
from lifesim.workforce.sold import (
    APE_FEN,
    BY_MONTH,
    BYPASSED,
    COMMISSION_FEN,
    FROM_FORK,
    NBV_FEN,
    OWN,
    POLICIES,
    RECYCLED,
    RECYCLED_APE_FEN,
    RECYCLED_NBV_FEN,
    SERVED_SALE,
    SOLD_BY,
    TO_SERVED,
    credit,
    first_commissions,
    first_values,
    sellers,
)
from lifesim.workforce.staff import Staff
from lifesim.world.parts import every
from lifesim.world.world import World


class Sales:
    """Credits policies of the past week, before orphans are booked and leads are reviewed at the same midnight.

    Free cover is not counted, nor a policy that was given back within the week.
    """

    phase, name, local, days = 3, "book of sales", False, 7

    def __init__(self, staff: Staff, practice: AgentPractice | None = None) -> None:
        self.staff, self.credit = staff, practice.credit if practice else 0.0
        workforce = staff.scenario.workforce
        self.cooperation = workforce.cooperation if workforce else None
        self.offset = staff.scenario.warm_up % (self.days * DAY)

    def next(self, now: int) -> int | None:
        """Every seventh midnight, counted so that the fork is one."""
        return every(self.days, now, self.offset)

    def act(self, world: World, now: int) -> None:
        """Credit the policies issued since the last time, or since the fork; agents resent what was sold past them."""
        past = self.count(world, world.extra, now - self.days * DAY, now)
        forget_leavers(world.extra, self.staff, now)
        if self.cooperation is not None:
            world.extra.setdefault(GRIEVANCE, np.zeros(len(self.staff)))
            resent(world.extra, past, 1.0 - self.credit, 0.5 ** (self.days * DAY / self.cooperation.recovers))

    def rest(self, world: World) -> dict[str, Any]:
        """What has been sold up to the present, the days since the last time included; the world stays as it is."""
        kept = {name: world.extra[name].copy() for name in (*FROM_FORK, BY_MONTH, TO_SERVED)}
        # A world ends before what is due at its end: then the whole last week is still to be counted.
        due = every(self.days, world.now, self.offset)
        self.count(world, kept, due - self.days * DAY, world.now)
        return kept

    def count(self, world: World, kept: MutableMapping[str, Any], since: int, now: int) -> Any:
        """Credit policies issued from one time on and before another to ``kept``; rows past whom others sold."""
        since = max(since, int(world.state.counts["fork"][0]))
        pool = world.state.policies
        new = np.flatnonzero((pool["issued"] >= since) & (pool["issued"] < now))
        new = new[(pool["customer"][new] >= 0) & (pool["premium"][new] > 0)]
        new = new[~np.isin(pool["status"][new], (APPLIED, BARRED))]
        if not len(new):
            return np.zeros(0, np.int64)
        customers, issued, products = (pool[name][new].astype(np.int64) for name in ("customer", "issued", "product"))
        held = appended(world.extra[cases.IN_HAND], world.extra[cases.RECENT])
        serving = world.extra[SERVING]
        rows, own, again = sellers(self.staff, held, serving, customers, issued, self._person[products])
        branch = world.state.customers["branch"][customers].astype(np.int64)
        premiums = pool["premium"][new]
        values = first_values(world.scenario, world.rules.arrays["price_cuts"], products, premiums, issued)
        seller = np.append(self.staff.tier, len(self.staff.tiers))[rows]
        earned = first_commissions(self.staff, products, premiums, seller, own)
        amounts = {
            POLICIES: 1, APE_FEN: premiums, NBV_FEN: values, OWN: own, COMMISSION_FEN: earned,
            RECYCLED: again, RECYCLED_APE_FEN: premiums * again, RECYCLED_NBV_FEN: values * again,
        }  # fmt: skip
        credit(kept, (branch, seller), amounts, (rows, self._month[issued // DAY]))
        owe(kept, self.staff, rows, own, self._recording[products])
        served = np.flatnonzero(customers < len(serving))
        served = served[serving[customers[served]] >= len(self.staff.calls)]
        mine = serving[customers[served]]
        self._note(kept, customers[served], issued[served], products[served], mine, rows[served] == mine)
        past = rows[served] != mine
        return self._pass_by(kept, mine[past], served[past], (products, premiums), branch)

    def _note(self, kept: Any, customers: Any, issued: Any, products: Any, mine: Any, own: Any) -> None:
        """Keep what was sold to customers whom agents, rows ``mine``, serve. Shape (n,) each."""
        new = np.zeros(len(customers), SERVED_SALE)
        new["customer"], new["issued"], new["family"] = customers, issued, self._family[products]
        new["tier"], new["own"] = self.staff.tier[mine], own
        kept[TO_SERVED] = appended(kept[TO_SERVED], new)

    def _pass_by(self, kept: Any, mine: Any, known: Any, sold: tuple[Any, Any], branch: Any) -> Any:
        """Count what others, or nobody, sold to customers of agents ``mine``, and what these earn on it; their rows."""
        products, premiums = sold
        place = (branch[known], self.staff.tier[mine])
        np.add.at(kept[SOLD_BY], (*place, BYPASSED), 1)
        whole = first_commissions(self.staff, products[known], premiums[known], self.staff.tier[mine], False)
        np.add.at(kept[SOLD_BY], (*place, COMMISSION_FEN), np.rint(whole * self.credit).astype(np.int64))
        return mine

    @cached_property
    def _person(self) -> Any:
        """Whether each product needs a person."""
        return np.array([product.needs_person for product in self.staff.scenario.products.values()])

    @cached_property
    def _family(self) -> Any:
        """Number of the family of needs of each product."""
        return np.array([FAMILIES.index(product.family) for product in self.staff.scenario.products.values()])

    @cached_property
    def _recording(self) -> Any:
        """Slots that recording a sale of each product takes."""
        return np.array([product.recording for product in self.staff.scenario.products.values()])

    @cached_property
    def _month(self) -> Any:
        """Calendar month of each day."""
        return months_of(self.staff.scenario)[1].astype(np.int64)
