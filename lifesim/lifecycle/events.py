"""What happens when a clock fires: moves, decisions, referrals, escalation, win-back."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.compiled import compiled
from lifesim.lifecycle.claims import answer_request, claim
from lifesim.lifecycle.foreign import call_apply
from lifesim.lifecycle.layout import (
    channel_rule_at,
    clock_rule_at,
    counts,
    customer_row,
    f8,
    mechanism_rule_at,
    outcome_row,
    product_rule_at,
    request_row,
    rule_f8,
    rule_i4,
    rule_u8,
    signal_row,
)
from lifesim.lifecycle.mind import covariates, feel, linear, move, state_value
from lifesim.lifecycle.policies import end_all
from lifesim.lifecycle.stages import enter, episode_of, log, reach_milestone, rearm, refresh, row_of
from lifesim.lifecycle.underwriting import ISSUED, UNDER_WAY, applies, buy, may_apply
from lifesim.population.columns import (
    ADVISED_BY,
    AWARENESS,
    CAUSE_COMPETITOR,
    CAUSE_DIED,
    CAUSE_NONE,
    CHURN_WARNING,
    COMPARER,
    COMPLAINED,
    DAY,
    DISSATISFIED,
    E_COMPLAINT,
    E_DECISION,
    E_MECHANISM,
    E_PHASE,
    E_REFER,
    E_REGULATOR,
    FIRST_PURCHASE,
    HOLDING,
    LOST,
    NEW_FRIEND,
    NO_DAY,
    ORPHAN,
    PURCHASE,
    REFERRAL,
    RENEWAL_UPSELL,
    SILENT,
    TO_REGULATOR,
)
from lifesim.scenario.behaviour import IMPULSE_EVENTS
from lifesim.streams import gumbel, uniform

MOVE, DECIDE, UPSELL, ESCALATE, WIN_BACK, CLAIM, REFER, REQUEST, MECHANISM = range(9)
I_NEED, I_COMPLAINT, I_SAVED, I_RETURNED, I_REFERRED, I_REGULATOR = (
    IMPULSE_EVENTS.index(name)
    for name in ("need_formed", "complaint", "saved", "returned", "referred_friend", "regulator_complaint")
)
K_COMPLAINT, K_MECHANISM = 2, 4
NOT_OURS = -1


@compiled
def ask(i: int, kind: int, detail: int, now: int, w: Any) -> None:
    """Put a request to what is contended; granted at its next appointment."""
    request = request_row(w, counts(w).requests)
    request.time = now
    request.customer = i
    request.kind = kind
    request.detail = detail
    request.luck = np.uint64(0)
    request.campaign = 0
    request.content = 0
    request.step = 0
    counts(w).requests += 1


@compiled
def lost_in_closing(i: int, w: Any) -> float:
    """What the utility of a product of difficulty 1 loses by how the customer has been advised: least by the best way.

    A weaker advice after a stronger one undoes nothing.
    """
    c = customer_row(w, i)
    lost = w.lost_online
    if c.policies > 0 and not c.marks & ORPHAN:
        lost = min(lost, w.lost_served)
    if c.marks >> ADVISED_BY:
        lost = min(lost, channel_rule_at(w.channel_rules, (c.marks >> ADVISED_BY) - 1).lost)
    return lost


@compiled
def choose(i: int, ours_only: bool, subject: int, now: int, w: Any) -> int:
    """Alternative with the highest utility plus keyed noise; products first, then competitor, then not now.

    Noise is keyed by (chooser, alternative, episode), so that a better offer draws customers to itself and moves
    nobody between the others. A product that needs a person is out of reach without one.
    """
    c = customer_row(w, i)
    covariates(i, now, w)
    advised = c.answered_at >= c.stage_since or (c.policies > 0 and not c.marks & ORPHAN)
    lost = lost_in_closing(i, w)
    best = -np.inf
    chosen = NOT_OURS
    products, day = w.products, now // DAY
    for a in range(products if ours_only else products + 2):
        if a < products and product_rule_at(w.product_rules, a).needs_person and not advised:
            continue
        if ours_only and product_rule_at(w.product_rules, a).premium_log == -np.inf:
            continue  # free cover is for those who compare, not for policyholders
        if a == products and not c.marks & COMPARER:
            continue
        if a < products and not may_apply(i, a, w):
            continue
        utility = (
            linear(w.alternative + a, w)
            + rule_f8(w.appeals, a * w.days + day)
            + gumbel(uniform(rule_u8(w.choice_keys, a), c.key, subject))
        )
        if a < products:
            utility -= lost * rule_f8(w.difficulty, a)
        if utility > best:
            best = utility
            chosen = a
    return chosen


@compiled
def decide(i: int, slot: int, now: int, w: Any) -> None:
    """The end of a first-purchase episode, but for those who have applied: theirs ends when that is decided."""
    if applies(i, w):
        rearm(i, slot, now, w)
        return
    chosen = choose(i, False, customer_row(w, i).visits[FIRST_PURCHASE], now, w)
    log(i, E_DECISION, chosen, 0, now, w)
    if chosen < w.products:
        follow_up(i, slot, buy(i, chosen, 1.0, now, w), now, w)
    elif chosen == w.products:
        enter(i, LOST, CAUSE_COMPETITOR, now, w)
    else:
        enter(i, AWARENESS, 0, now, w)


@compiled
def follow_up(i: int, slot: int, sold: int, now: int, w: Any) -> None:
    """Where a customer without a policy goes after a sale; one who has applied stays until the decision."""
    if sold == UNDER_WAY:
        rearm(i, slot, now, w)
    else:
        enter(i, HOLDING if sold == ISSUED else AWARENESS, 0, now, w)


@compiled
def upsell(i: int, stage: int, now: int, w: Any) -> None:
    """A further policy of a customer who knows insurance; premium potential grows with the time as a policyholder."""
    c = customer_row(w, i)
    since = c.milestones[PURCHASE] if c.milestones[PURCHASE] != NO_DAY else now // DAY
    grown = min(1.0, (now // DAY - since) * DAY / w.upsell_maturity)
    chosen = choose(i, True, 65536 + c.visits[RENEWAL_UPSELL], now, w)
    if chosen != NOT_OURS and c.policies < 255:
        buy(i, chosen, 1.0 + (w.upsell_potential - 1.0) * grown, now, w)
    enter(i, stage, 0, now, w)


@compiled
def win_back(i: int, slot: int, now: int, w: Any) -> None:
    """A lost customer buys again; one for whom nothing can be closed is a prospect again."""
    c = customer_row(w, i)
    if applies(i, w):
        rearm(i, slot, now, w)
        return
    chosen = choose(i, True, 131072 + c.visits[LOST], now, w)
    feel(i, I_RETURNED, now, w)
    if chosen == NOT_OURS:
        enter(i, AWARENESS, 0, now, w)
        return
    follow_up(i, slot, buy(i, chosen, 1.0, now, w), now, w)


@compiled
def next_phase(i: int, w: Any) -> int:
    """Where a warning leads on: every complaint may be skipped, and silence ends it."""
    c = customer_row(w, i)
    visit = c.visits[CHURN_WARNING]
    if c.phase <= DISSATISFIED:
        u = uniform(rule_u8(w.keys, K_COMPLAINT), c.key, visit)
        if u < w.complaint:
            return COMPLAINED
        return TO_REGULATOR if u >= 1.0 - (1.0 - w.complaint) * w.regulator_at_once else SILENT
    if c.phase == COMPLAINED:
        u = uniform(rule_u8(w.keys, K_COMPLAINT), c.key, visit + 65536)
        return TO_REGULATOR if u < w.regulator else SILENT
    return SILENT


@compiled
def escalate(i: int, slot: int, now: int, w: Any) -> None:
    """The next phase of the warning: a complaint to us, one to the regulator, or silence."""
    c = customer_row(w, i)
    c.phase = next_phase(i, w)
    if w.scored and (c.phase == COMPLAINED or c.phase == TO_REGULATOR):
        signal_row(w, i).complained = now
    if c.phase == COMPLAINED:
        outcome_row(w, i).complaints += 1
        feel(i, I_COMPLAINT, now, w)
        log(i, E_COMPLAINT, 0, 0, now, w)
    elif c.phase == TO_REGULATOR:
        outcome_row(w, i).regulator_complaints += 1
        feel(i, I_REGULATOR, now, w)
        log(i, E_REGULATOR, 0, 0, now, w)
    log(i, E_PHASE, c.phase, 0, now, w)
    rearm(i, slot, now, w)
    refresh(i, now, w)


@compiled
def refer(i: int, slot: int, now: int, w: Any) -> None:
    """The customer recommends us to a friend, who joins at the next appointment of acquisition."""
    outcome_row(w, i).referred += 1
    reach_milestone(i, REFERRAL, now, w)
    feel(i, I_REFERRED, now, w)
    ask(i, NEW_FRIEND, episode_of(i, slot, w), now, w)
    log(i, E_REFER, episode_of(i, slot, w), 0, now, w)
    rearm(i, slot, now, w)


@compiled
def mechanism(i: int, slot: int, row: int, now: int, w: Any) -> None:
    """A mechanism's own event: its compiled function says what its states become."""
    m = clock_rule_at(w.clock_rules, row).mechanism
    covariates(i, now, w)
    # The clock's own key gives its thresholds.
    key = rule_u8(w.keys, K_MECHANISM) ^ clock_rule_at(w.clock_rules, row).key
    u = uniform(key, customer_row(w, i).key, episode_of(i, slot, w))
    x = call_apply(m, u, w)
    rule = mechanism_rule_at(w.mechanism_rules, m)
    for j in range(rule.reads_from, rule.reads_to):
        k = rule_i4(w.reads, j) - w.traits_each
        if 0 <= k < w.states:
            move(i, k, f8(x, j - rule.reads_from) - state_value(i, k, now, w), now, w)
    log(i, E_MECHANISM, m, 0, now, w)
    rearm(i, slot, now, w)


