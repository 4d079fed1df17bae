"""When a desk is open and agents work, and how many calls the seats can make in a slot."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from lifesim.lifecycle.season import dates, desk_factors
from lifesim.population.columns import DAY
from lifesim.scenario import Scenario
from lifesim.scenario.workdays import Workdays

#: Calls of a desk that is closed.
CLOSED = -1


class Hours:
    """The slots of a desk over the life of a world.

    Parameters
    ----------
    staffing
        Factors by month on the calls that it can make, 12 or none.
    per_slot
        Calls of each group of seats in a slot, before factors. Shape (groups,).
    """

    def __init__(self, scenario: Scenario, staffing: tuple[float, ...], per_slot: Any) -> None:
        desk = scenario.desk
        workdays = scenario.workdays if desk.holidays == "closed" else Workdays(None)
        self.opens, self.closes, self.slot, self.per_slot = desk.opens, desk.closes, desk.slot, per_slot
        days = dates(scenario)
        self.open = np.array([workdays.opens(date, desk.workdays) for date in days])
        tiers = list(scenario.workforce.tiers.values()) if scenario.workforce else []
        self.tiers = [np.array([workdays.opens(date, tier.workdays) for date in days]) for tier in tiers]
        #: When anybody works: from when to when, on which days.
        self.first = min([desk.opens, *(tier.opens for tier in tiers)])
        self.last = max([desk.closes, *(tier.closes for tier in tiers)])
        self.anybody: list[bool] = np.any([self.open, *self.tiers], axis=0).tolist()
        self.end = len(days) * DAY
        self.factors = desk_factors(scenario, staffing)
        # Slots before each day, each counted by its factor.
        self.before = np.concatenate([[0.0], np.cumsum(self.open * self.factors)]) * self.slots_a_day

    @property
    def slots_a_day(self) -> int:
        """Slots of a day on which the desk is open."""
        return (self.closes - self.opens) // self.slot

    def next(self, now: int) -> int | None:
        """The first slot that begins at or after ``now``, of the desk or of agents."""
        for day in range(now // DAY, len(self.anybody)):
            opens = day * DAY + self.first
            if self.anybody[day]:
                appointment = opens if now <= opens else opens + -(-(now - opens) // self.slot) * self.slot
                if appointment + self.slot <= day * DAY + self.last:
                    return appointment
        return None

    def slot_after(self, now: int) -> tuple[int, tuple[bool, ...]] | None:
        """The first slot that begins at or after ``now``, and whether each tier of agents works on its day."""
        at = self.next(now)
        return None if at is None else (at, self.works(at))

    def works(self, now: int) -> tuple[bool, ...]:
        """Whether each tier of agents works on a day."""
        return tuple(bool(open_on[now // DAY]) for open_on in self.tiers)

    def calls_now(self, now: int) -> Any:
        """Calls that each group of seats can make in the slot that begins now; none while the desk is closed."""
        if not (self.open[now // DAY] and self.opens <= now % DAY <= self.closes - self.slot):
            return np.full(len(self.per_slot), CLOSED)
        return self._calls_by_day[now // DAY, (now % DAY - self.opens) // self.slot]

    @cached_property
    def _calls_by_day(self) -> Any:
        """Calls of every slot of every day, those of closed days included. Shape (days, slots, groups)."""
        day, k = np.divmod(np.arange(len(self.open) * self.slots_a_day), self.slots_a_day)
        calls = self.calls(day * DAY + self.opens + k * self.slot)
        return calls.reshape(len(self.open), self.slots_a_day, -1)

    def times(self, since: int, until: int) -> Any:
        """When the slots of the days from one time to another begin. Shape (n,)."""
        days = since // DAY + np.flatnonzero(self.open[since // DAY : until // DAY])
        return (days[:, None] * DAY + self.opens + np.arange(self.slots_a_day) * self.slot).ravel()

    def calls(self, times: Any) -> Any:
        """Calls that each group can make in the slots that begin at ``times``, shape (slots, groups).

        Fractions add up from one slot to the next, whatever lies between: over any time the calls are those of the
        seats to within one.
        """
        day, k = times // DAY, (times % DAY - self.opens) // self.slot
        first, last = self._so_far(day, k)[:, None], self._so_far(day, k + 1)[:, None]
        return (np.floor(self.per_slot * last) - np.floor(self.per_slot * first)).astype(np.int64)

    def _so_far(self, day: Any, k: Any) -> Any:
        """Slots before the ``k``-th of a day; what ends one begins the next, to the last bit."""
        return np.where(k == self.slots_a_day, self.before[day + 1], self.before[day] + self.factors[day] * k)
