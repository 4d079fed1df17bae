"""States of mind: distances from a baseline that decay in closed form, moved by impulses.

A state is read at any time without being written: value = baseline + offset x exp(-fade x (now - at)).
"""

from __future__ import annotations

import math
from typing import Any

from lifesim.compiled import compiled, compiled_entry, compiled_inline
from lifesim.lifecycle.cover import sum_assured
from lifesim.lifecycle.layout import (
    content_rule_at,
    customer_row,
    f8,
    mind_row,
    policy_row,
    predictor_at,
    product_rule_at,
    rule_f4,
    rule_f8,
    set_f8,
    state_rule_at,
    term_at,
    world_at,
)
from lifesim.population.columns import COMPARER, NONE, ORPHAN, SUSPENDED, YEAR


@compiled
def baseline(i: int, k: int, w: Any) -> float:
    """What state ``k`` of customer ``i`` decays to."""
    rule = state_rule_at(w.state_rules, k)
    if rule.trait < 0:
        return rule.baseline
    return rule.baseline + rule_f4(w.traits, i * w.traits_each + rule.trait)


@compiled
def state_value(i: int, k: int, now: int, w: Any) -> float:
    """State ``k`` of customer ``i`` at ``now``."""
    mind = mind_row(w, i, k)
    value = baseline(i, k, w)
    if mind.offset != 0.0:
        value += mind.offset * math.exp(-state_rule_at(w.state_rules, k).fade * (now - mind.at))
    return value


@compiled
def move(i: int, k: int, amount: float, now: int, w: Any) -> None:
    """Add ``amount`` to state ``k``, as far as it can be moved; an amount of zero changes no bit."""
    if amount == 0.0:
        return
    mind = mind_row(w, i, k)
    rule = state_rule_at(w.state_rules, k)
    offset = mind.offset * math.exp(-rule.fade * (now - mind.at)) + amount
    mind.offset = min(rule.most, max(-rule.most, offset))
    mind.at = now


@compiled
def feel(i: int, event: int, now: int, w: Any) -> None:
    """The impulses of an event on all states."""
    for k in range(w.states):
        move(i, k, rule_f8(w.impulses, event * w.states + k), now, w)


@compiled
def feel_times(i: int, event: int, times: float, now: int, w: Any) -> None:
    """The impulses of an event, ``times`` as strong."""
    for k in range(w.states):
        move(i, k, times * rule_f8(w.impulses, event * w.states + k), now, w)


@compiled
def covariates(i: int, now: int, w: Any) -> None:
    """Fill the scratch with every covariate of customer ``i`` at ``now``: traits, states, derived, gaps."""
    all_but_gaps(i, now, w)
    gaps(i, w.covariates - w.families, w)


@compiled_inline
def all_but_gaps(i: int, now: int, w: Any) -> None:
    """Fill the scratch with every covariate but the gaps, which cost a look at each policy."""
    c = customer_row(w, i)
    traits = w.traits_each
    states = w.states
    for k in range(traits):
        set_f8(w.scratch, k, rule_f4(w.traits, i * w.traits_each + k))
    for k in range(states):
        set_f8(w.scratch, traits + k, state_value(i, k, now, w))
    d = traits + states
    set_f8(w.scratch, d, c.policies)
    set_f8(w.scratch, d + 1, 1.0 if c.marks & ORPHAN else 0.0)
    set_f8(w.scratch, d + 2, 1.0 if c.marks & COMPARER else 0.0)
    set_f8(w.scratch, d + 3, (now - c.joined) / YEAR)
    set_f8(w.scratch, d + 4, (now - c.stage_since) / YEAR)
    set_f8(w.scratch, d + 5, c.phase)
    set_f8(w.scratch, d + 6, 1.0 if c.answered_at >= c.stage_since else 0.0)


@compiled
def gaps(i: int, first: int, w: Any) -> None:
    """Wanted cover that is not held, by family, in years of income, with traits and states in the scratch.

    Cover that rests is not held.
    """
    for k in range(w.families):
        set_f8(w.scratch, first + k, 0.0)
    if not w.wanting:
        return
    place = customer_row(w, i).first_policy
    while place != NONE:
        policy = policy_row(w, place)
        if policy.status < SUSPENDED:
            rule = product_rule_at(w.product_rules, policy.product)
            set_f8(w.scratch, first + rule.family, f8(w.scratch, first + rule.family) + sum_assured(place, w))
        place = policy.next
    income = math.exp(w.income_log + w.income_scale * f8(w.scratch, w.income_column))
    for k in range(w.families):
        missing = math.exp(linear(w.cover + k, w)) - f8(w.scratch, first + k) / income
        set_f8(w.scratch, first + k, max(0.0, missing))


@compiled
def aimed(i: int, content: int, now: int, w: Any) -> float:
    """How much a content is to the point for customer ``i``: 1 from its ``gap`` on, 0 where enough cover is held."""
    rule = content_rule_at(w.content_rules, content)
    if rule.family < 0:
        return 1.0
    covariates(i, now, w)
    return min(1.0, f8(w.scratch, w.covariates - w.families + rule.family) / rule.gap)


@compiled_entry
def gaps_of(rows: Any, family: int, now: int, world: int, out: Any) -> None:
    """Write the gap of some customers in a family of needs into ``out``, shape (n,)."""
    w = world_at(world, 0)
    for k in range(len(rows)):
        covariates(rows[k], now, w)
        out[k] = f8(w.scratch, w.covariates - w.families + family)


@compiled
def linear(predictor: int, w: Any) -> float:
    """Linear predictor with the covariates in the scratch: intercept + sum of coefficient x covariate."""
    rule = predictor_at(w.predictors, predictor)
    total = rule.intercept
    for j in range(rule.term_from, rule.term_to):
        term = term_at(w.terms, j)
        total += term.value * f8(w.scratch, term.column)
    return total


@compiled
def logistic(x: float) -> float:
    """Chance from log-odds."""
    return 1.0 / (1.0 + math.exp(-x))
