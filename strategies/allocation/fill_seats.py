"""Current practice: the best free seats of the branch take the leads in order."""

from dataclasses import dataclass

import numpy as np

from lifesim.strategy import UNASSIGNED, AgentView, IntArray, LeadView, Luck


@dataclass(frozen=True, kw_only=True)
class FillSeats:
    """First come, first served; skilled seats first."""

    skilled_first: bool = True

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        answer = np.full(len(leads), UNASSIGNED)
        for branch in np.unique(agents.branch):
            mine = np.flatnonzero(leads.branch == branch)
            groups = np.flatnonzero(agents.branch == branch)
            if self.skilled_first:
                groups = groups[np.argsort(-agents.skill[groups], kind="stable")]
            seats = np.repeat(groups, agents.capacity[groups])[: len(mine)]
            answer[mine[: len(seats)]] = seats
        return answer
