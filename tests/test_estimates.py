"""What the insurer makes of what it observes: the score of early warning, stages by rules, and how right they are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from journey_worlds import a_journey, under
from made_up_run import made_up_run
from small_worlds import (
    busy,
    described,
    differences,
    enrolled,
    experiment,
    keys_of,
    lives,
    log_of,
    new_world,
    run,
    run_on,
    small,
)

import lifesim
from lifesim.engagement.journeys.running_checks import cannot_run
from lifesim.population.columns import (
    AWARENESS,
    CHURN_WARNING,
    DAY,
    E_COMPLAINT,
    E_REGULATOR,
    E_SESSION,
    FIRST_PURCHASE,
    GRACE,
    HOLDING,
    LOST,
    ORPHAN,
    REFUSES_TARGETING,
    RENEWAL_UPSELL,
)
from lifesim.population.memory import count
from lifesim.report.catalogue import Catalogue
from lifesim.report.estimates import estimate_rows
from lifesim.scenario import STAGES, Scenario
from lifesim.scenario.journeys.parsing import parse_audience
from lifesim.scenario.units import PathError
from lifesim.world.views import customer_view
from lifesim.world.warning_score import COMPLAINT, RECENT, USUAL, observed_stage
from lifesim.world.world import World

WEEK = 7 * DAY


def scored(
    people: int = 400, *, intercept: float = -1.0, more: dict[str, Any] | None = None, **depends: float
) -> Scenario:
    """A scenario in which policyholders are scored."""
    inference = described(small())["inference"] | {"churn": {"intercept": intercept, "depends": depends}}
    return small(people).replace(inference=inference | (more or {}))


def people(world: World) -> tuple[Any, Any]:
    """Customers, and their scores."""
    n = count(world.state)
    return world.state.customers[:n], world.state.signals[:n, 0]["score"].astype(float)


def of_holders(world: World) -> Any:
    """Customers who are scored."""
    c, _ = people(world)
    return (c["policies"] > 0) & (world.state.visible[: count(world.state)] <= world.now)


def test_the_score_is_logistic_in_its_signals() -> None:
    """Without a signal everyone has the same score; orphans have that of one more coefficient."""
    plain, orphans = run(scored(), busy(), days=70), run(scored(orphan=1.7), busy(), days=70)
    c, score = people(plain)
    mine = of_holders(plain)
    assert mine.sum() > 100 and np.allclose(score[mine], 1 / (1 + math.exp(1.0))) and not score[~mine].any()
    c, score = people(orphans)
    orphan = (c["marks"] & ORPHAN) > 0
    for of, odds in ((mine & ~orphan, -1.0), (mine & orphan, 0.7)):
        assert of.sum() > 3 and np.allclose(score[of], 1 / (1 + math.exp(-odds)))


def test_a_complaint_is_a_signal_for_half_a_year() -> None:
    behaviour = described(small())["behaviour"]
    for name, clock in behaviour["transitions"].items():
        if name.endswith("dissatisfied") or name.startswith("CHURN_WARNING.escalate"):
            clock["rate"] = "6/y"
    world = run(scored(800, complained=3.0).replace(behaviour=behaviour, horizon="300d"), busy(), days=301)
    _, score = people(world)
    log, mine = log_of(world), of_holders(world)
    last: dict[int, int] = {}
    for key, at, kind in zip(log["key"].tolist(), log["time"].tolist(), log["kind"].tolist(), strict=True):
        if kind in (E_COMPLAINT, E_REGULATOR):
            last[key] = at
    look = 301 * DAY - (301 * DAY - 20 * DAY) % WEEK
    told = np.array([look - COMPLAINT <= last.get(key, -(10**9)) < look for key in keys_of(world).tolist()])
    # Whoever has come to hold a policy, or not, or has complained since the last look is scored as at the look.
    unchanged = mine & np.array([last.get(key, 0) < look for key in keys_of(world).tolist()]) & (score > 0)
    for of, odds in ((unchanged & ~told, -1.0), (unchanged & told, 2.0)):
        assert of.sum() > 5 and np.allclose(score[of], 1 / (1 + math.exp(-odds)))


def test_a_drop_of_activity_is_what_visits_show() -> None:
    world = run(scored(200, intercept=0.0, activity_drop=2.0), busy(), days=76)
    c, score = people(world)
    log, mine = log_of(world), of_holders(world)
    looks = [at for at in range(76 * DAY) if at % WEEK == 20 * DAY % WEEK and at % DAY == 0]
    checked = 0
    for row in np.flatnonzero(mine & (c["joined"] <= 0) & (score > 0))[:60]:
        visits = log["time"][(log["key"] == c["key"][row]) & (log["kind"] == E_SESSION)]
        usual = recent = 0.0
        for k, look in enumerate(looks, 1):
            active = float(np.any((visits > look - WEEK) & (visits < look)))
            usual += max(1 / k, 1 - 0.5 ** (1 / USUAL)) * (active - usual)
            recent += max(1 / k, 1 - 0.5 ** (1 / RECENT)) * (active - recent)
        assert score[row] == pytest.approx(1 / (1 + math.exp(-2.0 * (usual - recent))), abs=1e-6)
        checked += usual != recent
    assert checked > 10


def test_nobody_who_refuses_targeting_is_scored() -> None:
    segments = described(small())["segments"]
    for segment in segments.values():
        segment["refuses_targeting"] = 0.5
    world = run(scored().replace(segments=segments), busy(), days=50)
    c, score = people(world)
    refuses = (c["marks"] & REFUSES_TARGETING) > 0
    assert refuses.sum() > 100 and not score[refuses].any() and score[~refuses].any()


def test_a_score_that_nobody_uses_changes_no_life_and_takes_no_room_where_there_is_none() -> None:
    without, with_score = run(small(300), busy(), days=60), run(scored(300, complained=1.0), busy(), days=60)
    assert differences(lives(without), lives(with_score)) == []
    assert without.state.signals.nbytes == 0 < with_score.state.signals.nbytes


def test_audiences_ask_for_the_score() -> None:
    scenario = scored(500, intercept=-2.0, quiet_weeks=0.4, orphan=1.0)
    entry = {"at": "2026-02-02 00:00", "who": "churn_score >= 0.3 and policies >= 1"}
    practice = under(a_journey({"stay": {"wait": "50d", "next": "exit"}}, entry=entry))
    world = run(scenario, practice, days=48)
    view, rows = customer_view(world.observed, world.state, world.now, world.date(world.now))
    chosen = rows[(view.churn_score >= 0.3) & (view.policies >= 1)]
    world.enrol("walk", 0, world.now)
    assert sorted(enrolled(world)["customer"].tolist()) == chosen.tolist()
    assert 5 < len(chosen) < 0.9 * of_holders(world).sum()
    (refused,) = [each.message for each in cannot_run(practice.journeys["walk"], small())]
    assert refused.endswith("describe inference.churn in the scenario")
    with pytest.raises(PathError, match=r"churn_score goes from 0 to 1; write churn_score >= 0\.6"):
        parse_audience("churn_score >= 60")


def test_a_cut_changes_no_score() -> None:
    practice = under(a_journey({"stay": {"wait": "5d", "next": "exit"}}, entry={"enters": "churn_score >= 0.4"}))
    of = experiment(scored(200, quiet_weeks=0.4, activity_drop=2.0), {"control": practice})
    uncut, _ = run_on(of, new_world(of), practice, 70 * DAY)
    cut, _ = run_on(of, new_world(of), practice, 70 * DAY, [33 * DAY + 5])
    assert uncut.state.signals[: count(uncut.state)].tobytes() == cut.state.signals[: count(cut.state)].tobytes()
    assert np.count_nonzero(enrolled(uncut)["entries"]) > 3


def test_a_stage_by_rules_follows_from_what_is_observed() -> None:
    """Nothing hidden enters: the estimate is a function of policies, premiums and the score."""
    world = run(scored(1_500, quiet_weeks=0.2, more={"from_observables": True, "every": "1d"}), busy(), days=61)
    c, score = people(world)
    pool = world.state.policies
    late = np.zeros(len(c), bool)
    late[pool["customer"][(pool["customer"] >= 0) & (pool["status"] == GRACE)]] = True
    estimated, holds = observed_stage(world, world.now), c["policies"] > 0
    warned = estimated == CHURN_WARNING
    assert (warned == (holds & (late | (score >= 0.5)))).all() and warned.sum() > late.sum() > 5
    assert set(np.unique(estimated[holds]).tolist()) == {HOLDING, RENEWAL_UPSELL, CHURN_WARNING}
    assert set(np.unique(estimated[~holds]).tolist()) == {AWARENESS, FIRST_PURCHASE, LOST}
    # The look of this morning is what views show; little has happened since.
    assert np.mean(c["seen_stage"] == estimated) > 0.95
    assert np.mean((estimated == HOLDING) == (c["stage"] == HOLDING)) > 0.7


def test_a_tag_from_observables_follows_from_age_contracts_and_visits() -> None:
    """Two thirds are right where the largest segment is two fifths; who refuses targeting has no tag."""
    more = {"from_observables": True}
    world = run(scored(2_000, more=more), busy(), days=60)
    c, _ = people(world)
    tags, known = (
        world.state.signals[: count(world.state), 0]["tag"],
        world.state.visible[: count(world.state)] <= world.now,
    )
    looked = tags > 0
    assert (looked <= known).all() and looked.sum() > 0.9 * known.sum()
    right = (tags - 1 == c["segment"])[looked].mean()
    assert right > 0.6
    column = world.observed["tag_wealth_rising"](world.state, np.arange(count(world.state)), world.now)
    assert ((column > 0) == (tags == 2)).all()
    # A source that says nothing any more: everyone is of one age.
    data = described(scored(2_000, more=more))
    for segment in data["segments"].values():
        segment["traits"]["age"] = {"mean": 40, "sd": 1, "low": 39, "high": 41}
    blind = run(scored(2_000, more=more).replace(segments=data["segments"]), busy(), days=60)
    c, _ = people(blind)
    tags = blind.state.signals[: count(blind.state), 0]["tag"]
    assert (tags - 1 == c["segment"])[tags > 0].mean() < right - 0.05


def of_run(inference: dict[str, Any], **changes: Any) -> Any:
    """The table of estimates of a run with one arm beside the control."""
    scenario = small({"north": 300, "south": 200}, **changes)
    scenario = scenario.replace(inference=described(scenario)["inference"] | inference)
    result = lifesim.compare(scenario, arms={"control": busy(), "same": busy()}, workers=1)
    return result.tables["estimates"]


def test_estimates_that_are_always_right_have_no_error() -> None:
    table = of_run({"recall": 1.0, "every": "1d", "recognised": 1.0})
    tags = table[table["estimate"] == "tag"]
    assert (tags["customers"] == tags["right"]).all() and (tags["customers"] == tags["estimated"]).all()
    stages = table[table["estimate"] == "stage"]
    assert set(stages["value"]) == set(STAGES) and set(table["estimate"]) == {"stage", "tag"}
    # What has changed on the last day is not known yet.
    assert stages["right"].sum() > 0.97 * stages["customers"].sum()
    assert (stages.groupby("arm")["customers"].sum() == tags.groupby("arm")["customers"].sum()).all()


def test_estimates_are_counted_of_all_who_may_be_targeted() -> None:
    table = of_run({"recall": 0.6, "recognised": 0.7, "churn": {"intercept": -1.0, "depends": {"quiet_weeks": 0.2}}})
    mine = table[table["arm"] == "same"]
    for _, of in mine.groupby("estimate"):
        assert of["customers"].sum() == of["estimated"].sum() > 0 and (of["right"] <= of["customers"]).all()
    tags = mine[mine["estimate"] == "tag"]
    assert 0.6 < tags["right"].sum() / tags["customers"].sum() < 0.95
    assert mine[["estimate", "value", "customers"]].values.tolist() == [
        [*row] for row in table[table["arm"] == "control"][["estimate", "value", "customers"]].values.tolist()
    ]
    assert set(mine[mine["estimate"] == "churn_score"]["value"]) == {"leaves", "stays"}


def test_accuracy_stands_beside_what_the_commonest_value_reaches() -> None:
    """Of 100 customers 70 hold; a score that says so of everybody is right about 70 as well, and finds nobody."""
    columns = ("arm", "estimate", "value", "customers", "estimated", "right")
    rows = [
        *[("mine", "stage", stage, n, n, right) for stage, n, right in (("HOLDING", 35, 30), ("LOST", 15, 15))] * 2,
        ("mine", "churn_score", "leaves", 30, 0, 0), ("mine", "churn_score", "stays", 70, 100, 70),
    ]  # fmt: skip
    found = made_up_run()
    found.tables["estimates"] = pd.DataFrame(rows, columns=columns)
    stage, score = estimate_rows(found, Catalogue("en"))
    assert (stage.accuracy, stage.commonest) == ("90.0%", "70.0%")
    assert (score.accuracy, score.commonest, score.recall) == ("70.0%", "70.0%", "0.0%")
