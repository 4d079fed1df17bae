"""What strategies see: observable columns computed from the world at one moment."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lifesim.engagement.journeys.addressing import ESTIMATES
from lifesim.engagement.journeys.layout import Seen
from lifesim.population.columns import (
    CAUSE_DIED,
    DAY,
    GRACE,
    HOURS_SEEN,
    IN_FORCE,
    NOTICE,
    ORPHAN,
    REFUSES_TARGETING,
    SUSPENDED,
)
from lifesim.population.consent import HEALTH_DATA, withholds_health_data
from lifesim.population.memory import count, counts_hours
from lifesim.population.state import State
from lifesim.scenario import Scenario
from lifesim.scenario.channels import CHANNELS, SENDING
from lifesim.scenario.contents import PURPOSES
from lifesim.scenario.journeys.words import HEALTH_EVENTS
from lifesim.scenario.needs import FAMILIES
from lifesim.strategy import REMEMBERED, CustomerView, IntArray
from lifesim.workforce.staff import GRADES

#: Observable columns of customers, each with its unit and meaning; beside them ``holds_<product>`` and
#: ``tag_<segment>``, 1 when the insurer takes the customer for one of the segment; ``churn_score`` where the scenario
#: describes one; ``days_since_<event>`` where an audience asks about the event.
OBSERVABLE = {
    "age": "years, as declared at the start",
    "branch": "number of the branch, in the order of the scenario",
    "stage": "stage as the insurer estimates it, number in the order of the lifecycle",
    "policies": "policies in force, count",
    "orphan": "1 when the serving agent has left",
    "tenure_days": "days since the customer became known",
    "days_since_session": "days since the latest app session; 10,000 when there was none",
    "days_since_touch": "days since the latest marketing touch; 10,000 when there was none",
    "days_to_due": "days until the earliest premium due date, below zero while one is in grace; 10,000 without any",
    "waits": "1 when an inquiry waits for an adviser",
    "sum_assured_cny": "sums assured of the policies held, CNY",
    "annual_premium_cny": "annual premiums of the policies on which premiums fall due, CNY",
    "consents_push": "1 when the customer consents to marketing over the channel",
    **{f"consents_{channel}": "likewise" for channel in SENDING if channel != "push"},
    "consents_offers": "1 when the customer consents to marketing for the purpose, over those channels",
    **{f"consents_{purpose}": "likewise" for purpose in PURPOSES if purpose != "offers"},
}
_NEVER_DAYS = 10_000


def _days(since: Any, now: int) -> Any:
    """Days since a time; capped where there was none. In place, 32 bits: a column of everyone is much memory."""
    days = np.subtract(now, since, dtype=np.float32)
    days /= np.float32(DAY)
    return np.minimum(days, np.float32(_NEVER_DAYS), out=days)


Observed = Callable[[State, IntArray, int], Any]
OfMind = Callable[[Any, Any, int, int], Any]
OneByOne = Callable[[Any, Any, int, int, int], Any]


def observed_columns(scenario: Scenario, seen: OneByOne, recalled: Sequence[str] = ()) -> dict[str, Observed]:
    """Functions from the state, rows and a time to observable columns; made once for a world.

    Parameters
    ----------
    seen
        Function from the state, rows, a place in ``engagement.journeys.layout.Seen``, what it is about and a time to
        that column: for what the kernel computes one customer at a time.
    recalled
        Columns of ``State.recalled`` by name: days since something that an audience asks about. Claims are health data,
        see ``population.consent``.
    """
    columns: dict[str, Observed] = {
        "branch": lambda s, rows, now: s.customers["branch"][rows],
        "stage": lambda s, rows, now: s.customers["seen_stage"][rows],
        "policies": lambda s, rows, now: s.customers["policies"][rows],
        "orphan": lambda s, rows, now: (s.customers["marks"][rows] & ORPHAN) > 0,
        "tenure_days": lambda s, rows, now: _days(s.customers["joined"][rows], now),
        "days_since_session": lambda s, rows, now: _days(s.customers["last_session"][rows], now),
        "days_since_touch": lambda s, rows, now: _days(s.customers["recent_sends"][rows, 0], now),
        "days_to_due": _days_to_due(scenario),
        "waits": lambda s, rows, now: s.customers["waits"][rows],
    }
    if scenario.inference.churn is not None:
        columns["churn_score"] = lambda s, rows, now: s.signals["score"][rows, 0]
    traits = list(scenario.behaviour.traits)
    if "age" in traits:
        trait, place = scenario.behaviour.traits["age"], traits.index("age")
        columns["age"] = lambda s, rows, now: s.traits[rows, place] * trait.scale + trait.center
    for channel in SENDING:
        columns[f"consents_{channel}"] = _consents(CHANNELS.index(channel))
    for bit, purpose in enumerate(PURPOSES):
        columns[f"consents_{purpose}"] = _consents_for(bit)
    if counts_hours(scenario):
        for hour in range(HOURS_SEEN):
            columns[f"{'delivered' if hour < 24 else 'opened'}_at_{hour % 24:02}"] = _hours(hour)
    for number, product in enumerate(scenario.products):
        columns[f"holds_{product}"] = _holds(number)
    columns["sum_assured_cny"] = lambda s, rows, now: seen(s, rows, Seen.SUM_ASSURED, 0, now)
    columns["annual_premium_cny"] = lambda s, rows, now: seen(s, rows, Seen.PREMIUM, 0, now)
    for number, segment in enumerate(scenario.segments):
        columns[f"tag_{segment}"] = lambda s, rows, now, k=number: seen(s, rows, Seen.TAG, k, now)  # type: ignore[misc]
    for number, name in enumerate(recalled):
        health = name.removeprefix("days_since_") in HEALTH_EVENTS and withholds_health_data(scenario)
        columns[name] = _since(number, health)
    return columns


def hidden_columns(scenario: Scenario, state_of_mind: OfMind, gap: OfMind) -> dict[str, Observed]:
    """What no insurer sees: true stage, segment, traits, states of mind, gaps. For plug-ins with ``oracle = True``.

    Parameters
    ----------
    state_of_mind
        Function from the state, rows, the number of a state of mind and a time to its values.
    gap
        Likewise, of wanted cover that is not held, by the number of the family of needs.
    """
    columns: dict[str, Observed] = {
        "true_stage": lambda s, rows, now: s.customers["stage"][rows],
        "true_phase": lambda s, rows, now: s.customers["phase"][rows],
        "segment": lambda s, rows, now: s.customers["segment"][rows],
    }
    for k, name in enumerate(scenario.behaviour.traits):
        columns[f"trait_{name}"] = _trait(k)
    for k, name in enumerate(scenario.behaviour.states):
        columns[f"state_{name}"] = lambda s, rows, now, k=k: state_of_mind(s, rows, k, now)  # type: ignore[misc]
    for k, family in enumerate(FAMILIES):
        columns[f"gap_{family}"] = lambda s, rows, now, k=k: gap(s, rows, k, now)  # type: ignore[misc]
    return columns


def _trait(k: int) -> Observed:
    return lambda s, rows, now: s.traits[rows, k]


def _consents(bit: int) -> Observed:
    return lambda s, rows, now: (s.customers["consent"][rows] >> bit) & 1


def _consents_for(bit: int) -> Observed:
    def consents(state: State, rows: IntArray, now: int) -> Any:
        # Without consents by purpose that to the channel covers everything.
        refused = state.refused[rows, 0] if state.refused.shape[1] else np.zeros(len(rows), np.uint8)
        return 1 - ((refused >> bit) & 1)

    return consents


def _since(k: int, health: bool) -> Observed:
    """Days since something; of those who withhold their health data there was none that tells of their health."""

    def since(state: State, rows: IntArray, now: int) -> Any:
        days = _days(state.recalled[rows, k], now)
        if health:
            days[(state.refused[rows, 0] >> HEALTH_DATA) & 1 == 1] = _NEVER_DAYS
        return days

    return since


def _hours(k: int) -> Observed:
    return lambda s, rows, now: s.hours_seen[rows, k]


def _days_to_due(scenario: Scenario) -> Observed:
    """Days to the earliest due date, from the next date in the life of the customer's policies."""
    # By status and product: from that next date to the due date.
    shift = np.zeros((GRACE + 1, len(scenario.products)), np.int32)
    shift[IN_FORCE] = NOTICE
    shift[GRACE] = [-product.grace for product in scenario.products.values()]

    def days(state: State, rows: IntArray, now: int) -> Any:
        pool = state.policies
        held = np.flatnonzero((pool["customer"] >= 0) & (pool["status"] <= GRACE))
        due = pool["at"][held] + shift[pool["status"][held], pool["product"][held]]
        soonest = np.full(count(state), now + _NEVER_DAYS * DAY, np.int32)
        np.minimum.at(soonest, pool["customer"][held].astype(np.intp), due)
        days = np.subtract(soonest[rows], now, dtype=np.float32)
        days /= np.float32(DAY)
        return days

    return days


