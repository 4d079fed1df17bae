"""The main loop: every customer lives through their own events, in their own time order, up to an appointment."""

from __future__ import annotations

from typing import Any

from lifesim.compiled import compiled, compiled_entry, fetch
from lifesim.engagement.inbox import due_touch, find_touch
from lifesim.engagement.journeys.hearing import on_notes
from lifesim.engagement.journeys.running import due_enrolment, on_journey
from lifesim.engagement.prompting import take_seat, turn_away
from lifesim.engagement.touches import on_touch
from lifesim.lifecycle.candidates import activity_time, next_session
from lifesim.lifecycle.claims import on_settled
from lifesim.lifecycle.events import on_clock
from lifesim.lifecycle.layout import counts, customer_row, i4, outcome_row, set_i4, world_at
from lifesim.lifecycle.life_events import find_life_event, on_life_event
from lifesim.lifecycle.policies import end_all
from lifesim.lifecycle.premiums import on_policy
from lifesim.lifecycle.sessions import on_sessions
from lifesim.lifecycle.stages import arm_processes, begin, enter, log, refresh
from lifesim.lifecycle.value import book_cost
from lifesim.population.columns import (
    BLOCK,
    CAUSE_COMPETITOR,
    CLOCK,
    CUSTOMER,
    E_AGENT_ASSIGNED,
    E_ORPHANED,
    ENROLMENT,
    LOST,
    MIND,
    NEVER,
    NONE,
    ORPHAN,
    POLICY,
    TOUCH,
)

CUSTOMER_BYTES = CUSTOMER.itemsize
MIND_BYTES, CLOCK_BYTES = MIND.itemsize, CLOCK.itemsize
ENROLMENT_BYTES, TOUCH_BYTES, POLICY_BYTES = ENROLMENT.itemsize, TOUCH.itemsize, POLICY.itemsize
#: How many customers ahead of their turn rows are brought near, and then what those rows lead to.
AHEAD, NEAR = 12, 5
#: What becomes of customers whose serving agent changes.
ORPHANED, ASSIGNED, FOLLOWS = range(3)
DONE, DRAIN, GROW_POLICIES, GROW_TOUCHES, GROW_ENROLMENTS, ENDLESS = range(6)
#: More touches and steps of journeys than this come to no customer in one second.
MOST_AT_ONCE = 1_000
#: Most events and requests that one step of one customer can append (255 policies ending at once).
STEP_EVENTS, STEP_REQUESTS = 300, 80


@compiled
def room(w: Any) -> int:
    """Whether one more step fits into buffers and pools."""
    if counts(w).events + STEP_EVENTS > w.events_room:
        return DRAIN
    if counts(w).requests + STEP_REQUESTS > w.requests_room:
        return DRAIN
    if counts(w).free_policy == NONE:
        return GROW_POLICIES
    if w.journeys > 0:
        # A step sends one touch for a journey at most, and enters each journey at most once.
        if counts(w).free_touch == NONE:
            return GROW_TOUCHES
        if min(counts(w).enrolments_left, counts(w).courses_left) <= w.journeys:
            return GROW_ENROLMENTS
    return DONE


@compiled
def soonest_but_sessions(i: int, w: Any) -> int:
    """When a customer wakes next for anything but a session."""
    c = customer_row(w, i)
    return min(c.touch_at, c.policy_at, c.settled_at, c.life_at, c.clock_at, c.refresh_at)


@compiled
def soonest(i: int, w: Any) -> int:
    """When a customer wakes next."""
    return min(soonest_but_sessions(i, w), customer_row(w, i).session_at)


@compiled
def on_contact(i: int, now: int, w: Any) -> None:
    """A journey goes on; when none does, a touch arrives or is opened.

    Journeys come first, so that a step waits already for the answer to what it sends.
    """
    place = due_enrolment(i, now, w)
    if place != NONE:
        on_journey(i, place, now, w)
        find_touch(i, w)
    elif due_touch(i, w) != NONE:
        on_touch(i, now, w)
    else:
        find_touch(i, w)


