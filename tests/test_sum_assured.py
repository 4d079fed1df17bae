"""Sums assured: multiples of the premium that belong to the policy; gaps and claims use the same ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from chance import check_distribution
from quiet_world import Described, begin, clock, events, people, still
from scipy import stats
from test_gaps import gaps

from lifesim.world.world import World

N, MULTIPLE, SPREAD = 4_000, 50.0, 0.6


def insured(size: int = N, days: int = 400, **severity: Any) -> Described:
    """Holders of one critical illness policy each, at rest but for claims."""
    data = still(size, days, "HOLDING")
    data["segments"]["mainstream"]["book"] = {"critical_illness": 1.0}
    product = data["products"]["critical_illness"]
    product["sum_assured"] = {"multiple": MULTIPLE, "spread": SPREAD}
    product["claims"] = {"incidence": 3.0, "severity": {"mean": 1.0, "spread": 0.0, "of": "sum_assured"} | severity}
    product["payment"] |= {"frequency": {"yearly": 1.0}}
    return data


def sums(world: World) -> Any:
    """Sum assured of each customer's one policy, fen, from the description alone."""
    held = world.state.policies[world.state.policies["customer"] >= 0]
    z = world.streams.normals("sum assured", people(world)["key"][held["customer"]], held["number"])
    out = np.zeros(len(people(world)), np.int64)
    out[held["customer"]] = np.rint(held["premium"] * MULTIPLE * np.exp(SPREAD * (z - SPREAD / 2)))
    return out


def test_claims_of_a_whole_sum_assured_are_that_sum_every_time() -> None:
    data = insured()
    clock(data, "claim").update(rate="1/y", depends={})
    world, _ = begin(data)
    expected = sums(world)
    world.run(150 * 86_400, [])
    claims = events(world, "claim")
    assert np.array_equal(claims["amount"], expected[claims["customer"]])
    assert np.bincount(claims["customer"]).max() >= 3


@pytest.mark.analytic
def test_multiples_are_lognormal_around_the_mean() -> None:
    world, _ = begin(insured(20_000))
    held = world.state.policies[world.state.policies["customer"] >= 0]
    multiple = sums(world)[held["customer"]] / held["premium"]
    check_distribution(stats.norm.cdf(np.log(multiple / MULTIPLE) / SPREAD + SPREAD / 2), len(held), catches=0.04)
    deviation = MULTIPLE * math.sqrt((math.exp(SPREAD**2) - 1) / len(held))
    assert abs(multiple.mean() - MULTIPLE) < 4 * deviation


def test_gaps_close_by_the_sum_assured() -> None:
    data = insured(500)
    data["behaviour"]["cover"] = {"health": {"years": 3.0}}
    world, _ = begin(data)
    trait = world.scenario.behaviour.traits["income"]
    income = trait.center * np.exp(
        trait.scale * world.state.traits[:500, list(world.scenario.behaviour.traits).index("income")].astype(float)
    )
    expected = np.maximum(0.0, 3.0 - sums(world) / 100 / income)
    assert 0.05 < np.mean(expected == 0) < 0.95
    np.testing.assert_allclose(gaps(world)[:, 1], expected, rtol=1e-6, atol=1e-6)
