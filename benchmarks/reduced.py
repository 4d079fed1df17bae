"""The reduced lifecycle that every contestant of the throughput benchmark runs.

It is data alone, so that no contestant's way of running it leaks into what is run.

The rules, which each contestant follows as closely as its natural clock lets it:

* Everybody starts in `AWARENESS` at time 0 with a satisfaction of 0.
* Satisfaction decays exponentially to 0, and jumps by the `impulse` of an exit when it is taken.
* Each stage has two exits. The hazard of an exit is ``per_year * exp(coefficient * satisfaction)``.
  A daily step works it out every day. With exact times it is worked out on entry to a stage, after
  the impulse, and again within every `review_days`, for the satisfaction in the middle of the time until
  then; it is constant in between. The two exits compete; whichever comes first is taken.
* A customer in a live stage (any but `LOST`) opens the app at `sessions_per_year`, whatever happened
  before; elsewhere never.
* Every session and every transition is one record of a log, with its time and its customer.

Rates are invented, round numbers that keep every stage filled; they claim nothing about a market.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

DAYS_PER_YEAR = 365.0


class Stage(IntEnum):
    """Where a customer stands; the value is the index into `Reduced.stages`."""

    AWARENESS = 0
    FIRST_PURCHASE = 1
    HOLDING = 2
    RENEWAL_UPSELL = 3
    CHURN_WARNING = 4
    LOST = 5


@dataclass(frozen=True)
class Exit:
    """One cause of leaving a stage: target, base rate, pull of satisfaction, what it adds to satisfaction."""

    to: Stage
    per_year: float
    coefficient: float
    impulse: float = 0.0


@dataclass(frozen=True)
class StageRules:
    """What holds in one stage."""

    exits: tuple[Exit, Exit]
    live: bool = True


@dataclass(frozen=True)
class Reduced:
    """The whole model; `stages` is indexed by `Stage`."""

    stages: tuple[StageRules, ...]
    start: Stage = Stage.AWARENESS
    half_life_days: float = 30.0
    review_days: int = 30
    sessions_per_year: float = 66.0


@dataclass(frozen=True)
class Outcome:
    """What one run of one contestant produced.

    Attributes
    ----------
    customers, days
        The size of the run.
    live_customer_days
        Integral over time of the number of customers outside `Stage.LOST`.
    events
        Records in the log: sessions and transitions, each once.
    seconds
        Processor time of the simulation, without imports and without building the population. On one core
        that nobody else uses it is wall-clock time; on a busy one it leaves out what the others used.
    occupancy_mid, occupancy_end
        Share of customers per stage after ``days // 2`` and after `days` days, indexed by `Stage`.
    """

    customers: int
    days: int
    live_customer_days: float
    events: int
    seconds: float
    occupancy_mid: tuple[float, ...]
    occupancy_end: tuple[float, ...]


Run = Callable[[Reduced, int, int, int], Outcome]
"""A contestant: ``run(model, customers, days, seed)``."""


def reduced_lifecycle() -> Reduced:
    """Return the model of the benchmark: six stages, two causes each, one state of mind."""
    s = Stage
    return Reduced(
        stages=(
            StageRules((Exit(s.FIRST_PURCHASE, 4.0, 0.4, impulse=1.2), Exit(s.LOST, 0.8, -0.6))),
            StageRules((Exit(s.HOLDING, 5.0, 0.3), Exit(s.AWARENESS, 1.5, -0.3))),
            StageRules((Exit(s.RENEWAL_UPSELL, 2.5, 0.3), Exit(s.CHURN_WARNING, 1.2, -0.8))),
            StageRules((Exit(s.HOLDING, 4.0, 0.3), Exit(s.CHURN_WARNING, 1.0, -0.6))),
            StageRules((Exit(s.HOLDING, 3.0, 0.5, impulse=1.5), Exit(s.LOST, 3.0, -0.7))),
            StageRules((Exit(s.HOLDING, 0.3, 0.2), Exit(s.AWARENESS, 0.6, 0.1)), live=False),
        )
    )
