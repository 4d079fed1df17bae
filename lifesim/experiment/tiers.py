"""The table ``agents``: what each tier of agents and group of seats did, by branch."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.metrics.agents import MONTH_DAYS
from lifesim.population.columns import DAY
from lifesim.population.memory import months_of
from lifesim.scenario.workforce import RECRUIT_SECONDS
from lifesim.strategy import Practice
from lifesim.workforce.agents import Agents, leads_between
from lifesim.workforce.fairness import gini
from lifesim.workforce.levers import cost_of, practised
from lifesim.workforce.serving import NOBODY, SERVING
from lifesim.workforce.sold import BY_GRADE, BY_MONTH, GRADE_MEASURES, ONLINE, RIPE, RIPE_WON, SOLD_BY, SOLD_MEASURES
from lifesim.workforce.staff import ACTIVITIES, BY_TIER, GOOD, GRADES, TIER_MEASURES, WORKED, Staff, staff
from lifesim.world.hours import Hours
from lifesim.world.orphans import waiting
from lifesim.world.sales import Sales
from lifesim.world.world import World

#: Kinds of activity beside first conversations, and which part of the workforce there must be for each.
_KINDS = (("try_slots", "reaching"), ("steps_done", "operation"))


def tiers_by_branch(world: World, practice: Practice) -> dict[int, list[dict[str, Any]]]:
    """Rows of the table by number of the branch; none where the scenario has no agents."""
    if world.scenario.workforce is None:
        return {}
    scenario = practised(world.scenario, practice.agents)
    of = staff(scenario, world.streams, world.branches, world.started_with)
    kept = Sales(of, practice.agents).rest(world)
    columns = {
        "capacity": _capacity(world, of, practice), "duty": _capacity(world, of, practice, own=True),
        "serves": _serves(world, of),
    }  # fmt: skip
    waits = world.state.customers["branch"][waiting(world, practice.reassign)] if practice.reassign else np.zeros(0)
    found = {}
    for branch in world.branches:
        by_tier = {
            tier: _counted(kept, (branch, k)) | _of_tier(world, of, (branch, k), kept, columns)
            for k, tier in enumerate(of.tiers)
        }
        for tier, measures in by_tier.items():
            if "agent_days" in measures:
                measures["levers_fen"] = round(
                    cost_of(scenario, practice.agents, tier) * measures["agent_days"] / MONTH_DAYS
                )
        if practice.reassign is not None:
            by_tier[practice.reassign.to]["waiting"] = np.count_nonzero(waits == branch)
        online = kept[SOLD_BY][branch, -1].tolist()
        by_tier[ONLINE] = dict(zip(SOLD_MEASURES[:3], online, strict=False))
        found[branch] = [
            {"tier": tier, "measure": measure, "value": float(value)}
            for tier, measures in by_tier.items()
            for measure, value in measures.items()
            if value is not None
        ]
    return found


def paid_to_agents(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Accounts of the ledger from rows of one branch: wages, commission that agents earn on new policies, levers."""
    measures = {"wages": "wages_fen", "agent_commission": "commission_fen", "agent_levers": "levers_fen"}
    accounts = measures if rows else {}
    return [
        {"account": name, "amount_fen": int(sum(row["value"] for row in rows if row["measure"] == measure))}
        for name, measure in accounts.items()
    ]


def _counted(kept: dict[str, Any], cell: tuple[int, int]) -> dict[str, Any]:
    """What the world itself has counted of one tier in one branch."""
    by_grade = kept[BY_GRADE][cell].tolist()
    return {
        **dict(zip(TIER_MEASURES, kept[BY_TIER][cell].tolist(), strict=True)),
        **dict(zip(SOLD_MEASURES, kept[SOLD_BY][cell].tolist(), strict=True)),
        **{
            f"{what}_{grade}": by_grade[g][k] for g, grade in enumerate(GRADES) for k, what in enumerate(GRADE_MEASURES)
        },
        **{
            what: int(kept[BY_GRADE][(*cell, slice(None), k)].sum())
            for what, k in (("ripe", RIPE), ("ripe_won", RIPE_WON))
        },
    }


