"""Strategies that edit what they are shown."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class CapsAges:
    def grade(self, leads, luck):
        ages = leads.age
        ages[ages > 60] = 60
        return np.where(ages > 40, 0, 1)


@dataclass(frozen=True, kw_only=True)
class UnlocksAges:
    def grade(self, leads, luck):
        ages = leads.age
        ages.setflags(write=True)
        ages[ages > 60] = 60
        return np.where(ages > 40, 0, 1)


@dataclass(frozen=True, kw_only=True)
class GivesConsent:
    """Writes into the customers themselves, past everything that guards them."""

    def grade(self, leads, luck):
        state, _ = object.__getattribute__(leads, "_world")
        state.customers["consent"] = 7
        return np.where(leads.age > 40, 0, 1)
