"""Random numbers of its own."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class OwnGenerator:
    def grade(self, leads, luck):
        return np.random.default_rng().integers(0, 4, len(leads))
