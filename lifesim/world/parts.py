"""Moving parts that every world has: acquisition, what the insurer infers, observers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from lifesim.lifecycle.season import arrival_streams
from lifesim.lifecycle.stages import count_stages
from lifesim.population.accounts import credited
from lifesim.population.columns import DAY, LEFT_IN_ORDER, N_STAGES, YEAR
from lifesim.population.memory import count
from lifesim.population.synthesis import choose_named, newcomers
from lifesim.scenario import Scenario
from lifesim.streams import Streams
from lifesim.world.learning import take_note
from lifesim.world.observed_tags import observed_tags
from lifesim.world.outcomes import at_fork, book
from lifesim.world.score_fitting import keep_look
from lifesim.world.warning_score import observed_stage, score
from lifesim.world.world import World


def every(days: int, now: int, second: int = 0) -> int:
    """First time at or after ``now`` on a grid of days, at a second of the day."""
    period = days * DAY
    return -(-(now - second) // period) * period + second


class Acquisition:
    """Prospects join: arrivals of every source at their own times, friends at the appointment after the referral."""

    phase, name, local, days = 1, "acquisition", False, 14

    def __init__(
        self, scenario: Scenario, streams: Streams, branches: dict[int, str], sizes: dict[int, int],
        traffic: Mapping[str, float] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        self.offset = scenario.warm_up % (self.days * DAY)
        self.arrivals = [
            arrival_times(scenario, streams, source, branch, sizes[number], traffic.get(source, 1.0))
            | {"branch": number, "source": k}
            for k, source in enumerate(scenario.acquisition)
            for number, branch in branches.items()
        ]

    def next(self, now: int) -> int:
        """At the start, and every fourteenth midnight, counted so that the fork is one."""
        return 0 if now <= 0 else every(self.days, now, self.offset)

    def act(self, world: World, now: int) -> None:
        """Add those who arrive until the next appointment, and the friends of referrals since the last."""
        self._friends(world, now)
        due = [(each, *np.searchsorted(each["time"], [now, self.next(now + 1)])) for each in self.arrivals]
        due = [(each, first, last) for each, first, last in due if first < last]
        if due:
            self._arrive(world, due, now)

    def _arrive(self, world: World, due: list[Any], now: int) -> None:
        """Add arrivals of all sources and branches: (arrivals, first, last) of each."""
        scenario = world.scenario
        sources, names = list(scenario.acquisition.values()), list(scenario.segments)
        keys = np.concatenate([each["key"][first:last] for each, first, last in due])
        times = np.concatenate([each["time"][first:last] for each, first, last in due])
        source, branch = (
            np.concatenate([np.full(last - first, each[what]) for each, first, last in due])
            for what in ("source", "branch")
        )
        segment = np.zeros(len(keys), np.int64)
        for k in np.unique(source):
            rows = source == k
            segment[rows] = choose_named(world.streams, "segment", keys[rows], sources[k].segments, names)
        people = newcomers(scenario, world.streams, keys, segment, branch, now)
        people.joined[:], people.stage_since[:] = times, times
        added = world.add(people)
        world.state.customers["source"][added] = source + 1
        cost = np.array([each.cost for each in sources])[source]
        spent = {"acquisition": cost, "prospecting": cost, "worth": -at_fork(world, cost, times)}
        for outcome, amounts in spent.items():
            book(world, outcome, added, amounts)

    def _friends(self, world: World, now: int) -> None:
        requests = world.extra["friends"]
        if not len(requests):
            return
        world.extra["friends"] = requests[:0].copy()
        c = world.state.customers
        referrer = requests["customer"]
        order = np.lexsort((requests["detail"], c["key"][referrer], requests["time"]))
        referrer, number = referrer[order], requests["detail"][order]
        keys = world.streams.hashes("friend", c["key"][referrer], number)
        # Friends are of the kind of the customer who recommends us.
        people = newcomers(
            world.scenario, world.streams, keys, c["segment"][referrer].astype(np.int64),
            c["branch"][referrer].astype(np.int64), now,
        )  # fmt: skip
        rows = world.add(people, credited(world.state, referrer, len(world.scenario.segments)))
        world.state.customers["source"][rows] = len(world.scenario.acquisition) + 1


def arrival_times(
    scenario: Scenario, streams: Streams, source: str, branch: str, size: int, traffic: float = 1.0
) -> dict[str, Any]:
    """Arrivals of one source in one branch by thinning: candidate k has its own gap and its own acceptance."""
    rate = scenario.acquisition[source].rate * size / 10_000
    parts = []
    for name, (factors, top) in arrival_streams(scenario, source, streams, traffic).items():
        luck = f"arrivals of {source} in {branch}" + (f" by {name}" if name else "")
        parts.append(_thinned(streams, luck, rate, top, factors, scenario.warm_up + scenario.horizon))
    times, keys = (np.concatenate(each) for each in zip(*parts, strict=True))
    order = np.argsort(times, kind="stable")
    return {"time": times[order], "key": keys[order]}


def _thinned(streams: Streams, luck: str, rate: float, top: float, factors: Any, horizon: int) -> tuple[Any, Any]:
    """Times and keys of the arrivals of one stream: candidates at the highest rate, accepted by the day's factor."""
    expected = rate * top * horizon
    n = int(expected + 8 * np.sqrt(expected) + 20) if rate * top > 0 else 0
    key = streams.hashes(luck, np.arange(n), 0)
    gaps = -np.log(streams.uniforms("arrival gap", key)) / max(rate * top, 1e-300)
    times = np.cumsum(gaps).astype(np.int64)
    inside = times < horizon
    times, key = times[inside], key[inside]
    accepted = streams.uniforms("arrival accepted", key) * top < factors[times // DAY]
    return times[accepted], key[accepted]


class Inference:
    """What the insurer believes: a score of early warning, and the stage as of now, seen with limited recall and delay.

    A stage is recognised with probability ``recall``, keyed by customer, stage and visit, so that belief does not
    flicker; one that is not recognised leaves the earlier belief in place.
    """

    phase, name, local = 2, "inference", False

    def __init__(self, scenario: Scenario) -> None:
        self.recall, self.days = scenario.inference.recall, scenario.inference.every // DAY
        self.offset = scenario.warm_up % (self.days * DAY)

    def next(self, now: int) -> int | None:
        """A midnight every so many days, counted so that the fork is one."""
        return every(self.days, now, self.offset)

    def act(self, world: World, now: int) -> None:
        """Bring the score of early warning and the estimated stage up to date."""
        score(world, now)
        keep_look(world, now)
        # Where no journey asks for them, nobody else would clear away what has happened.
        take_note(world, now)
        c = world.state.customers[: count(world.state)]
        if world.scenario.inference.from_observables:
            c["seen_stage"] = observed_stage(world, now)
            known = world.state.visible[: len(c)] <= now
            world.state.signals[: len(c), 0]["tag"] = np.where(known, observed_tags(world, now) + 1, 0)
            return
        changed = np.flatnonzero(c["seen_stage"] != c["stage"])
        stage = c["stage"][changed].astype(np.int64)
        visit = c["visits"][changed, stage].astype(np.int64) * N_STAGES + stage
        u = world.streams.uniforms("stage recognised", c["key"][changed], visit, again=True)
        seen = u < self.recall
        c["seen_stage"][changed[seen]] = stage[seen]


class Observer:
    """Counts customers by branch, segment and stage on days from the fork on; writes nothing into the world.

    Attributes
    ----------
    counted
        By day.
    held_after_a_year
        Who held a policy in force a year after the fork, by row; none where that is at the end or later.
    """

    phase, name, local = 9, "observer", False

    def __init__(self, fork: int, end: int, days: int = 7) -> None:
        self.fork, self.end, self.days = fork, end, days
        self.counted: dict[int, Any] = {}
        self.held_after_a_year: Any = None

    def next(self, now: int) -> int | None:
        """Every ``days`` days from the fork, and a year after it."""
        at = self.fork + every(self.days, now - self.fork)
        if now <= self.fork + YEAR < at:
            at = self.fork + YEAR
        return at if at < self.end else None

    def act(self, world: World, now: int) -> None:
        """Count."""
        if now == self.fork + YEAR:
            c = world.state.customers[: count(world.state)]
            self.held_after_a_year = (c["policies"] > 0) | ((c["marks"] & LEFT_IN_ORDER) > 0)
        if (now - self.fork) % (self.days * DAY) == 0:
            self.counted[(now - self.fork) // DAY] = occupancy(world, now)


def occupancy(world: World, now: int) -> Any:
    """Customers by branch, segment and stage. Shape (branches, segments, stages)."""
    counted = np.zeros((len(world.scenario.population.branches), len(world.scenario.segments), N_STAGES), np.int64)
    count_stages(now, world.kernel_address, counted)
    return counted
