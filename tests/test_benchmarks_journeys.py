"""The benchmark of journeys: everyone is enrolled, and the figures are those of what ran."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

# `benchmarks` is run from a checkout and never installed.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import journeys
from lifesim.scenario.journeys import misfits


def test_the_journey_has_six_steps_and_fits_the_market() -> None:
    journey = journeys.journey()
    assert len(journey.steps) == 6
    assert list(misfits(journey, journeys.world_of(100, 30))) == []


def test_it_prints_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert journeys.main(["--customers", "2000", "--days", "40", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    # One in twenty refuses automated targeting.
    assert 1_800 < figures["enrolled"] < 2_000
    extra = figures["with_journey_seconds"] - figures["lifecycle_seconds"]
    assert figures["microseconds_per_enrolled"] == pytest.approx(1e6 * extra / figures["enrolled"])
    assert figures["journey_over_lifecycle"] == pytest.approx(extra / figures["lifecycle_seconds"])
