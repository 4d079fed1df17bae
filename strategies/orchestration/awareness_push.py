"""A warning example: product offers to people who are not thinking of insurance."""

from dataclasses import dataclass

from lifesim.strategy import CustomerView, Luck, Schedule, Touches

AWARENESS = 0


@dataclass(frozen=True, kw_only=True)
class AwarenessPush:
    """Every week a product offer by push and SMS to prospects who seem to have no need yet."""

    zh = "每周以推送和短信向尚无需求的潜在客户推销产品。"

    weekday: int = 2
    at: str = "12:00"

    @property
    def schedule(self) -> Schedule:
        return Schedule(at=self.at, weekdays=(self.weekday,))

    def touch(self, customers: CustomerView, luck: Luck) -> list[Touches]:
        unaware = (customers.stage == AWARENESS) & (customers.policies == 0)
        return [
            Touches(customers.where(unaware & (customers.consents_push == 1)), "product_offer", "push"),
            Touches(customers.where(unaware & (customers.consents_sms == 1)), "product_offer", "sms"),
        ]