def _holds(product: int) -> Observed:
    def holds(state: State, rows: IntArray, now: int) -> Any:
        pool = state.policies
        places = (pool["customer"] >= 0) & (pool["product"] == product) & (pool["status"] < SUSPENDED)
        holders = np.zeros(count(state), bool)
        holders[pool["customer"][places]] = True
        return holders[rows]

    return holds


def lead_columns(of_customer: dict[str, Observed]) -> dict[str, Callable[[Any, Any, int], Any]]:
    """Functions from (state, leads), rows and a time to columns of leads; made once for a world."""

    def of_lead(column: Observed) -> Callable[[Any, Any, int], Any]:
        return lambda given, rows, now: column(given[0], given[1]["customer"][rows], now)

    columns = {name: of_lead(column) for name, column in of_customer.items()}
    columns["waiting_seconds"] = lambda given, rows, now: now - given[1]["asked"][rows]
    columns["wished_tier"] = lambda given, rows, now: given[1]["tier"][rows].astype(np.int64) - 1
    columns["asked_by_customer"] = lambda given, rows, now: given[1]["inquiry"][rows]
    columns["source"] = lambda given, rows, now: given[1]["source"][rows]
    columns["behaviours"] = lambda given, rows, now: given[1]["behaviours"][rows]
    columns["qualified"] = lambda given, rows, now: given[1]["qualified"][rows]
    columns["days_since_behaviour"] = lambda given, rows, now: _days(given[1]["latest"][rows], now)
    return columns


