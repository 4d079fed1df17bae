"""Journeys on their way: the next row of a customer's journey, done at its time; compiled.

Runs inside the kernel in the customer's own time order. A row does one thing, so that a step of the kernel sends at
most one touch and asks for at most one call or chat. Luck is keyed by the names of journey and step and by the number
of the entry, of the visit to the step and of the attempt: another journey changes none of it.
"""

from __future__ import annotations

from typing import Any

from lifesim.compiled import compiled
from lifesim.engagement.journeys.enrolling import (
    begin_runs,
    cell_of,
    come_late,
    come_to,
    count_way,
    leave,
    mark,
    set_mark,
    trigger,
)
from lifesim.engagement.journeys.layout import (
    ABOUT_STEP,
    ASKED,
    B_CAP,
    COUNT,
    FIRST,
    FULL,
    GRANTED,
    KIND,
    NEXT,
    OTHER,
    RUNNING_WIDTH,
    STEP,
    T_EVENT,
    T_NEXT,
    T_WAY,
    W_FIRST,
    W_NEXT,
    W_OTHER,
    WHOLE,
    A,
    B,
    C,
    D,
    Kind,
)
from lifesim.engagement.journeys.layout import NONE as NOTHING
from lifesim.engagement.journeys.moments import over
from lifesim.engagement.journeys.observing import belongs
from lifesim.engagement.sending import send_one
from lifesim.lifecycle.events import ask
from lifesim.lifecycle.layout import (
    counts,
    course_row,
    customer_row,
    enrolment_row,
    journey_rule_at,
    request_row,
    rule_i8,
    rule_u8,
)
from lifesim.population.columns import CALL, CAUSE_DIED, DAY, HAND_OVER, NEVER, NONE, NOTIFY, PLACE
from lifesim.scenario.channels import BY_PEOPLE, CHANNELS
from lifesim.streams import hash_pair, look_again

_CALL_CHANNEL = CHANNELS.index("call")
#: Bit per channel.
_BY_PEOPLE = sum(1 << CHANNELS.index(name) for name in BY_PEOPLE)
_SEND, _DAILY, _WAIT, _AWAIT, _TEST, _ENGAGED, _CHANCE, _HAND_OVER, _NOTIFY, _REPEAT, _GO = (int(k) for k in Kind)


@compiled
def due_enrolment(i: int, now: int, w: Any) -> int:
    """Place of the enrolment that goes on now, in the order of the journeys' names; ``NONE`` if there is none."""
    found = NONE
    place = customer_row(w, i).first_enrolment
    while place != NONE:
        enrolment = enrolment_row(w, place)
        due = enrolment.course >= 0 and course_row(w, place).at == now
        if due and (found == NONE or enrolment.journey < enrolment_row(w, found).journey):
            found = place
        place = enrolment.next
    return found


@compiled
def on_journey(i: int, place: int, now: int, w: Any) -> None:
    """A journey goes on: its row is begun, or the wait for something is over."""
    course = course_row(w, place)
    if not (counts(w).running >> enrolment_row(w, place).journey) & 1 or customer_row(w, i).cause == CAUSE_DIED:
        # The arm does not run it, or nobody is left to be addressed.
        leave(place, now, w)
        return
    if not course.inside:
        come_late(i, place, now, w)
        return
    kind = cell_of(course.row, KIND, w)
    if course.waits:
        if kind == _WAIT:
            take(i, place, NEXT, W_NEXT, now, w)
        elif kind == _DAILY and now < course.until:
            send(i, place, now, w)
            course.at = min(now + DAY, course.until)
        else:
            take(i, place, OTHER, W_OTHER, now, w)
    elif kind in (_WAIT, _AWAIT, _DAILY):
        begin_wait(i, place, kind, now, w)
    else:
        do(i, place, kind, now, w)


@compiled
def take(i: int, place: int, to: int, way: int, now: int, w: Any) -> None:
    """Go the way in column ``to`` of the row, which is counted in the cell in column ``way``."""
    row = course_row(w, place).row
    count_way(cell_of(row, way, w), w)
    come_to(i, place, cell_of(row, to, w), now, w)


@compiled
def begin_wait(i: int, place: int, kind: int, now: int, w: Any) -> None:
    """Begin to wait for a moment or for something to happen."""
    course = course_row(w, place)
    row = course.row
    course.waits = 1
    if kind == _WAIT:
        course.at = over(i, row * RUNNING_WIDTH, now, w)
        return
    course.until = now + cell_of(row, D, w)
    course.at = course.until
    if kind == _DAILY:
        first = now // DAY * DAY + cell_of(row, C, w)
        course.at = min(first if first > now else first + DAY, course.until)
    # A run of days is one of the time in which it is waited for.
    begin_runs(place, cell_of(row, FIRST, w), cell_of(row, COUNT, w), w)


@compiled
def do(i: int, place: int, kind: int, now: int, w: Any) -> None:
    """Do what takes no time, and go on."""
    row = course_row(w, place).row
    if kind == _CHANCE:
        split(i, place, now, w)
        return
    if kind == _ENGAGED:
        by_engagement(i, place, now, w)
        return
    other = False
    if kind == _SEND:
        send(i, place, now, w)
    elif kind == _HAND_OVER:
        call(i, place, w.desk_content, _CALL_CHANNEL, HAND_OVER, now, w)
    elif kind == _NOTIFY:
        call(i, place, w.desk_content, _CALL_CHANNEL, NOTIFY, now, w)
    elif kind == _TEST:
        other = not belongs(i, cell_of(row, A, w), now, w)
    elif kind == _REPEAT:
        other = again(i, place, now, w)
    take(i, place, OTHER if other else NEXT, W_OTHER if other else W_NEXT, now, w)


