"""Learns which tier converts which grade: Thompson sampling on what has come of the leads so far."""

from collections import defaultdict, deque
from dataclasses import dataclass

import numpy as np

from lifesim.strategy import UNASSIGNED, AgentView, IntArray, LeadView, Luck

from ._places import EVERY_BRANCH, balanced

GRADES = "abcd"


@dataclass(frozen=True, kw_only=True)
class Thompson:
    """Each lead draws a conversion rate for every tier from what is known of its grade, and prefers the highest.

    Known is what the insurer has seen: leads of the grade that agents of the tier took and whose follow-up is over,
    and those of them that became a policy. The prior is Beta(``won``, ``lost``). Within a tier the agent with the
    fewest leads in hand is first; where the preferred tier has nobody free, the next one serves.
    """

    zh = "按等级从各层级已知转化中抽样，取最高者。"

    won: float = 1.0
    lost: float = 9.0

    ordered = True

    def __post_init__(self) -> None:
        if not (self.won > 0 and self.lost > 0):
            raise ValueError(f"won and lost must be above zero; found {self.won} and {self.lost}")

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        preferred = np.argsort(-self._drawn(leads, agents, luck), axis=0).T.tolist()
        free: dict[tuple[int, int], deque[int]] = defaultdict(deque)
        for row in balanced(leads, agents, luck).tolist():
            free[int(agents.branch[row]), int(agents.tier[row])].append(row)
        everywhere = len(agents) > 0 and agents.branch[0] == EVERY_BRANCH
        branches = [EVERY_BRANCH] * len(leads) if everywhere else leads.branch.tolist()
        answer = np.full(len(leads), UNASSIGNED)
        for lead, branch in enumerate(branches):
            places = next((free[branch, tier] for tier in preferred[lead] if free[branch, tier]), None)
            if places:
                answer[lead] = places.popleft()
        return answer

    def _drawn(self, leads: LeadView, agents: AgentView, luck: Luck) -> np.ndarray:
        """A rate for each tier and lead, shape (tiers, leads)."""
        from scipy.special import betaincinv

        drawn = np.empty((len(agents.tiers), len(leads)))
        for tier, name in enumerate(agents.tiers):
            of_tier = agents.tier == tier
            tried, won = (
                np.array([agents.column(f"{what}_{grade}")[of_tier].sum() for grade in GRADES], float)
                for what in ("concluded", "won")
            )
            a, b = (self.won + won)[leads.grade], (self.lost + tried - won)[leads.grade]
            drawn[tier] = betaincinv(a, b, luck.uniforms(f"rate of {name}"))
        return drawn
