"""Coming into a journey and leaving it: one enrolment for a customer and a journey, which stays; compiled."""

from __future__ import annotations

from typing import Any

from lifesim.compiled import compiled, compiled_entry
from lifesim.engagement.journeys.layout import (
    BEGINS,
    CONVERTED,
    ENTERED,
    EXIT,
    RUNNING_TRIGGER_WIDTH,
    RUNNING_WIDTH,
    SECONDS_TO_GOAL,
    STEP,
    STEP_WIDTH,
    T_RUN,
    TOO_MANY,
    W_LEFT,
    A,
    B,
    C,
)
from lifesim.engagement.journeys.layout import NONE as NOTHING
from lifesim.engagement.journeys.observing import belongs
from lifesim.lifecycle.events import ask
from lifesim.lifecycle.layout import (
    counts,
    course_row,
    customer_row,
    enrolment_row,
    i4,
    journey_rule_at,
    rule_i8,
    set_i4,
    set_u2,
    tally,
    u2,
    under_way,
    world_at,
)
from lifesim.population.columns import BLOCK, CAUSE_DIED, ENTER, GONE, NEVER, NONE, REFUSES_TARGETING


@compiled
def cell_of(row: int, column: int, w: Any) -> int:
    """One number of a row of the steps."""
    return rule_i8(w.journey_steps, row * RUNNING_WIDTH + column)


@compiled
def trigger(row: int, column: int, w: Any) -> int:
    """One number of a row of the triggers."""
    return rule_i8(w.journey_triggers, row * RUNNING_TRIGGER_WIDTH + column)


@compiled
def mark(place: int, k: int, w: Any) -> int:
    """One number that a journey remembers of a customer who is in it."""
    return u2(w.marks, enrolment_row(w, place).course * w.marks_each + k)


@compiled
def set_mark(place: int, k: int, value: int, w: Any) -> None:
    """Remember a number; what is too large for its place stays at the largest."""
    set_u2(w.marks, enrolment_row(w, place).course * w.marks_each + k, min(value, 65_535))


@compiled
def begin_runs(place: int, first: int, count: int, w: Any) -> None:
    """Runs of days that some triggers ask for begin now: those before do not count."""
    for k in range(first, first + count):
        run = trigger(k, T_RUN, w)
        if run != NOTHING:
            set_mark(place, run, 0, w)
            set_mark(place, run + 1, 0, w)


@compiled
def count_way(cell: int, w: Any) -> None:
    """Count a customer who goes a way; those that are no way out of a step have no cell."""
    if cell >= 0:
        tally(w.ways, cell, 1)


@compiled
def enrolment_of(i: int, journey: int, w: Any) -> int:
    """Place of the enrolment of a customer in a journey, or ``NONE``."""
    place = customer_row(w, i).first_enrolment
    while place != NONE and enrolment_row(w, place).journey != journey:
        place = enrolment_row(w, place).next
    return place


@compiled
def inside(i: int, w: Any) -> int:
    """How many of the journeys that run a customer is in."""
    found, place = 0, customer_row(w, i).first_enrolment
    while place != NONE:
        if under_way(w, place):
            found += (counts(w).running >> enrolment_row(w, place).journey) & 1
        place = enrolment_row(w, place).next
    return found


@compiled
def open_to(i: int, journey: int, now: int, w: Any) -> bool:
    """Whether a journey is open to a customer: who refuses automated targeting comes into those of service alone."""
    if i4(w.visible, i) <= now:
        return True
    c = customer_row(w, i)
    alive = c.joined <= now and c.cause != CAUSE_DIED
    return alive and c.marks & REFUSES_TARGETING != 0 and (w.service_journeys >> journey) & 1 == 1


@compiled
def left_at(place: int, w: Any) -> int:
    """When the customer of an enrolment, who has been in the journey, left it."""
    course = enrolment_row(w, place).course
    return GONE - (course if course < 0 else course_row(w, place).until)


