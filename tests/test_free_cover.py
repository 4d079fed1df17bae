"""Free cover: a policy without a premium, which is no purchase, costs something to give and runs out by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from quiet_world import Described, begin, clock, events, people, still, with_free_cover
from test_hand_books import measured, short_term

from lifesim.errors import ScenarioError
from lifesim.population.columns import DAY, FIRST_BOUGHT, NO_DAY, PURCHASE
from lifesim.scenario import STAGES
from lifesim.scenario.market import CHANNELS
from lifesim.world.world import World

N = 300
CONSENTS = (1 << len(CHANNELS)) - 1


def giving(days: int) -> Described:
    """Everyone decides within days of the start, and takes free cover, which costs us 2 CNY."""
    data = still(N, days, "FIRST_PURCHASE")
    with_free_cover(data)
    clock(data, "FIRST_PURCHASE.decide").update(rate="3650/y", bands={}, depends={})
    data["behaviour"]["decision"] |= {"comparing": 0.0, "put_off": {"appeal": -1e6}}
    for product in data["products"].values():
        product["choice"] = {"appeal": -1e6}
    data["products"]["free_cover"] |= {"choice": {"appeal": 0.0}, "gift": "2 CNY"}
    for segment in data["segments"].values():
        segment["consent"] = dict.fromkeys(segment["consent"], 0.0)
    return data


def lived(data: Described, days: int) -> World:
    world = begin(data)[0]
    world.run(days * DAY, [])
    return world


def test_free_cover_is_no_purchase_and_gives_consent() -> None:
    before = begin(giving(60))[0]
    assert not people(before)["consent"].any()
    world = lived(giving(60), 60)
    c, o = people(world), world.state.outcomes[:N]
    assert len(events(world, "purchase")) == N and np.all(c["policies"] == 1)
    assert np.all(c["stage"] == STAGES.index("HOLDING"))
    assert not (c["marks"] & FIRST_BOUGHT).any() and np.all(c["milestones"][:, PURCHASE] == NO_DAY)
    assert np.all(c["consent"] & CONSENTS == CONSENTS)
    for name in ("purchases", "first_purchases", "premium", "ape", "commission", "value", "new_month_13"):
        assert not o[name].any(), name
    # Whoever is given it holds a policy from then on: it is no cost of a prospect.
    assert np.all(o["benefit"] == 200) and not o["prospecting"].any() and np.all(o["worth"] < 0)


def test_free_cover_runs_out_after_a_year_without_a_premium_due() -> None:
    world = lived(giving(400), 400)
    c, o = people(world), world.state.outcomes[:N]
    begun = {int(e["customer"]): int(e["time"]) for e in events(world, "purchase")[:N]}
    ended = events(world, "ended")
    assert {int(e["customer"]): int(e["time"]) - 365 * DAY for e in ended} == begun
    assert not ended["amount"].any() and not len(events(world, "unpaid")) and not len(events(world, "lapse"))
    assert np.all(c["policies"] == 0) and np.all(c["stage"] == STAGES.index("AWARENESS"))
    for name in ("due", "due_settled", "short_due", "losses", "claw_back"):
        assert not o[name].any(), name


def test_what_a_holder_of_free_cover_buys_first_is_a_first_purchase() -> None:
    """And never free cover again, however much it appeals."""
    data = giving(200)
    for name in ("HOLDING.needs_grow", "RENEWAL_UPSELL.upsell"):
        clock(data, name).update(rate="3650/y", depends={})
    data["behaviour"]["transitions"]["HOLDING.needs_grow"]["rate"] = "20/y"
    short_term(data, "accident", {"appeal": 50.0})
    data["products"]["accident"]["choice"] = {"appeal": -1e5}
    world = lived(data, 200)
    o, products = world.state.outcomes[:N], list(world.scenario.products)
    assert np.all(o["first_purchases"] == 1) and np.all(people(world)["marks"] & FIRST_BOUGHT)
    assert np.all(o["purchases"] == people(world)["policies"] - 1) and o["purchases"].min() >= 1
    held = world.state.policies[world.state.policies["customer"] >= 0]
    assert np.count_nonzero(held["product"] == products.index("free_cover")) == N


def test_a_book_of_free_cover_divides_nothing_by_zero(tmp_path: Any) -> None:
    book = "customer,product,issued,premium\none,free_cover,2025-09-01,0\ntwo,free_cover,2025-10-01,0\n"
    found = measured(giving(300), tmp_path, book)
    assert found["retention_rate"] == (0, 2) and found["premium_payment_rate"] == (0, 0)
    assert found["average_premium"] == (0, 0) and found["rebuy_rate"] == (0, 0)


@pytest.mark.parametrize(
    ("product", "changes", "says"),
    [
        ("accident", {"gift": 100}, "is for free cover"),
        ("annuity", {"premium": {"median": 0, "spread": 0, "income_elasticity": 0}}, "needs a premium above zero"),
        ("annuity", {"complexity": -1}, "must not be negative"),
        ("annuity", {"cash_value": [60]}, "60 is not between 0 and 10 times the premiums paid"),
    ],
)
def test_what_no_product_can_be(product: str, changes: dict[str, Any], says: str) -> None:
    from quiet_world import base

    data = giving(10)
    data["products"][product] |= changes
    with pytest.raises(ScenarioError, match=says):
        base().replace(**data)
