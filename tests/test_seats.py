"""Seats of offline events that are few: who gets one, who is turned away, and that nobody else notices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from journey_worlds import a_journey, sent, story, under, ways
from small_worlds import differences, enrolled, experiment, keys_of, lives, new_world, run, run_on
from test_offline_events import INVITED, SALON, invited, meeting

from lifesim.engagement.journeys.running_checks import cannot_run
from lifesim.population.columns import DAY
from lifesim.scenario import Scenario
from lifesim.scenario.journeys import Journey

ASKED = INVITED | {
    "invite": {"send": {"sms": "letter"}, "on": {"booked(salon)": "come", "turned_away(salon)": "sorry"},
               "within": "3d", "else": "exit"},
    "sorry": {"wait": "1d", "next": "exit"},
}  # fmt: skip
FRIDAY = 24 * DAY


def few(seats: int | None, **more: Any) -> Journey:
    return invited(ASKED, events={"salon": SALON["salon"] | {"seats": seats}}, **more)


def two_branches(people: int = 40) -> Scenario:
    return meeting(come=1.0).replace(
        population={"branches": {"north": people, "south": people}, "segments": {"mainstream": 1.0}}
    )


def came(world: Any) -> set[int]:
    return {int(key) for key in keys_of(world) if "Sat 24 14:00" in story(world, key)}


def test_seats_are_given_at_the_full_hour_in_each_branch_and_the_others_are_turned_away() -> None:
    practice = under(few(15))
    world = run(two_branches(), practice, days=50)
    took, seats = ways(world, practice), sent(world)["offline_event", "talk"]
    everyone = took["invite", "booked(salon)"] + took["invite", "turned_away(salon)"]
    assert everyone > 60 and took["invite", "booked(salon)"] == 30 == took["come", "attended(salon)"]
    assert seats == {"requested": everyone, "delivered": 30, "opened": 30, "withdrawn": everyone - 30}
    branch = dict(zip(keys_of(world).tolist(), world.state.customers["branch"], strict=False))
    assert np.bincount([branch[key] for key in came(world)]).tolist() == [15, 15]
    assert len(world.extra["bookings"]) == 0 and not world.state.customers["held"].any()
    cost = world.scenario.channels["offline_event"].cost
    free = run(two_branches(), under(few(1)), days=50)
    paid = world.state.outcomes["contact"].sum() - free.state.outcomes["contact"].sum()
    assert paid == (30 - 2) * cost


def test_bookings_wait_for_the_hour_and_nobody_lives_on_before_the_answer() -> None:
    of = experiment(two_branches(), {"control": under(few(15))})
    world = new_world(of)
    parts = of.parts(world, under(few(15)))
    world.run(FRIDAY + 19 * 3_600 + 1_800, parts)
    waiting = world.extra["bookings"]["customer"]
    assert len(waiting) > 60 and np.all(world.state.customers["held"][waiting] == 1)
    assert ("offline_event", "talk") not in sent(world)
    world.run(FRIDAY + 20 * 3_600 + 1, of.parts(world, under(few(15))))
    assert len(world.extra["bookings"]) == 0 and sent(world)["offline_event", "talk"]["withdrawn"] > 30


def test_more_seats_take_none_away_and_with_enough_everybody_has_one() -> None:
    scenario = two_branches()
    found = [came(run(scenario, under(few(seats)), days=48)) for seats in (5, 12, 1_000)]
    assert len(found[0]) == 10 and len(found[1]) == 24
    assert found[0] < found[1] < found[2] == came(run(scenario, under(invited()), days=48))


def test_who_gets_a_seat_has_nothing_to_do_with_cuts_or_other_branches() -> None:
    scenario, practice = two_branches(), under(few(9))
    of = experiment(scenario, {"control": practice})
    whole = new_world(of)
    whole.run(40 * DAY, of.parts(whole, practice))
    cut, _ = run_on(of, new_world(of), practice, 40 * DAY, cuts=[FRIDAY + 19 * 3_600 + 1_800, FRIDAY + 20 * 3_600])
    assert differences(lives(whole), lives(cut), ignore=("log.",)) == []
    north = run(scenario, practice, days=40, branches=("north",))
    mine = keys_of(north)
    assert differences(lives(whole, mine), lives(north, mine), ignore=("log.", "extra.")) == []


def test_whoever_books_nothing_does_not_notice_that_seats_are_few() -> None:
    young = {"at": "2026-01-09 19:00", "who": "age <= 35"}
    scenario = two_branches()
    a, b = (run(scenario, under(few(seats, entry=young)), days=48) for seats in (2, 1_000))
    pool = enrolled(a)["customer"]
    others = np.setdiff1d(keys_of(a), a.state.customers["key"][pool])
    assert 10 < len(others) < len(keys_of(a)) - 10
    assert differences(lives(a, others), lives(b, others), ignore=("extra.",)) == []


def test_nobody_is_turned_away_where_there_is_room_for_all() -> None:
    (message,) = [each.message for each in cannot_run(few(None), meeting())]
    assert message == ("an offline event has room for everybody who books; write seats: how many it has in each branch")
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        a_journey({"on": {"wait": "1d", "next": "exit"}}, events={"salon": {"date": "2026-01-24 14:00", "seats": 0}})
