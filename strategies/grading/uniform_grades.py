"""Current practice: every lead has the same grade; whoever asked first is served first."""

from dataclasses import dataclass

import numpy as np

from lifesim.strategy import IntArray, LeadView, Luck


@dataclass(frozen=True, kw_only=True)
class UniformGrades:
    """The same grade for every lead, except that customers who asked come before those we want to call."""

    zh = "所有线索同级，主动咨询先于外呼名单。"

    def grade(self, leads: LeadView, luck: Luck) -> IntArray:
        return np.where(leads.asked_by_customer == 1, 0, 1)
