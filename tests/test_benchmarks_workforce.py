"""The benchmark of the workforce: as many agents as asked for, and a share of the time that is one."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

# `benchmarks` is run from a checkout and never installed.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import workforce


def test_there_are_as_many_agents_as_asked_for() -> None:
    scenario = workforce.world_of(40_000, 400, 30)
    assert scenario.workforce is not None
    each = {name: scenario.workforce.number(name, 5_000) for name in scenario.workforce.tiers}
    assert 380 <= 8 * sum(each.values()) <= 420


def test_it_prints_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert workforce.main(["--customers", "2000", "--agents", "40", "--days", "40", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert 0.0 < figures["share_of_workforce"] < 1.0 and figures["leads"] > 10
    assert figures["workforce_seconds"] == pytest.approx(figures["share_of_workforce"] * figures["seconds"])