def _of_tier(
    world: World, of: Staff, cell: tuple[int, int], kept: dict[str, Any], columns: dict[str, Any]
) -> dict[str, Any]:
    """What follows from who is there: none for what cannot be told."""
    mine = np.flatnonzero((of.branch == cell[0]) & (of.tier == cell[1]))
    can, duty = (int(columns[name][mine].sum()) for name in ("capacity", "duty"))
    used = int(kept[BY_TIER][(*cell, list(WORKED))].sum())
    found = {
        "capacity": can, "used_slots": used, "idle_slots": can - used, "idle_share": 1.0 - used / can if can else None,
        **{name: None for name, used in _KINDS if getattr(world.scenario.workforce, used) is None},
        "own_slots": duty - can, "duty_slots": duty, "serves": int(columns["serves"][mine].sum()),
    }  # fmt: skip
    seats = len(of.calls)
    if cell[1] < len(world.scenario.desk.seats) or of.agents is None or world.scenario.workforce is None:
        return found
    agents = of.agents.take(mine - seats)
    wage = list(world.scenario.workforce.tiers.values())[cell[1] - len(world.scenario.desk.seats)].wage
    found["activities"] = int(kept[BY_TIER][(*cell, list(ACTIVITIES))].sum())
    return found | _of_agents(world, agents, kept[GOOD][mine], wage) | _of_months(world, agents, kept[BY_MONTH][mine])


def _of_agents(world: World, of: Agents, good: Any, wage: int) -> dict[str, Any]:
    """Agents there at the end, who came and who left since the fork, and how evenly good leads were given out."""
    fork, end = int(world.state.counts["fork"][0]), world.now
    there = np.clip(np.minimum(of.until, end) - np.maximum(of.since, fork), 0, None) / DAY
    uneven, days = gini(good.astype(float), there), float(there.sum())
    return {
        "agents": len(of.present(end)),
        "hired": np.count_nonzero((of.since > fork) & (of.since <= end)),
        "left": np.count_nonzero((of.until > fork) & (of.until <= end) & (of.since <= end)),
        "good": int(good.sum()),
        "gini_good": uneven,
        "agent_days": days,
        "uneven_days": None if uneven is None else uneven * days,
        "good_days": None if uneven is None else days,
        "wages_fen": round(wage * days / MONTH_DAYS),
        **retained(of, fork, end),
    }


def retained(of: Agents, fork: int, end: int) -> dict[str, int]:
    """Recruits whose 13 months ended since the fork, and those of them who were still there.

    Recruits of before the world began are left out: of them only those are known who had stayed.
    """
    over = of.joined + RECRUIT_SECONDS
    due = (of.joined > 0) & (over > fork) & (over <= end)
    return {"recruits": int(due.sum()), "retained": int((due & (of.until >= over)).sum())}


def _of_months(world: World, of: Agents, sold: Any) -> dict[str, int]:
    """Months of agents, and those in which they sold a policy: calendar months that are whole since the fork.

    An agent counts in a month who is there at the end of it.
    """
    names, month = months_of(world.scenario)
    first = np.array(names, "datetime64[M]")
    length = ((first + 1).astype("datetime64[D]") - first.astype("datetime64[D]")).astype(np.int64)
    fork, end = int(world.state.counts["fork"][0]) // DAY, world.now // DAY
    inside = np.zeros(len(month), bool)
    inside[fork:end] = True
    whole = np.flatnonzero(np.bincount(month[inside], minlength=len(length)) == length)
    ends = np.array([np.flatnonzero(month == k)[-1] + 1 for k in whole], np.int64) * DAY
    there = (of.since[:, None] < ends) & (ends <= of.until[:, None])
    return {"agent_months": int(there.sum()), "active_months": int((there & (sold[:, whole] > 0)).sum())}


def _capacity(world: World, of: Staff, practice: Practice, own: bool = False) -> Any:
    """Slots that each row of the staff had for leads since the fork, or with its own business too. Shape (n,)."""
    scenario, span = of.scenario, (int(world.state.counts["fork"][0]), world.now)
    hours = Hours(scenario, practice.staffing, of.calls)
    seats = hours.calls(hours.times(*span)).sum(axis=0)
    assert of.agents is not None and scenario.workforce is not None
    agents = leads_between(scenario.workforce, scenario.desk.slot, of.agents, span, hours.first, hours.tiers, own)
    return np.concatenate([seats, agents])


def _serves(world: World, of: Staff) -> Any:
    """Customers whom each row of the staff serves at the end. Shape (n,)."""
    serving = world.extra[SERVING]
    return np.bincount(serving[serving != NOBODY], minlength=len(of))
