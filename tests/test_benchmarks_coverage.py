"""The coverage benchmark: a small run of it, and that it finds what is wrong with intervals that are."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

# `benchmarks` is run from a checkout and never installed.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import coverage
from lifesim.experiment.intervals import mean_interval

DRAWS = 2_000


def within(share: float, expected: float, draws: int = DRAWS) -> bool:
    """Whether a share of draws is what is expected, at a false-failure rate of 1e-6."""
    low, high = (stats.binom.ppf(p, draws, expected) for p in (5e-7, 1 - 5e-7))
    return bool(low <= share * draws <= high)


def pairs(spread: float, shift: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Normal pairs: controls of 100 with a spread, and arms that differ by about ``shift``."""
    random = np.random.default_rng(8)
    control = random.normal(100, spread, 5_000)
    return control, control + random.normal(shift, 1.0, 5_000)


def test_intervals_of_normal_pairs_cover_as_often_as_they_say() -> None:
    row = coverage.experiments("opt_out_rate", *pairs(10.0), 6, DRAWS)
    assert within(row.absolute, 0.95) and within(row.relative, 0.95)
    assert within(row.independent, 0.05) and row.unbounded == row.contradictions == 0
    assert row.differing == 1.0


def test_relative_intervals_without_bounds_are_counted() -> None:
    row = coverage.experiments("opt_out_rate", *pairs(150.0), 3, DRAWS)
    assert 0.5 < row.unbounded < 1.0
    assert row.contradictions == 0


def test_it_sees_intervals_that_are_too_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Normal instead of t quantiles cover 89% at five degrees of freedom."""

    def narrow(values: list[float], level: float) -> tuple[float, float]:
        low, high = mean_interval(values, level)
        middle, reach = (low + high) / 2, (high - low) / 2 * stats.norm.ppf(0.975) / stats.t.ppf(0.975, len(values) - 1)
        return middle - reach, middle + reach

    monkeypatch.setattr(coverage, "mean_interval", narrow)
    row = coverage.experiments("opt_out_rate", *pairs(10.0), 6, DRAWS)
    assert not within(row.absolute, 0.95)
    assert row.contradictions > 0


@pytest.mark.parametrize(("size", "chance"), [(3, 1 / 4), (5, 1 / 16), (6, 1 / 32)])
def test_a_null_of_random_sign_needs_six_replications(size: int, chance: float) -> None:
    """Differences of one size all have the same sign in 2 of 2**n draws, and then leave an interval of no width."""
    control = np.full(50, 10.0)
    row = coverage.experiments("opt_out_rate", control, control + 1.0, size, DRAWS)
    assert within(row.sign, chance)
    assert (chance <= 0.05) == (size >= 6)
    assert row.claimed == (row.sign if size >= 5 else 0.0)


def test_the_command_prints_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert coverage.main(["--customers", "200", "--replications", "20", "--draws", "20", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["failures"] == []
    found = {row["metric"] for row in figures["rows"]}
    assert {"touches_per_customer", "sessions_per_customer", "opt_out_rate"} <= found
    assert {row["replications"] for row in figures["rows"]} == set(coverage.SIZES)
    assert max(row["contradictions"] for row in figures["rows"]) == 0
    by_size = [row["absolute"] for row in figures["rows"] if row["metric"] == "touches_per_customer"]
    assert len(by_size) == len(coverage.SIZES) and min(by_size) > 0.5


def test_differences_between_identical_arms_are_a_fault() -> None:
    result = coverage.simulate(100, 2)
    assert coverage.faults(result, []) == []
    result.effects.loc[result.effects["arm"] == "copy", "low"] = -1e-9
    assert coverage.faults(result, []) == ["identical arms differ"]
