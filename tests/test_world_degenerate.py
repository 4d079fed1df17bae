"""Worlds whose answer is known: nothing can happen, or it must."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from quiet_world import bought_again
from small_worlds import (
    SEGMENTS,
    SILENCE,
    Weekly,
    busy,
    described,
    differences,
    experiment,
    forked,
    keys_of,
    lives,
    log_of,
    run,
    run_on,
    small,
    table,
    uncontended,
)

from lifesim.experiment.unit import Unit
from lifesim.population.columns import (
    DAY,
    E_CLAIM,
    E_INQUIRY,
    E_LAPSE,
    E_LIFE_EVENT,
    E_PREMIUM,
    E_PRODUCT_PAGE,
    E_PURCHASE,
    E_REFER,
    E_SERVICE_USE,
    E_SESSION,
    E_STAGE,
    E_SURRENDER,
    E_UNPAID,
    HOLDING,
    OF_FORK,
    PRESENT,
    RENEWAL_UPSELL,
    T_CONSENT,
    T_DELIVERED,
    T_FAILED,
    T_OPENED,
    T_OPTED_OUT,
    T_REACH,
    T_REQUESTED,
    T_WITHDRAWN,
)
from lifesim.population.memory import count
from lifesim.scenario import Scenario
from lifesim.strategy import Practice
from lifesim.world.world import World


def changed(scenario: Scenario, *edits: Any) -> Scenario:
    """The scenario after some edits of its plain data."""
    data = described(scenario)
    for edit in edits:
        edit(data)
    return scenario.replace(**{name: data[name] for name in ("behaviour", "segments", "products", "channels", "desk")})


def no_hazards(data: dict[str, Any]) -> None:
    for group in ("transitions", "processes"):
        for clock in data["behaviour"][group].values():
            clock["rate"] = "0/y"
    data["behaviour"]["life_events"] = {}


def no_sessions(data: dict[str, Any]) -> None:
    data["behaviour"]["sessions"]["rate"] = "0/y"


def all_start_in(stage: str) -> Any:
    def edit(data: dict[str, Any]) -> None:
        for segment in data["segments"].values():
            segment["start"] = {stage: 1.0}

    return edit


def renewals(appeal: float, recovery: float) -> Any:
    """Whether premiums are paid when due, and afterwards in grace, whatever the customer thinks."""

    def edit(data: dict[str, Any]) -> None:
        bought_again(data, {"appeal": appeal, "depends": {}}, {"appeal": recovery, "depends": {}})

    return edit


def every_segment(**changes: Any) -> Any:
    def edit(data: dict[str, Any]) -> None:
        for segment in data["segments"].values():
            segment.update(changes)

    return edit


def every_channel(**changes: Any) -> Any:
    def edit(data: dict[str, Any]) -> None:
        for channel in data["channels"].values():
            channel.update(changes)

    return edit


def still() -> Scenario:
    """A small world in which nobody joins."""
    return small(acquisition={}, market={"luck": 0.0, "season": {}})


def kinds(world: World) -> set[int]:
    return set(log_of(world)["kind"].tolist())


@pytest.mark.parametrize("stage", ["AWARENESS", "FIRST_PURCHASE", "LOST"])
def test_without_hazards_nobody_moves(stage: str) -> None:
    world = run(changed(still(), no_hazards, all_start_in(stage)), busy())
    assert not kinds(world) & {E_STAGE, E_CLAIM, E_REFER, E_LIFE_EVENT, E_PURCHASE}
    assert kinds(world) >= {E_SESSION}
    c = world.state.customers[: count(world.state)]
    assert len(np.unique(c["stage"])) == 1
    assert len(c) == 300


def test_without_hazards_the_calendar_alone_moves_holders() -> None:
    """Notice of a due date, and back when it is paid: dates, not hazards."""
    scenario = changed(still(), no_hazards, no_sessions, all_start_in("HOLDING"), renewals(60, 60))
    log = log_of(run(scenario))
    assert set(log["kind"].tolist()) == {E_STAGE, E_PREMIUM}
    moves = set((log["detail"][log["kind"] == E_STAGE] // 16).tolist())
    assert moves == {HOLDING * 16 + RENEWAL_UPSELL, RENEWAL_UPSELL * 16 + HOLDING}


def test_without_anything_nothing_happens() -> None:
    world = run(changed(still(), no_hazards, no_sessions, all_start_in("AWARENESS")))
    assert kinds(world) == set()
    assert not world.state.outcomes.view(np.uint8).any()


def test_certain_renewals_never_lapse() -> None:
    world = run(changed(still(), all_start_in("HOLDING"), renewals(60, -60)), days=80)
    o = world.state.outcomes
    assert not kinds(world) & {E_UNPAID, E_LAPSE}
    assert o["due"].sum() > 30
    assert np.array_equal(o["due"], o["paid"])


def test_refused_renewals_always_lapse_when_grace_ends() -> None:
    """Every policy due ends exactly one grace period later, unless the customer left before; none is paid."""
    scenario = changed(still(), no_hazards, all_start_in("HOLDING"), renewals(-60, -60))
    world = run(scenario, days=80)
    log, o = log_of(world), world.state.outcomes
    grace = {product.grace for product in scenario.products.values() if product.premium.median > 0}
    assert len(grace) == 1
    unpaid, lapsed = (
        sorted(zip(log["key"][rows], log["time"][rows] + wait, strict=True))
        for rows, wait in ((log["kind"] == E_UNPAID, grace.pop()), (log["kind"] == E_LAPSE, 0))
    )
    assert o["paid"].sum() == 0 and o["due"].sum() == len(unpaid)
    assert len(lapsed) > 10
    assert lapsed == [one for one in unpaid if one[1] < 80 * DAY]


def test_unpaid_premiums_are_recovered_when_grace_ends_if_recovery_is_certain() -> None:
    world = run(changed(still(), no_hazards, all_start_in("HOLDING"), renewals(-60, 60)), days=80)
    log = log_of(world)
    assert E_LAPSE not in kinds(world) and E_SURRENDER not in kinds(world)
    assert np.count_nonzero(log["kind"] == E_PREMIUM) > 10
    held = world.state.policies[world.state.policies["customer"] >= 0]
    at_start = run(changed(still(), no_hazards, all_start_in("HOLDING"), renewals(-60, 60)), days=0)
    assert len(held) == np.count_nonzero(at_start.state.policies["customer"] >= 0)


def fates(world: World) -> Any:
    """What became of touches of all campaigns but the desk. Shape (outcomes,)."""
    others = [k for k, name in enumerate(world.campaigns) if name != "desk"]
    return world.state.touched[others].sum(axis=(0, 1, 2))


def test_nobody_is_touched_whom_no_channel_reaches() -> None:
    world = run(changed(uncontended(small()), every_segment(reach={})), busy())
    found = fates(world)
    assert found[T_REQUESTED] > 1_000
    assert found[T_REACH] == found[T_REQUESTED]
    assert found[T_DELIVERED] == found[T_FAILED] == 0
    assert not world.state.outcomes["sent"][world.state.outcomes["inquiries"] == 0].any()


def test_without_consent_marketing_is_held_back_and_service_is_not() -> None:
    scenario = changed(uncontended(small()), every_segment(consent={}))
    service = Weekly("premium_notice", "sms", "09:30")
    world = run(scenario, busy(notices=service))
    by_campaign = world.state.touched.sum(axis=(1, 2))
    for name in ("news", "offers", "care"):
        found = by_campaign[world.campaigns.index(name)]
        assert found[T_CONSENT] + found[T_REACH] == found[T_REQUESTED] > 0
    assert by_campaign[world.campaigns.index("notices"), T_DELIVERED] > 1_000


def test_channels_that_never_deliver_fail_every_touch() -> None:
    world = run(changed(uncontended(small()), every_channel(delivered=0.0)), busy())
    found = fates(world)
    assert found[T_FAILED] > 1_000
    assert found[T_DELIVERED] == found[T_OPENED] == found[T_OPTED_OUT] == 0
    assert not world.state.outcomes["answered"].any()


@pytest.mark.parametrize(("opened", "expected"), [(0.0, 0), (1.0, 1)])
def test_touches_are_opened_never_or_always(opened: float, expected: int) -> None:
    scenario = changed(small(), every_channel(opened=opened, open_delay="0s", delay="0s", opt_out=0.0))
    world = run(scenario, busy(calls=False))
    found = fates(world)
    assert found[T_DELIVERED] > 1_000
    assert found[T_OPENED] == expected * found[T_DELIVERED]
    assert found[T_OPTED_OUT] == 0


def test_a_certain_opt_out_ends_marketing_over_the_channel() -> None:
    """One delivered push per customer; what travels together with it may still arrive."""
    scenario = changed(small(), every_channel(opt_out=1.0))
    one = Practice(orchestrations={"news": Weekly(share=1.0)})
    world = run(scenario, one)
    o = world.state.outcomes
    assert o["delivered"].max() == 1
    assert np.array_equal(o["opt_outs"], o["delivered"])
    assert o["delivered"].sum() > 50


def test_a_desk_without_seats_answers_nobody() -> None:
    def no_seats(data: dict[str, Any]) -> None:
        data["desk"]["seats"] = {"none": {"per_10k": 0, "calls_per_hour": 3, "skill": 0.0}}

    def curious(data: dict[str, Any]) -> None:
        data["behaviour"]["sessions"]["inquiry"] = 1.0
        data["behaviour"]["transitions"]["AWARENESS.need_formed"]["rate"] = "4/y"

    world = run(changed(small(), no_seats, curious), busy())
    assert np.count_nonzero(log_of(world)["kind"] == E_INQUIRY) > 20
    assert not world.state.outcomes["answered"].any()
    assert not world.state.touched[:, 2, :, T_DELIVERED].any()
    assert world.state.touched[:, 2, :, T_WITHDRAWN].any()


def test_sessions_keep_to_the_hours_of_activity() -> None:
    """No session begins in an hour without activity, and all end where the share of pages is one."""

    def office_hours(data: dict[str, Any]) -> None:
        sessions = data["behaviour"]["sessions"]
        sessions["hours"] = [0] * 9 + [1] * 9 + [0] * 6
        sessions["product_page"] = dict.fromkeys(sessions["product_page"], 1.0)
        sessions["service_use"] = {}

    log = log_of(run(changed(small(), office_hours)))
    sessions = log["kind"] == E_SESSION
    hour = log["time"][sessions] % DAY // 3600
    assert set(hour.tolist()) == set(range(9, 18))
    assert np.count_nonzero(log["kind"] == E_PRODUCT_PAGE) == np.count_nonzero(sessions)
    assert not np.any(log["kind"] == E_SERVICE_USE)


def test_without_warm_up_the_arms_fork_at_the_start() -> None:
    scenario = small(warm_up="0d")
    of = experiment(scenario, {"control": SILENCE, "busy": busy()})
    world = forked(of)
    assert world.now == 0
    c = world.state.customers[: count(world.state)]
    assert np.array_equal((c["marks"] & PRESENT) > 0, c["joined"] <= 0)
    plain = run(scenario, busy(), days=60)
    from_fork = run_on(of, world, busy(), 60 * DAY)[0]
    # Warnings under way at the fork count among those that a save may end, and policies of then are known.
    from_fork.state.policies["marks"] &= ~np.uint8(OF_FORK)
    of_fork = ["long_at_fork", "warnings"]
    expected = ["accounts.credited", "accounts.kind", "customers.marks", *(f"outcomes.{name}" for name in of_fork)]
    assert differences(lives(plain), lives(from_fork)) == expected
    result = of.run(Unit(0, ("north",)))
    assert result.failures == {}
    first = [row for row in table(result, "occupancy") if row["day"] == 0 and row["arm"] == "busy"]
    assert sum(row["customers"] for row in first) == 300


@pytest.mark.parametrize("size", [1, 40])
def test_a_branch_may_be_empty_and_a_world_may_hold_one_customer(size: int) -> None:
    worlds = []
    for branches in ({"north": 1.0, "south": 0.0}, {"north": 1.0}):
        population = {"size": size, "branches": branches, "segments": SEGMENTS}
        worlds.append(run(still().replace(population=population), busy()))
    assert len(keys_of(worlds[0])) >= size
    both = lives(worlds[0]), lives(worlds[1])
    assert differences(*both, ignore=("extra.desk", "extra.graded", "extra.staff")) == []
