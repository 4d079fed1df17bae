"""Calls and hand-overs of journeys go to chosen tiers, whoever they are: agents, specialists or groups of seats."""

from dataclasses import dataclass

import numpy as np

from lifesim.strategy import UNASSIGNED, AgentView, IntArray, LeadView, Luck

from ._places import balanced, in_turn, unused


@dataclass(frozen=True, kw_only=True)
class ChosenTiers:
    """What a journey asks for waits for one of the chosen tiers; inquiries go to whoever has least to do."""

    zh = "旅程所需线索等待指定层级接手，咨询交给最空闲者。"

    tiers: tuple[str, ...] = ("seniors",)

    ordered = True

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        rows = balanced(leads, agents, luck)
        of_journeys = leads.asked_by_customer == 0
        chosen = agents.of_tiers(self.tiers)[rows]
        answer = in_turn(leads, agents, np.flatnonzero(of_journeys), rows[chosen])
        free = rows[unused(agents, rows, answer)]
        waiting = np.flatnonzero((answer == UNASSIGNED) & ~of_journeys)
        return np.maximum(answer, in_turn(leads, agents, waiting, free))
