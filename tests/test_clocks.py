"""Every way out has its own clock: raising one cause never delays it and never hastens another."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from small_worlds import described, experiment, log_of, new_world, run, small

from lifesim.compiled import compiled_entry
from lifesim.lifecycle import clocks
from lifesim.lifecycle.clock_tables import CAUSES
from lifesim.lifecycle.layout import clock_at, lift_at, world_at
from lifesim.lifecycle.stages import episode_of
from lifesim.population.columns import CLOCK, DAY, E_STAGE, HOLDING, LIFT, LOST, NEVER
from lifesim.scenario import STAGES, Scenario
from lifesim.strategy import Practice

pytestmark = pytest.mark.metamorphic

BOTH = np.dtype([("clock", CLOCK), ("lift", LIFT)])
SIZE, BOTH_SIZE = CLOCK.itemsize, BOTH.itemsize

#: The first example of a run may have to compile.
quick = settings(deadline=None)
HALF_LIVES = (6 * 3600, DAY, 7 * DAY, 120 * DAY)
rates = st.floats(0.0, 2.0**-13, width=32)
positive_rates = st.floats(2.0**-40, 2.0**-13, width=32)
residuals = st.floats(1e-9, 40.0)
times = st.integers(0, 3 * 365 * DAY)
fades = st.sampled_from([math.log(2) / half_life for half_life in HALF_LIVES])


@compiled_entry
def crossing_of(address: int, rated_at: int, fade: float) -> int:
    """When the clock at an address fires."""
    return clocks.crossing(clock_at(address, 0), lift_at(address + SIZE, 0), rated_at, fade)


@compiled_entry
def settle_one(address: int, rated_at: int, now: int, fade: float) -> None:
    """Bring the threshold of the clock at an address up to now."""
    clocks.settle(clock_at(address, 0), lift_at(address + SIZE, 0), rated_at, now, fade)


@compiled_entry
def lift_one(address: int, place: int, now: int, fade: float, by: float) -> None:
    """Lift one of the clocks at an address."""
    place_at = address + place * BOTH_SIZE
    clocks.lift(clock_at(place_at, 0), lift_at(place_at + SIZE, 0), now, fade, by)


@compiled_entry
def episode_in(i: int, slot: int, world: int) -> int:
    """Which episode of a clock of a customer it is."""
    return episode_of(i, slot, world_at(world, 0))


def clock(residual: float, rate: float, excess: float = 0.0, excess_at: int = 0) -> Any:
    """One clock and its excess as an array of one record."""
    return np.array([((residual, rate, 1), (excess, excess_at))], BOTH)


def fires(one: Any, rated_at: int, fade: float) -> int:
    return int(crossing_of(one.ctypes.data, rated_at, fade))


@quick
@given(residual=residuals, low=rates, high=rates, excess=rates, since=st.integers(0, 90 * DAY), at=times, fade=fades)
def test_a_higher_rate_never_fires_later(
    residual: float, low: float, high: float, excess: float, since: int, at: int, fade: float
) -> None:
    low, high = sorted((low, high))
    early, late = (fires(clock(residual, rate, excess, at + since), at, fade) for rate in (high, low))
    assert early <= late


@quick
@given(residual=residuals, rate=rates, low=rates, high=rates, at=times, fade=fades)
def test_a_higher_excess_never_fires_later(
    residual: float, rate: float, low: float, high: float, at: int, fade: float
) -> None:
    low, high = sorted((low, high))
    early, late = (fires(clock(residual, rate, excess, at), at, fade) for excess in (high, low))
    assert early <= late


@quick
@given(residual=residuals, rate=positive_rates, at=times, fade=fades)
def test_without_excess_it_fires_at_the_first_second_that_uses_up_the_threshold(
    residual: float, rate: float, at: int, fade: float
) -> None:
    found = fires(clock(residual, rate), at, fade)
    wait = residual / float(np.float32(rate))
    if at + wait >= NEVER:
        assert found == NEVER
    else:
        assert found - at - 1 < wait <= found - at


@quick
@given(residual=residuals, rate=rates, excess=positive_rates, lag=st.integers(-30 * DAY, 30 * DAY), fade=fades)
def test_with_excess_it_fires_where_the_integrated_hazard_reaches_the_threshold(
    residual: float, rate: float, excess: float, lag: int, fade: float
) -> None:
    """Against the closed form of the integral, evaluated on both sides of the second that was found."""
    rated_at, excess_at = 60 * DAY, 60 * DAY + lag
    begin = max(rated_at, excess_at)

    def used(t: int) -> float:
        extra = float(np.float32(excess)) / fade * -math.expm1(-fade * (t - excess_at))
        return float(np.float32(rate)) * (t - rated_at) + extra

    found = fires(clock(residual, rate, excess, excess_at), rated_at, fade)
    if found == NEVER:
        assert used(NEVER) <= residual * (1 + 1e-9) + 1e-9
        return
    assert found >= begin
    slope = float(np.float32(rate)) + float(np.float32(excess)) * math.exp(-fade * (found - excess_at))
    assert used(found) >= residual - 0.02 * slope - 1e-9
    if found > begin:
        assert used(found - 1) <= residual + 0.02 * slope + 1e-9


@quick
@given(residual=residuals, rate=positive_rates, at=times, wait=st.integers(0, 60 * DAY), fade=fades)
def test_settling_moves_no_crossing_without_excess(
    residual: float, rate: float, at: int, wait: int, fade: float
) -> None:
    """A refresh that finds the same hazard keeps the date to within the rounding of one subtraction."""
    one = clock(residual, rate)
    before = fires(one, at, fade)
    assume(at + wait < before < NEVER)
    settle_one(one.ctypes.data, at, at + wait, fade)
    assert abs(fires(one, at + wait, fade) - before) <= 1


@quick
@given(
    residual=residuals, rate=positive_rates, times_lifted=st.floats(0, 5), lagged=st.integers(0, 30 * DAY), now=times,
    by=st.floats(0.01, 5), fade=fades,
)  # fmt: skip
def test_a_lift_hastens_its_clock_and_leaves_the_bits_of_others(
    residual: float, rate: float, times_lifted: float, lagged: int, now: int, by: float, fade: float
) -> None:
    three = np.concatenate([clock(residual, rate, rate * times_lifted, now) for _ in range(3)])
    before = three.copy()
    assume(now + lagged < fires(before[1:2].copy(), now, fade))
    lift_one(three.ctypes.data, 1, now + lagged, fade, by)
    assert three[[0, 2]].tobytes() == before[[0, 2]].tobytes()
    assert three["clock"]["rate"][1] == before["clock"]["rate"][1]
    assert fires(three[1:2].copy(), now, fade) <= fires(before[1:2].copy(), now, fade)


@quick
@given(rate=rates, excess=rates, now=times, fade=fades)
def test_a_lift_by_nothing_changes_no_bit(rate: float, excess: float, now: int, fade: float) -> None:
    one = clock(1.0, rate, excess, max(0, now - DAY))
    before = one.tobytes()
    lift_one(one.ctypes.data, 0, now, fade, 0.0)
    assert one.tobytes() == before


def holders_only(**rates_per_year: float) -> Scenario:
    """A world of policyholders whose hazards follow traits alone: nothing that happens feeds back."""
    data = described(small(1_500))
    behaviour, traits = data["behaviour"], set(data["behaviour"]["traits"])
    for group in ("transitions", "processes"):
        for name, rule in behaviour[group].items():
            rule["depends"] = {c: v for c, v in rule["depends"].items() if c in {*traits, "orphan", "comparer"}}
            if name.startswith("HOLDING."):
                rule["rate"] = f"{rates_per_year[name.partition('.')[2]]}/y"
    behaviour["impulses"] = {}
    for segment in data["segments"].values():
        segment["start"] = {"HOLDING": 1.0}
    quiet = {"acquisition": {}, "market": {"luck": 0.0, "season": {}}}
    return small(1_500, behaviour=behaviour, segments=data["segments"], **quiet)


RATES = {"needs_grow": 0.5, "dissatisfied": 0.5, "surrender": 0.4, "competitor": 0.4, "death": 0.1}


def first_exits(scenario: Scenario) -> dict[int, tuple[int, int]]:
    """When and how each customer first left HOLDING: time, and the detail of the move."""
    log = log_of(run(scenario))
    exits: dict[int, tuple[int, int]] = {}
    for row in np.flatnonzero((log["kind"] == E_STAGE) & (log["detail"] // 256 == HOLDING)):
        exits.setdefault(int(log["key"][row]), (int(log["time"][row]), int(log["detail"][row])))
    return exits


@pytest.fixture(scope="module")
def base_exits() -> dict[int, tuple[int, int]]:
    return first_exits(holders_only(**RATES))


def detail_of(scenario: Scenario, cause: str) -> int:
    """The detail of a move out of HOLDING for a cause. Only the lost have a reason.

    Dates lead to RENEWAL_UPSELL and CHURN_WARNING as well, in their own time, which no rate moves.
    """
    to = scenario.behaviour.transitions[f"HOLDING.{cause}"].to
    assert to is not None
    return HOLDING * 256 + STAGES.index(to) * 16 + (CAUSES[cause] if to == "LOST" else 0)


@pytest.mark.parametrize("times_more", [1.001, 3.0])
@pytest.mark.parametrize("cause", RATES)
def test_raising_one_cause_never_delays_it_nor_hastens_another(
    base_exits: dict[int, tuple[int, int]], cause: str, times_more: float
) -> None:
    scenario = holders_only(**(RATES | {cause: RATES[cause] * times_more}))
    raised, detail = first_exits(scenario), detail_of(scenario, cause)
    assert len(base_exits) > 150
    assert sum(how == detail for _, how in base_exits.values()) > 10
    assert raised.keys() >= base_exits.keys()
    hastened = 0
    for key, (at, how) in raised.items():
        at_before, how_before = base_exits.get(key, (NEVER, -1))
        if how == detail:
            assert at <= at_before
            hastened += at < at_before
        else:
            assert (at, how) == (at_before, how_before)
    for key, (_, how_before) in base_exits.items():
        if how_before == detail:
            assert raised[key][1] == detail
    assert hastened > 0


def test_the_causes_of_the_comparison_differ_in_their_details() -> None:
    scenario = holders_only(**RATES)
    details = [detail_of(scenario, cause) for cause in RATES]
    assert len(set(details)) == len(details)
    assert sum(detail // 16 % 16 == LOST for detail in details) == 3


def test_every_firing_in_every_visit_to_a_stage_has_luck_of_its_own() -> None:
    """Two bytes tell them apart: the number of the visit, which the customer keeps, and one more for each firing."""
    world = new_world(experiment(small(20), {"control": Practice()}))
    clocks_of, c, process = world.state.clocks[0], world.state.customers[0], world.rules.numbers["stage_slots"]
    assert clocks_of["episode"].tolist()[process:] == [1] * (len(clocks_of) - process)
    for visit in (1, 2, 65_535):
        for fired in (0, 1, 2, 65_535):
            c["visits"][c["stage"]], clocks_of["episode"][0] = visit, (visit + fired) % 65_536
            assert episode_in(0, 0, world.kernel_address) == visit + 65_536 * fired
    clocks_of["episode"][process] = 65_535
    assert episode_in(0, process, world.kernel_address) == 65_535


def test_a_clock_takes_no_more_memory_than_it_must() -> None:
    assert CLOCK.itemsize == 14
