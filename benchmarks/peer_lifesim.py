"""The reduced lifecycle as a lifesim scenario, in the kernel that every scenario runs on."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.reduced import Exit, Outcome, Reduced, Stage
from lifesim.experiment.unit import Experiment, Unit
from lifesim.population.arrays import Log
from lifesim.population.columns import DAY, E_STAGE, EVENT
from lifesim.population.memory import count
from lifesim.scenario import Scenario, load
from lifesim.strategy import Practice
from lifesim.world.world import World

WINDOW_DAYS = 30

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
        horizon=f"{days}d",
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
    """Takes what the kernel logged, a buffer at a time: counts it, adds up stays in `LOST`, and lets it go."""

    def __init__(self, days: int) -> None:
        super().__init__(EVENT)
        self.end = days * DAY
        self.taken = 0
        self.lost_seconds = 0

    def append(self, records: Any) -> None:
        """Take a buffer: an array of `lifesim.population.columns.EVENT`."""
        self.taken += len(records)
        moves = np.flatnonzero(records["kind"] == E_STAGE)
        detail, left = records["detail"][moves], self.end - records["time"][moves]
        entered, returned = (detail >> 4) % 16 == Stage.LOST, detail >> 8 == Stage.LOST
        self.lost_seconds += int(left[entered].sum(dtype=np.int64)) - int(left[returned].sum(dtype=np.int64))


def populated(model: Reduced, customers: int, days: int, seed: int) -> World:
    """Return the world of `model` at time 0, with its customers."""
    experiment = Experiment(scenario(model, customers, days, seed), {"control": Practice()}, [])
    return experiment.world(Unit(0, ("main",)))


def occupancy(world: World) -> tuple[float, ...]:
    """Return the share of customers in each stage, now."""
    stage = world.state.customers["stage"][: count(world.state)]
    return tuple((np.bincount(stage, minlength=len(Stage)) / len(stage)).tolist())


def run(model: Reduced, customers: int, days: int, seed: int) -> Outcome:
    """Run `model` for `customers` over `days` and time it."""
    world = populated(model, customers, days, seed)
    world.events = log = Tally(days)
    begun = time.process_time()
    advance(world, 0, days // 2)
    occupancy_mid = occupancy(world)
    advance(world, days // 2, days)
    occupancy_end = occupancy(world)
    seconds = time.process_time() - begun
    return Outcome(
        customers,
        days,
        customers * days - log.lost_seconds / DAY,
        log.taken,
        seconds,
        occupancy_mid,
        occupancy_end,
    )


def advance(world: World, day: int, until: int) -> None:
    """Advance everybody from one day to another, in windows as between the appointments of a scenario."""
    while day < until:
        day = min(day + WINDOW_DAYS, until)
        world.advance(day * DAY)
