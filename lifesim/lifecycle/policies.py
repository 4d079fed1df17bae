"""Policies: issue, cooling-off, dates, the customer's list of them, the end of all."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lifesim.compiled import compiled, compiled_entry
from lifesim.dates import due_date
from lifesim.lifecycle.cover import pay_death_benefit
from lifesim.lifecycle.layout import (
    counts,
    customer_row,
    outcome_row,
    policy_row,
    product_rule_at,
    rule_f4,
    rule_u8,
    tally,
    world_at,
)
from lifesim.lifecycle.mind import feel
from lifesim.lifecycle.months import count_received, count_sold
from lifesim.lifecycle.persistency import DIED, SURRENDERED, count_life, count_new, leaves_fork
from lifesim.lifecycle.stages import log, reach_milestone
from lifesim.lifecycle.value import (
    book_cost,
    book_new_business,
    claw_back,
    instalment,
    pay_cash_value,
    price_cut,
    receive,
)
from lifesim.population.columns import (
    APPLICATION_OUTCOMES,
    APPLIED,
    BARRED,
    BOUGHT_MORE,
    E_DEATH,
    E_ENDED,
    E_PURCHASE,
    E_SURRENDER,
    E_UNDERWRITTEN,
    FIRST,
    FIRST_BOUGHT,
    FIRST_PURCHASE,
    HELD_AT_FORK,
    IN_FORCE,
    NEVER,
    NO_DAY,
    NONE,
    NOTICE,
    NOTICED,
    O_EXCLUDED,
    O_LOADED,
    O_STANDARD,
    O_WITHDRAWN,
    PAID_UP,
    PURCHASE,
    RETURNING,
    SUSPENDED,
)
from lifesim.streams import normal, uniform, uniform_pair

I_PURCHASE = 4  # place in scenario.behaviour.IMPULSE_EVENTS
K_PREMIUM, K_FREQUENCY, K_COOLING_OFF = 0, 12, 20  # places in rules.DECISIONS


@compiled
def frequency(key: Any, number: int, product: int, w: Any) -> int:
    """Instalments a year of a customer's ``number``-th policy."""
    rule = product_rule_at(w.product_rules, product)
    if rule.frequency[0] >= 1.0:
        return 1
    u = uniform(rule_u8(w.keys, K_FREQUENCY), key, number)
    if u < rule.frequency[0]:
        return 1
    if u < rule.frequency[1]:
        return 2
    return 4 if u < rule.frequency[2] else 12


@compiled
def begin_policy(i: int, place: int, now: int, w: Any) -> None:
    """A new policy is given back in the cooling-off period, at a time of the customer's own, or kept."""
    policy = policy_row(w, place)
    rule = product_rule_at(w.product_rules, policy.product)
    if rule.returned > 0.0:
        returns, when = uniform_pair(rule_u8(w.keys, K_COOLING_OFF), customer_row(w, i).key, policy.number)
        if returns < rule.returned:
            policy.status = RETURNING
            policy.at = now + 1 + int(when * rule.cooling_off)
            return
    schedule(place, now, w)


@compiled
def schedule(place: int, now: int, w: Any) -> None:
    """Set the next date of a policy in force: the notice of an anniversary, another due date, maturity, or none."""
    policy = policy_row(w, place)
    rule = product_rule_at(w.product_rules, policy.product)
    number = policy.paid + 1
    policy.causes = 0
    policy.cured = 0
    if rule.payments_years > 0 and number >= rule.payments_years * policy.times:
        policy.status = PAID_UP
        policy.at = NEVER
        if rule.matures_after > 0:
            policy.at = max(now, due_date(policy.issued, rule.matures_after, 1, w.first_day))
        return
    due = due_date(policy.issued, number, policy.times, w.first_day)
    anniversary = number % policy.times == 0
    policy.status = IN_FORCE if anniversary else NOTICED
    policy.at = max(now, due - NOTICE) if anniversary else due


@compiled
def write_policy(i: int, product: int, factor: float, now: int, w: Any) -> int:
    """Write a policy down, not yet in force, and link it to the customer: its premium and how it is paid; its place."""
    c = customer_row(w, i)
    rule = product_rule_at(w.product_rules, product)
    z = normal(uniform(rule_u8(w.keys, K_PREMIUM), c.key, c.bought))
    income = 0.0
    if w.income_column >= 0:
        income = rule_f4(w.traits, i * w.traits_each + w.income_column) * w.income_scale
    logarithm = rule.premium_log + rule.premium_income * income + rule.premium_spread * z
    premium = np.int64(round(math.exp(logarithm) * factor * (1.0 - price_cut(product, now, w))))
    times = frequency(c.key, c.bought, product, w)
    place = counts(w).free_policy
    policy = policy_row(w, place)
    counts(w).free_policy = policy.next
    policy.customer = i
    policy.next = c.first_policy
    policy.issued = now
    policy.status = APPLIED
    policy.premium = premium
    policy.number = c.bought
    policy.paid = 0
    policy.product = product
    policy.times = times
    policy.causes = 0
    policy.cured = 0
    policy.recovers = 0
    policy.marks = FIRST if c.stage == FIRST_PURCHASE else 0
    c.first_policy = place
    c.bought += 1
    return place


