"""Sending: the contact policy decides about every touch that a strategy asks for."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.compiled import compiled, compiled_entry
from lifesim.engagement.inbox import cell, put
from lifesim.engagement.touches import K_TRAVEL
from lifesim.lifecycle.layout import (
    channel_rule_at,
    content_rule_at,
    customer_row,
    i4,
    outcome_row,
    set_i4,
    tally,
    u8,
    world_at,
)
from lifesim.lifecycle.value import book_cost
from lifesim.population.columns import (
    BLOCK,
    CAUSE_DIED,
    DAY,
    REFUSES_TARGETING,
    T_CAP,
    T_CONSENT,
    T_REACH,
    T_REQUESTED,
    T_TARGETING,
)
from lifesim.scenario.channels import CHANNELS
from lifesim.streams import exponential, hash_pair, uniform_pair

_CALL, _WECOM = CHANNELS.index("call"), CHANNELS.index("wecom")


@compiled
def suppressed(i: int, content: int, channel: int, now: int, w: Any) -> int:
    """Why the contact policy holds a touch back; 0 when it does not. Service is exempt from marketing rules."""
    c = customer_row(w, i)
    # A request to be accepted on WeCom goes by the phone number.
    by = _CALL if content_rule_at(w.content_rules, content).adds and channel == _WECOM else channel
    needs = channel_rule_at(w.channel_rules, by).needs
    if c.reach & needs != needs or c.cause == CAUSE_DIED:
        return T_REACH
    if not content_rule_at(w.content_rules, content).marketing:
        return 0
    if not c.consent & (1 << channel):
        return T_CONSENT
    if c.marks & REFUSES_TARGETING:
        return T_TARGETING
    if c.recent_sends[w.cap_touches - 1] > now - w.cap_within:
        return T_CAP
    return 0


@compiled
def remember_send(i: int, now: int, w: Any) -> None:
    """Note a marketing touch for the rolling cap: latest first."""
    sends = customer_row(w, i).recent_sends
    for k in range(len(sends) - 1, 0, -1):
        sends[k] = sends[k - 1]
    sends[0] = now


@compiled
def after_quiet(at: int, w: Any) -> int:
    """The first second at or after ``at`` outside quiet hours."""
    second = at % DAY
    start, end = w.quiet_start, w.quiet_end
    if start <= end:
        return at + end - second if start <= second < end else at
    if second >= start:
        return at + DAY - second + end
    return at + end - second if second < end else at


@compiled
def send_one(i: int, campaign: int, content: int, channel: int, luck: Any, step: int, queue: int, now: int,
             w: Any) -> int:  # fmt: skip
    """One touch: suppressed with a reason, or put on its way. Returns the reason or 0.

    With ``queue`` an allowed touch is left to a desk, which has the capacity to carry it.

    Parameters
    ----------
    luck
        Of the touch: by where it comes from, never by how many there were before.
    step
        Of the journey that sends it, counted from 1; 0 of a campaign.
    """
    reason = suppressed(i, content, channel, now, w)
    tally(w.touched, cell(campaign, channel, content, T_REQUESTED, w), 1)
    if reason:
        tally(w.touched, cell(campaign, channel, content, reason, w), 1)
        return reason
    marketing = content_rule_at(w.content_rules, content).marketing
    if marketing:
        remember_send(i, now, w)
    if queue:
        return 0
    wait, _ = uniform_pair(u8(w.keys, K_TRAVEL), customer_row(w, i).key, luck)
    at = now + int(channel_rule_at(w.channel_rules, channel).delay * exponential(wait))
    outcome_row(w, i).sent += 1
    cost = channel_rule_at(w.channel_rules, channel).cost
    outcome_row(w, i).contact += cost
    book_cost(i, cost, now, w)
    put(i, campaign, content, channel, luck, step, after_quiet(at, w) if marketing else at, 0, 0.0, w)
    return 0


@compiled
def wake(i: int, w: Any) -> None:
    """Bring the customer's place in the index of waking customers up to date after a touch was put."""
    if customer_row(w, i).held:
        return
    at = customer_row(w, i).touch_at
    if at < i4(w.due, i):
        set_i4(w.due, i, at)
    block = i // BLOCK
    if at < i4(w.wake, block):
        set_i4(w.wake, block, at)


@compiled_entry
def send(rows: Any, campaign: int, content: int, channel: int, occasion: int, queue: int, now: int, world: int,
         reasons: Any) -> None:  # fmt: skip
    """Send the same touch to many customers, and write into ``reasons`` why each was held back, or 0.

    The pool of touches must have room for ``len(rows)`` more.
    """
    w = world_at(world, 0)
    # The name of the content: its place in the scenario is nothing that luck may hang on.
    subject = np.uint64(occasion * 256 + channel) ^ content_rule_at(w.content_rules, content).key
    for k in range(len(rows)):
        key = customer_row(w, rows[k]).key
        luck = np.uint64(0) if queue else hash_pair(u8(w.campaign_keys, campaign), key, subject)
        reasons[k] = send_one(rows[k], campaign, content, channel, luck, 0, queue, now, w)
        if not queue and reasons[k] == 0:
            wake(rows[k], w)
