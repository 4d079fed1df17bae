"""The throughput benchmark: its model, its contestants with exact times, and what it makes of outcomes.

Mesa and Starsim are no dependency of lifesim; the benchmark itself compares them with the others.
"""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

# `benchmarks` is run from a checkout and never installed.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import peer_lifesim, peer_simpy, throughput
from benchmarks.reduced import DAYS_PER_YEAR, Outcome, Reduced, Run, Stage, reduced_lifecycle
from benchmarks.throughput import Contestant
from lifesim.population.columns import DAY, E_SESSION, E_STAGE

ROOT = Path(__file__).parents[1]
EVEN = (0.25, 0.25, 0.2, 0.1, 0.1, 0.1)

# Bound on |z| for a false-failure rate below 1e-6 over some twenty comparisons.
Z_BOUND = 5.5


def without_feedback(model: Reduced) -> Reduced:
    """Return `model` with hazards that satisfaction does not touch: a Markov chain."""
    return with_feedback(model, 0.0)


def with_feedback(model: Reduced, times: float) -> Reduced:
    """Return `model` with the pull of satisfaction multiplied."""
    stages = tuple(
        replace(
            rules,
            exits=(
                replace(first, coefficient=times * first.coefficient),
                replace(second, coefficient=times * second.coefficient),
            ),
        )
        for rules in model.stages
        for first, second in [rules.exits]
    )
    return replace(model, stages=stages)


def generator(model: Reduced) -> np.ndarray:
    """Return the matrix of rates per day of a model without feedback, shape (6, 6)."""
    rates = np.zeros((6, 6))
    for stage, rules in enumerate(model.stages):
        for way in rules.exits:
            rates[stage, way.to] += way.per_year / DAYS_PER_YEAR
    return rates - np.diag(rates.sum(axis=1))


def outcome(**changes: object) -> Outcome:
    """Return an outcome of 1,000 customers over ten days, with `changes`."""
    even = Outcome(1000, 10, 10_000.0, 2_000, 2.0, EVEN, EVEN)
    return replace(even, **changes)  # type: ignore[arg-type]


def always(result: Outcome) -> Run:
    """Return a contestant with one outcome whatever it is asked."""
    return lambda model, customers, days, seed: result


def entrants(peer: Outcome) -> list[Contestant]:
    """Return three entries of two packages that are installed wherever lifesim is."""
    ours = outcome(seconds=0.5)
    return [
        Contestant("lifesim", "numpy", always(ours), 1000, 1),
        Contestant("lifesim_small", "numpy", always(replace(ours, seconds=0.4)), 1000, 2),
        Contestant("simpy", "simpy", always(peer), 1000, 1),
    ]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[[Outcome, list[str]], int]:
    """The benchmark's command with contestants of known outcome, free to use every core."""

    def run(peer: Outcome, arguments: list[str]) -> int:
        monkeypatch.setattr(throughput, "use_one_core", lambda: None)
        monkeypatch.setattr(throughput, "field", lambda customers: entrants(peer))
        return throughput.main(arguments)

    return run


def test_the_model_is_what_the_benchmark_promises() -> None:
    model = reduced_lifecycle()
    assert len(model.stages) == len(Stage) == 6
    assert all(len({way.to for way in rules.exits}) == 2 for rules in model.stages)
    assert all(way.coefficient and way.per_year > 0 for r in model.stages for way in r.exits)
    assert all(stage not in {w.to for w in model.stages[stage].exits} for stage in Stage)
    assert [stage for stage in Stage if not model.stages[stage].live] == [Stage.LOST]
    assert model.sessions_per_year >= 60
    reachable = np.linalg.matrix_power(generator(model) != 0, 6)
    assert reachable.all()


def test_simpy_exit_times_follow_the_hazard_between_reviews() -> None:
    model = replace(reduced_lifecycle(), review_days=30)
    rng = random.Random(1)
    draws = [peer_simpy.draw_exit(model, Stage.HOLDING, 0.8, rng) for _ in range(20_000)]
    days = np.array([stay for stay, _ in draws])
    renewed = np.array([way.to == Stage.RENEWAL_UPSELL for _, way in draws])
    cumulative = 0.0
    for piece, satisfaction in enumerate(0.8 * 0.5 ** (np.arange(3) + 0.5)):
        hazards = [
            way.per_year / DAYS_PER_YEAR * math.exp(way.coefficient * satisfaction)
            for way in model.stages[Stage.HOLDING].exits
        ]
        inside = (days >= 30 * piece) & (days < 30 * piece + 30)
        first = (renewed & inside).sum()
        share = hazards[0] / sum(hazards)
        spread = math.sqrt(inside.sum() * share * (1 - share))
        assert abs(first - inside.sum() * share) < Z_BOUND * spread
        cumulative += 30 * sum(hazards)
        staying = math.exp(-cumulative)
        found = (days > 30 * piece + 30).mean()
        assert abs(found - staying) < Z_BOUND * math.sqrt(staying * (1 - staying) / days.size)