@compiled
def may_enter(i: int, journey: int, audience: int, now: int, w: Any) -> bool:
    """Whether a customer may come in now: open to them, in the audience, not inside, within the rules of re-entry
    and of journeys at a time. Who is kept out by the last of these alone is counted.

    The audience comes first: it keeps most customers out, by their own row, and enrolments are all over their pool.
    """
    if not open_to(i, journey, now, w):
        return False
    if audience != NOTHING and not belongs(i, audience, now, w):
        return False
    rule, place = journey_rule_at(w.journey_rules, journey), enrolment_of(i, journey, w)
    if place != NONE and enrolment_row(w, place).entries > 0:
        enrolment = enrolment_row(w, place)
        if under_way(w, place) or rule.reentry_after == NOTHING or now - left_at(place, w) < rule.reentry_after:
            return False
        if rule.reentry_times != NOTHING and enrolment.entries > rule.reentry_times:
            return False
    if w.at_once > 0 and inside(i, w) >= w.at_once:
        count_way(rule.first_way + TOO_MANY, w)
        return False
    return True


@compiled
def enrolment_made(i: int, journey: int, w: Any) -> int:
    """Place of the enrolment of a customer in a journey, a new one where there is none.

    The caller has made sure that the pool has room. Who has never been in the journey can have reached no goal of it.
    """
    place = enrolment_of(i, journey, w)
    if place != NONE:
        return place
    place = counts(w).free_enrolment
    counts(w).free_enrolment = enrolment_row(w, place).next
    counts(w).enrolments_left -= 1
    enrolment = enrolment_row(w, place)
    enrolment.next = customer_row(w, i).first_enrolment
    enrolment.journey = journey
    enrolment.course = NONE
    enrolment.entries = 0
    enrolment.converted = 1
    customer_row(w, i).first_enrolment = place
    return place


@compiled
def begin_course(place: int, inside: int, w: Any) -> None:
    """The customer of an enrolment comes in, of whom the journey remembers nothing; or begins to wait whether to."""
    enrolment = enrolment_row(w, place)
    new, left = enrolment.course < 0, enrolment.course
    if new:
        enrolment.course = counts(w).free_course
        counts(w).free_course = course_row(w, place).next
        counts(w).courses_left -= 1
        course_row(w, place).until = left
    course = course_row(w, place)
    course.at = NEVER
    course.sends = 0
    course.inside = inside
    course.waits = 0
    for k in range(w.marks_each if new or inside else 0):
        set_mark(place, k, 0, w)


@compiled
def end_course(place: int, w: Any) -> None:
    """The customer of an enrolment is out of the journey, and waits for nothing; days may count on."""
    enrolment, course = enrolment_row(w, place), course_row(w, place)
    course.inside = 0
    course.waits = 0
    course.at = NEVER
    if journey_rule_at(w.journey_rules, enrolment.journey).counts_days:
        return
    course.next = counts(w).free_course
    counts(w).free_course = enrolment.course
    counts(w).courses_left += 1
    enrolment.course = course.until


@compiled
def enter(i: int, journey: int, granted: int, now: int, w: Any) -> None:
    """Let a customer in, at the first step; the caller has made sure that the pool has room.

    Runs of days begin anew, those by which one comes in among them. Where the journey takes so many and no more, the
    customer waits for a turn, unless it has been granted.
    """
    if not granted and (w.taken_by_turns >> journey) & 1:
        ask(i, ENTER, journey, now, w)
        customer_row(w, i).held += 1
        return
    rule = journey_rule_at(w.journey_rules, journey)
    place = enrolment_made(i, journey, w)
    enrolment = enrolment_row(w, place)
    enrolment.entries += 1
    enrolment.entered = now
    enrolment.converted = 0
    begin_course(place, 1, w)
    count_way(rule.first_way + ENTERED, w)
    come_to(i, place, rule.first_row, now, w)


