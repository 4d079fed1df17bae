"""The book of sales: every policy is credited once, to whoever sold it, and counts from the fork on."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from small_worlds import FirstSeat, Weekly, described, experiment, forked, run, small, table
from teams import JUNIORS, SENIORS, TURNOVER
from teams import described as team_described

from lifesim.experiment.gather import gather
from lifesim.experiment.tiers import retained
from lifesim.experiment.unit import Unit, UnitResult
from lifesim.metrics.agents import MONTH_DAYS
from lifesim.population.columns import DAY
from lifesim.population.memory import count, months_of
from lifesim.scenario import Scenario
from lifesim.scenario.workforce import RECRUIT_SECONDS
from lifesim.strategy import LeadView, Luck, Practice
from lifesim.workforce import cases
from lifesim.workforce.serving import SERVING
from lifesim.workforce.sold import (
    APE_FEN,
    BY_MONTH,
    FROM_FORK,
    GRADE_MEASURES,
    NBV_FEN,
    ONLINE,
    OWN,
    POLICIES,
    RECYCLED,
    RECYCLED_APE_FEN,
    RECYCLED_NBV_FEN,
    SOLD_BY,
    TO_SERVED,
    first_values,
    sellers,
)
from lifesim.workforce.staff import Staff, staff
from lifesim.world.outcomes import outcomes_of
from lifesim.world.parts import Observer, occupancy
from lifesim.world.sales import Sales
from lifesim.world.world import World

SEATS = "seats"


def market(**changes: Any) -> Scenario:
    """Many inquiries and decisions, seats and agents of two branches; nobody gives a policy back."""
    scenario = small({"north": 500, "south": 400}, **changes)
    data = described(scenario)
    data["behaviour"]["sessions"]["inquiry"] = 0.3
    data["behaviour"]["transitions"]["AWARENESS.need_formed"]["rate"] = "6/y"
    data["behaviour"]["transitions"]["HOLDING.needs_grow"]["rate"] = "6/y"
    for product in data["products"].values():
        product["cooling_off"]["returned"] = 0.0
    tiers = {"senior_agents": SENIORS | {"per_10k": 200}, "junior_agents": JUNIORS | {"per_10k": 200}}
    team = team_described(tiers=tiers, turnover=TURNOVER | {"veterans_leave": "0.3/month", "vacant": "10d"})
    desk = data["desk"] | {"seats": {SEATS: {"per_10k": 20, "calls_per_hour": 1, "skill": 0.0}}, "patience": "6h"}
    return scenario.replace(behaviour=data["behaviour"], desk=desk, workforce=team, products=data["products"])


class Halves:
    """A grade that is the lead's own luck."""

    def grade(self, leads: LeadView, luck: Luck) -> Any:
        return (luck.uniforms("grade", lasting=True) * 4).astype(np.int64)


class Anybody:
    """Whoever of the branch is free, by luck."""

    def assign(self, leads: LeadView, agents: Any, luck: Luck) -> Any:
        answer, left = np.full(len(leads), -1), agents.capacity.astype(np.int64)
        lot = luck.of_agents("lot")
        for lead, branch in enumerate(leads.branch):
            free = np.flatnonzero((agents.branch == branch) & (left > 0))
            if len(free):
                answer[lead] = free[np.argmin(lot[free])]
                left[answer[lead]] -= 1
        return answer


PRACTICE = Practice(
    {"care": Weekly("care_call", "call", "10:30", (1, 4), 0.15)}, grading=Halves(), allocation=Anybody()
)  # fmt: skip


