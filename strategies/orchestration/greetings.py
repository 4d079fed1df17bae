"""A warning example: greetings that say nothing, for every occasion there is."""

from dataclasses import dataclass

from lifesim.strategy import CustomerView, Luck, Schedule, Touches


@dataclass(frozen=True, kw_only=True)
class Greetings:
    """A greeting by SMS to everyone who may be written to, on each of the weekdays: care in name, noise in fact."""

    zh = "逢指定日向所有可触达客户发问候短信：名为关怀，实为打扰。"

    weekdays: tuple[int, ...] = (1, 5)
    at: str = "09:00"

    @property
    def schedule(self) -> Schedule:
        return Schedule(at=self.at, weekdays=self.weekdays)

    def touch(self, customers: CustomerView, luck: Luck) -> Touches:
        return Touches(customers.where(customers.consents_sms == 1), "holiday_greeting", "sms")
