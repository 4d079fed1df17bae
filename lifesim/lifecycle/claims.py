"""Claims and requests: which policy claims, how much, when and how it is settled; what customers make of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lifesim.compiled import compiled
from lifesim.lifecycle.cover import standard_premium, sum_assured
from lifesim.lifecycle.endings import end_by_claim
from lifesim.lifecycle.incidence import incidence
from lifesim.lifecycle.layout import clock_rule_at, customer_row, outcome_row, policy_row, product_rule_at, rule_u8
from lifesim.lifecycle.mind import feel, feel_times
from lifesim.lifecycle.stages import episode_of, log
from lifesim.population.columns import (
    CLAIM_PAID,
    CLAIM_REDUCED,
    CLAIM_REFUSED,
    CLAIMED,
    DAY,
    E_CLAIM,
    E_REQUEST,
    E_SETTLED,
    NEVER,
    NONE,
)
from lifesim.scenario.behaviour import IMPULSE_EVENTS
from lifesim.streams import exponential, normal, uniform, uniform_pair

I_PAID, I_REDUCED, I_REFUSED, I_WAITED, I_ANSWERED, I_ANSWER_WAITED = (
    IMPULSE_EVENTS.index(name)
    for name in ("claim_paid", "claim_reduced", "claim_refused", "claim_waited", "request_answered", "request_waited")
)
K_CLAIM = 3  # place in rules.DECISIONS
#: What else of a claim is drawn, above the number of the claim, of which there are fewer than 2**32.
_HOW, _WHICH = np.uint64(1 << 63), np.uint64(32)


@compiled
def policy_that_claims(i: int, episode: int, w: Any) -> int:
    """Place of the policy that claims, chosen in proportion to incidence; ``NONE`` without cover.

    Each policy has a waiting time of its own, keyed by its number, and the first claims: one policy more takes claims
    from none of the others to another.
    """
    key = customer_row(w, i).key
    found, soonest = NONE, np.inf
    place = customer_row(w, i).first_policy
    while place != NONE:
        rate = incidence(i, place, w)
        if rate > 0.0:
            about = np.uint64(policy_row(w, place).number + 1) << _WHICH | np.uint64(episode)
            waits = exponential(uniform(rule_u8(w.keys, K_CLAIM), key, about)) / rate
            if waits < soonest:
                found, soonest = place, waits
        place = policy_row(w, place).next
    return found


@compiled
def multiple(product: int, u: float, w: Any) -> float:
    """Claim over the annual premium, or the sum assured, by the inverse of its distribution."""
    rule = product_rule_at(w.product_rules, product)
    if rule.severity_spread < 0.0:
        return rule.severity * exponential(u)
    return rule.severity * math.exp(rule.severity_spread * (normal(u) - 0.5 * rule.severity_spread))


@compiled
def claim(i: int, slot: int, now: int, w: Any) -> None:
    """A claim on one of the customer's policies; what will become of it, and when, is drawn with it.

    A claim while another waits has that one settled at once: a customer has one file, and it is opened again.
    """
    c = customer_row(w, i)
    episode = episode_of(i, slot, w)
    if c.settled_at != NEVER:
        # First, because it may end the policy that would claim.
        on_settled(i, now, w)
    place = policy_that_claims(i, episode, w)
    if place == NONE:
        return
    policy = policy_row(w, place)
    u_amount, u_outcome = uniform_pair(rule_u8(w.keys, K_CLAIM), c.key, episode)
    u_time = uniform(rule_u8(w.keys, K_CLAIM), c.key, _HOW | np.uint64(episode))
    insured = product_rule_at(w.product_rules, policy.product).severity_of_sum
    of = sum_assured(place, w) if insured else standard_premium(policy, w)
    c.claimed = np.int64(round(of * multiple(policy.product, u_amount, w)))
    c.claim_product = policy.product
    c.claim_outcome = outcome(u_outcome, w)
    c.claimed_at = now
    if product_rule_at(w.product_rules, policy.product).ends_policy:
        policy.marks |= CLAIMED
    takes = w.settled_within * math.exp(w.settled_spread * normal(u_time))
    c.settled_at = int(min(now + max(takes, 1.0), float(NEVER - 1)))
    outcome_row(w, i).claims_made += 1
    log(i, E_CLAIM, policy.product, c.claimed, now, w)


@compiled
def outcome(u: float, w: Any) -> int:
    """What becomes of a claim: refused below reduced below paid."""
    if u < w.claims_disappointed * w.claims_refused:
        return CLAIM_REFUSED
    return CLAIM_REDUCED if u < w.claims_disappointed else CLAIM_PAID


@compiled
def on_settled(i: int, now: int, w: Any) -> None:
    """A claim is settled: money, and what the customer makes of outcome and time."""
    c = customer_row(w, i)
    amount = c.claimed
    if c.claim_outcome == CLAIM_REFUSED:
        amount = np.int64(0)
        feel(i, I_REFUSED, now, w)
    elif c.claim_outcome == CLAIM_REDUCED:
        amount = np.int64(round(amount * w.claims_reduced_to))
        feel(i, I_REDUCED, now, w)
    else:
        feel(i, I_PAID, now, w)
    feel_times(i, I_WAITED, math.log2(max(now - c.claimed_at, 1) / w.settled_within), now, w)
    outcome_row(w, i).claims += amount
    log(i, E_SETTLED, c.claim_product + 256 * c.claim_outcome, amount, now, w)
    c.settled_at = NEVER
    if product_rule_at(w.product_rules, c.claim_product).ends_policy:
        end_by_claim(i, now, w)


@compiled
def answer_request(i: int, slot: int, row: int, now: int, w: Any) -> None:
    """A request for a change of a policy is answered; how long that took is drawn now."""
    c = customer_row(w, i)
    if c.policies == 0:
        return
    key = rule_u8(w.keys, K_CLAIM) ^ clock_rule_at(w.clock_rules, row).key
    doublings = w.answered_spread * normal(uniform(key, c.key, episode_of(i, slot, w))) / math.log(2.0)
    feel(i, I_ANSWERED, now, w)
    feel_times(i, I_ANSWER_WAITED, doublings, now, w)
    log(i, E_REQUEST, int(w.answered_within * 2.0**doublings / DAY), 0, now, w)
