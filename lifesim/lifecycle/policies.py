"""Policies: issue, premium due or bought again, grace, lapse; the end of all of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lifesim.compiled import compiled
from lifesim.lifecycle.layout import (
    counts,
    customer_row,
    f4,
    outcome_row,
    policy_row,
    product_rule_at,
    u8,
)
from lifesim.lifecycle.mind import covariates, feel, linear, logistic
from lifesim.lifecycle.stages import enter, log, reach_milestone, refresh
from lifesim.population.columns import (
    CAUSE_LAPSED,
    CHURN_WARNING,
    DAY,
    E_LAPSE,
    E_PREMIUM,
    E_PURCHASE,
    E_SURRENDER,
    E_UNPAID,
    FIRST_PURCHASE,
    GRACE,
    HOLDING,
    IN_FORCE,
    LOST,
    NEVER,
    NONE,
    NOTICED,
    PURCHASE,
    RENEWAL_UPSELL,
    YEAR,
)
from lifesim.streams import normal, uniform, uniform_pair

NOTICE = 60 * DAY
I_PURCHASE, I_RENEWED, I_UNPAID = 4, 7, 8  # places in scenario.behaviour.IMPULSE_EVENTS
K_PREMIUM, K_RENEWAL = 0, 1  # places in rules.DECISIONS


@compiled
def issue(i: int, product: int, factor: float, now: int, w: Any) -> None:
    """Issue a policy: draw its premium, pay the first one, link it to the customer."""
    c = customer_row(w, i)
    rule = product_rule_at(w.product_rules, product)
    z = normal(uniform(u8(w.keys, K_PREMIUM), c.key, c.bought))
    income = 0.0
    if w.income_column >= 0:
        income = f4(w.traits, i * w.traits_each + w.income_column) * w.income_scale
    logarithm = rule.premium_log + rule.premium_income * income + rule.premium_spread * z
    premium = np.int64(round(math.exp(logarithm) * factor))
    place = counts(w).free_policy
    policy = policy_row(w, place)
    counts(w).free_policy = policy.next
    policy.customer = i
    policy.next = c.first_policy
    policy.issued = now
    policy.at = now + YEAR - NOTICE
    policy.premium = premium
    policy.number = c.bought
    policy.years = 0
    policy.product = product
    policy.status = IN_FORCE
    c.first_policy = place
    c.policies += 1
    c.bought += 1
    out = outcome_row(w, i)
    out.purchases += 1
    out.premium += premium
    out.ape += premium
    out.commission += np.int64(round(premium * rule.commission))
    if c.stage == FIRST_PURCHASE:
        out.first_purchases += 1
    find_policy(i, w)
    reach_milestone(i, PURCHASE, now, w)
    feel(i, I_PURCHASE, now, w)
    log(i, E_PURCHASE, product, premium, now, w)


@compiled
def find_policy(i: int, w: Any) -> None:
    """When something happens to one of the customer's policies next."""
    c = customer_row(w, i)
    soonest = NEVER
    place = c.first_policy
    while place != NONE:
        soonest = min(soonest, policy_row(w, place).at)
        place = policy_row(w, place).next
    c.policy_at = soonest


@compiled
def remove(i: int, place: int, w: Any) -> None:
    """Unlink a policy from its customer and free its place."""
    c = customer_row(w, i)
    if c.first_policy == place:
        c.first_policy = policy_row(w, place).next
    else:
        before = c.first_policy
        while policy_row(w, before).next != place:
            before = policy_row(w, before).next
        policy_row(w, before).next = policy_row(w, place).next
    policy_row(w, place).customer = NONE
    policy_row(w, place).next = counts(w).free_policy
    counts(w).free_policy = place
    c.policies -= 1


@compiled
def end_all(i: int, now: int, w: Any) -> None:
    """End every policy of a customer who surrenders, switches or dies."""
    while customer_row(w, i).first_policy != NONE:
        place = customer_row(w, i).first_policy
        log(i, E_SURRENDER, policy_row(w, place).product, 0, now, w)
        remove(i, place, w)
    customer_row(w, i).policy_at = NEVER


