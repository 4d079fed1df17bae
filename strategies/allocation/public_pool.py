"""The public pool: agents come to it one by one and take the best that is left."""

from dataclasses import dataclass

import numpy as np

from lifesim.strategy import AgentView, IntArray, LeadView, Luck

from ._places import everyone, in_turn, places


@dataclass(frozen=True, kw_only=True)
class PublicPool:
    """First come, first served, for agents: whoever is there first fills all free slots with the best leads.

    Who comes first is luck, so that a good lead meets any agent, and those who come late get what is left.
    """

    zh = "代理人公海：先到者用最好的线索占满空档。"

    ordered = True

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        rows, _ = places(agents, len(leads))
        return in_turn(leads, agents, everyone(leads), rows[np.argsort(luck.of_agents("comes")[rows], kind="stable")])
