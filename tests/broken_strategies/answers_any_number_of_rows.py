"""Answers that the world cannot use."""

from dataclasses import dataclass

import numpy as np

from lifesim.strategy import Schedule, Touches


@dataclass(frozen=True, kw_only=True)
class AnswersAMask:
    @property
    def schedule(self):
        return Schedule(weekdays=(1,))

    def touch(self, customers, luck):
        return Touches(customers.age > 40, "newsletter", "push")


@dataclass(frozen=True, kw_only=True)
class AnswersPositions:
    @property
    def schedule(self):
        return Schedule(weekdays=(1,))

    def touch(self, customers, luck):
        return customers.where(customers.age > 40)


@dataclass(frozen=True, kw_only=True)
class TouchesTwice:
    @property
    def schedule(self):
        return Schedule(weekdays=(1,))

    def touch(self, customers, luck):
        old, rich = customers.where(customers.age > 40), customers.where(customers.policies > 1)
        return [Touches(old, "newsletter", "push"), Touches(rich, "newsletter", "push")]


@dataclass(frozen=True, kw_only=True)
class UnknownContent:
    @property
    def schedule(self):
        return Schedule(weekdays=(1,))

    def touch(self, customers, luck):
        return Touches(customers.where(customers.age > 40), "news_letter", "push")


@dataclass(frozen=True, kw_only=True)
class NeedsSomebody:
    def grade(self, leads, luck):
        return np.where(leads.age == leads.age.max(), 0, 1)


@dataclass(frozen=True, kw_only=True)
class GradesInHalves:
    def grade(self, leads, luck):
        return np.where(leads.policies > 0, 0.5, 1.5)


@dataclass(frozen=True, kw_only=True)
class GradesFromOneToFive:
    def grade(self, leads, luck):
        return np.where(leads.policies > 0, 5, 1)


@dataclass(frozen=True, kw_only=True)
class OneForAll:
    def assign(self, leads, agents, luck):
        return np.array([-1])
