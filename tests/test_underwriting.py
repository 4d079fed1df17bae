"""Applications: shares of outcomes by age, time to the decision, what begins at issue, and who may apply again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from chance import check_distribution, check_shares
from quiet_world import Described, begin, clock, events, people, still
from scipy import stats
from test_claims import ages
from test_premiums import PAYMENT
from test_value import fen, priced

from lifesim.dates import due_date, first_day
from lifesim.lifecycle.underwriting import O_DECLINED, O_EXCLUDED, O_GIVEN_UP, O_LOADED, O_POSTPONED, O_STANDARD
from lifesim.population.columns import APPLICATION_OUTCOMES, APPLIED, BARRED, DAY, LOADED
from lifesim.scenario import STAGES
from lifesim.scenario.behaviour import LAPSE_CAUSES
from lifesim.world.world import World

N = 6_000
YOUNG = {"ages": "0-39", "health_declaration": 0.1, "declined": 0.1, "postponed": 0.1, "excluded": 0.2, "loaded": 0.2}
OLD = {"ages": "40+", "health_declaration": 0.3, "declined": 0.2, "postponed": 0.2, "excluded": 0.1, "loaded": 0.3}
RULES: dict[str, Any] = {
    "takes": {"median": "5d", "spread": 0.7}, "by_age": [YOUNG, OLD], "loading": 1.25, "exclusion": 0.4,
    "again": "365d",
}  # fmt: skip


def applying(size: int = N, days: int = 200, product: dict[str, Any] | None = None, **rules: Any) -> Described:
    """Everyone decides within weeks for the one product that is sold, which is underwritten; nothing else happens."""
    data = still(size, days, "FIRST_PURCHASE")
    clock(data, "FIRST_PURCHASE.decide").update(rate="60/y", bands={}, depends={})
    data["behaviour"]["decision"] |= {"comparing": 0.0, "put_off": {"appeal": -50.0}}
    data["behaviour"]["unpaid"] = {cause: {"chance": 0.0, "recovers": 0.0} for cause in LAPSE_CAUSES}
    data["products"] = {"critical_illness": data["products"]["critical_illness"]}
    data["contents"]["accident_product_page"]["page"] = None
    data["segments"]["mainstream"]["book"] = {"critical_illness": 1.0}
    data["products"]["critical_illness"] |= {
        "needs_person": False, "payment": PAYMENT, "cooling_off": {"within": "0d", "returned": 0.0},
        "underwriting": RULES | rules,
    }  # fmt: skip
    data["products"]["critical_illness"] |= product or {}
    for segment in data["segments"].values():
        segment["book"] = {"critical_illness": 1.0}
    return priced(data)


def run(data: Described, days: float) -> World:
    world, _ = begin(data)
    world.run(int(days * DAY), [])
    return world


def income(world: World) -> Any:
    """Logarithm of each customer's income over the reference."""
    traits = world.scenario.behaviour.traits
    column = world.state.traits[: len(people(world)), list(traits).index("income")]
    return traits["income"].scale * column.astype(float)


def outcomes(world: World) -> tuple[Any, Any]:
    """Customers whose first application has come to an end, and its outcome."""
    found = events(world, "underwritten")
    _, first = np.unique(found["customer"], return_index=True)
    return found["customer"][first], found["detail"][first] >> 8


@pytest.mark.analytic
def test_shares_of_outcomes_by_age() -> None:
    world = run(applying(20_000, 120), 120)
    customer, outcome = outcomes(world)
    old = ages(world)[customer] + 1e-4 >= 40
    for band, mine in ((YOUNG, ~old), (OLD, old)):
        given_up = band["health_declaration"]
        expected = {name: (1 - given_up) * share for name, share in band.items() if name not in ("ages",)}
        expected["health_declaration"] = given_up
        expected["standard"] = 1 - sum(expected.values())
        for name, share in expected.items():
            counted = np.count_nonzero(outcome[mine] == APPLICATION_OUTCOMES.index(name))
            check_shares(counted, np.count_nonzero(mine), share, catches=0.05)
    assert len(customer) > 19_000
    table = world.state.applications[0]
    assert table.sum() == len(events(world, "underwritten")) == world.state.outcomes["decided"].sum()
    accepted = table[[O_EXCLUDED, O_LOADED, O_STANDARD]].sum()
    assert accepted == world.state.outcomes["accepted"].sum() == len(events(world, "purchase"))


