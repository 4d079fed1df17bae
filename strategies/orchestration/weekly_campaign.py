"""A simple campaign: every week a sign-in gift by push to young customers who used the app lately."""

from dataclasses import dataclass

from lifesim.strategy import CustomerView, Luck, Schedule, Touches


@dataclass(frozen=True, kw_only=True)
class WeeklyCampaign:
    """Friday evening: a sign-in gift for young prospects who opened the app within the week."""

    zh = "周五晚向一周内打开App的年轻潜客发签到有礼。"

    weekday: int = 5
    at: str = "19:00"
    max_age: int = 32
    active_within_days: int = 7

    @property
    def schedule(self) -> Schedule:
        return Schedule(at=self.at, weekdays=(self.weekday,))

    def touch(self, customers: CustomerView, luck: Luck) -> Touches:
        young = customers.age <= self.max_age
        active = customers.days_since_session <= self.active_within_days
        prospects = customers.policies == 0
        return Touches(customers.where(young & active & prospects), "sign_in_gift", "push")
