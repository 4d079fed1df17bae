"""Season and episodes of the market as factors by day, and the replication's own luck."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from lifesim.population.columns import DAY
from lifesim.scenario import Scenario
from lifesim.scenario.episodes import Conditions
from lifesim.streams import Streams


def demand(scenario: Scenario, streams: Streams) -> float:
    """The replication's demand factor: market luck that customers and sources of prospects share."""
    return math.exp(scenario.market.luck * float(streams.normals("market demand", [0], again=True)[0]))


def dates(scenario: Scenario) -> list[datetime.date]:
    """Date of every day of warm-up and horizon, and one more."""
    days = -(-(scenario.warm_up + scenario.horizon) // DAY) + 1
    first = scenario.start - datetime.timedelta(seconds=scenario.warm_up)
    return [first + datetime.timedelta(days=day) for day in range(days)]


def spells(scenario: Scenario) -> Iterator[tuple[str, Conditions, slice]]:
    """Every occurrence of every spell: what it is called, the spell, its days counted from the first of the world."""
    calendar = dates(scenario)
    for path, spell in scenario.market.spells():
        for start, end in spell.occurrences(calendar[-1]):
            yield f"{' '.join(path[1:])} {start}", spell, days_between(scenario, start, end)


def days_between(scenario: Scenario, start: datetime.date, end: datetime.date) -> slice:
    """Days from one date up to another, counted from the first day of the world."""
    first = scenario.start - datetime.timedelta(seconds=scenario.warm_up)
    return slice(max(0, (start - first).days), max(0, (end - first).days))


def by_day(scenario: Scenario, monthly: tuple[float, ...]) -> Any:
    """Factors by month as factors by day, shape (days,)."""
    return np.asarray(monthly, float)[[date.month - 1 for date in dates(scenario)]]


def hazard_factors(scenario: Scenario, clocks: list[str], streams: Streams) -> Any:
    """Factor on every hazard by day: season, and the replication's luck on the exits of AWARENESS."""
    factors = np.ones((len(clocks), len(dates(scenario))))
    for name, monthly in scenario.market.season.hazards.items():
        factors[clocks.index(name)] *= by_day(scenario, monthly)
    luck = demand(scenario, streams)
    for k, name in enumerate(clocks):
        if name.startswith("AWARENESS."):
            factors[k] *= luck
    return factors.astype(np.float32)


def spell_factors(scenario: Scenario, clocks: list[str]) -> Any:
    """Factor of the spells on every hazard by day, shape (clocks, days); without rows where no spell moves a hazard."""
    moving = [(spell, days) for _, spell, days in spells(scenario) if spell.hazards]
    factors = np.ones((len(clocks) if moving else 0, len(dates(scenario))))
    for spell, days in moving:
        for name, factor in spell.hazards.items():
            factors[clocks.index(name), days] *= factor
    return factors.astype(np.float32)


def turns(scenario: Scenario) -> list[int]:
    """Times, ascending, at which a spell that moves hazards begins or ends: everyone's are evaluated anew."""
    days = {day for _, spell, of in spells(scenario) if spell.hazards for day in (of.start, of.stop)}
    end = scenario.warm_up + scenario.horizon
    return sorted(day * DAY for day in days if 0 < day * DAY < end)


def inquiry_factors(scenario: Scenario) -> Any:
    """Factor on the share of product pages that lead to an inquiry, by day: season and spells. Shape (days,)."""
    return _with_spells(scenario, by_day(scenario, scenario.market.season.inquiries), "inquiries")


def desk_factors(scenario: Scenario, staffing: tuple[float, ...]) -> Any:
    """Factor on the calls that the desk can make, by day: season, an arm's staffing plan, spells. Shape (days,)."""
    factors = by_day(scenario, scenario.market.season.desk)
    return _with_spells(scenario, factors * by_day(scenario, staffing) if staffing else factors, "desk")


def _with_spells(scenario: Scenario, factors: Any, what: str) -> Any:
    for _, spell, days in spells(scenario):
        factors[days] *= getattr(spell, what)
    return factors


#: The stream of prospects whom an arm adds; no spell can be called so.
BOUGHT = "what an arm buys"


def arrival_streams(
    scenario: Scenario, source: str, streams: Streams, traffic: float = 1.0
) -> dict[str, tuple[Any, float]]:
    """Factors on a source of prospects by day, shape (days,), in streams, each with a bound over any horizon.

    The stream called "" has season and luck, and what spells take away. A spell that adds arrivals has a stream by its
    name: adding it to a scenario moves no other arrival, and a longer horizon thins the same candidates. So has what an
    arm adds by its factor ``traffic``; below 1 it takes the same share of all away.
    """
    season = scenario.market.season.arrivals.get(source, (1.0,) * 12)
    base = by_day(scenario, season) * demand(scenario, streams)
    top = max(season) * demand(scenario, streams)
    adding = []
    for name, spell, days in spells(scenario):
        factor = spell.arrivals.get(source, 1.0)
        base[days] *= min(1.0, factor)
        adding += [(name, factor, days)] if factor > 1.0 else []
    so_far, found = base.copy(), {"": (base, top)}
    for name, factor, days in adding:
        extra = np.zeros(len(base))
        extra[days] = so_far[days] * (factor - 1.0)
        found[name] = (extra, top * (factor - 1.0))
        so_far = so_far + extra
        top *= factor
    if traffic < 1.0:
        return {name: (factors * traffic, most) for name, (factors, most) in found.items()}
    if traffic > 1.0:
        found[BOUGHT] = (so_far * (traffic - 1.0), top * (traffic - 1.0))
    return found
