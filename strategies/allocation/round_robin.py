"""Everybody in turn: the next lead goes to the agent who has waited longest for one."""

from dataclasses import dataclass

import numpy as np

from lifesim.strategy import AgentView, IntArray, LeadView, Luck

from ._places import everyone, in_turn, places


@dataclass(frozen=True, kw_only=True)
class RoundRobin:
    """Least recently assigned first; nobody gets a second lead before everyone who is free has had one."""

    zh = "轮流分配，最久未分到者优先。"

    ordered = True

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        rows, before = places(agents, len(leads))
        turn = np.lexsort((luck.of_agents("tie")[rows], -agents.idle_seconds[rows], before))
        return in_turn(leads, agents, everyone(leads), rows[turn])
