"""Closing power: what the choice among products loses by who advised the customer."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from quiet_world import KIND, base, begin, clock, events, people, still
from small_worlds import FirstSeat, Weekly

from lifesim.errors import ScenarioError
from lifesim.population.columns import ADVISED_BY, DAY
from lifesim.scenario.channels import CHANNELS
from lifesim.strategy import Practice

N = 2_000
POWER: dict[str, Any] = {
    "online": 0.36, "served": 0.67, "best": 0.74, "by_complexity": 0.4, "by_premium": 0.2, "premium": "600 CNY",
}  # fmt: skip
SIMPLE, HARD = "accident", "term_life"


def odds(share: float) -> float:
    return math.log(share / (1 - share))


def difficulty(complexity: float = 2.0, premium: float = 6_000.0) -> float:
    return 0.4 * complexity + 0.2 * math.log(premium / 600.0)


def shop(stage: str, campaigns: dict[str, Any], closing: dict[str, float], person: bool = False, **kind: Any) -> Any:
    """A world of customers who choose, from day 6 on, between a simple product, a hard one, and later."""
    data = still(N, 60, stage)
    first, again = clock(data, "FIRST_PURCHASE.decide"), clock(data, "RENEWAL_UPSELL.upsell")
    for each in (first, again):
        each.update(rate="40/y", bands={"0d": 0, "6d": 1}, depends={})
    data["behaviour"]["decision"] |= {"comparing": 0.0, "put_off": {"appeal": 0.0, "depends": {}}}
    data["products"] = {name: data["products"][name] for name in (SIMPLE, HARD)}
    for name, product in data["products"].items():
        product |= {"needs_person": person and name == HARD, "choice": {"appeal": 0.0, "depends": {}}}
    data["products"][SIMPLE] |= {"complexity": 0.0}
    data["products"][HARD] |= {"complexity": 2.0}
    data["products"][HARD]["premium"] |= {"median": "6_000 CNY"}
    data["closing"] = {}
    data["closing_power"] = dict(POWER)
    data["desk"]["seats"] = {"many": {"per_10k": 10_000, "calls_per_hour": 10, "skill": 0}}
    for name, channel in data["channels"].items():
        channel |= {"closing": closing.get(name), "delivered": 1.0, "opened": 1.0, "depends": {}, "opt_out": 0.0}
    data["contents"]["note"] = {"kind": "service", "visit": 0.0}
    for segment in data["segments"].values():
        segment["book"] = {SIMPLE: 1.0}
    for content in data["contents"].values():
        content["page"] = None
    data["segments"][KIND] |= kind
    world, parts = begin(data, Practice(campaigns, allocation=FirstSeat()))
    world.run(60 * DAY, parts)
    return world


def said(channel: str, day: int) -> Weekly:
    """Everyone is told something, on one day of the week in which nobody decides yet."""
    return Weekly("note", channel, weekdays=(day,), share=1.0)


def bought(world: Any) -> tuple[set[int], set[int], int]:
    """Who chose the hard product first, who the simple one, and how many chose at all, from the fourth day on."""
    seen: dict[int, int] = {}
    chosen = events(world, "decision")
    for each in chosen if len(chosen) else events(world, "purchase"):
        if each["time"] >= 3 * DAY:
            seen.setdefault(int(each["customer"]), int(each["detail"]))
    hard, simple = ({who for who, what in seen.items() if what == k} for k in (1, 0))
    return hard, simple, len(seen)


def near(count: int, n: int, share: float) -> bool:
    """False failure of 1e-6 is 4.9 deviations."""
    return bool(abs(count - n * share) < 4.9 * math.sqrt(n * share * (1 - share)))


def shares(lost: float) -> tuple[float, float]:
    """Of the hard and of the simple product, beside not now; all without an appeal."""
    hard = math.exp(-difficulty() * lost)
    return hard / (hard + 2.0), 1.0 / (hard + 2.0)


@pytest.mark.parametrize(
    ("channel", "closing", "share"),
    [("push", None, 0.36), ("call", 0.60, 0.60), ("wecom", 0.74, 0.74), ("call", 0.20, 0.36), ("call", 0.90, 0.74)],
)
def test_choice_shares_are_those_of_the_best_advice(channel: str, closing: float | None, share: float) -> None:
    """Nobody does worse for a weak advice than for none, and nobody better than the best."""
    world = shop("FIRST_PURCHASE", {"say": said(channel, 1)}, {} if closing is None else {channel: closing})
    hard, simple, n = bought(world)
    expected = shares(odds(0.74) - odds(share))
    assert n > 1_400 and near(len(hard), n, expected[0]) and near(len(simple), n, expected[1])


def test_a_stronger_advice_never_loses_a_buyer_of_the_hard_product() -> None:
    """Under the same luck, and nobody is moved between the simple product and not now."""
    found = [bought(shop("FIRST_PURCHASE", {"say": said("call", 1)}, {"call": power})) for power in (0.4, 0.55, 0.7)]
    for (hard, simple, n), (more, fewer, same) in itertools.pairwise(found):
        assert hard < more and simple > fewer and n == same
        assert len(more) - len(hard) >= len(simple) - len(fewer) > 0


@pytest.mark.parametrize("days", [(1, 2), (2, 1)])
def test_a_weaker_advice_undoes_nothing(days: tuple[int, int]) -> None:
    campaigns = {"calls": said("call", days[0]), "chats": said("wecom", days[1])}
    both = shop("FIRST_PURCHASE", campaigns, {"call": 0.7, "wecom": 0.5})
    alone = shop("FIRST_PURCHASE", {"calls": said("call", days[0])}, {"call": 0.7})
    assert bought(both)[0] == bought(alone)[0]
    deciding = people(both)["stage"] == 1
    assert not deciding.any() or set(people(both)["marks"][deciding] >> ADVISED_BY) == {CHANNELS.index("call") + 1}
    # A new stage begins without advice.
    later = people(both)["stage_since"] > 50 * DAY
    assert later.any() and np.all(people(both)["marks"][later] >> ADVISED_BY <= CHANNELS.index("wecom") + 1)


@pytest.mark.parametrize(("orphans", "share"), [(1.0, 0.36), (0.0, 0.67)])
def test_a_serving_agent_closes_what_nobody_else_does(orphans: float, share: float) -> None:
    world = shop("RENEWAL_UPSELL", {}, {}, orphans=orphans)
    hard, simple, n = bought(world)
    part = math.exp(-difficulty() * (odds(0.74) - odds(share)))
    assert n > 1_400 and len(hard) + len(simple) == n and near(len(hard), n, part / (1.0 + part))


def test_what_needs_a_person_is_out_of_reach_without_one() -> None:
    world = shop("FIRST_PURCHASE", {"say": said("push", 1)}, {"push": 0.74}, person=True)
    assert bought(world)[0] == set()


def test_without_closing_power_nothing_is_lost() -> None:
    data = still(N, 20, "FIRST_PURCHASE")
    world, _ = begin(data)
    assert not world.rules.arrays["difficulty"].any() and world.rules.numbers["lost_online"] == 0.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"online": 0.0}, "online: must lie between 0% and 100%, both excluded"),
        ({"by_premium": -0.1}, "by_premium: must not be negative"),
        ({"premium": "0 CNY"}, "premium: must be above 0 CNY"),
    ],
)
def test_what_is_wrong_with_closing_power_is_said(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        base().replace(closing_power=POWER | change)
    assert message in str(caught.value)