@pytest.mark.analytic
@pytest.mark.parametrize("run", [peer_simpy.run, peer_lifesim.run], ids=["simpy", "lifesim"])
def test_exact_times_agree_with_the_matrix_exponential_without_feedback(run: Run) -> None:
    """A stage's share off by four percentage points, or events by three in a hundred, is seen."""
    model = without_feedback(reduced_lifecycle())
    customers, days = 6_000, 200
    got = run(model, customers, days, 1)
    steps_per_day = 64
    small_step = np.linalg.matrix_power(np.eye(6) + generator(model) / (steps_per_day * 1024), 1024)
    path = [np.eye(6)[model.start]]
    for _ in range(days * steps_per_day):
        path.append(path[-1] @ small_step)
    for shares, expected in (
        (got.occupancy_mid, path[days // 2 * steps_per_day]),
        (got.occupancy_end, path[-1]),
    ):
        spread = np.sqrt(expected * (1 - expected) / customers)
        assert sum(shares) == pytest.approx(1.0)
        assert (np.abs(np.array(shares) - expected) < Z_BOUND * spread).all()
    time_in_stage = customers * (np.sum(path, axis=0) - (path[0] + path[-1]) / 2) / steps_per_day
    live = time_in_stage[: Stage.LOST].sum()
    assert got.live_customer_days == pytest.approx(live, rel=0.01)
    moves = -np.diag(generator(model)) @ time_in_stage
    expected_events = live * model.sessions_per_year / DAYS_PER_YEAR + moves
    assert got.events == pytest.approx(expected_events, rel=0.03)


@pytest.mark.analytic
def test_satisfaction_pulls_alike_in_lifesim_and_in_simpy() -> None:
    """Feedback three times as strong, followed daily: it moves a share by more than the difference allowed."""
    model = replace(with_feedback(reduced_lifecycle(), 3.0), review_days=1)
    days = 180
    flat, ours = (peer_lifesim.run(m, 20_000, days, 1) for m in (without_feedback(model), model))
    theirs = peer_simpy.run(model, 5_000, days, 1)
    for time in ("occupancy_mid", "occupancy_end"):
        p, q, without = (np.array(getattr(outcome, time)) for outcome in (ours, theirs, flat))
        allowed = Z_BOUND * np.sqrt(p * (1 - p) / 20_000 + q * (1 - q) / 5_000)
        assert (np.abs(p - q) < allowed).all()
        assert (np.abs(p - without) > allowed).any()


def test_occupancies_would_show_it_if_satisfaction_did_nothing() -> None:
    model = reduced_lifecycle()
    flat, full = (peer_lifesim.run(m, 20_000, 365, 1) for m in (without_feedback(model), model))
    pulled = max(abs(p - q) for p, q in zip(full.occupancy_mid, flat.occupancy_mid, strict=True))
    assert 100 * pulled > 2 * throughput.OCCUPANCY_TOLERANCE_PP


def test_lifesim_logs_every_session_and_move_once_and_nothing_else() -> None:
    customers, days = 400, 200
    world = peer_lifesim.populated(reduced_lifecycle(), customers, days, seed=1)
    world.advance(days * DAY)
    log = peer_lifesim.Tally()
    log.append(world.events.records)
    kept, people = world.event_log(), world.state.customers[:customers]
    sessions, moves = kept[kept["kind"] == E_SESSION], kept[kept["kind"] == E_STAGE]
    assert log.taken == len(kept) == len(sessions) + len(moves)
    assert len(sessions) == world.state.outcomes["sessions"].sum()
    assert len(moves) == people["visits"].sum() - customers
    lost = np.zeros(customers, bool)
    seconds, before = 0, 0
    for move in moves:
        seconds += int(lost.sum()) * (int(move["time"]) - before)
        before, lost[move["customer"]] = int(move["time"]), (move["detail"] // 16) % 16 == Stage.LOST
    seconds += int(lost.sum()) * (days * DAY - before)
    assert peer_lifesim.lost_seconds(world, days * DAY) == seconds > 0


def test_an_impulse_without_an_event_of_lifesim_is_refused() -> None:
    model = reduced_lifecycle()
    first, second = model.stages[Stage.HOLDING].exits
    holding = replace(model.stages[Stage.HOLDING], exits=(replace(first, impulse=1.0), second))
    stages = tuple(holding if stage == Stage.HOLDING else model.stages[stage] for stage in Stage)
    with pytest.raises(ValueError, match="HOLDING to RENEWAL_UPSELL"):
        peer_lifesim.scenario(replace(model, stages=stages), 10, 10, 1)


@pytest.mark.parametrize("run", [peer_simpy.run, peer_lifesim.run], ids=["simpy", "lifesim"])
def test_a_seed_repeats_itself_and_no_other(run: Run) -> None:
    model = reduced_lifecycle()
    first, again, other = (replace(run(model, 50, 90, s), seconds=0) for s in (1, 1, 2))
    assert first == again
    assert first.events != other.events or first.occupancy_end != other.occupancy_end


def test_contestants_take_turns_and_every_run_has_a_seed_of_its_own() -> None:
    calls: list[tuple[str, int, int, int]] = []

    def recording(name: str) -> Run:
        def run(model: Reduced, customers: int, days: int, seed: int) -> Outcome:
            calls.append((name, customers, days, seed))
            return outcome(customers=customers, days=days)

        return run

    contestants = [
        Contestant("a", "numpy", recording("a"), 500, 1),
        Contestant("b", "numpy", recording("b"), 300, 2),
    ]
    outcomes = throughput.measure(contestants, reduced_lifecycle(), 90, repeats=2)
    assert calls[:2] == [("a", 200, 60, 0), ("b", 200, 60, 0)]
    timed = calls[2:]
    assert [name for name, *_ in timed] == ["a", "b", "b", "a", "b", "b"]
    assert {(name, size, days) for name, size, days, _ in timed} == {("a", 500, 90), ("b", 300, 90)}
    assert len({(name, seed) for name, _, _, seed in timed}) == len(timed)
    assert [o.customers for o in outcomes["b"]] == [600, 600]


def test_pooled_shares_weigh_customers() -> None:
    everyone_lost = (0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    pooled = throughput.pool([outcome(), outcome(customers=3000, occupancy_end=everyone_lost)])
    assert pooled.customers == 4000
    assert pooled.seconds == 4.0
    assert pooled.events == 4000
    assert pooled.occupancy_mid == pytest.approx(EVEN)
    assert pooled.occupancy_end == pytest.approx([0.0625, 0.0625, 0.05, 0.025, 0.025, 0.775])


@pytest.mark.parametrize("when", ["occupancy_mid", "occupancy_end"])
def test_occupancies_agree_within_one_percentage_point(when: str) -> None:
    within = (0.2575, 0.2425, 0.2, 0.1, 0.1, 0.1)
    beyond = (0.25, 0.25, 0.2, 0.1, 0.112, 0.088)
    assert throughput.failures({"a": outcome(), "b": outcome(**{when: within})}) == []
    (failure,) = throughput.failures({"a": outcome(), "b": outcome(**{when: beyond})})
    assert "1.20 percentage points" in failure
    assert "CHURN_WARNING" in failure or "LOST" in failure


def test_contestants_must_log_the_same_and_enough() -> None:
    (differ,) = throughput.failures({"a": outcome(), "b": outcome(events=2_100)})
    assert "a 73.00, b 76.65" in differ
    (few,) = throughput.failures({"a": outcome(events=1_500), "b": outcome(events=1_500)})
    assert "54.75 events per live customer-year" in few


def test_json_has_every_figure(
    command: Callable[[Outcome, list[str]], int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(outcome(), ["--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["customer_days_per_second"] == 20_000
    assert summary["events_per_second"] == 4_000
    assert summary["ratio_simpy"] == pytest.approx(4.0)
    assert summary["cost_ratio_1m_to_10k"] == pytest.approx(1.25)
    assert summary["events_per_live_customer_year"] == pytest.approx(73.0)
    assert summary["occupancy_max_difference_pp"] == pytest.approx(0.0)
    assert summary["contestants"]["simpy"]["repeats"] == throughput.REPEATS


def test_disagreement_ends_in_one_line_and_code_1(
    command: Callable[[Outcome, list[str]], int], capsys: pytest.CaptureFixture[str]
) -> None:
    swapped = (0.1, 0.25, 0.2, 0.1, 0.1, 0.25)
    assert command(outcome(occupancy_end=swapped), []) == 1
    shown = capsys.readouterr()
    assert "lifesim is 4.0 times as fast as simpy" in shown.out
    assert shown.err.count("\n") == 1
    assert "occupancies differ by 15.00 percentage points" in shown.err


def test_a_missing_peer_is_one_line_and_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(customers: int) -> list[Contestant]:
        raise ModuleNotFoundError("No module named 'mesa'")

    monkeypatch.setattr(throughput, "use_one_core", lambda: None)
    monkeypatch.setattr(throughput, "field", missing)
    assert throughput.main(["--json"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == "No module named 'mesa': install lifesim with the extra `benchmarks`\n"


@pytest.mark.parametrize("arguments", [["--days", "1"], ["--customers", "-5"], ["--days", "x"]])
def test_sizes_that_make_no_sense_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        throughput.main(arguments)
    assert stop.value.code == 2


def test_one_core_is_taken_before_numerical_libraries_load() -> None:
    program = (
        "import json, os, sys; from benchmarks import throughput as t; t.use_one_core();"
        "cores = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else 1;"
        "heavy = [name for name in ('numpy', 'numba', 'mesa', 'starsim') if name in sys.modules];"
        "print(json.dumps([cores, heavy, os.environ['OMP_NUM_THREADS']]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "8"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [1, [], "1"]
