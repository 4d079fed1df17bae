"""Leads by skill and capacity: a free place counts the more, the more skilled the agent."""

from dataclasses import dataclass

import numpy as np

from lifesim.strategy import AgentView, IntArray, LeadView, Luck

from ._places import everyone, in_turn


@dataclass(frozen=True, kw_only=True)
class SkillWeighted:
    """Each lead takes a free place with a chance in proportion to exp(strength x skill) of the agent."""

    zh = "按代理人技能加权随机分配空档。"

    strength: float = 2.0

    ordered = True

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        rows = np.repeat(np.arange(len(agents)), agents.capacity)
        race = -np.log(luck.of_agents("place", agents.capacity)) * np.exp(-self.strength * agents.skill[rows])
        return in_turn(leads, agents, everyone(leads), rows[np.argsort(race)])
