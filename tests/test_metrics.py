"""Whose outcomes a metric adds up, and by what it divides them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small_worlds import SILENCE, Weekly, described, small

import lifesim
from lifesim.metrics import METRICS, totals
from lifesim.metrics import described as definitions
from lifesim.population.accounts import ARRIVED, NOBODY, PRESENT_AT_FORK, REFERRED, Accounts
from lifesim.population.columns import (
    BOUGHT_MORE,
    CUSTOMER,
    FIRST_BOUGHT,
    GAP_ASSESSED,
    HELD_AT_FORK,
    ORPHAN,
    OUTCOME,
    PRESENT,
)
from lifesim.strategy import Practice

SEGMENTS = ["young", "wealthy"]
OF_HOLDERS = ("retention_rate", "retention_12", "add_on_rate")
PERSONS = ("first_purchase_rate", "long_term_share", "satisfaction", "policies_per_holder", "orphan_share",
           "gap_assessed_rate", *OF_HOLDERS)  # fmt: skip
RATIOS = (
    "open_rate", "answer_rate", "premium_payment_rate", "grace_recovery_rate", "persistency_13", "persistency_25",
    "save_rate", "persistency_13_premium", "persistency_25_premium", "rebuy_rate", "reinstatement_rate",
    "average_premium", "acquisition_cost", "cost_per_policy", "acceptance_rate",
)  # fmt: skip
#: Shares of what there was at the fork, so that arms cannot move the denominator.
OF_FORK = ("lapse_rate", "surrender_rate")
AMOUNTS = tuple(name for name in METRICS if name not in (*PERSONS, *RATIOS, *OF_FORK, "referral_success"))

#: Key, segment, segment of the customer present at the fork to whom it counts, present or how it joined.
PEOPLE = (
    (1, 0, 0, PRESENT_AT_FORK),
    (2, 1, 1, PRESENT_AT_FORK),
    (3, 0, 0, PRESENT_AT_FORK),
    (4, 1, 1, REFERRED),  # a friend of 2 since the fork
    (5, 0, 1, REFERRED),  # a friend of 4, of another segment
    (6, 0, NOBODY, ARRIVED),
    (7, 1, NOBODY, REFERRED),  # a friend of 6
)


def people(rows: tuple[tuple[int, int, int, int], ...] = PEOPLE) -> tuple[Any, Any, Accounts]:
    """Customers, outcomes that are all the customer's key, and accounts of one customer each."""
    outcomes = np.zeros(len(rows), OUTCOME)
    customers = {name: np.zeros(len(rows), CUSTOMER[name]) for name in ("key", "segment", "marks", "policies")}
    customers |= {name: np.zeros(len(rows), np.int64) for name in ("long", "satisfaction")}
    customers |= {name: np.zeros(len(rows), bool) for name in ("year_seen", "held_after_a_year")}
    for row, (key, segment, _, kind) in enumerate(rows):
        customers["key"][row], customers["segment"][row] = key, segment
        customers["marks"][row] = PRESENT if kind == PRESENT_AT_FORK else 0
        for name in OUTCOME.names or ():
            outcomes[row][name] = key
        # More than what is taken from them: costs, policies given back.
        outcomes[row]["value"] = 5 * key
        outcomes[row]["premium"] = 5 * key
        outcomes[row]["purchases"] = 2 * key
    _, segment, credited, kind = np.array(rows, np.int64).reshape(-1, 4).T
    return customers, outcomes, Accounts(np.zeros(len(rows), np.int64), segment, credited, kind)


def cells(customers: Any, outcomes: Any, accounts: Accounts, metric: str) -> dict[tuple[str, str], tuple[int, int]]:
    """Numerator and denominator by scope and segment."""
    return {
        (row["scope"], row["segment"]): (row["numerator"], row["denominator"])
        for row in totals(SEGMENTS, customers, outcomes, accounts)
        if row["metric"] == metric
    }


