"""Audit mode with agents: no luck of theirs is asked for twice, and compilation changes no bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from audited import audited
from small_worlds import described, differences, lives, run
from test_orphans import practice, served
from test_recycling import calling

from lifesim.strategy import Practice
from lifesim.workforce.recycling import COOLING
from lifesim.workforce.staff import ASSIGNED_TO, BY_TIER, FOLLOWED_BY, RETURNED_BY, TAKEN_AGAIN


def world_as_arrays() -> dict[str, Any]:
    """Fifty customers of agents who leave at once, follow, are told of another, and are called again."""
    scenario = served(50, departures={"follow": "60%", "within": "20d", "kept": "50%"})
    data = described(scenario)
    for tier in data["workforce"]["tiers"].values():
        tier["per_10k"] *= 5
    data["workforce"]["recycling"] = {"cool_down": "7d", "times": 2}
    scenario = scenario.replace(workforce=data["workforce"], desk=data["desk"] | {"follow_up": "7d"})
    reassign = practice("specialists", "7d").reassign
    given = Practice(calling().orchestrations, allocation=calling().allocation, reassign=reassign)
    return lives(run(scenario, given, days=45))


def test_no_luck_of_agents_is_used_twice_and_compilation_changes_no_bit(tmp_path: Path) -> None:
    requests, interpreted = audited("test_workforce_audit", tmp_path)
    assert requests > 500
    compiled = world_as_arrays()
    counted = compiled[f"extra.{BY_TIER}"].sum(axis=(0, 1))
    assert counted[[FOLLOWED_BY, ASSIGNED_TO, RETURNED_BY, TAKEN_AGAIN]].min() > 0, "too little happens for an audit"
    assert len(compiled[f"extra.{COOLING}.luck"]) > 0
    assert differences(compiled, interpreted) == []
