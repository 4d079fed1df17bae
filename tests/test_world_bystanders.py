"""Adding somebody or something changes nobody else: customers, branches, observers, mechanisms, columns, workers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from small_worlds import (
    SEGMENTS,
    SILENCE,
    busy,
    described,
    differences,
    keys_of,
    lives,
    run,
    small,
    uncontended,
)

from lifesim.experiment import compare
from lifesim.population.columns import DAY, E_REFER
from lifesim.population.synthesis import newcomers, synthesise
from lifesim.scenario import Scenario
from lifesim.strategy import Mechanism, Practice
from lifesim.streams import Streams
from lifesim.world.parts import Observer
from lifesim.world.world import World

pytestmark = pytest.mark.metamorphic

#: Pools of the desk that name contents by place.
MOVED = ("leads", "cases", "cases_recent", "cases_won_early")
PRACTICES = {"silence": SILENCE, "busy": busy()}


def lively(scenario: Scenario) -> Scenario:
    """The scenario with many recommendations, so that friends join within weeks, and many inquiries to the desks."""
    behaviour = described(scenario)["behaviour"]
    behaviour["processes"]["refer"]["rate"] = "2/y"
    behaviour["transitions"]["AWARENESS.need_formed"]["rate"] = "4/y"
    behaviour["sessions"]["inquiry"] = 1.0
    return scenario.replace(behaviour=behaviour)


def families(world: World, of: Any) -> Any:
    """Keys of some customers and of all friends, and friends of friends, who joined."""
    keys, log = keys_of(world), world.event_log()
    said = log[log["kind"] == E_REFER]
    friends = world.streams.hashes("friend", keys[said["customer"]], said["detail"])
    family = of
    for _ in range(len(keys)):
        more = np.union1d(family, friends[np.isin(keys[said["customer"]], family) & np.isin(friends, keys)])
        if len(more) == len(family):
            break
        family = more
    return family


#: Tables with a row for each branch of the scenario, whether it lives in the world or not.
BY_BRANCH = ("extra.desk", "extra.graded")


@pytest.mark.parametrize("practice", PRACTICES.values(), ids=PRACTICES)
@pytest.mark.parametrize("size", [63, 64, 300])
def test_another_customer_changes_nobody(size: int, practice: Practice) -> None:
    """The desk has seats for all: contention is the one way in which customers of a branch meet.

    Arrivals and seats are declared for 10,000 customers at the start, so that the larger branch draws prospects
    earlier; those are other people, and everybody who was there keeps their life, their friends included.
    """
    fewer, more = (run(uncontended(lively(small(n))), practice) for n in (size, size + 1))
    first = keys_of(fewer)[:size]
    assert np.array_equal(first, keys_of(more)[:size])
    same = families(fewer, first)
    assert len(same) > size or size < 100, "nobody has a friend"
    assert np.array_equal(np.sort(same), np.sort(families(more, first)))
    assert differences(lives(fewer, only=same), lives(more, only=same)) == []


def test_customers_are_made_one_by_one_as_in_a_crowd() -> None:
    """Synthesis in a batch of any size gives the same numbers to the last bit."""
    scenario, streams = small(), Streams(11, 0)
    crowd = synthesise(scenario, streams, "north", 700)
    for size in (1, 2, 3, 5, 8, 61, 699):
        few = synthesise(scenario, streams, "north", size)
        for name in ("keys", "segment", "stage", "joined", "stage_since", "marks", "reach", "consent", "session_rate"):
            assert np.array_equal(getattr(few, name), getattr(crowd, name)[:size]), (name, size)
        assert np.array_equal(few.traits, crowd.traits[:size]), size


def test_prospects_who_arrive_together_are_as_if_they_came_alone() -> None:
    scenario, streams = small(), Streams(11, 0)
    keys = streams.hashes("prospects of the test", np.arange(200), 0)
    segment = np.arange(200) % len(scenario.segments)
    branch = np.zeros(200, np.int64)
    together = newcomers(scenario, streams, keys, segment, branch, 0)
    for k in range(0, 200, 7):
        one = slice(k, k + 1)
        alone = newcomers(scenario, streams, keys[one], segment[one], branch[one], 0)
        assert np.array_equal(alone.traits, together.traits[one]), k
        assert np.array_equal(alone.session_rate, together.session_rate[one]), k


@pytest.mark.parametrize("practice", PRACTICES.values(), ids=PRACTICES)
def test_another_branch_changes_nobody(practice: Practice) -> None:
    """Desks are contended here, as every branch has its own."""
    alone = run(lively(small({"north": 200})), practice)
    beside = run(lively(small({"north": 200, "south": 90})), practice, branches=("north",))
    assert differences(lives(alone), lives(beside), ignore=BY_BRANCH) == []
    for name in ("desk", "graded"):
        assert np.array_equal(alone.extra[name][0], beside.extra[name][0])


@pytest.mark.parametrize("groups", [(("north",), ("south",), ("west",)), (("north", "west"), ("south",))])
def test_grouping_branches_into_units_changes_nobody(groups: tuple[tuple[str, ...], ...]) -> None:
    """Desks are contended; the scope of the desk is the branch."""
    scenario = lively(small({"north": 150, "south": 90, "west": 120}))
    whole = run(scenario, busy())
    assert whole.extra["desk"].sum(axis=1).min() > 0, "a desk has nothing to do"
    seen = np.zeros(0, np.uint64)
    for group in groups:
        part = run(scenario, busy(), branches=group)
        keys = keys_of(part)
        assert differences(lives(part, only=keys), lives(whole, only=keys)) == []
        for place, name in part.branches.items():
            assert name in group
            assert np.array_equal(part.extra["desk"][place], whole.extra["desk"][place])
            assert np.array_equal(part.extra["graded"][place], whole.extra["graded"][place])
        seen = np.concatenate([seen, keys])
    assert np.array_equal(np.sort(seen), np.sort(keys_of(whole)))


def test_an_observer_changes_nobody() -> None:
    plain = run(small(), busy())
    observers = [Observer(0, 80 * DAY, days=1), Observer(7 * DAY, 80 * DAY, days=5)]
    observers[1].name = "another observer"
    watched = run(small(), busy(), observers=observers)
    assert len(observers[0].counted) == 80
    assert differences(lives(plain), lives(watched)) == []


@dataclass(frozen=True, kw_only=True)
class NeverHappens(Mechanism):
    """A mechanism that reads nothing and never fires."""


@dataclass(frozen=True, kw_only=True)
class Dormant(Mechanism):
    """A mechanism with its own state and coefficients on others' hazards, whose clock never fires."""

    per_year: float = 0.0

    reads: ClassVar = ("worry", "income")
    states: ClassVar = {"worry": {"meaning": "worry", "half_life": "30d", "baseline": 0.0}}
    coefficients: ClassVar = {"HOLDING.surrender": {"worry": 0.9}, "claim": {"worry": 0.5}}

    @staticmethod
    def rate(x, p):  # type: ignore[no-untyped-def]
        return p[0]

    @staticmethod
    def apply(x, p, u):  # type: ignore[no-untyped-def]
        x[0] = x[0] + u


