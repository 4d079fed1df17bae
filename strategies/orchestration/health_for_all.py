"""A broad health service: every month a free consultation for everyone who may be written to."""

from dataclasses import dataclass

from lifesim.strategy import CustomerView, Luck, Schedule, Touches


@dataclass(frozen=True, kw_only=True)
class HealthForAll:
    """Once a month by push, prospects and policyholders alike: dear, because whoever takes it up is paid for."""

    zh = "每月推送健康服务，潜在客户与保单客户一视同仁，按领取付费，成本高。"

    day: int = 16
    at: str = "10:00"
    content: str = "health_check"

    @property
    def schedule(self) -> Schedule:
        return Schedule(at=self.at, days=(self.day,))

    def touch(self, customers: CustomerView, luck: Luck) -> Touches:
        return Touches(customers.where(customers.consents_push == 1), self.content, "push")
