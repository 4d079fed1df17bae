"""The tag that follows from what is observed: which segment age, contracts and visits speak for.

A naive Bayes classifier over what the insurer knows of its segments, their definitions in the scenario, and of a
customer: the age as declared, whether there is a policy and of which products, and how often the app was visited of
late. The sources are taken as independent given the segment, which they are not: that is the insurer's mistake to make.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.population.memory import count
from lifesim.population.tags import mix_up_to
from lifesim.scenario import Scenario
from lifesim.scenario.behaviour import Normal, Stage
from lifesim.world.warning_score import USUAL, standing
from lifesim.world.world import World

#: Stages in which a customer holds a policy.
HOLDERS: tuple[Stage, ...] = ("HOLDING", "RENEWAL_UPSELL", "CHURN_WARNING")
#: No probability is nearer to 0 or 1: what a definition excludes may have happened since.
LEAST = 0.02
#: Looks that an average of activity is worth, at its half-life.
LOOKS = 2.0 * USUAL


def observed_tags(world: World, now: int) -> Any:
    """Number of the likeliest segment of everyone, shape (n,)."""
    n, scenario = count(world.state), world.scenario
    mix = np.diff(mix_up_to(scenario), prepend=0.0)
    odds = np.tile(np.log(np.maximum(mix, LEAST)), (n, 1))
    age = world.observed.get("age")
    held = _held(world, n)
    activity = world.state.signals[:n, 0]
    looks = np.minimum(activity["looks"], LOOKS)
    for k, name in enumerate(scenario.segments):
        segment = scenario.segments[name]
        declared = segment.traits.get("age")
        if age is not None and isinstance(declared, Normal):
            distance = (age(world.state, np.arange(n), now) - declared.mean) / max(declared.sd, 1.0)
            odds[:, k] -= 0.5 * distance**2 + np.log(max(declared.sd, 1.0))
        holds = _within(sum(segment.start.get(stage, 0.0) for stage in HOLDERS))
        odds[:, k] += np.where(held.any(axis=1), np.log(holds), np.log(1.0 - holds))
        odds[:, k] += held @ np.log([_within(segment.book.get(product, 0.0)) for product in scenario.products])
        active = _active_looks(scenario, name)
        odds[:, k] += looks * (activity["usual"] * np.log(active) + (1.0 - activity["usual"]) * np.log(1.0 - active))
    return odds.argmax(axis=1)


def _within(share: float) -> float:
    return min(max(share, LEAST), 1.0 - LEAST)


def _held(world: World, n: int) -> Any:
    """Whether each customer holds each product, shape (n, products)."""
    policies = standing(world)
    held = np.zeros((n, len(world.scenario.products)), bool)
    held[policies["customer"], policies["product"]] = True
    return held


def _active_looks(scenario: Scenario, name: str) -> float:
    """Share of looks at which a customer of a segment has visited the app since the last, at the segment's averages."""
    sessions, segment = scenario.behaviour.sessions, scenario.segments[name]
    exponent = 0.0
    for covariate, coefficient in sessions.depends.items():
        trait, of = scenario.behaviour.traits.get(covariate), segment.traits.get(covariate)
        if trait is not None and isinstance(of, Normal):
            exponent += coefficient * (of.mean - trait.center) / trait.scale
    share = sum(part * sessions.active.get(stage, 0.0) for stage, part in segment.start.items())
    rate = sessions.rate * np.exp(exponent) * share
    return _within(float(1.0 - np.exp(-rate * scenario.inference.every)))
