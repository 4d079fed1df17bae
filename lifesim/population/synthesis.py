"""Synthesis of customers from segments: correlated traits, reach, consent, a mature book.

Every draw is keyed by the customer, so that a customer is the same whoever else is made with them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lifesim.population.columns import (
    AWARENESS,
    CHURN_WARNING,
    COMPARER,
    DAY,
    FIRST_PURCHASE,
    HOLDING,
    KEPT,
    LOST,
    ORPHAN,
    REFUSES_TARGETING,
    RENEWAL_UPSELL,
    YEAR,
)
from lifesim.population.consent import keeps_refusals, refused
from lifesim.scenario import STAGES, Scenario
from lifesim.scenario.behaviour import Lognormal, Normal, Trait
from lifesim.scenario.market import CHANNELS
from lifesim.streams import Streams, normal_quantiles

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass
class People:
    """Customers to be added to a world, as columns of length n.

    Attributes
    ----------
    traits
        Shape (n, traits), covariates: centred and scaled.
    refused
        What they do not consent to beside channels, bits as ``consent.refused`` gives them.
    policies
        One dictionary of columns per generation of policies: rows of the holders, product, age in seconds.
    """

    keys: npt.NDArray[np.uint64]
    segment: Ints
    branch: Ints
    stage: Ints
    joined: Ints
    stage_since: Ints
    marks: Ints
    reach: Ints
    consent: Ints
    refused: npt.NDArray[np.uint8]
    session_rate: Floats
    traits: Floats
    policies: list[dict[str, Any]]

    def __len__(self) -> int:
        return len(self.keys)


def covariate(trait: Trait, values: Floats) -> Floats:
    """A trait in its own unit as a covariate: centred, scaled, logarithmic where declared."""
    if trait.log:
        return (np.log(np.maximum(values, 1e-9)) - math.log(trait.center)) / trait.scale
    return (values - trait.center) / trait.scale


def correlation(scenario: Scenario) -> Floats:
    """Lower triangular factor of the correlation of traits, in the order of their names in the scenario.

    Raises
    ------
    ValueError
        When the correlations contradict each other.
    """
    names = list(scenario.behaviour.traits)
    matrix = np.eye(len(names))
    for pair in scenario.correlations:
        j, k = (names.index(name) for name in pair.traits)
        matrix[j, k] = matrix[k, j] = pair.value
    return np.asarray(np.linalg.cholesky(matrix))


def draw_traits(scenario: Scenario, streams: Streams, keys: Any, segment: Ints) -> Floats:
    """Traits as covariates, shape (n, traits): normal scores keyed by customer and trait, correlated, then scaled.

    Adding a trait at the end changes no other trait.
    """
    traits = scenario.behaviour.traits
    scores = np.stack([streams.normals(f"trait {name}", keys) for name in traits], axis=1)
    scores = correlated(scores, correlation(scenario))
    out = np.empty_like(scores)
    for number, kind in enumerate(scenario.segments.values()):
        rows = segment == number
        for k, (name, trait) in enumerate(traits.items()):
            spread = kind.traits[name]
            out[rows, k] = covariate(trait, _scaled(spread, scores[rows, k]))
    return out


def correlated(scores: Floats, factor: Floats) -> Floats:
    """``scores @ factor.T``, added up trait by trait: a matrix product may round differently with other rows around."""
    out = np.zeros_like(scores)
    for k in range(scores.shape[1]):
        out += scores[:, k : k + 1] * factor[:, k]
    return out


def _scaled(spread: Normal | Lognormal, scores: Floats) -> Floats:
    if isinstance(spread, Lognormal):
        return np.clip(spread.median * np.exp(spread.spread * scores), spread.low, spread.high)
    return np.clip(spread.mean + spread.sd * scores, spread.low, spread.high)


def by_segment(scenario: Scenario, segment: Ints, value: Any) -> Floats:
    """A number per customer that depends on the segment; ``value`` maps a segment to it."""
    return np.array([value(kind) for kind in scenario.segments.values()], dtype=float)[segment]


def lasting(scenario: Scenario, streams: Streams, keys: Any, segment: Ints, holder: Any) -> dict[str, Any]:
    """Columns that a customer keeps: marks, reach, consents, session rate, traits."""
    marks = np.zeros(len(keys), np.int64)
    experiment, decision = scenario.experiment, scenario.behaviour.decision
    marks[streams.uniforms("events kept", keys) < experiment.event_share] |= KEPT
    marks[streams.uniforms("comparing", keys) < decision.comparing] |= COMPARER
    refuses = by_segment(scenario, segment, lambda kind: kind.refuses_targeting)
    marks[streams.uniforms("refuses targeting", keys) < refuses] |= REFUSES_TARGETING
    orphans = by_segment(scenario, segment, lambda kind: kind.orphans)
    marks[holder & (streams.uniforms("orphan", keys) < orphans)] |= ORPHAN
    masks = {"reach": np.zeros(len(keys), np.int64), "consent": np.zeros(len(keys), np.int64)}
    for bit, channel in enumerate(CHANNELS):
        for mask in masks if channel in scenario.channels else ():
            share = by_segment(scenario, segment, lambda kind, m=mask, c=channel: getattr(kind, m).get(c, 0.0))
            masks[mask][streams.uniforms(f"{mask} {channel}", keys) < share] |= 1 << bit
    traits = draw_traits(scenario, streams, keys, segment)
    names = list(scenario.behaviour.traits)
    sessions = scenario.behaviour.sessions
    log_rate = sum(
        (value * traits[:, names.index(name)] for name, value in sessions.depends.items()),
        np.zeros(len(keys)),
    )
    rate = sessions.rate * DAY * np.exp(log_rate)
    withheld = refused(scenario, streams, keys, segment) if keeps_refusals(scenario) else np.zeros(len(keys), np.uint8)
    return {"marks": marks, **masks, "refused": withheld, "traits": traits, "session_rate": rate}


def synthesise(scenario: Scenario, streams: Streams, branch: str, size: int) -> People:
    """The customers of a branch at the start of the warm-up, a mature book among them.

    A customer's key depends on the branch and a number only, so that another branch or customer changes nobody.
    """
    place = list(scenario.population.branches).index(branch)
    keys = streams.hashes(f"customer of {branch}", np.arange(size), 0)
    shares = scenario.population.segments or {}
    segment = choose_named(streams, "segment", keys, shares, list(scenario.segments))
    stage = np.zeros(size, np.int64)
    for number, kind in enumerate(scenario.segments.values()):
        rows = np.flatnonzero(segment == number)
        stage[rows] = choose_named(streams, "first stage", keys[rows], kind.start, list(STAGES))
    return complete(scenario, streams, keys, segment, stage, np.full(size, place))


def choose_named(streams: Streams, decision: str, keys: Any, shares: Any, names: list[str]) -> Ints:
    """Keyed choice among ``shares`` (name -> share); the answer counts places in ``names``."""
    offered = [name for name in names if shares.get(name, 0.0) > 0.0]
    weights = [shares[name] for name in offered]
    if not len(keys):
        return np.zeros(0, np.int64)
    chosen = streams.choose(decision, keys, weights, offered)
    return np.array([names.index(name) for name in offered], np.int64)[chosen]


def complete(scenario: Scenario, streams: Streams, keys: Any, segment: Ints, stage: Ints, branch: Ints) -> People:
    """Customers at the start with all their columns, given segment and stage."""
    holder = np.isin(stage, (HOLDING, RENEWAL_UPSELL, CHURN_WARNING))
    age = policy_age(scenario, streams, keys, segment)
    known = streams.uniforms("joined before the start", keys)
    joined = np.where(holder | (stage == LOST), -age, -(known * 2 * YEAR).astype(np.int64))
    u = streams.uniforms("in the stage before the start", keys)
    since = joined.copy()
    for code, days in (
        (FIRST_PURCHASE, 20),
        (CHURN_WARNING, 40),
        (RENEWAL_UPSELL, 50),
        (LOST, 365),
    ):
        rows = stage == code
        since[rows] = np.maximum(joined[rows], -(u[rows] * days * DAY).astype(np.int64))
    people = People(
        keys=keys, segment=segment, branch=branch, stage=stage, joined=joined,
        stage_since=since, policies=[], **lasting(scenario, streams, keys, segment, holder),
    )  # fmt: skip
    people.policies = start_policies(scenario, streams, people, np.flatnonzero(holder), age)
    return people


def policy_age(scenario: Scenario, streams: Streams, keys: Any, segment: Ints) -> Ints:
    """Age of the first policy in seconds, by segment; truncated, not cut, so that no due dates pile up at the ends."""
    u = streams.uniforms("policy age", keys)
    age = np.zeros(len(keys))
    for number, kind in enumerate(scenario.segments.values()):
        rows, years = segment == number, kind.policy_years
        low, high = (years.share_below(end) for end in (years.low, years.high))
        # The ends of a range far out in a tail may fall together; quantiles of 0 and 1 are infinite.
        inside = np.clip(low + (high - low) * u[rows], 1e-15, 1.0 - 1e-15)
        age[rows] = np.clip(years.median * np.exp(years.spread * normal_quantiles(inside)), years.low, years.high)
    return (age * YEAR).astype(np.int64)


def start_policies(
    scenario: Scenario, streams: Streams, people: People, holders: Ints, age: Ints
) -> list[dict[str, Any]]:
    """First and second policies of the holders at the start; the second is younger than the first."""
    out = []
    rows, ages = holders, age[holders]
    for generation in ("first", "second"):
        products = np.zeros(len(rows), np.int64)
        for number, kind in enumerate(scenario.segments.values()):
            mine = np.flatnonzero(people.segment[rows] == number)
            keys = people.keys[rows[mine]]
            products[mine] = choose_named(streams, f"{generation} product", keys, kind.book, list(scenario.products))
        out.append({"rows": rows, "product": products, "age": ages})
        if generation == "second":
            break
        second = by_segment(scenario, people.segment[rows], lambda kind: kind.second_policy)
        has_two = streams.uniforms("second policy", people.keys[rows]) < second
        rows, ages = rows[has_two], ages[has_two]
        ages = (ages * streams.uniforms("second age", people.keys[rows])).astype(np.int64)
    return out


def newcomers(
    scenario: Scenario,
    streams: Streams,
    keys: Any,
    segment: Ints,
    branch: Ints,
    now: int,
) -> People:
    """Prospects who join at ``now``: arrivals and referred friends."""
    holder = np.zeros(len(keys), bool)
    return People(
        keys=keys, segment=segment, branch=branch,
        stage=np.full(len(keys), AWARENESS), joined=np.full(len(keys), now),
        stage_since=np.full(len(keys), now), policies=[],
        **lasting(scenario, streams, keys, segment, holder),
    )  # fmt: skip
