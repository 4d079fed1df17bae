"""Who answers in a world: groups of seats, and agents where there are any, one row each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lifesim.population.columns import DAY
from lifesim.scenario import Scenario
from lifesim.scenario.needs import FAMILIES
from lifesim.streams import Streams
from lifesim.workforce.agents import Agents, Ints, agents, on_duty, room, skill_now
from lifesim.workforce.answers import EVERY_BRANCH

#: Whether each tier of agents works on a day.
Works = tuple[bool, ...]

GRADES = "abcd"
#: What the insurer has seen of concluded leads, by grade.
RESULTS = ("concluded", "won")
_NEVER = 10_000 * DAY

#: What is kept of each row between appointments, as arrays of the world: when it last got a lead, leads in hand, and
#: results by grade.
LAST, LOAD, SEEN = "staff_last", "staff_load", "staff_results"


@dataclass(frozen=True)
class Staff:
    """Everyone who answers at some time of the horizon: seats in front, then agents.

    Attributes
    ----------
    key, branch, tier
        Identity; number of the branch, -1 for seats that serve all; place in ``tiers``. Shape (n,).
    tiers
        Names of the groups of seats, then of the tiers of agents.
    calls
        Conversations of each group of seats in a slot. Shape (groups,).
    skill
        Of the groups of seats. Shape (groups,).
    agents
        Those who are no seats; none where the scenario has no workforce.
    """

    scenario: Scenario
    key: Any
    branch: Ints
    tier: Ints
    tiers: tuple[str, ...]
    calls: Any
    skill: Any
    agents: Agents | None

    def __len__(self) -> int:
        return len(self.key)

    def kept(self) -> dict[str, Any]:
        """What is kept of each row, at the start of a world."""
        n = len(self)
        return {
            LAST: np.full(n, -_NEVER), LOAD: np.zeros(n, np.int64),
            SEEN: np.zeros((n, len(GRADES), len(RESULTS)), np.int64),
        }  # fmt: skip

    def present(self, now: int) -> Ints:
        """Rows of the seats, and of the agents who are there."""
        seats = np.arange(len(self.calls))
        return seats if self.agents is None else np.concatenate([seats, len(seats) + self.agents.present(now)])

    def columns(self, rows: Ints, kept: Mapping[str, Any], now: int, calls: Any, works: Works) -> dict[str, Any]:
        """What a strategy sees of some rows: the columns of ``AgentView``, shape (rows,) each.

        Parameters
        ----------
        calls
            That each group of seats can make in the slot; -1 while the desk is closed.
        works
            Whether each tier of agents works that day.
        """
        theirs = rows[rows >= len(self.calls)] - len(self.calls)
        desk = _of_seats(calls, self.skill)
        agents = _of_agents(self.scenario, self.agents, theirs, now, works)
        columns = {name: np.concatenate([desk[name], agents[name]]) for name in desk}
        columns |= {
            "branch": self.branch[rows], "tier": self.tier[rows], "load": kept[LOAD][rows],
            "idle_seconds": np.minimum(now - kept[LAST][rows], _NEVER),
        }  # fmt: skip
        for g, grade in enumerate(GRADES):
            columns |= {f"{what}_{grade}": kept[SEEN][rows, g, k] for k, what in enumerate(RESULTS)}
        return columns


def staff(scenario: Scenario, streams: Streams, branches: Mapping[int, str], sizes: Mapping[int, int]) -> Staff:
    """Everyone who answers in some branches.

    Parameters
    ----------
    branches
        Names of the branches by their number.
    sizes
        Customers at the start by number of the branch.
    """
    desk, workforce = scenario.desk, scenario.workforce
    groups = {EVERY_BRANCH: "every branch"} if desk.scope == "national" else branches
    of = {EVERY_BRANCH: sum(sizes.values())} if desk.scope == "national" else sizes
    seats = [(number, k, name) for number in groups for k, name in enumerate(desk.seats)]
    key = [streams.hashes(f"seats {name} of {groups[number]}", 0, 0) for number, _, name in seats]
    branch, tier = (np.array([each[k] for each in seats], np.int64) for k in (0, 1))
    tiers = tuple(desk.seats)
    people = None
    if workforce is not None:
        people = agents(workforce, streams, branches, sizes, scenario.warm_up + scenario.horizon)
        key.append(people.key)
        branch, tier = np.concatenate([branch, people.branch]), np.concatenate([tier, len(tiers) + people.tier])
        tiers += tuple(workforce.tiers)
    rules = [(desk.seats[name], of[number]) for number, _, name in seats]
    calls = [seat.per_10k * size / 1e4 * seat.calls_per_hour * desk.slot / 3600 for seat, size in rules]
    skill = np.array([seat.skill for seat, _ in rules])
    return Staff(scenario, np.concatenate(key), branch, tier, tiers, np.array(calls), skill, people)


def _of_seats(calls: Any, skill: Any) -> dict[str, Any]:
    n = len(calls)
    return {
        "on_duty": (calls >= 0).astype(np.int64),
        "capacity": np.maximum(calls, 0),
        "skill": skill,
        "tenure_days": np.zeros(n),
        "region": np.full(n, -1),
        **{f"skill_{family}": skill for family in FAMILIES},
    }


def _of_agents(scenario: Scenario, agents: Agents | None, rows: Ints, now: int, works: Works) -> dict[str, Any]:
    workforce = scenario.workforce
    if agents is None or workforce is None:
        names = ("on_duty", "capacity", "skill", "tenure_days", "region", *(f"skill_{family}" for family in FAMILIES))
        return {name: np.zeros(0, np.int64) for name in names}
    of = agents.take(rows)
    skill = skill_now(workforce.turnover, of, now)
    return {
        "on_duty": on_duty(workforce, scenario.desk.slot, of, now, works).astype(np.int64),
        "capacity": room(workforce, scenario.desk.slot, of, now, works),
        "skill": np.nanmean(np.where(np.isfinite(skill), skill, np.nan), axis=1),
        "tenure_days": (now - of.joined) / DAY,
        "region": of.region,
        **{f"skill_{family}": skill[:, k] for k, family in enumerate(FAMILIES)},
    }
