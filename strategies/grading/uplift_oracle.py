"""Grades by what a conversation is truly worth: what perfect grading would be."""

from dataclasses import dataclass
from typing import ClassVar

from lifesim.strategy import IntArray, LeadView, Luck

from ._grades import by_bars, by_quota, check


@dataclass(frozen=True, kw_only=True)
class UpliftOracle:
    """Sees the decisions that a conversation adds, which no insurer does.

    Parameters
    ----------
    bars
        Decisions from which on a lead is A, B, C.
    quota
        Shares of A, B and C among the leads graded together, in place of bars; none: by bars. Whoever asked gets an
        A beside them.
    """

    zh = "已知一次沟通带来的新增决策，任何保险公司都看不到。"

    oracle: ClassVar[bool] = True

    bars: tuple[float, ...] = (0.1, 0.05, 0.01)
    quota: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        check(self.bars, self.quota)

    def grade(self, leads: LeadView, luck: Luck) -> IntArray:
        return (
            by_quota(leads.true_value, self.quota, leads, luck) if self.quota else by_bars(leads.true_value, self.bars)
        )
