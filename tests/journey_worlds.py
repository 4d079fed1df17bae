"""Worlds in which a journey can be followed: touches that arrive at once, and what became of them, read back."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
from small_worlds import FirstSeat, described, log_of, small, uncontended

from lifesim.experiment.passages import journey_steps
from lifesim.population.columns import E_DELIVERED
from lifesim.scenario import Scenario
from lifesim.scenario.journeys import Journey
from lifesim.scenario.market import CHANNELS
from lifesim.strategy import Practice
from lifesim.world.world import World


def obliging(opened: float = 1.0, **contents: Any) -> Scenario:
    """A scenario in which touches arrive at once and are taken in within the second, or never; seats for all."""
    scenario = uncontended(small(60))
    data = described(scenario)
    for name, channel in data["channels"].items():
        channel |= {"delivered": 1.0, "opened": 1.0 if name == "call" else opened, "depends": {}, "opt_out": 0.0}
        channel |= {"delay": "0s", "open_delay": "0s", "fatigue": 0.0}
    for segment in data["segments"].values():
        segment |= {"refuses_targeting": 0.0}
        segment |= {mask: dict.fromkeys(CHANNELS, 1.0) for mask in ("reach", "consent")}
    data["contents"] |= {
        "hello": {"kind": "service", "visit": 0.0},
        "gift": {"kind": "service", "visit": 0.0},
        "game": {"kind": "service", "visit": 1.0, "prompts": {"signed_in": 1.0}},
        **contents,
    }
    changed = ("channels", "contents", "segments")
    return scenario.replace(**{name: data[name] for name in changed}, contact_policy={
        "marketing_cap": {"touches": 4, "within": "1d"}, "quiet": {"start": "03:00", "end": "03:01"},
    })  # fmt: skip


def a_journey(steps: dict[str, Any], **more: Any) -> Journey:
    """A journey of service messages, which needs no consent and knows no cap."""
    sent = {name for step in steps.values() if "send" in step for name in step["send"].values()}
    contents = {name: {"kind": "service", "says": name} for name in sorted(sent)}
    given: dict[str, Any] = {
        "name": "walk", "entry": {"at": "2026-01-09 19:00"}, "contents": contents, "steps": steps,
    }  # fmt: skip
    return Journey.model_validate(given | more)


def under(*run_by: Journey, **more: Any) -> Practice:
    """A practice of journeys."""
    return Practice(orchestrations={each.name: each for each in run_by}, allocation=FirstSeat(), **more)


def story(world: World, key: int, kind: int = E_DELIVERED, name: str = "walk") -> list[str]:
    """When a customer's touches of a journey arrived, or were opened: weekday and time of day."""
    log = log_of(world)
    mine = (log["key"] == key) & (log["kind"] == kind) & (log["campaign"] == name)
    zero = datetime.datetime.combine(world.date(0), datetime.time())
    return [f"{zero + datetime.timedelta(seconds=int(at)):%a %d %H:%M}" for at in log["time"][mine]]


def ways(world: World, practice: Practice) -> dict[tuple[str, str], int]:
    """Customers by step and way; those that nobody went left out."""
    return {(row["step"], row["way"]): row["customers"] for row in journey_steps(world, practice) if row["customers"]}


def sent(world: World, name: str = "walk") -> dict[tuple[str, str], dict[str, int]]:
    """What became of the touches of a journey, by channel and content."""
    table, contents = world.state.touched[world.campaigns.index(name)], list(world.scenario.contents)
    return {
        (CHANNELS[channel], contents[content]): {
            outcome: int(n) for outcome, n in zip(world.policies.outcomes, table[channel, content], strict=True) if n
        }
        for channel, content in np.argwhere(table.any(axis=2)).tolist()
    }
