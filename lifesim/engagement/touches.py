"""A touch on its way through the customer's inbox: delivery, opening, what it does.

Compiled; runs inside the kernel in the customer's own time order. A touch is keyed by its own luck, which
says where it comes from, never how many there were before.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lifesim.compiled import compiled
from lifesim.engagement.benefits import begin_benefit, on_benefit
from lifesim.engagement.inbox import answer, answer_step, count, drop, due_touch, find_touch
from lifesim.engagement.prompting import EVENT_CHANNEL, event_after, prompt, remind
from lifesim.engagement.sending import fall_back
from lifesim.lifecycle import clocks
from lifesim.lifecycle.layout import (
    channel_rule_at,
    clock_row,
    clock_rule_at,
    content_rule_at,
    customer_row,
    lift_row,
    outcome_row,
    rule_f8,
    rule_i8,
    rule_u8,
    set_u1,
    signal_row,
    touch_row,
    u1,
)
from lifesim.lifecycle.mind import aimed, covariates, feel, linear, logistic, move, state_value
from lifesim.lifecycle.mining import B_ATTENDED, B_PROPOSAL_READ, mine
from lifesim.lifecycle.noting import (
    W_AGENT_ASSIGNED,
    W_ATTENDED,
    W_CLICKED,
    W_DELIVERED,
    W_FAILED,
    W_PROPOSAL_MADE,
    W_PROPOSAL_READ,
    note,
    note_answer,
)
from lifesim.lifecycle.premiums import cure
from lifesim.lifecycle.sessions import visit
from lifesim.lifecycle.stages import find_clock, log, reach_milestone, refresh, row_of
from lifesim.lifecycle.value import book_cost
from lifesim.population.columns import (
    ADVISED_BY,
    ANSWERS,
    ASSIGNS,
    CAUSE_DIED,
    CONNECTED,
    DAY,
    DELIVERED,
    E_AGENT_ASSIGNED,
    E_DELETED,
    E_DELIVERED,
    E_FAILED,
    E_OPENED,
    E_OPT_OUT,
    E_UNFOLLOWED,
    FADING,
    HOURS_SEEN,
    INTEREST,
    MARKS_BELOW,
    N_STAGES,
    NONE,
    ORPHAN,
    REMINDED,
    T_DELIVERED,
    T_FAILED,
    T_OPENED,
    T_OPTED_OUT,
    TO_AGENT,
    UNSPOKEN,
)
from lifesim.streams import exponential, normal, uniform, uniform_pair

I_ANSWERED, I_UNANSWERED = 12, 13
CONSENT, FOLLOW = range(2)  # places in scenario.channel_rules.OPT_OUTS
K_DELIVERY, K_OPENING, K_VISIT, K_DELAY, K_OWN_HOURS = 7, 8, 9, 10, 27


@compiled
def on_touch(i: int, now: int, w: Any) -> None:
    """A touch arrives, is opened, or brings the customer back."""
    place = due_touch(i, w)
    if touch_row(w, place).status == DELIVERED:
        take_in(i, place, now, w)
    elif touch_row(w, place).status == FADING:
        on_benefit(i, place, now, w)
    else:
        deliver(i, place, now, w)
    find_touch(i, w)


@compiled
def deliver(i: int, place: int, now: int, w: Any) -> None:
    """Delivery: it may fail, tire, cost the consent, and be opened later."""
    c = customer_row(w, i)
    touch = touch_row(w, place)
    channel = touch.channel
    if touch.lead & ASSIGNS:
        assign(i, touch, now, w)
    elif touch.lead & UNSPOKEN:
        answer_step(i, touch.campaign, touch.step, W_FAILED, w)
    if touch.lead & UNSPOKEN:
        drop(i, place, w)
        return
    fails, opens = uniform_pair(rule_u8(w.keys, K_DELIVERY), c.key, touch.luck)
    comes = touch.status == REMINDED or (touch.lead & CONNECTED) != 0
    missed = fails < channel_rule_at(w.channel_rules, channel).failure and not comes
    if missed or c.cause == CAUSE_DIED:
        fail(i, place, now, w)
        return
    outcome_row(w, i).delivered += 1
    count(touch, T_DELIVERED, w)
    if w.scored and channel != EVENT_CHANNEL:
        signal_row(w, i).unanswered = min(255, signal_row(w, i).unanswered + 1)
    if channel == EVENT_CHANNEL:
        note(i, W_ATTENDED, event_after(touch.campaign, now - 1, w), w)
        mine(i, B_ATTENDED, now, w)
    log(i, E_DELIVERED, touch.campaign, 0, now, w)
    answer(i, touch, W_DELIVERED, w)
    covariates(i, now, w)
    odds = linear(w.opening + channel, w)
    own = content_rule_at(w.content_rules, touch.content).opened
    if own == own and odds < np.inf:
        odds += own - channel_rule_at(w.channel_rules, channel).opened
    if channel_rule_at(w.channel_rules, channel).by_hour:
        touch.hour = now % DAY // 3600
        odds += rule_f8(w.hour_odds, channel * 24 + own_hour(i, now, w))
        see_hour(i, touch.hour, w)
    if content_rule_at(w.content_rules, touch.content).marketing and not touch.lead & ANSWERS:
        tire(i, place, now, w)
    # A notice need not be opened to be read: its first line says it all.
    cure(i, touch.content, touch.luck, now, w)
    remind(i, touch, w)
    if content_rule_at(w.content_rules, touch.content).proposal:
        note(i, W_PROPOSAL_MADE, content_rule_at(w.content_rules, touch.content).page, w)
    if opens < logistic(odds):
        delay, _ = uniform_pair(rule_u8(w.keys, K_DELAY), c.key, touch.luck)
        touch.status = DELIVERED
        touch.at = now + int(channel_rule_at(w.channel_rules, channel).open_delay * exponential(delay))
    else:
        drop(i, place, w)


@compiled
def fail(i: int, place: int, now: int, w: Any) -> None:
    """A touch does not arrive; another channel may carry it, and what sent it learns of a failure only if none does."""
    c = customer_row(w, i)
    touch = touch_row(w, place)
    campaign, content, channel, luck, step = touch.campaign, touch.content, touch.channel, touch.luck, touch.step
    count(touch, T_FAILED, w)
    log(i, E_FAILED, campaign, 0, now, w)
    if touch.lead & ANSWERS:
        c.waits = 0
        feel(i, I_UNANSWERED, now, w)
    drop(i, place, w)
    again = rule_i8(w.fallback, channel) >= 0 and c.cause != CAUSE_DIED
    if not again or fall_back(i, campaign, content, channel, luck, step, channel + 1, now, w) > 0:
        answer_step(i, campaign, step, W_FAILED, w)
        note_answer(W_FAILED, content, channel, w)


@compiled
def own_hour(i: int, now: int, w: Any) -> int:
    """The hour of the customer's own day, of 0 to 23: it is later or earlier than that of the clock, for good."""
    hour = now % DAY // 3600
    if w.own_hours > 0.0:
        later = w.own_hours * normal(uniform(rule_u8(w.keys, K_OWN_HOURS), customer_row(w, i).key, 0))
        hour = int(hour - math.floor(later + 0.5)) % 24
    return hour


