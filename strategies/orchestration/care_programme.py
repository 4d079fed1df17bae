"""A simple lifecycle programme: care for policyholders, a call when they seem about to leave, offers on a need."""

from dataclasses import dataclass

from lifesim.strategy import CustomerView, Luck, Schedule, Touches

RENEWAL_UPSELL, CHURN_WARNING, FIRST_PURCHASE = 3, 4, 1


@dataclass(frozen=True, kw_only=True)
class CareProgramme:
    """Twice a week: care by SMS for the quiet, a care call for the endangered, an offer for those who decide."""

    zh = "每周两次：沉默客户短信关怀，流失风险客户致电，决策中客户给方案。"

    weekdays: tuple[int, ...] = (2, 4)
    at: str = "10:00"
    silent_days: int = 45
    rest_days: int = 30

    @property
    def schedule(self) -> Schedule:
        return Schedule(at=self.at, weekdays=self.weekdays)

    def touch(self, customers: CustomerView, luck: Luck) -> list[Touches]:
        stage, rested = customers.stage, customers.days_since_touch >= self.rest_days
        holder = customers.policies > 0
        endangered = holder & (stage == CHURN_WARNING) & rested
        quiet = holder & rested & ~endangered & (customers.days_since_session >= self.silent_days)
        interested = (stage == FIRST_PURCHASE) & (customers.days_since_touch >= 4)
        return [
            Touches(customers.where(endangered), "care_call", "call"),
            Touches(customers.where(quiet), "care_message", "sms"),
            Touches(customers.where(interested), "product_offer", "push"),
        ]