@compiled
def due_policy(i: int, w: Any) -> int:
    """Place of the policy that is next; at equal times the one issued first."""
    c = customer_row(w, i)
    found = NONE
    place = c.first_policy
    while place != NONE:
        policy = policy_row(w, place)
        if policy.at == c.policy_at and (found == NONE or policy.number < policy_row(w, found).number):
            found = place
        place = policy.next
    return found


@compiled
def on_policy(i: int, now: int, w: Any) -> None:
    """A date in the life of a policy: notice of the due date, due date, end of grace."""
    place = due_policy(i, w)
    policy = policy_row(w, place)
    if policy.status == IN_FORCE:
        policy.status = NOTICED
        policy.at = now + NOTICE
        if customer_row(w, i).stage == HOLDING:
            enter(i, RENEWAL_UPSELL, 0, now, w)
    elif policy.status == NOTICED:
        on_due(i, place, now, w)
    else:
        on_grace_end(i, place, now, w)
    find_policy(i, w)


@compiled
def on_due(i: int, place: int, now: int, w: Any) -> None:
    """Premium due, or time to buy again: paid or not by a keyed draw."""
    c = customer_row(w, i)
    policy = policy_row(w, place)
    subject = np.uint64(policy.number) * np.uint64(1024) + np.uint64(policy.years) * np.uint64(2)
    pays, silent = uniform_pair(u8(w.keys, K_RENEWAL), c.key, subject)
    covariates(i, now, w)
    out = outcome_row(w, i)
    out.due += 1
    out.due_settled += is_settled(policy.product, now, w)
    if pays < logistic(linear(w.renewal + policy.product, w)):
        pay(i, place, now, now, w)
        if c.stage == RENEWAL_UPSELL:
            enter(i, HOLDING, 0, now, w)
        return
    policy.status = GRACE
    policy.at = now + product_rule_at(w.product_rules, policy.product).grace
    feel(i, I_UNPAID, now, w)
    log(i, E_UNPAID, policy.product, policy.premium, now, w)
    if silent < w.silent_start and c.stage in (HOLDING, RENEWAL_UPSELL):
        enter(i, CHURN_WARNING, 0, now, w)
        c.phase = 3
        refresh(i, now, w)


@compiled
def is_settled(product: int, due: int, w: Any) -> int:
    """1 if a premium fell due since the fork and its grace period ends before the horizon does, else 0.

    Payments are set against such premiums alone. With those of the last days counted too, who pays at once would be
    in the share and who pays late would not.
    """
    return int(counts(w).fork <= due and due + product_rule_at(w.product_rules, product).grace < w.end)


@compiled
def on_grace_end(i: int, place: int, now: int, w: Any) -> None:
    """End of grace: recovered or lapsed; without a policy left the customer is lost."""
    c = customer_row(w, i)
    policy = policy_row(w, place)
    subject = np.uint64(policy.number) * np.uint64(1024) + np.uint64(policy.years) * np.uint64(2)
    covariates(i, now, w)
    u = uniform(u8(w.keys, K_RENEWAL), c.key, subject + np.uint64(1))
    if u < logistic(linear(w.recovery + policy.product, w)):
        pay(i, place, now - product_rule_at(w.product_rules, policy.product).grace, now, w)
        if c.stage == RENEWAL_UPSELL:
            enter(i, HOLDING, 0, now, w)
        return
    log(i, E_LAPSE, policy.product, policy.premium, now, w)
    remove(i, place, w)
    if c.policies == 0 and c.stage != LOST:
        enter(i, LOST, CAUSE_LAPSED, now, w)


@compiled
def pay(i: int, place: int, due: int, now: int, w: Any) -> None:
    """Receive an annual premium; the next notice follows the due date, not the day of payment."""
    policy = policy_row(w, place)
    policy.status = IN_FORCE
    policy.years += 1
    policy.at = due + YEAR - NOTICE
    out = outcome_row(w, i)
    out.paid += 1
    out.paid_settled += is_settled(policy.product, due, w)
    out.premium += policy.premium
    out.commission += np.int64(
        round(policy.premium * product_rule_at(w.product_rules, policy.product).renewal_commission)
    )
    feel(i, I_RENEWED, now, w)
    log(i, E_PREMIUM, policy.product, policy.premium, now, w)
