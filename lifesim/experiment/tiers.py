"""The table ``agents``: what each tier of agents and group of seats did, by branch."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.population.columns import DAY
from lifesim.strategy import Practice
from lifesim.workforce.agents import Agents, leads_between
from lifesim.workforce.fairness import gini
from lifesim.workforce.serving import NOBODY, SERVING
from lifesim.workforce.staff import BY_TIER, GOOD, TAKEN_BY, TIER_MEASURES, Staff, staff
from lifesim.world.hours import Hours
from lifesim.world.world import World


def tiers_by_branch(world: World, practice: Practice) -> dict[int, list[dict[str, Any]]]:
    """Rows of the table by number of the branch; none where the scenario has no agents."""
    if world.scenario.workforce is None:
        return {}
    of = staff(world.scenario, world.streams, world.branches, world.started_with)
    capacity, serves = _capacity(world, of, practice), _serves(world, of)
    return {
        branch: [
            {"tier": tier, "measure": measure, "value": float(value)}
            for k, tier in enumerate(of.tiers)
            for measure, value in _measures(world, of, (branch, k), capacity, serves).items()
            if value is not None
        ]
        for branch in world.branches
    }


def _measures(world: World, of: Staff, cell: tuple[int, int], capacity: Any, serves: Any) -> dict[str, Any]:
    """What one tier did in one branch: none for what cannot be told."""
    mine = (of.branch == cell[0]) & (of.tier == cell[1])
    counted = world.extra[BY_TIER][cell]
    can = int(capacity[mine].sum())
    found = dict(zip(TIER_MEASURES, counted.tolist(), strict=True))
    found |= {"capacity": can, "idle_share": 1.0 - int(counted[TAKEN_BY]) / can if can else None}
    found |= {"serves": int(serves[mine].sum())}
    if cell[1] < len(world.scenario.desk.seats) or of.agents is None:
        return found
    who = np.flatnonzero(mine)
    return found | _of_agents(world, of.agents.take(who - len(of.calls)), world.extra[GOOD][who])


def _of_agents(world: World, of: Agents, good: Any) -> dict[str, Any]:
    """Agents there at the end, who came and who left since the fork, and how evenly good leads were given out."""
    fork, end = int(world.state.counts["fork"][0]), world.now
    there = np.clip(np.minimum(of.until, end) - np.maximum(of.since, fork), 0, None)
    return {
        "agents": len(of.present(end)),
        "hired": np.count_nonzero((of.since > fork) & (of.since <= end)),
        "left": np.count_nonzero((of.until > fork) & (of.until <= end) & (of.since <= end)),
        "good": int(good.sum()),
        "gini_good": gini(good.astype(float), there / DAY),
    }


def _capacity(world: World, of: Staff, practice: Practice) -> Any:
    """Leads that each row of the staff could take since the fork. Shape (n,)."""
    scenario, span = world.scenario, (int(world.state.counts["fork"][0]), world.now)
    hours = Hours(scenario, practice.staffing, of.calls)
    seats = hours.calls(hours.times(*span)).sum(axis=0)
    assert of.agents is not None and scenario.workforce is not None
    agents = leads_between(scenario.workforce, scenario.desk.slot, of.agents, span, hours.first, hours.tiers)
    return np.concatenate([seats, agents])


def _serves(world: World, of: Staff) -> Any:
    """Customers whom each row of the staff serves at the end. Shape (n,)."""
    serving = world.extra[SERVING]
    return np.bincount(serving[serving != NOBODY], minlength=len(of))
