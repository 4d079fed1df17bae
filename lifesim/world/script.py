"""The script of the market: what happens to everyone at a date."""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import Any

import numpy as np

from lifesim.lifecycle.season import days_between, turns
from lifesim.population.columns import DAY
from lifesim.population.consent import tightened
from lifesim.population.memory import count
from lifesim.scenario import Scenario
from lifesim.scenario.episodes import IncomeShock
from lifesim.world.kernel import turn
from lifesim.world.world import INCOME, World


class Script:
    """Lets episodes begin and end for everyone on their day, and not when each customer's hazards are due again."""

    phase, name, local = 0, "script", False

    def __init__(self, scenario: Scenario) -> None:
        self.incomes = _edges(scenario)
        self.consents = _consent_days(scenario)
        self.hazards = {*turns(scenario), *self.incomes}
        self.times = sorted({*self.hazards, *self.consents})

    def next(self, now: int) -> int | None:
        """The next day on which something begins or ends."""
        place = bisect_left(self.times, now)
        return self.times[place] if place < len(self.times) else None

    def act(self, world: World, now: int) -> None:
        """Incomes fall and recover, consents go, everyone's hazards are evaluated anew."""
        if now in self.consents:
            c = world.state.customers[: count(world.state)]
            c["consent"] = tightened(world.scenario, world.streams, c["key"], c["consent"], now)
        if now in self.incomes:
            set_incomes(world, now)
        if now in self.hazards:
            turn(now, world.kernel_address)


def scripted(scenario: Scenario) -> bool:
    """Whether anything happens to everyone at a date."""
    return bool(Script(scenario).times)


def _seconds(scenario: Scenario, shock: IncomeShock) -> tuple[int, int]:
    """When a shock begins and ends, from the start of the world on."""
    days = days_between(scenario, shock.start, shock.end)
    return days.start * DAY, days.stop * DAY


def _edges(scenario: Scenario) -> set[int]:
    end = scenario.warm_up + scenario.horizon
    both = [time for shock in scenario.market.income_shocks.values() for time in _seconds(scenario, shock)]
    return {time for time in both if time < end}


def _consent_days(scenario: Scenario) -> set[int]:
    days = [tightening.day for tightening in scenario.market.consent_tightenings.values()]
    return {days_between(scenario, day, day).start * DAY for day in days}


def set_incomes(world: World, now: int) -> None:
    """Incomes as they were, less what the shocks of ``now`` take from those whom they hit."""
    scenario, n = world.scenario, count(world.state)
    traits = list(scenario.behaviour.traits)
    incomes = world.state.traits[:n, traits.index("income")]
    before = world.extra["incomes"]
    incomes[before["customer"]] = before["income"]
    change = np.zeros(n)
    for name, shock in scenario.market.income_shocks.items():
        since, until = _seconds(scenario, shock)
        if since <= now < until:
            change += _hit(world, name, shock, since) * math.log1p(-shock.income)
    hit = np.flatnonzero(change)
    found = np.zeros(len(hit), INCOME)
    found["customer"], found["income"] = hit, incomes[hit]
    world.extra["incomes"] = found
    incomes[hit] += change[hit] / scenario.behaviour.traits["income"].scale


def _hit(world: World, name: str, shock: IncomeShock, since: int) -> Any:
    """Whom a shock hits: a keyed share of those in a segment who had joined by its first day. Shape (n,)."""
    c = world.state.customers[: count(world.state)]
    shares = np.array([shock.segments.get(segment, 0.0) for segment in world.scenario.segments])
    u = world.streams.uniforms(f"income shock {name}", c["key"], again=True)
    return (u < shares[c["segment"]]) & (c["joined"] <= since)
