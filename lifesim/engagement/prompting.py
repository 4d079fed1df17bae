"""What those who take in a touch of a journey do at once because it asks them to, and offline events; compiled.

A seat at an offline event is a touch that arrives when the event begins: whoever comes takes in what is said there.
"""

from __future__ import annotations

from typing import Any

from lifesim.compiled import compiled
from lifesim.engagement.inbox import answer, cell, put
from lifesim.lifecycle.events import ask
from lifesim.lifecycle.layout import (
    channel_rule_at,
    content_rule_at,
    customer_row,
    outcome_row,
    rule_f8,
    rule_i8,
    rule_u8,
    tally,
    touch_row,
)
from lifesim.lifecycle.noting import W_ADDED_WECOM, W_BOOKED, W_GAP_ASSESSED, W_REPLIED, W_TURNED_AWAY, note
from lifesim.lifecycle.value import book_cost
from lifesim.population.columns import BOOKING, FADING, GAP_ASSESSED, NEVER, NONE, REMINDED, T_REQUESTED, T_WITHDRAWN
from lifesim.scenario.channels import CHANNELS, OFFLINE_EVENT
from lifesim.streams import hash_pair, uniform

K_REMINDED = 25  # place in rules.DECISIONS
EVENT_CHANNEL = CHANNELS.index(OFFLINE_EVENT)
#: Of an offline event: place of its journey among the campaigns, when it begins, what is said there, and how many seats
#: it has in each branch, -1 for enough.
SEAT_WIDTH = 4
_WECOM = 1 << CHANNELS.index("wecom")


@compiled
def prompt(i: int, touch: Any, now: int, w: Any) -> None:
    """A touch of a journey asks for something, and some of those who take it in do it at once."""
    key = customer_row(w, i).key
    for word in range(w.words):
        share = rule_f8(w.prompts, touch.content * w.words + word)
        if share <= 0.0:
            continue
        # Whoever is a contact already has nothing to accept.
        known = word == W_ADDED_WECOM and customer_row(w, i).reach & _WECOM
        if known or uniform(rule_u8(w.prompt_keys, word), key, touch.luck) < share:
            follow(i, touch, word, now, w)


@compiled
def follow(i: int, touch: Any, word: int, now: int, w: Any) -> None:
    """Do what a touch asks for."""
    tally(w.prompted, (touch.campaign * w.contents + touch.content) * w.words + word, 1)
    if word == W_REPLIED:
        answer(i, touch, word, w)
    elif word == W_BOOKED:
        book(i, touch.campaign, now, w)
    else:
        if word == W_ADDED_WECOM:
            customer_row(w, i).reach |= _WECOM
            customer_row(w, i).consent |= _WECOM
        elif word == W_GAP_ASSESSED:
            customer_row(w, i).marks |= GAP_ASSESSED
            outcome_row(w, i).gap_assessments += 1
        note(i, word, touch.content, w)


@compiled
def book(i: int, campaign: int, now: int, w: Any) -> None:
    """Book the next offline event of a journey; where its seats are few, ask for one and wait."""
    event = event_after(campaign, now, w)
    if event == NONE:
        return
    few = rule_i8(w.seats, event * SEAT_WIDTH + 3) >= 0
    if few and seat_of(i, campaign, rule_i8(w.seats, event * SEAT_WIDTH + 1), w) == NONE:
        ask(i, BOOKING, event, now, w)
        customer_row(w, i).held += 1
    else:
        take_seat(i, event, now, w)


@compiled
def take_seat(i: int, event: int, now: int, w: Any) -> None:
    """Have a seat at an offline event, once; who comes is the luck of the customer and the event."""
    campaign = rule_i8(w.seats, event * SEAT_WIDTH)
    at, content = rule_i8(w.seats, event * SEAT_WIDTH + 1), rule_i8(w.seats, event * SEAT_WIDTH + 2)
    if seat_of(i, campaign, at, w) == NONE:
        cost = channel_rule_at(w.channel_rules, EVENT_CHANNEL).cost
        tally(w.touched, cell(campaign, EVENT_CHANNEL, content, T_REQUESTED, w), 1)
        outcome_row(w, i).sent += 1
        outcome_row(w, i).contact += cost
        book_cost(i, cost, now, w)
        luck = hash_pair(rule_u8(w.campaign_keys, campaign), customer_row(w, i).key, at)
        put(i, campaign, content, EVENT_CHANNEL, luck, 0, at, 0, 0.0, w)
    note(i, W_BOOKED, event, w)


@compiled
def turn_away(i: int, event: int, w: Any) -> None:
    """There is no seat left: counted as a booking that was withdrawn."""
    campaign, content = rule_i8(w.seats, event * SEAT_WIDTH), rule_i8(w.seats, event * SEAT_WIDTH + 2)
    tally(w.touched, cell(campaign, EVENT_CHANNEL, content, T_REQUESTED, w), 1)
    tally(w.touched, cell(campaign, EVENT_CHANNEL, content, T_WITHDRAWN, w), 1)
    note(i, W_TURNED_AWAY, event, w)


@compiled
def event_after(campaign: int, now: int, w: Any) -> int:
    """Row of the first offline event of a journey that begins after a time, or ``NONE``; rows are in order of time."""
    for event in range(w.events_all):
        if rule_i8(w.seats, event * SEAT_WIDTH) == campaign and rule_i8(w.seats, event * SEAT_WIDTH + 1) > now:
            return event
    return NONE


@compiled
def seat_of(i: int, campaign: int, at: int, w: Any) -> int:
    """Place of the seat that a customer has booked at the event of a journey that begins then, or ``NONE``.

    With ``NEVER`` of the first of them that is still to come.
    """
    found = NONE
    place = customer_row(w, i).first_touch
    while place != NONE:
        touch = touch_row(w, place)
        mine = touch.channel == EVENT_CHANNEL and touch.campaign == campaign and touch.status != FADING
        mine = mine and (touch.at == at or at == NEVER)
        if mine and (found == NONE or touch.at < touch_row(w, found).at):
            found = place
        place = touch.next
    return found


@compiled
def remind(i: int, touch: Any, w: Any) -> None:
    """A reminder arrives: some who have booked, and would have missed the event, come."""
    share = content_rule_at(w.content_rules, touch.content).brings
    if share <= 0.0:
        return
    seat = seat_of(i, touch.campaign, NEVER, w)
    if seat != NONE and uniform(rule_u8(w.keys, K_REMINDED), customer_row(w, i).key, touch.luck) < share:
        touch_row(w, seat).status = REMINDED
