"""Agents who do not reach a customer try again, apart and not for ever; luck is the lead's and the try's."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from small_worlds import described, run
from test_lead_mining import Graded
from test_operation import HOUR, PRACTICE, worked

from lifesim.errors import ScenarioError
from lifesim.population.columns import DAY, T_DELIVERED, T_FAILED, T_REQUESTED
from lifesim.scenario import Scenario
from lifesim.scenario.operation import Reaching
from lifesim.strategy import Practice
from lifesim.streams import Streams
from lifesim.workforce.leads import CALL
from lifesim.workforce.passage import IN_TIME, PASSAGE
from lifesim.workforce.staff import BY_TIER, IN_TIME_BY, SETTLED_BY, TAKEN_BY, TRY_SLOTS
from lifesim.workforce.tries import TRIES, TRY, reaches
from lifesim.world.world import World

REACHING: dict[str, Any] = {"connects": 0.4, "by_dial": [1.0, 0.5], "dials": 3, "apart": "2d"}


def reaching(**changes: Any) -> Scenario:
    """Agents with time enough, who call leads of behaviour and reach some of them."""
    scenario = worked(steps=None)
    return scenario.replace(workforce=described(scenario)["workforce"] | {"reaching": REACHING | changes})


class Tried:
    """Writes down the list of tries after every slot."""

    phase, name, local = 6, "tried", True

    def __init__(self) -> None:
        self.seen: list[tuple[int, Any]] = []

    def next(self, now: int) -> int:
        return -(-now // HOUR) * HOUR

    def act(self, world: World, now: int) -> None:
        self.seen.append((now, world.extra[TRIES].copy()))


@cache
def lived(connects: float) -> tuple[World, Tried]:
    tried, quiet = Tried(), Practice(grading=Graded(), allocation=PRACTICE.allocation)
    return run(reaching(connects=connects), quiet, days=60, observers=[tried]), tried


def test_tries_succeed_as_declared_and_each_has_luck_of_its_own() -> None:
    rules, streams, n = Reaching.model_validate(REACHING), Streams(4, 0), 40_000
    leads = np.zeros(n, TRY)
    leads["luck"] = np.arange(1, n + 1, dtype=np.uint64) * np.uint64(7_919)
    found = []
    for tries, share in ((0, 0.4), (1, 0.2), (5, 0.2)):
        leads["dials"] = tries
        found.append(reaches(rules, streams, leads))
        # 4.9 standard deviations: a false failure of 1e-6 for each.
        assert abs(found[-1].mean() - share) < 4.9 * np.sqrt(share * (1 - share) / n)
        some = np.array([30_000, 7, 12])
        assert np.array_equal(reaches(rules, streams, leads[some]), found[-1][some])
    assert abs(found[1][found[0]].mean() - 0.2) < 4.9 * np.sqrt(0.16 / found[0].sum()), "independent of the first"


def test_who_is_not_reached_is_tried_again_apart_and_no_more_than_declared() -> None:
    world, tried = lived(0.4)
    last: dict[int, tuple[int, int]] = {}
    gaps, most = [], 0
    for now, leads in tried.seen:
        for luck, number in zip(leads["luck"].tolist(), leads["dials"].tolist(), strict=True):
            before, since = last.get(luck, (0, now))
            assert number in (before, before + 1)
            if number == before + 1:
                gaps += [now - since] if before else []
                last[luck] = (number, now)
            most = max(most, number)
    assert most == 2 and len(gaps) > 5 and min(gaps) >= 2 * DAY
    counts = world.extra[BY_TIER].sum(axis=(0, 1))
    assert counts[TRY_SLOTS] >= len(gaps)
    assert 0 < counts[SETTLED_BY] < counts[TAKEN_BY], "who is not reached is not contacted"
    assert counts[IN_TIME_BY] == world.extra[PASSAGE][..., IN_TIME].sum()


def test_tries_are_counted_as_calls_and_their_slots_as_work() -> None:
    """With nobody reached: every lead takes its first slot, and further ones until it is left alone."""
    world, _ = lived(0.0)
    told = world.state.touched[world.campaigns.index("desk"), CALL].sum(axis=0)
    counts, waiting = world.extra[BY_TIER].sum(axis=(0, 1)), world.extra[TRIES]
    assert told[T_DELIVERED] == 0 == counts[SETTLED_BY]
    assert told[T_FAILED] == counts[TAKEN_BY] + counts[TRY_SLOTS] > 50
    assert counts[TRY_SLOTS] <= 2 * counts[TAKEN_BY] - np.sum(3 - waiting["dials"])
    assert counts[TRY_SLOTS] > counts[TAKEN_BY]
    sure, _ = lived(1.0)
    assert not len(sure.extra[TRIES]) and not sure.extra[BY_TIER][..., TRY_SLOTS].any()
    told = sure.state.touched[sure.campaigns.index("desk"), CALL].sum(axis=0)
    assert told[T_DELIVERED] > 50 and told[T_FAILED] == 0 < told[T_REQUESTED]


def test_nobody_is_held_but_those_who_wait_or_are_to_be_tried() -> None:
    for connects in (0.0, 0.4):
        world, _ = lived(connects)
        waiting = np.concatenate([world.extra[name]["customer"] for name in ("leads", "inquiries", "calls", TRIES)])
        held = world.state.customers["held"]
        assert np.array_equal(held, np.bincount(waiting, minlength=len(held)))
        assert len(world.extra[TRIES]) > 0
        in_hand = np.concatenate([world.extra["cases"]["luck"], world.extra["cases_recent"]["luck"]])
        assert np.isin(world.extra[TRIES]["luck"], in_hand).all()


def test_what_makes_no_sense_is_refused() -> None:
    for wrong, said in (({"dials": 0}, "must be 1 to 250"), ({"by_dial": [0.0]}, "above zero for the first try")):
        with pytest.raises(ScenarioError, match=said):
            reaching(**wrong)
