"""Waiting at a desk in closed form, and a desk in slots that comes near it as the slots shrink."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from quiet_world import KIND, REPO, base, still
from scipy import stats
from small_worlds import FirstSeat, described, differences, experiment, forked, lives, new_world, run, run_on, small

from lifesim import workspace
from lifesim.errors import ScenarioError
from lifesim.population.columns import DAY
from lifesim.scenario import Scenario
from lifesim.strategy import Practice
from lifesim.streams import Streams
from lifesim.workforce.leads import GAVE_UP
from lifesim.workforce.queueing import begins_in_slots, erlang_c, mean_wait
from lifesim.workforce.talks import TALK, TALKS
from lifesim.world.desk import Desk

SERVERS, RATE, WORK = 5, 0.8, 5.0
DAYS, DAY_ARRIVALS = 64, 2_000


@pytest.fixture(autouse=True, scope="module")
def _workspace() -> Iterator[None]:
    """Work with the strategies of the checkout."""
    workspace.unmount()
    workspace.mount(REPO)
    yield
    workspace.unmount()


def test_erlang_c_of_one_server_is_its_load() -> None:
    assert [erlang_c(1, load) for load in (0.0, 0.3, 0.9)] == pytest.approx([0.0, 0.3, 0.9])


@pytest.mark.parametrize(("servers", "load"), [(2, 1.2), (5, 4.0), (12, 9.5)])
def test_erlang_c_is_the_sum_of_its_definition(servers: int, load: float) -> None:
    terms = [load**k / math.factorial(k) for k in range(servers)]
    last = load**servers / math.factorial(servers) * servers / (servers - load)
    assert erlang_c(servers, load) == pytest.approx(last / (sum(terms) + last))


def test_erlang_c_of_a_large_desk_does_not_overflow() -> None:
    assert 0 < erlang_c(2_000, 1_980.0) < 1


def test_a_queue_that_would_grow_for_ever_is_refused() -> None:
    with pytest.raises(ValueError, match="a load of 5 on 5 servers: the queue would grow for ever"):
        erlang_c(5, 5.0)


def days(slot: float) -> tuple[Any, Any, Any]:
    """Share that waits for a server, mean wait and mean number waiting of many independent days, each in balance.

    The first fifth of a day only fills the queue.
    """
    streams, found = Streams(9, 0), []
    for day in range(DAYS):
        keys = streams.hashes(f"arrivals of day {day}", np.arange(DAY_ARRIVALS), 0)
        arrivals = np.cumsum(-np.log(streams.uniforms("gap", keys))) / RATE
        work = -np.log(streams.uniforms("work", keys)) * WORK
        begins = begins_in_slots(arrivals, work, SERVERS, slot)
        began, first = arrivals[DAY_ARRIVALS // 5], arrivals >= arrivals[DAY_ARRIVALS // 5]
        waits = begins - arrivals
        number = waits[first].sum() / (arrivals[-1] - began)
        # A wait of more than a slot is for a server, any shorter one may be for the appointment alone.
        found.append((np.mean(waits[first] > slot), waits[first].mean(), number))
    return tuple(np.array(each) for each in zip(*found, strict=True))  # type: ignore[return-value]


def near(values: Any, expected: float, *, catches: float) -> None:
    """The mean of independent days is ``expected``, by Student's t, with a false-failure rate of 1e-6."""
    spread = values.std(ddof=1) / np.sqrt(len(values))
    reach = (stats.t.isf(5e-7, len(values) - 1) + stats.norm.isf(1e-3)) * spread
    assert reach <= catches * expected, f"catches {reach / expected:.3f} only"
    assert abs(values.mean() - expected) <= stats.t.isf(5e-7, len(values) - 1) * spread, (values.mean(), expected)


@pytest.mark.analytic
def test_without_slots_the_queue_is_that_of_erlang() -> None:
    waits, wait, number = days(0.0)
    near(waits, erlang_c(SERVERS, RATE * WORK), catches=0.15)
    near(wait, mean_wait(SERVERS, RATE, WORK), catches=0.35)
    near(number, RATE * mean_wait(SERVERS, RATE, WORK), catches=0.4)


@pytest.mark.analytic
def test_a_desk_in_slots_comes_near_erlang_as_the_slots_shrink() -> None:
    """The same arrivals and the same work at every slot, so that what is left of the distance is the slots' alone."""
    slots = (0.8, 0.4, 0.2, 0.1, 0.0)
    found = np.array([[each.mean() for each in days(slot)] for slot in slots])
    beyond = found[:-1, 1] - found[-1, 1]
    assert np.all(np.diff(beyond) < 0), "the mean wait does not shrink with the slot"
    assert np.all(beyond > 0)
    # Half of a slot to the first appointment, and the time that servers lose between appointments: about proportional.
    assert beyond[-1] < beyond[0] / 5
    assert abs(found[-2, 1] / mean_wait(SERVERS, RATE, WORK) - 1) < 0.25
    assert abs(found[-2, 0] / erlang_c(SERVERS, RATE * WORK) - 1) < 0.15


