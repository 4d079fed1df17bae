"""The reduced lifecycle in Mesa: one agent per customer, one step per day.

A day's chance of leaving is ``1 - exp(-hazard)``, exact because the hazard is constant between
reviews, and worked out at reviews only. The time of a move is as fine as the step allows.
"""

# Mesa publishes no types, and comes with the extra `benchmarks` only.
# mypy: disable-error-code="import-not-found, import-untyped, misc, no-any-unimported"

from __future__ import annotations

import math
import time
from itertools import accumulate

import mesa

from benchmarks.reduced import DAYS_PER_YEAR, Outcome, Reduced

Record = tuple[int, int, int]
"""Day, customer, and the stage entered or `SESSION`."""

SESSION = -1


def session_ladder(per_year: float) -> list[float]:
    """Return the cumulative chances of 0, 1, 2, ... sessions on one day, ending in 1 (Poisson)."""
    mean = per_year / DAYS_PER_YEAR
    chances = [math.exp(-mean)]
    while chances[-1] > 1e-12 and mean:
        chances.append(chances[-1] * mean / len(chances))
    return [*accumulate(chances[:-1]), 1.0]


class Customer(mesa.Agent):
    """One customer, who remembers the day's chances until the next review."""

    def __init__(self, model: Market) -> None:
        super().__init__(model)
        self.stage = model.rules.start
        self.satisfaction = model.rules.satisfaction.initial
        self.ladder = model.ladders[self.stage]
        self.reviewed = 0
        self.review(0.0)

    def review(self, impulse: float) -> None:
        """Bring satisfaction up to date, add `impulse`, and work out the chances of leaving."""
        model = self.model
        today = model.steps
        self.satisfaction = self.satisfaction * model.fade ** (today - self.reviewed) + impulse
        self.reviewed = today
        self.next_review = today + model.rules.review_days
        first, second = model.rules.stages[self.stage].exits
        one = first.per_year / DAYS_PER_YEAR * math.exp(first.coefficient * self.satisfaction)
        two = second.per_year / DAYS_PER_YEAR * math.exp(second.coefficient * self.satisfaction)
        self.leave = -math.expm1(-one - two)
        self.share_of_first = one / (one + two)

    def step(self) -> None:
        """Live one day: sessions, perhaps a move, perhaps a review."""
        model = self.model
        draw = model.random.random
        chance = draw()
        for most in self.ladder:
            if chance < most:
                break
            model.log.append((model.steps, self.unique_id, SESSION))
        if draw() < self.leave:
            self.move(0 if draw() < self.share_of_first else 1)
        elif model.steps >= self.next_review:
            self.review(0.0)

    def move(self, cause: int) -> None:
        """Take an exit of the present stage."""
        model = self.model
        to = model.rules.stages[self.stage].exits[cause].to
        model.census[self.stage] -= 1
        model.census[to] += 1
        model.log.append((model.steps, self.unique_id, to))
        self.stage = to
        self.ladder = model.ladders[to]
        self.review(model.rules.stages[to].impulse)


class Market(mesa.Model):
    """All customers, the log, and how many stand in each stage."""

    def __init__(self, rules: Reduced, customers: int, seed: int) -> None:
        super().__init__(seed=seed)
        self.rules = rules
        self.fade = 0.5 ** (1.0 / rules.satisfaction.half_life_days)
        self.ladders = [session_ladder(rules.sessions_per_year if stage.live else 0.0) for stage in rules.stages]
        self.log: list[Record] = []
        self.census = [0] * len(rules.stages)
        self.census[rules.start] = customers
        self.live_days = 0
        Customer.create_agents(self, customers)

    def step(self) -> None:
        """Run one day; customers do not meet, so their order is left alone."""
        self.live_days += self.live()
        self.agents.do("step")

    def live(self) -> int:
        """Return the number of customers in a live stage."""
        return sum(count for count, stage in zip(self.census, self.rules.stages, strict=True) if stage.live)

    def occupancy(self) -> tuple[float, ...]:
        """Return the share of customers in each stage, now."""
        return tuple(count / sum(self.census) for count in self.census)


def run(model: Reduced, customers: int, days: int, seed: int) -> Outcome:
    """Run `model` for `customers` over `days` and time it."""
    market = Market(model, customers, seed)
    begun = time.perf_counter()
    for _ in range(days // 2):
        market.step()
    occupancy_mid = market.occupancy()
    for _ in range(days - days // 2):
        market.step()
    seconds = time.perf_counter() - begun
    return Outcome(
        customers,
        days,
        float(market.live_days),
        len(market.log),
        seconds,
        occupancy_mid,
        market.occupancy(),
    )
