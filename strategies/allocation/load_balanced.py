"""The next lead goes to the agent with the fewest leads in hand."""

from dataclasses import dataclass

from lifesim.strategy import AgentView, IntArray, LeadView, Luck

from ._places import balanced, everyone, in_turn


@dataclass(frozen=True, kw_only=True)
class LoadBalanced:
    """Fewest leads in hand first, those of this round included."""

    zh = "在手线索最少者优先，本轮已分的计入。"

    ordered = True

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        return in_turn(leads, agents, everyone(leads), balanced(leads, agents, luck))
