"""Adding customers to a world: their rows, and the policies that they hold already."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.dates import first_day, maturities, next_dues
from lifesim.population.columns import (
    CAUSE_LAPSED,
    CAUSE_NONE,
    DAY,
    IN_FORCE,
    LOST,
    NEVER,
    NO_DAY,
    NONE,
    NOTICE,
    NOTICED,
    PAID_UP,
    PURCHASE,
    REFUSES_TARGETING,
)
from lifesim.population.memory import count, grow_pool, make_room
from lifesim.population.state import State
from lifesim.population.synthesis import People
from lifesim.scenario import Scenario
from lifesim.scenario.products import TIMES
from lifesim.streams import Streams

_LONG_AGO = -(2**31) + 1


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