@cache
def at_the_end() -> tuple[World, Staff, dict[str, list[dict[str, Any]]]]:
    """A world 88 days after the fork, a day or more after the last midnight of the book; everyone there, and tables."""
    scenario = market(horizon="88d")
    of = experiment(scenario, {"control": PRACTICE})
    world = forked(of, PRACTICE)
    observer = Observer(scenario.warm_up, world.now + scenario.horizon)
    world.run(scenario.warm_up + scenario.horizon, [*of.parts(world, PRACTICE), observer])
    observer.counted[scenario.horizon // DAY] = occupancy(world, world.now)
    result = UnitResult(Unit(0, ("north", "south")))
    gather(world, "control", PRACTICE, observer, result)
    people = staff(world.scenario, world.streams, world.branches, world.started_with)
    return world, people, {name: table(result, name) for name in ("agents", "ledger")}


def values(measure: str) -> dict[tuple[str, str], float]:
    """A measure by branch and tier."""
    return {
        (row["branch"], row["tier"]): row["value"] for row in at_the_end()[2]["agents"] if row["measure"] == measure
    }


def test_every_policy_is_sold_by_somebody_or_nobody_once() -> None:
    """Policies and premium of all sellers are what customers bought since the fork, by branch: to the last fen."""
    world = at_the_end()[0]
    outcomes, accounts = outcomes_of(world)
    for number, branch in world.branches.items():
        mine = accounts.branch == number
        for measure, outcome in (("policies", "purchases"), ("ape_fen", "ape")):
            sold = sum(value for (name, _), value in values(measure).items() if name == branch)
            assert sold == outcomes[outcome][mine].sum() > 0
    assert all(values("policies")[branch, tier] > 0 for branch in ("north", "south") for tier in (SEATS, ONLINE))
    assert sum(value for (_, tier), value in values("policies").items() if tier.endswith("agents")) > 20


def test_a_world_of_whole_weeks_counts_its_last_one() -> None:
    """The book of the midnight at the end is not kept any more, and yet the week before it counts."""
    scenario = market(horizon="21d")
    of = experiment(scenario, {"control": PRACTICE})
    world = forked(of, PRACTICE)
    world.run(scenario.warm_up + scenario.horizon, of.parts(world, PRACTICE))
    people = staff(world.scenario, world.streams, world.branches, world.started_with)
    pool = world.state.policies
    assert np.any((pool["issued"] >= world.now - 7 * DAY) & (pool["customer"] >= 0) & (pool["premium"] > 0))
    sold = Sales(people).rest(world)[SOLD_BY][..., POLICIES].sum()
    assert sold == outcomes_of(world)[0]["purchases"].sum() > 0


def test_value_of_new_business_is_margin_times_premium() -> None:
    scenario = at_the_end()[0].scenario
    margins = np.array([product.value.margin for product in scenario.products.values()])
    products, premiums = np.arange(len(margins)), np.full(len(margins), 10_000)
    assert np.allclose(first_values(scenario, np.zeros(0), products, premiums, products), 10_000 * margins, atol=1)
    cuts = np.full((len(margins), 3), 0.1)
    found = first_values(scenario, cuts, products, premiums, np.full(len(margins), 2 * DAY))
    assert np.allclose(found, 10_000 * (margins - 0.1) / 0.9, atol=1)
    assert 0 < sum(values("nbv_fen").values()) < sum(values("ape_fen").values())


def test_who_sold_a_policy() -> None:
    """The last lead taken before it; without one the serving agent, if the product needs a person; else nobody."""
    people = at_the_end()[1]
    first, second, third = (len(people.calls) + k for k in range(3))
    held = np.zeros(4, cases.CASE)
    held["customer"] = [0, 0, 0, 1]
    held["handed"] = np.array([10, 20, 30, 40]) * DAY
    held["agent"] = people.key[[first, 0, second, first]]
    held["returned"] = [0, 0, 2, 1]
    serving = np.array([third, third, third, 0, -1])
    customers = np.array([0, 0, 0, 1, 2, 2, 3, 4, 9])
    issued = np.array([15, 25, 35, 39, 50, 50, 50, 50, 50]) * DAY
    person = np.array([1, 1, 0, 1, 1, 0, 1, 1, 1], bool)
    rows, own, again = sellers(people, held, serving, customers, issued, person)
    assert rows.tolist() == [first, 0, second, third, third, -1, -1, -1, -1]
    assert own.tolist() == [False, False, False, True, True, False, False, False, False]
    assert again.tolist() == [False, False, True, False, False, False, False, False, False]
    none = sellers(people, held[:0], serving, customers, issued, person)
    assert none[0].tolist() == [third, third, -1, third, third, -1, -1, -1, -1]


def test_what_is_sold_on_leads_that_came_back_is_recycled_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing while no lead has come back; once all have, whatever was sold on a lead, to the last fen."""
    world, people, _ = at_the_end()

    def sold() -> Any:
        kept = {name: np.zeros_like(world.extra[name]) for name in (*FROM_FORK, BY_MONTH)}
        kept[TO_SERVED] = world.extra[TO_SERVED][:0]
        Sales(people).count(world, kept, 0, world.now)
        return kept[SOLD_BY]

    value = [RECYCLED, RECYCLED_APE_FEN, RECYCLED_NBV_FEN]
    assert not sold()[..., value].any()
    for name in (cases.IN_HAND, cases.RECENT):
        held = world.extra[name].copy()
        held["returned"] = 1
        monkeypatch.setitem(world.extra, name, held)
    found = sold()
    assert np.array_equal(found[:, :-1, RECYCLED], (found[..., POLICIES] - found[..., OWN])[:, :-1])
    assert not found[:, -1, value].any(), "online"
    monkeypatch.setitem(world.extra, SERVING, world.extra[SERVING][:0])
    alone = sold()
    assert alone[..., OWN].sum() == 0, "nobody serves a customer"
    assert np.array_equal(alone[:, :-1, value], alone[:, :-1, [POLICIES, APE_FEN, NBV_FEN]])
    assert np.all(alone[..., value].sum(axis=(0, 1)) > 0)
    assert np.array_equal(alone[..., value], found[..., value])


def test_own_business_and_what_passes_agents_by() -> None:
    """Own business is a part of what a tier sells; only agents have any; sales past an agent count to the agent."""
    policies = values("policies")
    for place, own in values("own_policies").items():
        assert 0 <= own <= policies[place]
        assert own == 0 or place[1].endswith("agents")
    assert sum(values("own_policies").values()) > 0
    past = values("bypassed")
    assert sum(past.values()) > 0
    assert all(value == 0 for (_, tier), value in past.items() if tier == SEATS)
    assert sum(past.values()) <= sum(policies.values())


def test_commission_of_agents_is_the_share_of_their_tier() -> None:
    """At most the highest rate of a product; none on what seats sell."""
    commission, premium = values("commission_fen"), values("ape_fen")
    rate = max(product.commission for product in at_the_end()[0].scenario.products.values())
    for (branch, tier), paid in commission.items():
        assert 0 <= paid <= premium[branch, tier] * rate + 1
        assert (paid > 0) == (tier.endswith("agents") and premium[branch, tier] > 0)
    accounts: dict[str, int] = {}
    for row in at_the_end()[2]["ledger"]:
        accounts[row["account"]] = accounts.get(row["account"], 0) + row["amount_fen"]
    assert accounts["agent_commission"] == sum(commission.values())
    assert accounts["wages"] == sum(values("wages_fen").values())


def test_wages_are_paid_for_the_time_there() -> None:
    world = at_the_end()[0]
    assert world.scenario.workforce is not None
    assert len(values("wages_fen")) == 4
    for _, tier in values("wages_fen"):
        assert tier.endswith("agents")
        assert world.scenario.workforce.tiers[tier].wage == 600_000
    days = values("agent_days")
    assert values("wages_fen") == {place: round(600_000 * days[place] / MONTH_DAYS) for place in days}


def test_months_of_agents_and_those_with_a_sale() -> None:
    """Whole calendar months since the fork, by agents who are there at the end of them."""
    world, people, _ = at_the_end()
    assert people.agents is not None
    kept = Sales(people).rest(world)[BY_MONTH]
    names, month = months_of(world.scenario)
    fork = world.scenario.start
    months = [k for k, name in enumerate(names) if name > f"{fork:%Y-%m}"][:-1]
    assert len(months) == 2
    expected = {"agent_months": 0, "active_months": 0}
    for row, (since, until) in enumerate(zip(people.agents.since, people.agents.until, strict=True)):
        for k in months:
            ends = (int(np.flatnonzero(month == k)[-1]) + 1) * DAY
            if since < ends <= until:
                expected["agent_months"] += 1
                expected["active_months"] += int(kept[len(people.calls) + row, k] > 0)
    for measure, number in expected.items():
        assert sum(values(measure).values()) == number > 0
    assert expected["active_months"] < expected["agent_months"]


def test_leads_that_agents_ignore_are_counted() -> None:
    """About as many as they are unwilling; seats ignore none."""
    ignored, taken = values("ignored"), values("taken")
    for (branch, tier), number in ignored.items():
        assert (number > 0) == tier.endswith("agents"), (branch, tier)
    agents = [place for place in taken if place[1].endswith("agents")]
    share = sum(taken[place] for place in agents) / sum(taken[place] + ignored[place] for place in agents)
    assert share == pytest.approx(0.7, abs=0.06)


def test_leads_by_grade_add_up_to_those_of_the_tier() -> None:
    for what in GRADE_MEASURES:
        by_grade = [values(f"{what}_{grade}") for grade in "abcd"]
        assert values(what) == {place: sum(each[place] for each in by_grade) for place in values(what)}
    assert sum(values("won_a").values()) > 0
    assert 0 < sum(values("ripe_won").values()) < sum(values("ripe").values()) < sum(values("taken").values())


def test_recruits_are_followed_for_13_months() -> None:
    """None's 13 months are over within 108 days; in a longer world they count who began, and whose end was seen."""
    assert set(values("recruits").values()) == {0}
    scenario = market(warm_up="20d", horizon="600d")
    people = staff(scenario, at_the_end()[0].streams, {0: "north", 1: "south"}, {0: 5_000, 1: 4_000})
    assert people.agents is not None
    fork, end = 420 * DAY, 620 * DAY
    lives = list(zip(people.agents.joined.tolist(), people.agents.until.tolist(), strict=True))
    due = [until - joined for joined, until in lives if joined > 0 and fork < joined + RECRUIT_SECONDS <= end]
    stayed = [served for served in due if served >= RECRUIT_SECONDS]
    assert retained(people.agents, fork, end) == {"recruits": len(due), "retained": len(stayed)}
    assert 0 < len(stayed) < len(due) < sum(joined > 0 for joined, _ in lives)


def test_without_agents_nobody_keeps_this_book() -> None:
    world = run(small(100), Practice(allocation=FirstSeat()), days=10)
    assert not {BY_MONTH, "sold_by", "tier_grades"} & world.extra.keys()
    assert SERVING not in world.extra
    assert count(world.state) >= 100
