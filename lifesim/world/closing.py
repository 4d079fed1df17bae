"""The end of an arm: what customers are and hold then, and what is still expected of their policies."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.lifecycle.residual import residuals
from lifesim.population.accounts import Accounts
from lifesim.population.columns import RETURNING, STANDING, YEAR
from lifesim.population.memory import count
from lifesim.world.outcomes import outcomes_of
from lifesim.world.parts import Observer
from lifesim.world.world import World

#: Satisfaction is added up in thousandths of a score, as a whole number.
MILLI = 1_000
#: Customers whose states of mind are computed at once, so that what lies between needs little memory.
_AT_ONCE = 8_192


def closing(world: World, observer: Observer | None = None) -> dict[str, Any]:
    """Columns of all customers at the end, shape (n,), that metrics add up.

    Returns
    -------
    dict
        ``segment``, ``marks`` and ``policies`` as in the record of a customer; ``long``, long-term policies in force;
        ``satisfaction`` in thousandths; ``year_seen``, whether a year since the fork was seen; ``held_after_a_year``.
    """
    n = count(world.state)
    c = world.state.customers[:n]
    return {
        **{name: c[name] for name in ("segment", "marks", "policies")},
        "long": _long_policies(world, n),
        "satisfaction": _satisfaction(world, n),
        **_a_year_later(world, observer, n),
    }


def _long_policies(world: World, n: int) -> Any:
    """Long-term policies in force or in grace, by customer."""
    pool = world.state.policies
    is_long = np.array([product.payment is not None for product in world.scenario.products.values()])
    held = (pool["customer"] >= 0) & np.isin(pool["status"], (*STANDING, RETURNING)) & is_long[pool["product"]]
    return np.bincount(pool["customer"][held], minlength=n).astype(np.uint8)


def _satisfaction(world: World, n: int) -> Any:
    """Satisfaction in thousandths of a score; 0 for everyone where the scenario has no such state."""
    names = list(world.scenario.behaviour.states)
    if "satisfaction" not in names:
        return np.zeros(n, np.int32)
    k, found = names.index("satisfaction"), np.zeros(n, np.int32)
    for first in range(0, n, _AT_ONCE):
        rows = slice(first, min(first + _AT_ONCE, n))
        found[rows] = np.rint(MILLI * world.state_of_mind(world.state, rows, k, world.now))
    return found


def _a_year_later(world: World, observer: Observer | None, n: int) -> dict[str, Any]:
    """Whether a year after the fork was seen, and who held a policy then."""
    held = np.zeros(n, bool)
    after = world.now - int(world.state.counts["fork"][0]) - YEAR
    if observer is not None and observer.held_after_a_year is not None:
        held[: len(observer.held_after_a_year)] = observer.held_after_a_year
    elif after == 0:
        held = world.state.customers["policies"][:n] > 0
    elif after > 0:
        raise ValueError("a year after the fork is past, and no observer saw it")
    return {"year_seen": np.full(n, after >= 0), "held_after_a_year": held}


def closed_outcomes(world: World) -> tuple[Any, Accounts]:
    """As `World.outcomes`, with the residual value of the policies in force; the world stays as it is."""
    outcomes, accounts = outcomes_of(world)
    outcomes, state = outcomes.copy(), world.state
    amounts = residuals(world.scenario, state.policies, int(state.counts["fork"][0]))
    worth = np.flatnonzero(amounts)
    customers, amounts = state.policies["customer"][worth], amounts[worth]
    places = customers if state.counts["twins"][0] else state.customers["account"][customers]
    np.add.at(outcomes["residual"], places, amounts)
    return outcomes, accounts
