"""Protection gaps: wanted cover less the cover held, by family, in years of income."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from quiet_world import KIND, base, begin, clock, described, events, hazards, lived, set_rate, still

from lifesim.population.columns import LOADED, SUSPENDED, YEAR
from lifesim.population.memory import count
from lifesim.scenario.needs import FAMILIES
from lifesim.strategy import CustomerView
from lifesim.world.world import World


def gaps(world: World) -> Any:
    """Gaps of everyone as an oracle sees them, shape (customers, families)."""
    rows = np.arange(count(world.state))
    view = CustomerView(rows, world.everything, world.state, world.now, world.date(world.now))
    return np.stack([getattr(view, f"gap_{family}") for family in FAMILIES], axis=1)


def by_hand(world: World) -> Any:
    """The same from columns and the scenario, policy by policy."""
    behaviour, products = world.scenario.behaviour, list(world.scenario.products.values())
    n, traits = count(world.state), list(behaviour.traits)
    values = {name: world.state.traits[:n, k].astype(float) for k, name in enumerate(traits)}
    for k, name in enumerate(behaviour.states):
        values[name] = world.state_of_mind(world.state, np.arange(n), k, world.now)
    income = behaviour.traits["income"].center * np.exp(behaviour.traits["income"].scale * values["income"])
    held = np.zeros((n, len(FAMILIES)))
    for policy in world.state.policies:
        if policy["customer"] >= 0 and policy["status"] < SUSPENDED:
            product = products[policy["product"]]
            key = world.state.customers["key"][[policy["customer"]]]
            z = world.streams.normals("sum assured", key, policy["number"])
            spread = product.sum_assured.spread
            loading = product.underwriting.loading if product.underwriting and policy["marks"] & LOADED else 1.0
            multiple = product.sum_assured.multiple * np.exp(spread * (z[0] - spread / 2)) / loading
            cover = policy["premium"] / 100 * multiple
            held[policy["customer"], FAMILIES.index(product.family)] += cover
    wanted = []
    for family in FAMILIES:
        cover = behaviour.cover[family]
        wanted.append(cover.years * np.exp(sum(b * values[name] for name, b in cover.depends.items())))
    return np.maximum(0.0, np.stack(wanted, axis=1) - held / income[:, None])


@pytest.mark.analytic
def test_gaps_are_those_computed_by_hand() -> None:
    """In a world in which policies are bought, lapse, rest and are reinstated, with life events that move needs."""
    data = described(1200, 500, {"HOLDING": 0.7, "AWARENESS": 0.3})
    data["segments"][KIND]["second_policy"] = 0.5
    data["behaviour"]["unpaid"]["forgotten"]["chance"] = 0.5
    data["behaviour"]["life_events"]["child"] = {"rate": "0.5/y", "impulses": {"present_need_health": 1.0}}
    world = lived(data, 500)
    policies = world.state.policies[world.state.policies["customer"] >= 0]
    assert np.count_nonzero(policies["status"] == SUSPENDED) > 20
    assert np.bincount(policies["customer"]).max() >= 2
    expected = by_hand(world)
    assert all(0 < np.count_nonzero(expected[:, k] == 0) < len(expected) for k in range(2))
    np.testing.assert_allclose(gaps(world), expected, rtol=1e-6, atol=1e-9)


def test_a_policy_closes_the_gap_of_its_family_alone() -> None:
    """Of those bought within the run and not handed back, whoever holds one has a smaller gap, and no other has."""
    data = still(400, 30, "RENEWAL_UPSELL")
    for product in data["products"].values():
        product["sum_assured"] = {"multiple": 5.0}
    set_rate(data, "RENEWAL_UPSELL.upsell", 200)
    before, after = gaps(begin(data)[0]), gaps(world := lived(data, 30))
    products = list(world.scenario.products.values())
    bought: dict[int, set[str]] = {}
    for policy in world.state.policies[world.state.policies["customer"] >= 0]:
        if policy["issued"] > 0:
            bought.setdefault(int(policy["customer"]), set()).add(products[policy["product"]].family)
    assert len(bought) > 200
    for k, family in enumerate(FAMILIES):
        closed = {customer for customer, families in bought.items() if family in families}
        fell = set(np.flatnonzero(after[:, k] < before[:, k]).tolist())
        assert fell == {c for c in closed if before[c, k] > 0} and len(fell) > 10
        others = np.setdiff1d(np.arange(len(before)), sorted(closed))
        np.testing.assert_array_equal(after[others, k], before[others, k])


def test_hazards_follow_the_gap_of_each_customer() -> None:
    """Logarithms of the upsell hazard with and without cover differ by coefficient x gap."""
    with_cover = still(600, 1, "RENEWAL_UPSELL")
    with_cover["behaviour"]["cover"] = base().model_dump(mode="json")["behaviour"]["cover"]
    for name, product in with_cover["products"].items():
        product["sum_assured"] = base().products[name].sum_assured.model_dump()
    set_rate(with_cover, "RENEWAL_UPSELL.upsell", 1)
    without = still(600, 1, "RENEWAL_UPSELL")
    without["behaviour"]["cover"] = {}
    set_rate(without, "RENEWAL_UPSELL.upsell", 1)
    world = begin(with_cover)[0]
    who, rate = hazards(world, "RENEWAL_UPSELL.upsell")
    ratio = np.log(rate / hazards(begin(without)[0], "RENEWAL_UPSELL.upsell")[1])
    depends = base().behaviour.transitions["RENEWAL_UPSELL.upsell"].depends
    coefficients = np.array([depends[f"gap_{family}"] for family in FAMILIES])
    assert np.all(coefficients > 0) and np.std(gaps(world)[who] @ coefficients) > 0.1
    np.testing.assert_allclose(ratio, gaps(world)[who] @ coefficients, atol=1e-5)


@pytest.mark.parametrize("name", ["AWARENESS.need_formed", "HOLDING.needs_grow", "refer"])
def test_hazards_of_any_stage_may_depend_on_a_gap(name: str) -> None:
    """A clock that did not depend on a gap does so once the scenario says it."""
    data = still(300, 1, "AWARENESS" if name.startswith("AWARENESS") else "HOLDING")
    set_rate(data, name, 1)
    who, before = hazards(begin(data)[0], name)
    clock(data, name)["depends"]["gap_wealth"] = 0.7
    np.testing.assert_allclose(hazards(begin(data)[0], name)[1] / before, np.exp(0.7), rtol=1e-5)
    assert len(who) == 300


def test_a_child_opens_gaps() -> None:
    """The need that a life event moves is wanted cover: exp(coefficient x impulse) times as much of it."""
    data = still(300, 60, "AWARENESS")
    data["behaviour"]["cover"] = {"health": {"years": 2.0, "depends": {"present_need_health": 0.5}}}
    data["behaviour"]["states"]["present_need_health"]["half_life"] = "60y"
    before = gaps(begin(data)[0])
    data["behaviour"]["life_events"] = {"child": {"rate": "2/y", "impulses": {"present_need_health": 0.8}}}
    world = lived(data, 60)
    children = np.bincount(events(world, "life_event")["customer"], minlength=300)
    assert set(children) >= {0, 1}
    np.testing.assert_allclose(gaps(world)[:, 1], before[:, 1] * np.exp(0.5 * 0.8 * children), rtol=2e-3)
    assert not gaps(world)[:, [0, 2]].any()


def test_no_strategy_sees_a_gap_and_an_oracle_does() -> None:
    world = begin(still(50, 1, "HOLDING"))[0]
    rows = np.arange(50)
    view = CustomerView(rows, world.observed, world.state, 0, world.date(0))
    for family in FAMILIES:
        assert f"gap_{family}" in world.everything and f"gap_{family}" not in world.observed
        with pytest.raises(AttributeError):
            getattr(view, f"gap_{family}")


# --- how much more a customer buys ------------------------------------------------------------------------------


@pytest.mark.parametrize(("years", "factor"), [(0.0, 1.0), (2.5, 1.4), (5.0, 1.8), (15.0, 1.8)])
def test_premium_potential_reaches_its_bound_and_goes_no_further(years: float, factor: float) -> None:
    """The first premium, 1.4 times it half-way to maturity, 1.8 times from then on, however long ago that was."""
    upsell = base().behaviour.upsell
    assert (upsell.potential, upsell.maturity) == (1.8, 5 * YEAR)
    data = still(200, 3, "RENEWAL_UPSELL")
    age = max(years, 0.001)
    data["segments"][KIND]["policy_years"] = {"median": age, "spread": 0.0, "low": age, "high": age}
    for product in data["products"].values():
        product["premium"] |= {"spread": 0.0, "income_elasticity": 0.0}
        if product["payment"]:
            product["payment"]["frequency"] = {"yearly": 1.0}
    clock(data, "RENEWAL_UPSELL.upsell")["rate"] = "500/y"
    world = lived(data, 3)
    bought = events(world, "purchase")
    median = np.array([p.premium.median for p in world.scenario.products.values()])[bought["detail"]]
    assert len(bought) > 100
    np.testing.assert_allclose(bought["amount"] / median, factor, atol=0.003)
    assert np.all(bought["amount"] <= 1.8 * median + 1)
