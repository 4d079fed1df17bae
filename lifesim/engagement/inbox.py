"""The customer's inbox: touches that are on their way to one customer, or lie unopened; compiled."""

from __future__ import annotations

from typing import Any

from lifesim.compiled import compiled
from lifesim.lifecycle.layout import counts, course_row, customer_row, enrolment_row, tally, touch_row
from lifesim.lifecycle.noting import note, note_answer
from lifesim.population.columns import NEVER, NONE, TRAVELLING


@compiled
def find_touch(i: int, w: Any) -> None:
    """When something happens to one of the customer's touches next, or a journey goes on."""
    soonest = NEVER
    place = customer_row(w, i).first_touch
    while place != NONE:
        soonest = min(soonest, touch_row(w, place).at)
        place = touch_row(w, place).next
    place = customer_row(w, i).first_enrolment
    while place != NONE:
        if enrolment_row(w, place).course >= 0:
            soonest = min(soonest, course_row(w, place).at)
        place = enrolment_row(w, place).next
    customer_row(w, i).touch_at = soonest


@compiled
def put(i: int, campaign: int, content: int, channel: int, luck: Any, step: int, at: int, lead: int, skill: float,
        w: Any) -> None:  # fmt: skip
    """Put a touch on its way; the caller has made sure that the pool has room."""
    place = counts(w).free_touch
    touch = touch_row(w, place)
    counts(w).free_touch = touch.next
    counts(w).touches_left -= 1
    touch.luck = luck
    touch.customer = i
    touch.next = customer_row(w, i).first_touch
    touch.at = at
    touch.campaign = campaign
    touch.content = content
    touch.channel = channel
    touch.status = TRAVELLING
    touch.lead = lead
    touch.step = step
    touch.hour = 0
    touch.skill = skill
    customer_row(w, i).first_touch = place
    customer_row(w, i).touch_at = min(customer_row(w, i).touch_at, at)


@compiled
def drop(i: int, place: int, w: Any) -> None:
    """Free a touch whose story is over."""
    if customer_row(w, i).first_touch == place:
        customer_row(w, i).first_touch = touch_row(w, place).next
    else:
        before = customer_row(w, i).first_touch
        while touch_row(w, before).next != place:
            before = touch_row(w, before).next
        touch_row(w, before).next = touch_row(w, place).next
    touch_row(w, place).customer = NONE
    touch_row(w, place).next = counts(w).free_touch
    counts(w).free_touch = place
    counts(w).touches_left += 1


@compiled
def due_touch(i: int, w: Any) -> int:
    """Place of the touch that is next, or ``NONE``; at equal times in the order of their luck."""
    c = customer_row(w, i)
    found = NONE
    place = c.first_touch
    while place != NONE:
        touch = touch_row(w, place)
        if touch.at == c.touch_at and (found == NONE or touch.luck < touch_row(w, found).luck):
            found = place
        place = touch.next
    return found


@compiled
def answer(i: int, touch: Any, response: int, w: Any) -> None:
    """Tell the journey that sent a touch what the insurer sees of it."""
    answer_step(i, touch.campaign, touch.step, response, w)
    note_answer(response, touch.content, touch.channel, w)


@compiled
def answer_step(i: int, campaign: int, step: int, response: int, w: Any) -> None:
    """Tell a journey what the insurer sees of what one of its steps, counted from 1, has sent; 0 is no step."""
    if step:
        note(i, response, campaign * 256 + step - 1, w)


@compiled
def cell(campaign: int, channel: int, content: int, outcome: int, w: Any) -> int:
    """Place in the table of what became of touches."""
    return ((campaign * w.channels + channel) * w.contents + content) * w.outcomes_each + outcome


@compiled
def count(touch: Any, outcome: int, w: Any) -> None:
    """Count what became of a touch, by campaign, channel and content."""
    tally(w.touched, cell(touch.campaign, touch.channel, touch.content, outcome, w), 1)
