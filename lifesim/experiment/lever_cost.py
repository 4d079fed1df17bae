"""What an arm pays for levers on its agents, as a cost of the customers of their branch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lifesim.population.columns import PRESENT
from lifesim.population.memory import count
from lifesim.world.world import World


def charge_levers(world: World, of_tiers: Mapping[int, Sequence[Mapping[str, Any]]], outcomes: Any) -> None:
    """Share the cost of levers out over the customers present at the fork, all alike; metrics of money hold it then.

    Levers are paid for evenly from the fork on, which is how the lifetime value discounts them.

    Parameters
    ----------
    of_tiers
        Rows of the table ``agents`` by number of the branch.
    outcomes
        A copy of those of the world, which is written to.
    """
    c, twins = world.state.customers[: count(world.state)], world.scenario.experiment.twins
    since = float(world.now - int(world.state.counts["fork"][0]))
    rate = world.scenario.valuation.force * since
    discount = -np.expm1(-rate) / rate if rate else 1.0
    for branch, rows in of_tiers.items():
        paid = int(sum(row["value"] for row in rows if row["measure"] == "levers_fen"))
        customers = np.flatnonzero((c["branch"] == branch) & ((c["marks"] & PRESENT) > 0))
        if not paid or not len(customers):
            continue
        shares = np.bincount(customers if twins else c["account"][customers], minlength=len(outcomes))
        for outcome, amount in (("levers", paid), ("worth", -round(paid * discount))):
            # Whole fen that add up to the amount.
            outcomes[outcome] += np.diff(np.cumsum(shares) * amount // len(customers), prepend=0)
