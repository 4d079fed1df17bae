"""Offers that speak to one need: they help by the gap, and harm where there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from quiet_world import Described, base, begin, events, people, set_rate, still
from small_worlds import Weekly

from lifesim.population.columns import DAY
from lifesim.strategy import Practice
from lifesim.world.world import World

OFFER = Practice({"offers": Weekly("health_offer", "push", weekdays=(1,), share=1.0)})
AIM = {"family": "health", "gap": 4.0, "harm": {"trust": 0.3, "satisfaction": 0.2}}


def offered(stage: str, gap: float, days: int = 5, **change: Any) -> Described:
    """Customers with the same gap in health, and none elsewhere, who all open an offer on the first Monday."""
    data = still(400, days, stage)
    data["behaviour"]["cover"] = {"health": {"years": gap}}
    data["channels"]["push"] |= {"delivered": 1.0, "opened": 1.0, "depends": {}, "fatigue": 0.0, "opt_out": 0.0}
    data["channels"]["push"] |= {"delay": "0s", "open_delay": "0s"}
    offer = {"impulses": {"trust": 0.1}, "lifts": {"RENEWAL_UPSELL.upsell": 2.0}, "fit": {}, "aim": AIM, "visit": 0.0}
    data["contents"]["health_offer"] |= offer | change
    return data


def after(data: Described, days: int) -> World:
    world, parts = begin(data, OFFER)
    world.run(days * DAY, parts)
    return world


def moved(world: World, state: str) -> Any:
    """By how much a state was moved when the offer was opened, customer by customer."""
    assert len(events(world, "opened")) == len(people(world))
    names = list(world.scenario.behaviour.states)
    return world.state.mind["offset"][: len(people(world)), names.index(state)]


@pytest.mark.parametrize(("gap", "to_the_point"), [(0.0, 0.0), (1.0, 0.25), (3.0, 0.75), (4.0, 1.0), (9.0, 1.0)])
def test_help_grows_with_the_gap_and_harm_shrinks(gap: float, to_the_point: float) -> None:
    world = after(offered("RENEWAL_UPSELL", gap), 5)
    np.testing.assert_allclose(moved(world, "trust"), 0.1 * to_the_point - 0.3 * (1 - to_the_point), atol=1e-6)
    np.testing.assert_allclose(moved(world, "satisfaction"), -0.2 * (1 - to_the_point), atol=1e-6)


def test_the_gap_is_that_of_the_family_that_the_offer_names() -> None:
    """A customer who lacks health cover alone is harmed by an offer of savings."""
    world = after(offered("RENEWAL_UPSELL", 9.0, aim=AIM | {"family": "wealth"}), 5)
    np.testing.assert_allclose(moved(world, "trust"), -0.3, atol=1e-6)


def test_an_offer_without_an_aim_asks_for_no_gap() -> None:
    for gap in (0.0, 9.0):
        np.testing.assert_allclose(moved(after(offered("RENEWAL_UPSELL", gap, aim=None), 5), "trust"), 0.1, atol=1e-6)


def test_pressure_in_the_wrong_stage_is_not_relieved_by_a_small_gap() -> None:
    for gap, harm in ((0.0, 0.3), (9.0, 0.0)):
        world = after(offered("AWARENESS", gap, fit={"AWARENESS": -1.0}), 5)
        np.testing.assert_allclose(moved(world, "trust"), -0.1 - harm, atol=1e-6)


def test_lifts_grow_with_the_gap() -> None:
    """The extra hazard of the upsell clock at the moment of opening."""
    excess = {}
    for gap in (0.0, 1.0, 2.0, 8.0):
        data = offered("RENEWAL_UPSELL", gap)
        # The hazard itself does not depend on the gap here, so that only the lift does.
        data["behaviour"]["transitions"]["RENEWAL_UPSELL.upsell"] |= {"rate": "1e-3/y", "depends": {}}
        world = after(data, 5)
        excess[gap] = world.state.lifts["excess"][:400, 0].astype(float)
    assert not excess[0.0].any() and np.all(excess[8.0] > 0)
    np.testing.assert_allclose(excess[1.0], 0.25 * excess[8.0], rtol=1e-5)
    np.testing.assert_allclose(excess[2.0], 0.5 * excess[8.0], rtol=1e-5)


def test_precise_cross_sell_sells_and_ill_aimed_cross_sell_drives_away() -> None:
    """Where cover lacks, the offer of the base market brings upsells; where it does not, dissatisfaction."""
    offer = base().model_dump(mode="json")["contents"]["health_offer"]
    bought, warned = {}, {}
    for gap in (0.0, 6.0):
        for practice in (Practice(), OFFER):
            data = offered("RENEWAL_UPSELL", gap, 60)
            data["population"]["size"] = 4000
            data["contents"]["health_offer"] = offer | {"visit": 0.0}
            set_rate(data, "RENEWAL_UPSELL.upsell", 10)
            set_rate(data, "RENEWAL_UPSELL.dissatisfied", 5)
            world, parts = begin(data, practice)
            world.run(60 * DAY, parts)
            case = (gap, practice is OFFER)
            bought[case] = len(set(events(world, "purchase")["customer"]))
            warned[case] = np.count_nonzero(people(world)["visits"][:, 4])
    assert bought[6.0, True] > 1.1 * bought[6.0, False] > 0
    assert bought[0.0, True] < bought[0.0, False]
    assert warned[0.0, True] > 1.1 * warned[0.0, False] > 0
    assert warned[6.0, True] < warned[0.0, True] * warned[6.0, False] / warned[0.0, False]
