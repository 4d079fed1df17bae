"""Orchestrations that nobody would ever ask."""

from dataclasses import dataclass
from itertools import cycle

from lifesim.strategy import Schedule, Touches

DAYS = cycle((1, 2, 3, 4, 5))


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


@dataclass(frozen=True, kw_only=True)
class Restless:
    @property
    def schedule(self):
        return Schedule(weekdays=(next(DAYS),))

    def touch(self, customers, luck):
        return Touches(customers.where(customers.age > 30), "newsletter", "push")
