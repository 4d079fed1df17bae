"""Premiums: due, paid or not for a cause of its own, grace, suspension, reinstatement; short cover bought again."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lifesim.compiled import compiled
from lifesim.dates import due_date
from lifesim.lifecycle.endings import give_back, mature
from lifesim.lifecycle.layout import (
    content_rule_at,
    counts,
    customer_row,
    outcome_row,
    policy_row,
    product_rule_at,
    rule_f8,
    rule_u8,
)
from lifesim.lifecycle.mind import covariates, feel, linear, logistic
from lifesim.lifecycle.months import count_received
from lifesim.lifecycle.persistency import LAPSED, count_due, count_kept, count_life, leaves_fork
from lifesim.lifecycle.policies import due_policy, find_policy, remove, schedule
from lifesim.lifecycle.stages import enter, log, refresh
from lifesim.lifecycle.underwriting import on_decision
from lifesim.lifecycle.value import claw_back, instalment, pay_cash_value, receive
from lifesim.population.columns import (
    APPLIED,
    AWARENESS,
    BARRED,
    CAUSE_COMPETITOR,
    CAUSE_DISAPPOINTED,
    CAUSE_LAPSED,
    CHURN_WARNING,
    E_ENDED,
    E_LAPSE,
    E_PREMIUM,
    E_REINSTATED,
    E_UNPAID,
    FIRST_PURCHASE,
    GRACE,
    HOLDING,
    IN_FORCE,
    LOST,
    NONE,
    NOTICED,
    PAID_UP,
    REINSTATED,
    RENEWAL_UPSELL,
    RETURNING,
    SUSPENDED,
)
from lifesim.streams import uniform, uniform_pair

I_RENEWED, I_UNPAID = 7, 8  # places in scenario.behaviour.IMPULSE_EVENTS
K_RENEWAL, K_REINSTATEMENT, K_CURE, K_UNPAID = 1, 13, 14, 15  # places in rules.DECISIONS
#: Places in scenario.behaviour.LAPSE_CAUSES.
REPLACED, DISSATISFIED, N_CAUSES = 1, 2, 5


@compiled
def on_policy(i: int, now: int, w: Any) -> None:
    """A date in the life of a policy: a decision about it, notice of the due date, due date, end of grace or rest."""
    place = due_policy(i, w)
    policy = policy_row(w, place)
    if policy.status == IN_FORCE:
        policy.status = NOTICED
        policy.at = due_date(policy.issued, policy.paid + 1, policy.times, w.first_day)
        if customer_row(w, i).stage == HOLDING:
            enter(i, RENEWAL_UPSELL, 0, now, w)
    elif policy.status == NOTICED:
        on_due(i, place, now, w)
    elif policy.status == GRACE:
        on_grace_end(i, place, now, w)
    elif policy.status == RETURNING:
        give_back(i, place, now, w)
    elif policy.status == PAID_UP:
        mature(i, place, now, w)
    elif policy.status == APPLIED:
        on_decision(i, place, now, w)
    elif policy.status == BARRED:
        remove(i, place, w)
    else:
        on_suspension_end(i, place, now, w)
    find_policy(i, w)


@compiled
def subject(policy: Any) -> Any:
    """What luck about the next premium of a policy is about."""
    return np.uint64(policy.number) << np.uint64(16) | np.uint64(policy.paid + 1)


@compiled
def is_long(policy: Any, w: Any) -> bool:
    """Whether premiums fall due, and cover is not bought again."""
    return product_rule_at(w.product_rules, policy.product).payments_years > 0


@compiled
def on_due(i: int, place: int, now: int, w: Any) -> None:
    """Premium due, or time to buy again: paid or not by keyed draws."""
    c, policy = customer_row(w, i), policy_row(w, place)
    if policy.premium == 0:
        run_out(i, place, now, w)
        return
    pays, silent = uniform_pair(rule_u8(w.keys, K_RENEWAL), c.key, subject(policy))
    covariates(i, now, w)
    out = outcome_row(w, i)
    out.due += 1
    settled = is_settled(policy.product, now, w)
    if is_long(policy, w):
        out.due_settled += settled
        find_causes(i, place, w)
        paid = policy.causes == 0
    else:
        out.short_due += settled
        paid = pays < logistic(linear(w.renewal + policy.product, w))
    if paid:
        pay(i, place, now, now, w)
        return
    if is_long(policy, w):
        out.unpaid_settled += settled
    policy.status = GRACE
    policy.at = now + product_rule_at(w.product_rules, policy.product).grace
    feel(i, I_UNPAID, now, w)
    log(i, E_UNPAID, policy.product, instalment(policy, policy.paid + 1), now, w)
    if silent < w.silent_start and c.stage in (HOLDING, RENEWAL_UPSELL):
        enter(i, CHURN_WARNING, 0, now, w)
        c.phase = 3
        refresh(i, now, w)


@compiled
def run_out(i: int, place: int, now: int, w: Any) -> None:
    """Free cover ends without a premium that anybody could pay; without another policy the customer is a prospect."""
    c = customer_row(w, i)
    count_life(place, now, 0, w)
    log(i, E_ENDED, policy_row(w, place).product, 0, now, w)
    remove(i, place, w)
    if c.policies == 0 and c.stage != LOST:
        enter(i, AWARENESS, 0, now, w)


@compiled
def find_causes(i: int, place: int, w: Any) -> None:
    """Why the premium that is due is not paid, with the covariates in the scratch.

    Each cause has its own luck: one that is raised keeps no other from happening, and one that is cured brings no
    other about. The chance of a year is spread over its instalments.
    """
    policy, key = policy_row(w, place), customer_row(w, i).key
    rule = product_rule_at(w.product_rules, policy.product)
    year = min(policy.paid // policy.times, w.policy_years - 1)
    factor = rule_f8(w.unpaid_factor, policy.product * w.policy_years + year) / policy.times
    if policy.times > 1:
        factor *= rule.instalments
    causes, recovers = 0, 0
    for k in range(N_CAUSES):
        chance = min(rule_f8(w.unpaid_chance, k) * factor, 1.0 - 1e-12)
        if chance <= 0.0 or policy.cured & (1 << k):
            continue
        happens, overcome = uniform_pair(rule_u8(w.keys, K_UNPAID + k), key, subject(policy))
        if happens < logistic(math.log(chance / (1.0 - chance)) + linear(w.unpaid + k, w)):
            causes |= 1 << k
            if overcome < rule_f8(w.unpaid_recovers, k):
                recovers |= 1 << k
    policy.causes = causes
    policy.recovers = recovers


@compiled
def cure(i: int, content: int, luck: Any, now: int, w: Any) -> None:
    """What a touch that arrived does about premiums about to fall due and about those in grace, cause by cause."""
    if not content_rule_at(w.content_rules, content).cures:
        return
    place = customer_row(w, i).first_policy
    while place != NONE:
        policy = policy_row(w, place)
        following = policy.next
        if policy.status in (NOTICED, GRACE) and is_long(policy, w):
            for k in range(N_CAUSES):
                share = rule_f8(w.cures, content * N_CAUSES + k)
                about = np.uint64(policy.number) << np.uint64(3) | np.uint64(k)
                if share > 0.0 and uniform(rule_u8(w.keys, K_CURE), luck, about) < share:
                    policy.cured |= 1 << k
            if policy.status == GRACE and without(policy.causes, policy.cured) == 0:
                due = policy.at - product_rule_at(w.product_rules, policy.product).grace
                pay(i, place, due, now, w)
        place = following
    find_policy(i, w)


@compiled
def is_settled(product: int, due: int, w: Any) -> int:
    """1 if a premium fell due since the fork and its grace period ends before the horizon does, else 0.

    Payments are set against such premiums alone. With those of the last days counted too, who pays at once would be
    in the share and who pays late would not.
    """
    return int(counts(w).fork <= due and due + product_rule_at(w.product_rules, product).grace < w.end)


@compiled
def on_grace_end(i: int, place: int, now: int, w: Any) -> None:
    """End of grace: overcome, or lapsed; without a policy left the customer is lost."""
    c, policy = customer_row(w, i), policy_row(w, place)
    due = now - product_rule_at(w.product_rules, policy.product).grace
    if is_long(policy, w):
        left = without(policy.causes, policy.cured | policy.recovers)
        recovered = left == 0
    else:
        left = 0
        covariates(i, now, w)
        # The due date is an instant of its own for luck: bit 63 tells the second draw from the first.
        u = uniform(rule_u8(w.keys, K_RENEWAL), c.key, subject(policy) | np.uint64(1) << np.uint64(63))
        recovered = u < logistic(linear(w.recovery + policy.product, w))
    if recovered:
        pay(i, place, due, now, w)
        return
    cause = first_bit(left)
    count_due(place, policy.paid + 1, due, w)
    log(i, E_LAPSE, policy.product + 256 * (cause + 1), instalment(policy, policy.paid + 1), now, w)
    if is_long(policy, w):
        claw_back(i, place, due, w)
        count_life(place, due, LAPSED, w)
        outcome_row(w, i).lapsed_of_fork += leaves_fork(place, w)
        suspend(i, place, left, now, w)
    else:
        count_life(place, due, LAPSED, w)
        remove(i, place, w)
    if c.policies == 0 and c.stage != LOST:
        enter(i, LOST, reason(cause), now, w)


@compiled
def without(causes: int, gone: int) -> int:
    """Some causes but for those that are gone."""
    return causes & ~gone


@compiled
def first_bit(causes: int) -> int:
    """Place of the first of some causes; -1 for none."""
    for k in range(N_CAUSES):
        if causes & (1 << k):
            return k
    return -1


@compiled
def reason(cause: int) -> int:
    """Why a customer is lost whose last policy lapsed for a cause."""
    if cause == REPLACED:
        return CAUSE_COMPETITOR
    return CAUSE_DISAPPOINTED if cause == DISSATISFIED else CAUSE_LAPSED


@compiled
def suspend(i: int, place: int, causes: int, now: int, w: Any) -> None:
    """Cover rests until the policy is reinstated, at a time of the customer's own, or ends."""
    policy = policy_row(w, place)
    share = product_rule_at(w.product_rules, policy.product).reinstated
    returns, when = uniform_pair(rule_u8(w.keys, K_REINSTATEMENT), customer_row(w, i).key, subject(policy))
    policy.status = SUSPENDED
    policy.causes = 0 if returns < share else causes
    policy.at = now + (int(when * w.suspension) if returns < share else w.suspension)
    customer_row(w, i).policies -= 1
    outcome_row(w, i).suspended += 1


