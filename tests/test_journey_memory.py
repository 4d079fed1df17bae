"""What journeys keep of customers in memory: much of those who are on their way, little of those who have left."""

from __future__ import annotations

import numpy as np
import pytest
from journey_worlds import a_journey, obliging, under
from small_worlds import differences, enrolled, experiment, lives, new_world, run, small
from test_world_conservation import chain

from lifesim.experiment.passages import journey_totals
from lifesim.population import memory
from lifesim.population.arrays import Log, grow, longer, zeros
from lifesim.population.columns import DAY, EVENT
from lifesim.population.enrolled import enrolments_of
from lifesim.population.memory import count
from lifesim.world.world import World

STAY = {"stay": {"wait": "3d", "next": "exit"}}
DAILY = a_journey(STAY, entry={"every": "day 09:00"}, reentry={"after": "1d"})


def under_way(world: World) -> int:
    return int(np.count_nonzero(enrolled(world)["course"] >= 0))


def test_a_place_in_a_journey_is_given_up_on_leaving_and_taken_again() -> None:
    practice = under(a_journey(STAY, entry={"every": "mon 09:00", "who": "age <= 35"}, reentry={"after": "1d"}))
    world = run(small(400), practice, days=75.5)
    state, pool = world.state, enrolled(world)
    assert pool["entries"].max() >= 10 and under_way(world) == 0 < len(pool)
    assert state.counts["courses_left"][0] == len(state.courses) < 2 * len(pool) + 64
    assert not state.courses["inside"].any()


def test_pools_of_journeys_are_lists_of_what_is_taken_and_of_free_places() -> None:
    world = run(small(400), under(DAILY), days=60.5)
    state, pool = world.state, world.state.enrolments
    mine = [place for _, places in enrolments_of(state, np.arange(count(state))) for place in places.tolist()]
    taken = pool["course"][pool["course"] >= 0].tolist()
    assert len(taken) > 50 and len(taken) == np.count_nonzero(pool["course"][mine] >= 0)
    for name, head, used in (("courses", "free_course", taken), ("enrolments", "free_enrolment", mine)):
        places = getattr(state, name)
        spare = chain(places, int(state.counts[head][0]))
        assert sorted([*used, *spare]) == list(range(len(places)))
        assert state.counts[f"{name}_left"][0] == len(spare)


def test_the_pool_of_courses_shrinks_when_a_crowd_has_left_and_nobody_notices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some of the crowd stay on their way while the pool is made anew."""
    steps = {
        "who": {"if": "age <= 22", "then": "long", "else": "short"},
        "long": {"wait": "10d", "next": "again"},
        "again": {"wait": "30d", "next": "exit"},
        "short": {"wait": "1d", "next": "exit"},
    }
    crowd = a_journey(steps, name="crowd", entry={"at": "2026-01-08 09:00"})
    visits = a_journey({"seen": {"go": "exit"}}, name="visits", entry={"on": "launched_app"})
    practice = under(crowd, visits)
    world = run(small(2_000), practice, days=60)
    monkeypatch.setattr(memory, "pack_courses", lambda state: state)
    roomy = run(small(2_000), practice, days=60)
    assert 20 < under_way(world) < len(world.state.courses) < 500 < 1_900 < len(roomy.state.courses)
    assert differences(lives(world), lives(roomy)) == []


def test_a_run_of_days_is_a_goal_also_after_leaving() -> None:
    """The second day's game is opened when the journey is over for the customer."""
    steps = {
        "game": {"send": {"push": "game"}, "next": "night"},
        "night": {"wait": "1d", "next": "again"},
        "again": {"send": {"push": "game"}, "next": "exit"},
    }
    practice = under(a_journey(steps, goal={"reached": "signed_in 2 days running", "within": "5d"}))
    world = run(obliging(), practice, days=40)
    totals = {row["measure"]: row["value"] for row in journey_totals(world, practice)}
    assert totals["converted"] == totals["entered"] > 50
    assert totals["seconds_to_goal"] == DAY * totals["converted"]
    assert not world.state.courses["inside"].any()


def test_a_longer_array_is_the_same_where_there_is_room_and_a_copy_where_not() -> None:
    small_one, large = zeros((10,), np.int32, room=100), zeros((10, 3), np.int32, room=400_000)
    for array in (small_one, large):
        array[:] = 7
    assert np.array_equal(longer(large, 300_000)[:11], [[7] * 3] * 10 + [[0] * 3])
    assert np.shares_memory(longer(large, 300_000), large)
    assert not np.shares_memory(longer(large, 400_001), large)
    for new in (longer(large, 400_001), longer(small_one, 11), longer(grow(large, 10), 20)):
        assert np.all(new[:10] == 7) and not new[10:].any()


def test_a_world_has_room_for_its_pools_and_keeps_it_through_a_snapshot() -> None:
    of = experiment(small(40_000), {"control": under(DAILY)})
    world = new_world(of)
    for state in (world.state, memory.read_back(world.state, memory.saved(world.state))):
        for name, more in (("policies", 1), ("enrolments", 40_000)):
            assert np.shares_memory(getattr(memory.grow_pool(state, name, more), name), getattr(state, name))


def test_a_log_gives_back_all_records_in_their_order() -> None:
    log, pieces = Log(EVENT), [np.zeros(n, EVENT) for n in (3, 0, 1_500, 2, 4_000)]
    assert len(log.records) == 0
    for k, piece in enumerate(pieces):
        piece["time"], piece["amount"] = k, np.arange(len(piece))
        log.append(piece)
    assert np.array_equal(log.records, np.concatenate(pieces))
