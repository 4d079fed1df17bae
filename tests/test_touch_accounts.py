"""The table of touches of a run adds up: what was asked for, or carried over the fork, has come to one end or waits."""

from __future__ import annotations

import numpy as np
from journey_worlds import a_journey, obliging, under
from small_worlds import Weekly, busy, experiment, forked, run, small

import lifesim
from lifesim.population.columns import T_CARRIED_OVER
from lifesim.workforce.leads import DESK
from lifesim.world.under_way import under_way
from lifesim.world.world import World

ENDS = ("delivered", "failed", "withdrawn", "queued")


def test_in_every_cell_of_a_run_what_was_asked_for_has_an_end_or_is_queued() -> None:
    """In a shipped scenario whose touches of the evening wait at midnight, when the arms fork and when they end."""
    scenario = lifesim.load("quiet_hours")
    changed = {
        "population": scenario.population.model_dump(mode="json", by_alias=True) | {"size": 800},
        "experiment": scenario.experiment.model_dump(mode="json") | {"replications": 1},
    }
    # Of seven evenings the cap leaves three: one of them is that before the fork, and one the last.
    result = lifesim.compare(scenario.replace(warm_up="15d", horizon="30d", **changed), workers=1)
    assert not result.failures
    cells = result.tables["touches"].pivot_table(
        index=["arm", "campaign", "channel", "content"], columns="outcome", values="count", aggfunc="sum", fill_value=0
    )
    ended = cells[[name for name in cells if name in ENDS or name.startswith("suppressed_")]].sum(axis=1)
    assert ((cells["requested"] + cells["carried_over"]) == ended).all()
    assert cells["carried_over"].sum() > 100 < cells["queued"].sum()
    assert cells.xs(DESK, level="campaign")["requested"].sum() > 0


def waiting(world: World, name: str) -> int:
    return int(under_way(world.state, world.extra)[world.campaigns.index(name)].sum())


def test_at_the_fork_touches_under_way_are_carried_over_and_nothing_else_is() -> None:
    """Some travel, some wait for a seat: at the fork they have a column of their own, and were not asked for since."""
    practice = busy(more=Weekly("product_offer", "call", "23:30", tuple(range(1, 8)), 0.2))
    world = forked(experiment(small(400), {"control": practice}), practice)
    assert waiting(world, "more") > 20
    assert np.array_equal(world.state.touched[..., T_CARRIED_OVER], under_way(world.state, world.extra))
    assert world.state.touched.sum() == under_way(world.state, world.extra).sum()


def test_a_notice_to_an_agent_is_no_touch() -> None:
    steps = {"tell": {"notify": {"reason": "left"}, "on": {"agent_assigned": "exit"}, "within": "5d", "else": "exit"}}
    world = run(obliging(), under(a_journey(steps, entry={"at": "2026-01-09 23:00"})), days=24.99)
    assert len(world.extra["leads"]) + len(world.extra["calls"]) > 20
    assert waiting(world, "walk") == 0 == world.state.touched[world.campaigns.index("walk")].sum()
