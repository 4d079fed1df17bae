"""Gradings: rules, scores and a fitted model; what they see of earlier leads; what is held against the truth."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from made_up_run import made_up_run
from quiet_world import REPO
from small_worlds import FirstSeat, busy, described, run, small, uncontended
from test_lead_mining import mining, staffed
from test_report_page import page_words

from lifesim import workspace
from lifesim.errors import StrategyError
from lifesim.population.columns import DAY
from lifesim.strategy import BECAME, REMEMBERED, IntArray, LeadView, Luck, Practice, View
from lifesim.streams import Streams
from lifesim.workforce import cases
from lifesim.workforce.passage import (
    CAME_TRUE,
    CHANCE,
    CONCLUDED,
    CONVERTED,
    PASSAGE,
    PASSAGES,
    POLICIES,
    PREDICTED,
    UPLIFT,
)
from lifesim.world.truth import added_decisions
from lifesim.world.world import World

NOW = 100 * DAY
DATE = datetime.date(2026, 5, 1)


@pytest.fixture(autouse=True)
def _workspace() -> Iterator[None]:
    """Work with the strategies of the checkout."""
    workspace.unmount()
    workspace.mount(REPO)
    yield
    workspace.unmount()


def of(name: str, **parameters: Any) -> Any:
    return workspace.discover("grading")[name].cls(**parameters)


def shown(columns: dict[str, Any], history: View | None = None) -> LeadView:
    """A view of leads with some columns."""
    n = len(next(iter(columns.values())))
    given = {name: (lambda world, rows, now, name=name: columns[name][rows]) for name in columns}
    return LeadView(np.arange(n), given, columns, NOW, DATE, history)


def luck(n: int) -> Luck:
    keys = np.arange(1, n + 1, dtype=np.uint64) * 7_919
    return Luck(Streams(5, 0), "grading", lambda: keys, NOW, keys)


def made_up(n: int, seed: int) -> dict[str, Any]:
    """Leads whose stage and recency say a lot, and whose other columns nothing."""
    rng = np.random.default_rng(seed)
    columns: dict[str, Any] = {name: rng.integers(0, 3, n).astype(float) for name in REMEMBERED}
    columns |= {"stage": rng.integers(0, 5, n), "days_since_behaviour": rng.exponential(5.0, n)}
    return columns | {"source": rng.integers(0, 6, n)}


def true_chance(columns: dict[str, Any]) -> Any:
    odds = -2.5 + 2.5 * (columns["stage"] == 1) - 0.8 * np.log1p(columns["days_since_behaviour"])
    return 1 / (1 + np.exp(-odds))


def past(n: int, seed: int) -> View:
    """Concluded leads of the same kind."""
    columns = made_up(n, seed)
    won = (np.random.default_rng(seed + 1).random(n) < true_chance(columns)).astype(float)
    columns |= {"won": won, "grade": np.zeros(n), "days_since_concluded": np.zeros(n)}
    given = {name: (lambda world, rows, now, name=name: columns[name][rows]) for name in (*REMEMBERED, *BECAME)}
    return View(np.arange(n), given, columns, NOW, DATE)


def test_the_model_finds_what_made_a_policy_of_leads() -> None:
    leads = made_up(2_000, 7)
    model = of("logistic")
    found = model.chances(shown(leads, past(4_000, 3)), luck(2_000))
    truth = true_chance(leads)
    assert np.corrcoef(found, truth)[0, 1] > 0.95
    # Means of 4,000 outcomes with chances about 0.06 have a standard deviation of 0.004.
    assert abs(found.mean() - truth.mean()) < 0.02
    grades = model.grade(shown(leads, past(4_000, 3)), luck(2_000))
    by_grade = [truth[grades == grade].mean() for grade in range(4)]
    assert by_grade == sorted(by_grade, reverse=True) and by_grade[0] > 5 * by_grade[3]


def test_the_model_waits_until_enough_is_known_and_bears_one_outcome() -> None:
    leads = made_up(50, 1)
    assert np.all(of("logistic", prior=0.07).chances(shown(leads, past(199, 2)), luck(50)) == 0.07)
    assert np.all(of("logistic", prior=0.07).chances(shown(leads), luck(50)) == 0.07)
    none_won = past(300, 2)
    won = none_won.won.copy()
    assert won.any()
    given = dict(none_won._world) | {"won": np.zeros(300)}
    same = View(none_won._rows, none_won._columns, given, NOW, DATE)
    same._columns["won"] = lambda world, rows, now: np.zeros(len(rows))  # type: ignore[index]
    assert np.all(of("logistic").chances(shown(leads, same), luck(50)) < 0.02)


def test_a_quota_is_met_on_average_and_keeps_the_best() -> None:
    quota = (0.2, 0.3, 0.3)
    grading = of("recency_frequency", quota=quota)
    counts = np.zeros(4)
    for round_of in range(400):
        n = 3
        keys = np.arange(1, n + 1, dtype=np.uint64) * np.uint64(104_729 * (round_of + 1))
        leads = shown({
            "days_since_behaviour": np.array([5.0, 1.0, 3.0]), "behaviours": np.ones(n),
            "asked_by_customer": np.zeros(n),
        })  # fmt: skip
        grades = grading.grade(leads, Luck(Streams(5, 0), "grading", lambda keys=keys: keys, NOW, keys))
        assert grades[1] <= grades[2] <= grades[0]
        counts += np.bincount(grades, minlength=4)
    # Shares of 1,200 grades: 4.9 deviations, a false failure of 1e-6.
    assert np.all(np.abs(counts / counts.sum() - (*quota, 0.2)) < 4.9 * np.sqrt(0.25 / 1_200))


def test_whoever_asked_is_beside_the_quota() -> None:
    """An inquiry is graded alone, where a share would be luck."""
    n = 40
    leads = shown({
        "days_since_behaviour": np.full(n, 1.0), "behaviours": np.arange(n),
        "asked_by_customer": (np.arange(n) < 20).astype(np.int64),
    })  # fmt: skip
    grades = of("recency_frequency", quota=(0.1, 0.2, 0.3), asked=0.0).grade(leads, luck(n))
    assert np.all(grades[:20] == 0) and np.bincount(grades[20:]).tolist() == [2, 4, 6, 8]


def test_rules_and_scores() -> None:
    columns = {
        "stage": np.array([0, 1, 1, 0, 0]), "days_since_behaviour": np.array([0.1, 1.0, 9.0, 1.0, 30.0]),
        "asked_by_customer": np.array([1, 0, 0, 0, 0]), "behaviours": np.array([1, 4, 1, 1, 1]),
    }  # fmt: skip
    assert of("rules").grade(shown(columns), luck(5)).tolist() == [0, 1, 2, 2, 3]
    assert of("recency_frequency").grade(shown(columns), luck(5)).tolist() == [0, 0, 3, 2, 3]


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("logistic", {"bars": (0.1, 0.2, 0.3)}, "highest first"),
        ("uplift_oracle", {"quota": (0.5, 0.5, 0.5)}, "at most 1 together"),
        ("recency_frequency", {"half_life_days": 0.0}, "above zero"),
        ("logistic", {"prior": 0.0}, "between 0 and 1"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(name: str, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        of(name, **wrong)


@dataclass(frozen=True)
class Foreseeing:
    """Half of all leads are good, and have a chance of a half; remembers what it saw of earlier ones."""

    seen: ClassVar[list[tuple[int, int, float]]] = []
    chance: Any = 0.5

    def grade(self, leads: LeadView, luck: Luck) -> IntArray:
        history = leads.history
        latest = float(history.days_since_concluded.min()) if len(history) else np.inf
        self.seen.append((leads.now, len(history), latest))
        return (luck.uniforms("grade", lasting=True) * 2).astype(np.int64)

    def chances(self, leads: LeadView, luck: Luck) -> Any:
        return np.full(len(leads), self.chance)


def watched(grading: Any, observers: tuple[Any, ...] = ()) -> World:
    scenario = uncontended(staffed(mining(small({"north": 300, "south": 200}))))
    practice = Practice(busy().orchestrations, grading=grading, allocation=FirstSeat())
    return run(scenario, practice, observers=observers)


class Concluded:
    """How many leads had been concluded at the end of every midnight."""

    phase, name, local = 9, "concluded", False

    def __init__(self) -> None:
        self.by_day: dict[int, int] = {}

    def next(self, now: int) -> int:
        return -(-now // DAY) * DAY

    def act(self, world: World, now: int) -> None:
        self.by_day[now // DAY] = int(world.extra[PASSAGE][..., CONCLUDED].sum())


def test_outcomes_are_seen_when_the_insurer_has_reviewed_them() -> None:
    Foreseeing.seen.clear()
    concluded = Concluded()
    world = watched(Foreseeing(), (concluded,))
    numbers = [number for _, number, _ in Foreseeing.seen]
    assert numbers == sorted(numbers) and numbers[0] == 0 and numbers[-1] > 50
    for now, number, latest in Foreseeing.seen:
        assert number == concluded.by_day[now // DAY]
        assert latest >= 0
    kept = world.extra[cases.PAST]
    assert len(kept) == concluded.by_day[max(concluded.by_day)]
    counted = world.extra[PASSAGE]
    assert kept["won"].sum() == counted[..., POLICIES].sum() > 5
    assert len(world.extra[cases.WON_EARLY]) == counted[..., CONVERTED].sum() - kept["won"].sum() > 0
    assert np.all(kept["concluded"] - kept["handed"] >= world.scenario.desk.follow_up)
    assert kept["days_since_session"].max() > 0 and kept["days_since_behaviour"].max() > 0
    assert np.all(kept["concluded"] % DAY == 0) and np.all(kept["concluded"] > kept["handed"])


def test_predictions_are_held_against_what_became_of_the_leads() -> None:
    world = watched(Foreseeing(chance=0.25))
    counted, kept = world.extra[PASSAGE].sum(axis=(0, 1)), world.extra[cases.PAST]
    assert np.array_equal(counted[:, PREDICTED], counted[:, CONCLUDED])
    assert np.array_equal(counted[:, CAME_TRUE], counted[:, POLICIES]) and counted[:, POLICIES].sum() > 5
    assert np.array_equal(counted[:, CHANCE], 250_000 * counted[:, CONCLUDED])
    for grade in (0, 1):
        mine = kept[kept["grade"] == grade]
        assert counted[grade + 1, CONCLUDED] == len(mine) > 20
        assert counted[grade + 1, UPLIFT] == np.rint(1e6 * mine["uplift"].astype(float)).astype(int).sum() > 0


def test_the_oracle_gives_good_grades_to_leads_that_a_conversation_moves() -> None:
    world = watched(of("uplift_oracle", quota=(0.25, 0.25, 0.25)))
    counted = world.extra[PASSAGE].sum(axis=(0, 1))[1:]
    uplift = counted[:, UPLIFT] / counted[:, CONCLUDED]
    assert uplift[0] > uplift[1] > uplift[3]
    waiting = world.extra["leads"]
    assert len(added_decisions(world, waiting, world.now)) == len(waiting)


def test_without_predictions_none_are_counted() -> None:
    counted = watched(of("rules")).extra[PASSAGE].sum(axis=(0, 1, 2))
    assert counted[CONCLUDED] > 20 and counted[PREDICTED] == 0 == counted[CHANCE]


@pytest.mark.parametrize("chance", [1.5, "likely", {}])
def test_chances_that_are_none_cost_the_arm(chance: Any) -> None:
    with pytest.raises(StrategyError, match=r"^strategy 'Foreseeing' at .*: chances must be \d+ numbers from 0 to 1$"):
        watched(Foreseeing(chance=chance))


def test_further_behaviour_is_noted_of_a_lead_that_waits() -> None:
    scenario = mining(small(300), waits="60d")
    world = run(scenario, Practice(), days=60)
    leads = world.extra["leads"]
    assert np.any(leads["behaviours"] > 1) and np.all(leads["latest"] >= leads["asked"])
    several = leads[leads["behaviours"] > 1]
    assert np.all(several["latest"] > several["asked"])
    once = leads[(leads["behaviours"] == 1) & (leads["source"] > 2)]
    assert np.array_equal(once["latest"], once["asked"])


def test_the_page_shows_grades_with_what_was_predicted_of_them() -> None:
    made = made_up_run()
    assert "Leads by grade" not in page_words(made)
    values = dict.fromkeys(PASSAGES, 0) | {
        "created": 1_500, "graded": 100, "grade_seconds": 100 * 5_400, "taken": 50, "agent_seconds": 50 * 36_000,
        "concluded": 40, "predicted": 20, "chance_micro": 3_000_000, "came_true": 5, "converted": 9,
        "policies": 8, "uplift_micro": 2_000_000,
    }  # fmt: skip
    made.tables["leads"] = pd.DataFrame(
        [{"replication": 0, "branch": "north", "arm": "journey", "source": "inquiry", "grade": grade,
          "measure": name, "value": value if grade == "A" else 0}
         for grade in "AB" for name, value in values.items()]
    )  # fmt: skip
    words = page_words(made)
    assert "journey A 1,500 1.5 10.0 40 15.0% 25.0% 20.0% 0.0500" in words
    assert "journey B 0 n/a n/a 0 n/a n/a n/a n/a" in words
    assert "分级线索" in page_words(made, "zh")


def test_gradings_are_documented() -> None:
    page = (REPO / "docs" / "strategies.md").read_text(encoding="utf-8")
    section = page[page.index("## Gradings") : page.index("## Luck")]
    assert {name for name in workspace.discover("grading") if f"| `{name}` |" in section} == set(
        workspace.discover("grading")
    )
    assert all(f"`{name}`" in section for name in (*REMEMBERED, *BECAME))


def test_scenarios_without_leads_remember_nothing() -> None:
    world = run(small(200), Practice(busy().orchestrations, allocation=FirstSeat()), days=60)
    assert PASSAGE not in world.extra and len(world.extra[cases.PAST]) == 0
    assert described(world.scenario)["leads"] is None
