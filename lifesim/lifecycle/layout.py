"""The world as the kernel sees it: one record of addresses and settings, and typed access to what is there.

Passing dozens of arrays between compiled functions by value costs minutes of compilation and most of the running
time. The kernel therefore gets one record, ``w``; ``customer_row(w, i)`` and its relatives are pointers into
the arrays of ``State`` and ``Rules``, which Python keeps alive and which nobody may resize while the kernel runs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.compiled import compiled, constants, pointer, scalars
from lifesim.lifecycle.rule_fields import RULE_ARRAYS, RULE_NUMBERS
from lifesim.lifecycle.rule_records import (
    BAND,
    CHANNEL_RULE,
    CLOCK_RULE,
    CONTENT_RULE,
    HOUR_RULE,
    JOURNEY_RULE,
    LIFE_RULE,
    MECHANISM_RULE,
    POLICY_RULE,
    PREDICTOR,
    PRODUCT_RULE,
    STAGE_RULE,
    STATE_RULE,
    TERM,
)
from lifesim.population.columns import (
    CLOCK,
    COUNTS,
    COURSE,
    CUSTOMER,
    ENROLMENT,
    EVENT,
    LIFT,
    MIND,
    NOTE,
    OUTCOME,
    POLICY,
    REQUEST,
    SIGNAL,
    TOUCH,
)
from lifesim.population.state import State

#: Sizes of the state that the kernel needs.
_SIZES = {
    "slots": "i8", "slots_lifted": "i8", "no_lift": "i8",
    "states": "i8", "traits_each": "i8", "events_room": "i8", "requests_room": "i8",
    "channels": "i8", "outcomes_each": "i8", "remembered": "i8", "scratch": "i8", "drawn": "i8", "notes": "i8",
    "recall_width": "i8",
}  # fmt: skip

WORLD = np.dtype(
    [(name, "i8") for name in (*State._fields, *RULE_ARRAYS)] + list(RULE_NUMBERS.items()) + list(_SIZES.items())
)

customer_at, outcome_at, clock_at, mind_at = (pointer(d) for d in (CUSTOMER, OUTCOME, CLOCK, MIND))
policy_at, touch_at, event_at, request_at = (pointer(d) for d in (POLICY, TOUCH, EVENT, REQUEST))
enrolment_at, course_at, note_at, signal_at = (pointer(d) for d in (ENROLMENT, COURSE, NOTE, SIGNAL))
lift_at, counts_at = pointer(LIFT), pointer(COUNTS)
# The rules, and the record that leads to everything, stay as they are while the kernel runs.
clock_rule_at, band_at, life_rule_at, journey_rule_at, policy_rule_at = (
    pointer(d, read_only=True) for d in (CLOCK_RULE, BAND, LIFE_RULE, JOURNEY_RULE, POLICY_RULE)
)
predictor_at, term_at, state_rule_at, stage_rule_at, product_rule_at = (
    pointer(d, read_only=True) for d in (PREDICTOR, TERM, STATE_RULE, STAGE_RULE, PRODUCT_RULE)
)
channel_rule_at, content_rule_at, mechanism_rule_at, hour_rule_at = (
    pointer(d, read_only=True) for d in (CHANNEL_RULE, CONTENT_RULE, MECHANISM_RULE, HOUR_RULE)
)
world_at = pointer(WORLD, read_only=True)
f8, set_f8 = scalars(np.float64)
i4, set_i4 = scalars(np.int32)
i8, set_i8 = scalars(np.int64)
u2, set_u2 = scalars(np.uint16)
u1, set_u1 = scalars(np.uint8)
# Numbers of the rules, and traits.
rule_f8, rule_f4, rule_i4, rule_i8, rule_u8 = (
    constants(kind) for kind in (np.float64, np.float32, np.int32, np.int64, np.uint64)
)


@compiled
def customer_row(w: Any, i: int) -> Any:
    """The record of customer ``i``; assignments go to the column."""
    return customer_at(w.customers, i)


@compiled
def outcome_row(w: Any, i: int) -> Any:
    """Where it is added up what becomes of customer ``i`` since the fork."""
    return outcome_at(w.outcomes, i if counts(w).twins else customer_row(w, i).account)


@compiled
def clock_row(w: Any, i: int, slot: int) -> Any:
    """One hazard clock of customer ``i``."""
    return clock_at(w.clocks, i * w.slots + slot)


@compiled
def lift_row(w: Any, i: int, slot: int) -> Any:
    """The extra hazard of a clock; clocks that nothing lifts share one that stays zero."""
    return lift_at(w.lifts, i * w.slots_lifted + slot) if slot < w.slots_lifted else lift_at(w.no_lift, 0)


@compiled
def mind_row(w: Any, i: int, k: int) -> Any:
    """One state of mind of customer ``i``."""
    return mind_at(w.mind, i * w.states + k)


@compiled
def policy_row(w: Any, place: int) -> Any:
    """A policy in the pool."""
    return policy_at(w.policies, place)


@compiled
def touch_row(w: Any, place: int) -> Any:
    """A touch in the pool."""
    return touch_at(w.touches, place)


@compiled
def enrolment_row(w: Any, place: int) -> Any:
    """An enrolment in the pool."""
    return enrolment_at(w.enrolments, place)


@compiled
def course_row(w: Any, place: int) -> Any:
    """How far the customer of an enrolment, given by its place, is in the journey; the caller knows that it is said."""
    return course_at(w.courses, enrolment_row(w, place).course)


@compiled
def under_way(w: Any, place: int) -> bool:
    """Whether the customer of an enrolment is in the journey."""
    return enrolment_row(w, place).course >= 0 and course_row(w, place).inside


@compiled
def signal_row(w: Any, i: int) -> Any:
    """What the insurer keeps of customer ``i`` for its estimates; only where it keeps something."""
    return signal_at(w.signals, i)


@compiled
def event_row(w: Any, place: int) -> Any:
    """A place in the event buffer."""
    return event_at(w.events, place)


@compiled
def request_row(w: Any, place: int) -> Any:
    """A place in the request buffer."""
    return request_at(w.requests, place)


@compiled
def counts(w: Any) -> Any:
    """The numbers that the kernel keeps."""
    return counts_at(w.counts, 0)


@compiled
def tally(address: int, index: int, amount: int) -> None:
    """Add to one cell of a table of counts."""
    set_i8(address, index, i8(address, index) + amount)


_NO_LIFT = np.zeros(1, LIFT)


def bind(state: State, rules: Any, scratch: Any, drawn: Any, notes: Any) -> Any:
    """The record of a world, shape (1,); valid while none of the arrays is replaced.

    What Python calls takes its address, because a record of so many fields is slow to pass on.

    Parameters
    ----------
    scratch
        Room for one vector of covariates, shape (covariates,).
    drawn
        Room for candidate sessions, one ``lifecycle.candidates.DRAWN``.
    notes
        Room for what is noticed in one step, shape (NOTES,).
    """
    w = np.zeros(1, WORLD)
    for name, array in {**state._asdict(), **rules.arrays}.items():
        if not array.flags.c_contiguous:
            raise ValueError(f"{name} is not contiguous")
        w[name] = array.ctypes.data
    for name, value in rules.numbers.items():
        w[name] = value
    w["slots"], w["slots_lifted"] = state.clocks.shape[1], state.lifts.shape[1]
    w["states"], w["no_lift"] = state.mind.shape[1], _NO_LIFT.ctypes.data
    w["traits_each"] = state.traits.shape[1]
    w["events_room"], w["requests_room"] = len(state.events), len(state.requests)
    w["remembered"], w["recall_width"] = state.recent.shape[1], state.recalled.shape[1]
    w["channels"], w["outcomes_each"] = state.touched.shape[1], state.touched.shape[3]
    w["scratch"], w["drawn"], w["notes"] = scratch.ctypes.data, drawn.ctypes.data, notes.ctypes.data
    return w
