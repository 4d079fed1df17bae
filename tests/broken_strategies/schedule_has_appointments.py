"""Orchestrations that nobody would ever ask."""

from dataclasses import dataclass

from lifesim.strategy import Schedule, Touches


@dataclass(frozen=True, kw_only=True)
class EighthDay:
    @property
    def schedule(self):
        return Schedule(weekdays=(8,))

    def touch(self, customers, luck):
        return Touches(customers.where(customers.age > 30), "newsletter", "push")


@dataclass(frozen=True, kw_only=True)
class RareDay:
    @property
    def schedule(self):
        return Schedule(days=(31,), weekdays=(3,))

    def touch(self, customers, luck):
        return Touches(customers.where(customers.age > 30), "newsletter", "push")
