"""Who earns on sales past agents and what that does to their willingness; levers on skill, time and follow-up."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any

import numpy as np
import pytest
from small_worlds import described, experiment, forked, run, small, table
from teams import JUNIORS, SENIORS
from teams import described as team_described
from test_sales import PRACTICE, market

from lifesim.errors import ScenarioError
from lifesim.experiment.tiers import paid_to_agents, tiers_by_branch
from lifesim.population.columns import DAY
from lifesim.scenario import Scenario
from lifesim.scenario.agent_levers import AgentPractice
from lifesim.workforce.levers import GRIEVANCE, LEVERS, UNUSED, practised, skill_gain, willingness
from lifesim.workforce.shift import Shift
from lifesim.workforce.sold import BYPASSED, SOLD_BY
from lifesim.workforce.staff import staff
from lifesim.world.world import World

TRAINING = {"tiers": ["junior_agents"], "skill": 0.4, "within": "100d", "cost": "300 CNY"}
BASE = {"time": "25%", "cost": "50 CNY"}
SCORES = {"follow_up": "40%", "cost": "20 CNY"}
MIND = {"bypassed": "30%", "recovers": "30d"}


def minding(**changes: Any) -> Scenario:
    """The market of sales, with agents who mind being passed by, and levers to make them better."""
    data = described(market())
    data["behaviour"]["transitions"]["RENEWAL_UPSELL.upsell"]["rate"] = "20/y"
    scenario = market().replace(behaviour=data["behaviour"])
    workforce = data["workforce"]
    levers = {"training": TRAINING, "knowledge": BASE, "scorecards": SCORES}
    return scenario.replace(workforce=workforce | {"levers": levers, "cooperation": MIND} | changes)


def practice(**given: Any) -> Any:
    return dataclasses.replace(PRACTICE, agents=AgentPractice.model_validate(given))


@cache
def lived(credit: str) -> tuple[World, dict[str, float]]:
    """A world 70 days after the fork, and the sums of measures over tiers and branches."""
    of = experiment(minding(), {"control": practice(credit=credit)})
    world = forked(of, practice(credit=credit))
    world.run(world.now + 56 * DAY, of.parts(world, practice(credit=credit)))
    sums: dict[str, float] = {}
    for rows in tiers_by_branch(world, practice(credit=credit)).values():
        for row in rows:
            sums[row["measure"]] = sums.get(row["measure"], 0.0) + row["value"]
    return world, sums


def test_agents_who_are_passed_by_take_up_fewer_leads() -> None:
    """With the whole commission nobody minds; without any, each sale past an agent costs willingness."""
    unpaid, paid = lived("0%"), lived("100%")
    assert unpaid[0].extra[SOLD_BY][..., BYPASSED].sum() > 10
    assert not paid[0].extra[GRIEVANCE].any()
    assert (unpaid[0].extra[GRIEVANCE] > 0).sum() > 3
    share = [sums["taken"] / (sums["taken"] + sums["ignored"]) for _, sums in (unpaid, paid)]
    assert share[0] < share[1] - 0.02


def test_the_serving_agent_earns_the_credit_on_sales_past_the_agent() -> None:
    assert lived("100%")[1]["commission_fen"] > 1.1 * lived("0%")[1]["commission_fen"] > 0


def test_willingness_falls_by_the_sale_and_comes_back() -> None:
    """One sale takes the declared share, half a sale less; after the declared time half a sale is left."""
    scenario = minding()
    assert scenario.workforce is not None
    kept = {GRIEVANCE: np.array([0.0, 1.0, 0.5])}
    assert np.allclose(willingness(scenario.workforce, kept, np.arange(3)), [1.0, 0.7, 0.7**0.5])
    plain = scenario.workforce.model_copy(update={"cooperation": None})
    assert willingness(plain, kept, np.arange(3)) == 1.0
    world = run(minding(cooperation=MIND | {"recovers": "7d"}), practice(), days=35)
    before = world.extra[GRIEVANCE].copy()
    assert before.max() > 0
    of = experiment(world.scenario, {"control": practice(credit="100%")})
    world.run(world.now + 7 * DAY, of.parts(world, practice(credit="100%")))
    assert np.allclose(world.extra[GRIEVANCE], before / 2)


def test_without_cooperation_nobody_keeps_a_grudge() -> None:
    world = run(market(), PRACTICE, days=35)
    assert not {GRIEVANCE, LEVERS} & world.extra.keys()


def test_levers_change_time_and_follow_up_of_their_tiers() -> None:
    """A quarter of the time saved is room for a third more; 40% of the ignored are taken up."""
    scenario = minding()
    plain, better = (
        scenario.workforce,
        practised(scenario, practice(levers=("knowledge", "scorecards")).agents).workforce,
    )
    assert plain is not None and better is not None
    for name in plain.tiers:
        assert better.tiers[name].leads_a_day == pytest.approx(plain.tiers[name].leads_a_day / 0.75)
        assert 1 - better.tiers[name].willing == pytest.approx((1 - plain.tiers[name].willing) * 0.6)
    assert practised(scenario, None) is scenario
    assert practised(scenario, AgentPractice(levers=())) is scenario


def test_skill_grows_evenly_and_only_in_its_tiers() -> None:
    workforce = minding().workforce
    assert workforce is not None
    since = np.array([10 * DAY, UNUSED, UNUSED])
    for days, gained in ((10, 0.0), (35, 0.1), (110, 0.4), (400, 0.4)):
        assert skill_gain(workforce, since, days * DAY) == pytest.approx([0.0, gained])
    assert not skill_gain(workforce, np.full(3, UNUSED), 400 * DAY).any()


def test_agents_of_a_world_learn_from_when_their_arm_begins_to_train() -> None:
    """The allocation sees it; an arm that stops training loses it, one that goes on keeps when it began."""
    of = experiment(minding(), {"control": PRACTICE})
    world = forked(of, PRACTICE)
    fork = world.now
    trained = practice(levers=("training",))
    of.parts(world, trained)
    assert world.extra[LEVERS].tolist() == [fork, UNUSED, UNUSED]
    people = staff(world.scenario, world.streams, world.branches, world.started_with)
    calls = np.zeros(len(people.calls), np.int64)
    now = fork + 50 * DAY + 10 * 3_600
    plain = Shift(people, world.extra | {LEVERS: np.full(3, UNUSED)}, now, calls, (True, True))["skill"]
    found = Shift(people, world.extra, now, calls, (True, True))["skill"]
    juniors = people.tier[people.present(now)] == people.tiers.index("junior_agents")
    assert found[juniors] == pytest.approx(plain[juniors] + 0.4 * (50 * DAY + 36_000) / (100 * DAY))
    assert np.array_equal(found[~juniors], plain[~juniors])
    world.run(world.now + 14 * DAY, of.parts(world, trained))
    assert world.extra[LEVERS].tolist() == [fork, UNUSED, UNUSED]
    of.parts(world, PRACTICE)
    assert world.extra[LEVERS].tolist() == [UNUSED] * 3


def test_levers_cost_by_agent_and_month() -> None:
    of = experiment(minding(), {"control": PRACTICE})
    world = forked(of, PRACTICE)
    used = practice(levers=("training", "scorecards"))
    world.run(world.now + 30 * DAY, of.parts(world, used))
    for rows in tiers_by_branch(world, used).values():
        value = {(row["tier"], row["measure"]): row["value"] for row in rows}
        for tier, a_month in (("senior_agents", 2_000), ("junior_agents", 32_000)):
            expected = a_month * value[tier, "agent_days"] / (365 / 12)
            assert value[tier, "levers_fen"] == pytest.approx(expected, abs=1)
        accounts = {row["account"]: row["amount_fen"] for row in paid_to_agents(rows)}
        assert accounts["agent_levers"] == sum(v for (_, what), v in value.items() if what == "levers_fen") > 0


def test_what_levers_cost_is_in_the_metrics_of_money() -> None:
    """Beside an arm whose levers are free and all else is the same: the ledger's amount, to the fen, in every scope."""
    gratis = {"training": TRAINING | {"cost": 0}, "scorecards": SCORES | {"cost": 0}}
    used, found = practice(levers=("training", "scorecards")), {}
    for name, scenario in (("paid", minding()), ("free", minding(levers=gratis))):
        of = experiment(scenario, {"control": used})
        totals = of.run(of.units()[0])
        found[name] = {
            (row["branch"], row["scope"], row["metric"], row["segment"]): row["numerator"]
            for row in table(totals, "totals")
        }
        found[f"ledger of {name}"] = {
            row["branch"]: row["amount_fen"] for row in table(totals, "ledger") if row["account"] == "agent_levers"
        }
    assert found["paid"].keys() == found["free"].keys()
    money = {"cost_per_10k": 1, "nbv_per_10k": -1, "cost_per_policy": 1, "lifetime_value_per_10k": None}
    for branch, amount in found["ledger of paid"].items():
        assert amount > 0 == found["ledger of free"][branch]
        for scope in ("present", "everyone"):
            for metric, sign in money.items():
                more = sum(
                    value - found["free"][place]
                    for place, value in found["paid"].items()
                    if place[:3] == (branch, scope, metric)
                )
                assert more == sign * amount if sign else -amount < more < -0.9 * amount, (metric, scope)
    same = {place for place in found["paid"] if found["paid"][place] == found["free"][place]}
    assert {place[2] for place in found["paid"].keys() - same} == money.keys()


