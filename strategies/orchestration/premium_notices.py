"""Current practice: a service notice by SMS before a premium falls due."""

from dataclasses import dataclass

from lifesim.strategy import CustomerView, Luck, Schedule, Touches


@dataclass(frozen=True, kw_only=True)
class PremiumNotices:
    """Tell policyholders by SMS, once, that a premium falls due."""

    days_before: int = 15
    at: str = "10:30"

    @property
    def schedule(self) -> Schedule:
        return Schedule(at=self.at)

    def touch(self, customers: CustomerView, luck: Luck) -> Touches:
        due = (customers.days_to_due <= self.days_before) & (customers.days_to_due > self.days_before - 1)
        return Touches(customers.where(due), "premium_notice", "sms")
