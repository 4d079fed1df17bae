"""Current practice: a service notice by SMS before a premium falls due."""

from dataclasses import dataclass

from lifesim.strategy import CustomerView, Luck, Schedule, Touches

WEEK = 7


@dataclass(frozen=True, kw_only=True)
class PremiumNotices:
    """Every week, tell policyholders by SMS which premiums fall due two to three weeks later."""

    zh = "每周以短信告知两到三周后到期的保费。"
    service = True

    weekday: int = 1
    days_before: int = 14
    at: str = "10:30"

    @property
    def schedule(self) -> Schedule:
        return Schedule(at=self.at, weekdays=(self.weekday,))

    def touch(self, customers: CustomerView, luck: Luck) -> Touches:
        days = customers.days_to_due
        due = (days > self.days_before) & (days <= self.days_before + WEEK)
        return Touches(customers.where(due), "premium_notice", "sms")
