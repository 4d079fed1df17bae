"""Season and shocks of the market as factors by day, and the replication's own luck."""

from __future__ import annotations

import datetime
import math
from typing import Any

import numpy as np

from lifesim.population.columns import DAY
from lifesim.scenario import Scenario
from lifesim.scenario.market import Shock
from lifesim.streams import Streams


def demand(scenario: Scenario, streams: Streams) -> float:
    """The replication's demand factor: market luck that customers and sources of prospects share."""
    return math.exp(scenario.market.luck * float(streams.normals("market demand", [0], again=True)[0]))


def dates(scenario: Scenario) -> list[datetime.date]:
    """Date of every day of warm-up and horizon, and one more."""
    days = -(-(scenario.warm_up + scenario.horizon) // DAY) + 1
    first = scenario.start - datetime.timedelta(seconds=scenario.warm_up)
    return [first + datetime.timedelta(days=day) for day in range(days)]


def spell(shock: Shock, first: datetime.date) -> slice:
    """Days of a shock, counted from the first day of the world."""
    begins = (shock.start - first).days
    return slice(max(0, begins), max(0, begins + -(-shock.lasts // DAY)))


def hazard_factors(scenario: Scenario, clocks: list[str], streams: Streams) -> Any:
    """Factor on every hazard by day: season, shocks, and the replication's luck on the exits of AWARENESS."""
    calendar = dates(scenario)
    factors = np.ones((len(clocks), len(calendar)))
    months = np.array([date.month - 1 for date in calendar])
    for name, monthly in scenario.market.season.hazards.items():
        factors[clocks.index(name)] *= np.asarray(monthly)[months]
    for shock in scenario.market.shocks.values():
        for name, factor in shock.hazards.items():
            factors[clocks.index(name), spell(shock, calendar[0])] *= factor
    luck = demand(scenario, streams)
    for k, name in enumerate(clocks):
        if name.startswith("AWARENESS."):
            factors[k] *= luck
    return factors.astype(np.float32)


def highest_factor(scenario: Scenario, source: str, streams: Streams) -> float:
    """A bound on ``arrival_factors`` over any horizon, so that a longer one thins the same candidates."""
    top = demand(scenario, streams) * max(scenario.market.season.arrivals.get(source, (1.0,)))
    for shock in scenario.market.shocks.values():
        top *= max(1.0, shock.arrivals.get(source, 1.0))
    return top


def arrival_factors(scenario: Scenario, source: str, streams: Streams) -> Any:
    """Factor on a source of prospects by day: season, shocks, luck. Shape (days,)."""
    calendar = dates(scenario)
    factors = np.full(len(calendar), demand(scenario, streams))
    if source in scenario.market.season.arrivals:
        monthly = np.asarray(scenario.market.season.arrivals[source])
        factors *= monthly[[date.month - 1 for date in calendar]]
    for shock in scenario.market.shocks.values():
        factors[spell(shock, calendar[0])] *= shock.arrivals.get(source, 1.0)
    return factors
