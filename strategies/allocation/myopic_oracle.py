"""The most valuable assignment of a round, on what leads are truly worth: what perfect grading would be worth."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lifesim.strategy import UNASSIGNED, AgentView, IntArray, LeadView, Luck
from lifesim.workforce.assignment import rank_one

from ._places import pools


@dataclass(frozen=True, kw_only=True)
class MyopicOracle:
    """Sees the decisions a year that a conversation adds, and gives the best lead to the best agent of the round.

    It thinks of this round alone: a lead that could have waited takes the place of one that comes later.
    """

    zh = "已知每次沟通一年内新增的决策，本轮最好的线索给最强的代理人。"

    oracle: ClassVar[bool] = True

    ordered = True

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        answer = np.full(len(leads), UNASSIGNED)
        for mine, rows in pools(leads, agents):
            # A little above zero, so that nobody who asks is left without an answer while an agent is free.
            worth = leads.true_value[mine] + 1e-12
            given = rank_one(worth, np.exp(agents.skill[rows]), np.asarray(agents.capacity[rows]))
            answer[mine[given >= 0]] = rows[given[given >= 0]]
        return answer
