"""Money of a policy: instalments, commission and its claw-back, refunds, cash values, value of new business."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lifesim.compiled import compiled
from lifesim.dates import DAY
from lifesim.lifecycle.layout import counts, customer_row, outcome_row, policy_row, product_rule_at, rule_f8


@compiled
def price_cut(product: int, issued: int, w: Any) -> float:
    """Share off the premium of policies issued at a time; it stays for the life of the policy."""
    return rule_f8(w.price_cuts, product * w.days + issued // DAY) if w.has_cuts and issued >= 0 else 0.0


@compiled
def list_premium(policy: Any, w: Any) -> float:
    """Annual premium before any cut: what cover and claims are measured by."""
    return policy.premium / (1.0 - price_cut(policy.product, policy.issued, w))


@compiled
def after_cut(margin: float, policy: Any, w: Any) -> float:
    """Margin over the premium that is paid: what is taken off the price is taken off the margin."""
    cut = price_cut(policy.product, policy.issued, w)
    return (margin - cut) / (1.0 - cut)


@compiled
def instalment(policy: Any, number: int) -> Any:
    """The ``number``-th instalment in fen, 0 the first: those of a year add up to the annual premium exactly."""
    times, of_year = np.int64(policy.times), number % policy.times
    return policy.premium * (of_year + 1) // times - policy.premium * of_year // times


@compiled
def premiums_paid(policy: Any) -> Any:
    """Everything paid on a policy since issue, fen."""
    paid, times = np.int64(policy.paid) + 1, np.int64(policy.times)
    return policy.premium * (paid // times) + policy.premium * (paid % times) // times


@compiled
def commission(policy: Any, number: int, w: Any) -> Any:
    """Commission on the ``number``-th instalment, fen: one share in the first policy year, another later."""
    rule = product_rule_at(w.product_rules, policy.product)
    share = rule.commission if number < policy.times else rule.renewal_commission
    return np.int64(round(instalment(policy, number) * share))


@compiled
def at_fork(amount: Any, now: int, w: Any) -> Any:
    """What an amount of ``now`` is worth at the fork, fen: discounted at the rate of the scenario."""
    return np.int64(round(amount * math.exp(-w.discount * max(now - counts(w).fork, 0))))


@compiled
def book_value(i: int, amount: Any, now: int, w: Any) -> None:
    """Book value, as it is and as it was worth at the fork."""
    out = outcome_row(w, i)
    out.value += amount
    out.worth += at_fork(amount, now, w)


@compiled
def book_cost(i: int, amount: int, now: int, w: Any) -> None:
    """Book a cost, which stands in an account of its own, among what was spent on prospects and in the worth."""
    if amount == 0:
        return
    out = outcome_row(w, i)
    if customer_row(w, i).policies == 0:
        out.prospecting += amount
    out.worth -= at_fork(amount, now, w)


@compiled
def receive(i: int, place: int, number: int, now: int, w: Any) -> None:
    """Book the ``number``-th instalment of a policy, the commission on it, and its margin after the first year."""
    policy, out = policy_row(w, place), outcome_row(w, i)
    rule = product_rule_at(w.product_rules, policy.product)
    amount = instalment(policy, number)
    out.premium += amount
    out.commission += commission(policy, number, w)
    if number < policy.times:
        out.first_year_premium += amount
        return
    if rule.payments_years == 0:
        out.again_premium += amount
    book_value(i, np.int64(round(amount * after_cut(rule.renewal_margin, policy, w))), now, w)


@compiled
def book_new_business(i: int, place: int, sign: int, now: int, w: Any) -> None:
    """Book, or take back, the value of a new policy: margin x annualised premium."""
    policy = policy_row(w, place)
    margin = product_rule_at(w.product_rules, policy.product).margin
    book_value(i, sign * np.int64(round(policy.premium * after_cut(margin, policy, w))), now, w)


@compiled
def claw_back(i: int, place: int, now: int, w: Any) -> None:
    """A policy ends early: commission goes back by the product's rule, and its new business was of no value."""
    policy = policy_row(w, place)
    rule = product_rule_at(w.product_rules, policy.product)
    if now - policy.issued >= rule.claw_back_within:
        return
    paid = np.int64(0)
    for number in range(np.int64(policy.paid) + 1):
        paid += commission(policy, number, w)
    outcome_row(w, i).claw_back += np.int64(round(paid * rule.claw_back_share))
    book_new_business(i, place, -1, now, w)


@compiled
def refund(i: int, place: int, now: int, w: Any) -> Any:
    """Returned in the cooling-off period: every fen goes back, commission too; the fen refunded."""
    policy, out = policy_row(w, place), outcome_row(w, i)
    out.refund += premiums_paid(policy)
    out.claw_back += commission(policy, 0, w)
    book_new_business(i, place, -1, now, w)
    return premiums_paid(policy)


@compiled
def pay_cash_value(i: int, place: int, w: Any) -> Any:
    """Cash value at the end of a policy: a share of the premiums paid, by completed policy years; the fen paid."""
    policy = policy_row(w, place)
    years = min((np.int64(policy.paid) + 1) // policy.times, w.policy_years - 1)
    share = rule_f8(w.cash_value, policy.product * w.policy_years + years)
    amount = np.int64(round(premiums_paid(policy) * share))
    outcome_row(w, i).cash_value += amount
    return amount