@pytest.mark.parametrize("mechanism", [NeverHappens(), Dormant()], ids=["empty", "dormant"])
def test_an_unused_mechanism_changes_nobody(mechanism: Mechanism) -> None:
    """Beside its own clock and state, which are the last ones."""
    plain, extended = run(small(), busy()), run(small(), busy(), mechanisms=[mechanism])
    a, b = lives(plain), lives(extended)
    assert differences(a, b, more=True) == []
    slot = plain.state.clocks.shape[1]
    assert {name for name in set(b) - set(a) if not name.startswith("mind.worry")} == {
        f"clocks.{slot}.{field}" for field in ("residual", "rate", "episode")
    }
    if "worry" in extended.scenario.behaviour.states:
        assert not b["mind.worry.offset"].any()


def test_a_mechanism_in_use_changes_somebody() -> None:
    plain, stressed = (run(small(), busy(), mechanisms=[Dormant(per_year=rate)]) for rate in (0.0, 4.0))
    found = differences(lives(plain), lives(stressed))
    assert "mind.worry.offset" in found
    assert "customers.session_rate" not in found


def with_trait(scenario: Scenario) -> Scenario:
    """A further trait, on which nothing depends."""
    data = described(scenario)
    behaviour, segments = data["behaviour"], data["segments"]
    behaviour["traits"]["height"] = {"meaning": "height", "unit": "cm", "center": 170.0, "scale": 10.0}
    for segment in segments.values():
        segment["traits"]["height"] = {"mean": 170.0, "sd": 8.0, "low": 140.0, "high": 210.0}
    return scenario.replace(behaviour=behaviour, segments=segments)


