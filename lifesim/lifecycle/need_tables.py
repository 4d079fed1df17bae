"""Tables of what moves needs, and of the cover that they call for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lifesim.lifecycle.clock_tables import keys_of, table
from lifesim.lifecycle.rule_records import BAND, LIFE_RULE
from lifesim.population.columns import N_STAGES
from lifesim.scenario import Scenario
from lifesim.scenario.needs import FAMILIES, LIFE_EVENTS, LifeEvent
from lifesim.streams import Streams


def _kinds(scenario: Scenario) -> list[LifeEvent | None]:
    """Life events in the order of the kernel's codes; none for a kind that the scenario leaves out."""
    return [scenario.behaviour.life_events.get(kind) for kind in LIFE_EVENTS]


def need_tables(scenario: Scenario, streams: Streams) -> dict[str, Any]:
    """Arrays of the rules about life events."""
    kinds, states = _kinds(scenario), list(scenario.behaviour.states)
    bands = [sorted(kind.ages.items()) if kind else [] for kind in kinds]
    ends = np.cumsum([len(each) for each in bands])
    columns = {
        "key": keys_of(streams, [f"life event {name}" for name in LIFE_EVENTS]),
        "rate": [kind.rate if kind else 0.0 for kind in kinds],
        "band_from": [0, *ends[:-1]],
        "band_to": ends,
        "once": [bool(kind and kind.once) for kind in kinds],
    }
    every = [band for each in bands for band in each]
    impulses = [[kind.impulses.get(state, 0.0) if kind else 0.0 for state in states] for kind in kinds]
    return {
        "life_rules": table(LIFE_RULE, columns),
        "life_bands": table(BAND, {"edge": [age for age, _ in every], "factor": [factor for _, factor in every]}),
        "life_impulses": np.array(impulses).reshape(len(kinds), len(states)),
    }


def life_predictors(scenario: Scenario) -> list[tuple[float, dict[str, float]]]:
    """Linear predictors of the logarithm of the rates, by kind."""
    return [(0.0, kind.depends if kind else {}) for kind in _kinds(scenario)]


def cover_predictors(scenario: Scenario) -> list[tuple[float, dict[str, float]]]:
    """Linear predictors of the logarithm of the wanted cover in years of income, by family."""
    covers = [scenario.behaviour.cover.get(family) for family in FAMILIES]
    return [
        (math.log(cover.years), cover.depends) if cover and cover.years > 0 else (-math.inf, {}) for cover in covers
    ]


def content_harm(scenario: Scenario) -> Any:
    """What contents take from states of mind where nothing is needed, shape (contents, states)."""
    aims = [content.aim for content in scenario.contents.values()]
    states = list(scenario.behaviour.states)
    harm = [[aim.harm.get(state, 0.0) if aim else 0.0 for state in states] for aim in aims]
    return np.array(harm).reshape(len(aims), len(states))


def gap_stages(scenario: Scenario, arrays: dict[str, Any], clocks: int) -> int:
    """Bits of the stages in which a clock of the scenario, or any mechanism, depends on a gap.

    Parameters
    ----------
    arrays
        Arrays of the rules: clocks, their predictors and terms, and what mechanisms read.
    clocks
        How many clocks there are besides those of mechanisms; their predictors come first.
    """
    first = len(scenario.behaviour.covariates) - len(FAMILIES)
    if np.any(arrays["reads"] >= first):
        return 2**N_STAGES - 1
    bits = 0
    for rule, predictor in zip(arrays["clock_rules"][:clocks], arrays["predictors"], strict=False):
        if np.any(arrays["terms"]["column"][predictor["term_from"] : predictor["term_to"]] >= first):
            bits |= int(rule["runs"])
    return bits


def need_numbers(scenario: Scenario) -> dict[str, float]:
    """Settings about needs that are single numbers."""
    traits = scenario.behaviour.traits
    age, income = traits.get("age"), traits.get("income")
    return {
        "life_kinds": len(LIFE_EVENTS) if scenario.behaviour.life_events else 0,
        "families": len(FAMILIES),
        "wanting": any(cover.years > 0 for cover in scenario.behaviour.cover.values()),
        "income_log": math.log(100 * income.center) if income and income.log else 0.0,
        "age_column": list(traits).index("age") if age else -1,
        "age_center": age.center if age else 0.0,
        "age_scale": age.scale if age else 0.0,
    }
