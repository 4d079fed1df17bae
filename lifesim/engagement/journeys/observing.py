"""What the insurer sees of one customer at a moment, and whether an audience holds them; compiled.

The same columns as those of the views that strategies get, one customer at a time.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.compiled import compiled, compiled_entry
from lifesim.engagement.journeys.layout import AND, COMPARE, NOT, Seen
from lifesim.lifecycle.cover import sum_assured
from lifesim.lifecycle.layout import (
    customer_row,
    i4,
    policy_row,
    product_rule_at,
    rule_f4,
    rule_f8,
    rule_i8,
    rule_u8,
    signal_row,
    u1,
    world_at,
)
from lifesim.population.columns import DAY, GRACE, IN_FORCE, NEVER, NONE, NOTICE, ORPHAN, SUSPENDED
from lifesim.population.consent import HEALTH_DATA
from lifesim.population.tags import K_TAG, NEVER_DAYS
from lifesim.scenario.channels import CHANNELS
from lifesim.streams import look_again

(_AGE, _BRANCH, _STAGE, _POLICIES, _ORPHAN, _TENURE, _SINCE_SESSION, _SINCE_TOUCH, _TO_DUE, _WAITS, _CONSENTS, _HOLDS,
 _TAG, _SUM_ASSURED, _PREMIUM, _CHURN_SCORE, _SINCE,
 _SINCE_HEALTH) = (int(each) for each in Seen)  # fmt: skip
#: From this number on a consent is one for a purpose, see ``programs``.
_PURPOSES = len(CHANNELS)
_LESS, _AT_MOST, _EQUAL, _UNEQUAL, _AT_LEAST = range(5)


@compiled
def days_since(time: int, now: int) -> float:
    """Days since a time; capped where there was none."""
    return min((now - time) / DAY, float(NEVER_DAYS))


@compiled
def next_due(i: int, again: bool, w: Any) -> int:
    """The earliest date at which a premium is due, or was due and is in grace; ``NEVER`` without any.

    With ``again`` of short cover alone, which ends then and is bought again.
    """
    soonest = NEVER
    place = customer_row(w, i).first_policy
    while place != NONE:
        policy = policy_row(w, place)
        rule = product_rule_at(w.product_rules, policy.product)
        if policy.status <= GRACE and not (again and rule.payments_years > 0):
            at = policy.at
            if policy.status == IN_FORCE:
                at += NOTICE
            elif policy.status == GRACE:
                at -= rule.grace
            soonest = min(soonest, at)
        place = policy.next
    return soonest


@compiled
def holds(i: int, product: int, w: Any) -> bool:
    """Whether a customer holds a product."""
    place = customer_row(w, i).first_policy
    while place != NONE:
        policy = policy_row(w, place)
        if policy.product == product and policy.status < SUSPENDED:
            return True
        place = policy.next
    return False


@compiled
def premium_held(i: int, insured: bool, w: Any) -> float:
    """Annual premiums that fall due, or with ``insured`` the sums assured of policies held, CNY."""
    total = 0.0
    place = customer_row(w, i).first_policy
    while place != NONE:
        policy = policy_row(w, place)
        if insured and policy.status < SUSPENDED:
            total += sum_assured(place, w)
        elif not insured and policy.status <= GRACE:
            total += policy.premium
        place = policy.next
    return total / 100.0


@compiled
def tag(i: int, w: Any) -> int:
    """The segment as the insurer estimates it, see ``population.tags``; -1 before it has looked."""
    if w.tags_observed:
        return int(signal_row(w, i).tag) - 1
    c = customer_row(w, i)
    u, _, _ = look_again(rule_u8(w.keys, K_TAG), c.key, 0)
    if u < w.recognised:
        return c.segment
    for k in range(w.segments - 1):
        if (u - w.recognised) / (1.0 - w.recognised) < rule_f8(w.tag_mix, k):
            return k
    return w.segments - 1


@compiled
def seen(i: int, what: int, about: int, now: int, w: Any) -> float:
    """One column of one customer, see ``layout.Seen``."""
    c = customer_row(w, i)
    if what == _AGE:
        # As wide as the column of a view, so that whole years are whole years in both.
        trait = np.float32(rule_f4(w.traits, i * w.traits_each + w.age_column))
        return float(trait * np.float32(w.age_scale) + np.float32(w.age_center))
    if what == _BRANCH:
        return float(c.branch)
    if what == _STAGE:
        return float(c.seen_stage)
    if what == _POLICIES:
        return float(c.policies)
    if what == _ORPHAN:
        return 1.0 if c.marks & ORPHAN else 0.0
    if what == _TENURE:
        return days_since(c.joined, now)
    if what == _SINCE_SESSION:
        return days_since(c.last_session, now)
    if what == _SINCE_TOUCH:
        return days_since(c.recent_sends[0], now)
    if what == _TO_DUE:
        due = next_due(i, False, w)
        return float(NEVER_DAYS) if due == NEVER else min((due - now) / DAY, float(NEVER_DAYS))
    if what == _WAITS:
        return float(c.waits)
    if what == _CONSENTS and about >= _PURPOSES:
        return 1.0 - float((u1(w.refused, i) >> (about - _PURPOSES)) & 1) if w.purposed else 1.0
    if what == _CONSENTS:
        return float((c.consent >> about) & 1)
    if what == _HOLDS:
        return 1.0 if holds(i, about, w) else 0.0
    if what == _TAG:
        return 1.0 if tag(i, w) == about else 0.0
    if what == _CHURN_SCORE:
        return float(signal_row(w, i).score)
    if what == _SINCE_HEALTH and (u1(w.refused, i) >> HEALTH_DATA) & 1:
        return float(NEVER_DAYS)
    if what in (_SINCE, _SINCE_HEALTH):
        return days_since(i4(w.recalled, i * w.recall_width + about), now)
    return premium_held(i, what == _SUM_ASSURED, w)


@compiled
def compared(value: float, comparison: int, with_: float) -> bool:
    """A comparison by its number in ``scenario.journeys.expressions.COMPARISONS``."""
    if comparison == _LESS:
        return value < with_
    if comparison == _AT_MOST:
        return value <= with_
    if comparison == _EQUAL:
        return value == with_
    if comparison == _UNEQUAL:
        return value != with_
    if comparison == _AT_LEAST:
        return value >= with_
    return value > with_


@compiled
def belongs(i: int, audience: int, now: int, w: Any) -> bool:
    """Whether a customer is in an audience; what is still to be joined lies in bits of a number, the last lowest."""
    stack = 0
    for row in range(rule_i8(w.audience_from, audience), rule_i8(w.audience_from, audience + 1)):
        what = rule_i8(w.audience_rows, row * 4)
        if what == COMPARE:
            value = seen(i, rule_i8(w.audience_rows, row * 4 + 1), rule_i8(w.audience_rows, row * 4 + 2), now, w)
            truth = compared(value, rule_i8(w.audience_rows, row * 4 + 3), rule_f8(w.audience_values, row))
            stack = stack * 2 + (1 if truth else 0)
        elif what == NOT:
            stack ^= 1
        else:
            last, before = stack & 1, (stack >> 1) & 1
            stack = (stack >> 2) * 2 + (last & before if what == AND else last | before)
    return stack & 1 == 1


@compiled_entry
def columns_of(rows: Any, what: int, about: int, now: int, world: int, out: Any) -> None:
    """Write one column of some customers, see ``seen``, into ``out``, shape (n,)."""
    w = world_at(world, 0)
    for k in range(len(rows)):
        out[k] = seen(rows[k], what, about, now, w)
