"""What all customers share under the contact policy: touches and entries take their turn at every full hour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lifesim.engagement.journeys.layout import NO_PLACE, NONE
from lifesim.engagement.sending import take_turns
from lifesim.population.arrays import appended, picked
from lifesim.population.enrolled import came_in
from lifesim.scenario.contact import Budget, Places, Throughput
from lifesim.world.kernel import hold
from lifesim.world.world import World

HOUR = 3_600
#: Fen, touches and customers of the present time, by branch; and which time that is, counted from the fork.
USED, PRESENT, TAKEN, TAKEN_IN = "used of limits", "time of limits", "taken into journeys", "time of entries"


class Turns:
    """Sends what budgets and rates allow, and lets into journeys as many as they take.

    Parameters
    ----------
    sizes
        Customers at the start of all branches of the insurer, in the order of their numbers: what is shared by all is
        shared by them.
    """

    phase, name, local = 5, "turns", True

    def __init__(self, world: World, sizes: Mapping[str, int]) -> None:
        self.world, self.policy, self.sizes = world, world.policy, np.array(list(sizes.values()), np.int64)
        for used, present, rows in (
            (USED, PRESENT, len(world.policies.limits)), (TAKEN, TAKEN_IN, len(world.journeys.names)),
        ):  # fmt: skip
            world.extra.setdefault(used, np.zeros((rows, len(self.sizes)), np.int64))
            world.extra.setdefault(present, np.full(rows, NONE, np.int64))

    def next(self, now: int) -> int:
        """The next full hour at which somebody may wait, as for the desk."""
        world = self.world
        asked, ahead = np.concatenate([world.extra[name]["time"] for name in ("turns", "entrants")]), world.ahead
        if int(world.state.wake.min()) >= ahead:
            now = max(now, min(int(asked.min()) + 1 if len(asked) else ahead, ahead))
        return -(-now // HOUR) * HOUR

    def act(self, world: World, now: int) -> None:
        """Let those in who have asked before this hour, then send."""
        made = world.extra["entrants"]["time"] < now
        entrants, world.extra["entrants"] = world.extra["entrants"][made], world.extra["entrants"][~made]
        for number in np.unique(entrants["detail"]).tolist():
            self._let_in(number, np.unique(entrants["customer"][entrants["detail"] == number]).astype(np.int64), now)
        hold(entrants["customer"].astype(np.int64), -1, world.kernel_address)
        self._send(now)

    def _let_in(self, number: int, rows: Any, now: int) -> None:
        """Let as many of some customers into a journey as it takes, branch by branch, by lot."""
        world, name = self.world, self.world.journeys.names[number]
        places = self.policy.entries.get(name)
        if places is not None:
            c = world.state.customers
            left = self.most(places.customers, places) - self._present(places, TAKEN, TAKEN_IN, number, now)
            lots = world.streams.uniforms(f"turn to enter {name}", c["key"][rows], now)
            rows = rows[np.argsort(lots, kind="stable")]
            branch = c["branch"][rows]
            asked = len(rows)
            rows = np.concatenate([rows[branch == k][: max(0, left[k])] for k in range(len(left))])
            first_way = world.journeys.arrays["journey_rules"]["first_way"][number]
            world.state.ways[first_way + NO_PLACE] += asked - len(rows)
        if len(rows):
            world.enrol(name, NONE, now, rows, granted=True)
            world.extra[TAKEN][number] += self._came_in(number, rows, now)

    def _came_in(self, number: int, rows: Any, now: int) -> Any:
        """How many of some customers have come into a journey just now, by branch. Shape (branches,)."""
        came, journeys = came_in(self.world.state, now, rows)
        return np.bincount(self.world.state.customers["branch"][came[journeys == number]], minlength=len(self.sizes))

    def _send(self, now: int) -> None:
        """Send what has asked before this hour, as far as budgets and rates go; the rest waits on."""
        world = self.world
        made = world.extra["turns"]["time"] < now
        if not np.count_nonzero(made):
            return
        turns = world.extra["turns"]
        asked, world.extra["turns"] = self._in_order(picked(turns, made)), picked(turns, ~made)
        limits, numbers = list(self.policy.limits.items()), world.policies.limits
        places = np.array([numbers.index(name) for name, _ in limits], np.int64)
        most = np.zeros((len(numbers), len(self.sizes)), np.int64)
        for name, limit in limits:
            self._present(limit, USED, PRESENT, numbers.index(name), now)
            most[numbers.index(name)] = self.most(_amount(limit), limit)
        world.room_for_touches(len(asked))
        told, place = np.zeros(len(asked), np.int8), 0
        while place < len(asked):
            place = take_turns(asked, places, most, world.extra[USED], told, place, now, world.kernel_address)
            world.drain()
        world.extra["turns"] = appended(picked(asked, told == 0), world.extra["turns"])
        hold(asked["customer"][told == 1].astype(np.int64), -1, world.kernel_address)

    def _in_order(self, asked: Any) -> Any:
        """By priority, then by the hour in which they asked, then by lot."""
        ranks = self.world.rules.arrays["ranks"][asked["campaign"]]
        lots = self.world.streams.uniforms("turn of a touch", asked["luck"])
        return picked(asked, np.lexsort((lots, asked["time"] // HOUR, ranks)))

    def _present(self, limit: Budget | Throughput | Places, used: str, present: str, row: int, now: int) -> Any:
        """What has been used of a limit in the time that it is now, by branch; a new time begins with nothing used."""
        extra, since = self.world.extra, now - self.world.scenario.warm_up
        time = since // limit.each if limit.each is not None else int(since >= 0)
        if extra[present][row] != time:
            extra[present][row] = time
            extra[used][row] = 0
        return extra[used][row]

    def used(self, name: str) -> Any:
        """What has been used of a budget or a rate in its present time, by branch: to be added to."""
        return self.world.extra[USED][self.world.policies.limits.index(name)]

    def left(self, name: str, now: int) -> Any:
        """What a budget or a rate leaves in the time that it is now, shape (branches,): fen or touches."""
        limit = self.policy.limits[name]
        used = self._present(limit, USED, PRESENT, self.world.policies.limits.index(name), now)
        return self.most(_amount(limit), limit) - used

    def most(self, amount: int, limit: Budget | Throughput | Places) -> Any:
        """What each branch may use, shape (branches,): as much as is said, or its share of it, to the last unit."""
        if limit.scope == "branch":
            return np.full(len(self.sizes), amount, np.int64)
        # By Python's numbers, which have room for any amount times all customers.
        up_to = [amount * int(size) // max(1, int(self.sizes.sum())) for size in np.cumsum(self.sizes)]
        return np.diff(np.array(up_to, np.int64), prepend=0)


def _amount(limit: Budget | Throughput) -> int:
    return limit.amount if isinstance(limit, Budget) else limit.touches
