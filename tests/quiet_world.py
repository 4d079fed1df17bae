"""Small worlds for tests: the base market with one branch and one kind of customer, and a run that is read back."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from lifesim.experiment.unit import Experiment, Unit
from lifesim.lifecycle.clock_tables import clock_rows
from lifesim.population import columns
from lifesim.population.columns import DAY, YEAR
from lifesim.population.memory import count
from lifesim.scenario import STAGES, Scenario, load
from lifesim.scenario.market import CHANNELS
from lifesim.scenario.needs import FAMILIES
from lifesim.strategy import Practice
from lifesim.world.world import World

REPO = Path(__file__).resolve().parents[1]
KIND = "mainstream"

#: A scenario as plain data that a test changes before it builds a world of it.
Described = dict[str, Any]
PartOf = Callable[[World], Any]


@cache
def base() -> Scenario:
    """A scenario of the base market."""
    return load("aa", root=REPO)


def described(size: int, days: int, start: str | dict[str, float]) -> Described:
    """The base market: no warm-up, one branch, one kind of customer in the stages ``start``, all events kept.

    Without free cover, which is no purchase: every policy has a premium.
    """
    data = base().model_dump(mode="json", by_alias=True)
    del data["products"]["free_cover"]
    data |= {"warm_up": "0d", "horizon": f"{days}d"}
    data["population"] = {"size": size, "segments": {KIND: 1.0}}
    data["experiment"] |= {"event_share": 1.0, "twins": True}
    data["market"] = {"luck": 0.0, "season": {}, "shocks": {}}
    data["segments"][KIND]["start"] = {start: 1.0} if isinstance(start, str) else start
    return data


def still(size: int, days: int, start: str | dict[str, float]) -> Described:
    """The same at rest: no hazards, life events, sessions, impulses or arrivals; policies 36 days old, all kept."""
    data = described(size, days, start)
    behaviour = data["behaviour"]
    for clock in (*behaviour["transitions"].values(), *behaviour["processes"].values()):
        clock["rate"] = "0/y"
    behaviour["sessions"]["rate"] = "0/y"
    behaviour["impulses"] = {}
    behaviour["life_events"] = {}
    # Nobody holds any of the one year of income that everybody wants of every family.
    behaviour["cover"] = {family: {"years": 1.0} for family in FAMILIES}
    for product in data["products"].values():
        product["sum_assured"] = {"multiple": 0.0}
        product |= {"underwriting": None, "maturity": None, "death_benefit": None}
        product["cooling_off"] = {"within": "0d", "returned": 0.0}
        product["claims"] |= {"ends_policy": False, "severity": product["claims"]["severity"] | {"of": "premium"}}
    data["acquisition"] = {}
    # Whoever advises, or nobody: nothing is lost by it.
    data["closing_power"] = None
    data["segments"][KIND] |= {
        "policy_years": {"median": 0.1, "spread": 0.0, "low": 0.1, "high": 0.1},
        "second_policy": 0.0, "orphans": 0.0, "refuses_targeting": 0.0,
        "reach": dict.fromkeys(CHANNELS, 1.0), "consent": dict.fromkeys(CHANNELS, 1.0),
    }  # fmt: skip
    return data


def with_free_cover(data: Described) -> None:
    """Put free cover back in its place among the products."""
    free = base().products["free_cover"].model_dump(mode="json", by_alias=True)
    data["products"] = {name: data["products"].get(name, free) for name in base().products}


def bought_again(data: Described, renewal: dict[str, Any], recovery: dict[str, Any]) -> None:
    """Let every product be short cover, bought again by the log-odds of ``renewal``, late by those of ``recovery``."""
    for product in data["products"].values():
        product |= {"term": "short", "payment": None, "maturity": None, "renewal": renewal, "recovery": recovery}


def clock(data: Described, name: str) -> dict[str, Any]:
    """The description of a transition or process."""
    return data["behaviour"]["transitions" if "." in name else "processes"][name]  # type: ignore[no-any-return]


def set_rate(data: Described, name: str, times: float) -> None:
    """Run a clock at ``times`` the rate it has in the base market."""
    behaviour = base().behaviour
    rule = behaviour.transitions[name] if "." in name else behaviour.processes[name]
    clock(data, name)["rate"] = f"{rule.rate * YEAR * times}/y"


def begin(data: Described, practice: Practice | None = None) -> tuple[World, list[Any]]:
    """A world at time 0 with its customers, and the moving parts of a practice."""
    practice = practice or Practice()
    experiment = Experiment(base().replace(**data), {"control": practice}, [])
    world = experiment.world(Unit(0, ("main",)))
    return world, experiment.parts(world, practice)


def lived(data: Described, days: float) -> World:
    """A world of customers who live for some days with no moving part beside them."""
    world, _ = begin(data)
    world.run(int(days * DAY), [])
    return world


def people(world: World) -> Any:
    """The customers of a world."""
    return world.state.customers[: count(world.state)]


def events(world: World, kind: str) -> Any:
    """Events of one kind, in order of time."""
    log = world.event_log()
    return log[log["kind"] == columns.EVENTS.index(kind)]


def moves(world: World) -> list[tuple[int, int, str, str, str]]:
    """Moves between stages: time, customer, from, to, cause; in order of time."""
    return [
        (int(e["time"]), int(e["customer"]), STAGES[e["detail"] // 256], STAGES[e["detail"] // 16 % 16],
         columns.LOST_CAUSES[e["detail"] % 16])
        for e in events(world, "stage")
    ]  # fmt: skip


def hazards(world: World, name: str) -> tuple[Any, Any]:
    """Rows of the customers whose stage has a clock, and its background hazard per second."""
    rows = [(clock_name, stage) for clock_name, stage, _ in clock_rows(world.scenario)]
    stage = dict(rows)[name]
    if stage:
        slot = [other for other, its_stage in rows if its_stage == stage].index(name)
        who = np.flatnonzero(people(world)["stage"] == STAGES.index(stage))
    else:
        slots = world.state.clocks.shape[1]
        processes = [other for other, its_stage in rows if not its_stage]
        slot = slots - len(processes) + processes.index(name)
        runs_in = [STAGES.index(each) for each in world.scenario.behaviour.processes[name].stages]
        who = np.flatnonzero(np.isin(people(world)["stage"], runs_in))
    return who, world.state.clocks["rate"][who, slot].astype(float)