def with_state(scenario: Scenario) -> Scenario:
    """A further state of mind that nothing moves and on which nothing depends."""
    behaviour = described(scenario)["behaviour"]
    behaviour["states"]["calm"] = {"meaning": "calm", "half_life": "30d", "baseline": 0.5}
    return scenario.replace(behaviour=behaviour)


def with_segment(scenario: Scenario) -> Scenario:
    """A further kind of customers of whom there are none."""
    segments = described(scenario)["segments"]
    segments["nobody"] = segments["mainstream"]
    return scenario.replace(segments=segments)


def with_content(scenario: Scenario) -> Scenario:
    """A further content that nobody sends, in front of all others."""
    leaflet = {"leaflet": {"kind": "education", "impulses": {"need": 1.0}, "visit": 0.5}}
    return scenario.replace(contents=leaflet | described(scenario)["contents"])


@pytest.mark.parametrize("extend", [with_trait, with_state, with_segment])
def test_what_nobody_uses_changes_nobody(extend: Any) -> None:
    scenario = lively(small())
    plain, extended = run(scenario, busy()), run(extend(scenario), busy())
    assert extended.scenario != plain.scenario
    assert differences(lives(plain), lives(extended), more=True) == []


def test_a_content_that_nobody_sends_changes_nothing_but_the_places_of_the_others() -> None:
    scenario = lively(small())
    plain, extended = run(scenario, busy()), run(with_content(scenario), busy())
    for pool in (extended.state.touches, *(extended.extra[name] for name in MOVED)):
        pool["content"] -= 1
    assert differences(lives(plain), lives(extended), more=True) == []


def test_a_segment_that_joins_the_mix_takes_customers_and_moves_none_between_the_others() -> None:
    """Everybody who is not of the new segment is who they were, in the segment where they were."""
    scenario = with_segment(small(2_000))
    data = described(scenario)
    mixed = {name: 0.9 * share for name, share in SEGMENTS.items()} | {"nobody": 0.1}
    joined = scenario.replace(population=data["population"] | {"segments": mixed})
    before, after = (synthesise(each, Streams(11, 0), "north", 2_000) for each in (scenario, joined))
    kept = after.segment != list(scenario.segments).index("nobody")
    assert 1_700 < np.count_nonzero(kept) < 1_900
    assert np.array_equal(before.segment[kept], after.segment[kept])
    assert np.array_equal(before.traits[kept], after.traits[kept])


def test_more_workers_change_no_table() -> None:
    """Two replications, one after the other and side by side."""
    data = described(small({"north": 150, "south": 100}))
    experiment = data["experiment"] | {"replications": 2}
    arms = {"control": {"use": "current_practice"}, "campaign": {"orchestration": ["weekly_campaign"]}}
    scenario = small({"north": 150, "south": 100}, experiment=experiment, arms=arms)
    alone, together = (compare(scenario, workers=workers) for workers in (1, 2))
    assert alone.failures == together.failures == []
    assert alone.tables.keys() == together.tables.keys()
    for name, table in alone.tables.items():
        pd.testing.assert_frame_equal(table, together.tables[name], check_exact=True)
    pd.testing.assert_frame_equal(alone.effects, together.effects, check_exact=True)
    assert alone.tables["totals"]["numerator"].sum() > 0
