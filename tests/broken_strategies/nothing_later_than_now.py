"""Strategies that know what time has not brought yet."""

import datetime
from dataclasses import dataclass

import numpy as np

from lifesim.strategy import Schedule, Touches


@dataclass(frozen=True, kw_only=True)
class KnowsTheNextVisit:
    """Touches those who will open the app by themselves within the day, past everything that guards them."""

    @property
    def schedule(self):
        return Schedule(weekdays=(1,))

    def touch(self, customers, luck):
        world, rows = (object.__getattribute__(customers, name) for name in ("_world", "_rows"))
        soon = world.customers["session_at"][rows] < customers.now + 86_400
        return Touches(customers.where(soon), "newsletter", "push")


@dataclass(frozen=True, kw_only=True)
class LooksAtTheCalendarOnTheWall:
    def grade(self, leads, luck):
        years = datetime.date.today().year - leads.date.year
        return np.where(leads.age + years > 40, 0, 1)