# The desk of a world

SEATS, A_DAY, HOUR = 3, 48.0, 3_600
BRANCHES, CUSTOMERS, LIVES, FILLED = 250, 500, 5, 2


def of_erlang(slot: str, branches: int = BRANCHES, days: int = LIVES, **seats: Any) -> Scenario:
    """Every branch has a desk of three seats, open around the clock, whose conversations take an hour on average.

    Two patient customers an hour ask, each of 500 at random times of their own. Nothing else moves anybody.
    """
    data = still(CUSTOMERS, days, "FIRST_PURCHASE")
    names = [f"b{k}" for k in range(branches)]
    data["population"] = {"branches": dict.fromkeys(names, CUSTOMERS), "segments": {KIND: 1.0}}
    data["experiment"] |= {"event_share": 0.0, "twins": False}
    sessions = data["behaviour"]["sessions"]
    sessions |= {"rate": f"{A_DAY / CUSTOMERS}/d", "depends": {}, "hours": [1.0] * 24, "inquiry": 1.0}
    for share in ("active", "product_page"):
        sessions[share]["FIRST_PURCHASE"] = 1.0
    data["channels"]["call"]["hours"] = None
    group = {"per_10k": SEATS * 1e4 / CUSTOMERS, "calls_per_hour": 1.0, "skill": 0.0, "talks": "exponential"}
    data["desk"] |= {
        "opens": "00:00", "closes": "23:59", "workdays": [1, 2, 3, 4, 5, 6, 7], "holidays": "open", "slot": slot,
        "patience": "60y", "seats": {"all": group | seats},
    }  # fmt: skip
    return base().replace(**data)


class Begun(Desk):
    """A desk that writes down who asked when, and in which slot somebody took the call."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.calls: list[Any] = []
        call = self.rounds._call

        def written(now: int, granted: Any, *given: Any) -> None:
            branch = self.world.state.customers["branch"][granted["customer"]]
            self.calls.append((branch, granted["asked"], np.full(len(granted), now), granted["luck"]))
            call(now, granted, *given)

        self.rounds._call = written  # type: ignore[method-assign]


@cache
def served(slot: str, branches: int = BRANCHES) -> tuple[Begun, Any]:
    """The desk at the end, and its calls in the order in which they were asked for: branch, asked, slot, luck."""
    practice = Practice(allocation=workspace.discover("allocation")["fill_seats"].cls())
    scenario = of_erlang(slot, branches)
    of = experiment(scenario, {"control": practice})
    world = new_world(of)
    desk = Begun(scenario, practice, world)
    others = [part for part in of.parts(world, practice) if not isinstance(part, Desk)]
    world.run(LIVES * DAY, [*others, desk])
    calls = [np.concatenate(each) for each in zip(*desk.calls, strict=True)]
    order = np.lexsort((calls[1], calls[0]))
    return desk, [each[order] for each in calls]


def by_branch(slot: str) -> tuple[Any, Any]:
    """Share that waits for a seat, and mean wait until the slot of the conversation in hours, of every branch."""
    desk, (branch, asked, began, _) = served(slot)
    late = asked >= FILLED * DAY
    wait, number = (began - asked)[late], np.bincount(branch[late])
    waits = np.bincount(branch[late], wait > desk.desk.slot)
    return waits / number, np.bincount(branch[late], wait) / number / HOUR


def first_come_first_served(asked: Any, work: Any, appointments: Any) -> Any:
    """The appointment at which each conversation begins, with seats that are free once their work is done."""
    free, begins = [0.0] * SEATS, []
    for arrival, each in zip(asked.tolist(), work.tolist(), strict=True):
        soonest = max(arrival + 1, heapq.heappop(free))  # who asks in the very second of an appointment has the next
        begins.append(int(appointments[np.searchsorted(appointments, soonest)]))
        heapq.heappush(free, begins[-1] + each)
    return np.array(begins)


def test_the_desk_of_a_world_is_a_queue_of_its_seats_first_come_first_served() -> None:
    """Every conversation begins at the appointment that it has in a textbook's queue of the same arrivals and work."""
    desk, (branch, asked, began, luck) = served("6min", 20)
    streams, slot = desk.world.streams, desk.desk.slot
    within = (streams.uniforms("time in slot", luck, again=True) * slot).astype(np.int64)
    work = np.floor(within - np.log(streams.uniforms("length of a conversation", luck, again=True)) * HOUR)
    a_day = np.arange(0, desk.desk.closes - slot + 1, slot)
    appointments = (np.arange(LIVES + 60)[:, None] * DAY + a_day).ravel()
    for each in range(20):
        mine = branch == each
        expected = first_come_first_served(asked[mine], work[mine], appointments)
        assert np.count_nonzero(expected > asked[mine] + slot) > 40
        assert np.array_equal(began[mine], expected)
    assert len(desk.world.extra[TALKS]) <= 20 * SEATS
    assert desk.world.extra["desk"][:, GAVE_UP].sum() == 0, "whose patience ends beyond the calendar"