@compiled
def endless(i: int, now: int, w: Any) -> bool:
    """Whether so many touches and steps of journeys come to a customer in one second that there will be no end."""
    n = counts(w)
    same = n.busy_customer == i and n.busy_second == now
    n.busy_times = n.busy_times + 1 if same else 0
    n.busy_customer, n.busy_second = i, now
    return n.busy_times >= MOST_AT_ONCE


@compiled
def live(i: int, until: int, w: Any) -> int:
    """Advance one customer to ``until``.

    At equal times journeys come first, then touches, dates, life events, clocks, sessions.
    """
    c = customer_row(w, i)
    while True:
        other = soonest_but_sessions(i, w)
        now = min(other, c.session_at)
        if now >= until:
            return DONE
        status = room(w)
        if status != DONE:
            return status
        held = c.held
        if c.touch_at == now:
            if endless(i, now, w):
                return ENDLESS
            on_contact(i, now, w)
        elif c.policy_at == now:
            policies = c.policies
            on_policy(i, now, w)
            if c.policies != policies:
                # Claims come at the incidence of the policies in force from this moment on.
                refresh(i, now, w)
        elif c.settled_at == now:
            on_settled(i, now, w)
        elif c.life_at == now:
            on_life_event(i, now, w)
        elif c.clock_at == now:
            on_clock(i, now, w)
        elif c.refresh_at == now:
            refresh(i, now, w)
        else:
            now = on_sessions(i, min(other, until), w)
        if counts(w).noted > 0:
            on_notes(i, now, w)
        if c.held > held:
            return DONE


