"""Strategies remember nothing: what one learned would tie arms, replications and workers together."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_worlds import FirstSeat, Weekly, busy, experiment, small, table

import lifesim
from lifesim.errors import RunError
from lifesim.experiment.unit import Unit
from lifesim.strategy import AgentView, CustomerView, IntArray, LeadView, Luck, Practice, Touches

ARMS = ("control", "copy")
MESSAGE = "strategy 'learner' (Learner) changed while it ran; a strategy must not remember: "


@dataclass(frozen=True)
class Learner(Weekly):
    """Writes to more customers each time that it is asked; it may be content to read what another one wrote."""

    asked: list[int] = field(default_factory=list)
    writes: bool = True

    def touch(self, customers: CustomerView, luck: Luck) -> Touches:
        if self.writes:
            self.asked.append(len(customers))
        share = min(1.0, 0.1 + 0.05 * len(self.asked))
        return Touches(customers.where(luck.uniforms("who") < share), self.content, self.channel)


@dataclass(frozen=True)
class Lottery(Weekly):
    """Draws from a generator of its own."""

    generator: Any = field(default_factory=lambda: np.random.default_rng(1))

    def touch(self, customers: CustomerView, luck: Luck) -> Touches:
        return Touches(customers.where(self.generator.random(len(customers)) < 0.5), self.content, self.channel)


@dataclass(frozen=True)
class Cached(Weekly):
    """Computes something once and keeps it."""

    @cached_property
    def half(self) -> float:
        return self.share / 2

    def touch(self, customers: CustomerView, luck: Luck) -> Touches:
        return Touches(customers.where(luck.uniforms("who") < self.half), self.content, self.channel)


@dataclass(frozen=True)
class Counting(FirstSeat):
    """Counts the leads that it has seen; it may grade as well."""

    seen: list[int] = field(default_factory=list)

    def grade(self, leads: LeadView, luck: Luck) -> IntArray:
        self.seen.append(len(leads))
        return np.zeros(len(leads), np.int64)

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        self.seen.append(len(leads))
        return super().assign(leads, agents, luck)


def tables(practice: Practice, workers: int, replications: int = 3) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Tables and failures of a run in which the control arm does what all do, and the other what is given."""
    of = {"replications": replications, "seed": 11, "event_share": 0.0}
    scenario = small(100, experiment=of, arms={arm: {} for arm in ARMS}, warm_up="10d", horizon="30d")
    result = lifesim.compare(scenario, {"control": busy(), "copy": practice}, workers=workers)
    return result.tables, result.failures


@pytest.mark.parametrize("strategy", [Learner(), Lottery(), Cached()], ids=lambda strategy: type(strategy).__name__)
def test_a_campaign_that_remembers_costs_its_own_arm(strategy: Weekly) -> None:
    found, failures = tables(Practice({"learner": strategy}), workers=1)
    where = "arm 'copy' failed in 3 of 3 units of work; first in replication 0, north: strategy 'learner'"
    (line,) = failures
    assert line.startswith(f"{where} ({type(strategy).__name__}) changed while it ran; a strategy must not remember: ")
    for name, each in found.items():
        assert "copy" not in set(each.get("arm", ())), name
    assert set(found["totals"]["arm"]) == {"control"}


@pytest.mark.parametrize("kind", ["grading", "allocation"])
def test_a_desk_that_remembers_costs_its_own_arm(kind: str) -> None:
    counting: dict[str, Any] = {kind: Counting()}
    practice = Practice(busy().orchestrations, **({"allocation": FirstSeat()} | counting))
    _, (line,) = tables(practice, workers=1, replications=1)
    assert f": strategy '{kind}' (Counting) changed while it ran; a strategy must not remember: " in line


def test_memory_fails_alike_with_any_number_of_workers() -> None:
    alone, together = (tables(Practice({"learner": Learner()}), workers, replications=2) for workers in (1, 2))
    assert alone[1] == together[1] != []
    for name in alone[0]:
        pd.testing.assert_frame_equal(alone[0][name], together[0][name], check_exact=True)


def test_memory_in_the_warm_up_costs_every_arm() -> None:
    scenario = small(100, arms={arm: {} for arm in ARMS}, warm_up="10d", horizon="30d")
    practices = {"control": Practice({"learner": Learner()}), "copy": Practice({"learner": Learner()})}
    with pytest.raises(RunError) as refused:
        lifesim.compare(scenario, practices, workers=1)
    assert str(refused.value).startswith("every arm failed in 1 of 1 units of work; first in replication 0, north: ")
    assert MESSAGE in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_one_plug_in_writes_no_other_reads() -> None:
    """Two arms hold one list: one writes into it, and is refused; the other is what it is without the first."""
    notes: list[int] = []
    scenario = small(100, arms={arm: {} for arm in ("control", "reader", "writer")}, warm_up="10d", horizon="30d")
    reads = Practice({"learner": Learner(asked=notes, writes=False)})
    writes = Practice({"learner": Learner(asked=notes)})
    alone = experiment(scenario, {"control": busy(), "reader": reads})
    beside = experiment(scenario, {"control": busy(), "writer": writes, "reader": reads})
    unit = Unit(0, ("north",))
    expected = alone.run(unit)
    for _ in range(2):
        found = beside.run(unit)
        assert list(found.failures) == ["writer"]
        assert found.failures["writer"].startswith(MESSAGE)
        for name in ("totals", "touches"):
            assert table(found, name) == table(expected, name)
    assert notes == []
