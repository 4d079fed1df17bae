"""The weekly review of leads in hand: what the insurer has learned of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.lifecycle.policies import latest_issued
from lifesim.population.columns import DAY
from lifesim.population.memory import count
from lifesim.workforce import cases
from lifesim.workforce.staff import Staff
from lifesim.world.parts import every
from lifesim.world.world import World


class Review:
    """Concludes leads in hand; looks at everyone, as the policy may have come by another way."""

    phase, name, local, days = 3, "review", False, 7

    def __init__(self, staff: Staff) -> None:
        self.staff = staff
        self.within = staff.scenario.desk.follow_up
        self.offset = staff.scenario.warm_up % (self.days * DAY)

    def next(self, now: int) -> int | None:
        """Every seventh midnight, counted so that the fork is one."""
        return every(self.days, now, self.offset)

    def act(self, world: World, now: int) -> None:
        """Conclude what is won, and what has been in hand for too long."""
        branch = world.state.customers["branch"][: count(world.state)]
        cases.review(
            world.extra, self.staff, lambda customers: issued_last(world, customers, now), branch, now, self.within
        )


def issued_last(world: World, customers: Any, now: int) -> Any:
    """When the latest policy of each of some customers was issued; -1 without one. Shape (n,)."""
    out = np.full(len(customers), -1)
    latest_issued(customers.astype(np.int64), now, world.kernel_address, out)
    return out
