"""Waiting at a desk in closed form, and a desk in slots that comes near it as the slots shrink."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from lifesim.streams import Streams
from lifesim.workforce.queueing import begins_in_slots, erlang_c, mean_wait

SERVERS, RATE, WORK = 5, 0.8, 5.0
DAYS, DAY_ARRIVALS = 64, 2_000


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