def _past(name: str) -> Callable[[Any, Any, int], Any]:
    return lambda past, rows, now: past[name][rows]


#: Functions from concluded leads, rows and a time to columns of them.
HISTORY: dict[str, Callable[[Any, Any, int], Any]] = {name: _past(name) for name in (*REMEMBERED, "grade", "won")}
HISTORY["days_since_concluded"] = lambda past, rows, now: _days(past["concluded"][rows], now)

#: Columns of the agents and groups of seats among whom leads are allocated, each with its unit and meaning.
AGENT_MEANINGS = {
    "branch": "number of the branch; -1 for seats that serve every branch",
    "tier": "place of the tier, or of the group of seats, in `agents.tiers`",
    "skill": "added to the effect of a conversation, on average over the families of needs; 0 is average",
    **{f"skill_{family}": f"likewise, about {family}; minus infinity without a licence" for family in FAMILIES},
    "on_duty": "1 within working hours",
    "capacity": "leads that can be taken in this slot",
    "load": "leads in hand: taken, and neither won nor given up yet",
    "idle_seconds": "time since the latest lead; 10,000 days when there was none",
    "tenure_days": "days since an agent started; 0 for seats",
    "region": "number of the region tag; -1 without one",
    **{f"concluded_{grade}": f"leads of grade {grade.upper()} whose follow-up is over" for grade in GRADES},
    **{f"won_{grade}": f"those of them that became a policy, grade {grade.upper()}" for grade in GRADES},
}
AGENT_COLUMNS: dict[str, Callable[[Any, Any, int], Any]] = {
    name: (lambda agents, rows, now, name=name: agents[name][rows])  # type: ignore[misc]
    for name in AGENT_MEANINGS
}


def round_columns(scenario: Scenario) -> dict[str, Callable[[Any, Any, int], Any]]:
    """What allocations see of leads beside all others, from (state, leads, grades, a function that gives owners)."""
    family = [FAMILIES.index(each.aim.family) if each.aim else -1 for each in scenario.contents.values()]
    about = np.array(family)
    return {
        "grade": lambda given, rows, now: given[2][rows],
        "owner": lambda given, rows, now: given[3]()[rows],
        "family": lambda given, rows, now: _wished(given[1]["family"][rows], about[given[1]["content"][rows]]),
    }


def _wished(family: Any, about: Any) -> Any:
    """The family of needs that a lead is about: that in which skill is wished, else that of the content."""
    return np.where(family > 0, family.astype(np.int64) - 1, about)


def without_estimates(columns: dict[str, Observed]) -> dict[str, Observed]:
    """Columns without what the insurer takes customers for: to select by that is to target."""
    return {
        name: each for name, each in columns.items() if name.split("_")[0] not in ESTIMATES and name not in ESTIMATES
    }


def customer_view(
    columns: dict[str, Observed], state: State, now: int, date: datetime.date, service: bool = False
) -> tuple[CustomerView, IntArray]:
    """Customers whom strategies may see at a moment, and their rows: those alive who have not refused targeting.

    With ``service`` those who have are among them.
    """
    n = count(state)
    seen = state.visible[:n] <= now
    if service:
        # Of the few who are not seen otherwise.
        others, c = np.flatnonzero(~seen), state.customers
        refuses = (c["marks"][others] & REFUSES_TARGETING) > 0
        seen[others] = refuses & (c["joined"][others] <= now) & (c["cause"][others] != CAUSE_DIED)
    rows = np.flatnonzero(seen)
    return CustomerView(rows, columns, state, now, date), rows
