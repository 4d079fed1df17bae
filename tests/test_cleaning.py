"""Seats that clean leads, and leads that are nurtured: who is dialled when, by whom, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
from made_up_run import made_up_run
from quiet_world import REPO
from small_worlds import FirstSeat, Weekly, busy, described, experiment, forked, run, small, table
from test_lead_mining import Daily, Graded, mining, staffed
from test_report_page import page_words

import lifesim
from lifesim.errors import ScenarioError
from lifesim.experiment.gather import gather
from lifesim.experiment.unit import Unit, UnitResult
from lifesim.population.columns import DAY, T_DELIVERED, T_FAILED, T_REQUESTED
from lifesim.scenario import Scenario
from lifesim.scenario.leads import Cleaning, Dialling, Nurture
from lifesim.strategy import IntArray, LeadView, Luck, Practice
from lifesim.streams import Streams
from lifesim.workforce.cleaning import (
    CLEANED_LEADS,
    CONNECTIONS,
    DIALS,
    DROPPED,
    EFFECTIVE,
    LATER,
    QUALIFIED,
    connecting,
    dialled,
    qualifying,
    seats_of,
)
from lifesim.workforce.leads import CALL, LEAD
from lifesim.workforce.passage import CREATED, PASSAGE, open_leads
from lifesim.world.desk import capacity_by_branch
from lifesim.world.parts import Observer, occupancy
from lifesim.world.world import World

HOUR = 3_600
CASES = ("cases", "cases_recent", "past_leads")
DIALLING: dict[str, Any] = {
    "connects": 0.6, "by_dial": [0.02, 0.018, 0.01], "deciding": 0.8, "others": 0.2, "later": 0.2,
    "content": "care_call", "cost": "1 CNY",
}  # fmt: skip


def dialling(**changes: Any) -> Dialling:
    return Dialling.model_validate(DIALLING | changes)


def cleaning(**changes: Any) -> Cleaning:
    return Cleaning.model_validate(
        {"bar": "A", "seats": ["cleaners"], "dials": 2, "apart": "1d", "again": "2d"} | changes
    )


def raw(n: int, dials: int = 0) -> Any:
    leads = np.zeros(n, LEAD)
    leads["luck"], leads["dials"] = np.arange(1, n + 1, dtype=np.uint64) * np.uint64(7_919), dials
    return leads


def test_a_better_seat_hurts_no_lead() -> None:
    leads, streams, n = raw(4_000), Streams(3, 0), 4_000
    for deciding in (True, False):
        decides = np.full(n, deciding)
        poor, good = (dialled(dialling(), streams, leads, decides, np.full(n, skill)) for skill in (-0.5, 0.7))
        assert np.array_equal(poor.connected, good.connected)
        better, worse = (good, poor) if deciding else (poor, good)
        assert not np.any(worse.qualified & ~better.qualified) and np.any(better.qualified & ~worse.qualified)


def test_luck_is_that_of_the_lead_and_the_dial() -> None:
    """Other leads, and their order, change nothing; another dial is another draw."""
    leads, streams = raw(500), Streams(3, 0)
    skill, decides = np.zeros(500), np.arange(500) % 2 == 0
    all_of_them = dialled(dialling(), streams, leads, decides, skill)
    some = np.array([400, 3, 77])
    few = dialled(dialling(), streams, leads[some], decides[some], skill[:3])
    assert all(np.array_equal(one[some], other) for one, other in zip(all_of_them, few, strict=True))
    again = dialled(dialling(by_dial=[1.0]), streams, raw(500, dials=1), decides, skill)
    assert np.any(again.connected != all_of_them.connected)


def test_dials_connect_and_qualify_as_often_as_the_scenario_says() -> None:
    n, streams = 40_000, Streams(8, 0)
    assert connecting(dialling(), np.array([0, 1, 2, 9])) == pytest.approx([0.6, 0.54, 0.3, 0.3])
    for dials, share in ((0, 0.6), (2, 0.3)):
        found = dialled(dialling(), streams, raw(n, dials), np.arange(n) < n // 2, np.zeros(n))
        # 4.9 standard deviations: a false failure of 1e-6 for each of these.
        assert abs(found.connected.mean() - share) < 4.9 * np.sqrt(0.25 / n)
        for of, expected in ((slice(None, n // 2), 0.8), (slice(n // 2, None), 0.2)):
            talked = found.connected[of]
            assert abs(found.qualified[of][talked].mean() - expected) < 4.9 * np.sqrt(0.25 / talked.sum())
        left = found.connected & ~found.qualified
        assert abs(found.later[left].mean() - 0.2) < 4.9 * np.sqrt(0.25 / left.sum())
        assert not np.any(found.later & ~left)
    certain = qualifying(dialling(deciding=1.0, others=0.0), np.array([True, False]), np.array([-3.0, -3.0]))
    assert certain.tolist() == [1.0, 0.0]


def test_the_first_leads_are_dialled_by_the_best_seats_of_their_branch() -> None:
    branches = np.array([0, 1, 0, 0, 1, 0])
    seats = seats_of(branches, np.array([0, 0, 1]), np.array([1, 2, 1]), np.array([0.0, 0.5, 0.0]))
    assert seats.tolist() == [1, 2, 1, 0, -1, -1]
    everywhere = seats_of(branches, np.array([-1]), np.array([4]), np.array([0.0]))
    assert everywhere.tolist() == [0, 0, 0, 0, -1, -1]
    assert seats_of(branches, np.array([0]), np.array([-1]), np.array([0.0])).tolist() == [-1] * 6
    endless = seats_of(branches, np.array([0, 1]), np.array([10**15, 10**15]), np.array([0.0, 0.0]))
    assert endless.tolist() == branches.tolist(), "room for every lead, and no more"


def cleaned(scenario: Scenario, per_10k: float = 60, skill: float = 0.0, **changes: Any) -> Scenario:
    """The scenario with leads that can be dialled, and seats for it."""
    scenario = staffed(mining(scenario))
    desk, leads = described(scenario)["desk"], described(scenario)["leads"]
    desk["seats"]["cleaners"] = {"per_10k": per_10k, "calls_per_hour": 2, "skill": skill}
    return scenario.replace(desk=desk, leads=leads | {"dialling": DIALLING | changes, "waits": "20d"})


def practice(clean: Cleaning | None, nurture: Nurture | None = None) -> Practice:
    return Practice(
        busy(calls=False).orchestrations, grading=Graded(), allocation=FirstSeat(), cleaning=clean, nurture=nurture
    )


@dataclass(frozen=True)
class Poor:
    """Every lead is of the poorest grade."""

    def grade(self, leads: LeadView, luck: Luck) -> IntArray:
        return np.full(len(leads), 3)


class Dials:
    """Writes down every lead that waits, at every slot of the desk, after it."""

    phase, name, local = 6, "dials", True

    def __init__(self) -> None:
        self.seen: list[tuple[int, Any]] = []

    def next(self, now: int) -> int:
        return -(-now // HOUR) * HOUR

    def act(self, world: World, now: int) -> None:
        self.seen.append((now, world.extra["leads"].copy()))


@cache
def watched() -> tuple[World, Daily, Dials]:
    daily, dials = Daily(), Dials()
    scenario = cleaned(small({"north": 300, "south": 200}))
    return run(scenario, practice(cleaning(bar="all")), observers=[daily, dials]), daily, dials


def test_leads_that_are_cleaned_are_counted_once_and_nobody_stays_held() -> None:
    world, daily, _ = watched()
    for counted, found in zip(daily.counted, daily.found, strict=True):
        assert np.array_equal(open_leads(counted), found)
    waiting = np.concatenate([world.extra[name]["customer"] for name in ("leads", "inquiries", "calls")])
    held = world.state.customers["held"]
    assert np.array_equal(held, np.bincount(waiting, minlength=len(held)))
    counted = world.extra[CLEANED_LEADS].sum(axis=0)
    assert counted.min() > 3
    assert counted[CONNECTIONS] < counted[DIALS] and counted[EFFECTIVE] == counted[QUALIFIED] + counted[LATER]
    assert world.extra[PASSAGE][..., CREATED].sum() > counted[QUALIFIED] + counted[DROPPED]


def test_leads_are_dialled_again_after_the_time_apart_and_not_too_often() -> None:
    """Nobody answers, so that every lead is dialled until it is dropped."""
    dials = Dials()
    scenario = cleaned(small({"north": 300, "south": 200}), connects=0.0)
    world = run(scenario, practice(cleaning(bar="all", dials=4)), observers=[dials])
    last: dict[int, tuple[int, int]] = {}
    gaps, most = [], 0
    for now, leads in dials.seen:
        for luck, number in zip(leads["luck"].tolist(), leads["dials"].tolist(), strict=True):
            before, since = last.get(luck, (0, now))
            if number != before:
                assert number == before + 1
                if before:
                    gaps.append(now - since)
                last[luck] = (number, now)
            most = max(most, number)
    assert min(gaps) >= DAY and len(gaps) > 10
    assert most == 3, "a lead is dropped with its fourth dial"
    counted = world.extra[CLEANED_LEADS].sum(axis=0)
    assert counted[DROPPED] > 5 and counted[CONNECTIONS] == 0


def test_inquiries_are_not_dialled_and_agents_get_only_leads_that_were_qualified() -> None:
    world, _, dials = watched()
    for _, leads in dials.seen:
        assert not leads["dials"][leads["inquiry"] == 1].any()
    for name in CASES:
        taken = world.extra[name]
        assert np.all(taken["qualified"][taken["asked_by_customer"] == 0] == 1)
    assert len(world.extra["past_leads"]) > 10


def test_dials_cost_and_those_that_do_not_connect_reach_nobody() -> None:
    world, _, _ = watched()
    counted = world.extra[CLEANED_LEADS].sum(axis=0)
    content = list(world.scenario.contents).index("care_call")
    tried = world.state.touched[world.campaigns.index("desk"), CALL, content]
    assert tried[T_FAILED] >= counted[DIALS] - counted[CONNECTIONS] > 0
    free = run(cleaned(small({"north": 300, "south": 200}), cost="0 CNY"), practice(cleaning(bar="all")))
    assert np.array_equal(free.extra[CLEANED_LEADS], world.extra[CLEANED_LEADS])
    spent = world.state.outcomes["contact"].sum() - free.state.outcomes["contact"].sum()
    assert spent == 100 * counted[DIALS]
    assert tried[T_REQUESTED] > counted[DIALS]


def test_dials_count_for_the_campaign_that_made_the_lead_as_their_conversations_do() -> None:
    """Of every campaign: calls asked for are those that arrived, failed, were held back or withdrawn, or still wait."""
    world = run(
        cleaned(small(100)),
        Practice({"offers": Weekly("product_offer", "call", "10:30", (1, 3), 0.2)}, Graded(), FirstSeat(),
                 cleaning=cleaning(bar="all")),
    )  # fmt: skip
    calls = world.state.touched[world.campaigns.index("offers"), CALL]
    content = list(world.scenario.contents).index("care_call")
    assert calls[content, T_REQUESTED] > 10 < calls[content, T_FAILED]
    assert calls[content, T_REQUESTED] >= calls[content, T_FAILED] + calls[content, T_DELIVERED]
    on_the_way = calls[content, T_REQUESTED] - calls[content, T_FAILED] - calls[content, T_DELIVERED]
    pool = world.state.touches
    assert on_the_way == np.count_nonzero((pool["customer"] >= 0) & (pool["content"] == content))


def test_seats_dial_no_more_than_they_can() -> None:
    few = run(cleaned(small({"north": 300, "south": 200}), per_10k=4), practice(cleaning(bar="all")), days=40)
    many, _, _ = watched()
    dials = few.extra[CLEANED_LEADS][:, DIALS]
    assert np.all(dials <= capacity_by_branch(few, (), 0, few.now, ("cleaners",))) and dials.min() > 0
    assert many.extra[CLEANED_LEADS][:, DIALS].sum() > 2 * dials.sum()


def test_the_bar_says_who_is_dialled() -> None:
    seen = Dials()
    run(cleaned(small({"north": 300, "south": 200})), practice(cleaning(bar="C", dials=5)), days=50, observers=[seen])
    first = {}
    for _, leads in seen.seen:
        for luck, grade in zip(leads["luck"][leads["dials"] == 1], leads["grade"][leads["dials"] == 1], strict=True):
            first.setdefault(int(luck), int(grade))
    assert len(first) > 3 and set(first.values()) == {4}, "a lead graded D when it was dialled first"


def test_leads_below_the_bar_get_contents_and_no_calls_until_they_are_graded_higher() -> None:
    nurture = Nurture.model_validate({"bar": "B", "content": "newsletter", "channel": "push", "every": "3d"})
    scenario = cleaned(small({"north": 300, "south": 200}))
    seen = Dials()
    quiet = Practice(grading=Graded(), allocation=FirstSeat(), nurture=nurture)
    world = run(scenario, quiet, observers=[seen], days=60)
    waited = np.concatenate([leads for _, leads in seen.seen])
    below = waited[(waited["grade"] > 2) & (waited["inquiry"] == 0)]
    assert len(below) > 50 and np.all(below["fed"][below["looked"] > 0] > 0)
    content = list(scenario.contents).index("newsletter")
    assert world.state.touched[world.campaigns.index("desk"), :, content, T_REQUESTED].sum() > 20
    for name in CASES:
        taken = world.extra[name]
        assert np.all(taken["grade"][taken["asked_by_customer"] == 0] < 2)
    fed, taken = below["luck"][below["fed"] > 0], np.concatenate([world.extra[name]["luck"] for name in CASES])
    assert len(np.intersect1d(fed, taken)) > 5, "leads come back from nurture"


def test_contents_of_nurture_are_apart() -> None:
    nurture = Nurture.model_validate({"bar": "B", "content": "newsletter", "channel": "push", "every": "3d"})
    seen = Dials()
    poor = Practice(grading=Poor(), allocation=FirstSeat(), nurture=nurture)
    world = run(cleaned(small(300)), poor, observers=[seen], days=50)
    waited = np.concatenate([leads for _, leads in seen.seen])
    fed = waited[waited["fed"] > 0]
    steps = np.concatenate([np.diff(np.unique(fed["fed"][fed["luck"] == luck])) for luck in np.unique(fed["luck"])])
    assert len(steps) > 20 and steps.min() >= 3 * DAY and steps.max() < 7 * DAY
    assert not np.any(world.extra["past_leads"]["source"] > 2)


def test_who_was_qualified_expects_the_call() -> None:
    """All calls of the channel fail, but those by appointment arrive."""
    scenario = cleaned(small({"north": 300, "south": 200}), connects=1.0, deciding=1.0, others=1.0)
    channels = described(scenario)["channels"]
    channels["call"]["delivered"] = 0.0
    silent = Practice(grading=Graded(), allocation=FirstSeat(), cleaning=cleaning(bar="all"))
    world = run(scenario.replace(channels=channels), silent, days=50)
    tried = world.state.touched[world.campaigns.index("desk"), CALL, list(scenario.contents).index("care_call")]
    assert tried[T_DELIVERED] > 1.5 * world.extra[CLEANED_LEADS][:, CONNECTIONS].sum() > 20


def test_tables_and_page_say_what_was_cleaned() -> None:
    scenario = cleaned(small({"north": 300, "south": 200}))
    under = practice(cleaning())
    of = experiment(scenario, {"control": under})
    world = forked(of, under)
    assert not world.extra[CLEANED_LEADS].any()
    end = scenario.warm_up + scenario.horizon
    observer = Observer(scenario.warm_up, end)
    world.run(end, [*of.parts(world, under), observer])
    observer.counted[scenario.horizon // DAY] = occupancy(world, end)
    result = UnitResult(Unit(0, ("north", "south")))
    gather(world, "control", under, observer, result)
    rows = {(row["branch"], row["measure"]): row["value"] for row in table(result, "desks")}
    assert rows["north", "dials"] == world.extra[CLEANED_LEADS][0, DIALS] > 0
    assert rows["north", "dials"] <= rows["north", "dial_capacity"] < rows["north", "capacity"]
    run_of = made_up_run()
    run_of.manifest["arms"]["journey"] |= {
        "cleaning": cleaning().model_dump(mode="json"),
        "nurture": {"bar": "C", "content": "newsletter", "channel": "push", "every": "3d"},
    }
    words = page_words(run_of)
    assert "Leads graded below A are dialled by cleaners first, up to 2 times" in words
    assert "Leads graded below C get newsletter by push every 3d instead of calls" in words


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (
            {"cleaning": {"bar": "A", "seats": ["cleaner"]}},
            "no group of seats is called 'cleaner'; did you mean 'cleaners'",
        ),
        ({"cleaning": {"bar": "A", "seats": []}}, "needs a group of seats that dials"),
        ({"cleaning": {"bar": "A", "seats": ["cleaners"], "dials": 0}}, "must be 1 to 250"),
        ({"nurture": {"bar": "A", "content": "newsletter", "channel": "call", "every": "1d"}}, "nobody calls a lead"),
        (
            {"nurture": {"bar": "A", "content": "letters", "channel": "push", "every": "1d"}},
            "unknown content 'letters'",
        ),
    ],
)
def test_rules_that_nobody_can_follow_are_named(rule: dict[str, Any], said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        cleaned(small(50)).replace(arms={"control": rule})


def test_cleaning_needs_to_know_how_customers_take_calls() -> None:
    desk = described(small(50))["desk"]
    seats = next(iter(desk["seats"]))
    with pytest.raises(ScenarioError, match=r"needs leads\.dialling"):
        small(50).replace(leads={}, arms={"control": {"cleaning": {"bar": "A", "seats": [seats]}}})
    with pytest.raises(ScenarioError, match="needs a number above zero for the first dial"):
        dialling_of_nothing = described(cleaned(small(50)))["leads"]
        dialling_of_nothing["dialling"]["by_dial"] = [0.0]
        small(50).replace(leads=dialling_of_nothing)


def test_the_shipped_comparison_of_raw_and_cleaned_leads_runs_with_all_its_arms() -> None:
    """A short run of one replication: no arm fails, and seats dial where an arm says so."""
    scenario = lifesim.load("cleaning", root=REPO).replace(
        warm_up="10d", horizon="20d", population={"branches": {"north": 6_000}, "segments": {"mainstream": 1.0}},
        experiment={"replications": 1, "seed": 1},
    )  # fmt: skip
    result = lifesim.compare(scenario, workers=1)
    assert result.failures == []
    desks = result.tables["desks"]
    dials = desks[desks["measure"] == "dials"].set_index("arm")["value"]
    assert set(dials.index) == {arm for arm in scenario.arms if scenario.arm(arm).cleaning is not None}
    assert dials["below_a"] >= dials["below_b"] > 20
    leads = result.tables["leads"]
    assert set(leads["arm"]) == set(scenario.arms)
    metrics = result.tables["agent_metrics"]
    assert {"connect_rate", "service_level"} <= set(metrics["metric"])
    steps = metrics[(metrics["metric"] == "activity_steps") & (metrics["branch"] == "all")]
    assert set(steps["arm"]) == set(scenario.arms) and steps["mean"].min() > 1, "agents work on leads in every arm"