def test_orphans_are_counted_among_those_who_hold_a_policy_at_the_end() -> None:
    customers, outcomes, accounts = people()
    customers["policies"][[0, 1, 5]] = 1
    customers["marks"][[0, 2, 5]] |= ORPHAN  # the third holds nothing any more, the sixth came later
    found = cells(customers, outcomes, accounts, "orphan_share")
    assert found["present", "young"] == (1, 1) and found["present", "wealthy"] == (0, 1)


def test_amounts_of_later_friends_count_to_who_began_the_chain() -> None:
    """In that customer's segment; friends of before the fork stand for themselves, and other arrivals do not count."""
    customers, outcomes, accounts = people()
    outcomes["premium"] = 10 ** customers["key"].astype(np.int64)
    assert cells(customers, outcomes, accounts, "premium_per_10k") == {
        ("present", "young"): (10 + 1_000, 2),
        ("present", "wealthy"): (100 + 10_000 + 100_000, 1),
        ("everyone", "young"): (10 + 1_000 + 100_000 + 1_000_000, 2),
        ("everyone", "wealthy"): (100 + 10_000 + 10_000_000, 1),
    }


@pytest.mark.parametrize("metric", AMOUNTS)
def test_every_amount_is_per_customer_present_at_the_fork_and_adds_up_by_segment(metric: str) -> None:
    alone, friends, whole = (cells(*people(PEOPLE[:last]), metric) for last in (3, 5, None))
    for scope in ("present", "everyone"):
        assert [whole[scope, segment][1] for segment in SEGMENTS] == [2, 1]
        assert [alone[scope, segment][1] for segment in SEGMENTS] == [2, 1]
        top = {name: sum(each[scope, segment][0] for segment in SEGMENTS)
               for name, each in (("alone", alone), ("friends", friends), ("whole", whole))}  # fmt: skip
        assert top["alone"] < top["friends"] <= top["whole"]
        assert (top["friends"] == top["whole"]) == (scope == "present")


def test_policies_of_friends_are_those_of_friends_who_joined_after_the_fork() -> None:
    customers, outcomes, accounts = people()
    outcomes["purchases"] = 2 ** customers["key"]
    assert cells(customers, outcomes, accounts, "friends_policies_per_10k") == {
        ("present", "young"): (0, 2),
        ("present", "wealthy"): (2**4 + 2**5, 1),
        ("everyone", "young"): (2**5, 2),
        ("everyone", "wealthy"): (2**4 + 2**7, 1),
    }


def test_what_friends_buy_is_set_against_all_recommendations_of_the_chain() -> None:
    customers, outcomes, accounts = people()
    outcomes["purchases"] = 2 ** customers["key"]
    outcomes["referred"] = 10 ** customers["key"].astype(np.int64)
    found = cells(customers, outcomes, accounts, "referral_success")
    assert found["present", "young"] == (0, 10 + 1_000)
    assert found["present", "wealthy"] == (2**4 + 2**5, 100 + 10_000 + 100_000)


@pytest.mark.parametrize("metric", PERSONS)
def test_shares_of_persons_are_of_those_present_in_both_scopes(metric: str) -> None:
    """Who joins later is no prospect of the fork, so that an arm that brings friends dilutes no share."""
    customers, outcomes, accounts = people()
    customers["marks"][:2] |= HELD_AT_FORK if metric in OF_HOLDERS else 0
    customers["marks"] |= FIRST_BOUGHT | BOUGHT_MORE | ORPHAN | GAP_ASSESSED
    for name in ("policies", "long", "satisfaction", "year_seen", "held_after_a_year"):
        customers[name][:] = 1
    found = cells(customers, outcomes, accounts, metric)
    for scope in ("present", "everyone"):
        young = (1, 1) if metric in OF_HOLDERS else (2, 2)
        assert (found[scope, "young"], found[scope, "wealthy"]) == (young, (1, 1))


