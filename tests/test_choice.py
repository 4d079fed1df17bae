"""Coefficients of what customers choose: products, paying, paying after all, opening a message.

One more of a covariate for everyone is the same as its coefficient more appeal: customer by customer, since luck is the
same in both worlds. Without the coefficient nothing would move, and with another one somebody else would.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from quiet_world import KIND, Described, base, begin, clock, events, lived, people, still, with_free_cover
from small_worlds import FirstSeat, Weekly

from lifesim.population.columns import DAY, YEAR
from lifesim.scenario.market import CHANNELS
from lifesim.strategy import Practice

N = 1500
PRODUCTS = list(base().products)
ALTERNATIVES = [*PRODUCTS, "competitor", "put_off"]
PAYS, NEVER_PAYS = {"appeal": 50.0, "depends": {}}, {"appeal": -50.0, "depends": {}}


def one_more(data: Described, covariate: str) -> None:
    """Raise a covariate of everyone by one."""
    behaviour, kind = data["behaviour"], data["segments"][KIND]
    if covariate in behaviour["states"]:
        behaviour["states"][covariate]["baseline"] += 1.0
    elif covariate.startswith("gap_"):
        behaviour["cover"][covariate.removeprefix("gap_")]["years"] += 1.0
    elif covariate in behaviour["traits"]:
        trait = behaviour["traits"][covariate]
        lower = trait["center"] - trait["scale"]
        trait["center"] = trait["center"] / math.exp(trait["scale"]) if trait["log"] else lower
    else:
        kind[{"orphan": "orphans", "policies": "second_policy"}[covariate]] = 1.0


def pairs(described: dict[str, dict[str, float]]) -> list[tuple[str, str, float]]:
    """What depends, on what, and by how much."""
    return [(name, covariate, value) for name, depends in described.items() for covariate, value in depends.items()]


def as_one_more(plain: set[Any], raised: set[Any], appealing: set[Any]) -> None:
    """The covariate moves somebody, and exactly those whom its coefficient moves."""
    assert raised != plain
    assert raised == appealing


# --- products ---------------------------------------------------------------------------------------------------

CHOICES = {name: product.choice for name, product in base().products.items()} | {
    "competitor": base().behaviour.decision.competitor,
    "put_off": base().behaviour.decision.put_off,
}


def deciding(
    name: str, covariate: str = "", appeal: float = 0.0, complexity: float = 0.0, depends: bool = True
) -> set[tuple[int, str]]:
    """What everyone chooses, all products at hand, when one alternative alone has its coefficients and is complex."""
    data = still(N, 60, "FIRST_PURCHASE")
    with_free_cover(data)
    clock(data, "FIRST_PURCHASE.decide").update(rate="60/y", bands={}, depends={})
    decision = data["behaviour"]["decision"]
    decision["comparing"] = 1.0
    for product in data["products"].values():
        product |= {"needs_person": False, "complexity": 0.0}
    if complexity:
        data["products"][name]["complexity"] = complexity
        data["closing"] = {"clarity": 0.3}
    for each in ALTERNATIVES:
        choice = data["products"][each]["choice"] if each in PRODUCTS else decision[each]
        if each == name:
            # So appealing by itself that every coefficient moves somebody.
            choice["appeal"] = appeal
        if each != name or not depends:
            choice["depends"] = {}
    if covariate:
        one_more(data, covariate)
    return {(int(e["customer"]), ALTERNATIVES[e["detail"]]) for e in events(lived(data, 60), "decision")}


@pytest.mark.parametrize(
    ("name", "covariate", "value"), pairs({name: choice.depends for name, choice in CHOICES.items()})
)
def test_choice_follows_covariate(name: str, covariate: str, value: float) -> None:
    plain, raised, appealing = (deciding(name), deciding(name, covariate), deciding(name, appeal=value))
    assert {customer for customer, _ in raised} == {customer for customer, _ in plain}
    as_one_more(plain, raised, appealing)
    # Whoever changes goes to what has become better, or leaves what has become worse.
    changed = raised - plain if value > 0 else plain - raised
    assert {chosen for _, chosen in changed} == {name}


def test_what_helps_to_understand_a_product_counts_by_its_complexity() -> None:
    """One more of clarity is 0.3 more appeal for each unit of complexity, and nothing for a product without any."""
    plain = deciding("whole_life", depends=False)
    assert deciding("whole_life", "clarity", depends=False) == plain
    for complexity in (1.0, 3.0):
        raised = deciding("whole_life", "clarity", complexity=complexity, depends=False)
        as_one_more(plain, raised, deciding("whole_life", appeal=0.3 * complexity, depends=False))


# --- premiums ---------------------------------------------------------------------------------------------------


def paying(way: str, product: str, covariate: str = "", appeal: float = 0.0) -> set[int]:
    """Who pays the premium of the first policy on the due date, or after grace, all being of one product."""
    data = still(N, 420, "HOLDING")
    data["behaviour"]["warning"]["silent_start"] = 0.0
    data["segments"][KIND]["book"] = {product: 1.0}
    described = data["products"][product]
    described["recovery" if way == "renewal" else "renewal"] = PAYS if way == "renewal" else NEVER_PAYS
    described[way]["appeal"] += appeal
    if covariate:
        one_more(data, covariate)
    world = begin(data)[0]
    pool = world.state.policies
    first = pool[(pool["customer"] >= 0) & (pool["number"] == 0)].copy()
    grace = 0 if way == "renewal" else world.scenario.products[product].grace
    world.run(420 * DAY, [])
    paid = {(int(e["time"]), int(e["customer"]), int(e["amount"])) for e in events(world, "premium")}
    # Policies are 36 days old, so that the first due date comes before any leap day.
    return {int(p["customer"]) for p in first if (p["issued"] + YEAR + grace, p["customer"], p["premium"]) in paid}


@pytest.mark.parametrize(
    ("product", "covariate", "value"),
    pairs({name: rule.renewal.depends for name, rule in base().products.items() if rule.renewal}),
)
def test_payment_follows_covariate(product: str, covariate: str, value: float) -> None:
    as_one_more(
        paying("renewal", product), paying("renewal", product, covariate), paying("renewal", product, appeal=value)
    )


@pytest.mark.parametrize(
    ("product", "covariate", "value"),
    pairs({name: rule.recovery.depends for name, rule in base().products.items() if rule.recovery}),
)
def test_recovery_follows_covariate(product: str, covariate: str, value: float) -> None:
    as_one_more(
        paying("recovery", product), paying("recovery", product, covariate), paying("recovery", product, appeal=value)
    )


# --- messages ---------------------------------------------------------------------------------------------------


def opening(channel: str, covariate: str = "", appeal: float = 0.0) -> set[int]:
    """Who opens a message that everyone gets."""
    data = still(N, 6, "AWARENESS")
    log_odds = math.log(0.3 / 0.7) + appeal
    data["channels"][channel] |= {"delivered": 1.0, "opt_out": 0.0, "opened": 1 / (1 + math.exp(-log_odds))}
    data["desk"]["seats"] = {"many": {"per_10k": 10_000, "calls_per_hour": 10, "skill": 0}}
    if covariate:
        one_more(data, covariate)
    news = {"news": Weekly("newsletter", channel, weekdays=(1,), share=1.0)}
    # What people write themselves goes by their seats.
    world, parts = begin(data, Practice(news, allocation=FirstSeat()))
    world.run(6 * DAY, parts)
    assert np.array_equal(np.sort(events(world, "delivered")["customer"]), np.arange(len(people(world))))
    return {int(customer) for customer in events(world, "opened")["customer"]}


@pytest.mark.parametrize(
    ("channel", "covariate", "value"), pairs({name: base().channels[name].depends for name in CHANNELS})
)
def test_opening_follows_covariate(channel: str, covariate: str, value: float) -> None:
    as_one_more(opening(channel), opening(channel, covariate), opening(channel, appeal=value))
