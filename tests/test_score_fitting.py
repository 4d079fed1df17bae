"""The score of early warning fitted at the fork: better than weights that are wrong, and blind to what comes after."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest
from small_worlds import SILENCE, busy, described, experiment, new_world, small

import lifesim
from lifesim.experiment.checks import problems
from lifesim.experiment.plugins import instance
from lifesim.experiment.unit import Experiment, Unit
from lifesim.population.columns import DAY, E_DELIVERED, E_OPENED, E_OPT_OUT, E_UNFOLLOWED, REFUSES_TARGETING
from lifesim.population.memory import count
from lifesim.regression import fit, logistic, with_constant
from lifesim.scenario import Scenario
from lifesim.scenario.inference import SIGNALS
from lifesim.scenario.units import PathError
from lifesim.strategy import CustomerView, Practice
from lifesim.world.outcomes import begin_outcomes
from lifesim.world.score_fitting import LEAST, learn
from lifesim.world.warning_score import WEIGHTS
from lifesim.world.world import World

WARM_UP = 140
#: A book of people who are scored by what does not matter here.
WRONG = {"intercept": -2.0, "depends": {"policy_years": 0.3, "quiet_weeks": 0.1, "orphan": -1.0}}


def leaving(size: int | dict[str, int] = 2_000, within: str | None = "70d", rate: str = "0.25/y") -> Scenario:
    """Policyholders who leave because they are orphans, and for nothing else."""
    data = described(small())
    for name, clock in data["behaviour"]["transitions"].items():
        if name.startswith("HOLDING."):
            clock |= {"rate": "0/y", "depends": {}}
    data["behaviour"]["transitions"]["HOLDING.surrender"] = data["behaviour"]["transitions"]["HOLDING.surrender"] | {
        "rate": rate, "depends": {"orphan": 2.0},
    }  # fmt: skip
    for segment in data["segments"].values():
        segment["start"] = {"HOLDING": 1.0}
    return small(size).replace(
        behaviour=data["behaviour"], segments=data["segments"], warm_up=f"{WARM_UP}d", horizon="100d",
        inference=data["inference"] | {"churn": WRONG | {"fitted_within": within}},
    )  # fmt: skip


def at_fork(of: Experiment, practice: Practice = SILENCE, branches: tuple[str, ...] | None = None) -> World:
    world = new_world(of, branches)
    world.run(WARM_UP * DAY, of.parts(world, practice))
    learn(world)
    begin_outcomes(world)
    return world


def auc(score: Any, lost: Any) -> float:
    """Chance that one who is lost has the higher score than one who stays; ties count half."""
    gone, here = score[lost], score[~lost]
    return float((gone[:, None] > here).mean() + 0.5 * (gone[:, None] == here).mean())


def foretold(scenario: Scenario) -> float:
    """The area under the curve of the scores at the fork, for losses in the three months after it."""
    of = experiment(scenario, {"control": SILENCE})
    world = at_fork(of)
    world.run(WARM_UP * DAY + DAY, of.parts(world, SILENCE))
    n = count(world.state)
    held = np.flatnonzero((world.state.customers["policies"][:n] > 0) & (world.state.visible[:n] <= world.now))
    score = world.state.signals[held, 0]["score"].astype(float)
    world.run((WARM_UP + 100) * DAY, of.parts(world, SILENCE))
    lost = world.state.customers["policies"][held] == 0
    assert lost.sum() > 50
    return auc(score, lost)


def test_a_fitted_score_beats_weights_that_are_wrong() -> None:
    given, fitted = foretold(leaving(within=None)), foretold(leaving())
    assert given < 0.5 < 0.6 < fitted


def test_an_orphan_who_leaves_seven_times_as_often_is_told_by_the_coefficient() -> None:
    world = at_fork(experiment(leaving(4_000), {"control": SILENCE}))
    orphan = world.extra[WEIGHTS][0, 1 + SIGNALS.index("orphan")]
    # The truth is 2 on the hazard, which within a quarter is hardly less on the log-odds; the penalty draws it to 0.
    assert 1.2 < orphan < 2.6


def test_what_a_customer_feels_and_what_comes_later_is_not_in_it() -> None:
    of = experiment(leaving(), {"control": SILENCE, "busy": busy()})
    open_book, hidden = new_world(of), new_world(of)
    for world in (open_book, hidden):
        world.run(WARM_UP * DAY, of.parts(world, SILENCE))
    state = hidden.state
    for array in (state.mind["offset"], state.traits, state.clocks["residual"], state.clocks["rate"]):
        array[:] = 9.0
    state.customers["stage"][:], state.customers["phase"][:] = 1, 2
    for world in (open_book, hidden):
        learn(world)
    weights = open_book.extra[WEIGHTS].copy()
    assert hidden.extra[WEIGHTS].tobytes() == weights.tobytes()
    begin_outcomes(open_book)
    fork = {name: np.array(array) for name, array in open_book.snapshot().items()}
    # Whatever an arm does, its score is that of the fork.
    ends = []
    for practice in (SILENCE, busy()):
        world = new_world(of)
        world.restore(fork)
        world.run((WARM_UP + 60) * DAY, of.parts(world, practice))
        ends.append(world.state.signals[: count(world.state), 0]["score"].copy())
        assert world.extra[WEIGHTS].tobytes() == weights.tobytes()
    assert not np.array_equal(*ends)


def test_a_branch_learns_from_its_own_customers() -> None:
    of = experiment(leaving({"north": 1_500, "south": 1_500}), {"control": SILENCE})
    both, south = at_fork(of), at_fork(of, branches=("south",))
    assert both.extra[WEIGHTS][1].tobytes() == south.extra[WEIGHTS][1].tobytes()
    assert not np.array_equal(both.extra[WEIGHTS][0], both.extra[WEIGHTS][1])


def test_few_losses_leave_the_given_weights() -> None:
    world = at_fork(experiment(leaving(400, rate="0.02/y"), {"control": SILENCE}))
    given = [-2.0, *(WRONG["depends"].get(name, 0.0) for name in SIGNALS)]  # type: ignore[attr-defined]
    assert world.extra[WEIGHTS].tolist() == [given] and LEAST > 1


def test_a_run_fits_before_its_arms_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    restore = World.restore
    monkeypatch.setattr(
        World, "restore", lambda world, fork: (restore(world, fork), seen.append(world.extra[WEIGHTS].tobytes()))[0]
    )
    of = experiment(leaving(600), {"control": SILENCE, "busy": busy()})
    result = of.run(Unit(0, ("north",)))
    assert not result.failures and len(seen) == 2 and len(set(seen)) == 1
    rows = np.frombuffer(seen[0]).reshape(-1, 1 + len(SIGNALS))
    assert rows[0, 0] != -2.0


def test_the_past_must_lie_in_the_warm_up() -> None:
    (found,) = problems(leaving(within="71d"))
    assert found.path == "inference.churn.fitted_within"
    assert found.message == "the score is fitted on the warm-up, which must take 154d or more then"
    assert problems(leaving(within="70d")) == []
    # Whoever tries something out in a small world, as the contract kit does, need not take the score out.
    assert lifesim.load("early_warning").replace(warm_up="0d").warm_up == 0


def test_touches_without_an_answer_and_opt_outs_are_signals() -> None:
    channels = described(small())["channels"]
    for channel in channels.values():
        channel["opt_out"] = 0.03
    segments = described(small())["segments"]
    for segment in segments.values():
        segment["start"] = {"HOLDING": 1.0}
    inference = described(small())["inference"] | {
        "churn": {"intercept": -4.0, "depends": {"unanswered": 0.2, "opt_outs": 0.7}}
    }
    of = experiment(small().replace(inference=inference, channels=channels, segments=segments), {"control": busy()})
    world = new_world(of)
    # A look is at midnight; nothing arrives in the minute after it.
    world.run(69 * DAY + 60, of.parts(world, busy()))
    log, c = world.event_log(), world.state.customers
    score = world.state.signals[: count(world.state), 0]["score"].astype(float)
    found = set()
    for row in np.flatnonzero(
        (c["policies"][: count(world.state)] > 0) & (c["marks"][: count(world.state)] & REFUSES_TARGETING == 0)
    ):
        mine = log[log["customer"] == row]
        unanswered = opt_outs = 0
        for event in mine:
            unanswered += event["kind"] == E_DELIVERED
            unanswered *= event["kind"] != E_OPENED
            opt_outs += event["kind"] in (E_OPT_OUT, E_UNFOLLOWED)
        odds = -4.0 + 0.2 * min(unanswered, 20) + 0.7 * opt_outs
        assert score[row] == pytest.approx(1 / (1 + np.exp(-odds)), abs=1e-6)
        found.add((min(unanswered, 20), int(opt_outs)))
    assert {0, 20} < {unanswered for unanswered, _ in found} and {0, 1, 2} <= {n for _, n in found}


def test_saves_may_go_to_a_share_of_each_branch() -> None:
    given = {
        "policies": np.array([1] * 10 + [0] + [1] * 5), "branch": np.array([0] * 11 + [1] * 5),
        "annual_premium_cny": np.full(16, 100.0),
        "churn_score": np.array([0.1, 0.9, 0.2, 0.3, 0.4, 0.5, 0.8, 0.7, 0.6, 0.05, 0.0, 0.02, 0.01, 0.03, 0.03, 0.0]),
    }  # fmt: skip
    columns = {name: lambda world, rows, now, values=values: values[rows] for name, values in given.items()}
    view = CustomerView(np.arange(16), columns, None, 0, datetime.date(2026, 1, 5))

    def treated(**of: float) -> list[int]:
        saves = instance("orchestration", {"graded_saves": of})
        return sorted(row for touches in saves.touch(view, None) for row in touches.who.tolist())

    # The upper tenth of ten and of five; ties with the last of them are treated alike.
    assert treated(share=0.1) == [1, 13, 14]
    assert treated(share=1.0) == [*range(10), *range(11, 16)]
    assert treated(alarm=0.65) == [1, 6, 7]
    with pytest.raises(PathError, match="share must lie between 0 and 1; found 2"):
        treated(share=2.0)


def test_the_regression_finds_the_coefficients_that_made_the_data() -> None:
    x = np.column_stack([np.tile([0.0, 1.0], 4_000), np.repeat([0.0, 1.0, 2.0, 3.0], 2_000)])
    chances = logistic(with_constant(x) @ np.array([-1.0, 0.8, -0.5]))
    # As many of each kind as expected, without luck.
    y = np.concatenate([
        (np.arange(1_000) < round(1_000 * chances[(x[:, 0] == a) & (x[:, 1] == b)][0])).astype(float)
        for a in (0, 1) for b in range(4)
    ])  # fmt: skip
    order = np.lexsort((x[:, 1], x[:, 0]))
    assert fit(x[order], y, 1e-6) == pytest.approx([-1.0, 0.8, -0.5], abs=0.01)


def test_the_shipped_scenario_fits_its_score() -> None:
    scenario = lifesim.load("early_warning")
    assert scenario.inference.churn is not None and scenario.inference.churn.fitted_within is not None
    assert scenario.warm_up >= 3 * scenario.inference.churn.fitted_within