@compiled
def see_hour(i: int, place: int, w: Any) -> None:
    """The insurer counts deliveries, and openings by the hour of their delivery, as far as a byte goes."""
    place += i * HOURS_SEEN
    set_u1(w.hours_seen, place, min(255, u1(w.hours_seen, place) + 1))


@compiled
def assign(i: int, touch: Any, now: int, w: Any) -> None:
    """Somebody takes a customer over; whom an agent serves is no orphan, which their hazards depend on."""
    c = customer_row(w, i)
    if touch.lead & TO_AGENT and c.marks & ORPHAN:
        c.marks &= ~ORPHAN
        log(i, E_AGENT_ASSIGNED, 0, 0, now, w)
        refresh(i, now, w)
    else:
        note(i, W_AGENT_ASSIGNED, NONE, w)


@compiled
def tire(i: int, place: int, now: int, w: Any) -> None:
    """Marketing tires; a tired customer may opt out of the channel."""
    c = customer_row(w, i)
    touch = touch_row(w, place)
    channel = touch.channel
    tired = state_value(i, w.fatigue_state, now, w) if w.fatigue_state >= 0 else 0.0
    if w.fatigue_state >= 0:
        move(i, w.fatigue_state, channel_rule_at(w.channel_rules, channel).fatigue, now, w)
    if channel_rule_at(w.channel_rules, channel).opt_out == -np.inf:
        return
    withdraws, alone = uniform_pair(rule_u8(w.keys, K_OPENING), c.key, touch.luck)
    if withdraws < logistic(
        channel_rule_at(w.channel_rules, channel).opt_out
        + channel_rule_at(w.channel_rules, channel).opt_out_fatigue * tired
    ):
        if alone < channel_rule_at(w.channel_rules, channel).opt_out_purpose:
            refuse(i, channel, content_rule_at(w.content_rules, touch.content).purpose, now, w)
        else:
            opt_out(i, channel, now, w)
        count(touch, T_OPTED_OUT, w)


@compiled
def refuse(i: int, channel: int, purpose: int, now: int, w: Any) -> None:
    """Take back the consent for a purpose, whatever the channel; those for all others stay."""
    set_u1(w.refused, i, u1(w.refused, i) | (1 << purpose))
    outcome_row(w, i).opt_outs += 1
    log(i, E_OPT_OUT, channel + 256 * (purpose + 1), 0, now, w)


