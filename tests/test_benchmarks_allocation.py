"""The benchmark of allocations: one stream of leads for all, and a bound that none of them exceeds."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from quiet_world import REPO
from small_worlds import curious

from lifesim import workspace

# `benchmarks` is run from a checkout and never installed.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import allocation
from benchmarks.lead_stream import LeadStream, Replay, listen
from lifesim.experiment import plugins
from lifesim.workforce.bound import clairvoyant

CUSTOMERS, LASTING = 1_200, 30


@pytest.fixture(autouse=True, scope="module")
def _workspace() -> Iterator[None]:
    """Work with the strategies of the checkout."""
    workspace.unmount()
    workspace.mount(REPO)
    yield
    workspace.unmount()


@cache
def stream(grading: str = "uniform_grades") -> LeadStream:
    """Customers who ask often, so that leads wait for people."""
    scenario = allocation.market(CUSTOMERS, LASTING, grading)
    scenario = scenario.replace(behaviour=curious(scenario))
    return listen(scenario, plugins.practices(scenario)["control"], 0)


@cache
def replayed(name: str, grading: str) -> tuple[Replay, float]:
    replay = Replay(stream(grading), allocation.allocations()[name])
    return replay, replay.value()


@cache
def bound(grading: str) -> float:
    return stream(grading).bound()


def names() -> list[str]:
    return sorted(path.stem for path in (REPO / "strategies" / "allocation").glob("[a-z]*.py"))


@pytest.mark.parametrize("grading", ["uniform_grades", "uplift_oracle"])
@pytest.mark.parametrize("name", names())
def test_no_allocation_exceeds_the_bound_and_each_lead_is_taken_once_while_it_waits(name: str, grading: str) -> None:
    of = stream(grading)
    replay, value = replayed(name, grading)
    taken = np.flatnonzero(replay.taken_by >= 0)
    assert 0.3 * bound(grading) < value <= bound(grading) + 1e-9
    number = np.searchsorted(of.times, replay.taken_at[taken])
    assert np.all((of.first[taken] <= number) & (number <= of.last[taken]))
    used = np.zeros_like(of.capacity)
    np.add.at(used, (number, replay.taken_by[taken]), 1)
    assert np.all(used <= of.capacity) and len(taken) > 20


def test_what_is_known_beforehand_is_worth_more_than_chance_and_less_than_everything() -> None:
    reached = {name: replayed(name, "uplift_oracle")[1] for name in ("random_agent", "optimal", "myopic_oracle")}
    assert reached["random_agent"] < reached["optimal"] and reached["random_agent"] < reached["myopic_oracle"]
    assert reached["myopic_oracle"] < bound("uplift_oracle")


def test_learning_sees_what_became_of_leads_when_the_follow_up_is_over() -> None:
    replay, _ = replayed("thompson", "uniform_grades")
    of = replay.stream
    end = of.times[-1]
    over = (replay.taken_by >= 0) & (replay.taken_at + of.follow_up <= end)
    assert np.array_equal(replay.concluded, over)
    assert replay.known[..., 0].sum() == over.sum() and replay.load.sum() == (replay.taken_by >= 0).sum() - over.sum()
    early = Replay(of, replay.allocation)
    early.taken_by[:], early.taken_at[:] = 0, of.times[0]
    early._learn(of.times[0] + of.follow_up - 1)
    assert not early.concluded.any()
    early._learn(of.times[0] + of.follow_up)
    assert early.concluded.all() and 0 < early.known[0, :, 1].sum() < len(of.first)


def test_the_bound_is_that_of_all_rounds_and_all_branches_at_once() -> None:
    of = stream()
    allowed = of.leads["branch"][:, None] == of.staff.branch
    assert bound("uniform_grades") == pytest.approx(clairvoyant(of.values, of.first, of.last, of.capacity, allowed))


def test_nobody_is_served_while_the_desk_listens() -> None:
    of = stream()
    assert len(np.unique(of.leads["luck"])) == len(of.first) > 30
    assert np.all(of.first <= of.last) and np.any(of.last > of.first + 5), "leads wait until they give up"


def test_it_prints_one_object_and_a_table(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocation, "ROUND", (400, 40, 5))
    words = ["--customers", "600", "--days", "20", "--replications", "8"]
    assert allocation.main([*words, "--json"]) == 0
    figures: dict[str, Any] = json.loads(capsys.readouterr().out)
    rows = {row["allocation"]: row for row in figures["allocations"]}
    assert sorted(rows) == names() and rows["random_agent"]["closed"] == 0
    assert all(row["closed"] <= 1 and row["of_bound"] <= 1 for row in rows.values())
    assert rows["myopic_oracle"]["low"] <= rows["myopic_oracle"]["closed"] <= rows["myopic_oracle"]["high"]
    best = figures["optimal"]
    assert best["rank_one_gap"] < 1e-9 and best["families_gap"] < 1e-6
    assert best["rank_one_seconds"] < 0.5 and best["families_seconds"] < 5
    table = allocation.shown(figures)
    assert table.count("\n") == len(rows) + 2 and "optimal, 400 leads and 40 agents with 5 places" in table


def test_an_unknown_grading_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert allocation.main(["--customers", "600", "--grading", "uniform_grade"]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and "did you mean 'uniform_grades'?" in captured.err and captured.err.count("\n") == 1
