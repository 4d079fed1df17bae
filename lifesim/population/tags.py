"""The segment as the insurer estimates it: right for a share of customers, a segment of the mix for the others.

An estimate is the customer's own and lasts: it is one keyed draw, so that no column holds it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.scenario import Scenario

K_TAG = 24  # place in rules.DECISIONS
#: Days since what never was.
NEVER_DAYS = 10_000


def mix_up_to(scenario: Scenario) -> Any:
    """Shares of customers at the start in the segments up to each; of a book, whose mix is its own, alike."""
    names = list(scenario.segments)
    given = scenario.population.segments or dict.fromkeys(names, 1.0)
    shares = np.array([given.get(name, 0.0) for name in names])
    return np.cumsum(shares / shares.sum())