@pytest.mark.analytic
def test_time_from_application_to_issue_is_lognormal() -> None:
    world = run(applying(20_000, 300, by_age=[{"ages": "0+"}]), 300)
    applied, issued = events(world, "application"), events(world, "purchase")
    assert len(applied) == len(issued) == 20_000
    since = np.zeros(20_000, np.int64)
    since[applied["customer"]] = applied["time"]
    taken = (issued["time"] - since[issued["customer"]]) / (5 * DAY)
    check_distribution(stats.norm.cdf(np.log(taken) / 0.7), 20_000, catches=0.04)


def test_nothing_begins_before_the_policy_is_issued() -> None:
    """While an application is under way there is no premium, commission or policy, and nothing more is sold."""
    rules = {"takes": {"median": "60d", "spread": 0.0}, "by_age": [{"ages": "0+"}]}
    data = applying(500, 900, {"cooling_off": {"within": "15d", "returned": 0.3}}, **rules)
    world, _ = begin(data)
    world.run(55 * DAY, [])
    applied = events(world, "application").copy()
    held = world.state.policies[world.state.policies["customer"] >= 0]
    assert len(applied) > 450 and np.all(held["status"] == APPLIED)
    assert len(np.unique(applied["customer"])) == len(applied), "nobody is sold the same again"
    o, c = world.state.outcomes, people(world)
    assert not any(o[name].any() for name in ("premium", "commission", "value", "purchases", "decided"))
    assert not c["policies"].any() and np.all(c["stage"] == STAGES.index("FIRST_PURCHASE"))
    assert not len(events(world, "purchase"))
    world.run(900 * DAY, [])
    bought, returned = events(world, "purchase"), events(world, "returned")
    issued = dict(zip(bought["customer"].tolist(), bought["time"].tolist(), strict=True))
    assert all(issued[int(e["customer"])] == int(e["time"]) + 60 * DAY for e in applied)
    assert all(0 < int(e["time"]) - issued[int(e["customer"])] <= 15 * DAY + 1 for e in returned) and len(returned) > 50
    day, first = first_day(world.scenario.start, 0), {}
    for event in events(world, "premium"):
        first.setdefault(int(event["customer"]), int(event["time"]))
    assert len(first) > 300
    assert all(time == due_date(issued[customer], 1, 1, day) for customer, time in first.items())
    assert np.array_equal(world.state.outcomes["first_purchases"][: len(c)], np.isin(np.arange(500), list(issued)))


def test_a_loading_raises_what_is_paid_and_nothing_that_is_insured() -> None:
    data = applying(product={"sum_assured": {"multiple": 40.0}})
    plain = applying(product={"sum_assured": {"multiple": 40.0}}, by_age=[{"ages": "0+"}])
    data["behaviour"]["cover"] = plain["behaviour"]["cover"] = {"health": {"years": 30.0}}
    world, standard = run(data, 200), run(plain, 200)
    held, other = (w.state.policies[w.state.policies["customer"] >= 0] for w in (world, standard))
    premium = np.zeros(N, np.int64)
    premium[other["customer"][other["number"] == 0]] = other["premium"][other["number"] == 0]
    loaded = held[((held["marks"] & LOADED) > 0) & (held["number"] == 0)]
    assert len(loaded) > 500
    assert np.array_equal(loaded["premium"], fen(1.25, premium[loaded["customer"]]))
    gap, without = (w.gap(w.state, loaded["customer"].astype(np.int64), 1, w.now) for w in (world, standard))
    incomes = np.exp(world.rules.numbers["income_log"] + income(world)[loaded["customer"]])
    # The loaded premium is a whole number of fen, and so is the standard one that is got back from it.
    assert np.all(np.abs(gap - without) * incomes <= 40.0 * 0.5 / 1.25 + 1.0)
    assert np.all(gap > 0) and np.all(gap < 30.0)
    amounts = events(world, "purchase")
    ape = np.zeros(N, np.int64)
    np.add.at(ape, amounts["customer"], amounts["amount"])
    assert np.array_equal(world.state.outcomes["ape"][:N], ape)
    assert np.array_equal(ape[loaded["customer"]], loaded["premium"])


