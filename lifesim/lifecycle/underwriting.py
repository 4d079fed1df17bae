"""Buying a policy: issued at once, or applied for, underwritten and issued if it is accepted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lifesim.compiled import compiled
from lifesim.lifecycle.cover import sum_assured
from lifesim.lifecycle.incidence import age_of
from lifesim.lifecycle.layout import customer_row, policy_row, product_rule_at, rule_f4, rule_f8, rule_u8
from lifesim.lifecycle.policies import count_application, find_policy, issue, write_policy
from lifesim.lifecycle.stages import enter, log
from lifesim.lifecycle.value import price_cut
from lifesim.population.columns import (
    APPLIED,
    AWARENESS,
    BARRED,
    E_APPLICATION,
    EXCLUDED,
    FIRST_PURCHASE,
    HOLDING,
    LOADED,
    LOST,
    NEVER,
    NONE,
    O_DECLINED,
    O_EXCLUDED,
    O_GIVEN_UP,
    O_LOADED,
    O_POSTPONED,
    O_STANDARD,
    O_WITHDRAWN,
)
from lifesim.scenario.ages import AGES
from lifesim.streams import normal, uniform, uniform_pair

#: What has come of a sale: nothing, an application, a policy.
NOT_SOLD, UNDER_WAY, ISSUED = range(3)
K_UNDERWRITING = 22  # place in rules.DECISIONS
#: Columns of the table of outcomes: given up, then shares up to each of four outcomes.
COLUMNS = 5
#: What is drawn at the decision, above the number of the policy.
_DECISION = np.uint64(1 << 63)


@compiled
def buy(i: int, product: int, factor: float, now: int, w: Any) -> int:
    """Sell a product to a customer, who applies for it if it is underwritten; what has come of it so far."""
    place = write_policy(i, product, factor, now, w)
    if not product_rule_at(w.product_rules, product).underwritten:
        issue(i, place, now, w)
        return ISSUED
    return apply(i, place, now, w)


@compiled
def apply(i: int, place: int, now: int, w: Any) -> int:
    """A customer applies: gives up at the health declaration, or waits for a decision at a time of their own."""
    policy = policy_row(w, place)
    rule = product_rule_at(w.product_rules, policy.product)
    fit_to_income(i, place, w)
    log(i, E_APPLICATION, policy.product, policy.premium, now, w)
    declares, takes = uniform_pair(rule_u8(w.keys, K_UNDERWRITING), customer_row(w, i).key, policy.number)
    if declares < outcome_share(i, policy.product, O_GIVEN_UP, w):
        count_application(i, place, O_GIVEN_UP, now, w)
        bar(i, place, now + rule.again, w)
        return NOT_SOLD
    policy.status = APPLIED
    seconds = rule.decided_within * math.exp(rule.decided_spread * normal(takes))
    policy.at = int(min(now + max(seconds, 1.0), float(NEVER - 1)))
    find_policy(i, w)
    return UNDER_WAY


@compiled
def fit_to_income(i: int, place: int, w: Any) -> None:
    """Cut an application down to the highest sum assured that is accepted for the customer's income."""
    policy = policy_row(w, place)
    most = product_rule_at(w.product_rules, policy.product).most_insured
    insured = sum_assured(place, w)
    if most <= 0.0 or insured == 0:
        return
    income = w.income_log + w.income_scale * rule_f4(w.traits, i * w.traits_each + w.income_column)
    share = most * math.exp(income) / insured
    if share < 1.0:
        policy.premium = np.int64(policy.premium * share)


@compiled
def outcome_share(i: int, product: int, column: int, w: Any) -> float:
    """A share of the table of outcomes, at the customer's age."""
    return rule_f8(w.underwriting, (product * AGES + age_of(i, w)) * COLUMNS + column)


@compiled
def bar(i: int, place: int, until: int, w: Any) -> None:
    """Keep an application that came to nothing, so that the customer does not apply again before ``until``."""
    policy = policy_row(w, place)
    policy.status = BARRED
    policy.at = min(until, NEVER)
    find_policy(i, w)


@compiled
def decision(i: int, place: int, w: Any) -> int:
    """What underwriting makes of an application: the worst outcome first, so that higher shares move few others."""
    policy = policy_row(w, place)
    u = uniform(rule_u8(w.keys, K_UNDERWRITING), customer_row(w, i).key, _DECISION | np.uint64(policy.number))
    for outcome in range(O_DECLINED, O_STANDARD):
        if u < outcome_share(i, policy.product, outcome, w):
            return outcome
    return O_STANDARD


@compiled
def on_decision(i: int, place: int, now: int, w: Any) -> None:
    """An application is decided. A policy begins now; who gets none goes back to where they were before."""
    c, policy = customer_row(w, i), policy_row(w, place)
    rule = product_rule_at(w.product_rules, policy.product)
    outcome = decision(i, place, w) if c.policies < 255 else O_WITHDRAWN
    count_application(i, place, outcome, now, w)
    if outcome in (O_DECLINED, O_POSTPONED, O_WITHDRAWN):
        bar(i, place, now + rule.again if outcome == O_POSTPONED else NEVER, w)
        if c.stage == FIRST_PURCHASE and not applies(i, w):
            enter(i, AWARENESS, 0, now, w)
        return
    if outcome == O_LOADED:
        policy.premium = np.int64(round(policy.premium * rule.loading))
        policy.marks |= LOADED
    elif outcome == O_EXCLUDED:
        policy.marks |= EXCLUDED
    reprice(place, now, w)
    issue(i, place, now, w)
    if c.stage in (AWARENESS, FIRST_PURCHASE, LOST):
        enter(i, HOLDING, 0, now, w)


@compiled
def reprice(place: int, now: int, w: Any) -> None:
    """The price is that of the day of issue, when cuts may be others than on the day of the application."""
    policy = policy_row(w, place)
    then, cut = price_cut(policy.product, policy.issued, w), price_cut(policy.product, now, w)
    if then != cut:
        policy.premium = np.int64(round(policy.premium * (1.0 - cut) / (1.0 - then)))


@compiled
def applies(i: int, w: Any) -> bool:
    """Whether an application of the customer is under way."""
    place = customer_row(w, i).first_policy
    while place != NONE:
        if policy_row(w, place).status == APPLIED:
            return True
        place = policy_row(w, place).next
    return False


@compiled
def may_apply(i: int, product: int, w: Any) -> bool:
    """Whether a product can be sold to a customer: no application for it is under way, and none failed of late."""
    if not product_rule_at(w.product_rules, product).underwritten:
        return True
    place = customer_row(w, i).first_policy
    while place != NONE:
        policy = policy_row(w, place)
        if policy.product == product and policy.status in (APPLIED, BARRED):
            return False
        place = policy.next
    return True
