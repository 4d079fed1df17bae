"""Rounds of an allocation without a world: leads and agents as columns, as strategies see them."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from lifesim.strategy import AgentView, LeadView, Luck
from lifesim.streams import Streams

NOW = 40 * 86_400 + 10 * 3_600
DATE = datetime.date(2026, 2, 14)
TIERS = ("seniors", "juniors")
STREAMS = Streams(3, 0)


def _columns(names: Mapping[str, Any]) -> dict[str, Callable[[Any, Any, int], Any]]:
    return {name: (lambda world, rows, now, name=name: world[name][rows]) for name in names}


def some_leads(n: int, **columns: Any) -> dict[str, Any]:
    """Leads of one branch that have waited as long as nobody else, best grade first."""
    given = {
        "branch": np.zeros(n, np.int64),
        "grade": np.sort(np.arange(n) % 4),
        "family": np.full(n, -1),
        "owner": np.full(n, -1),
        "wished_tier": np.full(n, -1),
        "asked_by_customer": np.zeros(n, np.int64),
        "waiting_seconds": np.arange(n, 0, -1) * 60,
        "true_value": np.ones(n),
        "key": np.arange(1, n + 1, dtype=np.uint64) * 977,
    }
    return given | {name: np.asarray(values) for name, values in columns.items()}


def some_agents(n: int, **columns: Any) -> dict[str, Any]:
    """Agents of one branch with one place each, all alike."""
    given = {
        "branch": np.zeros(n, np.int64),
        "tier": np.arange(n) % 2,
        "skill": np.zeros(n),
        "on_duty": np.ones(n, np.int64),
        "capacity": np.ones(n, np.int64),
        "load": np.zeros(n, np.int64),
        "idle_seconds": np.full(n, 86_400),
        "key": np.arange(1, n + 1, dtype=np.uint64) * 7_919,
    }
    given |= {name: np.asarray(values) for name, values in columns.items()}
    for family in ("protection", "health", "wealth"):
        given.setdefault(f"skill_{family}", given["skill"])
    for name in (f"{what}_{grade}" for what in ("concluded", "won") for grade in "abcd"):
        given.setdefault(name, np.zeros(n, np.int64))
    return given


def views(leads: dict[str, Any], agents: dict[str, Any], now: int = NOW) -> tuple[LeadView, AgentView, Luck]:
    """What a strategy is given."""
    seen = {name: values for name, values in leads.items() if name != "key"}
    staff = {name: values for name, values in agents.items() if name != "key"}
    return (
        LeadView(np.arange(len(leads["key"])), _columns(seen), leads, now, DATE),
        AgentView(np.arange(len(agents["key"])), _columns(staff), agents, now, DATE, TIERS),
        Luck(STREAMS, "allocation", lambda: leads["key"], now, leads["key"], agents["key"]),
    )


def assigned(strategy: Any, leads: dict[str, Any], agents: dict[str, Any], now: int = NOW) -> Any:
    """The answer of a strategy to one round."""
    return strategy.assign(*views(leads, agents, now))


def permuted(columns: dict[str, Any], order: Any) -> dict[str, Any]:
    """The same rows in another order."""
    return {name: values[order] for name, values in columns.items()}
