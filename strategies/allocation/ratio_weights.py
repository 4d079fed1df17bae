"""Leads by fixed ratios of the tiers: an agent of weight 2 gets twice the leads of one of weight 1."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from lifesim.strategy import AgentView, IntArray, LeadView, Luck

from ._places import everyone, in_turn, places


@dataclass(frozen=True, kw_only=True)
class RatioWeights:
    """Each lead goes to an agent with a chance in proportion to the weight of the tier, whatever their capacity.

    A place is a point of the agent's own Poisson process, whose rate is the weight: the next point of all processes
    together belongs to an agent in proportion to the weights. Tiers that are not named have weight 1.
    """

    zh = "按层级权重的比例随机分配，不看容量。"

    weights: Mapping[str, float] = field(default_factory=dict)

    ordered = True

    def __post_init__(self) -> None:
        for tier, weight in self.weights.items():
            if not weight >= 0:
                raise ValueError(f"the weight of {tier} must not be negative, and is {weight}")

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        weight = np.ones(len(agents))
        for tier, each in self.weights.items():
            weight[agents.of_tiers([tier])] = each
        capacity = np.where(weight > 0, np.minimum(agents.capacity, len(leads)), 0)
        rows, _ = places(agents, len(leads))
        rows = rows[weight[rows] > 0]
        gaps = -np.log(luck.of_agents("place", capacity)) / weight[rows]
        summed = np.cumsum(gaps)
        first = np.cumsum(capacity) - capacity
        point = summed - (summed - gaps)[np.minimum(first, len(rows) - 1)][rows] if len(rows) else summed
        return in_turn(leads, agents, everyone(leads), rows[np.argsort(point)])
