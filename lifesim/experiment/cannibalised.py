"""Cannibalised sales (蚕食保单): sold past the serving agent, who sold the same in the control, under the same luck.

What is booked as a sale of the desk, of a journey or online is no gain where the agent would have made it anyway. In
the field nobody can tell; here both worlds are known, and the comparison is exact, customer by customer.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.scenario.needs import FAMILIES
from lifesim.strategy import Practice
from lifesim.workforce.sold import TO_SERVED
from lifesim.workforce.staff import staff
from lifesim.world.sales import Sales
from lifesim.world.world import World


def sold_to_served(world: World, practice: Practice, at_fork: int) -> dict[str, Any]:
    """By branch, what was sold since the fork to customers whom agents served; none where there are no agents.

    Parameters
    ----------
    at_fork
        How many customers there were at the fork: of others there is no twin in another arm, and they are left out.

    Returns
    -------
    dict
        Records ``workforce.sold.SERVED_SALE``.
    """
    if world.scenario.workforce is None:
        return {}
    of = staff(world.scenario, world.streams, world.branches, world.started_with)
    sold = Sales(of, practice.agents).rest(world)[TO_SERVED]
    sold = sold[sold["customer"] < at_fork]
    branch = world.state.customers["branch"][sold["customer"]]
    return {name: sold[branch == number] for number, name in world.branches.items()}


def cannibalised(arm: Any, control: Any) -> Any:
    """Which of the policies sold in an arm took the place of one that the serving agent sold in the control.

    Such a policy was sold past the agent, and the agent sold more policies of the same family of needs to the same
    customer in the control than in the arm. Each policy that the agent misses is matched with one sold past the agent
    at most, the earliest first.

    Parameters
    ----------
    arm, control
        Records ``workforce.sold.SERVED_SALE``, of any customers in any order. Shape (n,) and (m,).

    Returns
    -------
    ndarray
        Shape (n,), of bool.
    """
    n, cells = len(arm), [of["customer"].astype(np.int64) * len(FAMILIES) + of["family"] for of in (arm, control)]
    place = np.unique(np.concatenate(cells), return_inverse=True)[1]
    here, there = (
        np.bincount(of, weights=sold["own"], minlength=len(place))
        for of, sold in ((place[:n], arm), (place[n:], control))
    )
    past = np.flatnonzero(arm["own"] == 0)
    past = past[np.lexsort((arm["issued"][past], place[past]))]
    number = np.arange(len(past)) - np.searchsorted(place[past], place[past])  # of the same customer and family
    found = np.zeros(n, bool)
    found[past] = number < (there - here)[place[past]]
    return found


def cannibalised_rows(arm: Any, control: Any, tiers: tuple[str, ...]) -> list[dict[str, Any]]:
    """Rows of the table ``agents`` for one branch: by tier of the serving agent, ``past`` and ``cannibalised``.

    Every tier has them, also at 0: a mean over replications would else leave out those in which nothing was sold.

    Parameters
    ----------
    arm, control
        As for `cannibalised`.
    tiers
        Names by their place, as in ``Staff.tiers``.
    """
    past, taken = arm["own"] == 0, cannibalised(arm, control)
    return [
        {"tier": tiers[k], "measure": measure, "value": float(np.count_nonzero(which & (arm["tier"] == k)))}
        for k in range(len(tiers))
        for measure, which in (("past", past), ("cannibalised", taken))
    ]
