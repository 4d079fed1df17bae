"""Grades by rules that a head of sales would write down."""

from dataclasses import dataclass

import numpy as np

from lifesim.strategy import IntArray, LeadView, Luck

FIRST_PURCHASE, RENEWAL_UPSELL = 1, 3


@dataclass(frozen=True, kw_only=True)
class Rules:
    """A: whoever asked. B: believed to decide, and seen lately. C: one of the two. D: the rest.

    Parameters
    ----------
    recent_days
        Behaviour within so many days is lately.
    """

    zh = "A：主动咨询；B：判断为决策中且近期活跃；C：两者居一；D：其余。"

    recent_days: float = 3.0

    def grade(self, leads: LeadView, luck: Luck) -> IntArray:
        decides = np.isin(leads.stage, (FIRST_PURCHASE, RENEWAL_UPSELL))
        recent = leads.days_since_behaviour <= self.recent_days
        return np.where(leads.asked_by_customer == 1, 0, 3 - decides.astype(int) - recent.astype(int))
