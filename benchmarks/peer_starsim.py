"""The reduced lifecycle in Starsim: a module over columns, one step per day.

Every decision has its own distribution, keyed by agent, as Starsim asks for common random numbers.
A day's chances are exact because the hazards are constant between reviews, and they are worked out
at reviews only. The second exit's chance is conditional on the first not having been taken.
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
        self.rules = rules
        self.middle = middle
        self.occupancy_mid: tuple[float, ...] = ()
        self.live_days = 0
        self.log: list[tuple[int, Any, Any]] = []
        """Day, customers, and the stages they entered or `SESSION`; one customer a record."""
        self.tabulate()
        self.define_states(
            ss.IntArr("stage", default=int(rules.start)),
            ss.FloatArr("satisfaction", default=rules.satisfaction.initial),
            ss.IntArr("reviewed", default=0),
            ss.FloatArr("chance_first"),
            ss.FloatArr("chance_second"),
        )
        self.first = ss.bernoulli(p=lambda module, uids: module.chance_first[uids])
        self.second = ss.bernoulli(p=lambda module, uids: module.chance_second[uids])
        self.sessions = ss.poisson(lam=rules.sessions_per_year / DAYS_PER_YEAR)

    def tabulate(self) -> None:
        """Lay the rules out as arrays, [stage] or [stage, exit]."""
        stages = self.rules.stages
        self.hazard = np.array([[e.per_year / DAYS_PER_YEAR for e in s.exits] for s in stages])
        self.pull = np.array([[e.coefficient for e in s.exits] for s in stages])
        self.target = np.array([[int(e.to) for e in s.exits] for s in stages])
        self.impulse = np.array([s.impulse for s in stages])

    def init_post(self) -> None:
        """Give everybody the chances of the first day."""
        super().init_post()
        self.weigh(self.stage.auids)

    def step(self) -> None:
        """Run one day: sessions, moves, reviews."""
        if self.ti == self.middle:
            self.occupancy_mid = self.occupancy()
        tonight = self.ti + 1
        self.open_app(tonight)
        first, second = self.first.rvs(self.stage.auids), self.second.rvs(self.stage.auids)
        self.move(self.stage.auids[first], 0, tonight)
        self.move(self.stage.auids[second & ~first], 1, tonight)
        due = (self.reviewed <= tonight - self.rules.review_days).uids
        self.settle(due, tonight)
        self.weigh(due)

    def open_app(self, tonight: int) -> None:
        """Log the sessions of live customers, who are counted on the way."""
        live = (self.stage != int(Stage.LOST)).uids
        self.live_days += len(live)
        self.log.append((tonight, np.repeat(live, self.sessions.rvs(live)), SESSION))

    def move(self, uids: Any, cause: int, tonight: int) -> None:
        """Let `uids` take one exit of their stages."""
        to = self.target[self.stage[uids], cause]
        self.settle(uids, tonight)
        self.stage[uids] = to
        self.satisfaction[uids] += self.impulse[to]
        self.weigh(uids)
        self.log.append((tonight, uids, to))

    def settle(self, uids: Any, tonight: int) -> None:
        """Bring the satisfaction of `uids` up to date."""
        half_lives = (tonight - self.reviewed[uids]) / self.rules.satisfaction.half_life_days
        self.satisfaction[uids] *= 0.5**half_lives
        self.reviewed[uids] = tonight

    def weigh(self, uids: Any) -> None:
        """Turn the hazards of `uids` into chances per day."""
        stage = self.stage[uids]
        hazard = self.hazard[stage] * np.exp(self.pull[stage] * self.satisfaction[uids][:, None])
        total = hazard.sum(axis=1)
        leave = -np.expm1(-total)
        first = leave * hazard[:, 0] / total
        self.chance_first[uids] = first
        self.chance_second[uids] = (leave - first) / (1.0 - first)

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
    begun = time.perf_counter()
    sim.run()
    seconds = time.perf_counter() - begun
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
