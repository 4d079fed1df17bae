"""More than the seats can take, or other seats."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class OverloadsTheFirst:
    def assign(self, leads, agents, luck):
        return np.array([np.flatnonzero(agents.branch == branch)[0] for branch in leads.branch], np.int64)


@dataclass(frozen=True, kw_only=True)
class IgnoresBranches:
    ordered = True

    def assign(self, leads, agents, luck):
        seats = np.repeat(np.arange(len(agents)), agents.capacity)[: len(leads)]
        return np.concatenate([seats, np.full(len(leads) - len(seats), -1)])
