"""Serving agents: who serves whom, who is an orphan from when to when, who follows, who takes over, at which cost."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from chance import check_distribution, check_shares, check_table
from journey_worlds import a_journey, obliging, under, ways
from quiet_world import REPO
from small_worlds import (
    SEGMENTS,
    busy,
    described,
    differences,
    experiment,
    forked,
    lives,
    log_of,
    new_world,
    run,
    run_on,
    small,
    uncontended,
)
from teams import DEPARTURES, JUNIORS, SENIORS, TURNOVER, team
from teams import described as team_described

import lifesim
from lifesim.errors import ScenarioError
from lifesim.population.columns import (
    CAUSE_COMPETITOR,
    DAY,
    E_AGENT_ASSIGNED,
    E_ORPHANED,
    E_PURCHASE,
    E_REINSTATED,
    HOLDING,
    LOST,
    NEVER,
    ORPHAN,
)
from lifesim.population.memory import count
from lifesim.scenario import Scenario
from lifesim.scenario.workforce import RECRUIT_SECONDS, Reassignment
from lifesim.strategy import Practice
from lifesim.streams import Streams
from lifesim.workforce import cases
from lifesim.workforce.agents import agents
from lifesim.workforce.serving import NOBODY, ORPHANS, SERVING, chosen, orphaned, still_follow
from lifesim.workforce.staff import ASSIGNED_TO, BY_TIER, FOLLOWED_BY, GOOD, ORPHANED_BY, Staff, staff
from lifesim.world.kernel import ASSIGNED, ORPHANED
from lifesim.world.orphans import Orphans
from lifesim.world.outcomes import outcomes_of
from lifesim.world.world import World

WEEK = 7 * DAY
STAYS = {"follow": "0%", "within": "30d", "kept": "0%"}


def served(branches: dict[str, int] | int = 500, **changes: Any) -> Scenario:
    """A small scenario whose agents leave fast, and whose specialists serve those alone who are re-assigned."""
    tiers = {
        "seniors_of_ours": SENIORS | {"per_10k": 100, "serves": 3, "tenure": "1y"},
        "beginners": JUNIORS | {"per_10k": 200, "serves": 1, "tenure": "60d"},
        "specialists": SENIORS | {"per_10k": 40, "serves": 0, "slots": 0},
    }
    turnover = TURNOVER | {"retained_13_months": 0.02, "veterans_leave": "0.2/month"}
    given = {"tiers": tiers, "turnover": turnover, "departures": STAYS} | changes
    return uncontended(small(branches)).replace(workforce=team_described(**given))


def practice(to: str | None = None, after: str = "14d", cost: str = "0 CNY") -> Practice:
    reassign = None if to is None else Reassignment.model_validate({"to": to, "after": after, "cost": cost})
    return Practice(busy().orchestrations, reassign=reassign)


def staff_of(world: World) -> Staff:
    return staff(world.scenario, world.streams, world.branches, world.started_with)


def columns(world: World) -> Any:
    return world.state.customers[: count(world.state)]


@cache
def left_alone() -> World:
    return run(served({"north": 400, "south": 300}), practice())


def test_every_policyholder_has_an_agent_of_the_branch_or_is_an_orphan() -> None:
    world = left_alone()
    team_of, c, serving = staff_of(world), columns(world), world.extra[SERVING]
    assert len(serving) <= len(c)
    c = c[: len(serving)]
    has = serving != NOBODY
    orphan = (c["marks"] & ORPHAN) > 0
    # Those of the last days wait for the weekly book, which was last kept on day 76.
    recent = np.zeros(len(c), bool)
    log = log_of(world)
    bought = (log["time"] >= 76 * DAY) & np.isin(log["kind"], (E_PURCHASE, E_REINSTATED))
    recent[np.isin(c["key"], log["key"][bought])] = True
    assert np.all((has | orphan | recent)[c["policies"] > 0])
    assert not np.any(has & orphan)
    assert np.count_nonzero(has) > 80
    assert np.array_equal(team_of.branch[serving[has]], c["branch"][has])
    assert team_of.agents is not None
    agent = serving[has] - len(team_of.calls)
    assert np.all(team_of.agents.until[agent] > world.now - WEEK)
    assert "specialists" not in {team_of.tiers[k] for k in team_of.tier[serving[has]]}


def test_customers_are_orphans_within_a_week_of_the_departure() -> None:
    world = left_alone()
    team_of, c, records = staff_of(world), columns(world), world.extra[ORPHANS]
    new = records[records["left"] != NOBODY]
    assert len(new) > 40
    assert team_of.agents is not None
    assert np.array_equal(team_of.agents.until[new["left"] - len(team_of.calls)], new["since"])
    log = log_of(world)
    told = log["kind"] == E_ORPHANED
    at = dict(zip(log["key"][told].tolist(), log["time"][told].tolist(), strict=True))
    late = np.array([at[key] for key in c["key"][new["customer"]].tolist()]) - new["since"]
    assert late.min() >= 0 and late.max() <= WEEK
    assert np.all(c["marks"][records["customer"]] & ORPHAN)
    assert np.array_equal(np.sort(new["customer"]), np.unique(new["customer"])), "nobody is an orphan twice at once"
    counted = world.extra[BY_TIER][..., ORPHANED_BY]
    by = np.zeros_like(counted)
    np.add.at(by, (c["branch"][new["customer"]], team_of.tier[new["left"]]), 1)
    assert np.array_equal(by, counted)
    assert not world.extra[BY_TIER][..., (FOLLOWED_BY, ASSIGNED_TO)].any()


def test_where_no_agent_leaves_there_are_the_orphans_of_the_start() -> None:
    scenario = served(turnover=TURNOVER | {"retained_13_months": "100%", "veterans_leave": "0/y"})
    world = new_world(experiment(scenario, {"control": practice()}))
    before = np.flatnonzero(columns(world)["marks"] & ORPHAN)
    world = run(scenario, practice())
    assert len(before) > 20
    assert np.array_equal(np.flatnonzero(columns(world)["marks"] & ORPHAN), before)
    assert np.array_equal(world.extra[ORPHANS]["customer"], before)
    assert np.all(world.extra[ORPHANS]["follows"] == NEVER)


@pytest.mark.analytic
def test_agents_serve_by_weight_and_another_moves_nobody_between_the_others() -> None:
    scenario = served()
    of = staff(scenario, Streams(3, 0), {0: "north"}, {0: 500})
    keys, branch = np.arange(1, 40_001, dtype=np.uint64), np.zeros(40_000, np.int64)
    rows, weights = np.arange(1, 6), np.array([1.0, 1.0, 2.0, 2.0, 4.0])
    few = chosen(of, Streams(3, 0), keys, branch, rows[:4], weights[:4])
    check_table(np.bincount(few)[1:], 40_000 * weights[:4] / 6, catches=0.06)
    more = chosen(of, Streams(3, 0), keys, branch, rows, weights)
    check_shares((more == 5).sum(), 40_000, 0.4, catches=0.03)
    assert np.array_equal(more[more != 5], few[more != 5])
    elsewhere = chosen(of, Streams(3, 0), keys, branch + 1, rows, weights)
    assert set(elsewhere) == {NOBODY}


@pytest.mark.analytic
def test_the_declared_share_follows_at_exponential_times_and_some_are_kept() -> None:
    departures = team(departures={"follow": "30%", "within": "60d", "kept": "40%"}).departures
    of = staff(served(), Streams(3, 0), {0: "north"}, {0: 500})
    n = 60_000
    keys, left = np.arange(1, n + 1, dtype=np.uint64), np.full(n, len(of.calls))
    records = orphaned(departures, of, Streams(3, 0), np.arange(n), keys, left)
    follows = records["follows"] < NEVER
    check_shares(follows.sum(), n, 0.3, catches=0.02)
    after = (records["follows"] - records["since"])[follows]
    check_distribution(1 - np.exp(-after / (60 * DAY)), len(after), catches=0.04)
    nevertheless = still_follow(departures, of, Streams(3, 0), keys, records)
    assert not np.any(nevertheless & ~follows)
    check_shares(nevertheless.sum(), follows.sum(), 0.6, catches=0.03)


def test_who_follows_an_agent_is_lost_to_a_competitor_and_nobody_else_is() -> None:
    """The same luck, with and without following: those whose time has come hold nothing at the end."""
    world = run(served(departures={"follow": "100%", "within": "3d", "kept": "0%"}), practice())
    c, followed = columns(world), world.extra[BY_TIER][..., FOLLOWED_BY].sum()
    log = log_of(world)
    orphan = np.unique(log["key"][log["kind"] == E_ORPHANED])
    mine = c[np.isin(c["key"], orphan)]
    competitor = (mine["stage"] == LOST) & (mine["cause"] == CAUSE_COMPETITOR)
    assert followed > 40
    assert 0.6 * followed < np.count_nonzero(competitor)
    assert np.count_nonzero(mine["policies"] == 0) > 0.8 * len(mine)
    alone = run(served(), practice())
    mine = columns(alone)[np.isin(columns(alone)["key"], orphan)]
    assert np.count_nonzero(mine["policies"] == 0) < 0.3 * len(mine)


@pytest.mark.parametrize("to", ["specialists", "all"])
def test_orphans_are_none_any_more_once_told(to: str) -> None:
    world = run(served(), practice(to, "14d", "20 CNY"))
    team_of, c, records = staff_of(world), columns(world), world.extra[ORPHANS]
    assigned = world.extra[BY_TIER][..., ASSIGNED_TO]
    tier = team_of.tiers.index(to)
    assert assigned[:, tier].sum() == assigned.sum() > 80
    hold = c["policies"][records["customer"]] > 0
    assert np.all(world.now - records["since"][hold] < 14 * DAY + 2 * WEEK)
    log = log_of(world)
    told = log["key"][log["kind"] == E_AGENT_ASSIGNED]
    assert len(told) == assigned.sum()
    still = np.isin(c["key"], told) & ((c["marks"] & ORPHAN) > 0)
    again = [key for key in c["key"][still].tolist() if np.count_nonzero(log["key"][log["kind"] == E_ORPHANED] == key)]
    assert len(again) == np.count_nonzero(still), "only a further departure makes an orphan of somebody again"


def test_telling_costs_what_is_declared() -> None:
    world = run(served(), Practice(reassign=practice("specialists", cost="20 CNY").reassign))
    assert outcomes_of(world)[0]["contact"].sum() == 2_000 * world.extra[BY_TIER][..., ASSIGNED_TO].sum() > 0


def test_whoever_is_told_in_time_may_stay() -> None:
    def lost(kept: str, to: str | None, after: str) -> int:
        departures = {"follow": "100%", "within": "20d", "kept": kept}
        world = run(served(400, departures=departures), practice(to, after))
        waits_for_agent = world.extra[ORPHANS]["told"] == 1
        assert np.any(waits_for_agent) == (to is not None and kept == "0%")
        return int(world.extra[BY_TIER][..., FOLLOWED_BY].sum())

    alone = lost("100%", None, "0d")
    assert alone == lost("0%", "all", "0d") > 30, "nobody is kept"
    assert lost("100%", "all", "0d") < lost("100%", "all", "10d") < alone, "the sooner, the more are kept"


def test_without_a_successor_orphans_wait() -> None:
    scenario = served(400)
    data = described(scenario)["workforce"]
    data["tiers"]["specialists"]["per_10k"] = 10  # less than half an agent in a branch of 40
    world = run(scenario.replace(workforce=data), practice("specialists", "0d"), branches=("north",))
    assert world.extra[BY_TIER][..., ASSIGNED_TO].sum() == 0


def test_an_agent_who_sells_to_an_orphan_serves_the_customer() -> None:
    scenario = served()
    world = run(scenario, practice(), days=28)
    team_of, c = staff_of(world), columns(world)
    part = Orphans(team_of, None, world)
    orphans = np.flatnonzero(((c["marks"] & ORPHAN) > 0) & (c["policies"] > 0))[:3]
    agent = int(team_of.present(world.now)[-1])
    held = np.zeros(3, cases.CASE)
    held["customer"], held["agent"] = orphans, team_of.key[agent]
    held["handed"] = np.array([-20_000, -20_000, 28]) * DAY  # before their policies, and after
    world.extra[cases.IN_HAND] = held
    part._sold(world, world.now)
    assert world.extra[SERVING][orphans].tolist() == [agent, agent, NOBODY]
    assert ((columns(world)["marks"][orphans] & ORPHAN) > 0).tolist() == [False, False, True]


def test_hazards_of_orphans_change_at_once_and_back() -> None:
    world = run(served(), practice(), days=28)
    c = columns(world)
    rows = np.flatnonzero((c["stage"] == HOLDING) & ((c["marks"] & ORPHAN) == 0))[:50]
    rates = []
    for change in (ASSIGNED, ORPHANED, ASSIGNED):
        world.change_service(rows, change, world.now)
        rates.append(world.state.clocks["rate"][rows].copy())
    names = [name for name in world.scenario.behaviour.transitions if name.startswith("HOLDING.")]
    slot = names.index("HOLDING.surrender")
    assert np.allclose(rates[1][:, slot] / rates[0][:, slot], np.exp(0.3), rtol=1e-5)
    assert np.array_equal(rates[0], rates[2])


def test_a_world_with_orphans_is_cut_anywhere() -> None:
    scenario = served(300, departures=DEPARTURES)
    of = experiment(scenario, {"control": practice("specialists", "7d")})
    whole, _ = run_on(of, forked(of, of_practice := practice("specialists", "7d")), of_practice, 80 * DAY)
    cut, _ = run_on(of, forked(of, of_practice), of_practice, 80 * DAY, [30 * DAY, 41 * DAY + 17])
    assert whole.extra[BY_TIER].any()
    assert differences(lives(whole), lives(cut), ignore=["log."]) == []


def test_branches_by_themselves_have_the_same_orphans() -> None:
    scenario = served({"north": 300, "south": 300}, departures=DEPARTURES)
    both = run(scenario, practice("specialists"))
    north = run(scenario, practice("specialists"), branches=("north",))
    keys = columns(north)["key"]
    assert differences(lives(north, keys), lives(both, keys), ignore=["extra.orphans.left", "accounts."]) == []


def test_outcomes_by_tier_count_from_the_fork_on() -> None:
    scenario = served(300)
    of = experiment(scenario, {"control": practice()})
    world = forked(of, practice())
    assert len(world.extra[ORPHANS]) > 0
    assert not world.extra[BY_TIER].any() and not world.extra[GOOD].any()


def test_journeys_hear_of_departures_and_of_new_agents() -> None:
    """Whoever becomes an orphan gets a message, and another one when somebody else has taken over."""
    journey = a_journey(
        {
            "sorry": {"send": {"push": "hello"}, "next": "wait"},
            "wait": {"on": {"agent_assigned": "welcome"}, "within": "60d", "else": "exit"},
            "welcome": {"send": {"sms": "gift"}, "next": "exit"},
        },
        entry={"on": "orphaned"},
    )
    tiers = {"agents": SENIORS | {"per_10k": 1_000, "tenure": "60d"}}
    turnover = TURNOVER | {"retained_13_months": 0.02, "veterans_leave": "0.2/month"}
    scenario = obliging().replace(
        workforce=team_described(tiers=tiers, turnover=turnover, departures=STAYS),
        population={"branches": {"north": 300}, "segments": SEGMENTS},
    )
    given = under(journey, reassign=practice("all", "7d").reassign)
    world = run(scenario, given)
    found = ways(world, given)
    orphaned_since = world.extra[BY_TIER][..., ORPHANED_BY].sum()
    assert found["sorry", "next"] == orphaned_since > 10
    log = log_of(world)
    told = np.isin(log["key"][log["kind"] == E_AGENT_ASSIGNED], log["key"][log["kind"] == E_ORPHANED])
    assert found["wait", "agent_assigned"] == found["welcome", "next"] == np.count_nonzero(told) > 5


REFUSED = [
    ({"to": "specialist"}, "no tier of agents or group of seats is called 'specialist'; did you mean 'specialists'?"),
    ({"to": "idle"}, "there is nobody in 'idle'; raise its per_10k"),
]


@pytest.mark.parametrize(("changes", "said"), REFUSED)
def test_orphans_go_to_somebody(changes: dict[str, str], said: str) -> None:
    scenario = served()
    data = described(scenario)
    data["desk"]["seats"]["idle"] = data["desk"]["seats"]["all"] | {"per_10k": 0}
    arms = {"control": {"reassign": {"after": "30d"} | changes}}
    with pytest.raises(ScenarioError, match=r"arms\.control\.reassign\.to") as refused:
        scenario.replace(desk=data["desk"], arms=arms)
    assert said in str(refused.value)


def test_without_a_workforce_there_is_nobody_to_re_assign() -> None:
    with pytest.raises(ScenarioError, match="without a workforce nobody has a serving agent"):
        small(100).replace(arms={"control": {"reassign": {"to": "all", "after": "30d"}}})


def test_a_world_without_agents_keeps_no_book() -> None:
    world = run(small(100), days=10)
    assert not {SERVING, ORPHANS, BY_TIER} & world.extra.keys()


# The shipped scenario


@pytest.mark.analytic
def test_the_shipped_scenario_keeps_as_many_recruits_as_the_facts_say() -> None:
    """All recruits of agents, on a seed that the scenario does not use, in branches of ten times the size; the bound
    that is declared is 3 points."""
    scenario = lifesim.load("orphans", root=REPO)
    assert scenario.workforce is not None
    end = scenario.warm_up + scenario.horizon
    branches = dict(enumerate(scenario.population.branches))
    sizes = {k: 10 * size for k, size in enumerate(scenario.population.branch_sizes().values())}
    seed = scenario.experiment.seed + 1
    stayed = []
    for replication in range(45):
        found = agents(scenario.workforce, Streams(seed, replication), branches, sizes, end)
        stayed.append((found.until - found.joined)[found.joined > 0] >= RECRUIT_SECONDS)
    kept = np.concatenate(stayed)
    check_shares(kept.sum(), len(kept), scenario.workforce.turnover.retained_13_months, catches=0.03)


def test_the_shipped_scenario_runs_with_all_its_arms() -> None:
    """A short run of one replication: with re-assignment there are fewer orphans, the sooner the fewer.

    Specialists are given room for everybody; the seat has room for a few, and the others wait.
    """
    scenario = lifesim.load("orphans", root=REPO)
    workforce = described(scenario)["workforce"]
    workforce["tiers"]["specialists"]["per_10k"] = 30
    scenario = scenario.replace(
        workforce=workforce, warm_up="28d", horizon="91d",
        population={"branches": {"north": 6_000}, "segments": {"wealth_rising": 1.0}},
        experiment={"replications": 1, "seed": 1}, measure={"primary": "orphan_share"},
    )  # fmt: skip
    result = lifesim.compare(scenario, workers=1)
    assert result.failures == []
    totals = result.tables["totals"]
    rows = totals[(totals["metric"] == "orphan_share") & (totals["scope"] == "present")]
    share = rows.groupby("arm")["numerator"].sum() / rows.groupby("arm")["denominator"].sum()
    assert share["week"] <= share["month"] <= share["quarter"] < share["control"] / 2
    assert share["quarter"] < share["desk"] < share["control"]
    waiting = result.tables["agents"].query("measure == 'waiting'").groupby("arm")["value"].sum()
    assert waiting["desk"] > 500 > 0 == waiting["week"] == waiting["month"] == waiting["quarter"]
