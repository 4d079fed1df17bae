"""What is one keyed draw of a customer, so that no column holds it: the estimate of the segment, and the birthday.

The estimate is right for a share of customers, and a segment of the mix for the others; it lasts. Birthdays are spread
evenly over the days of a year; nobody's is the 29th of February. The age of a customer is that of the scenario's trait,
declared at the start, and does not change on the birthday.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.scenario import Scenario
from lifesim.streams import Streams

K_TAG, K_BIRTHDAY = 24, 26  # places in rules.DECISIONS
#: Days since what never was.
NEVER_DAYS = 10_000


def mix_up_to(scenario: Scenario) -> Any:
    """Shares of customers at the start in the segments up to each; of a book, whose mix is its own, alike."""
    names = list(scenario.segments)
    given = scenario.population.segments or dict.fromkeys(names, 1.0)
    shares = np.array([given.get(name, 0.0) for name in names])
    return np.cumsum(shares / shares.sum())


def birthdays(streams: Streams, keys: Any) -> Any:
    """Birthdays as days of a year that begins on the first of March, from 0. Shape (n,)."""
    return (streams.uniforms("birthday", keys, again=True) * 365).astype(np.int16)