@pytest.mark.slow
@pytest.mark.analytic
def test_the_desk_of_a_world_comes_near_erlang_as_its_slots_shrink() -> None:
    """The same customers ask, and each conversation takes as long, at every length of the slot: 20, 10, 5% of it.

    Extrapolated to none, both figures are those of Erlang: wrong in one of a million runs, and 20% more or fewer
    customers who wait, or a mean wait 50% off, are caught in 999 of 1,000.
    """
    found = [by_branch(slot) for slot in ("12min", "6min", "3min")]
    expected = erlang_c(SEATS, 2.0), mean_wait(SEATS, 2.0, 1.0)
    for k, (limit, catches) in enumerate(zip(expected, (0.2, 0.5), strict=True)):
        coarse, middle, fine = (each[k] for each in found)
        beyond = [each.mean() - limit for each in (coarse, middle, fine)]
        assert beyond[0] > 1.6 * beyond[1] > 1.6**2 * beyond[2], "does not shrink with the slot"
        # What is left at a slot of 0: a parabola through the three.
        near((coarse - 6 * middle + 8 * fine) / 3, limit, catches=catches)


def test_seats_that_talk_are_not_free_and_a_season_has_whole_seats() -> None:
    desk, _ = served("6min", 20)
    kept: dict[str, Any] = {TALKS: np.zeros(4, TALK)}
    kept[TALKS]["seats"], kept[TALKS]["until"] = [0, 0, 1, 2], [100, 200, 101, 99]
    even = np.full(20, 7)
    assert desk.talks.free(kept, even, 1.0, 100)[:4].tolist() == [2, 2, 3, 3]
    assert kept[TALKS]["until"].tolist() == [200, 101], "those that are over are forgotten"
    assert desk.talks.free(kept, even, 0.5, 100)[:3].tolist() == [1, 1, 2]
    assert desk.talks.free(kept, even, 0.0, 100)[:3].tolist() == [0, 0, 0]
    assert np.all(desk.talks.free(kept, np.full(20, -1), 1.0, 100) == -1), "the desk is closed"


def of_small(talks: str) -> Scenario:
    """A small desk with a group that talks for random times and one that does not."""
    scenario = small(400)
    data = described(scenario)
    data["behaviour"]["sessions"]["inquiry"] = 1.0
    data["behaviour"]["transitions"]["AWARENESS.need_formed"]["rate"] = "6/y"
    seats = {
        "long": {"per_10k": 40, "calls_per_hour": 0.1, "skill": 0.0, "talks": talks},
        "quick": {"per_10k": 5, "calls_per_hour": 1, "skill": 0.0},
    }
    return scenario.replace(behaviour=data["behaviour"], desk=data["desk"] | {"seats": seats})


def test_a_world_whose_seats_talk_is_cut_anywhere() -> None:
    practice = Practice(allocation=FirstSeat())
    of = experiment(of_small("exponential"), {"control": practice})
    whole, _ = run_on(of, forked(of, practice), practice, 40 * DAY)
    cut, _ = run_on(of, forked(of, practice), practice, 40 * DAY, [30 * DAY + 11 * HOUR, 33 * DAY + 11])
    assert differences(lives(whole), lives(cut), ignore=["log."]) == []
    assert len(whole.extra[TALKS]) > 0
    assert TALKS not in run(of_small("even"), practice, days=2).extra


@pytest.mark.parametrize(
    ("seats", "said"),
    [
        ({"calls_per_hour": 0.0}, "calls_per_hour: must be above zero; its inverse is the mean time"),
        ({"talks": "poisson"}, "talks: "),
    ],
)
def test_conversations_without_a_length_are_named(seats: dict[str, Any], said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        of_erlang("6min", 2, **seats)


def test_seats_that_dial_keep_an_even_pace() -> None:
    cleaning = {"control": {"cleaning": {"bar": "A", "seats": ["long"]}}}
    with pytest.raises(ScenarioError, match="'long' talks for random times; seats that dial take `talks: even`"):
        of_small("exponential").replace(arms=cleaning)
