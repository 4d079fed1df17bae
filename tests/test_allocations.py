"""Allocation strategies: what all of them keep to, what tells each from the others, and how fast they answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from chance import check_counts, check_shares
from hypothesis import given, settings
from hypothesis import strategies as st
from quiet_world import REPO
from rounds import NOW, TIERS, assigned, permuted, some_agents, some_leads, views

from lifesim import workspace
from lifesim.strategy import UNASSIGNED
from lifesim.workforce.answers import complaint
from lifesim.workforce.assignment import rank_one, transport
from lifesim.workforce.bound import clairvoyant

NAMES = (
    "chosen_tiers", "fill_seats", "load_balanced", "myopic_oracle", "optimal", "owner_keeps", "public_pool",
    "random_agent",
    "ratio_weights", "round_robin", "skill_weighted", "thompson", "tiered",
)  # fmt: skip
#: The answer does not depend on the order of the rows of agents, whoever they are.
BY_LUCK_OR_STATE = ("load_balanced", "owner_keeps", "round_robin", "tiered", "thompson", "public_pool")
ROUNDS = 1_600


@pytest.fixture(autouse=True, scope="module")
def _workspace() -> Iterator[None]:
    """Work with the strategies of the checkout."""
    workspace.unmount()
    workspace.mount(REPO)
    yield
    workspace.unmount()


#: What lets a strategy serve everyone.
WHOLE: dict[str, Any] = {"chosen_tiers": {"tiers": TIERS}}


def of(name: str, **parameters: Any) -> Any:
    return workspace.discover("allocation")[name].cls(**WHOLE.get(name, {}) | parameters)


def test_these_are_all() -> None:
    assert set(workspace.discover("allocation")) == set(NAMES)


Columns = dict[str, Any]


@st.composite
def rounds(draw: st.DrawFn, branches: int = 3) -> tuple[Columns, Columns]:
    """Leads and agents of several branches; some off duty, some without a place, some who serve a customer already."""
    n, m = draw(st.integers(0, 30)), draw(st.integers(1, 12))

    def whole(size: int, low: int, high: int) -> Any:
        return np.array(draw(st.lists(st.integers(low, high), min_size=size, max_size=size)), np.int64)

    duty = whole(m, 0, 1)
    branch = whole(m, 0, branches - 1)
    agents = some_agents(
        m, branch=branch, on_duty=duty, capacity=duty * whole(m, 0, 4), tier=whole(m, 0, 1), load=whole(m, 0, 5),
        skill=whole(m, -3, 3) / 5, idle_seconds=whole(m, 0, 9) * 3_600, skill_health=whole(m, -2, 2) / 3,
    )  # fmt: skip
    mine = whole(n, 0, branches - 1)
    owner = whole(n, -1, m - 1)
    owner = np.where((owner >= 0) & (branch[owner] == mine), owner, -1)
    leads = some_leads(
        n, branch=mine, grade=np.sort(whole(n, 0, 3)), family=whole(n, -1, 2), owner=owner,
        waiting_seconds=whole(n, 0, 30) * 1_800, true_value=whole(n, 0, 9) / 3,
    )  # fmt: skip
    return leads, agents


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None)
@given(of_round=rounds())
def test_nobody_gets_more_than_their_capacity_nor_customers_of_others(name: str, of_round: tuple[Columns, Columns]
                                                                      ) -> None:  # fmt: skip
    leads, agents = of_round
    answer = assigned(of(name), leads, agents)
    assert answer.shape == leads["branch"].shape
    assert answer.dtype.kind == "i"
    assert np.all((answer >= UNASSIGNED) & (answer < len(agents["branch"])))
    assert complaint(answer, leads["branch"], views(leads, agents)[1]) is None


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None)
@given(of_round=rounds())
def test_no_lead_waits_while_an_agent_of_its_branch_is_free(name: str, of_round: tuple[Columns, Columns]) -> None:
    """Those who keep a customer for the serving agent wait for them on purpose."""
    leads, agents = of_round
    answer = assigned(of(name, **({"patience_hours": 0.0} if name == "owner_keeps" else {})), leads, agents)
    if name == "optimal":  # an agent without a licence is no agent
        agents = agents | {f"skill_{family}": agents["skill"] for family in ("protection", "health", "wealth")}
    for branch in range(3):
        of_branch = agents["branch"] == branch
        free = agents["capacity"][of_branch].sum() - np.isin(answer, np.flatnonzero(of_branch)).sum()
        waiting = np.count_nonzero((answer == UNASSIGNED) & (leads["branch"] == branch))
        assert free == 0 or waiting == 0


@pytest.mark.parametrize("capacity", [50, 1_000])
def test_with_room_for_all_and_equal_skill_everyone_is_served_by_all_alike(capacity: int) -> None:
    leads, agents = some_leads(40), some_agents(6, capacity=np.full(6, capacity))
    for name in NAMES:
        assert np.all(assigned(of(name), leads, agents) >= 0), name


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("optimal", "myopic_oracle")])
@settings(max_examples=25, deadline=None)
@given(of_round=rounds(), free=st.integers(0, 20))
def test_all_agree_on_who_is_served_in_the_order_of_the_leads(name: str, of_round: tuple[Columns, Columns], free: int
                                                              ) -> None:  # fmt: skip
    """Where agents are alike, strategies differ in who serves, not in who is served: the first in the order."""
    leads, agents = of_round
    alike = some_agents(
        len(agents["key"]), branch=np.zeros(len(agents["key"]), int), tier=np.zeros(len(agents["key"]), int)
    )
    alike["capacity"] = np.bincount(np.arange(free) % len(alike["key"]), minlength=len(alike["key"]))
    one = leads | {"branch": np.zeros_like(leads["branch"]), "owner": np.full_like(leads["owner"], -1)}
    strategy = of(name, senior_grades=()) if name == "tiered" else of(name)
    served = assigned(strategy, one, alike) >= 0
    assert np.array_equal(np.flatnonzero(served), np.arange(min(free, len(served))))


@pytest.mark.parametrize("name", BY_LUCK_OR_STATE)
@settings(max_examples=25, deadline=None)
@given(of_round=rounds(), seed=st.integers(0, 10_000))
def test_the_order_of_agents_does_not_matter(name: str, of_round: tuple[Columns, Columns], seed: int) -> None:
    leads, agents = of_round
    order = np.random.default_rng(seed).permutation(len(agents["key"]))
    back = np.argsort(order)
    moved = leads | {"owner": np.where(leads["owner"] >= 0, back[leads["owner"]], -1)}
    expected = assigned(of(name), leads, agents)
    found = assigned(of(name), moved, permuted(agents, order))
    assert np.array_equal(np.where(found >= 0, order[found], -1), expected)


def summed(values: Any, answer: Any) -> float:
    served = answer >= 0
    return float(values[np.flatnonzero(served), answer[served]].sum())


@settings(max_examples=25, deadline=None)
@given(of_round=rounds())
def test_no_strategy_exceeds_the_bound_of_a_round(of_round: tuple[Columns, Columns]) -> None:
    leads, agents = of_round
    values = leads["true_value"][:, None] * np.exp(agents["skill"])
    allowed = leads["branch"][:, None] == agents["branch"]
    n = len(values)
    limit = clairvoyant(values, np.zeros(n, int), np.zeros(n, int), agents["capacity"][None, :], allowed)
    for name in NAMES:
        assert summed(values, assigned(of(name), leads, agents)) <= limit + 1e-9, name
    assert summed(values, assigned(of("myopic_oracle"), leads, agents)) == pytest.approx(limit)


def several_rounds(name: str, days: int, seed: int) -> tuple[float, float]:
    """Value that a strategy reaches over some rounds with impatient leads, and the bound that knows all beforehand."""
    rng = np.random.default_rng(seed)
    n, m = 60, 5
    leads = some_leads(n, true_value=rng.exponential(1.0, n))
    leads["grade"] = np.argsort(np.argsort(-leads["true_value"] * rng.lognormal(0, 0.5, n))) * 4 // n
    first = rng.integers(0, days, n)
    last = np.minimum(first + rng.integers(0, 3, n), days - 1)
    agents = some_agents(m, skill=rng.normal(0, 0.5, m))
    capacity = rng.integers(0, 4, (days, m))
    values = leads["true_value"][:, None] * np.exp(agents["skill"])
    reached, served = 0.0, np.zeros(n, bool)
    for k in range(days):
        waiting = np.flatnonzero((first <= k) & (k <= last) & ~served)
        waiting = waiting[np.argsort(leads["grade"][waiting], kind="stable")]
        answer = assigned(of(name), permuted(leads, waiting), agents | {"capacity": capacity[k]}, NOW + k * 3_600)
        reached += summed(values[waiting], answer)
        served[waiting[answer >= 0]] = True
    return reached, clairvoyant(values, first, last, capacity)


def test_no_strategy_exceeds_the_clairvoyant_bound_and_oracles_come_near() -> None:
    closed = {}
    for name in NAMES:
        found = [several_rounds(name, days=6, seed=seed) for seed in range(8)]
        assert all(reached <= bound + 1e-9 for reached, bound in found), name
        closed[name] = sum(reached for reached, _ in found) / sum(bound for _, bound in found)
    assert closed["myopic_oracle"] < 1.0, "the best of each round is not the best of all"
    assert closed["myopic_oracle"] > closed["optimal"] > closed["random_agent"] + 0.02
    assert closed["skill_weighted"] > closed["random_agent"]


# What tells each from the others


def used(name: str, leads: Columns, agents: Columns, **parameters: Any) -> Any:
    """Leads that each agent gets over many rounds."""
    strategy, total = of(name, **parameters), np.zeros(len(agents["key"]), np.int64)
    for k in range(ROUNDS):
        answer = assigned(strategy, leads, agents, NOW + k)
        total += np.bincount(answer[answer >= 0], minlength=len(total))
    return total


def test_random_gives_every_free_place_the_same_chance() -> None:
    agents = some_agents(6, capacity=np.array([1, 1, 2, 2, 4, 0]), skill=np.arange(6) / 3)
    found = used("random_agent", some_leads(1), agents)
    check_shares(found[:5], ROUNDS, np.array([1, 1, 2, 2, 4]) / 10, catches=0.12)
    assert found[5] == 0


def test_round_robin_serves_those_who_waited_longest_and_nobody_twice() -> None:
    agents = some_agents(5, idle_seconds=np.array([10, 50, 20, 40, 30]) * 60, capacity=np.full(5, 3))
    answer = assigned(of("round_robin"), some_leads(7), agents)
    assert answer[:5].tolist() == [1, 3, 4, 2, 0]
    assert answer[5:].tolist() == [1, 3]


def test_ratios_hold_whatever_the_capacity() -> None:
    agents = some_agents(4, tier=np.array([0, 0, 1, 1]), capacity=np.array([40, 2, 40, 40]))
    found = used("ratio_weights", some_leads(1), agents, weights={"seniors": 3.0})
    check_shares(found, ROUNDS, np.array([3, 3, 1, 1]) / 8, catches=0.12)
    assert used("ratio_weights", some_leads(4), agents, weights={"seniors": 0.0})[:2].tolist() == [0, 0]


def test_an_unknown_tier_is_named() -> None:
    with pytest.raises(ValueError, match="unknown tier 'bosses'; tiers here: seniors, juniors"):
        assigned(of("ratio_weights", weights={"bosses": 2.0}), some_leads(1), some_agents(2))
    with pytest.raises(ValueError, match="unknown tier 'bosses'"):
        assigned(of("tiered", senior_tiers=("bosses",)), some_leads(1), some_agents(2))


def test_load_balanced_fills_up_from_the_lowest() -> None:
    agents = some_agents(4, load=np.array([5, 1, 2, 9]), capacity=np.full(4, 10))
    answer = assigned(of("load_balanced"), some_leads(10), agents)
    assert (agents["load"] + np.bincount(answer, minlength=4)).tolist() == [6, 6, 6, 9]


def test_tiered_keeps_seniors_for_the_best_and_spills_over() -> None:
    leads = some_leads(4, grade=np.array([0, 0, 0, 1]))
    agents = some_agents(4, tier=np.array([0, 1, 0, 1]))
    answer = assigned(of("tiered"), leads, agents)
    assert set(answer[:2]) == {0, 2}
    assert set(answer[2:]) == {1, 3}
    alone = assigned(of("tiered", spill=False), leads, agents)
    assert alone[2] == UNASSIGNED
    assert alone[3] in (1, 3)
    assert set(assigned(of("tiered", senior_grades=("B",)), leads, agents)[3:]) <= {0, 2}
    with pytest.raises(ValueError, match="unknown grade 'E'"):
        of("tiered", senior_grades=("E",))


def test_tiered_gives_seniors_to_those_for_whom_they_are_wished() -> None:
    leads = some_leads(3, grade=np.array([3, 3, 3]), wished_tier=np.array([-1, 0, 1]))
    agents = some_agents(3, tier=np.array([0, 1, 1]))
    assert assigned(of("tiered"), leads, agents).tolist()[1] == 0


def test_chosen_tiers_take_what_journeys_ask_for_and_nobody_else_does() -> None:
    leads = some_leads(4, asked_by_customer=np.array([0, 0, 0, 1]))
    agents = some_agents(4, tier=np.array([0, 1, 1, 1]))
    answer = assigned(of("chosen_tiers", tiers=("seniors",)), leads, agents)
    assert answer[:3].tolist().count(0) == 1 and answer[:3].tolist().count(UNASSIGNED) == 2
    assert answer[3] in (1, 2, 3)


def test_skill_weighted_prefers_skill_and_capacity() -> None:
    agents = some_agents(3, skill=np.array([0.5, 0.0, 0.0]), capacity=np.array([1, 1, 2]))
    found = used("skill_weighted", some_leads(1), agents)
    check_shares(found, ROUNDS, np.array([np.e, 1, 2]) / (np.e + 3), catches=0.12)


def test_public_pool_is_emptied_by_whoever_comes_first() -> None:
    leads = some_leads(6)
    agents = some_agents(4, capacity=np.full(4, 3))
    answers = np.array([assigned(of("public_pool"), leads, agents, NOW + k) for k in range(ROUNDS)])
    assert np.all(answers[:, :3] == answers[:, :1])
    assert np.all(answers[:, 3:] == answers[:, 3:4])
    assert np.all(answers[:, 0] != answers[:, 3])
    check_shares(np.bincount(answers[:, 0], minlength=4), ROUNDS, 0.25, catches=0.12)


def test_an_owner_keeps_the_customer_until_patience_ends() -> None:
    agents = some_agents(3, capacity=np.array([1, 2, 2]), load=np.array([0, 9, 5]))
    hour = 3_600
    leads = some_leads(5, owner=np.array([0, 0, 0, -1, 2]), waiting_seconds=np.array([hour, hour, 5 * hour, hour, 0]))
    answer = assigned(of("owner_keeps"), leads, agents)
    assert answer.tolist() == [0, UNASSIGNED, 2, 1, 2]
    assert assigned(of("owner_keeps", patience_hours=9.0), leads, agents).tolist() == [0, -1, -1, 2, 2]


def test_optimal_follows_the_family_of_the_lead() -> None:
    leads = some_leads(3, grade=np.array([0, 1, 1]), family=np.array([2, 1, 1]))
    agents = some_agents(3, skill_health=np.array([1.0, 0.9, 0.0]), skill_wealth=np.array([0.2, 0.0, -np.inf]))
    answer = assigned(of("optimal"), leads, agents)
    assert answer[0] in (0, 1)
    values = np.array([8.0, 4, 4])[:, None] * np.exp(
        np.stack([agents["skill_wealth"], agents["skill_health"], agents["skill_health"]])
    )
    best = max(values[0, a] + values[1, b] + values[2, c]
               for a, b, c in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0)))  # fmt: skip
    assert summed(values, answer) == pytest.approx(best)


def test_optimal_refuses_values_that_are_none() -> None:
    with pytest.raises(ValueError, match="four numbers above zero"):
        of("optimal", values=(1.0, 0.0, 1.0, 1.0))


def test_thompson_follows_what_it_has_seen_and_explores_what_it_has_not() -> None:
    agents = some_agents(2, tier=np.array([0, 1]), capacity=np.full(2, 200))
    unknown = used("thompson", some_leads(10, grade=np.zeros(10, int)), agents)
    check_counts(unknown, np.full(2, 5 * ROUNDS), catches=0.3)
    seen = agents | {"concluded_a": np.array([500, 500]), "won_a": np.array([40, 120])}
    seen |= {"concluded_d": np.array([500, 500]), "won_d": np.array([120, 40])}
    leads = some_leads(40, grade=np.repeat([0, 3], 20))
    answer = assigned(of("thompson"), leads, seen)
    assert np.all(answer[:20] == 1)
    assert np.all(answer[20:] == 0)


def test_fill_seats_takes_the_most_skilled_first() -> None:
    agents = some_agents(3, skill=np.array([0.1, 0.5, 0.3]), capacity=np.array([1, 2, 1]))
    assert assigned(of("fill_seats"), some_leads(5), agents).tolist() == [1, 1, 2, 0, UNASSIGNED]
    assert assigned(of("fill_seats", skilled_first=False), some_leads(2), agents).tolist() == [0, 2]


@pytest.mark.parametrize("name", NAMES)
def test_seats_that_serve_every_branch_serve_every_branch(name: str) -> None:
    leads = some_leads(6, branch=np.arange(6) % 3)
    agents = some_agents(2, branch=np.full(2, -1), capacity=np.array([2, 3]))
    answer = assigned(of(name), leads, agents)
    assert np.count_nonzero(answer >= 0) == 5
    assert complaint(answer, leads["branch"], views(leads, agents)[1]) is None


# Best assignments


@settings(max_examples=25, deadline=None)
@given(of_round=rounds(branches=1))
def test_sorting_is_best_where_values_are_products(of_round: tuple[Columns, Columns]) -> None:
    leads, agents = of_round
    strength = np.exp(agents["skill"])
    answer = rank_one(leads["true_value"], strength, agents["capacity"])
    values = leads["true_value"][:, None] * strength
    plan = transport(values, np.ones(len(values), int), agents["capacity"]) if len(values) else None
    assert summed(values, answer) == pytest.approx(plan.value if plan else 0.0)


@pytest.mark.parametrize(
    ("kinds", "leads", "agents", "places"), [(2, 5_000, 500, 10), (3, 400, 400, 1), (1, 900, 90, 10)]
)
def test_a_few_kinds_of_many_leads_fill_everybody(kinds: int, leads: int, agents: int, places: int) -> None:
    """Each kind needs a large part of all agents, many more than a lead looks at."""
    rng = np.random.default_rng(kinds)
    values = np.exp(rng.normal(0, 0.5, (kinds, 1)) + rng.normal(0, 0.3, (kinds, agents)))
    plan = transport(values, np.full(kinds, leads // kinds), np.full(agents, places))
    assert plan.gap < 1e-9 and plan.number.sum() == leads // kinds * kinds


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 25), m=st.integers(1, 30))
def test_a_transport_is_whole_feasible_and_as_good_as_its_bound(seed: int, n: int, m: int) -> None:
    from scipy.optimize import linear_sum_assignment

    rng = np.random.default_rng(seed)
    values, capacity = rng.random((n, m)), rng.integers(0, 3, m)
    plan = transport(values, np.ones(n, int), capacity)
    assert np.all(plan.number.sum(axis=1) <= 1)
    assert np.all(plan.number.sum(axis=0) <= capacity)
    places = np.repeat(np.arange(m), capacity)
    lead, place = linear_sum_assignment(-values[:, places]) if len(places) else ([], [])
    best = float(values[lead, places[place]].sum()) if len(places) else 0.0
    assert plan.value == pytest.approx(best)
    assert plan.bound >= best - 1e-9
    assert plan.gap <= 1e-9


def test_a_bound_over_too_many_rounds_is_still_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    values, capacity = rng.random((30, 6)), rng.integers(0, 2, (5, 6))
    first = rng.integers(0, 5, 30)
    tight = clairvoyant(values, first, first, capacity)
    monkeypatch.setattr("lifesim.workforce.bound.MOST_PAIRS", 10)
    loose = clairvoyant(values, first, first, capacity)
    assert loose > tight > 0


# Speed


@pytest.mark.parametrize("name", NAMES)
def test_a_large_round_is_answered_in_time(name: str) -> None:
    """5,000 leads and 500 agents with 10 places: 25 microseconds a lead, and 5 s for the best of them."""
    rng = np.random.default_rng(1)
    n, m = 5_000, 500
    leads = some_leads(n, true_value=rng.random(n), owner=rng.integers(-1, m, n))
    agents = some_agents(m, skill=rng.normal(0, 0.3, m), capacity=np.full(m, 10), load=rng.integers(0, 9, m))
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        assigned(of(name), leads, agents)
        taken.append(time.perf_counter() - began)
    assert min(taken) < (5.0 if name == "optimal" else 25e-6 * n)
