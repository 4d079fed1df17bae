"""A customer belongs to the agent who serves them; others step in only when that agent has no time."""

from dataclasses import dataclass

import numpy as np

from lifesim.strategy import UNASSIGNED, AgentView, IntArray, LeadView, Luck

from ._places import balanced, in_turn, unused


@dataclass(frozen=True, kw_only=True)
class OwnerKeeps:
    """The serving agent gets the lead; after ``patience_hours`` without time it spills over to whoever has least to do.

    Customers whom nobody serves go to the agent with the fewest leads in hand at once.
    """

    zh = "线索归服务代理人，逾期无空档则转给最空闲者。"

    patience_hours: float = 4.0

    ordered = True

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        answer = self._to_owners(leads, agents)
        waits = (leads.owner >= 0) & (leads.waiting_seconds < self.patience_hours * 3600)
        rest = np.flatnonzero((answer == UNASSIGNED) & ~waits)
        rows = balanced(leads, agents, luck)
        return np.maximum(answer, in_turn(leads, agents, rest, rows[unused(agents, rows, answer)]))

    def _to_owners(self, leads: LeadView, agents: AgentView) -> IntArray:
        """Leads of each owner in order, as many as the owner has time for."""
        owned = np.flatnonzero(leads.owner >= 0)
        by_owner = owned[np.argsort(leads.owner[owned], kind="stable")]
        owner = leads.owner[by_owner]
        nth = np.arange(len(owner)) - np.searchsorted(owner, owner)
        taken = by_owner[nth < agents.capacity[owner]]
        answer = np.full(len(leads), UNASSIGNED)
        answer[taken] = leads.owner[taken]
        return answer
