"""How long policies last: exposure and ends by policy year, and new policies after 13 and 25 months."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.compiled import compiled, compiled_entry
from lifesim.dates import DAY, due_date
from lifesim.lifecycle.layout import counts, outcome_row, policy_row, product_rule_at, tally, world_at
from lifesim.population.columns import NONE, OF_FORK, POLICY_YEARS, REINSTATED, RETURNING, STANDING, SUSPENDED

#: Columns of ``policy_life``; the first is the exposure in seconds.
LAPSED, SURRENDERED, DIED, MONTHS, MATURED, CLAIM_ENDED, LIFE_COLUMNS = 1, 2, 3, 4, 5, 6, 7


@compiled
def count_life(place: int, until: int, how: int, w: Any) -> None:
    """Add a policy's time since the fork to its policy years, and its end, if ``how`` says one, to the last of them.

    A lapse on an anniversary ends the policy year before it. A policy that was reinstated counts until its first lapse.
    The last grace period of the run is left out: nobody knows yet who lapsed in it.
    """
    policy = policy_row(w, place)
    since = max(counts(w).fork, policy.issued)
    last = w.end - product_rule_at(w.product_rules, policy.product).grace - 1
    if policy.marks & REINSTATED or until < since or since > last:
        return
    how = how if until <= last else 0
    until = min(until, last)
    year = (since - policy.issued) // (366 * DAY)
    while due_date(policy.issued, year + 1, 1, w.first_day) <= since:
        year += 1
    while True:
        ends = due_date(policy.issued, year + 1, 1, w.first_day)
        cell = (policy.product * POLICY_YEARS + min(year, POLICY_YEARS - 1)) * LIFE_COLUMNS
        tally(w.policy_life, cell, min(ends, until) - since)
        if until <= ends:
            break
        since = ends
        year += 1
    if how > 0:
        tally(w.policy_life, cell + how, 1)


@compiled
def count_due(place: int, number: int, due: int, w: Any) -> None:
    """Add an instalment that was settled, paid or lapsed, to its policy year: the months that it is for."""
    policy = policy_row(w, place)
    last = w.end - product_rule_at(w.product_rules, policy.product).grace - 1
    if policy.marks & REINSTATED or due < counts(w).fork or due > last:
        return
    year = min((number - 1) // policy.times, POLICY_YEARS - 1)
    tally(w.policy_life, (policy.product * POLICY_YEARS + year) * LIFE_COLUMNS + MONTHS, 12 // policy.times)


@compiled_entry
def count_living(places: int, until: int, world: int) -> None:
    """Add the exposure of all policies in force at the end of a run."""
    w = world_at(world, 0)
    for place in range(places):
        policy = policy_row(w, place)
        if policy.customer != NONE and policy.status < RETURNING:
            count_life(place, until, 0, w)


@compiled
def is_observed(policy: Any, years: int, w: Any) -> bool:
    """Whether a long-term policy was issued since the fork, so early that its ``years``-th anniversary is settled."""
    rule = product_rule_at(w.product_rules, policy.product)
    if policy.issued < counts(w).fork or rule.payments_years <= years:
        return False
    return due_date(policy.issued, years, 1, w.first_day) + rule.grace < w.end


@compiled
def count_new(i: int, place: int, sign: int, w: Any) -> None:
    """Enter a new policy among those whose persistency is measured, or take it out again (given back)."""
    policy, out = policy_row(w, place), outcome_row(w, i)
    if is_observed(policy, 1, w):
        out.new_month_13 += sign
        out.new_premium_13 += sign * policy.premium
    if is_observed(policy, 2, w):
        out.new_month_25 += sign
        out.new_premium_25 += sign * policy.premium


@compiled
def count_kept(i: int, place: int, w: Any) -> None:
    """A premium was paid: that of the 13th month, that of the 25th, or another."""
    policy, out = policy_row(w, place), outcome_row(w, i)
    if policy.paid == policy.times and is_observed(policy, 1, w):
        out.kept_month_13 += 1
        out.kept_premium_13 += policy.premium
    elif policy.paid == 2 * policy.times and is_observed(policy, 2, w):
        out.kept_month_25 += 1
        out.kept_premium_25 += policy.premium


@compiled
def leaves_fork(place: int, w: Any) -> int:
    """1 if a policy that ends is one of the long-term policies in force at the fork; each ends once, else 0."""
    policy = policy_row(w, place)
    if not policy.marks & OF_FORK:
        return 0
    policy.marks ^= OF_FORK
    return 1


def mark_fork(policies: Any, is_long: Any) -> tuple[Any, Any]:
    """Mark the long-term policies in force, or in grace, at the fork.

    Parameters
    ----------
    policies
        The pool, changed in place.
    is_long
        Shape (products,).

    Returns
    -------
    tuple
        Rows of the customers of those policies, and of suspended ones; once for each policy.
    """
    long = (policies["customer"] != NONE) & is_long[policies["product"]]
    rests = long & (policies["status"] == SUSPENDED)
    in_force = long & np.isin(policies["status"], STANDING)
    policies["marks"] &= ~np.uint8(OF_FORK)
    policies["marks"][in_force] |= OF_FORK
    return policies["customer"][in_force], policies["customer"][rests]