@compiled
def on_suspension_end(i: int, place: int, now: int, w: Any) -> None:
    """A suspended policy is reinstated with all instalments in arrears, or ends for good."""
    c, policy = customer_row(w, i), policy_row(w, place)
    if policy.causes != 0 or c.policies >= 255:
        log(i, E_ENDED, policy.product, pay_cash_value(i, place, w), now, w)
        remove(i, place, w)
        return
    arrears = np.int64(0)
    last = product_rule_at(w.product_rules, policy.product).payments_years * policy.times - 1
    while policy.paid < last and due_date(policy.issued, policy.paid + 1, policy.times, w.first_day) <= now:
        policy.paid += 1
        receive(i, place, policy.paid, now, w)
        arrears += instalment(policy, policy.paid)
    count_received(place, arrears, now, w)
    c.policies += 1
    policy.marks |= REINSTATED
    outcome_row(w, i).reinstated += 1
    schedule(place, now, w)
    feel(i, I_RENEWED, now, w)
    log(i, E_REINSTATED, policy.product, arrears, now, w)
    if c.stage in (AWARENESS, FIRST_PURCHASE, LOST):
        enter(i, HOLDING, 0, now, w)


@compiled
def pay(i: int, place: int, due: int, now: int, w: Any) -> None:
    """Receive a premium; the next date follows the due date, not the day of payment."""
    c, policy = customer_row(w, i), policy_row(w, place)
    out = outcome_row(w, i)
    out.paid += 1
    settled = is_settled(policy.product, due, w)
    if is_long(policy, w):
        out.paid_settled += settled
        out.recovered_settled += settled * (policy.status == GRACE)
    else:
        out.short_again += settled
    policy.paid += 1
    receive(i, place, policy.paid, now, w)
    count_received(place, instalment(policy, policy.paid), now, w)
    count_kept(i, place, w)
    count_due(place, policy.paid, due, w)
    log(i, E_PREMIUM, policy.product, instalment(policy, policy.paid), now, w)
    anniversary = policy.paid % policy.times == 0
    schedule(place, now, w)
    feel(i, I_RENEWED, now, w)
    if anniversary and c.stage == RENEWAL_UPSELL:
        enter(i, HOLDING, 0, now, w)
