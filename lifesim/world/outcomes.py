"""What became of customers since the fork: the moment from which it counts, and where amounts are entered."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.lifecycle.persistency import mark_fork
from lifesim.population import memory
from lifesim.population.accounts import ARRIVED, NOBODY, PRESENT_AT_FORK, Accounts, assign, close_all, meaning
from lifesim.population.arrays import Log
from lifesim.population.columns import (
    CHURN_WARNING,
    EVENT,
    FIRST_BOUGHT,
    GAP_ASSESSED,
    HELD_AT_FORK,
    LEFT_IN_ORDER,
    PRESENT,
    T_CARRIED_OVER,
)
from lifesim.workforce.cleaning import CLEANED_LEADS
from lifesim.workforce.operation import WORK_DONE
from lifesim.workforce.passage import begin_anew
from lifesim.workforce.sold import FROM_FORK, TO_SERVED
from lifesim.world.under_way import under_way
from lifesim.world.world import World


def begin_outcomes(world: World) -> None:
    """Mark the moment from which outcomes count: the fork of the arms."""
    n = memory.count(world.state)
    c = world.state.customers[:n]
    present = c["joined"] <= world.now
    c["marks"] &= ~np.uint16(FIRST_BOUGHT | LEFT_IN_ORDER | GAP_ASSESSED)
    c["marks"] |= np.where(present, PRESENT, 0).astype(np.uint16)
    c["marks"] |= np.where(c["policies"] > 0, HELD_AT_FORK, 0).astype(np.uint16)
    segments = len(world.scenario.segments)
    world.state = close_all(world.state)
    to, kind = np.where(present, c["segment"], NOBODY), np.where(present, PRESENT_AT_FORK, ARRIVED)
    world.state = assign(world.state, slice(0, n), to, kind, segments)
    book(world, "warnings", slice(0, n), c["stage"] == CHURN_WARNING)
    is_long = np.array([product.payment is not None for product in world.scenario.products.values()])
    for name, rows in zip(("long_at_fork", "suspended"), mark_fork(world.state.policies, is_long), strict=True):
        book(world, name, slice(0, n), np.bincount(rows, minlength=n))
    for name in (
        "occupied",
        "policy_life",
        "applications",
        "months",
        "session_days",
        "touched",
        "prompted",
        "benefits",
        "ways",
    ):
        getattr(world.state, name)[:] = 0
    world.state.touched[..., T_CARRIED_OVER] = under_way(world.state, world.extra)
    for name in {"desk", *FROM_FORK} & world.extra.keys():
        world.extra[name][:] = 0
    if TO_SERVED in world.extra:
        world.extra[TO_SERVED] = world.extra[TO_SERVED][:0]
    begin_anew(world.extra)
    for name in {CLEANED_LEADS, WORK_DONE} & world.extra.keys():
        world.extra[name][:] = 0
    world.state.counts["fork"] = world.now
    world.events = Log(EVENT)


def book(world: World, outcome: str, rows: Any, amounts: Any) -> None:
    """Add amounts, one or of shape (n,), to an outcome of customers: a slice, or rows of shape (n,)."""
    places = rows if world.scenario.experiment.twins else world.state.customers["account"][rows]
    np.add.at(world.state.outcomes[outcome], places, amounts)


def at_fork(world: World, amounts: Any, times: Any) -> Any:
    """What amounts of some times are worth at the fork, whole fen. Shape (n,)."""
    since = np.maximum(times - world.state.counts["fork"][0], 0)
    return np.rint(amounts * np.exp(-world.scenario.valuation.force * since)).astype(np.int64)


def outcomes_of(world: World) -> tuple[Any, Accounts]:
    """What became of customers since the fork, and whom each row of it counts to."""
    state, segments = world.state, len(world.scenario.segments)
    if not world.scenario.experiment.twins:
        return state.outcomes, meaning(state.accounts, segments)
    n = memory.count(state)
    return state.outcomes[:n], meaning(state.accounts[state.customers["account"][:n]], segments)
