"""Who is there in a slot, and what a strategy sees of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from lifesim.population.columns import DAY
from lifesim.scenario.needs import FAMILIES
from lifesim.scenario.workforce import Workforce
from lifesim.workforce.agents import Agents, Ints, on_duty, room, skill_now
from lifesim.workforce.levers import LEVERS, skill_gain
from lifesim.workforce.staff import AWAY, GRADES, LAST, LOAD, NEVER_IDLE, RESULTS, SEEN, Staff

#: Whether each tier of agents works on a day.
Works = tuple[bool, ...]

_SKILL_OF = tuple(f"skill_{family}" for family in FAMILIES)
#: Columns of results, as (grade, place in ``RESULTS``).
_RESULT_OF = {f"{what}_{grade}": (g, k) for g, grade in enumerate(GRADES) for k, what in enumerate(RESULTS)}


class Shift:
    """The seats, and the agents who are there, in one slot; each column is computed when first asked for.

    Parameters
    ----------
    kept
        What the world keeps of each row of the staff.
    now
        Start of the slot, seconds.
    calls
        That each group of seats can make in the slot; -1 while the desk is closed.
    works
        Whether each tier of agents works that day.
    """

    def __init__(self, staff: Staff, kept: Mapping[str, Any], now: int, calls: Any, works: Works) -> None:
        self.staff, self.kept, self.now, self.calls, self.works = staff, kept, now, calls, works
        self.rows: Ints = staff.present(now)
        self._columns: dict[str, Any] = {}

    @property
    def tiers(self) -> tuple[str, ...]:
        """Names of the groups of seats, then of the tiers of agents."""
        return self.staff.tiers

    def column(self, name: str) -> Any:
        """A column of ``AgentView``, shape (rows,)."""
        return self[name]

    def __getitem__(self, name: str) -> Any:
        """A column of ``AgentView``, shape (rows,)."""
        if name not in self._columns:
            self._columns[name] = self._column(name)
        return self._columns[name]

    def with_capacity(self, capacity: Any) -> Shift:
        """The same people, with other capacities. Shape (rows,)."""
        other = Shift(self.staff, self.kept, self.now, self.calls, self.works)
        other._columns = self._columns | {"capacity": capacity}
        return other

    def _column(self, name: str) -> Any:
        match name:
            case "branch":
                return self.staff.branch[self.rows]
            case "tier":
                return self.staff.tier[self.rows]
            case "load":
                return self.kept[LOAD][self.rows]
            case "idle_seconds":
                return np.minimum(self.now - self.kept[LAST][self.rows], NEVER_IDLE)
            case _ if name in _RESULT_OF:
                return self.kept[SEEN][self.rows, *_RESULT_OF[name]]
        seats = self._of_seats(name)
        return seats if self.staff.agents is None else np.concatenate([seats, self._of_agents(name)])

    def _of_seats(self, name: str) -> Any:
        match name:
            case "on_duty":
                return (self.calls >= 0).astype(np.int64)
            case "capacity":
                return np.maximum(self.calls, 0)
            case "tenure_days":
                return np.zeros(len(self.calls))
            case "region":
                return np.full(len(self.calls), -1)
        return self.staff.skill

    @property
    def _away(self) -> Any:
        """Which agents are on the way to a customer. Shape (agents,)."""
        return self.kept[AWAY][self.rows[self.rows >= len(self.calls)]] > self.now

    def _of_agents(self, name: str) -> Any:
        workforce, of, slot = self._workforce, self._there, self.staff.scenario.desk.slot
        match name:
            case "on_duty":
                return on_duty(workforce, slot, of, self.now, self.works).astype(np.int64)
            case "capacity":
                return np.where(self._away, 0, room(workforce, slot, of, self.now, self.works))
            case "tenure_days":
                return (self.now - of.joined) / DAY
            case "region":
                return of.region
            case "skill":
                licensed = np.isfinite(self._skills)
                return np.where(licensed, self._skills, 0.0).sum(axis=1) / licensed.sum(axis=1)
        return self._skills[:, _SKILL_OF.index(name)]

    @property
    def _workforce(self) -> Workforce:
        workforce = self.staff.scenario.workforce
        assert workforce is not None
        return workforce

    @cached_property
    def _there(self) -> Agents:
        """The agents who are there."""
        assert self.staff.agents is not None
        return self.staff.agents.take(self.rows[self.rows >= len(self.calls)] - len(self.calls))

    @cached_property
    def _skills(self) -> Any:
        """Skill of the agents who are there, by family. Shape (agents, families)."""
        skills = skill_now(self._workforce.turnover, self._there, self.now)
        if LEVERS not in self.kept:
            return skills
        gained = skill_gain(self._workforce, self.kept[LEVERS], self.now)
        return skills + gained[self._there.tier][:, None]
