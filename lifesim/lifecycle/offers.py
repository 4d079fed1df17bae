"""What is on offer by day: how episodes of the market move the utility of the alternatives of a decision."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.lifecycle.season import dates, days_between
from lifesim.scenario import Scenario


def appeals(scenario: Scenario) -> Any:
    """Added to the utility of every alternative by day: products, competitor, not now. Shape (alternatives, days)."""
    products, calendar = list(scenario.products), dates(scenario)
    added = np.zeros((len(products) + 2, len(calendar)))
    for opening in scenario.market.openings.values():
        for start, end in opening.occurrences(calendar[-1]):
            for name, appeal in opening.appeal.items():
                added[products.index(name), days_between(scenario, start, end)] += appeal
    return added
