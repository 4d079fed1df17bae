"""Audit mode: the same world without compilation, where every request for luck is checked, is the same to the bit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from audited import audited
from small_worlds import SILENCE, FirstSeat, Weekly, busy, described, differences, lives, run, small, uncontended

from lifesim.errors import StrategyError
from lifesim.population.columns import DAY, E_MECHANISM
from lifesim.scenario import Scenario
from lifesim.strategy import AgentView, CustomerView, IntArray, LeadView, Luck, Mechanism, Practice, Touches

DAYS = 60


def eventful() -> Scenario:
    """Sixty customers to whom a lot happens within weeks, with prospects, friends and inquiries."""
    base = small(60)
    data = described(base)
    for group in ("transitions", "processes"):
        for name, clock in getattr(base.behaviour, group).items():
            data["behaviour"][group][name]["rate"] = f"{6 * clock.rate}/s"
    data["behaviour"]["sessions"]["inquiry"] = 1.0
    data["acquisition"]["advertising"]["rate"] = "20_000/y"
    return uncontended(base.replace(behaviour=data["behaviour"], acquisition=data["acquisition"]))


@dataclass(frozen=True, kw_only=True)
class Worry(Mechanism):
    """Worries by chance, fewer with a higher income, more with those that there are already."""

    per_year: float = 20.0
    income_effect: float = 0.3

    reads: ClassVar = ("worry", "income")
    states: ClassVar = {"worry": {"meaning": "worry", "half_life": "30d", "baseline": 0.0}}
    coefficients: ClassVar = {"HOLDING.surrender": {"worry": 0.5}, "claim": {"worry": 0.2}}

    @staticmethod
    def rate(x, p):  # type: ignore[no-untyped-def]
        return p[0] * math.exp(0.1 * x[0] - p[1] * x[1])

    @staticmethod
    def apply(x, p, u):  # type: ignore[no-untyped-def]
        x[0] = 0.5 * x[0] + math.sqrt(-math.log(u))


@dataclass(frozen=True, kw_only=True)
class Joy(Mechanism):
    """A second mechanism, so that the luck of one could be taken for the other's."""

    reads: ClassVar = ("joy",)
    states: ClassVar = {"joy": {"meaning": "joy", "half_life": "10d", "baseline": 0.0}}

    @staticmethod
    def rate(x, p):  # type: ignore[no-untyped-def]
        return 15.0

    @staticmethod
    def apply(x, p, u):  # type: ignore[no-untyped-def]
        x[0] = u


def world_as_arrays() -> dict[str, Any]:
    """The world after some weeks of campaigns by all channels and a desk that answers, with two mechanisms."""
    return lives(run(eventful(), busy(), days=DAYS, mechanisms=[Worry(), Joy()]))


def test_no_luck_is_used_twice_and_compilation_changes_no_bit(tmp_path: Path) -> None:
    """``lifesim.streams`` raises in audit mode when the luck of one decision is asked for a second time."""
    requests, interpreted = audited("test_audit", tmp_path)
    assert requests > 2_000
    compiled = world_as_arrays()
    assert len(compiled["log.key"]) > 1_000
    assert len(set(compiled["log.kind"].tolist())) >= 14, "too little happens for an audit"
    mechanisms = compiled["log.kind"] == E_MECHANISM
    assert np.bincount(compiled["log.detail"][mechanisms], minlength=2).min() > 50
    assert differences(compiled, interpreted) == []


@dataclass(frozen=True)
class BothWays(Weekly):
    """Everything twice: by push and by SMS, at the same moment."""

    def touch(self, customers: CustomerView, luck: Luck) -> list[Touches]:  # type: ignore[override]
        everyone = customers.where(customers.tenure_days >= 0)
        return [Touches(everyone, self.content, channel) for channel in ("push", "sms")]


