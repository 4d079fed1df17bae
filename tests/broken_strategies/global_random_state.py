"""The generators that everybody shares."""

import random
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class TossesACoin:
    def grade(self, leads, luck):
        return np.full(len(leads), 0 if random.random() < 0.5 else 1)


@dataclass(frozen=True, kw_only=True)
class SeedsEverybody:
    def grade(self, leads, luck):
        np.random.seed(7)
        return np.where(leads.policies > 0, 0, 1)


@dataclass(frozen=True, kw_only=True)
class TossesAndPutsBack:
    """Leaves no trace, and still listens."""

    def grade(self, leads, luck):
        before = random.getstate()
        tails = random.random() < 0.5
        random.setstate(before)
        return np.full(len(leads), int(tails))
