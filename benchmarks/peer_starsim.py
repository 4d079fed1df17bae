"""The reduced lifecycle in Starsim: a module over columns, one step per day.

Every decision has a distribution of its own, keyed by agent, as Starsim has it for common random
numbers; chances are functions of the module that are evaluated for the agents who draw. The second
way out is drawn for those who did not take the first, with its own chance of the day.
"""

# Starsim publishes no types, and comes with the extra `benchmarks` only.
# mypy: disable-error-code="import-not-found, import-untyped, misc, no-any-unimported"

from __future__ import annotations

import time
from typing import Any

import numpy as np
import starsim as ss

from benchmarks.reduced import DAYS_PER_YEAR, Outcome, Reduced, Stage

SESSION = -1


class Lifecycle(ss.Module):
    """Stages, satisfaction and sessions of all customers."""

    def __init__(self, rules: Reduced, middle: int) -> None:
        super().__init__(name="lifecycle")
        self.fade = 0.5 ** (1.0 / rules.half_life_days)
        self.middle = middle
        self.occupancy_mid: tuple[float, ...] = ()
        self.live_days = 0
        self.log: list[tuple[int, Any, Any]] = []
        """Day, customers, and the stages they entered or `SESSION`; one customer a record."""
        self.tabulate(rules)
        self.define_states(
            ss.IntArr("stage", default=int(rules.start)),
            ss.FloatArr("satisfaction", default=0.0),
        )
        self.session = ss.bernoulli(p=rules.sessions_per_year / DAYS_PER_YEAR)
        self.first = ss.bernoulli(p=lambda module, sim, uids: module.chance(uids, 0))
        self.second = ss.bernoulli(p=lambda module, sim, uids: module.chance(uids, 1))

    def tabulate(self, rules: Reduced) -> None:
        """Lay the rules out as arrays, [exit, stage]."""
        ways = [[stage.exits[k] for stage in rules.stages] for k in (0, 1)]
        self.hazard = np.array([[way.per_year / DAYS_PER_YEAR for way in row] for row in ways])
        self.pull = np.array([[way.coefficient for way in row] for row in ways])
        self.target = np.array([[int(way.to) for way in row] for row in ways])
        self.impulse = np.array([[way.impulse for way in row] for row in ways])

    def chance(self, uids: Any, cause: int) -> Any:
        """Return the chance of leaving today by one of the two exits."""
        stage = self.stage[uids]
        return -np.expm1(-self.hazard[cause][stage] * np.exp(self.pull[cause][stage] * self.satisfaction[uids]))

    def step(self) -> None:
        """Run one day: satisfaction fades, sessions, moves."""
        if self.ti == self.middle:
            self.occupancy_mid = self.occupancy()
        self.satisfaction[:] *= self.fade
        live = (self.stage != int(Stage.LOST)).uids
        self.live_days += len(live)
        self.log.append((self.ti, self.session.filter(live), SESSION))
        first, others = self.first.split()
        second = self.second.filter(others)
        self.move(first, 0)
        self.move(second, 1)

    def move(self, uids: Any, cause: int) -> None:
        """Let `uids` take one exit of their stages."""
        stage = self.stage[uids]
        self.stage[uids] = self.target[cause][stage]
        self.satisfaction[uids] += self.impulse[cause][stage]
        self.log.append((self.ti, uids, self.stage[uids]))

    def occupancy(self) -> tuple[float, ...]:
        """Return the share of customers in each stage, now."""
        counts = np.bincount(self.stage.values, minlength=len(Stage))
        return tuple((counts / len(self.stage)).tolist())


def run(model: Reduced, customers: int, days: int, seed: int) -> Outcome:
    """Run `model` for `customers` over `days` and time it.

    Starsim steps at both ends of its duration, hence the one day less.
    """
    lifecycle = Lifecycle(model, days // 2)
    sim = ss.Sim(
        n_agents=customers,
        dur=ss.days(days - 1),
        dt=ss.days(1),
        modules=lifecycle,
        rand_seed=seed,
        verbose=0,
        copy_inputs=False,
    )
    sim.init()
    begun = time.process_time()
    sim.run()
    seconds = time.process_time() - begun
    if len(sim.t) != days:
        raise RuntimeError(f"Starsim took {len(sim.t)} steps where {days} were asked for")
    events = sum(len(who) for _, who, _ in lifecycle.log)
    return Outcome(
        customers,
        days,
        float(lifecycle.live_days),
        events,
        seconds,
        lifecycle.occupancy_mid,
        lifecycle.occupancy(),
    )
