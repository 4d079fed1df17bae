"""Making room: the arrays of an empty world, adding customers, growing pools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lifesim.dates import first_day, maturities, next_dues
from lifesim.errors import RunError
from lifesim.population.arrays import chain, grow, longer
from lifesim.population.columns import (
    APPLICATION_OUTCOMES,
    BLOCK,
    CAUSE_LAPSED,
    CAUSE_NONE,
    CLOCK,
    COUNTS,
    COURSE,
    CUSTOMER,
    DAY,
    ENROLMENT,
    EVENT,
    HOURS_SEEN,
    IN_FORCE,
    LIFT,
    LOST,
    MIND,
    MONTH_COLUMNS,
    N_STAGES,
    NEVER,
    NO_DAY,
    NONE,
    NOTICE,
    NOTICED,
    OUTCOME,
    PAID_UP,
    POLICY,
    POLICY_YEARS,
    PURCHASE,
    REFUSES_TARGETING,
    REQUEST,
    SIGNAL,
    TOUCH,
    TOUCH_OUTCOMES,
    YEAR,
)
from lifesim.population.consent import keeps_refusals
from lifesim.population.state import State
from lifesim.population.synthesis import People
from lifesim.scenario import Scenario
from lifesim.scenario.journeys.words import EVENTS as WORDS
from lifesim.scenario.market import CHANNELS
from lifesim.scenario.products import TIMES
from lifesim.streams import Streams

EVENT_BUFFER = 32_768
REQUEST_BUFFER = 4_096
_LONG_AGO = -(2**31) + 1
#: Arrays with a row for each customer.
PER_CUSTOMER = (
    "due", "visible", "customers", "traits", "mind", "clocks", "lifts", "recent", "hours_seen", "signals", "recalled",
    "refused",
)  # fmt: skip


def empty(
    scenario: Scenario,
    clocks: int,
    lifted: int,
    campaigns: int,
    marks: int = 0,
    ways: int = 0,
    outcomes: int = len(TOUCH_OUTCOMES),
    remembered: int = 0,
    recalled: int = 0,
) -> State:
    """An empty world.

    Parameters
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
    capacity = BLOCK
    behaviour = scenario.behaviour
    segments = len(scenario.segments)
    days = -(-(scenario.warm_up + scenario.horizon) // DAY) + 1
    policies, touches = np.zeros(capacity, POLICY), np.zeros(64, TOUCH)
    chain(policies, 0)
    chain(touches, 0)
    enrolments, courses = np.zeros(64, ENROLMENT), np.zeros(64, COURSE)
    chain(enrolments, 0)
    chain(courses, 0)
    counts = np.zeros(1, COUNTS)
    counts["twins"] = scenario.experiment.twins
    for name, pool in (("touches", touches), ("enrolments", enrolments), ("courses", courses)):
        counts[f"{name}_left"] = len(pool)
    return State(
        due=np.zeros(capacity, np.int32),
        wake=np.full(capacity // BLOCK, NEVER, np.int32),
        visible=np.zeros(capacity, np.int32),
        customers=np.zeros(capacity, CUSTOMER),
        accounts=np.zeros(0, np.int64),
        outcomes=np.zeros(capacity if scenario.experiment.twins else 0, OUTCOME),
        traits=np.zeros((capacity, len(behaviour.traits)), np.float32),
        mind=np.zeros((capacity, len(behaviour.states)), MIND),
        clocks=np.zeros((capacity, clocks), CLOCK),
        lifts=np.zeros((capacity, lifted), LIFT),
        hours_seen=np.zeros((capacity, HOURS_SEEN if counts_hours(scenario) else 0), np.uint8),
        policies=policies,
        touches=touches,
        enrolments=enrolments,
        courses=courses,
        marks=np.zeros((len(courses), marks), np.uint16),
        events=np.zeros(EVENT_BUFFER, EVENT),
        requests=np.zeros(REQUEST_BUFFER, REQUEST),
        occupied=np.zeros((segments, N_STAGES, N_STAGES + 1), np.int64),
        policy_life=np.zeros((len(scenario.products), POLICY_YEARS, 7), np.int64),
        months=np.zeros((len(scenario.products), len(months_of(scenario)[0]), MONTH_COLUMNS), np.int64),
        applications=np.zeros((len(scenario.products), len(APPLICATION_OUTCOMES)), np.int64),
        session_days=np.zeros((days, segments), np.int64),
        touched=np.zeros(
            (campaigns, len(CHANNELS), max(1, len(scenario.contents)), outcomes),
            np.int64,
        ),
        benefits=np.zeros((campaigns, max(1, len(scenario.contents)), 4), np.int64),
        prompted=np.zeros((campaigns, max(1, len(scenario.contents)), len(WORDS)), np.int64),
        ways=np.zeros(ways, np.int64),
        recent=np.zeros((capacity, remembered), np.int32),
        signals=np.zeros((capacity, int(scenario.inference.keeps_signals)), SIGNAL),
        refused=np.zeros((capacity, int(keeps_refusals(scenario))), np.uint8),
        counts=counts,
        recalled=np.zeros((capacity, recalled), np.int32),
    )


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
    new = longer(old, len(old) + max(more, len(old) // 8, 64))
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


def grow_enrolments(state: State, more: int) -> State:
    """The state with ``more`` free places at least for those who come into journeys."""
    for pool in ("enrolments", "courses"):
        if state.counts[f"{pool}_left"][0] < more:
            state = grow_pool(state, pool, more)
    short = len(state.marks) < len(state.courses)
    return state._replace(marks=longer(state.marks, len(state.courses))) if short else state


def add(state: State, people: People) -> tuple[State, slice]:
    """The state with ``people`` as further rows, not yet begun, and their rows."""
    n = len(people)
    state = make_room(state, n)
    first = count(state)
    rows = slice(first, first + n)
    columns: dict[str, Any] = {
        "key": people.keys, "joined": people.joined,
        "stage_since": people.stage_since, "stage": people.stage, "segment": people.segment,
        "branch": people.branch, "marks": people.marks, "reach": people.reach,
        "consent": people.consent, "session_rate": people.session_rate, "seen_stage": people.stage,
        "cause": np.where(people.stage == LOST, CAUSE_LAPSED, CAUSE_NONE),
        "touch_at": NEVER, "policy_at": NEVER, "life_at": NEVER, "session_at": NEVER, "first_touch": NONE,
        "first_policy": NONE, "first_enrolment": NONE, "milestones": NO_DAY, "recent_sends": _LONG_AGO,
        "last_session": _LONG_AGO, "answered_at": _LONG_AGO,
    }  # fmt: skip
    for name, values in columns.items():
        state.customers[name][rows] = values
    state.traits[rows] = people.traits
    state.recent[rows] = _LONG_AGO
    state.recalled[rows] = _LONG_AGO
    state.visible[rows] = np.where(people.marks & REFUSES_TARGETING, NEVER, people.joined)
    state.counts["customers"] += n
    return state, rows


def add_policies(scenario: Scenario, streams: Streams, state: State, first: int, people: People) -> State:
    """Policies of customers who hold some at the start; ``first`` is the row of the first of the people."""
    for number, generation in enumerate(people.policies):
        n = len(generation["rows"])
        free = int(np.count_nonzero(state.policies["customer"] == NONE))
        if free <= n:
            state = grow_pool(state, "policies", n - free + 1)
        places = np.flatnonzero(state.policies["customer"] == NONE)[:n]
        rows = generation["rows"] + first
        columns = _dates(scenario, streams, people, generation, number) | {
            "customer": rows, "next": state.customers["first_policy"][rows], "number": number,
            "premium": premiums(scenario, streams, people, generation, number), "product": generation["product"],
        }  # fmt: skip
        for name, values in columns.items():
            state.policies[name][places] = values
        state.customers["first_policy"][rows] = places
        state.customers["policies"][rows] += 1
        state.customers["bought"][rows] += 1
        if number == 0:
            state.customers["milestones"][rows, PURCHASE] = -generation["age"] // DAY
        at = state.policies["at"][places]
        state.customers["policy_at"][rows] = np.minimum(state.customers["policy_at"][rows], at)
        _relink(state)
    return state


def _dates(
    scenario: Scenario, streams: Streams, people: People, generation: dict[str, Any], number: int
) -> dict[str, Any]:
    """How policies issued before time 0 are paid, how many instalments have been, and what comes next."""
    payments = [product.payment for product in scenario.products.values()]
    shares = [payment.frequency if payment else {"yearly": 1.0} for payment in payments]
    up_to = np.cumsum([[share.get(name, 0.0) for name in TIMES] for share in shares], axis=1)
    u = streams.uniforms("frequency", people.keys[generation["rows"]], number)
    product, issued = generation["product"], -generation["age"]
    times = np.array(list(TIMES.values()))[(u[:, None] >= up_to[product][:, :-1]).sum(axis=1)]
    given = generation.get("times", np.zeros(len(issued), np.int64))
    times = np.where(given > 0, given, times)
    following, due = next_dues(issued, times, first_day(scenario.start, scenario.warm_up))
    years = np.array([payment.years if payment else 0 for payment in payments])[product]
    paid_up = (years > 0) & (following >= years * times)
    after = np.array([product.maturity.after if product.maturity else 0 for product in scenario.products.values()])
    matures = maturities(issued, after[product], first_day(scenario.start, scenario.warm_up))
    noticed = (following % times != 0) | (due - NOTICE <= 0)
    return {
        "issued": issued, "times": times, "paid": np.where(paid_up, years * times, following) - 1,
        "at": np.where(paid_up, np.where(after[product] > 0, matures, NEVER), np.where(noticed, due, due - NOTICE)),
        "status": np.where(paid_up, PAID_UP, np.where(noticed, NOTICED, IN_FORCE)),
    }  # fmt: skip


def premiums(scenario: Scenario, streams: Streams, people: People, generation: dict[str, Any], number: int) -> Any:
    """Annual premiums in fen, as at issue: lognormal around a median that grows with income."""
    rows, product = generation["rows"], generation["product"]
    traits = list(scenario.behaviour.traits)
    income = np.zeros(len(rows))
    trait = scenario.behaviour.traits.get("income")
    if trait is not None and trait.log:
        income = people.traits[rows, traits.index("income")] * trait.scale
    z = streams.normals("premium", people.keys[rows], number)
    terms = [p.premium for p in scenario.products.values()]
    median = np.array([p.median for p in terms], float)[product]
    elasticity = np.array([p.income_elasticity for p in terms])[product]
    spread = np.array([p.spread for p in terms])[product]
    drawn = np.rint(median * np.exp(elasticity * income + spread * z)).astype(np.int64)
    drawn = _insurable(scenario, streams, drawn, income, product, people.keys[rows], number)
    given = generation.get("premium")
    return drawn if given is None else np.where(given >= 0, given, drawn)


def _insurable(
    scenario: Scenario, streams: Streams, premium: Any, income: Any, product: Any, keys: Any, number: int
) -> Any:
    """Premiums in fen, cut down to those of the highest sums assured that underwriting accepts."""
    kinds = scenario.products.values()
    most = np.array([(p.underwriting and p.underwriting.max_sum_assured) or np.inf for p in kinds])[product]
    if np.all(np.isinf(most)):
        return premium
    multiple, spread = (np.array([getattr(p.sum_assured, x) for p in kinds])[product] for x in ("multiple", "spread"))
    z = streams.normals("sum assured", keys, number)
    insured = premium * multiple * np.exp(spread * (z - 0.5 * spread))
    accepted = most * 100 * scenario.behaviour.traits["income"].center * np.exp(income)
    share = np.minimum(1.0, np.divide(accepted, insured, out=np.ones(len(insured)), where=insured > 0))
    return np.where(share < 1.0, np.floor(premium * share), premium).astype(np.int64)


def _relink(state: State) -> None:
    """Chain the free places of the policy pool anew, in ascending order."""
    free = np.flatnonzero(state.policies["customer"] == NONE)
    state.policies["next"][free] = np.append(free[1:], NONE)
    state.counts["free_policy"] = free[0] if len(free) else NONE
