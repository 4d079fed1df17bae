"""A score of how lately and how often a customer has shown interest."""

from dataclasses import dataclass

import numpy as np

from lifesim.strategy import IntArray, LeadView, Luck

from ._grades import by_bars, by_quota, check


@dataclass(frozen=True, kw_only=True)
class RecencyFrequency:
    """Points for behaviour since the lead came up, half as many after every half-life; who asked gets some on top.

    Parameters
    ----------
    half_life_days
        After which a point counts half.
    asked
        Points for an inquiry.
    bars
        Points from which on a lead is A, B, C.
    quota
        Shares of A, B and C among the leads graded together, in place of bars; none: by bars. Whoever asked gets an
        A beside them.
    """

    zh = "按线索出现以来的行为计分，逐半衰期减半，主动咨询加分。"

    half_life_days: float = 3.0
    asked: float = 2.0
    bars: tuple[float, ...] = (2.0, 1.0, 0.5)
    quota: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        check(self.bars, self.quota)
        if not self.half_life_days > 0:
            raise ValueError(f"half_life_days must be above zero; found {self.half_life_days}")

    def grade(self, leads: LeadView, luck: Luck) -> IntArray:
        age = np.maximum(leads.days_since_behaviour, 0.0)
        score = (leads.behaviours + self.asked * leads.asked_by_customer) * 0.5 ** (age / self.half_life_days)
        return by_quota(score, self.quota, leads, luck) if self.quota else by_bars(score, self.bars)
