"""What a practice does with agents: room and follow-up as its levers make them, skill that grows, willingness."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import numpy as np

from lifesim.scenario import Scenario
from lifesim.scenario.agent_levers import AgentPractice, Lever
from lifesim.scenario.workforce import Workforce
from lifesim.workforce.agents import Floats

#: Since when each lever of the workforce has been used, seconds; ``UNUSED``. Shape (levers,).
LEVERS, UNUSED = "levers_since", -1
#: Policies sold past each row of the staff for which it earned nothing, as far as not forgotten. Shape (rows,).
GRIEVANCE = "staff_grievance"


def gets(lever: Lever, tier: str) -> bool:
    """Whether a tier gets a lever."""
    return not lever.tiers or tier in lever.tiers


def practised(scenario: Scenario, practice: AgentPractice | None) -> Scenario:
    """The scenario with agents who have the time, and the follow-up, that the levers of a practice give them."""
    workforce = scenario.workforce
    if workforce is None or practice is None or not practice.levers:
        return scenario
    levers = [workforce.levers[name] for name in practice.levers]
    tiers = {}
    for name, tier in workforce.tiers.items():
        mine = [lever for lever in levers if gets(lever, name)]
        saved = float(np.prod([1.0 - lever.time for lever in mine]))
        ignored = (1.0 - tier.willing) * float(np.prod([1.0 - lever.follow_up for lever in mine]))
        tiers[name] = tier.model_copy(update={"slots": tier.slots / saved, "willing": 1.0 - ignored})
    copy = scenario.model_copy(update={"workforce": workforce.model_copy(update={"tiers": tiers})})
    copy._folder = scenario._folder
    return copy


def cost_of(scenario: Scenario, practice: AgentPractice | None, tier: str) -> int:
    """What the levers of a practice cost for each agent of a tier, fen a month."""
    if scenario.workforce is None or practice is None:
        return 0
    levers = [scenario.workforce.levers[name] for name in practice.levers]
    return sum(lever.cost for lever in levers if gets(lever, tier))


def begin(kept: MutableMapping[str, Any], scenario: Scenario, practice: AgentPractice | None, now: int) -> None:
    """Levers that a practice begins to use begin now; what it does not use ends."""
    workforce = scenario.workforce
    if workforce is None or not workforce.levers:
        return
    since = kept.get(LEVERS, np.full(len(workforce.levers), UNUSED))
    used = np.array([practice is not None and name in practice.levers for name in workforce.levers])
    kept[LEVERS] = np.where(used, np.where(since == UNUSED, now, since), UNUSED)


def skill_gain(workforce: Workforce, since: Any, now: int) -> Floats:
    """What levers have added to the skill of each tier by now. Shape (tiers,).

    Parameters
    ----------
    since
        As in `LEVERS`.
    """
    gained = np.zeros(len(workforce.tiers))
    for lever, began in zip(workforce.levers.values(), since.tolist(), strict=True):
        if began == UNUSED:
            continue
        share = min(1.0, (now - began) / lever.within) if lever.within else 1.0
        gained += [lever.skill * share * gets(lever, name) for name in workforce.tiers]
    return gained


def resent(kept: MutableMapping[str, Any], rows: Any, unpaid: float, forgets: float) -> None:
    """Agents forget a part of what was sold past them, and add what has been since.

    Parameters
    ----------
    rows
        Of the staff, for each policy sold past one. Shape (n,).
    unpaid
        Part of the commission that they did not get.
    forgets
        What is left of an earlier grievance.
    """
    kept[GRIEVANCE] *= forgets
    np.add.at(kept[GRIEVANCE], rows, unpaid)


def willingness(workforce: Workforce, kept: MutableMapping[str, Any], rows: Any) -> Any:
    """Factor on the willingness of rows of the staff to take up head-office leads. Shape of ``rows``, or 1."""
    if workforce.cooperation is None or GRIEVANCE not in kept:
        return 1.0
    return (1.0 - workforce.cooperation.bypassed) ** kept[GRIEVANCE][rows]