@pytest.mark.parametrize("metric", RATIOS)
def test_ratios_of_events_take_no_side_and_say_that_arms_differ_in_their_denominator(metric: str) -> None:
    described_so = definitions()[metric]
    assert described_so["better"] == "neither"
    assert "arms differ" in described_so["denominator"]
    assert "各策略组不同" in described_so["denominator_zh"]
    assert METRICS[metric].kind == "ratio"


@pytest.mark.parametrize("metric", OF_FORK)
def test_what_was_there_at_the_fork_is_no_matter_of_arms(metric: str) -> None:
    """An arm that sells more is not better at keeping what there was."""
    described_so = definitions()[metric]
    assert described_so["better"] == "lower" and "at the fork" in described_so["denominator"]
    customers, outcomes, accounts = people()
    assert cells(customers, outcomes, accounts, metric)["present", "young"] == (1 + 3, 1 + 3)


def test_a_year_that_was_not_seen_leaves_nobody_to_divide_by() -> None:
    customers, outcomes, accounts = people()
    customers["marks"] |= HELD_AT_FORK
    customers["policies"][:] = 1
    assert set(cells(customers, outcomes, accounts, "retention_12").values()) == {(0, 0)}
    assert cells(customers, outcomes, accounts, "retention_rate")["present", "young"] == (2, 2)


def test_premium_is_that_of_first_years_of_later_ones_and_of_cover_bought_again() -> None:
    """The three ways in which premium comes add up to what was received."""
    customers, outcomes, accounts = people()
    outcomes["premium"], outcomes["first_year_premium"], outcomes["again_premium"] = 100, 50, 20
    parts = [cells(customers, outcomes, accounts, name)["everyone", "young"][0]
             for name in ("fyp_per_10k", "later_premium_per_10k", "rebuy_premium_per_10k")]  # fmt: skip
    assert parts == [4 * 50, 4 * 30, 4 * 20]
    assert sum(parts) == cells(customers, outcomes, accounts, "premium_per_10k")["everyone", "young"][0]


def test_definitions_name_the_denominator_of_the_fork() -> None:
    for metric in AMOUNTS:
        assert definitions()[metric]["denominator"] == "customers present at the fork"


def test_nobody_is_no_error() -> None:
    assert {row["denominator"] for row in totals(SEGMENTS, *people(()))} == {0}


def test_an_arm_that_only_brings_friends_lowers_nothing_that_is_sold() -> None:
    """Invitations lift recommendations and nothing else: replication by replication no policy less, and some more."""
    scenario = small(
        1500,
        warm_up="30d",
        horizon="180d",
        arms={"control": {}, "invite": {}},
        experiment={"replications": 2, "seed": 3, "event_share": 0.0, "control": "control"},
    )
    data = described(scenario)
    data["contents"]["invite"] = {"kind": "service", "lifts": {"refer": 6.0}, "impulses": {}, "visit": 0}
    data["behaviour"]["processes"]["refer"] |= {"rate": "0.3/y", "half_life": "30d"}
    data["behaviour"]["impulses"].pop("referred_friend", None)
    scenario = scenario.replace(contents=data["contents"], behaviour=data["behaviour"])
    invite = Practice(orchestrations={"invite": Weekly("invite", "push", "10:00", (1,), 1.0)})
    result = lifesim.compare(scenario, {"control": SILENCE, "invite": invite}, workers=1)
    for table in (result.effects, result.effects_everyone):
        effect = table.set_index(["metric", "segment"])["effect"]
        for metric in ("policies_per_10k", "ape_per_10k", "premium_per_10k", "friends_policies_per_10k"):
            assert effect[metric, "all"] > 0, metric
            assert (effect[metric] >= 0).all(), metric
        for metric in PERSONS:
            assert (effect[metric].dropna() == 0).all(), metric
    everyone = result.tables["totals"].query("metric == 'policies_per_10k'")
    assert everyone.groupby(["replication", "segment"])["denominator"].nunique().max() == 1