@compiled
def leave(i: int, row: int, now: int, w: Any) -> None:
    """A plain move to another stage."""
    c = customer_row(w, i)
    stage = clock_rule_at(w.clock_rules, row).to_stage
    if stage == LOST:
        end_all(i, clock_rule_at(w.clock_rules, row).cause == CAUSE_DIED, now, w)
    elif c.stage == CHURN_WARNING and stage == HOLDING:
        outcome_row(w, i).saves += 1
        feel(i, I_SAVED, now, w)
    elif c.stage == AWARENESS and stage == FIRST_PURCHASE:
        feel(i, I_NEED, now, w)
    enter(i, stage, clock_rule_at(w.clock_rules, row).cause if stage == LOST else CAUSE_NONE, now, w)


@compiled
def on_clock(i: int, now: int, w: Any) -> None:
    """The clock that fires next does what its row of the rules says."""
    slot = customer_row(w, i).clock
    row = row_of(i, slot, w)
    event = clock_rule_at(w.clock_rules, row).event
    if event == MOVE:
        leave(i, row, now, w)
    elif event == DECIDE:
        decide(i, slot, now, w)
    elif event == UPSELL:
        upsell(i, clock_rule_at(w.clock_rules, row).to_stage, now, w)
    elif event == ESCALATE:
        escalate(i, slot, now, w)
    elif event == WIN_BACK:
        win_back(i, slot, now, w)
    elif event == CLAIM:
        claim(i, slot, now, w)
        rearm(i, slot, now, w)
    elif event == REFER:
        refer(i, slot, now, w)
    elif event == REQUEST:
        answer_request(i, slot, row, now, w)
        rearm(i, slot, now, w)
    else:
        mechanism(i, slot, row, now, w)
