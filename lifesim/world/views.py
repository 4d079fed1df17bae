"""What strategies see: observable columns computed from the world at one moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lifesim.population.columns import DAY, ORPHAN, REFUSES_TARGETING, State
from lifesim.population.memory import count
from lifesim.scenario import Scenario
from lifesim.scenario.market import CHANNELS
from lifesim.strategy import AgentView, CustomerView, IntArray, LeadView

Columns = dict[str, Callable[[IntArray], Any]]

#: Observable columns of customers, each with its unit and meaning; beside them ``holds_<product>``.
OBSERVABLE = {
    "age": "years, as declared at the start",
    "branch": "number of the branch, in the order of the scenario",
    "stage": "stage as the insurer estimates it, number in the order of the lifecycle",
    "policies": "policies in force, count",
    "orphan": "1 when the serving agent has left",
    "tenure_days": "days since the customer became known",
    "days_since_session": "days since the latest app session; 10,000 when there was none",
    "days_since_touch": "days since the latest marketing touch; 10,000 when there was none",
    "days_to_due": "days until the earliest premium due date; 10,000 without a policy",
    "waits": "1 when an inquiry waits for an adviser",
    "consents_push": "1 when the customer consents to marketing over the channel",
    "consents_sms": "likewise",
    "consents_call": "likewise",
}
_NEVER_DAYS = 10_000


def _days(since: Any, now: int) -> Any:
    """Days since a time; capped where there was none."""
    return np.minimum((now - since.astype(np.int64)) / DAY, _NEVER_DAYS)


def customer_columns(scenario: Scenario, state: State, now: int) -> Columns:
    """Functions from rows to observable columns at ``now``."""
    c = state.customers
    traits = list(scenario.behaviour.traits)
    columns: Columns = {
        "branch": lambda rows: c["branch"][rows],
        "stage": lambda rows: c["seen_stage"][rows],
        "policies": lambda rows: c["policies"][rows],
        "orphan": lambda rows: (c["marks"][rows] & ORPHAN) > 0,
        "tenure_days": lambda rows: _days(c["joined"][rows], now),
        "days_since_session": lambda rows: _days(c["last_session"][rows], now),
        "days_since_touch": lambda rows: _days(c["recent_sends"][rows, 0], now),
        "days_to_due": lambda rows: _days_to_due(state, rows, now),
        "waits": lambda rows: c["waits"][rows],
    }
    if "age" in traits:
        trait, k = scenario.behaviour.traits["age"], traits.index("age")
        columns["age"] = lambda rows: state.traits[rows, k] * trait.scale + trait.center
    for bit, channel in enumerate(CHANNELS):
        columns[f"consents_{channel}"] = lambda rows, bit=bit: (c["consent"][rows] >> bit) & 1  # type: ignore[misc]
    for number, product in enumerate(scenario.products):
        columns[f"holds_{product}"] = lambda rows, number=number: _holds(state, rows, number)  # type: ignore[misc]
    return columns


def _days_to_due(state: State, rows: IntArray, now: int) -> Any:
    """Days to the next due date, from the next date in the life of the customer's policies."""
    held = state.policies[state.policies["customer"] >= 0]
    due = np.where(held["status"] == 0, held["at"].astype(np.int64) + 60 * DAY, held["at"])
    soonest = np.full(len(state.customers), now + _NEVER_DAYS * DAY, np.int64)
    np.minimum.at(soonest, held["customer"], due)
    return np.minimum((soonest[rows] - now) / DAY, _NEVER_DAYS)


def _holds(state: State, rows: IntArray, product: int) -> Any:
    places = (state.policies["customer"] >= 0) & (state.policies["product"] == product)
    holders = np.zeros(len(state.customers), bool)
    holders[state.policies["customer"][places]] = True
    return holders[rows]


def customer_view(scenario: Scenario, state: State, world_time: tuple[int, Any]) -> tuple[CustomerView, IntArray]:
    """Customers whom strategies may see at a moment, and their rows: those who have not refused targeting."""
    now, date = world_time
    n = count(state)
    c = state.customers[:n]
    rows = np.flatnonzero((c["marks"] & REFUSES_TARGETING == 0) & (c["joined"] <= now))
    return CustomerView(rows, customer_columns(scenario, state, now), now, date), rows


def lead_view(scenario: Scenario, state: State, leads: Any, world_time: tuple[int, Any]) -> LeadView:
    """Leads that wait, with what is known of their customers."""
    now, date = world_time
    of_customer = customer_columns(scenario, state, now)
    columns: Columns = {
        name: lambda rows, column=column: column(leads["customer"][rows])  # type: ignore[misc]
        for name, column in of_customer.items()
    }
    columns["waiting_seconds"] = lambda rows: now - leads["asked"][rows]
    columns["asked_by_customer"] = lambda rows: leads["inquiry"][rows]
    return LeadView(np.arange(len(leads)), columns, now, date)


def agent_view(agents: dict[str, Any], world_time: tuple[int, Any]) -> AgentView:
    """Groups of seats with what they can take in this slot."""
    columns: Columns = {name: lambda rows, v=values: v[rows] for name, values in agents.items()}  # type: ignore[misc]
    return AgentView(np.arange(len(agents["capacity"])), columns, *world_time)
