"""Plain offers of critical illness cover to every holder of short-term cover who has none."""

from dataclasses import dataclass

from lifesim.strategy import CustomerView, Luck, Schedule, Touches


@dataclass(frozen=True, kw_only=True)
class GapOffers:
    """Once a month by SMS and push: the offer of a product to holders who do not have it."""

    zh = "每月以短信和推送向尚未持有某产品的客户推荐该产品。"

    day: int = 6
    at: str = "10:00"
    content: str = "health_offer"
    lacks: str = "critical_illness"

    @property
    def schedule(self) -> Schedule:
        return Schedule(at=self.at, days=(self.day,))

    def touch(self, customers: CustomerView, luck: Luck) -> list[Touches]:
        lack = (customers.policies > 0) & ~getattr(customers, f"holds_{self.lacks}").astype(bool)
        return [
            Touches(customers.where(lack & (customers.consents_sms == 1)), self.content, "sms"),
            Touches(customers.where(lack & (customers.consents_push == 1)), self.content, "push"),
        ]
