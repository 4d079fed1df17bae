"""A small workforce of two tiers, as a scenario file has it, for tests."""

from __future__ import annotations

from typing import Any

from lifesim.scenario.workforce import Workforce

SENIORS: dict[str, Any] = {
    "per_10k": 4,
    "skill": {"protection": 0.3, "health": 0.3, "wealth": 0.4},
    "skill_spread": 0.1,
    "opens": "09:00",
    "closes": "18:00",
    "workdays": [1, 2, 3, 4, 5, 6],
    "slots": 6,
    "own_business": "60%",
    "willing": "70%",
    "tenure": "5y",
    "wage": "6_000 CNY",
    "commission": "50%",
}
JUNIORS: dict[str, Any] = SENIORS | {
    "per_10k": 8, "skill": {"protection": 0.0, "health": 0.0}, "slots": 9, "own_business": "20%", "tenure": "1y",
}  # fmt: skip
TURNOVER: dict[str, Any] = {
    "retained_13_months": 0.302,
    "veterans_leave": "0.02/month",
    "refilled": "90%",
    "vacant": "30d",
}
DEPARTURES: dict[str, Any] = {"follow": "20%", "within": "60d", "kept": "50%"}


def described(**changes: Any) -> dict[str, Any]:
    """The workforce as plain data, with some parts changed."""
    tiers = {"senior_agents": SENIORS, "junior_agents": JUNIORS}
    return {"tiers": tiers, "turnover": TURNOVER, "departures": DEPARTURES, "affinity": 0.2} | changes


def team(**changes: Any) -> Workforce:
    """The workforce, validated."""
    return Workforce.model_validate(described(**changes))
