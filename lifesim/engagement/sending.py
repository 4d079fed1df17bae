"""Sending: the contact policy decides about every touch that a strategy asks for."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.compiled import compiled, compiled_entry
from lifesim.engagement.inbox import cell, put
from lifesim.engagement.journeys.observing import belongs
from lifesim.lifecycle.events import ask
from lifesim.lifecycle.layout import (
    channel_rule_at,
    content_rule_at,
    counts,
    customer_row,
    enrolment_row,
    i4,
    journey_rule_at,
    outcome_row,
    policy_rule_at,
    request_row,
    rule_i8,
    rule_u8,
    set_i4,
    tally,
    u1,
    under_way,
    world_at,
)
from lifesim.lifecycle.value import book_cost
from lifesim.population.columns import (
    BLOCK,
    CAUSE_DIED,
    DAY,
    NEVER,
    NONE,
    REFUSES_TARGETING,
    SEND,
    T_CAP,
    T_CONSENT,
    T_REACH,
    T_REQUESTED,
    T_TARGETING,
    UNSPOKEN,
)
from lifesim.scenario.channels import CHANNELS
from lifesim.streams import exponential, hash_pair, look_again, uniform_pair

#: In place of a reason: the touch takes its turn, because a budget or a rate is about it.
WAITS = -1
K_TRAVEL = 11  # place in rules.DECISIONS
K_HOLDOUT, K_FALLBACK = 0, 1  # places in policies.DECISIONS
_CALL, _WECOM = CHANNELS.index("call"), CHANNELS.index("wecom")


@compiled
def about(rule: Any, channel: int, content: int, w: Any) -> bool:
    """Whether a rule is about touches of a content by a channel."""
    kind = content_rule_at(w.content_rules, content).kind
    return (rule.channels >> channel) & (rule.kinds >> kind) & 1 == 1


@compiled
def suppressed(i: int, campaign: int, content: int, channel: int, failed: int, now: int, w: Any) -> int:
    """Why the contact policy holds a touch back; 0 when it does not. Service is exempt from marketing rules.

    Parameters
    ----------
    failed
        Channel, from 1, by which the same touch was sent before, and did not arrive; 0 for none.
    """
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
    if w.purposed and (u1(w.refused, i) >> content_rule_at(w.content_rules, content).purpose) & 1:
        return w.reason_purpose
    if c.marks & REFUSES_TARGETING:
        return T_TARGETING
    if w.holdout > 0.0 and look_again(rule_u8(w.policy_keys, K_HOLDOUT), c.key, 0)[0] < w.holdout:
        return w.reason_holdout
    for k in range(w.suppressed_who):
        rule = policy_rule_at(w.suppressions, k)
        if about(rule, channel, content, w) and belongs(i, rule.place, now, w):
            return rule.outcome
    if w.ranked and outranked(i, rule_i8(w.ranks, campaign), w):
        return w.reason_priority
    if not failed and c.recent_sends[w.cap_touches - 1] > now - w.cap_within:
        return T_CAP
    return used_up(i, content, channel, failed, now, w) if w.caps else 0


@compiled
def before(failed: int) -> int:
    """Bit of the channel by which a touch was sent before; 0 where it was not."""
    return (1 << failed) >> 1


@compiled
def outranked(i: int, rank: int, w: Any) -> bool:
    """Whether a customer is in a journey that stands before those of a rank."""
    place = customer_row(w, i).first_enrolment
    while place != NONE:
        enrolment = enrolment_row(w, place)
        campaign = journey_rule_at(w.journey_rules, enrolment.journey).campaign
        if under_way(w, place) and (counts(w).running >> enrolment.journey) & 1 and rule_i8(w.ranks, campaign) < rank:
            return True
        place = enrolment.next
    return False


@compiled
def used_up(i: int, content: int, channel: int, failed: int, now: int, w: Any) -> int:
    """The first named cap that has no room for a touch; 0 where all have. One that counted it before counts no more."""
    for k in range(w.caps):
        rule = policy_rule_at(w.cap_rules, k)
        counted = about(rule, channel, content, w) and not rule.channels & before(failed)
        if counted and i4(w.recent, i * w.remembered + rule.place) > now - rule.within:
            return rule.outcome
    return 0


@compiled
def remember_send(i: int, content: int, channel: int, failed: int, now: int, w: Any) -> None:
    """Note a marketing touch for the rolling caps, latest first; once, though it is sent by two channels in turn."""
    sends = customer_row(w, i).recent_sends
    if not failed:
        for k in range(len(sends) - 1, 0, -1):
            sends[k] = sends[k - 1]
        sends[0] = now
    for k in range(w.windows):
        window = policy_rule_at(w.cap_windows, k)
        if about(window, channel, content, w) and not window.channels & before(failed):
            first = i * w.remembered + window.place
            for place in range(first + window.within - 1, first, -1):
                set_i4(w.recent, place, i4(w.recent, place - 1))
            set_i4(w.recent, first, now)


@compiled
def after_quiet(at: int, channel: int, w: Any) -> int:
    """The first second at or after ``at`` outside the quiet hours of a channel."""
    second = at % DAY
    start, end = rule_i8(w.quiet_hours, channel * 3), rule_i8(w.quiet_hours, channel * 3 + 1)
    if start <= end:
        return at + end - second if start <= second < end else at
    if second >= start:
        return at + DAY - second + end
    return at + end - second if second < end else at


@compiled
def open_at(at: int, channel: int, w: Any) -> int:
    """The first second at or after ``at`` in the hours of a channel."""
    rule, second = channel_rule_at(w.channel_rules, channel), at % DAY
    if rule.opens <= second < rule.closes:
        return at
    return at + (rule.opens - second if second < rule.opens else DAY - second + rule.opens)


@compiled
def carried_at(at: int, channel: int, marketing: int, w: Any) -> int:
    """The first second at or after ``at`` at which a channel carries something; marketing waits for quiet hours too.

    Some of the hours of a channel are not quiet: where they begin in quiet ones, they are still open at the end of
    these.
    """
    if marketing:
        return after_quiet(open_at(after_quiet(at, channel, w), channel, w), channel, w)
    return open_at(at, channel, w)


@compiled
def dropped(at: int, channel: int, w: Any) -> bool:
    """Whether marketing that would arrive at ``at`` is dropped for quiet hours: those of then, or of the opening."""
    if not rule_i8(w.quiet_hours, channel * 3 + 2):
        return False
    opens = open_at(at, channel, w)
    return after_quiet(at, channel, w) != at or after_quiet(opens, channel, w) != opens


@compiled
def send_one(i: int, campaign: int, content: int, channel: int, luck: Any, step: int, queue: int, now: int,
             w: Any) -> int:  # fmt: skip
    """One touch: suppressed with a reason, or put on its way by its channel or the one after it. The reason, or 0.

    With ``queue`` an allowed touch is left to a desk, which has the capacity to carry it.

    Parameters
    ----------
    luck
        Of the touch: by where it comes from, never by how many there were before.
    step
        Of the journey that sends it, counted from 1; 0 of a campaign.
    """
    reason = by_channel(i, campaign, content, channel, luck, step, queue, 0, now, w)
    if reason in (T_REACH, T_CONSENT) and rule_i8(w.fallback, channel) >= 0:
        reason = fall_back(i, campaign, content, channel, luck, step, 0, now, w)
    if reason > 0:
        come_back(i, campaign, content, channel, luck, step, now, w)
    return reason


@compiled
def come_back(i: int, campaign: int, content: int, channel: int, luck: Any, step: int, now: int, w: Any) -> None:
    """Have the journey learn at once that nothing carries what its step sends: it hears ``failed``.

    As a touch of which the customer learns nothing, so that a step hears it that has just begun to wait.
    """
    if step and w.heeds_failure:
        put(i, campaign, content, channel, luck, step, now, UNSPOKEN, 0.0, w)


@compiled
def fall_back(i: int, campaign: int, content: int, channel: int, luck: Any, step: int, failed: int, now: int,
              w: Any) -> int:  # fmt: skip
    """Send by the channel that stands in for one that may not or did not carry a touch; see ``send_one``."""
    other = rule_i8(w.fallback, channel)
    again = hash_pair(rule_u8(w.policy_keys, K_FALLBACK), luck, other)
    return by_channel(i, campaign, content, other, again, step, 0, failed, now, w)


@compiled
def by_channel(i: int, campaign: int, content: int, channel: int, luck: Any, step: int, queue: int, failed: int,
               now: int, w: Any) -> int:  # fmt: skip
    """Ask for one touch by one channel, see ``send_one`` and ``suppressed``; ``WAITS`` where it takes its turn."""
    tally(w.touched, cell(campaign, channel, content, T_REQUESTED, w), 1)
    if not queue and limited(content, channel, w):
        request = request_row(w, counts(w).requests)
        ask(i, SEND, channel + 256 * failed, now, w)
        request.luck, request.campaign, request.content, request.step = luck, campaign, content, step
        customer_row(w, i).held += 1
        return WAITS
    return carry(i, campaign, content, channel, luck, step, queue, failed, now, w)


@compiled
def limited(content: int, channel: int, w: Any) -> bool:
    """Whether touches of a content by a channel take their turns; service never does."""
    if content_rule_at(w.content_rules, content).marketing:
        for k in range(w.limits):
            if about(policy_rule_at(w.limit_rules, k), channel, content, w):
                return True
    return False


@compiled
def carry(i: int, campaign: int, content: int, channel: int, luck: Any, step: int, queue: int, failed: int,
          now: int, w: Any) -> int:  # fmt: skip
    """A touch whose turn it is: put on its way, or suppressed with a reason."""
    marketing = content_rule_at(w.content_rules, content).marketing
    reason = suppressed(i, campaign, content, channel, failed, now, w)
    at = now
    if not reason and not queue:
        wait, _ = uniform_pair(rule_u8(w.keys, K_TRAVEL), customer_row(w, i).key, luck)
        at = now + int(channel_rule_at(w.channel_rules, channel).delay * exponential(wait))
        if marketing and dropped(at, channel, w):
            reason = w.reason_quiet
    if reason:
        tally(w.touched, cell(campaign, channel, content, reason, w), 1)
        return reason
    if marketing:
        remember_send(i, content, channel, failed, now, w)
    if queue:
        return 0
    outcome_row(w, i).sent += 1
    cost = channel_rule_at(w.channel_rules, channel).cost
    outcome_row(w, i).contact += cost
    book_cost(i, cost, now, w)
    put(i, campaign, content, channel, luck, step, carried_at(at, channel, marketing, w), 0, 0.0, w)
    return 0


@compiled_entry
def take_turns(asked: Any, places: Any, most: Any, used: Any, told: Any, first: int, now: int, world: int) -> int:
    """Send what budgets and rates allow, in the order given, from a place on; the place for which there is no room.

    Parameters
    ----------
    asked
        Requests of kind ``SEND``, as many records.
    places
        Of each limit of the policy among the rows of ``most`` and ``used``.
    most, used
        Of each limit, by branch: fen or touches in its present time. Shape (limits, branches).
    told
        Filled with 1 where a touch has been sent or suppressed, and need not wait any more. Shape (n,).
    """
    w = world_at(world, 0)
    for k in range(first, len(asked)):
        if counts(w).requests == w.requests_room:
            return k
        told[k] = 0 if waits(asked[k], places, most, used, now, w) else 1
    return len(asked)


@compiled
def waits(request: Any, places: Any, most: Any, used: Any, now: int, w: Any) -> bool:
    """Whether a touch goes on waiting for its turn; if not, it is sent, or suppressed with a reason."""
    i, campaign, content = request["customer"], request["campaign"], request["content"]
    channel, failed = request["detail"] % 256, request["detail"] // 256
    luck, step, branch = request["luck"], request["step"], customer_row(w, request["customer"]).branch
    marketing = content_rule_at(w.content_rules, content).marketing
    drops = marketing and rule_i8(w.quiet_hours, channel * 3 + 2) and after_quiet(now, channel, w) != now
    if not drops and carried_at(now, channel, marketing, w) != now:
        return True
    cost = channel_rule_at(w.channel_rules, channel).cost
    for k in range(w.limits):
        rule = policy_rule_at(w.limit_rules, k)
        amount = cost if rule.place < 0 else 1
        if about(rule, channel, content, w) and used[places[k], branch] + amount > most[places[k], branch]:
            if now - request["time"] < rule.within:
                return True
            tally(w.touched, cell(campaign, channel, content, rule.outcome, w), 1)
            come_back(i, campaign, content, channel, luck, step, now, w)
            return False
    reason = carry(i, campaign, content, channel, luck, step, 0, failed, now, w)
    if reason == 0:
        for k in range(w.limits):
            rule = policy_rule_at(w.limit_rules, k)
            if about(rule, channel, content, w):
                used[places[k], branch] += cost if rule.place < 0 else 1
    elif not failed and reason in (T_REACH, T_CONSENT) and rule_i8(w.fallback, channel) >= 0:
        reason = fall_back(i, campaign, content, channel, luck, step, 0, now, w)
    if reason > 0:
        come_back(i, campaign, content, channel, luck, step, now, w)
    return False


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
def send(rows: Any, campaign: int, content: int, channel: int, occasion: int, queue: int, first: int, now: int,
         world: int, reasons: Any) -> int:  # fmt: skip
    """Send the same touch to many customers, and write into ``reasons`` why each was held back, or 0.

    From a place on; answers with the place for which there is no room among the requests, or the end. The pool of
    touches must have room for ``len(rows)`` more.
    """
    w = world_at(world, 0)
    # The name of the content: its place in the scenario is nothing that luck may hang on.
    subject = np.uint64(occasion * 256 + channel) ^ content_rule_at(w.content_rules, content).key
    for k in range(first, len(rows)):
        if counts(w).requests + 2 > w.requests_room:
            return k
        key = customer_row(w, rows[k]).key
        luck = np.uint64(0) if queue else hash_pair(rule_u8(w.campaign_keys, campaign), key, subject)
        reasons[k] = send_one(rows[k], campaign, content, channel, luck, 0, queue, now, w)
        if reasons[k] == WAITS:
            set_i4(w.due, rows[k], NEVER)
        elif not queue and reasons[k] == 0:
            wake(rows[k], w)
    return len(rows)
