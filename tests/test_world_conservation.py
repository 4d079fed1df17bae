"""What a world holds adds up: customers, policies, touches, leads, and the linked lists they hang on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small_worlds import busy, described, experiment, forked, keys_of, log_of, new_world, run_on, small

from lifesim.experiment.unit import Experiment
from lifesim.population.columns import (
    BLOCK,
    DAY,
    E_STAGE,
    N_STAGES,
    NEVER,
    NONE,
    SUSPENDED,
    T_CAP,
    T_CARRIED_OVER,
    T_CONSENT,
    T_DELIVERED,
    T_FAILED,
    T_OPENED,
    T_OPTED_OUT,
    T_REACH,
    T_REQUESTED,
    T_TARGETING,
    T_WITHDRAWN,
    TRAVELLING,
)
from lifesim.population.memory import count
from lifesim.scenario.market import CHANNELS
from lifesim.workforce.leads import DESK_MEASURES
from lifesim.world.parts import Observer
from lifesim.world.world import World

PRACTICE = busy()
#: Seconds after a campaign has sent: touches are on their way.
SENT = 11 * 3600 + 60
SUPPRESSED = (T_CONSENT, T_REACH, T_CAP, T_TARGETING)
WAKES = ("touch_at", "policy_at", "life_at", "clock_at", "refresh_at", "session_at")
CALL = CHANNELS.index("call")
MEASURE = {name: place for place, name in enumerate(DESK_MEASURES)}


@pytest.fixture(scope="module")
def of() -> Experiment:
    """Two branches with many needs, inquiries and recommendations, and desks that serve some and lose others."""
    scenario = small({"north": 400, "south": 250}, horizon="120d")
    data = described(scenario)
    data["behaviour"]["processes"]["refer"]["rate"] = "2/y"
    data["behaviour"]["transitions"]["AWARENESS.need_formed"]["rate"] = "3/y"
    data["behaviour"]["sessions"]["inquiry"] = 1.0
    seats = {"few": {"per_10k": 8, "calls_per_hour": 1, "skill": 0.0}}
    busier = scenario.replace(behaviour=data["behaviour"], desk=data["desk"] | {"seats": seats})
    return experiment(busier, {"control": PRACTICE})


@pytest.fixture(scope="module")
def from_the_start(of: Experiment) -> tuple[World, Observer, Any]:
    """A world from time 0 to a Friday morning, watched every day; stages at the start by key."""
    world = new_world(of)
    at_start = dict(zip(keys_of(world).tolist(), world.state.customers["stage"].tolist(), strict=False))
    observer = Observer(0, 200 * DAY, days=1)
    world.run(115 * DAY + SENT, [*of.parts(world, PRACTICE), observer])
    return world, observer, at_start


@pytest.fixture(scope="module")
def since_the_fork(of: Experiment) -> tuple[World, Any]:
    """A world run from its fork, and what was under way at the fork, by campaign, channel and content."""
    world = forked(of, PRACTICE)
    before = under_way(world)
    return run_on(of, world, PRACTICE, 101 * DAY + SENT)[0], before


@pytest.fixture(scope="module", params=["from the start", "since the fork"])
def world(request: pytest.FixtureRequest, from_the_start: Any, since_the_fork: Any) -> World:
    found: World = (from_the_start if request.param == "from the start" else since_the_fork)[0]
    return found


def test_stages_sum_to_the_population_every_day(from_the_start: tuple[World, Observer, Any]) -> None:
    world, observer, _ = from_the_start
    joined = world.state.customers["joined"][: count(world.state)]
    assert set(observer.counted) == set(range(116))
    assert joined.max() > 100 * DAY
    for day, counted in observer.counted.items():
        assert counted.sum() == np.count_nonzero(joined <= day * DAY)


def test_the_log_of_moves_leads_to_the_stages_observed(from_the_start: tuple[World, Observer, Any]) -> None:
    """Replaying every move from the start gives the counts of every day, and each customer's stage at the end."""
    world, observer, at_start = from_the_start
    log, c = log_of(world), world.state.customers[: count(world.state)]
    rows = np.flatnonzero(log["kind"] == E_STAGE)
    moves = list(zip(*(log[name][rows].tolist() for name in ("time", "key", "detail")), strict=True))
    joined = dict(zip(c["key"].tolist(), c["joined"].tolist(), strict=True))
    stage = dict.fromkeys(joined, 0) | at_start
    for day, counted in observer.counted.items():
        while moves and moves[0][0] < day * DAY:
            _, key, detail = moves.pop(0)
            assert stage[key] == detail // 256
            stage[key] = detail // 16 % 16
        here = [now for key, now in stage.items() if joined[key] <= day * DAY]
        assert np.array_equal(np.bincount(here, minlength=N_STAGES), counted.sum(axis=(0, 1)))
    assert len(rows) - len(moves) > 100
    stage |= {key: detail // 16 % 16 for _, key, detail in moves}
    assert stage == dict(zip(c["key"].tolist(), c["stage"].tolist(), strict=True))


def under_way(world: World) -> Any:
    """Touches on their way and campaign calls in the pool. Shape (campaigns, channels, contents)."""
    out = np.zeros(world.state.touched.shape[:3], np.int64)
    touches = world.state.touches[(world.state.touches["customer"] >= 0)]
    touches = touches[touches["status"] == TRAVELLING]
    np.add.at(out, (touches["campaign"], touches["channel"], touches["content"]), 1)
    calls = world.extra["leads"]
    calls = calls[calls["inquiry"] == 0]
    np.add.at(out, (calls["campaign"], CALL, calls["content"]), 1)
    return out


def test_every_touch_requested_is_accounted_for(from_the_start: Any, since_the_fork: Any) -> None:
    """Requested + carried over = delivered + failed + suppressed by reason + withdrawn + under way; the desk's too."""
    for world, before in ((from_the_start[0], 0), since_the_fork):
        t = world.state.touched
        ended = t[..., T_DELIVERED] + t[..., T_FAILED] + t[..., SUPPRESSED].sum(axis=-1) + t[..., T_WITHDRAWN]
        assert not (t[..., T_REQUESTED] + t[..., T_CARRIED_OVER] - ended - under_way(world)).any()
        assert np.array_equal(t[..., T_CARRIED_OVER], np.broadcast_to(before, t.shape[:-1]))
        assert t[world.campaigns.index("desk"), ..., T_REQUESTED].sum() > 10, "inquiries are answered"
        # Those who refuse targeting are not even seen by a campaign.
        missing = {k for k in range(t.shape[-1]) if not t[..., k].any()}
        assert missing <= {T_TARGETING, T_CARRIED_OVER}, "not every outcome occurs"
        assert np.all(t[..., T_OPENED] <= t[..., T_DELIVERED] + np.asarray(before).sum())
        assert np.all(t[..., T_OPTED_OUT] <= t[..., T_DELIVERED])


def test_every_lead_is_accounted_for(from_the_start: Any) -> None:
    """Inquiries and campaign calls = granted + gave up + waiting; what was granted arrives, fails or travels."""
    world = from_the_start[0]
    measures, t = world.extra["desk"].sum(axis=0), world.state.touched
    # The desk's own touches answer inquiries, which have been counted as requests to it.
    of_campaigns = [k for k, name in enumerate(world.campaigns) if name != "desk"]
    calls = t[of_campaigns, CALL][..., T_REQUESTED].sum() - t[of_campaigns, CALL][..., SUPPRESSED].sum()
    asked = measures[MEASURE["requests"]]
    gone = measures[MEASURE["granted"]] + measures[MEASURE["gave_up"]]
    assert asked > 10 and measures[MEASURE["gave_up"]] > 10
    assert asked + calls == gone + len(world.extra["leads"])
    touches = world.state.touches[world.state.touches["customer"] >= 0]
    travelling = np.count_nonzero((touches["channel"] == CALL) & (touches["status"] == TRAVELLING))
    arrived = t[:, CALL, :, T_DELIVERED].sum() + t[:, CALL, :, T_FAILED].sum()
    assert measures[MEASURE["granted"]] == arrived + travelling


def test_outcomes_of_customers_sum_to_the_table_of_touches(from_the_start: Any) -> None:
    world = from_the_start[0]
    o, t = world.state.outcomes, world.state.touched
    assert o["delivered"].sum() == t[..., T_DELIVERED].sum()
    assert o["opened"].sum() == t[..., T_OPENED].sum()
    ended = ("opt_outs", "unfollows", "deletions")
    assert sum(o[name].sum() for name in ended) == t[..., T_OPTED_OUT].sum()
    written = [k for k in range(len(CHANNELS)) if k != CALL]
    sent = t[:, written][..., T_REQUESTED] - t[:, written][..., SUPPRESSED].sum(axis=-1)
    assert o["sent"].sum() == sent.sum() + world.extra["desk"][:, MEASURE["granted"]].sum()


def chain(pool: Any, first: int) -> list[int]:
    """Places of a linked list; fails on a circle."""
    places: list[int] = []
    seen = set()
    while first != NONE:
        assert first not in seen, "the list runs in a circle"
        seen.add(first)
        places.append(first)
        first = int(pool["next"][first])
    return places


@pytest.mark.parametrize(("name", "head", "free"), [
    ("policies", "first_policy", "free_policy"), ("touches", "first_touch", "free_touch"),
])  # fmt: skip
def test_pools_are_lists_of_customers_and_a_list_of_free_places(world: World, name: str, head: str, free: str) -> None:
    """Every place is in exactly one list: that of the customer it names, or the free one."""
    pool = getattr(world.state, name)
    taken: list[int] = []
    for row in range(count(world.state)):
        places = chain(pool, int(world.state.customers[head][row]))
        assert np.all(pool["customer"][places] == row)
        taken += places
    spare = chain(pool, int(world.state.counts[free][0]))
    assert np.all(pool["customer"][spare] == NONE)
    assert sorted(taken + spare) == list(range(len(pool)))
    assert len(taken) > 10
    if name == "touches":
        assert world.state.counts["touches_left"][0] == len(spare)


def test_policies_of_the_pool_are_those_that_customers_count(world: World) -> None:
    n, pool = count(world.state), world.state.policies
    held = pool["customer"][(pool["customer"] >= 0) & (pool["status"] < SUSPENDED)]
    assert np.array_equal(np.bincount(held, minlength=n), world.state.customers["policies"][:n])
    c = world.state.customers[:n]
    assert np.all(c["bought"] >= c["policies"])
    numbers = {(int(p["customer"]), int(p["number"])) for p in pool if p["customer"] >= 0}
    assert len(numbers) == np.count_nonzero(pool["customer"] >= 0), "a number is given twice"


def test_the_next_date_of_every_customer_is_the_earliest(world: World) -> None:
    n, state = count(world.state), world.state
    for pool, column in ((state.policies, "policy_at"), (state.touches, "touch_at")):
        earliest = np.full(n, NEVER, np.int64)
        used = pool[pool["customer"] >= 0]
        np.minimum.at(earliest, used["customer"], used["at"])
        assert np.array_equal(earliest, state.customers[column][:n])
    wakes = np.min([state.customers[name][:n] for name in WAKES], axis=0)
    assert wakes.min() >= world.now, "somebody was left behind"
    held = state.customers["held"][:n] > 0
    assert np.array_equal(state.due[:n], np.where(held, NEVER, wakes))
    used = np.arange(len(state.due)) < n
    blocks = np.where(used, state.due, NEVER).reshape(-1, BLOCK).min(axis=1)
    assert np.array_equal(blocks, state.wake)


def test_customers_are_held_while_they_wait(world: World) -> None:
    n = count(world.state)
    waiting = np.concatenate([world.extra[name]["customer"] for name in ("inquiries", "leads")])
    assert len(waiting) > 0
    assert np.array_equal(np.bincount(waiting, minlength=n), world.state.customers["held"][:n])


def test_an_inquiry_waits_until_it_is_answered_or_given_up(world: World) -> None:
    n = count(world.state)
    leads, touches = world.extra["leads"], world.state.touches
    called = touches["customer"][(touches["customer"] >= 0) & (touches["lead"] == 1)]
    open_ones = (world.extra["inquiries"]["customer"], leads["customer"][leads["inquiry"] == 1], called)
    waits = np.bincount(np.concatenate(open_ones), minlength=n)
    assert np.array_equal(waits, world.state.customers["waits"][:n])
