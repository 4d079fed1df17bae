"""A unit of work: some branches of one replication, with every arm forked from one warm-up."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lifesim import metrics
from lifesim.errors import LifesimError
from lifesim.lifecycle.mechanisms import CompiledMechanisms, extend
from lifesim.population.columns import DAY, EVENTS, TOUCH_OUTCOMES
from lifesim.population.memory import count
from lifesim.population.synthesis import synthesise
from lifesim.scenario import STAGES, Scenario
from lifesim.scenario.market import CHANNELS
from lifesim.strategy import Practice
from lifesim.streams import Streams
from lifesim.workforce.leads import DESK_MEASURES
from lifesim.world.arms import DESK, Campaign, Desk
from lifesim.world.parts import Acquisition, Inference, Observer, occupancy
from lifesim.world.world import Part, World

LEDGER = ("premium", "claims", "commission", "contact", "benefit", "acquisition")


@dataclass(frozen=True)
class Unit:
    """What one task simulates.

    Attributes
    ----------
    branches
        Names of the branches; all of them where a resource is contended nationally.
    """

    replication: int
    branches: tuple[str, ...]


@dataclass
class UnitResult:
    """Rows of the tables of a run, by table, and what went wrong in which arm."""

    unit: Unit
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    customer_days: float = 0.0

    def add(self, table: str, rows: list[dict[str, Any]], **labels: Any) -> None:
        """Append rows to a table, each with the labels."""
        self.tables.setdefault(table, []).extend({**labels, **row} for row in rows)


def units(scenario: Scenario) -> list[Unit]:
    """All units of a scenario: a branch of a replication, or a replication where a resource is national."""
    branches = tuple(scenario.population.branches)
    groups = [(branch,) for branch in branches] if scenario.desk.scope == "branch" else [branches]
    return [Unit(r, group) for r in range(scenario.experiment.replications) for group in groups]


class Experiment:
    """A scenario with the plug-ins of its arms, ready to run units.

    Parameters
    ----------
    practices
        Plug-ins by arm; the control arm's run the warm-up.
    mechanisms
        Instances of mechanisms.
    keep_all
        Keep the events of every customer.
    """

    def __init__(
        self,
        scenario: Scenario,
        practices: Mapping[str, Practice],
        mechanisms: list[Any],
        keep_all: bool = False,
    ) -> None:
        if keep_all:
            described = scenario.experiment.model_dump(mode="json")
            scenario = scenario.replace(experiment=described | {"event_share": 1.0})
        self.scenario = extend(scenario, mechanisms)
        self.practices = dict(practices)
        self.mechanisms = CompiledMechanisms(mechanisms)
        names = {name for practice in practices.values() for name in practice.orchestrations}
        self.campaigns = [DESK, *sorted(names)]

    def world(self, unit: Unit) -> World:
        """The world of a unit at time 0, with its customers."""
        scenario = self.scenario
        streams = Streams(scenario.experiment.seed, unit.replication)
        numbers = {list(scenario.population.branches).index(name): name for name in unit.branches}
        world = World(scenario, streams, numbers, self.campaigns, self.mechanisms)
        for number, branch in numbers.items():
            size = scenario.population.branch_sizes()[branch]
            people = synthesise(scenario, streams, branch, size)
            world.started_with[number] = len(people)
            world.add(people)
        return world

    def parts(self, world: World, practice: Practice) -> list[Part]:
        """The moving parts of a world under a practice."""
        parts: list[Part] = [
            Acquisition(self.scenario, world.streams, world.branches, world.started_with),
            Inference(),
            Desk(self.scenario, practice, world),
        ]
        parts += [Campaign(name, each, world) for name, each in practice.orchestrations.items()]
        return parts

    def run(self, unit: Unit) -> UnitResult:
        """Warm up once, fork every arm, and gather the tables. A failing arm costs only itself."""
        began = time.perf_counter()
        result = UnitResult(unit)
        scenario = self.scenario
        world = self.world(unit)
        result.seconds["population"] = time.perf_counter() - began
        control = self.practices[scenario.experiment.control]
        world.run(scenario.warm_up, self.parts(world, control))
        world.begin_outcomes()
        result.customer_days += count(world.state) * scenario.warm_up / DAY
        fork = world.snapshot()
        for arm, practice in self.practices.items():
            world.restore(fork)
            try:
                self._run_arm(world, arm, practice, result)
            except LifesimError as error:
                result.failures[arm] = str(error)
        for what, seconds in world.seconds.items():
            result.seconds[what] = result.seconds.get(what, 0.0) + seconds
        result.seconds["total"] = time.perf_counter() - began
        return result

    def _run_arm(self, world: World, arm: str, practice: Practice, result: UnitResult) -> None:
        scenario = self.scenario
        end = scenario.warm_up + scenario.horizon
        observer = Observer(scenario.warm_up, end)
        world.run(end, [*self.parts(world, practice), observer])
        began = time.perf_counter()
        observer.counted[scenario.horizon // DAY] = occupancy(scenario, world.state, end)
        joined = world.state.customers["joined"][: count(world.state)]
        present = np.clip(end - np.maximum(joined, scenario.warm_up), 0, None)
        result.customer_days += float(present.sum()) / DAY
        gather(world, arm, observer, result)
        world.seconds["gathering"] = world.seconds.get("gathering", 0.0) + time.perf_counter() - began


def gather(world: World, arm: str, observer: Observer, result: UnitResult) -> None:
    """Rows of all tables for one arm of a unit."""
    scenario, unit = world.scenario, result.unit
    segments = list(scenario.segments)
    n = count(world.state)
    c, o = world.state.customers[:n], world.state.outcomes[:n]
    for number, branch in world.branches.items():
        rows = (c["branch"] == number) & (c["joined"] <= world.now)
        labels = {"replication": unit.replication, "branch": branch, "arm": arm}
        result.add("totals", metrics.totals(segments, c[rows], o[rows]), **labels)
        result.add("ledger", _ledger(o[rows]), **labels)
        result.add("occupancy", _occupancy(segments, observer, number), **labels)
        result.add("desks", _desks(world, number), **labels)
        result.add("milestones", _milestones(world, c[rows]), **labels)
    labels = {"replication": unit.replication, "branch": "+".join(unit.branches), "arm": arm}
    result.add("sessions", _sessions(world, segments), **labels)
    result.add("touches", _touches(world), **labels)
    result.add("episodes", _episodes(world, segments), **labels)
    result.add("events", _events(world), **labels)


def _ledger(outcomes: Any) -> list[dict[str, Any]]:
    return [{"account": name, "amount_fen": int(outcomes[name].sum(dtype=np.int64))} for name in LEDGER]


def _occupancy(segments: list[str], observer: Observer, branch: int) -> list[dict[str, Any]]:
    return [
        {
            "day": int(day),
            "segment": segment,
            "stage": stage,
            "customers": int(counted[branch, k, s]),
        }
        for day, counted in sorted(observer.counted.items())
        for k, segment in enumerate(segments)
        for s, stage in enumerate(STAGES)
    ]


def _desks(world: World, branch: int) -> list[dict[str, Any]]:
    measures = world.extra.get("desk")
    if measures is None:
        return []
    return [{"desk": DESK, "measure": name, "value": int(measures[branch, k])} for k, name in enumerate(DESK_MEASURES)]


def _milestones(world: World, customers: Any) -> list[dict[str, Any]]:
    from lifesim.population.columns import MILESTONES, NEVER

    stamped = customers["milestones"]
    return [
        {
            "milestone": name,
            "reached": int(np.count_nonzero(stamped[:, k] != NEVER)),
            "customers": len(customers),
        }
        for k, name in enumerate(MILESTONES)
    ]


def _sessions(world: World, segments: list[str]) -> list[dict[str, Any]]:
    days = world.scenario.horizon // DAY
    table = world.state.session_days[:days]
    return [
        {"day": day, "segment": segment, "sessions": int(table[day, k])}
        for day in range(days)
        for k, segment in enumerate(segments)
    ]


def _touches(world: World) -> list[dict[str, Any]]:
    contents = list(world.scenario.contents)
    rows = []
    for place in zip(*np.nonzero(world.state.touched), strict=True):
        campaign, channel, content, outcome = (int(k) for k in place)
        rows.append(
            {"campaign": world.campaigns[campaign], "channel": CHANNELS[channel], "content": contents[content],
             "outcome": TOUCH_OUTCOMES[outcome], "count": int(world.state.touched[place])}
        )  # fmt: skip
    return rows + _queued(world, contents)


def _queued(world: World, contents: list[str]) -> list[dict[str, Any]]:
    """Touches that are still on their way, or wait for a seat, at the end."""
    in_pool = world.state.touches[world.state.touches["customer"] >= 0]
    waiting = world.extra["leads"]
    waiting = waiting[waiting["inquiry"] == 0]
    keys = [(int(t["campaign"]), int(t["channel"]), int(t["content"])) for t in in_pool if t["status"] == 0]
    keys += [(int(t["campaign"]), CHANNELS.index("call"), int(t["content"])) for t in waiting]
    return [
        {"campaign": world.campaigns[key[0]], "channel": CHANNELS[key[1]], "content": contents[key[2]],
         "outcome": "queued", "count": keys.count(key)}
        for key in sorted(set(keys))
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


def _events(world: World) -> list[dict[str, Any]]:
    log = world.event_log()
    keys = world.state.customers["key"][log["customer"]]
    return [
        {"time": int(e["time"]), "customer": f"{int(key):016x}", "kind": EVENTS[e["kind"]],
         "detail": int(e["detail"]), "amount_fen": int(e["amount"])}
        for e, key in zip(log, keys, strict=True)
    ]  # fmt: skip
