"""From a world at the end of an arm to the tables of a run."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim import metrics
from lifesim.experiment.estimates import estimates
from lifesim.experiment.lead_table import cleaned, contacted, lead_rows, passed_on, worked
from lifesim.experiment.lever_cost import charge_levers
from lifesim.experiment.passages import benefits, journey_steps, journey_totals, prompts
from lifesim.experiment.tiers import paid_to_agents, tiers_by_branch
from lifesim.experiment.twins import twin_columns
from lifesim.experiment.work import UnitResult
from lifesim.lifecycle.months import APE, RECEIVED, SOLD
from lifesim.lifecycle.persistency import CLAIM_ENDED, DIED, LAPSED, MATURED, MONTHS, SURRENDERED, count_living
from lifesim.population.accounts import Accounts
from lifesim.population.columns import (
    APPLICATION_OUTCOMES,
    APPLIED,
    DAY,
    E_DELIVERED,
    E_FAILED,
    E_LIFE_EVENT,
    E_OPENED,
    EVENTS,
    MILESTONES,
    NO_DAY,
    SUSPENDED,
)
from lifesim.population.memory import count, months_of
from lifesim.scenario import STAGES
from lifesim.scenario.market import CHANNELS
from lifesim.scenario.needs import LIFE_EVENTS
from lifesim.strategy import Practice
from lifesim.workforce.leads import DESK, DESK_MEASURES
from lifesim.world.closing import closed_outcomes, closing
from lifesim.world.desk import capacity_by_branch
from lifesim.world.parts import Observer
from lifesim.world.under_way import under_way
from lifesim.world.world import World

LEDGER = (
    "premium", "refund", "claims", "maturity", "death_benefit", "cash_value", "commission", "claw_back", "contact",
    "benefit", "acquisition",
)  # fmt: skip
ENDS = {
    "lapsed": LAPSED, "surrendered": SURRENDERED, "died": DIED, "due_months": MONTHS, "matured": MATURED,
    "claim_ended": CLAIM_ENDED,
}  # fmt: skip


def gather(world: World, arm: str, practice: Practice, observer: Observer, result: UnitResult) -> dict[str, Any]:
    """All tables for one arm of a unit; returns the columns of customers at the end, see ``world.closing``."""
    scenario, unit = world.scenario, result.unit
    segments = list(scenario.segments)
    n = count(world.state)
    c = world.state.customers[:n]
    outcomes, accounts = closed_outcomes(world)
    ends = closing(world, observer)
    of_tiers = tiers_by_branch(world, practice)
    charge_levers(world, of_tiers, outcomes)
    capacity = capacity_by_branch(world, practice.staffing, scenario.warm_up, world.now)
    for number, branch in world.branches.items():
        rows = (c["branch"] == number) & (c["joined"] <= world.now)
        labels = {"replication": unit.replication, "branch": branch, "arm": arm}
        of = accounts.branch == number
        mine = Accounts(*(column[of] for column in accounts))
        result.add_rows("totals", metrics.totals(segments, _of(ends, rows), outcomes[of], mine), **labels)
        result.add_rows("ledger", [*_ledger(outcomes[of]), *paid_to_agents(of_tiers.get(number, []))], **labels)
        if scenario.experiment.twins:
            result.add("twins", twin_columns(segments, c[of], outcomes[of], mine), **labels)
        result.add("occupancy", _occupancy(segments, observer, number), **labels)
        of_leads = [*cleaned(world, practice, number), *worked(world, number), *contacted(world, practice, number)]
        rows_of_desk = [*_desks(world, capacity, number), *of_leads, *passed_on(world, number)]
        result.add_rows("desks", rows_of_desk, **labels)
        result.add_rows("agents", of_tiers.get(number, []), **labels)
        result.add_rows("leads", lead_rows(world, number), **labels)
        result.add_rows("milestones", _milestones(c["milestones"][rows]), **labels)
        result.add_rows("estimates", estimates(world, rows), **labels)
        result.add_rows("products", _products(world, rows), **labels)
    labels = {"replication": unit.replication, "branch": "+".join(unit.branches), "arm": arm}
    result.add("sessions", _sessions(world, segments), **labels)
    result.add_rows("touches", _touches(world), **labels)
    result.add_rows("episodes", _episodes(world, segments), **labels)
    result.add_rows("months", _months(world), **labels)
    result.add_rows("policy_years", _policy_years(world), **labels)
    result.add_rows("applications", _applications(world), **labels)
    result.add_rows("journey_steps", journey_steps(world, practice), **labels)
    result.add_rows("journeys", journey_totals(world, practice), **labels)
    result.add_rows("prompts", prompts(world, practice), **labels)
    result.add_rows("benefits", benefits(world, practice), **labels)
    result.add("events", _events(world), **labels)
    return ends


def _of(columns: dict[str, Any], rows: Any) -> dict[str, Any]:
    return {name: column[rows] for name, column in columns.items()}


def _ledger(outcomes: Any) -> list[dict[str, Any]]:
    return [{"account": name, "amount_fen": int(outcomes[name].sum())} for name in LEDGER]


def _occupancy(segments: list[str], observer: Observer, branch: int) -> dict[str, Any]:
    days = sorted(observer.counted)
    cells = [(day, segment, stage) for day in days for segment in segments for stage in STAGES]
    counts = np.concatenate([observer.counted[day][branch].ravel() for day in days])
    columns: dict[str, Any] = {
        name: list(values) for name, values in zip(("day", "segment", "stage"), zip(*cells, strict=True), strict=True)
    }
    return columns | {"customers": counts.tolist()}


def _desks(world: World, capacity: Any, branch: int) -> list[dict[str, Any]]:
    measures = world.extra["desk"][branch]
    rows = [{"desk": DESK, "measure": name, "value": int(measures[k])} for k, name in enumerate(DESK_MEASURES)]
    return [*rows, {"desk": DESK, "measure": "capacity", "value": int(capacity[branch])}]


def _milestones(stamped: Any) -> list[dict[str, Any]]:
    return [
        {
            "milestone": name,
            "reached": int(np.count_nonzero(stamped[:, k] != NO_DAY)),
            "customers": len(stamped),
        }
        for k, name in enumerate(MILESTONES)
    ]


def _products(world: World, rows: Any) -> list[dict[str, Any]]:
    """Policies of the chosen customers at the end, and those of them that were issued since the fork."""
    pool = world.state.policies
    held = np.flatnonzero((pool["customer"] >= 0) & (pool["status"] < SUSPENDED))
    held = held[rows[pool["customer"][held]]]
    product, new = pool["product"][held], pool["issued"][held] >= world.scenario.warm_up
    return [
        {
            "product": name,
            "policies": np.count_nonzero(product == k),
            "new_policies": np.count_nonzero(new & (product == k)),
            "new_ape_fen": int(pool["premium"][held[new & (product == k)]].sum()),
        }
        for k, name in enumerate(world.scenario.products)
    ]


def _sessions(world: World, segments: list[str]) -> dict[str, Any]:
    days = world.scenario.horizon // DAY
    return {
        "day": np.repeat(np.arange(days), len(segments)).tolist(),
        "segment": segments * days,
        "sessions": world.state.session_days[:days].ravel().tolist(),
    }


def _touches(world: World) -> list[dict[str, Any]]:
    contents = list(world.scenario.contents)
    rows = []
    for place in zip(*np.nonzero(world.state.touched), strict=True):
        campaign, channel, content, outcome = (int(k) for k in place)
        rows.append(
            {"campaign": world.campaigns[campaign], "channel": CHANNELS[channel], "content": contents[content],
             "outcome": world.policies.outcomes[outcome], "count": int(world.state.touched[place])}
        )  # fmt: skip
    return rows + _queued(world, contents)


def _queued(world: World, contents: list[str]) -> list[dict[str, Any]]:
    """Touches that are still on their way, or wait for a seat, at the end."""
    counts = under_way(world.state, world.extra)
    return [
        {"campaign": world.campaigns[campaign], "channel": CHANNELS[channel], "content": contents[content],
         "outcome": "queued", "count": int(counts[campaign, channel, content])}
        for campaign, channel, content in np.argwhere(counts).tolist()
    ]  # fmt: skip


def _months(world: World) -> list[dict[str, Any]]:
    """What was sold and paid by calendar month since the fork, the first and the last of which may be parts of one."""
    names, place = months_of(world.scenario)
    table = world.state.months
    return [
        {"month": names[month], "product": product, "new_policies": int(table[k, month, SOLD]),
         "new_ape_fen": int(table[k, month, APE]), "premium_fen": int(table[k, month, RECEIVED])}
        for month in range(place[world.scenario.warm_up // DAY], place[world.now // DAY - 1] + 1)
        for k, product in enumerate(world.scenario.products)
    ]  # fmt: skip


def _policy_years(world: World) -> list[dict[str, Any]]:
    """Exposure since the fork and ends by product and policy year, from 1; the last year holds all later ones."""
    table = world.state.policy_life
    before = table.copy()
    count_living(len(world.state.policies), world.now, world.kernel_address)
    lives, table[:] = table.copy(), before
    return [
        {"product": product, "policy_year": year + 1, "exposure_years": lives[k, year, 0] / (365.25 * DAY),
         **{name: int(lives[k, year, column]) for name, column in ENDS.items()}}
        for k, product in enumerate(world.scenario.products)
        for year in np.flatnonzero(lives[k].any(axis=1)).tolist()
    ]  # fmt: skip


def _applications(world: World) -> list[dict[str, Any]]:
    """What became of applications for products that are underwritten; of those under way nobody knows yet."""
    pool = world.state.policies
    waiting = pool["product"][(pool["customer"] >= 0) & (pool["status"] == APPLIED)]
    products = world.scenario.products
    under_way = np.bincount(waiting, minlength=len(products))
    counts = np.column_stack([world.state.applications, under_way])
    return [
        {"product": name, "outcome": outcome, "count": int(counts[k, column])}
        for k, (name, product) in enumerate(products.items()) if product.underwriting
        for column, outcome in enumerate((*APPLICATION_OUTCOMES, "under_way"))
    ]  # fmt: skip


def _episodes(world: World, segments: list[str]) -> list[dict[str, Any]]:
    table = world.state.occupied
    seconds = [
        {"segment": segment, "stage": stage, "to": "all", "completed": int(table[k, s, :-1].sum()),
         "seconds": int(table[k, s, -1])}
        for k, segment in enumerate(segments)
        for s, stage in enumerate(STAGES)
    ]  # fmt: skip
    moves = [
        {
            "segment": segments[k],
            "stage": STAGES[s],
            "to": STAGES[t],
            "completed": int(table[k, s, t]),
            "seconds": 0,
        }
        for k, s, t in zip(*np.nonzero(table[:, :, :-1]), strict=True)
    ]
    return seconds + moves


def _kinds(log: Any) -> Any:
    """What happened, in words; a life event is called by its kind."""
    names = np.array([*EVENTS, *(f"life_event_{kind}" for kind in LIFE_EVENTS)], dtype=object)
    of_life = log["kind"] == E_LIFE_EVENT
    return names[np.where(of_life, len(EVENTS) + log["detail"], log["kind"])]


def _events(world: World) -> dict[str, Any]:
    log = world.event_log()
    of_touch = np.isin(log["kind"], (E_DELIVERED, E_FAILED, E_OPENED))
    # A campaign's number depends on which other arms there are; its name does not.
    names = np.array([*world.campaigns, ""], dtype=object)
    return {
        "time": log["time"].astype(np.int32),
        "customer": world.state.customers["key"][log["customer"]],
        "kind": _kinds(log),
        "campaign": names[np.where(of_touch, log["detail"], len(names) - 1)],
        "detail": np.where(of_touch, 0, log["detail"]).astype(np.int32),
        "amount_fen": log["amount"].astype(np.int64),
    }
