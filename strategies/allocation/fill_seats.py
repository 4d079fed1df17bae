"""Current practice: the best free seats of the branch take the leads in order."""

from dataclasses import dataclass

from lifesim.strategy import AgentView, IntArray, LeadView, Luck

from ._places import everyone, in_turn


@dataclass(frozen=True, kw_only=True)
class FillSeats:
    """First come, first served; skilled seats first."""

    zh = "先到先得，熟练坐席优先。"

    skilled_first: bool = True
    ordered = True

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        order = (-agents.skill if self.skilled_first else agents.skill).argsort(kind="stable")
        return in_turn(leads, agents, everyone(leads), order.repeat(agents.capacity[order]))
