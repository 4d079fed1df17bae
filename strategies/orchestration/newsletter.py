"""Current practice: a monthly newsletter by push to everyone who has not been written to lately."""

from dataclasses import dataclass

from lifesim.strategy import CustomerView, Luck, Schedule, Touches


@dataclass(frozen=True, kw_only=True)
class Newsletter:
    """Insurance knowledge once a month, by push."""

    zh = "每月一次推送保险知识。"

    day: int = 8
    at: str = "10:00"
    quiet_days: int = 7
    rest_days: str = "as_usual"

    @property
    def schedule(self) -> Schedule:
        return Schedule(at=self.at, days=(self.day,), rest_days=self.rest_days)

    def touch(self, customers: CustomerView, luck: Luck) -> Touches:
        rested = customers.days_since_touch >= self.quiet_days
        return Touches(customers.where(rested & (customers.consents_push == 1)), "newsletter", "push")
