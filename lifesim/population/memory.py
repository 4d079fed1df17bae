"""Making room: the arrays of an empty world, rows for customers, growing pools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from lifesim.errors import RunError
from lifesim.population.arrays import chain, grow, longer
from lifesim.population.columns import (
    APPLICATION_OUTCOMES,
    BLOCK,
    CLOCK,
    COUNTS,
    COURSE,
    CUSTOMER,
    DAY,
    ENROLMENT,
    EVENT,
    HOURS_SEEN,
    LIFT,
    MIND,
    MONTH_COLUMNS,
    N_STAGES,
    NEVER,
    NONE,
    OUTCOME,
    POLICY,
    POLICY_YEARS,
    REQUEST,
    SIGNAL,
    TOUCH,
    TOUCH_OUTCOMES,
    YEAR,
)
from lifesim.population.consent import keeps_refusals
from lifesim.population.state import State
from lifesim.scenario import Scenario
from lifesim.scenario.journeys.words import EVENTS as WORDS
from lifesim.scenario.market import CHANNELS

EVENT_BUFFER = 32_768
REQUEST_BUFFER = 4_096
#: Arrays with a row for each customer.
PER_CUSTOMER = (
    "due", "visible", "customers", "traits", "mind", "clocks", "lifts", "recent", "hours_seen", "signals", "recalled",
    "refused",
)  # fmt: skip


class Widths(NamedTuple):
    """How much a world keeps of each customer, and counts, beside what the scenario says.

    Attributes
    ----------
    clocks
        Clock slots of a customer: the most exits of a stage plus all recurring clocks.
    lifted
        How many of the first of them some content lifts.
    campaigns
        Number of things that send touches.
    marks, ways
        What journeys remember of a customer, as many numbers; ways out of all their steps.
    outcomes, remembered
        What can become of a touch; times that the contact policy remembers of a customer.
    recalled
        Things that audiences ask about when a customer last did them.
    """

    clocks: int
    lifted: int
    campaigns: int
    marks: int = 0
    ways: int = 0
    outcomes: int = len(TOUCH_OUTCOMES)
    remembered: int = 0
    recalled: int = 0


def empty(scenario: Scenario, widths: Widths) -> State:
    """An empty world."""
    pools, counts = _empty_pools(widths.marks), np.zeros(1, COUNTS)
    counts["twins"] = scenario.experiment.twins
    for name in ("touches", "enrolments", "courses"):
        counts[f"{name}_left"] = len(pools[name])
    return State(
        wake=np.full(1, NEVER, np.int32), accounts=np.zeros(0, np.int64), counts=counts,
        events=np.zeros(EVENT_BUFFER, EVENT), requests=np.zeros(REQUEST_BUFFER, REQUEST),
        **_empty_rows(scenario, widths), **pools, **_empty_tables(scenario, widths),
    )  # fmt: skip


def _empty_rows(scenario: Scenario, widths: Widths) -> dict[str, Any]:
    """Arrays with a row for each customer, for a block of them."""
    behaviour, twins = scenario.behaviour, scenario.experiment.twins
    return {
        "due": np.zeros(BLOCK, np.int32),
        "visible": np.zeros(BLOCK, np.int32),
        "customers": np.zeros(BLOCK, CUSTOMER),
        "outcomes": np.zeros(BLOCK if twins else 0, OUTCOME),
        "traits": np.zeros((BLOCK, len(behaviour.traits)), np.float32),
        "mind": np.zeros((BLOCK, len(behaviour.states)), MIND),
        "clocks": np.zeros((BLOCK, widths.clocks), CLOCK),
        "lifts": np.zeros((BLOCK, widths.lifted), LIFT),
        "hours_seen": np.zeros((BLOCK, HOURS_SEEN if counts_hours(scenario) else 0), np.uint8),
        "recent": np.zeros((BLOCK, widths.remembered), np.int32),
        "signals": np.zeros((BLOCK, int(scenario.inference.keeps_signals)), SIGNAL),
        "refused": np.zeros((BLOCK, int(keeps_refusals(scenario))), np.uint8),
        "recalled": np.zeros((BLOCK, widths.recalled), np.int32),
    }


def _empty_pools(marks: int) -> dict[str, Any]:
    """Pools of linked records, all of whose places are free."""
    pools: dict[str, Any] = {
        "policies": np.zeros(64, POLICY), "touches": np.zeros(64, TOUCH),
        "enrolments": np.zeros(64, ENROLMENT), "courses": np.zeros(64, COURSE),
    }  # fmt: skip
    for pool in pools.values():
        chain(pool, 0)
    return pools | {"marks": np.zeros((len(pools["courses"]), marks), np.uint16)}


def _empty_tables(scenario: Scenario, widths: Widths) -> dict[str, Any]:
    """What is counted as it happens."""
    segments, products, contents = len(scenario.segments), len(scenario.products), max(1, len(scenario.contents))
    campaigns, days = widths.campaigns, -(-(scenario.warm_up + scenario.horizon) // DAY) + 1
    shapes = {
        "occupied": (segments, N_STAGES, N_STAGES + 1),
        "policy_life": (products, POLICY_YEARS, 7),
        "months": (products, len(months_of(scenario)[0]), MONTH_COLUMNS),
        "applications": (products, len(APPLICATION_OUTCOMES)),
        "session_days": (days, segments),
        "touched": (campaigns, len(CHANNELS), contents, widths.outcomes),
        "benefits": (campaigns, contents, 4),
        "prompted": (campaigns, contents, len(WORDS)),
        "ways": (widths.ways,),
    }
    return {name: np.zeros(shape, np.int64) for name, shape in shapes.items()}


def counts_hours(scenario: Scenario) -> bool:
    """Whether the insurer learns anything from the hours of deliveries and openings."""
    return any(rules.by_hour for rules in scenario.channels.values())


def per_customer(state: State) -> tuple[str, ...]:
    """Names of the arrays with a row for each customer."""
    return (*PER_CUSTOMER, "outcomes") if state.counts["twins"][0] else PER_CUSTOMER


def months_of(scenario: Scenario) -> tuple[list[str], Any]:
    """Calendar months of the world, as ``2026-01``, and the place among them of each of its days, shape (days,)."""
    days = -(-(scenario.warm_up + scenario.horizon) // DAY) + 1
    first = np.datetime64(scenario.start) - np.timedelta64(scenario.warm_up // DAY, "D")
    names, place = np.unique((first + np.arange(days)).astype("datetime64[M]"), return_inverse=True)
    return names.astype(str).tolist(), place.astype(np.int32)


def count(state: State) -> int:
    """Customers in the world, also those who are lost."""
    return int(state.counts["customers"][0])


def rows_to_reserve(scenario: Scenario, customers: int) -> int:
    """Rows for a world that starts with ``customers``: for those to come as well, and as many again.

    Rows that were never written to take up addresses but no memory, while an array that has to grow stands in memory
    twice for a moment.
    """
    years = (scenario.warm_up + scenario.horizon) / YEAR
    arrivals = sum(source.rate * YEAR / 10_000 for source in scenario.acquisition.values()) * years
    return int(customers * 2 * (1 + arrivals)) + 1_024


#: Places of the pools for which a world keeps addresses, by row of customers; they take no memory until they are used.
_PLACES = {"policies": 1, "touches": 1, "enrolments": 3, "courses": 1, "marks": 1}


def reserve_pools(state: State, customers: int) -> State:
    """The state with pools that become longer without a copy, as long as about ``customers`` customers fill them."""
    return state._replace(
        **{name: grow(pool := getattr(state, name), len(pool), room=each * customers) for name, each in _PLACES.items()}
    )


def make_room(state: State, more: int) -> State:
    """The state with room for ``more`` further customers; grows by an eighth at least."""
    needed = count(state) + more
    if needed <= len(state.due):
        return state
    rows = -(-max(needed, len(state.due) * 9 // 8) // BLOCK) * BLOCK
    return state._replace(
        wake=grow(state.wake, rows // BLOCK, NEVER),
        **{name: grow(getattr(state, name), rows) for name in per_customer(state)},
    )


def saved(state: State) -> dict[str, Any]:
    """The arrays of a state by name, without the rows that nobody uses; the state's own, not copies."""
    n = count(state)
    each = per_customer(state)
    return {f"state.{name}": a[:n] if name in each else a for name, a in state._asdict().items()}