@compiled
def issue(i: int, place: int, now: int, w: Any) -> None:
    """Issue a policy that has been written down: it begins now, and the first instalment is received."""
    c, policy = customer_row(w, i), policy_row(w, place)
    policy.issued = now
    begin_policy(i, place, now, w)
    c.policies += 1
    out = outcome_row(w, i)
    out.purchases += int(policy.premium > 0)
    out.ape += policy.premium
    receive(i, place, 0, now, w)
    book_new_business(i, place, 1, now, w)
    count_new(i, place, 1, w)
    count_sold(place, now, w)
    count_received(place, instalment(policy, 0), now, w)
    if policy.premium == 0:
        give(i, policy.product, now, w)
    else:
        count_purchase(i, place, now, w)
    find_policy(i, w)
    feel(i, I_PURCHASE, now, w)
    log(i, E_PURCHASE, policy.product, instalment(policy, 0), now, w)


@compiled
def count_application(i: int, place: int, outcome: int, now: int, w: Any) -> None:
    """An application has come to an end."""
    out, product = outcome_row(w, i), policy_row(w, place).product
    out.decided += 1
    out.accepted += int(outcome in (O_EXCLUDED, O_LOADED, O_STANDARD))
    tally(w.applications, product * len(APPLICATION_OUTCOMES) + outcome, 1)
    log(i, E_UNDERWRITTEN, product + 256 * outcome, 0, now, w)


@compiled
def give(i: int, product: int, now: int, w: Any) -> None:
    """Free cover is no purchase: it costs us something, and its holder leaves an address and may be written to."""
    cost = product_rule_at(w.product_rules, product).gift
    outcome_row(w, i).benefit += cost
    book_cost(i, cost, now, w)
    customer_row(w, i).consent |= (1 << w.channels) - 1


@compiled
def count_purchase(i: int, place: int, now: int, w: Any) -> None:
    """A policy has been bought: the first one, also of somebody who has held free cover until now, or a further one."""
    c = customer_row(w, i)
    if policy_row(w, place).marks & FIRST or (c.policies > 1 and c.milestones[PURCHASE] == NO_DAY):
        outcome_row(w, i).first_purchases += 1
        c.marks |= FIRST_BOUGHT
    if c.marks & HELD_AT_FORK:
        c.marks |= BOUGHT_MORE
    reach_milestone(i, PURCHASE, now, w)


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
    if policy_row(w, place).status < SUSPENDED:
        c.policies -= 1
    policy_row(w, place).customer = NONE
    policy_row(w, place).next = counts(w).free_policy
    counts(w).free_policy = place


@compiled
def end_all(i: int, died: bool, now: int, w: Any) -> None:
    """End every policy of a customer who surrenders or switches, for its cash value, or who has died."""
    place = customer_row(w, i).first_policy
    while place != NONE:
        status, following = policy_row(w, place).status, policy_row(w, place).next
        if status == APPLIED:
            count_application(i, place, O_WITHDRAWN, now, w)
            remove(i, place, w)
        elif status != BARRED:
            end(i, place, died, now, w)
        elif died:
            remove(i, place, w)
        place = following
    find_policy(i, w)


@compiled
def end(i: int, place: int, died: bool, now: int, w: Any) -> None:
    """End a policy, in force or suspended, for its cash value or because the customer has died."""
    product = policy_row(w, place).product
    if policy_row(w, place).status == SUSPENDED:
        log(i, E_ENDED, product, np.int64(0) if died else pay_cash_value(i, place, w), now, w)
    elif died:
        count_life(place, now, DIED, w)
        log(i, E_DEATH, product, pay_death_benefit(i, place, w), now, w)
    else:
        claw_back(i, place, now, w)
        outcome_row(w, i).surrendered_of_fork += leaves_fork(place, w)
        count_life(place, now, SURRENDERED, w)
        log(i, E_SURRENDER, product, pay_cash_value(i, place, w), now, w)
    remove(i, place, w)


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


@compiled_entry
def latest_issued(rows: Any, now: int, world: int, out: Any) -> None:
    """Raise ``out``, shape (n,), to when the latest policy of each of some customers was issued, up to ``now``."""
    w = world_at(world, 0)
    for k in range(len(rows)):
        place = customer_row(w, rows[k]).first_policy
        while place != NONE:
            if policy_row(w, place).issued <= now:
                out[k] = max(out[k], policy_row(w, place).issued)
            place = policy_row(w, place).next
