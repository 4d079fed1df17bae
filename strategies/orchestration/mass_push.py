"""A warning example: the same product offer to everyone, by every cheap channel, several times a week."""

from dataclasses import dataclass

from lifesim.strategy import CustomerView, Luck, Schedule, Touches


@dataclass(frozen=True, kw_only=True)
class MassPush:
    """An offer by push and by SMS to everyone who has not withdrawn the consent, on each of the days."""

    zh = "逢指定日以推送和短信向所有未退订客户推销。"

    weekdays: tuple[int, ...] = (2, 4, 6)
    at: str = "12:00"
    content: str = "product_offer"

    @property
    def schedule(self) -> Schedule:
        return Schedule(at=self.at, weekdays=self.weekdays)

    def touch(self, customers: CustomerView, luck: Luck) -> list[Touches]:
        return [
            Touches(customers.where(customers.consents_push == 1), self.content, "push"),
            Touches(customers.where(customers.consents_sms == 1), self.content, "sms"),
        ]