@pytest.mark.analytic
def test_an_exclusion_leaves_a_share_of_the_claims() -> None:
    every = {"ages": "0+", "excluded": 0.5}
    claims = {"incidence": 1.0, "severity": {"mean": 1.0, "spread": 0.0}}
    data = applying(12_000, 500, {"claims": claims}, by_age=[every], takes={"median": "1d", "spread": 0.0})
    clock(data, "claim").update(rate="1/y", depends={})
    world = run(data, 500)
    bought = events(world, "purchase")
    customer, outcome = outcomes(world)
    since = np.zeros(12_000)
    since[bought["customer"]] = bought["time"]
    made = np.bincount(events(world, "claim")["customer"], minlength=12_000)
    for code, rate in ((O_EXCLUDED, 0.4), (O_STANDARD, 1.0)):
        mine = customer[outcome == code]
        years = (500 * DAY - since[mine]).sum() / (365 * DAY)
        assert abs(made[mine].sum() / (rate * years) - 1) < 5 / np.sqrt(rate * years)


def test_who_was_declined_never_applies_again_and_who_was_postponed_does_in_time() -> None:
    data = applying(4_000, 400, again="90d")
    clock(data, "AWARENESS.need_formed").update(rate="50/y", depends={})
    world = run(data, 400)
    customer, outcome = outcomes(world)
    first = dict(zip(customer.tolist(), outcome.tolist(), strict=True))
    ends = {}
    for event in events(world, "underwritten"):
        ends.setdefault(int(event["customer"]), int(event["time"]))
    later: dict[int, int] = {}
    seen: set[int] = set()
    for event in events(world, "application"):
        who = int(event["customer"])
        if who in seen:
            later.setdefault(who, int(event["time"]))
        seen.add(who)
    again = {code: [later[who] - ends[who] for who in later if first[who] == code] for code in set(first.values())}
    assert set(first.values()) == set(range(O_STANDARD + 1))
    for code in (O_DECLINED, O_EXCLUDED, O_LOADED, O_STANDARD):
        assert again[code] == [], APPLICATION_OUTCOMES[code]
    for code in (O_GIVEN_UP, O_POSTPONED):
        assert len(again[code]) > 200 and min(again[code]) >= 90 * DAY
    declined = customer[outcome == O_DECLINED]
    assert not people(world)["policies"][declined].any()
    held = world.state.policies[world.state.policies["customer"] >= 0]
    assert set(held["customer"][held["status"] == BARRED].tolist()) >= set(declined.tolist())


def test_one_share_raised_moves_nobody_between_the_better_outcomes() -> None:
    """More are declined: every other customer has the outcome that they had."""
    before = outcomes(run(applying(3_000, 120), 120))
    after = outcomes(run(applying(3_000, 120, by_age=[YOUNG | {"declined": 0.2, "postponed": 0.0}, OLD]), 120))
    assert np.array_equal(before[0], after[0])
    changed = before[1] != after[1]
    assert set(before[1][changed].tolist()) == {O_POSTPONED} and set(after[1][changed].tolist()) == {O_DECLINED}


def test_a_customer_who_leaves_withdraws_the_application() -> None:
    data = applying(400, 60, takes={"median": "300d", "spread": 0.0}, by_age=[{"ages": "0+"}])
    clock(data, "FIRST_PURCHASE.lose_interest").update(rate="20/y", depends={})
    clock(data, "AWARENESS.drift").update(rate="20/y", depends={})
    world = run(data, 60)
    withdrawn = world.state.applications[0, APPLICATION_OUTCOMES.index("withdrawn")]
    left = np.flatnonzero(people(world)["stage"] == STAGES.index("LOST"))
    held = world.state.policies[world.state.policies["customer"] >= 0]
    assert withdrawn > 50 and not np.isin(held["customer"], left).any()
    assert world.state.outcomes["decided"].sum() == withdrawn and not world.state.outcomes["accepted"].any()


def test_nobody_is_insured_for_more_than_their_income_allows() -> None:
    """Who would have applied for more applies for the most that is accepted; so was the book at the start."""
    rules = {"max_sum_assured": 3.0, "by_age": [{"ages": "0+"}]}
    data = applying(3_000, 120, {"sum_assured": {"multiple": 60.0, "spread": 0.3}}, **rules)
    data["segments"]["mainstream"]["start"] = {"FIRST_PURCHASE": 0.5, "HOLDING": 0.5}
    data["behaviour"]["cover"] = {"health": {"years": 10.0}}
    world = run(data, 120)
    held = world.state.policies[world.state.policies["customer"] >= 0]
    insured = 10.0 - world.gap(world.state, held["customer"].astype(np.int64), 1, world.now)
    assert len(held) > 2_900 and insured.max() < 3.0 + 1e-6
    for mine in (held["issued"] < 0, held["issued"] > 0):
        capped = insured[mine] > 3.0 - 1e-4
        assert 0.05 < capped.mean() < 0.95
