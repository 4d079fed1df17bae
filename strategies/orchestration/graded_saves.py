"""Early warning by a score: whoever seems about to leave is spoken to, by a means that is worth its cost."""

import math
from dataclasses import dataclass

import numpy as np

from lifesim.strategy import CustomerView, Luck, Schedule, Touches


@dataclass(frozen=True, kw_only=True)
class GradedSaves:
    """Twice a month, from an alarm on: a call where much premium is at stake, a gift in the middle, else a message.

    Attributes
    ----------
    alarm
        Score of early warning from which a customer is treated; below it nobody is disturbed.
    share
        In place of ``alarm``: share of the policyholders of each branch who are treated, those with the highest scores
        and whoever has as high a one as the last of them; none: by ``alarm``.
    valuable_cny, middle_cny
        Annual premium from which a call, or a gift, is worth its cost.
    """

    zh = "每月两次，达到预警分即介入：高保费致电，中等保费送礼，其余发短信。"

    alarm: float = 0.15
    share: float | None = None
    valuable_cny: int = 4_000
    middle_cny: int = 800
    days: tuple[int, ...] = (4, 18)
    at: str = "09:30"

    def __post_init__(self) -> None:
        if self.share is not None and not 0 < self.share <= 1:
            raise ValueError(f"share must lie between 0 and 1; found {self.share}")

    @property
    def schedule(self) -> Schedule:
        return Schedule(at=self.at, days=self.days)

    def touch(self, customers: CustomerView, luck: Luck) -> list[Touches]:
        alarmed = (customers.policies > 0) & (customers.churn_score >= self._bars(customers))
        premium = customers.annual_premium_cny
        call = alarmed & (premium >= self.valuable_cny)
        gift = alarmed & ~call & (premium >= self.middle_cny)
        return [
            Touches(customers.where(call), "retention_call", "call"),
            Touches(customers.where(gift), "retention_gift", "sms"),
            Touches(customers.where(alarmed & ~call & ~gift), "retention_message", "sms"),
        ]

    def _bars(self, customers: CustomerView) -> np.ndarray:
        """The score from which on each customer is treated, shape (n,)."""
        bars = np.full(len(customers), self.alarm)
        if self.share is not None:
            for branch in np.unique(customers.branch):
                here = customers.branch == branch
                scores = np.sort(customers.churn_score[here & (customers.policies > 0)])
                if len(scores):
                    bars[here] = scores[len(scores) - math.ceil(len(scores) * self.share)]
        return bars
