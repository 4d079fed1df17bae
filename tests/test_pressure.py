"""The strategies that must lose do lose: by first purchases, by value, or by a guardrail."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

import lifesim

LOSERS = ("mass_push", "awareness_push", "greetings")


@cache
def effects() -> Any:
    """Effects of the shipped scenario on a fifth of its customers over half a year, in four replications."""
    scenario = lifesim.load("pressure")
    population = scenario.population.model_dump(mode="json") | {"size": 6_000}
    few = scenario.experiment.model_dump(mode="json") | {"replications": 4}
    rows = lifesim.compare(scenario.replace(population=population, experiment=few, horizon="180d"), workers=1).effects
    return rows[rows["segment"] == "all"].set_index(["arm", "metric"])


@pytest.mark.parametrize("arm", ["mass_push", "awareness_push"])
def test_offers_before_there_is_a_need_cost_first_purchases(arm: str) -> None:
    assert effects().loc[(arm, "first_purchase_rate"), "high"] < 0


@pytest.mark.parametrize("arm", LOSERS)
def test_pressure_and_noise_break_the_guardrail_of_opt_outs(arm: str) -> None:
    limit = lifesim.load("pressure").measure.guardrails["opt_out_rate"]
    assert effects().loc[(arm, "opt_out_rate"), "low"] > limit
