"""The reduced lifecycle in SimPy: one process per customer, exact times.

Written as a SimPy user would for speed: an exit is drawn once per stage, because nothing outside
the customer can change it; the process sleeps until its next session or its exit, whichever comes
first, and everything it needs at each wake-up is a local variable.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Generator
from dataclasses import dataclass, field

import simpy

from benchmarks.reduced import DAYS_PER_YEAR, Exit, Outcome, Reduced, Stage

Record = tuple[float, int, int]
"""Time in days, customer, and the stage entered or `SESSION`."""

SESSION = -1


@dataclass
class Market:
    """What the processes of all customers share."""

    env: simpy.Environment
    model: Reduced
    rng: random.Random
    stage: list[Stage]
    since: list[float]
    log: list[Record] = field(default_factory=list)
    live_days: float = 0.0

    def occupancy(self) -> tuple[float, ...]:
        """Return the share of customers in each stage, now."""
        return tuple(self.stage.count(stage) / len(self.stage) for stage in Stage)

    def move(self, customer: int, to: Stage) -> None:
        """Log a transition and close the books on the stage left behind."""
        now = self.env.now
        if self.model.stages[self.stage[customer]].live:
            self.live_days += now - self.since[customer]
        self.stage[customer] = to
        self.since[customer] = now
        self.log.append((now, customer, to))

    def close(self) -> float:
        """Return the live customer-days so far, open stays included."""
        now = self.env.now
        return self.live_days + sum(
            now - since for stage, since in zip(self.stage, self.since, strict=True) if self.model.stages[stage].live
        )


def draw_exit(model: Reduced, stage: Stage, satisfaction: float, rng: random.Random) -> tuple[float, Exit]:
    """Return the days until a customer leaves `stage`, and by which exit.

    A unit exponential is spent piece by piece along the hazard, which is constant between reviews.
    """
    first, second = model.stages[stage].exits
    fade = 0.5 ** (model.review_days / model.half_life_days)
    satisfaction *= math.sqrt(fade)  # in the middle of the time to the first review
    threshold = rng.expovariate(1.0)
    elapsed = 0.0
    while True:
        one = first.per_year / DAYS_PER_YEAR * math.exp(first.coefficient * satisfaction)
        two = second.per_year / DAYS_PER_YEAR * math.exp(second.coefficient * satisfaction)
        total = one + two
        if threshold < total * model.review_days:
            chosen = first if rng.random() * total < one else second
            return elapsed + threshold / total, chosen
        threshold -= total * model.review_days
        elapsed += model.review_days
        satisfaction *= fade


def customer(market: Market, who: int) -> Generator[simpy.Event, None, None]:
    """Live one customer's life: stage after stage, session after session."""
    env, model, rng = market.env, market.model, market.rng
    timeout, draw_gap, record = env.timeout, rng.expovariate, market.log.append
    half_life = model.half_life_days
    per_day = model.sessions_per_year / DAYS_PER_YEAR
    stage, satisfaction = model.start, 0.0
    while True:
        stay, way = draw_exit(model, stage, satisfaction, rng)
        left, live = stay, model.stages[stage].live
        while live and (gap := draw_gap(per_day)) < left:
            yield timeout(gap)
            record((env.now, who, SESSION))
            left -= gap
        yield timeout(left)
        market.move(who, way.to)
        satisfaction = satisfaction * 0.5 ** (stay / half_life) + way.impulse
        stage = way.to


def run(model: Reduced, customers: int, days: int, seed: int) -> Outcome:
    """Run `model` for `customers` over `days` and time it."""
    env = simpy.Environment()
    market = Market(env, model, random.Random(seed), [model.start] * customers, [0.0] * customers)
    for who in range(customers):
        env.process(customer(market, who))
    begun = time.process_time()
    env.run(until=days // 2)
    occupancy_mid = market.occupancy()
    env.run(until=days)
    live_days = market.close()
    seconds = time.process_time() - begun
    return Outcome(customers, days, live_days, len(market.log), seconds, occupancy_mid, market.occupancy())
