"""Fields that do not travel, or that cannot be compared."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, kw_only=True)
class HoldsAFunction:
    rule: Callable = lambda leads: leads.policies > 0

    def grade(self, leads, luck):
        return np.where(self.rule(leads), 0, 1)


@dataclass(frozen=True, kw_only=True)
class HoldsAnArray:
    weights: np.ndarray = field(default_factory=lambda: np.array([1.0, 2.0]))

    def grade(self, leads, luck):
        return np.where(leads.policies * self.weights[1] > 1, 0, 1)


@dataclass(frozen=True, kw_only=True, eq=False)
class EqualsNobody:
    def grade(self, leads, luck):
        return np.where(leads.policies > 0, 0, 1)