@compiled
def expect(i: int, journey: int, entry: int, now: int, w: Any) -> None:
    """Wait whether something follows that keeps a customer out; meanwhile the row is that of the entries.

    Once at a time: what is done again before the time is over begins no wait of its own.
    """
    if not open_to(i, journey, now, w):
        return
    place, row = enrolment_made(i, journey, w), entry * STEP_WIDTH
    if enrolment_row(w, place).course < 0 or (not under_way(w, place) and course_row(w, place).at == NEVER):
        begin_course(place, 0, w)
        begin_runs(place, rule_i8(w.journey_entries, row + B), rule_i8(w.journey_entries, row + C), w)
        course = course_row(w, place)
        course.row = entry
        course.at = now + rule_i8(w.journey_entries, row + A)
        customer_row(w, i).touch_at = min(customer_row(w, i).touch_at, course.at)


@compiled
def come_late(i: int, place: int, now: int, w: Any) -> None:
    """Nothing has followed in time: the customer comes in, if that is allowed now."""
    journey, entry = enrolment_row(w, place).journey, course_row(w, place).row
    end_course(place, w)
    if may_enter(i, journey, rule_i8(w.journey_entries, entry * STEP_WIDTH + STEP), now, w):
        enter(i, journey, 0, now, w)


@compiled
def come_to(i: int, place: int, row: int, now: int, w: Any) -> None:
    """Go on at a row, which is done at once, after all else that happens to the customer now; or leave."""
    if row == EXIT:
        leave(place, now, w)
        return
    rule, course = journey_rule_at(w.journey_rules, enrolment_row(w, place).journey), course_row(w, place)
    course.row = row
    course.waits = 0
    course.at = now
    customer_row(w, i).touch_at = min(customer_row(w, i).touch_at, now)
    if cell_of(row, BEGINS, w):
        step = cell_of(row, STEP, w)
        set_mark(place, step, mark(place, step, w) + 1, w)
        course.sends = 0
        if rule.exit_if != NOTHING and belongs(i, rule.exit_if, now, w):
            drop_out(place, 0, now, w)


@compiled
def drop_out(place: int, why: int, now: int, w: Any) -> None:
    """Leave from a step by none of its ways; `why` is the place in ``ENDINGS`` of what ends the journey."""
    count_way(cell_of(course_row(w, place).row, W_LEFT, w) + why, w)
    leave(place, now, w)


@compiled
def leave(place: int, now: int, w: Any) -> None:
    """Leave a journey; that the customer has been in it stays known."""
    course_row(w, place).until = GONE - now
    end_course(place, w)


@compiled
def convert(place: int, now: int, w: Any) -> None:
    """The goal is reached, within its window or not; once in an entry."""
    enrolment = enrolment_row(w, place)
    rule = journey_rule_at(w.journey_rules, enrolment.journey)
    if not enrolment.converted and now - enrolment.entered <= rule.goal_seconds:
        enrolment.converted = 1
        count_way(rule.first_way + CONVERTED, w)
        tally(w.ways, rule.first_way + SECONDS_TO_GOAL, now - enrolment.entered)
    if rule.goal_leaves and under_way(w, place):
        drop_out(place, 1, now, w)


@compiled_entry
def enrol(journey: int, audience: int, only: Any, granted: int, first: int, now: int, world: int) -> int:
    """Let in, from a place on, all who may enter by a schedule; the place for which there is no room, or the end.

    Parameters
    ----------
    only
        Rows of the customers whom it is about; everyone where there are none.
    granted
        Whether their turn has come.
    """
    w = world_at(world, 0)
    customers = len(only) if len(only) > 0 else counts(w).customers
    for k in range(first, customers):
        i = only[k] if len(only) > 0 else k
        if not may_enter(i, journey, audience, now, w):
            continue
        left = min(counts(w).enrolments_left, counts(w).courses_left)
        if left <= w.journeys or counts(w).requests == w.requests_room:
            return k
        enter(i, journey, granted, now, w)
        if customer_row(w, i).held:
            set_i4(w.due, i, NEVER)
        else:
            set_i4(w.due, i, min(i4(w.due, i), now))
            set_i4(w.wake, i // BLOCK, min(i4(w.wake, i // BLOCK), now))
    return customers
