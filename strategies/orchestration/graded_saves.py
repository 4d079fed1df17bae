"""Early warning by a score: whoever seems about to leave is spoken to, by a means that is worth its cost."""

from dataclasses import dataclass

from lifesim.strategy import CustomerView, Luck, Schedule, Touches


@dataclass(frozen=True, kw_only=True)
class GradedSaves:
    """Twice a month, from an alarm on: a call where much premium is at stake, a gift in the middle, else a message.

    Attributes
    ----------
    alarm
        Score of early warning from which a customer is treated; below it nobody is disturbed.
    valuable_cny, middle_cny
        Annual premium from which a call, or a gift, is worth its cost.
    """

    zh = "每月两次，达到预警分即介入：高保费致电，中等保费送礼，其余发短信。"

    alarm: float = 0.15
    valuable_cny: int = 4_000
    middle_cny: int = 800
    days: tuple[int, ...] = (4, 18)
    at: str = "09:30"

    @property
    def schedule(self) -> Schedule:
        return Schedule(at=self.at, days=self.days)

    def touch(self, customers: CustomerView, luck: Luck) -> list[Touches]:
        alarmed = (customers.policies > 0) & (customers.churn_score >= self.alarm)
        premium = customers.annual_premium_cny
        call = alarmed & (premium >= self.valuable_cny)
        gift = alarmed & ~call & (premium >= self.middle_cny)
        return [
            Touches(customers.where(call), "retention_call", "call"),
            Touches(customers.where(gift), "retention_gift", "sms"),
            Touches(customers.where(alarmed & ~call & ~gift), "retention_message", "sms"),
        ]