@compiled
def index(i: int, w: Any) -> None:
    """Enter a customer into the index of waking customers; one who is held is left out."""
    at = NEVER if customer_row(w, i).held else soonest(i, w)
    set_i4(w.due, i, at)
    set_i4(w.wake, i // BLOCK, min(i4(w.wake, i // BLOCK), at))


@compiled
def bring(i: int, w: Any) -> None:
    """Bring a customer's rows near before their turn, so that a short step does not wait for memory."""
    row = w.customers + i * CUSTOMER_BYTES
    for line in range(0, CUSTOMER_BYTES, 64):
        fetch(row + line)
    fetch(w.mind + i * w.states * MIND_BYTES)
    fetch(w.traits + i * w.traits_each * 4)
    row = w.clocks + i * w.slots * CLOCK_BYTES
    for line in range(0, w.slots * CLOCK_BYTES, 64):
        fetch(row + line)


@compiled
def bring_lists(i: int, w: Any) -> None:
    """Bring near where the lists of a customer begin, whose rows have come."""
    c = customer_row(w, i)
    fetch(w.enrolments + c.first_enrolment * ENROLMENT_BYTES)
    fetch(w.touches + c.first_touch * TOUCH_BYTES)
    fetch(w.policies + c.first_policy * POLICY_BYTES)


@compiled_entry
def advance(until: int, held: Any, world: int) -> int:
    """Advance everyone who wakes before ``until`` and is not held; or, if there are any, those in the rows ``held``.

    A customer who asks for something contended is held at that moment. Returns ``DONE``, or the reason why the loop
    stopped between two steps; calling again goes on exactly there. Both are one function, because each that Python
    calls is compiled with all that it calls.
    """
    w = world_at(world, 0)
    for k in range(len(held)):
        # Who is held already, and asks for more, goes on: nobody may be left behind the moment that is kept.
        while soonest(held[k], w) < until:
            status = live(held[k], until, w)
            if status != DONE:
                return status
    if len(held) > 0:
        return DONE
    count = counts(w).customers
    for block in range((count + BLOCK - 1) // BLOCK):
        if i4(w.wake, block) >= until:
            continue
        last = min(count, (block + 1) * BLOCK)
        for i in range(block * BLOCK, last):
            if i + AHEAD < last and i4(w.due, i + AHEAD) < until:
                bring(i + AHEAD, w)
            if i + NEAR < last and i4(w.due, i + NEAR) < until:
                bring_lists(i + NEAR, w)
            if i4(w.due, i) < until:
                status = live(i, until, w)
                if status != DONE:
                    return status
                set_i4(w.due, i, NEVER if customer_row(w, i).held else soonest(i, w))
        first = NEVER
        for i in range(block * BLOCK, last):
            first = min(first, i4(w.due, i))
        set_i4(w.wake, block, first)
    return DONE


@compiled_entry
def hold(rows: Any, change: int, world: int) -> None:
    """Hold customers for a desk once more, or once less; one whom nobody holds any more goes on living."""
    w = world_at(world, 0)
    for k in range(len(rows)):
        customer_row(w, rows[k]).held += change
        set_i4(w.due, rows[k], NEVER)
        index(rows[k], w)


@compiled_entry
def turn(now: int, world: int) -> None:
    """The market turns: the hazards of everyone who has joined are evaluated anew, as at ``now``."""
    w = world_at(world, 0)
    for i in range(counts(w).customers):
        if customer_row(w, i).joined <= now:
            refresh(i, now, w)
            index(i, w)


@compiled_entry
def start(first: int, last: int, now: int, world: int) -> None:
    """Begin the lives of customers in rows ``first`` to ``last``, whose columns are set, when they join."""
    w = world_at(world, 0)
    for i in range(first, last):
        c = customer_row(w, i)
        since, begins = c.stage_since, max(now, c.joined)
        c.rated_at = begins
        begin(i, c.stage, c.cause, begins, w)
        c.stage_since = since
        c.activity = activity_time(begins, w)
        c.settled_at = NEVER
        next_session(i, begins, w)
        arm_processes(i, w)
        find_life_event(i, begins, begins, w)
        refresh(i, begins, w)
        index(i, w)


@compiled
def served_anew(i: int, change: int, cost: int, now: int, w: Any) -> None:
    """One customer: the serving agent has left, somebody else has taken over, or the customer follows the agent."""
    c = customer_row(w, i)
    if change == FOLLOWS:
        end_all(i, False, now, w)
        if c.stage != LOST:
            enter(i, LOST, CAUSE_COMPETITOR, now, w)
        return
    if change == ORPHANED:
        c.marks |= ORPHAN
        log(i, E_ORPHANED, 0, 0, now, w)
    else:
        c.marks &= ~ORPHAN
        outcome_row(w, i).contact += cost
        book_cost(i, cost, now, w)
        log(i, E_AGENT_ASSIGNED, 0, 0, now, w)
    refresh(i, now, w)


@compiled_entry
def change_service(rows: Any, done: Any, change: int, cost: int, now: int, world: int) -> int:
    """Tell customers in ``rows`` what has become of their serving agent: ``ORPHANED``, ``ASSIGNED`` or ``FOLLOWS``.

    Parameters
    ----------
    done
        How many have been told; calling again goes on there. Shape (1,).
    cost
        Of telling a customer of a new agent, fen.
    """
    w = world_at(world, 0)
    while done[0] < len(rows):
        status = room(w)
        if status != DONE:
            return status
        i = rows[done[0]]
        served_anew(i, change, cost, now, w)
        if counts(w).noted > 0:
            on_notes(i, now, w)
        index(i, w)
        done[0] += 1
    return DONE


@compiled_entry
def answer_bookings(rows: Any, event: int, granted: Any, done: Any, now: int, world: int) -> int:
    """Tell customers in ``rows`` who asked for a seat at an offline event that they have it, or that none is left.

    Parameters
    ----------
    event
        Its row among those of all journeys.
    granted
        Whether there is a seat. Shape (n,).
    done
        How many have been told; calling again goes on there. Shape (1,).
    """
    w = world_at(world, 0)
    while done[0] < len(rows):
        status = room(w)
        if status != DONE:
            return status
        i = rows[done[0]]
        if granted[done[0]]:
            take_seat(i, event, now, w)
        else:
            turn_away(i, event, w)
        if counts(w).noted > 0:
            on_notes(i, now, w)
        customer_row(w, i).held -= 1
        index(i, w)
        done[0] += 1
    return DONE
