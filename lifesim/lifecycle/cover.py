"""Sums assured, each a multiple of its own of the annual premium, drawn anew wherever needed, and what they pay."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lifesim.compiled import compiled
from lifesim.lifecycle.layout import customer_row, outcome_row, policy_row, product_rule_at, rule_u8
from lifesim.lifecycle.value import list_premium, premiums_paid
from lifesim.population.columns import LOADED
from lifesim.streams import look_again, normal

K_SUM_ASSURED = 21  # place in rules.DECISIONS


@compiled
def standard_premium(policy: Any, w: Any) -> float:
    """The annual premium that buys the cover of a policy, fen: at the list price and without a loading."""
    if policy.marks & LOADED:
        return list_premium(policy, w) / product_rule_at(w.product_rules, policy.product).loading
    return list_premium(policy, w)


@compiled
def sum_assured(place: int, w: Any) -> Any:
    """Sum assured of a policy, fen.

    The multiple is lognormal around the product's mean and depends on customer and number of the policy alone, so that
    no column has to hold it.
    """
    policy = policy_row(w, place)
    rule = product_rule_at(w.product_rules, policy.product)
    multiple = rule.cover_multiple
    if rule.cover_spread > 0.0:
        z = normal(look_again(rule_u8(w.keys, K_SUM_ASSURED), customer_row(w, policy.customer).key, policy.number)[0])
        multiple *= math.exp(rule.cover_spread * (z - 0.5 * rule.cover_spread))
    return np.int64(round(standard_premium(policy, w) * multiple))


@compiled
def payout(place: int, pays: float, of_sum: bool, w: Any) -> Any:
    """A multiple of the sum assured of a policy, or of the premiums paid on it, fen."""
    of = sum_assured(place, w) if of_sum else premiums_paid(policy_row(w, place))
    return np.int64(round(of * pays))


@compiled
def pay_death_benefit(i: int, place: int, w: Any) -> Any:
    """What a policy in force pays when the customer dies; the fen paid."""
    rule = product_rule_at(w.product_rules, policy_row(w, place).product)
    amount = payout(place, rule.death_pays, rule.death_of_sum, w)
    outcome_row(w, i).death_benefit += amount
    return amount
