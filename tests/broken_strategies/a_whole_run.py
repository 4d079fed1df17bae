"""What works today, and fails on another day."""

from dataclasses import dataclass

from lifesim.strategy import Schedule, Touches

CONTENTS = {12: "newsletter", 1: "newsletter", 2: "care_message", 3: "newsletter"}


@dataclass(frozen=True, kw_only=True)
class PlannedForAQuarter:
    @property
    def schedule(self):
        return Schedule(weekdays=(1,))

    def touch(self, customers, luck):
        return Touches(customers.where(customers.age > 40), CONTENTS[customers.date.month], "push")