BAD: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"levers": {"coaching": BASE | {"tiers": ["bosses"]}}}, {}, "no tier of agents is called 'bosses'"),
    ({"levers": {"coaching": {"cost": "1 CNY"}}}, {}, "buys nothing; a lever needs skill, time or follow_up"),
    ({"levers": {"coaching": BASE | {"time": "100%"}}}, {}, "a conversation takes some time"),
    ({"cooperation": MIND | {"bypassed": "100%"}}, {}, "would never forgive it"),
    ({"levers": {"coaching": BASE}}, {"agents": {"levers": ["coachin"]}}, "did you mean 'coaching'"),
]


@pytest.mark.parametrize(("workforce", "arm", "said"), BAD)
def test_what_is_wrong_is_named(workforce: dict[str, Any], arm: dict[str, Any], said: str) -> None:
    team = team_described(tiers={"senior_agents": SENIORS, "junior_agents": JUNIORS}, **workforce)
    with pytest.raises(ScenarioError, match=said):
        small(100, workforce=team, arms={"control": arm})


def test_without_agents_there_is_nothing_to_do_with_them() -> None:
    with pytest.raises(ScenarioError, match="there are no agents; describe the workforce, or leave it out"):
        small(100, arms={"control": {"agents": {"credit": "50%"}}})