@compiled
def memory(place: int, step: int, w: Any) -> int:
    """Which mark holds what is remembered of a step."""
    return journey_rule_at(w.journey_rules, enrolment_row(w, place).journey).steps + step


@compiled
def luck_of(i: int, place: int, w: Any) -> Any:
    """Luck of a touch or call: by the names of journey and step, entry, visit and attempt."""
    course = course_row(w, place)
    step = cell_of(course.row, STEP, w)
    subject = (enrolment_row(w, place).entries * 65_536 + mark(place, step, w)) * 65_536 + course.sends
    key = rule_u8(w.step_keys, 2 * (cell_of(course.row, ABOUT_STEP, w) + step))
    return hash_pair(key, customer_row(w, i).key, subject)


@compiled
def send(i: int, place: int, now: int, w: Any) -> None:
    """Send the content of the row by its channel, as the contact policy allows; calls and chats are left to people."""
    course = course_row(w, place)
    row = course.row
    channel, content, step = cell_of(row, A, w), cell_of(row, B, w), cell_of(row, STEP, w)
    if (_BY_PEOPLE >> channel) & 1:
        call(i, place, content, channel, CALL, now, w)
        return
    set_mark(place, memory(place, step, w), 0, w)
    course.sends += 1
    campaign = journey_rule_at(w.journey_rules, enrolment_row(w, place).journey).campaign
    send_one(i, campaign, content, channel, luck_of(i, place, w), step + 1, 0, now, w)


@compiled
def call(i: int, place: int, content: int, channel: int, kind: int, now: int, w: Any) -> None:
    """Ask for a call, a chat or a hand-over, which begins with a call, as the contact policy allows.

    Of a notice to an agent the customer learns nothing, and the policy allows it. The customer is held for whoever
    takes it.
    """
    course = course_row(w, place)
    step = cell_of(course.row, STEP, w)
    set_mark(place, memory(place, step, w), 0, w)
    course.sends += 1
    campaign = journey_rule_at(w.journey_rules, enrolment_row(w, place).journey).campaign
    luck = luck_of(i, place, w)
    if kind != NOTIFY and send_one(i, campaign, content, channel, luck, step + 1, 1, now, w) != 0:
        return
    request = request_row(w, counts(w).requests)
    request.time = now
    request.customer = i
    request.kind = kind
    request.detail = channel
    request.luck = luck
    request.campaign = campaign
    request.content = content
    request.step = step + 1
    counts(w).requests += 1
    customer_row(w, i).held += 1


@compiled
def split(i: int, place: int, now: int, w: Any) -> None:
    """A branch by the customer's draw for this step, the same at every entry; with a cap, if there is a place."""
    row = course_row(w, place).row
    step = cell_of(row, ABOUT_STEP, w) + cell_of(row, STEP, w)
    u, _, _ = look_again(rule_u8(w.step_keys, 2 * step + 1), customer_row(w, i).key, 0)
    branch = cell_of(row, FIRST, w)
    while u * WHOLE >= rule_i8(w.journey_branches, branch * 4):
        branch += 1
    if rule_i8(w.journey_branches, branch * 4 + B_CAP) != NOTHING:
        course = course_row(w, place)
        if course.sends == FULL:
            take(i, place, OTHER, W_OTHER, now, w)
            return
        if course.sends != GRANTED:
            ask_for_place(i, place, branch, now, w)
            return
    count_way(cell_of(row, W_FIRST, w) + branch - cell_of(row, FIRST, w), w)
    come_to(i, place, rule_i8(w.journey_branches, branch * 4 + 1), now, w)


@compiled
def ask_for_place(i: int, place: int, branch: int, now: int, w: Any) -> None:
    """Ask for a place in a path that takes so many and no more; the customer is held until there is an answer."""
    course = course_row(w, place)
    course.sends = ASKED
    course.until = branch
    course.at = NEVER
    ask(i, PLACE, place, now, w)
    customer_row(w, i).held += 1


@compiled
def by_engagement(i: int, place: int, now: int, w: Any) -> None:
    """The way of the first response that a touch of this journey has had so far."""
    row = course_row(w, place).row
    responses = mark(place, memory(place, cell_of(row, A, w), w), w)
    for k in range(cell_of(row, FIRST, w), cell_of(row, FIRST, w) + cell_of(row, COUNT, w)):
        if (responses >> trigger(k, T_EVENT, w)) & 1:
            count_way(cell_of(row, W_FIRST, w) + trigger(k, T_WAY, w), w)
            come_to(i, place, trigger(k, T_NEXT, w), now, w)
            return
    take(i, place, OTHER, W_OTHER, now, w)


@compiled
def again(i: int, place: int, now: int, w: Any) -> bool:
    """Whether a repetition goes back once more."""
    row = course_row(w, place).row
    most, until = cell_of(row, A, w), cell_of(row, B, w)
    own = memory(place, cell_of(row, STEP, w), w)
    if (until != NOTHING and belongs(i, until, now, w)) or (most != NOTHING and mark(place, own, w) >= most):
        return False
    set_mark(place, own, mark(place, own, w) + 1, w)
    return True
