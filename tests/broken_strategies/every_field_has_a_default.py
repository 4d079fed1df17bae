"""Strategies that their name alone does not make."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class NoDefault:
    threshold: float

    def grade(self, leads, luck):
        return np.where(leads.waiting_seconds > self.threshold, 0, 1)


@dataclass(frozen=True, kw_only=True)
class RefusesItsDefault:
    threshold: float = -1.0

    def __post_init__(self):
        if self.threshold < 0:
            raise ValueError("threshold must not be negative")

    def grade(self, leads, luck):
        return np.where(leads.waiting_seconds > self.threshold, 0, 1)
