"""Leads go to agents by lot: what every other way of allocating is measured against."""

from dataclasses import dataclass

import numpy as np

from lifesim.strategy import AgentView, IntArray, LeadView, Luck

from ._places import everyone, in_turn


@dataclass(frozen=True, kw_only=True)
class RandomAgent:
    """Every free place of an agent has the same chance."""

    zh = "代理人的每个空档机会均等。"

    ordered = True

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        rows = np.repeat(np.arange(len(agents)), agents.capacity)
        lot = luck.of_agents("place", agents.capacity)
        return in_turn(leads, agents, everyone(leads), rows[np.argsort(lot)])