def test_two_touches_of_one_campaign_at_one_moment_have_luck_of_their_own() -> None:
    """What a touch is keyed by tells it from every other; with one luck for both, both would arrive or neither."""
    practice = Practice(orchestrations={"both": BothWays()}, allocation=SILENCE.allocation)
    world = run(small(400), practice, days=1 + (10 * 3600 + 1) / DAY)
    pool = world.state.touches
    travelling = pool[pool["customer"] >= 0]
    twice = np.bincount(travelling["customer"]) == 2
    assert np.count_nonzero(twice) > 50
    pairs = set(zip(travelling["customer"].tolist(), travelling["luck"].tolist(), strict=True))
    assert len(pairs) == len(travelling)


@dataclass(frozen=True)
class OneAfterAnother(Weekly):
    """The same touch for the same customers, asked for twice in one answer."""

    def touch(self, customers: CustomerView, luck: Luck) -> list[Touches]:  # type: ignore[override]
        everyone = customers.where(customers.tenure_days >= 0)
        return [Touches(everyone, self.content, self.channel), Touches(everyone[-1:], self.content, self.channel)]


def test_the_same_touch_twice_at_one_moment_is_refused() -> None:
    """The two would arrive at one second, and be opened or not together."""
    practice = Practice(orchestrations={"again": OneAfterAnother()})
    with pytest.raises(StrategyError, match=r"strategy 'again' .*: a customer appears twice .*'newsletter' by push"):
        run(small(), practice, days=2)


@dataclass(frozen=True)
class Sorter:
    """Grades and allocates by the same word, and keeps what it drew: the first of the leads may be called."""

    drawn: ClassVar[dict[str, list[list[float]]]] = {}

    def _draw(self, kind: str, luck: Luck) -> Any:
        u, lasting = luck.uniforms("coin"), luck.uniforms("side", lasting=True)
        self.drawn.setdefault(kind, []).append(u.tolist())
        self.drawn.setdefault(f"{kind}, lasting", []).append(lasting.tolist())
        return u

    def grade(self, leads: LeadView, luck: Luck) -> IntArray:
        self._draw("grading", luck)
        return np.zeros(len(leads), np.int64)

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        self._draw("allocation", luck)
        return np.full(len(leads), -1)


def test_leads_and_decisions_about_them_have_luck_of_their_own() -> None:
    """Two campaigns want to call everyone at once; one class grades and allocates, with one word for its draws."""
    Sorter.drawn.clear()
    calls = {name: Weekly("care_call", "call", share=1.0) for name in ("care", "zeal")}
    world = run(uncontended(small(100)), Practice(calls, Sorter(), Sorter()), days=1 + (10 * 3600 + 1) / DAY)
    leads = world.extra["leads"]
    customers, waiting = np.unique(leads["customer"], return_counts=True)
    assert np.count_nonzero(waiting == 2) > 25
    once = [Sorter.drawn[kind][-1] for kind in ("grading", "allocation")]
    assert len(once[0]) == len(leads)
    assert len({*once[0], *once[1]}) == 2 * len(leads)
    # What lasts is the customer's: a split of customers puts both leads on one side.
    assert len(set(Sorter.drawn["grading, lasting"][-1])) == len(customers)


def test_two_calls_of_one_slot_come_at_times_of_their_own() -> None:
    """Two campaigns that ask for calls at one moment: each call has its own second within the slot."""
    calls = {name: Weekly("care_call", "call", share=1.0) for name in ("care", "zeal")}
    practice = Practice(orchestrations=calls, allocation=FirstSeat())
    world = run(uncontended(small(400)), practice, days=1 + (10 * 3600 + 1) / DAY)
    pool = world.state.touches
    called = pool[pool["customer"] >= 0]
    called = called[np.argsort(called["customer"], kind="stable")]
    twice = np.flatnonzero(np.diff(called["customer"]) == 0)
    assert len(twice) > 50
    same = called["at"][twice] == called["at"][twice + 1]
    assert np.count_nonzero(same) < 5
