"""What journeys hear: which go on, end, are converted or begin by what the insurer notices of a customer; compiled.

Runs after each step of the kernel in which something was noticed, see ``lifecycle.noting``, in the same second.
"""

from __future__ import annotations

from typing import Any

from lifesim.compiled import compiled
from lifesim.engagement.inbox import find_touch
from lifesim.engagement.journeys.enrolling import (
    begin_course,
    cell_of,
    come_to,
    convert,
    count_way,
    drop_out,
    end_course,
    enrolment_made,
    enter,
    expect,
    mark,
    may_enter,
    open_to,
    set_mark,
    trigger,
)
from lifesim.engagement.journeys.layout import (
    COUNT,
    FIRST,
    KIND,
    RECALL_WIDTH,
    STEP,
    STEP_WIDTH,
    T_ABOUT,
    T_DAYS,
    T_EVENT,
    T_NEXT,
    T_RUN,
    T_WAY,
    W_FIRST,
    B,
    C,
    Kind,
    Way,
)
from lifesim.engagement.journeys.layout import NONE as NOTHING
from lifesim.lifecycle.layout import (
    counts,
    course_row,
    customer_row,
    enrolment_row,
    journey_rule_at,
    note_at,
    rule_i8,
    set_i4,
)
from lifesim.lifecycle.noting import W_REPLIED, response_of
from lifesim.population.columns import DAY, NEVER, NONE

_WAIT, _TRIGGER, _DID_NOT = int(Kind.WAIT), int(Way.TRIGGER), int(Way.DID_NOT)


@compiled
def on_notes(i: int, now: int, w: Any) -> None:
    """Journeys hear what was noticed of a customer in the step that is done: they go on, end, or begin."""
    noted = counts(w).noted
    for k in range(noted):
        event, about = note_at(w.notes, k).event, note_at(w.notes, k).about
        if event < 0 or event > W_REPLIED:
            recall(i, event if event > 0 else response_of(event), about, now, w)
        if event < 0:
            continue
        place = customer_row(w, i).first_enrolment
        while place != NONE:
            if (counts(w).running >> enrolment_row(w, place).journey) & 1:
                hear(i, place, event, about, now, w)
            place = enrolment_row(w, place).next
        if (counts(w).entering >> event) & 1:
            let_in(i, event, about, now, w)
    counts(w).noted = 0
    find_touch(i, w)


@compiled
def recall(i: int, event: int, about: int, now: int, w: Any) -> None:
    """Remember when a customer did what some audience asks about; of an answer `about` is the content."""
    if not (w.recalled_events >> event) & 1:
        return
    for k in range(w.recall_rows):
        wanted = rule_i8(w.recall_rules, k * RECALL_WIDTH + 1)
        if rule_i8(w.recall_rules, k * RECALL_WIDTH) == event and wanted in (NOTHING, about):
            set_i4(w.recalled, i * w.recall_width + rule_i8(w.recall_rules, k * RECALL_WIDTH + 2), now)


@compiled
def let_in(i: int, event: int, about: int, now: int, w: Any) -> None:
    """Let a customer into the journeys that are entered by an event."""
    for journey in range(w.journeys):
        rule = journey_rule_at(w.journey_rules, journey)
        if not (counts(w).running >> journey) & 1:
            continue
        for k in range(rule.entries_from, rule.entries_to):
            row = k * STEP_WIDTH
            first = rule_i8(w.journey_entries, row + FIRST)
            last = first + rule_i8(w.journey_entries, row + COUNT)
            kind = rule_i8(w.journey_entries, row + KIND)
            if kind not in (_TRIGGER, _DID_NOT):
                continue
            if matching(first, last, run_place(i, journey, first, last, event, now, w), event, about, now, w) < 0:
                continue
            if kind == _DID_NOT:
                expect(i, journey, k, now, w)
            elif may_enter(i, journey, rule_i8(w.journey_entries, row + STEP), now, w):
                enter(i, journey, 0, now, w)


@compiled
def run_place(i: int, journey: int, first: int, last: int, event: int, now: int, w: Any) -> int:
    """Place of the enrolment that keeps the runs of days by which a customer may come in.

    ``NONE`` where no trigger asks for a run of this event, or the journey is not open to the customer. Days are counted
    while the arm runs the journey, of those who are in it too.
    """
    for k in range(first, last):
        if trigger(k, T_EVENT, w) == event and trigger(k, T_RUN, w) != NOTHING and open_to(i, journey, now, w):
            place = enrolment_made(i, journey, w)
            if enrolment_row(w, place).course < 0:
                begin_course(place, 0, w)
            return place
    return NONE


@compiled
def matching(first: int, last: int, place: int, event: int, about: int, now: int, w: Any) -> int:
    """The first of some triggers that an event sets off, or -1; runs of days are those of the enrolment at a place."""
    found = -1
    for k in range(first, last):
        wanted = trigger(k, T_ABOUT, w)
        if trigger(k, T_EVENT, w) != event or (wanted != NOTHING and wanted != about):
            continue
        if trigger(k, T_RUN, w) != NOTHING and (place == NONE or not run_of_days(place, k, now, w)):
            continue
        if found < 0:
            found = k
    return found


@compiled
def run_of_days(place: int, k: int, now: int, w: Any) -> bool:
    """Whether an event of today makes a run as long as a trigger asks for."""
    run = trigger(k, T_RUN, w)
    today, last = now // DAY + 1, mark(place, run, w)
    if last != today:
        set_mark(place, run + 1, mark(place, run + 1, w) + 1 if last == today - 1 else 1, w)
        set_mark(place, run, today, w)
    return mark(place, run + 1, w) >= trigger(k, T_DAYS, w)


@compiled
def followed(place: int, event: int, about: int, now: int, w: Any) -> bool:
    """Whether something has followed that keeps a customer out who would come in without it."""
    entry = course_row(w, place).row * STEP_WIDTH
    first = rule_i8(w.journey_entries, entry + B)
    return matching(first, first + rule_i8(w.journey_entries, entry + C), place, event, about, now, w) >= 0


@compiled
def hear(i: int, place: int, event: int, about: int, now: int, w: Any) -> None:
    """What an event means to one journey: a response, the goal, an end, what a step waits for."""
    enrolment = enrolment_row(w, place)
    rule = journey_rule_at(w.journey_rules, enrolment.journey)
    if event <= W_REPLIED:
        if about // 256 != rule.campaign:
            return
        if enrolment.course >= 0:
            own = rule.steps + about % 256
            set_mark(place, own, mark(place, own, w) | (1 << event), w)
    if matching(rule.goal_from, rule.goal_to, place, event, about, now, w) >= 0:
        convert(place, now, w)
    if enrolment.course < 0:
        return
    course = course_row(w, place)
    if not course.inside:
        if course.at != NEVER and followed(place, event, about, now, w):
            end_course(place, w)
        return
    if matching(rule.leaving_from, rule.leaving_to, place, event, about, now, w) >= 0:
        drop_out(place, 0, now, w)
        return
    row = course.row
    if not course.waits or cell_of(row, KIND, w) == _WAIT:
        return
    first = cell_of(row, FIRST, w)
    k = matching(first, first + cell_of(row, COUNT, w), place, event, about, now, w)
    if k >= 0:
        count_way(cell_of(row, W_FIRST, w) + trigger(k, T_WAY, w), w)
        come_to(i, place, trigger(k, T_NEXT, w), now, w)
