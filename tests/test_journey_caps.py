"""Splits whose paths take so many customers and no more, and experiments within a journey."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from journey_worlds import a_journey, obliging, under, ways
from small_worlds import cut_alike, described, differences, enrolled, keys_of, lives, log_of, run

from lifesim.population.columns import DAY, E_DELIVERED
from lifesim.report.journeys import lines
from lifesim.report.journeys.counts import Counts
from lifesim.scenario import Scenario
from lifesim.world.places import HOUR, TAKEN
from lifesim.world.world import World

#: Who draws 'gifted' gets a gift while there are any; all others get nothing.
GIFTS: dict[str, Any] = {
    "split": {"split": {"gifted": 0.6, "plain": 0.4}, "cap": {"gifted": 40}, "full": "late"},
    "gifted": {"send": {"push": "gift"}, "next": "exit"},
    "plain": {"wait": "1h", "next": "exit"},
    "late": {"send": {"sms": "hello"}, "next": "exit"},
}
BY_VISIT = {"on": "launched_app"}


def town(north: int = 250, south: int = 150) -> Scenario:
    return obliging().replace(
        population={"branches": {"north": north, "south": south}, "segments": {"mainstream": 1.0}}
    )


def placed(world: World) -> Any:
    """Keys of those who have a place."""
    return keys_of(world)[world.extra[TAKEN]["customer"]]


def test_each_branch_has_its_places_and_the_first_to_come_have_them() -> None:
    practice = under(a_journey(GIFTS, entry=BY_VISIT))
    world = run(town(), practice, days=40)
    took = ways(world, practice)
    branch = world.state.customers["branch"][world.extra[TAKEN]["customer"]]
    assert np.bincount(branch).tolist() == [40, 40] and took["split", "gifted"] == 80
    assert took["split", "full"] == took["late", "next"] > 20 and took["gifted", "next"] == 80
    log = log_of(world)
    mine = (log["campaign"] == "walk") & (log["kind"] == E_DELIVERED)
    got = np.isin(log["key"], placed(world))
    where = dict(zip(keys_of(world).tolist(), world.state.customers["branch"].tolist(), strict=False))
    for number in (0, 1):
        here = mine & np.array([where[key] == number for key in log["key"].tolist()])
        # Answers come at the full hour: whoever came in the same hour as the last place was given may be late as well.
        assert log["time"][here & got].max() // HOUR <= log["time"][here & ~got].min() // HOUR


def test_nobody_without_a_cap_waits_and_shares_are_those_of_the_split() -> None:
    """Whoever draws a path without a cap goes on in the same second, and draws as without caps elsewhere."""
    free = {name: step | {} for name, step in GIFTS.items() if name != "late"}
    free["split"] = {"split": GIFTS["split"]["split"]}
    capped, plain = (under(a_journey(steps, entry=BY_VISIT)) for steps in (GIFTS, free))
    with_cap, without = run(town(), capped, days=40), run(town(), plain, days=40)
    took, all_took = ways(with_cap, capped), ways(without, plain)
    assert took["split", "gifted"] + took["split", "full"] == all_took["split", "gifted"]
    assert took["split", "plain"] == all_took["split", "plain"]


def test_whoever_has_a_place_comes_again_without_another_one() -> None:
    practice = under(a_journey(GIFTS, entry={"every": "day 12:00"}, reentry={"after": "0d"}))
    world = run(town(), practice, days=10)
    took = ways(world, practice)
    assert len(world.extra[TAKEN]) == 80 and took["split", "gifted"] == 80 * 10
    people = len(enrolled(world))
    assert took["split", "gifted"] + took["split", "full"] + took["split", "plain"] == pytest.approx(people * 10, abs=9)
    log = log_of(world)
    arrived = (log["campaign"] == "walk") & (log["kind"] == E_DELIVERED)
    gifted = log["key"][arrived & np.isin(log["key"], placed(world))]
    assert set(np.unique(gifted, return_counts=True)[1].tolist()) == {10}


def test_those_who_come_in_the_same_second_draw_lots_that_no_row_decides() -> None:
    practice = under(a_journey(GIFTS))
    together, alone = run(town(), practice, days=30), run(town(), practice, days=30, branches=("south",))
    southern = keys_of(alone)
    mine = np.intersect1d(placed(together), southern)
    assert mine.tolist() == np.sort(placed(alone)).tolist() and len(mine) == 40
    assert differences(lives(together, only=southern), lives(alone, only=southern)) == []
    # By lot: not the smallest keys, which come first in no other order than that of chance.
    drew = np.sort(southern)[:40]
    assert len(np.intersect1d(drew, mine)) < 40


@pytest.mark.parametrize("at", [24 * DAY + 19 * HOUR + 1, 26 * DAY + 1_800])
def test_a_cut_while_customers_wait_for_a_place_changes_no_bit(at: int) -> None:
    practice = under(a_journey(GIFTS, entry=[{"at": "2026-01-09 19:00"}, BY_VISIT]))
    cut_alike(town(), practice, 40 * DAY, [at])


def test_a_way_out_while_waiting_takes_no_place_and_sets_the_customer_free() -> None:
    """Whoever leaves between the request and the full hour has asked for nothing."""
    data = described(town())
    data["contents"]["hello"] |= {"prompts": {"signed_in": 1.0}}
    steps = GIFTS | {"hello": {"send": {"push": "hello"}, "next": "split"}}
    steps = {"hello": steps.pop("hello"), **steps}
    practice = under(a_journey(steps, exit_on=["signed_in"]))
    world = run(town().replace(contents=data["contents"]), practice, days=30)
    took = ways(world, practice)
    assert took["split", "left"] > 100 and ("split", "gifted") not in took
    assert len(world.extra[TAKEN]) == 0 and not world.state.customers["held"].any()


def test_an_experiment_counts_its_control() -> None:
    steps = {
        "try": {"experiment": {"a": 0.3, "b": 0.5}, "control": {"none": 0.2}},
        "a": {"send": {"push": "hello"}, "next": "exit"},
        "b": {"send": {"sms": "hello"}, "next": "exit"},
        "none": {"wait": "1d", "next": "exit"},
    }
    journey = a_journey(steps)
    practice = under(journey)
    world = run(town(), practice, days=30)
    took = ways(world, practice)
    assert took["try", "control"] == took["none", "next"] > 30
    assert took["try", "a"] + took["try", "b"] == took["a", "next"] + took["b", "next"]
    shown = next(line for line in lines(journey, "en", Counts(journey, took)) if "control" in line)
    assert f"{took['try', 'control']:,}" in shown
