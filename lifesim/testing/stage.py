"""The small real world in which strategies are asked: built once, and what it asked is kept."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lifesim.errors import LifesimError
from lifesim.experiment.plugins import mechanisms
from lifesim.experiment.unit import Experiment, Unit, UnitResult
from lifesim.population.columns import DAY
from lifesim.scenario import Scenario, load
from lifesim.scenario.validate import load_model
from lifesim.strategy import (
    UNASSIGNED,
    AgentView,
    Allocation,
    CustomerView,
    IntArray,
    LeadView,
    Luck,
    NobodyAnswers,
    Practice,
    Schedule,
    Touches,
)
from lifesim.testing.question import Question, kept
from lifesim.workspace import bundled_root, current_root

CUSTOMERS = 800
WARM_UP, HORIZON = 30, 150
#: Questions that are kept, and days between them, so that they fall into several months.
KEPT, APART = 4, 25


@dataclass
class Listener:
    """Stands in the place of a strategy, decides nothing, and keeps some of the questions that it is asked."""

    schedule: Schedule = field(default_factory=Schedule)
    oracle: bool = False
    service: bool = False
    questions: list[Question] = field(default_factory=list)

    def touch(self, customers: CustomerView, luck: Luck) -> None:
        self._hear(luck, customers)

    def grade(self, leads: LeadView, luck: Luck) -> IntArray:
        self._hear(luck, leads)
        return np.zeros(len(leads), np.int64)

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        self._hear(luck, leads, agents)
        return np.full(len(leads), UNASSIGNED, np.int64)

    def _hear(self, luck: Luck, *views: Any) -> None:
        last = self.questions[-1].rows.now if self.questions else (WARM_UP - APART) * DAY
        if len(self.questions) < KEPT and views[0].now >= last + APART * DAY:
            self.questions.append(kept(views, luck))


@dataclass(frozen=True)
class Callers:
    """Every Monday asks the desk to call a share of all customers, so that leads wait."""

    content: str
    share: float = 0.15

    @property
    def schedule(self) -> Schedule:
        return Schedule(at="08:00", weekdays=(1,))

    def touch(self, customers: CustomerView, luck: Luck) -> Touches:
        return Touches(customers.where(luck.uniforms("who") < self.share), self.content, "call")


class Stage:
    """A small world of a scenario.

    Parameters
    ----------
    scenario
        Describes products, contents, channels and the desk; people, dates and arms are the stage's own.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = small(scenario)
        self._unit = Unit(0, tuple(self.scenario.population.branches))
        self._listened: dict[Any, list[Question]] = {}
        self.callers = Callers(next(iter(self.scenario.contents)))
        world = self._experiment(self.scenario, Practice()).world(self._unit)
        self.hidden = frozenset(world.everything) - frozenset(world.observed)

    def questions(
        self, kind: str, name: str, oracle: bool, schedule: Schedule | None = None, service: bool = False
    ) -> list[Question]:
        """Questions that the world asks a strategy of a kind; some weeks apart.

        Parameters
        ----------
        name
            What scenarios call the strategy: the luck of its touches depends on it.
        schedule, service
            Of an orchestration.
        """
        known = (kind, name, oracle, schedule, service)
        if known not in self._listened:
            listener = Listener(schedule or Schedule(), oracle, service)
            practice = self.practice(kind, name, listener)
            experiment = self._experiment(self.scenario, practice)
            world = experiment.world(self._unit)
            world.run((WARM_UP + HORIZON) * DAY, experiment.parts(world, practice))
            self._listened[known] = listener.questions
        return self._listened[known]

    def practice(self, kind: str, name: str, strategy: Any, allocation: Allocation | None = None) -> Practice:
        """A practice in which a strategy has something to do."""
        calls: Mapping[str, Any] = {"callers": self.callers}
        if kind == "orchestration":
            return Practice({name: strategy}, allocation=allocation or NobodyAnswers())
        if kind == "grading":
            return Practice(calls, grading=strategy, allocation=allocation or NobodyAnswers())
        return Practice(calls, allocation=strategy)

    def run(self, practice: Practice) -> UnitResult:
        """A whole run beside a control arm that does nothing."""
        scenario = self.scenario.replace(arms={"control": {}, "checked": {}})
        return self._experiment(scenario, Practice(), checked=practice).run(self._unit)

    def _experiment(self, scenario: Scenario, control: Practice, **arms: Practice) -> Experiment:
        return Experiment(scenario, {"control": control, **arms}, mechanisms(scenario))


def small(scenario: Scenario) -> Scenario:
    """The scenario with few customers of all its segments in two branches, and a few calls in each slot."""
    segments, described = list(scenario.segments), scenario.model_dump(mode="json", by_alias=True)
    desk, workforce = described["desk"], described["workforce"]
    for k, seats in enumerate(desk["seats"].values()):
        # Two or three calls in a slot: fewer than the leads that wait, and not the same for every group.
        slots = 3600 / scenario.desk.slot
        seats["per_10k"] = (2 + k) * slots * 1e4 / (CUSTOMERS / 2) / (seats["calls_per_hour"] or 1.0)
    for tier in workforce["tiers"].values() if workforce else ():
        tier["per_10k"] = 2 * 1e4 / (CUSTOMERS / 2)
    return scenario.replace(
        workforce=workforce,
        population={
            "size": CUSTOMERS,
            "branches": {"north": 0.5, "south": 0.5},
            "segments": {name: 1 / len(segments) for name in segments},
        },
        warm_up=f"{WARM_UP}d",
        horizon=f"{HORIZON}d",
        arms={"control": {}},
        desk=desk | {"patience": "10d"},
        experiment={"replications": 1, "seed": 1},
    )


def stage_for(name: str, scenario: str | Path | Scenario | None = None) -> Stage:
    """The small world of a scenario.

    Parameters
    ----------
    name
        What scenarios call the strategy.
    scenario
        Without one: a scenario of the workspace that names the strategy, else the first of the workspace, else one
        that comes with the package.
    """
    if isinstance(scenario, Scenario):
        return _staged(scenario.model_dump_json(by_alias=True))
    if scenario is not None:
        return _stage_of(str(scenario), current_root())
    files = sorted((current_root() / "scenarios").glob("*.yaml"))
    files.sort(key=lambda file: not re.search(rf"\b{name}\b", file.read_text(encoding="utf-8", errors="replace")))
    for file in files:
        try:
            return _stage_of(str(file), current_root())
        except LifesimError:  # said by the check of that scenario
            continue
    return _bundled()


@functools.cache
def _stage_of(scenario: str, root: Path) -> Stage:
    return _staged(load(scenario, root=root).model_dump_json(by_alias=True))


@functools.cache
def _bundled() -> Stage:
    # Not `load`, which would mount the bundled workspace in the place of the user's.
    folder = bundled_root() / "scenarios"
    scenario, _ = load_model(folder / "aa.yaml", Scenario, [folder])
    return _staged(scenario.model_dump_json(by_alias=True))


@functools.cache
def _staged(described: str) -> Stage:
    return Stage(Scenario.model_validate_json(described))
