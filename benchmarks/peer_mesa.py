"""The reduced lifecycle in Mesa: one agent per customer, one step per day, as Mesa's tutorial has it.

Each day an agent lets its satisfaction fade, opens the app or not, and gives each way out of its
stage a chance of its own: ``1 - exp(-hazard)``, with the hazard of that day.
"""

# Mesa publishes no types, and comes with the extra `benchmarks` only.
# mypy: disable-error-code="import-not-found, import-untyped, misc, no-any-unimported"

from __future__ import annotations

import math
import time

import mesa

from benchmarks.reduced import DAYS_PER_YEAR, Exit, Outcome, Reduced

Record = tuple[int, int, int]
"""Day, customer, and the stage entered or `SESSION`."""

SESSION = -1


class Customer(mesa.Agent):
    """One customer."""

    def __init__(self, model: Market) -> None:
        super().__init__(model)
        self.stage = model.rules.start
        self.satisfaction = 0.0

    def step(self) -> None:
        """Live one day."""
        model = self.model
        draw = model.random.random
        rules = model.rules.stages[self.stage]
        self.satisfaction *= model.fade
        if rules.live and draw() < model.chance_of_session:
            model.log.append((model.steps, self.unique_id, SESSION))
        for way in rules.exits:
            hazard = way.per_year / DAYS_PER_YEAR * math.exp(way.coefficient * self.satisfaction)
            if draw() < 1.0 - math.exp(-hazard):
                self.move(way)
                break

    def move(self, way: Exit) -> None:
        """Take an exit of the present stage."""
        model = self.model
        model.census[self.stage] -= 1
        model.census[way.to] += 1
        model.log.append((model.steps, self.unique_id, way.to))
        self.stage = way.to
        self.satisfaction += way.impulse


class Market(mesa.Model):
    """All customers, the log, and how many stand in each stage."""

    def __init__(self, rules: Reduced, customers: int, seed: int) -> None:
        super().__init__(seed=seed)
        self.rules = rules
        self.fade = 0.5 ** (1.0 / rules.half_life_days)
        self.chance_of_session = rules.sessions_per_year / DAYS_PER_YEAR
        self.log: list[Record] = []
        self.census = [0] * len(rules.stages)
        self.census[rules.start] = customers
        self.live_days = 0
        Customer.create_agents(self, customers)

    def step(self) -> None:
        """Run one day; customers do not meet, so that there is no need to shuffle them."""
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
    begun = time.process_time()
    for _ in range(days // 2):
        market.step()
    occupancy_mid = market.occupancy()
    for _ in range(days - days // 2):
        market.step()
    seconds = time.process_time() - begun
    return Outcome(
        customers,
        days,
        float(market.live_days),
        len(market.log),
        seconds,
        occupancy_mid,
        market.occupancy(),
    )
