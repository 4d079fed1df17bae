"""Room of those to whom orphans are re-assigned: who is taken over, who waits, and whom more room leaves alone."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from small_worlds import described, differences, lives, log_of, run
from test_orphans import columns, practice, served, staff_of

from lifesim.errors import ScenarioError
from lifesim.experiment.tiers import tiers_by_branch
from lifesim.population.columns import DAY, E_AGENT_ASSIGNED, E_ORPHANED
from lifesim.scenario import Scenario
from lifesim.streams import Streams
from lifesim.workforce.serving import NOBODY, SERVING, chosen, taken_over
from lifesim.workforce.staff import ANY_NUMBER, ASSIGNED_TO, BY_TIER, staff
from lifesim.world.orphans import Orphans, waiting
from lifesim.world.world import World

BRANCHES = {"north": 500, "south": 400}


def limited(most: int | None, branches: dict[str, int] | int = BRANCHES, **changes: Any) -> Scenario:
    """Two specialists in each branch, who look after so many, and seats without a limit."""
    scenario = served(branches, **changes)
    data = described(scenario)["workforce"]
    data["tiers"]["specialists"] |= {"looks_after": most}
    return scenario.replace(workforce=data)


def served_by(world: World, tier: str) -> np.ndarray[Any, Any]:
    """Policyholders whom each of a tier serves, by row of the staff."""
    of, serving = staff_of(world), world.extra[SERVING]
    mine = np.flatnonzero(of.tier == of.tiers.index(tier))
    holders = serving[(serving != NOBODY) & (columns(world)["policies"][: len(serving)] > 0)]
    return np.asarray(np.bincount(holders, minlength=len(of))[mine])


def waits(world: World, tier: str = "specialists") -> dict[str, float]:
    """Orphans who wait, by branch, from the table."""
    rows = tiers_by_branch(world, practice(tier, "14d"))
    return {
        world.branches[number]: row["value"]
        for number, of in rows.items()
        for row in of
        if row["measure"] == "waiting" and row["tier"] == tier
    }


def test_orphans_wait_where_nobody_has_room() -> None:
    world = run(limited(6), practice("specialists", "14d"))
    assert waits(world).keys() == BRANCHES.keys()
    assert sum(waits(world).values()) == len(waiting(world, practice("specialists", "14d").reassign)) > 20
    most = served_by(world, "specialists")
    assert most.max() == 6, "never more than they may look after"
    assert world.extra[BY_TIER][..., ASSIGNED_TO].sum() >= 12
    roomy, unlimited = run(limited(10_000), practice("specialists", "14d")), run(limited(None), practice("specialists"))
    assert set(waits(roomy).values()) == set(waits(unlimited).values()) == {0}
    assert np.array_equal(roomy.extra[SERVING], unlimited.extra[SERVING]), "a limit that nobody reaches changes nothing"
    assert differences(lives(roomy), lives(unlimited)) == []
    assert served_by(roomy, "specialists").max() > 20


def test_nobody_reports_who_waits_where_nobody_is_re_assigned() -> None:
    world = run(limited(6), practice())
    rows = tiers_by_branch(world, practice())
    assert not any(row["measure"] == "waiting" for of in rows.values() for row in of)


def test_more_room_takes_over_more_and_changes_nobody_else() -> None:
    """Of those who are told where room is short nobody is told later where it is not; departures are the same."""
    told = []
    for most in (4, 12, None):
        log = log_of(run(limited(most), practice("specialists", "14d")))
        first = {key: time for time, key in zip(*_of(log, E_AGENT_ASSIGNED), strict=True)}
        orphaned = {key: time for time, key in zip(*_of(log, E_ORPHANED), strict=True)}
        told.append((first, orphaned))
    for (few, before), (more, after) in pairwise(told):
        assert len(few) < len(more)
        # Specialists leave too, and whom they served is an orphan again: the first time counts.
        assert all(more[key] <= time for key, time in few.items())
        assert all(after[key] == time for key, time in before.items() if key not in more)


def _of(log: Any, kind: int) -> tuple[list[int], list[int]]:
    """Times and keys of what happened, the first time of each last, so that a dictionary keeps it."""
    mine = np.flatnonzero(log["kind"] == kind)
    mine = mine[np.argsort(-log["time"][mine].astype(np.int64), kind="stable")]
    return log["time"][mine].tolist(), log["key"][mine].tolist()


def test_seats_look_after_so_many_each() -> None:
    scenario = served(BRANCHES)
    data = described(scenario)["desk"]
    data["seats"]["all"] |= {"per_10k": 50, "looks_after": 3}
    world = run(scenario.replace(desk=data), practice("all", "14d"))
    assert staff_of(world).looks_after[: len(BRANCHES)].tolist() == [7, 6], "2.5 seats, and 2 seats"
    assert served_by(world, "all").tolist() == [7, 6]
    assert sum(waits(world, "all").values()) > 20


def test_who_is_served_in_another_way_takes_up_room_and_is_not_turned_away() -> None:
    world = run(limited(6), practice(), days=28)
    of = staff_of(world)
    mine = np.flatnonzero(of.tier == of.tiers.index("specialists"))
    holders = np.flatnonzero(columns(world)["policies"][: len(world.extra[SERVING])] > 0)
    world.extra[SERVING][holders[:9]] = mine[0]
    tell = practice("specialists", "0d")
    world.run(world.now + 14 * DAY, [Orphans(staff_of(world), tell.reassign, world)])
    assert served_by(world, "specialists").max() >= 8
    assert served_by(world, "specialists").min() <= 6


@pytest.mark.analytic
def test_whoever_waits_for_longest_comes_first_and_goes_where_their_luck_has_it() -> None:
    of = staff(served(), Streams(3, 0), {0: "north", 1: "south"}, {0: 500, 1: 400})
    luck, n = Streams(3, 0), 900
    keys, branch = np.arange(1, n + 1, dtype=np.uint64), np.repeat([0, 1], n // 2)
    since = np.tile(np.arange(n // 2) // 10, 2)
    rows = np.concatenate([np.flatnonzero(of.branch == k)[-3:] for k in (0, 1)])
    places = np.array([20, 0, 35, 500, 1, 2])
    found = taken_over(of, luck, keys, branch, since, rows, places)
    assert (found[:450] != NOBODY).sum() == 55 and not np.any(found[450:] == NOBODY)
    assert [int((found == row).sum()) for row in rows[:3]] == [20, 0, 35]
    assert np.all(found[:50] != NOBODY) and np.all(found[60:450] == NOBODY), "55 of them, by tens"
    assert np.array_equal(of.branch[found[found >= 0]], branch[found >= 0])
    free = taken_over(of, luck, keys, branch, since, rows, np.full(6, ANY_NUMBER))
    assert np.array_equal(free, chosen(of, luck, keys, branch, rows, np.ones(6)))
    more = taken_over(of, luck, keys, branch, since, rows, places + 10)
    assert np.all(more[found != NOBODY] != NOBODY)
    assert set(taken_over(of, luck, keys, branch, since, rows[:0], places[:0])) == {NOBODY}


def test_nobody_to_look_after_is_refused() -> None:
    scenario = limited(0)
    said = "those in 'specialists' may look after nobody; raise their looks_after, or leave it out for any number"
    with pytest.raises(ScenarioError, match=said):
        scenario.replace(arms={"control": {"reassign": {"to": "specialists", "after": "30d"}}})
