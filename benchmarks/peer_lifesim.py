"""The reduced lifecycle as a lifesim scenario, in the kernel that every scenario runs on."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.reduced import Exit, Outcome, Reduced, Stage
from lifesim.experiment.unit import Experiment, Unit
from lifesim.population.arrays import Log
from lifesim.population.columns import DAY, EVENT, N_STAGES
from lifesim.population.memory import count
from lifesim.scenario import Scenario, load
from lifesim.strategy import Practice
from lifesim.world.world import World

#: The world adds up stays in a stage that begin this many days before its horizon.
STAYS_BEFORE = 120

#: Moves that lifesim knows as events which can move a state of mind.
EVENTS = {(Stage.AWARENESS, Stage.FIRST_PURCHASE): "need_formed", (Stage.CHURN_WARNING, Stage.HOLDING): "saved"}


def scenario(model: Reduced, customers: int, days: int, seed: int) -> Scenario:
    """Return `model` as a scenario: all of it is data, and every event is kept.

    Raises
    ------
    ValueError
        If an exit has an impulse for which lifesim has no event.
    """
    around = load(Path(__file__).with_name("reduced.yaml"))
    behaviour = around.behaviour.model_dump(mode="json", by_alias=True)
    exits = [(stage, way) for stage in Stage for way in model.stages[stage].exits]
    behaviour |= {
        "states": {
            "satisfaction": {
                "meaning": "satisfaction",
                "half_life": f"{model.half_life_days * DAY:.0f}s",
                "baseline": 0,
            }
        },
        "impulses": {event(stage, way): {"satisfaction": way.impulse} for stage, way in exits if way.impulse},
        "refresh": {stage.name: f"{model.review_days}d" for stage in Stage},
        "transitions": {f"{stage.name}.to_{way.to.name}": transition(way) for stage, way in exits},
        "sessions": behaviour["sessions"]
        | {
            "rate": f"{model.sessions_per_year}/y",
            "active": {stage.name: float(model.stages[stage].live) for stage in Stage},
        },
    }
    segment = around.segments["everyone"].model_dump(mode="json", by_alias=True)
    return around.replace(
        behaviour=behaviour,
        segments={"everyone": segment | {"start": {model.start.name: 1.0}}},
        population={"size": customers, "segments": {"everyone": 1.0}},
        # The world adds up stays that begin early enough before its horizon to end; here all of them count.
        horizon=f"{days + STAYS_BEFORE}d",
        experiment=around.experiment.model_dump(mode="json") | {"seed": seed},
    )


def event(stage: Stage, way: Exit) -> str:
    """Return lifesim's name for the event of taking an exit."""
    if (stage, way.to) not in EVENTS:
        raise ValueError(f"lifesim has no event for the impulse of {stage.name} to {way.to.name}")
    return EVENTS[stage, way.to]


def transition(way: Exit) -> dict[str, Any]:
    """Return an exit as a transition of a scenario file."""
    return {"to": way.to.name, "rate": f"{way.per_year}/y", "depends": {"satisfaction": way.coefficient}}


class Tally(Log):
    """Counts what the kernel logged, a buffer at a time, and lets it go."""

    def __init__(self) -> None:
        super().__init__(EVENT)
        self.taken = 0

    def append(self, records: Any) -> None:
        """Take a buffer: an array of `lifesim.population.columns.EVENT`."""
        self.taken += len(records)


def populated(model: Reduced, customers: int, days: int, seed: int) -> World:
    """Return the world of `model` at time 0, with its customers."""
    experiment = Experiment(scenario(model, customers, days, seed), {"control": Practice()}, [])
    return experiment.world(Unit(0, ("main",)))


def occupancy(world: World) -> tuple[float, ...]:
    """Return the share of customers in each stage, now."""
    stage = world.state.customers["stage"][: count(world.state)]
    return tuple((np.bincount(stage, minlength=len(Stage)) / len(stage)).tolist())


def lost_seconds(world: World, now: int) -> int:
    """Return how long customers have stayed in `LOST` up to `now`, all together."""
    ended = world.state.occupied[:, Stage.LOST, N_STAGES].sum()
    customers = world.state.customers[: count(world.state)]
    since = customers["stage_since"][customers["stage"] == Stage.LOST]
    return int(ended) + int((now - since.astype(np.int64)).sum())


def run(model: Reduced, customers: int, days: int, seed: int) -> Outcome:
    """Run `model` for `customers` over `days` and time it."""
    world = populated(model, customers, days, seed)
    world.events = log = Tally()
    begun = time.process_time()
    world.advance(days // 2 * DAY)
    occupancy_mid = occupancy(world)
    world.advance(days * DAY)
    occupancy_end = occupancy(world)
    seconds = time.process_time() - begun
    return Outcome(
        customers,
        days,
        customers * days - lost_seconds(world, days * DAY) / DAY,
        log.taken,
        seconds,
        occupancy_mid,
        occupancy_end,
    )
