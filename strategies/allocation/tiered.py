"""The best leads to senior agents, the others to the rest."""

from dataclasses import dataclass

import numpy as np

from lifesim.strategy import UNASSIGNED, AgentView, IntArray, LeadView, Luck

from ._places import balanced, in_turn, unused

GRADES = "ABCD"


@dataclass(frozen=True, kw_only=True)
class Tiered:
    """Leads of the senior grades, or for which a senior tier is wished, go to senior tiers, all others to the rest.

    Each spills over where nobody is free.

    Within a group of tiers the agent with the fewest leads in hand is first. With ``spill`` false a lead waits for
    its own group.
    """

    zh = "高等级线索及指定资深层级的线索归资深层级，其余归其他层级。"

    senior_tiers: tuple[str, ...] = ("seniors",)
    senior_grades: tuple[str, ...] = ("A",)
    spill: bool = True

    ordered = True

    def __post_init__(self) -> None:
        for grade in self.senior_grades:
            if grade not in tuple(GRADES):
                raise ValueError(f"unknown grade '{grade}'; grades are A (best), B, C and D")

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        rows = balanced(leads, agents, luck)
        senior_place = agents.of_tiers(self.senior_tiers)[rows]
        senior_lead = np.isin(leads.grade, [GRADES.index(grade) for grade in self.senior_grades])
        wished = [agents.tiers.index(name) for name in self.senior_tiers]
        senior_lead |= np.isin(leads.wished_tier, wished)
        answer = np.full(len(leads), UNASSIGNED)
        for senior in (True, False):
            own = in_turn(leads, agents, np.flatnonzero(senior_lead == senior), rows[senior_place == senior])
            answer = np.maximum(answer, own)
        if self.spill:
            waiting, free = np.flatnonzero(answer == UNASSIGNED), rows[unused(agents, rows, answer)]
            answer = np.maximum(answer, in_turn(leads, agents, waiting, free))
        return answer