@compiled
def opt_out(i: int, channel: int, now: int, w: Any) -> None:
    """Take back the consent for a channel, or the contact by which it reaches the customer."""
    c, out = customer_row(w, i), outcome_row(w, i)
    ends = channel_rule_at(w.channel_rules, channel).opt_out_ends
    if w.scored:
        signal_row(w, i).opt_outs = min(255, signal_row(w, i).opt_outs + 1)
    if ends == CONSENT:
        c.consent &= ~(1 << channel)
        out.opt_outs += 1
        log(i, E_OPT_OUT, channel, 0, now, w)
        return
    c.reach &= ~(1 << channel)
    if ends == FOLLOW:
        out.unfollows += 1
        log(i, E_UNFOLLOWED, channel, 0, now, w)
    else:
        out.deletions += 1
        log(i, E_DELETED, channel, 0, now, w)


@compiled
def take_in(i: int, place: int, now: int, w: Any) -> None:
    """Opening: impulses by the fit to stage and need, lifts of hazards, a benefit, perhaps a visit to the app."""
    c = customer_row(w, i)
    touch = touch_row(w, place)
    content = touch.content
    outcome_row(w, i).opened += 1
    if w.scored:
        signal_row(w, i).unanswered = 0
    outcome_row(w, i).benefit += content_rule_at(w.content_rules, content).benefit
    book_cost(i, content_rule_at(w.content_rules, content).benefit, now, w)
    count(touch, T_OPENED, w)
    log(i, E_OPENED, touch.campaign, 0, now, w)
    if channel_rule_at(w.channel_rules, touch.channel).by_hour:
        see_hour(i, 24 + touch.hour, w)
    if content_rule_at(w.content_rules, content).proposal:
        note(i, W_PROPOSAL_READ, content_rule_at(w.content_rules, content).page, w)
        mine(i, B_PROPOSAL_READ, now, w)
    advise(i, touch.channel, w)
    reach_milestone(i, INTEREST, now, w)
    fit = rule_f8(w.fit, content * N_STAGES + c.stage)
    to_the_point = aimed(i, content, now, w)
    # Pressure in the wrong stage is not relieved by being beside the point as well.
    if fit > 0.0:
        fit *= to_the_point
    strength = math.exp(1.0 * touch.skill)
    for k in range(w.states):
        move(i, k, rule_f8(w.content_impulses, content * w.states + k) * fit * strength, now, w)
        move(i, k, -rule_f8(w.content_harm, content * w.states + k) * (1.0 - to_the_point), now, w)
    lift_clocks(i, content, max(0.0, fit) * strength, now, w)
    if touch.lead & ANSWERS:
        c.answered_at = now
        c.waits = 0
        outcome_row(w, i).answered += 1
        feel(i, I_ANSWERED, now, w)
    if (touch.step or touch.channel == EVENT_CHANNEL) and content_rule_at(w.content_rules, content).prompts:
        prompt(i, touch, now, w)
    # What is asked for comes first: whoever books by a click has booked, for a step that waits for either.
    answer(i, touch, channel_rule_at(w.channel_rules, touch.channel).response, w)
    visits, doing = uniform_pair(rule_u8(w.keys, K_VISIT), c.key, touch.luck)
    if visits < content_rule_at(w.content_rules, content).visit:
        answer(i, touch, W_CLICKED, w)
        visit(i, doing, content_rule_at(w.content_rules, content).page, now, w)
    if not begin_benefit(i, place, now, w):
        drop(i, place, w)


@compiled
def advise(i: int, channel: int, w: Any) -> None:
    """Remember the channel by which a customer was advised, unless a better one has done so in the present stage."""
    c, lost = customer_row(w, i), channel_rule_at(w.channel_rules, channel).lost
    before = np.inf
    if c.marks >> ADVISED_BY:
        before = channel_rule_at(w.channel_rules, (c.marks >> ADVISED_BY) - 1).lost
    if lost < before:
        c.marks = (c.marks & MARKS_BELOW) | ((channel + 1) << ADVISED_BY)


@compiled
def lift_clocks(i: int, content: int, strength: float, now: int, w: Any) -> None:
    """Add the content's lifts to the clocks of the current stage, each to its own clock only."""
    lifted = False
    for slot in range(w.slots):
        row = row_of(i, slot, w)
        if row >= 0 and rule_f8(w.lifted_by, content * w.clocks_all + row) * strength > 0.0:
            clocks.lift(
                clock_row(w, i, slot),
                lift_row(w, i, slot),
                now,
                clock_rule_at(w.clock_rules, row).fade,
                rule_f8(w.lifted_by, content * w.clocks_all + row) * strength,
            )
            lifted = True
    if lifted:
        find_clock(i, w)
