"""The benchmark of steps: which arms it runs, what it counts, and when it says that a step sees too few."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

# `benchmarks` is run from a checkout and never installed.
sys.path.insert(0, str(Path(__file__).parents[1]))

import lifesim
from benchmarks import steps

ROOT = Path(__file__).parents[1]


def result(*ways: tuple[str, str, str, int]) -> Any:
    """A run of one arm whose customers went these ways: journey, step, way, customers."""
    rows = [("mine", *way) for way in ways]
    table = pd.DataFrame(rows, columns=["arm", "journey", "step", "way", "customers"])
    return SimpleNamespace(tables={"journey_steps": table})


def test_the_arm_that_runs_most_journeys_is_enough() -> None:
    few = steps.without_the_others(lifesim.load("lifecycle"), 2)
    assert list(few.arms) == ["control", "programme"]
    assert few.experiment.replications == 2
    assert steps.journeys_of(few)["programme"] > steps.journeys_of(lifesim.load("budget"))["book"]
    assert steps.journeys_of(lifesim.load("aa")) == {}


def test_steps_are_added_up_over_replications_and_ways() -> None:
    found = list(steps.passages(
        result(
            ("walk", "first", "opened", 30), ("walk", "first", "else", 8), ("walk", "second", "bought", 0),
            ("walk", "first", "opened", 12), ("walk", "second", "next", 5), ("walk", "second", "waiting", 0),
            ("ride", "only", "next", 90),
        ),
        times=2.0,
    ))  # fmt: skip
    assert [(each.journey, each.step, each.customers, each.never) for each in found] == [
        ("walk", "first", 100, ()), ("walk", "second", 10, ("bought",)), ("ride", "only", 180, ()),
    ]  # fmt: skip
    assert [(each.journey, each.step) for each in steps.smallest(found)] == [("walk", "second"), ("ride", "only")]


def test_a_step_that_sees_too_few_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(
        "extends: striving_youth.yaml\nname: small\nwarm_up: 7d\nhorizon: 14d\n"
        "population: {size: 400}\nexperiment: {replications: 2}\n"
    )
    assert steps.main([str(path), "--replications", "1"]) == 1
    line, *ways = capsys.readouterr().out.splitlines()
    assert line.split()[:6] == ["small", "400", "x", "2", "journey", "striving_youth"]
    assert line.endswith("0  fewer than 100")
    # Nobody comes so far in a fortnight.
    assert any("striving_youth.hand_over: nobody went 'next'" in way for way in ways)


def test_without_names_it_runs_the_scenarios_that_ship() -> None:
    assert {f"{name}.yaml" for name in steps.shipped()} == {path.name for path in (ROOT / "scenarios").glob("*.yaml")}
