"""The most valuable assignment of a round, on what leads of each grade are expected to be worth."""

from dataclasses import dataclass

import numpy as np

from lifesim.strategy import UNASSIGNED, AgentView, IntArray, LeadView, Luck
from lifesim.workforce.assignment import rank_one, shared_out, transport

from ._places import FAMILIES, pools


@dataclass(frozen=True, kw_only=True)
class Optimal:
    """The best answer for one round, where a pair is worth the value of the grade times exp(skill of the agent).

    Skill is that in the family of needs that the lead is about. Where no lead says what it is about, sorting leads and
    agents is best; otherwise a transportation problem of kinds of leads and agents is solved.

    Attributes
    ----------
    values
        Of a lead of each grade, A to D.
    """

    zh = "求一轮内的最优分配：配对价值为线索等级价值乘以代理人技能的指数。"

    values: tuple[float, ...] = (8.0, 4.0, 2.0, 1.0)

    ordered = True

    def __post_init__(self) -> None:
        if len(self.values) != 4 or not min(self.values) > 0:
            raise ValueError(f"values takes four numbers above zero, for grades A to D; found {self.values}")

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        answer = np.full(len(leads), UNASSIGNED)
        for mine, rows in pools(leads, agents):
            worth = np.array(self.values)[leads.grade[mine]]
            given = _of_pool(worth, leads.family[mine], agents, rows)
            answer[mine[given >= 0]] = rows[given[given >= 0]]
        return answer


def _of_pool(worth: np.ndarray, family: IntArray, agents: AgentView, rows: IntArray) -> IntArray:
    """The best for the leads and agents of one branch: place in ``rows`` for each lead, or ``UNASSIGNED``."""
    capacity = np.asarray(agents.capacity[rows])
    if np.all(family == family[0]):
        return rank_one(worth, _strength(agents, rows, int(family[0])), capacity)
    kinds, kind, supply = np.unique(np.stack([worth, family]), axis=1, return_inverse=True, return_counts=True)
    values = np.stack([each * _strength(agents, rows, int(of)) for each, of in kinds.T])
    return shared_out(transport(values, supply, capacity).number, kind.ravel())


def _strength(agents: AgentView, rows: IntArray, family: int) -> np.ndarray:
    skill = agents.skill if family < 0 else agents.column(f"skill_{FAMILIES[family]}")
    return np.exp(skill[rows])
