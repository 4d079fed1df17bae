"""Current practice: the best free seats of the branch take the leads in order."""

from dataclasses import dataclass

import numpy as np

from lifesim.strategy import UNASSIGNED, AgentView, IntArray, LeadView, Luck


@dataclass(frozen=True, kw_only=True)
class FillSeats:
    """First come, first served; skilled seats first."""

    skilled_first: bool = True
    ordered = True

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        order = np.lexsort((-agents.skill if self.skilled_first else agents.skill, agents.branch))
        seats = np.repeat(order, agents.capacity[order])
        # The n-th lead of a branch takes the n-th seat of the branch, where there is one.
        by_branch = np.argsort(leads.branch, kind="stable")
        branches = leads.branch[by_branch]
        nth = np.arange(len(leads)) - np.searchsorted(branches, branches)
        place = np.searchsorted(agents.branch[seats], branches) + nth
        served = place < np.searchsorted(agents.branch[seats], branches, side="right")
        answer = np.full(len(leads), UNASSIGNED)
        answer[by_branch[served]] = seats[place[served]]
        return answer
