"""Ends of single policies that are no lapse: given back, matured, ended by a claim."""

from __future__ import annotations

from typing import Any

from lifesim.compiled import compiled
from lifesim.lifecycle.cover import payout
from lifesim.lifecycle.layout import customer_row, outcome_row, policy_row, product_rule_at
from lifesim.lifecycle.persistency import CLAIM_ENDED, MATURED, count_life, count_new
from lifesim.lifecycle.policies import find_policy, remove
from lifesim.lifecycle.stages import enter, log, refresh
from lifesim.lifecycle.value import instalment, refund
from lifesim.population.columns import (
    AWARENESS,
    CAUSE_CLAIMED,
    CAUSE_MATURED,
    CLAIM_REFUSED,
    CLAIMED,
    E_CLAIM_ENDED,
    E_MATURED,
    E_RETURNED,
    LOST,
    NONE,
    SUSPENDED,
)


@compiled
def give_back(i: int, place: int, now: int, w: Any) -> None:
    """A new policy is given back for a full refund; without another the customer is a prospect again."""
    c = customer_row(w, i)
    outcome_row(w, i).returned += 1
    count_new(i, place, -1, w)
    log(i, E_RETURNED, policy_row(w, place).product, refund(i, place, now, w), now, w)
    remove(i, place, w)
    if c.policies == 0 and c.stage != LOST:
        enter(i, AWARENESS, 0, now, w)


@compiled
def mature(i: int, place: int, now: int, w: Any) -> None:
    """A policy reaches the end of its term and pays what was agreed; without another the customer has left."""
    c, policy = customer_row(w, i), policy_row(w, place)
    rule = product_rule_at(w.product_rules, policy.product)
    amount = payout(place, rule.maturity_pays, rule.maturity_of_sum, w)
    outcome_row(w, i).maturity += amount
    count_life(place, now, MATURED, w)
    log(i, E_MATURED, policy.product, amount, now, w)
    remove(i, place, w)
    if c.policies == 0 and c.stage != LOST:
        enter(i, LOST, CAUSE_MATURED, now, w)


@compiled
def end_by_claim(i: int, now: int, w: Any) -> None:
    """The claim that has been settled ends its policy, unless it was refused or the policy has ended already."""
    c = customer_row(w, i)
    place = c.first_policy
    while place != NONE and not policy_row(w, place).marks & CLAIMED:
        place = policy_row(w, place).next
    if place == NONE:
        return
    policy = policy_row(w, place)
    if c.claim_outcome == CLAIM_REFUSED:
        policy.marks &= ~CLAIMED
        return
    if policy.status < SUSPENDED:
        count_life(place, now, CLAIM_ENDED, w)
    log(i, E_CLAIM_ENDED, policy.product, instalment(policy, 0), now, w)
    remove(i, place, w)
    find_policy(i, w)
    if c.policies == 0 and c.stage != LOST:
        enter(i, LOST, CAUSE_CLAIMED, now, w)
    else:
        refresh(i, now, w)
