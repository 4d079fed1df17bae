"""A world may be cut, prolonged or squeezed through small buffers: not one bit of anybody's life changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from small_worlds import (
    HEADS,
    HOUR,
    SILENCE,
    busy,
    differences,
    experiment,
    forked,
    keys_of,
    lives,
    log_of,
    new_world,
    run,
    run_on,
    small,
    without_calendar_end,
)

from lifesim.experiment.unit import Experiment
from lifesim.population import memory
from lifesim.population.columns import DAY
from lifesim.world.kernel import STEP_EVENTS, STEP_REQUESTS
from lifesim.world.world import World

pytestmark = pytest.mark.metamorphic

END = 80 * DAY
PRACTICE = busy()
#: A Monday (the warm-up begins on a Tuesday), and times at which parts of the world keep appointments.
MONDAY = 27 * DAY
APPOINTMENTS = {
    "acquisition, inference": 34 * DAY,
    "campaign, desk": MONDAY + 10 * HOUR,
    "call campaign within a slot": MONDAY + 10 * HOUR + 1800,
    "desk opens": MONDAY + 9 * HOUR,
}
#: Where they lie in pools and buffers is bookkeeping, and what is left in places that are free has no meaning.
BOOKKEEPING = ("state.policies", "state.touches", "state.events", "state.requests")


@pytest.fixture(scope="module")
def of() -> Experiment:
    return experiment(small({"north": 200, "south": 100}), {"control": PRACTICE})


@pytest.fixture(scope="module")
def uncut(of: Experiment) -> tuple[World, Any]:
    return run_on(of, new_world(of), PRACTICE, END)


@pytest.fixture(scope="module")
def uncut_fork(of: Experiment) -> tuple[World, Any]:
    return run_on(of, forked(of, PRACTICE), PRACTICE, END)


def assert_same_run(one: tuple[World, Any], other: tuple[World, Any]) -> None:
    """The same customers in the same rows with the same lives; the same tables, queues and log."""
    (world, log), (again, log_again) = one, other
    assert differences(lives(world), lives(again), ignore=("log.",)) == []
    assert differences(log, log_again) == []
    snapshot, snapshot_again = world.snapshot(), again.snapshot()
    rows = {name: array for name, array in snapshot.items() if not name.startswith(BOOKKEEPING)}
    assert differences(_by_column(rows), _by_column(snapshot_again), more=True) == []


def _by_column(arrays: dict[str, Any]) -> dict[str, Any]:
    """Arrays of records as arrays of their fields, without what names places in pools."""
    out = {}
    for name, array in arrays.items():
        fields = array.dtype.names or ()
        out |= {
            f"{name}.{field}": array[field] for field in fields if field not in (*HEADS, "free_policy", "free_touch")
        }
        if not fields:
            out[name] = array
    return out


@pytest.mark.parametrize("at", APPOINTMENTS.values(), ids=APPOINTMENTS)
def test_a_cut_at_an_appointment_changes_no_bit(of: Experiment, uncut: tuple[World, Any], at: int) -> None:
    parts = of.parts(new_world(of), PRACTICE)
    assert any(part.next(at) == at for part in parts), "no part has an appointment at the cut"
    assert_same_run(uncut, run_on(of, new_world(of), PRACTICE, END, [at]))


@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(0, END), min_size=1, max_size=4))
@example(cuts=[0, END])
@example(cuts=[MONDAY + 9 * HOUR + k * 900 for k in range(8)])
def test_cuts_anywhere_change_no_bit(of: Experiment, uncut: tuple[World, Any], cuts: list[int]) -> None:
    assert_same_run(uncut, run_on(of, new_world(of), PRACTICE, END, cuts))


@settings(max_examples=10, deadline=None)
@given(
    days=st.lists(st.integers(20, 79), min_size=1, max_size=3),
    second=st.integers(9 * HOUR, 18 * HOUR),
)
def test_cuts_within_desk_hours_after_the_fork_change_no_bit(
    of: Experiment, uncut_fork: tuple[World, Any], days: list[int], second: int
) -> None:
    cuts = [day * DAY + second for day in days]
    assert_same_run(uncut_fork, run_on(of, forked(of, PRACTICE), PRACTICE, END, cuts))


def test_a_cut_finds_a_busy_world(of: Experiment, uncut: tuple[World, Any]) -> None:
    """Were nothing in flight, cutting would be easy: leads wait and touches travel when the cut falls."""
    world, _ = run_on(of, new_world(of), PRACTICE, MONDAY + 10 * HOUR + 1801)
    assert len(world.extra["leads"]) > 0
    assert np.count_nonzero(world.state.touches["customer"] >= 0) > 0
    assert len(uncut[1]["key"]) > 5_000


def test_forks_of_one_file_do_not_meet(of: Experiment, tmp_path: Path) -> None:
    np.savez(tmp_path / "fork.npz", **forked(of, PRACTICE).snapshot())
    twins = []
    for practice in (PRACTICE, SILENCE, PRACTICE):
        world = new_world(of)
        with np.load(tmp_path / "fork.npz") as saved:
            world.restore(saved)
        world.run(END, of.parts(world, practice))
        twins.append(lives(world))
    assert differences(twins[0], twins[1]) != []
    assert differences(twins[0], twins[2]) == []


@pytest.mark.parametrize("start", ["2026-01-05", "2026-05-11"])
def test_a_longer_horizon_keeps_the_prefix(start: str) -> None:
    """From May on, the longer horizon reaches months in which more prospects arrive than in the shorter one."""
    source = {"rate": "4000/y", "cost": "80 CNY", "segments": {"mainstream": 1.0}}
    season = {"advertising": [1.2, 0.8, 1.2, 1.0, 1.0, 1.0, 0.9, 0.9, 1.0, 0.9, 1.1, 1.0]}
    both = []
    for horizon in ("60d", "300d"):
        scenario = small(
            400,
            start=start,
            horizon=horizon,
            acquisition={"advertising": source},
            market={"luck": 0.06, "season": {"arrivals": season}},
        )
        world = run(scenario, PRACTICE, days=80)
        assert np.count_nonzero(world.state.customers["source"] == 1) > 10
        c = world.state.customers
        both.append(without_calendar_end(lives(world, only=c["key"][c["joined"] < END]), END))
    assert differences(*both) == []


@pytest.mark.parametrize("room", [0, 7])
def test_a_full_buffer_suspends_and_resumes_exactly(
    monkeypatch: pytest.MonkeyPatch, uncut: tuple[World, Any], room: int
) -> None:
    """Buffers that hold one step of one customer, or little more, against buffers that never fill."""
    monkeypatch.setattr(memory, "EVENT_BUFFER", STEP_EVENTS + room)
    monkeypatch.setattr(memory, "REQUEST_BUFFER", STEP_REQUESTS + room)
    squeezed = experiment(small({"north": 200, "south": 100}), {"control": PRACTICE})
    world = new_world(squeezed)
    assert len(world.state.events) == STEP_EVENTS + room
    world.run(END, squeezed.parts(world, PRACTICE))
    assert differences(lives(uncut[0]), lives(world)) == []
    assert differences(uncut[1], log_of(world)) == []
    assert np.array_equal(keys_of(uncut[0]), keys_of(world))
