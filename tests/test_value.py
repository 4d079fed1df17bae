"""Money and value of policies, to the fen: cooling-off, commission and its claw-back, cash values, new business."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from chance import check_shares
from quiet_world import Described, clock, events, people, still
from test_premiums import PAYMENT, chances, lived, owed

from lifesim.metrics import METRICS
from lifesim.population.columns import DAY
from lifesim.scenario import STAGES
from lifesim.scenario.behaviour import LAPSE_CAUSES
from lifesim.world.outcomes import outcomes_of
from lifesim.world.world import World

pytestmark = pytest.mark.analytic

N = 6_000
COMMISSION, LATER, MARGIN, LATER_MARGIN = 0.4, 0.1, 0.276, 0.05


def priced(data: Described, **rules: Any) -> Described:
    """Every product with the same commission, margins and rules."""
    for product in data["products"].values():
        product |= {
            "commission": COMMISSION, "renewal_commission": LATER,
            "value": {"margin": MARGIN, "renewal_margin": LATER_MARGIN}, **rules,
        }  # fmt: skip
    return data


def buying(days: int, chance: float = 0.0, **rules: Any) -> World:
    """Everyone buys one policy within weeks, and with a chance does not pay a premium; nothing else happens."""
    data = still(N, days, "FIRST_PURCHASE")
    clock(data, "FIRST_PURCHASE.decide").update(rate="60/y", bands={}, depends={})
    data["behaviour"]["decision"] |= {"comparing": 0.0, "put_off": {"appeal": -50.0}}
    data["behaviour"]["unpaid"] = {cause: {"chance": 0.0, "recovers": 0.0} for cause in LAPSE_CAUSES}
    data["behaviour"]["unpaid"]["forgotten"]["chance"] = chance
    data["behaviour"]["warning"]["silent_start"] = 0.0
    for product in data["products"].values():
        product |= {"needs_person": False, "term": "long", "renewal": None, "recovery": None, "payment": PAYMENT,
                    "cooling_off": {"within": "0d", "returned": 0.0}}  # fmt: skip
    return lived(priced(data, **rules), days)


def fen(share: float, amounts: Any) -> Any:
    """Shares of amounts, each rounded to the fen."""
    return np.rint(amounts * share).astype(np.int64)


def test_a_policy_given_back_leaves_no_fen() -> None:
    """Refund, commission back, no value; within fifteen days; and the customer is a prospect again."""
    world = buying(200, cooling_off={"within": "15d", "returned": 0.3})
    bought, back = events(world, "purchase"), events(world, "returned")
    done = bought[bought["time"] < 180 * DAY]
    mine = np.isin(back["customer"], done["customer"])
    check_shares(len(back[mine]), len(done), 0.3, catches=0.06)
    issued = dict(zip(bought["customer"].tolist(), bought["time"].tolist(), strict=True))
    paid = dict(zip(bought["customer"].tolist(), bought["amount"].tolist(), strict=True))
    after = np.array([time - issued[customer] for time, customer in zip(back["time"], back["customer"], strict=True)])
    assert after.min() > 0 and after.max() <= 15 * DAY + 1
    check_shares(np.count_nonzero(after < 5 * DAY), len(after), 1 / 3, catches=0.1)
    o = world.state.outcomes[:N][back["customer"]]
    assert o["refund"].tolist() == o["premium"].tolist() == [paid[customer] for customer in back["customer"].tolist()]
    assert np.array_equal(o["claw_back"], o["commission"]) and not o["value"].any()
    assert np.all(people(world)["stage"][back["customer"]] == STAGES.index("AWARENESS"))
    assert not people(world)["policies"][back["customer"]].any()


def test_new_business_value_is_margin_times_annualised_premium() -> None:
    world = buying(120)
    o, bought = world.state.outcomes[:N], events(world, "purchase")
    value = np.zeros(N, np.int64)
    np.add.at(value, bought["customer"], fen(MARGIN, bought["amount"]))
    assert np.array_equal(o["value"], value) and len(bought) > 0.9 * N
    assert np.array_equal(o["ape"], o["premium"])
    cost = o["contact"] + o["benefit"] + o["acquisition"]
    assert METRICS["nbv_per_10k"].top(*outcomes_of(world)).sum() == (o["value"] - cost).sum() > 0


def lapsing(year: int) -> World:
    """Nobody pays the premium on one anniversary; those before it everybody pays."""
    data = owed(2_000, 900, years=0.02, unpaid=[0.0] * (year - 1) + [1.0])
    priced(data, claw_back={"within": "395d", "share": 0.5})
    return lived(chances(data, **dict.fromkeys(LAPSE_CAUSES, 0.0) | {"forgotten": 1.0}), 900)


@pytest.mark.parametrize(("year", "returns"), [(1, True), (2, False)])
def test_commission_goes_back_when_a_policy_ends_early(year: int, returns: bool) -> None:
    """A lapse counts from the due date: on the first anniversary it is early, on the second it is not."""
    world = lapsing(year)
    held = world.state.policies[world.state.policies["customer"] >= 0]
    o, premium = world.state.outcomes[held["customer"]], held["premium"]
    assert len(held) == 2_000
    # The first premium was paid before the run began: of it, the run sees the claw-back alone.
    later = fen(LATER, premium) * (year - 1)
    assert np.array_equal(o["commission"], later)
    assert np.array_equal(o["claw_back"], fen(0.5, fen(COMMISSION, premium)) if returns else 0 * premium)
    assert np.array_equal(o["value"], -fen(MARGIN, premium) if returns else fen(LATER_MARGIN, premium) * (year - 1))


def test_a_surrender_pays_the_cash_value_of_its_policy_year() -> None:
    table = [0.0, 0.1, 0.25, 0.4]
    data = priced(owed(N, 1_460, years=0.02), cash_value=table)
    clock(data, "HOLDING.surrender").update(rate="0.4/y", depends={})
    world = lived(data, 1_460)
    ended = events(world, "surrender")
    o, c = world.state.outcomes[:N], ended["customer"]
    held_years = 1 + np.bincount(events(world, "premium")["customer"], minlength=N)[c]
    premium = (o["premium"][c] // np.maximum(held_years - 1, 1)).astype(np.int64)
    shares = np.array(table)[np.minimum(held_years, len(table) - 1)]
    known = held_years > 1
    assert np.array_equal(ended["amount"][known], fen(1.0, premium * held_years * shares)[known])
    assert np.array_equal(o["cash_value"][c], ended["amount"])
    assert {int(years) for years in held_years} >= {1, 2, 3, 4}


def test_cash_flows_are_those_of_the_log() -> None:
    """In total and by customer: what came in and what went out is what happened to policies, and nothing else."""
    data = priced(owed(N, 1_460, years=0.5, reinstated=0.5, frequency={"yearly": 0.5, "quarterly": 0.5}),
                  cash_value=[0.0, 0.2, 0.4], maturity={"after": 3, "pays": 1.1, "of": "premiums"},
                  sum_assured={"multiple": 20.0, "spread": 0.3}, death_benefit={"pays": 0.9})  # fmt: skip
    for product in data["products"].values():
        product["payment"]["years"] = 3
    chances(data, recovers=0.3)
    clock(data, "HOLDING.death").update(rate="0.1/y", depends={})
    clock(data, "HOLDING.surrender").update(rate="0.2/y", depends={})
    world = lived(data, 1_460)
    o = world.state.outcomes[:N]
    for account, kinds in {
        "premium": ("purchase", "premium", "reinstated"),
        "cash_value": ("surrender", "ended"),
        "refund": ("returned",),
        "maturity": ("matured",),
        "death_benefit": ("death",),
    }.items():
        logged = np.zeros(N, np.int64)
        for kind in kinds:
            found = events(world, kind)
            np.add.at(logged, found["customer"], found["amount"])
        assert np.array_equal(o[account], logged), account
    assert o["maturity"].sum() > 0 and o["death_benefit"].sum() > 0
    assert o["cash_value"].sum() > 0 and len(events(world, "reinstated")) > 20 and len(events(world, "ended")) > 20