def read_back(state: State, arrays: Mapping[str, Any]) -> State:
    """A state from what ``saved`` gave, with as much room as the blocks of its index have; one array at a time.

    Parameters
    ----------
    state
        Of the same model, whatever its size.

    Raises
    ------
    RunError
        When the arrays are those of another model.
    """
    fields, rows = {}, len(arrays["state.wake"]) * BLOCK
    each = (*PER_CUSTOMER, "outcomes") if arrays["state.counts"]["twins"][0] else PER_CUSTOMER
    for name, array in state._asdict().items():
        found = arrays.get(f"state.{name}")
        if found is None or found.dtype != array.dtype or found.shape[1:] != array.shape[1:]:
            raise RunError(f"the snapshot does not fit this scenario: {name} differs; make a new one")
        fields[name] = grow(found, rows if name in each else len(found), room=_PLACES.get(name, 0) * rows)
    return State(**fields)


#: Where the free places of a pool are linked from.
_HEADS = {
    "policies": "free_policy", "touches": "free_touch", "enrolments": "free_enrolment", "courses": "free_course",
}  # fmt: skip


def grow_pool(state: State, pool: str, more: int) -> State:
    """The state with at least ``more`` further places in a pool of linked records."""
    head = _HEADS[pool]
    old = getattr(state, pool)
    new = longer(old, len(old) + max(more, len(old) // 32, 64))
    chain(new, len(old))
    last, place = NONE, int(state.counts[head][0])
    while place != NONE:
        last, place = place, int(new["next"][place])
    if last == NONE:
        state.counts[head] = len(old)
    else:
        new["next"][last] = len(old)
    if pool != "policies":
        state.counts[f"{pool}_left"] += len(new) - len(old)
    return state._replace(**{pool: new})


#: Places from which a pool of courses is worth being made anew.
_MANY_COURSES = 1_024


def pack_courses(state: State) -> State:
    """The state with the courses that are in use in a pool of their size, where most of the pool is free.

    Many come into a journey at once, and most of them leave it soon: without this, the places of that moment would stay
    in memory beside enrolments, which only become more.
    """
    used, places = len(state.courses) - int(state.counts["courses_left"][0]), len(state.courses)
    if places <= _MANY_COURSES or 2 * used >= places:
        return state
    of = np.flatnonzero(state.enrolments["course"] >= 0)
    kept = state.enrolments["course"][of]
    courses, marks = (
        grow(array[kept], used + used // 4 + 64, room=places * 2) for array in (state.courses, state.marks)
    )
    chain(courses, used)
    state.enrolments["course"][of] = np.arange(used)
    state.counts["free_course"], state.counts["courses_left"] = used, len(courses) - used
    return state._replace(courses=courses, marks=marks)


def grow_enrolments(state: State, more: int) -> State:
    """The state with ``more`` free places at least for those who come into journeys."""
    state = pack_courses(state)
    for pool in ("enrolments", "courses"):
        if state.counts[f"{pool}_left"][0] < more:
            state = grow_pool(state, pool, more)
    short = len(state.marks) < len(state.courses)
    return state._replace(marks=longer(state.marks, len(state.courses))) if short else state
