"""Marketing that the contact policy stops altogether."""

from dataclasses import dataclass

from lifesim.strategy import Schedule, Touches


@dataclass(frozen=True, kw_only=True)
class TurnsConsentAround:
    @property
    def schedule(self):
        return Schedule(weekdays=(1,))

    def touch(self, customers, luck):
        return Touches(customers.where(customers.consents_sms == 0), "newsletter", "sms")
