"""Whoever refuses automated targeting comes into journeys of service, and into no others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from journey_worlds import a_journey, sent, under
from small_worlds import described, enrolled, keys_of, run
from test_contact_policy import market
from test_hand_overs import inside

from lifesim.errors import StrategyError
from lifesim.population.columns import CAUSE_DIED, E_DELIVERED, E_FAILED, NEVER, REFUSES_TARGETING
from lifesim.scenario import Scenario
from lifesim.scenario.journeys import Journey
from lifesim.strategy import CustomerView, Luck, Practice, Schedule, Touches
from lifesim.world.views import customer_view
from lifesim.world.world import World

TELL: dict[str, Any] = {"tell": {"send": {"push": "hello"}, "next": "exit"}}
OFFER = {"hello": {"kind": "service", "says": "hello"}, "offer": {"kind": "product_offer", "says": "offer"}}


def refusing(share: float = 0.5, **policy: Any) -> Scenario:
    scenario = market(**policy)
    segments = described(scenario)["segments"]
    for segment in segments.values():
        segment["refuses_targeting"] = share
    return scenario.replace(segments=segments)


def refusers(world: World) -> set[int]:
    refuse = (world.state.customers["marks"] & REFUSES_TARGETING) > 0
    return set(keys_of(world)[refuse[: len(keys_of(world))]].tolist())


def both(journey: Journey, scenario: Scenario | None = None) -> tuple[int, int]:
    """Customers in a journey who refuse targeting, and who do not."""
    world = run(scenario or refusing(), under(journey), days=40)
    found = inside(world)
    return len(found & refusers(world)), len(found - refusers(world))


@pytest.mark.parametrize(
    "entry",
    [
        {"at": "2026-01-09 19:00"},
        {"at": "2026-01-09 19:00", "who": "policies >= 0"},
        {"on": "launched_app"},
        {"on": "launched_app 2 days running"},
        {"did": "launched_app", "but_not": "bought", "within": "1d"},
        {"enters": "launched_app within 3d"},
        {"before": "birthday", "by": "1d"},
    ],
)
def test_a_journey_of_service_is_open_to_everyone(entry: dict[str, Any]) -> None:
    refuse, others = both(a_journey(TELL, entry=entry))
    assert refuse > 0 and others > 0
    assert both(a_journey(TELL | {"more": {"send": {"push": "offer"}, "next": "exit"},
                                  "tell": {"send": {"push": "hello"}, "next": "more"}},
                          contents=OFFER, entry=entry)) == (0, others)  # fmt: skip


def test_what_it_sends_arrives_and_those_who_have_died_or_not_yet_joined_get_nothing() -> None:
    journey = a_journey(TELL, entry={"at": "2026-02-09 19:00"})
    sources = {"advertising": {"rate": "40_000/y", "cost": "1 CNY", "segments": {"mainstream": 1.0}}}
    world = run(refusing(1.0).replace(acquisition=sources), under(journey), days=70)
    c = world.state.customers[: len(keys_of(world))]
    at = int(enrolled(world)["entered"].max())
    there = set(keys_of(world)[(c["joined"] <= at) & (c["cause"] != CAUSE_DIED)].tolist())
    assert np.count_nonzero(c["joined"] > at) > 0 and len(inside(world)) > 30
    assert there <= inside(world) < set(keys_of(world).tolist())
    counted = sent(world)["push", "hello"]
    assert counted == dict.fromkeys(("requested", "delivered", "opened"), len(inside(world)))


@pytest.mark.parametrize("asks", ["tag is mainstream", "policies > 0 or not stage is LOST"])
def test_a_journey_that_selects_by_an_estimate_targets(asks: str) -> None:
    entered = {"at": "2026-01-09 19:00"}
    steps = {"look": {"if": asks, "then": "tell", "else": "exit"}, **TELL}
    for journey in (a_journey(TELL, entry=entered | {"who": asks}), a_journey(steps, entry=entered)):
        refuse, others = both(journey)
        assert refuse == 0 < others


@pytest.mark.parametrize("ask", ["hand_over", "notify"])
def test_a_journey_that_makes_leads_targets(ask: str) -> None:
    refuse, others = both(a_journey({"ask": {ask: {"reason": "help"}, "next": "tell"}, **TELL}))
    assert refuse == 0 < others


def test_the_policy_says_what_is_of_service() -> None:
    journey = a_journey({"tell": {"send": {"push": "offer"}, "next": "exit"}}, contents={"offer": OFFER["offer"]})
    assert both(journey)[0] == 0 < both(journey, refusing(exempt=["service", "product_offer"]))[0]
    assert both(a_journey(TELL), refusing(exempt=["product_offer"]))[0] == 0


@dataclass(frozen=True)
class Weekly:
    """Writes every Monday to everyone whom it sees."""

    content: str = "hello"
    service: bool = True
    reads: str = "policies"

    @property
    def schedule(self) -> Schedule:
        return Schedule(at="10:00", weekdays=(1,))

    def touch(self, customers: CustomerView, luck: Luck) -> Touches:
        return Touches(customers.where(customers.column(self.reads) >= 0), self.content, "push")


def written_to(strategy: Weekly) -> tuple[int, int]:
    """Touches to customers who refuse targeting, and to the others."""
    world = run(refusing(), Practice({"weekly": strategy}), days=20)
    log = world.event_log()
    log = log[np.isin(log["kind"], (E_DELIVERED, E_FAILED))]
    refuse = (world.state.customers["marks"][log["customer"]] & REFUSES_TARGETING) > 0
    return int(refuse.sum()), int((~refuse).sum())


def test_a_strategy_of_service_reaches_who_refuses_targeting_and_no_other_does() -> None:
    assert min(written_to(Weekly())) > 20
    refuse, others = written_to(Weekly(service=False))
    assert refuse == 0 < others


def test_the_dead_get_no_notice() -> None:
    world = run(refusing(), Practice({"weekly": Weekly()}), days=20)
    seen = customer_view(world.observed, world.state, world.now, world.date(world.now), service=True)[1]
    n = len(keys_of(world))
    world.state.customers["cause"][seen[0]] = CAUSE_DIED
    world.state.visible[seen[0]] = NEVER
    again = customer_view(world.observed, world.state, world.now, world.date(world.now), service=True)[1]
    assert len(seen) == n and set(seen) - set(again) == {seen[0]}


def test_a_strategy_of_service_sends_nothing_else_and_sees_no_estimate() -> None:
    with pytest.raises(StrategyError, match="is of service, and sends 'offer', which is of kind product_offer and not"):
        run(refusing(), Practice({"weekly": Weekly("offer")}), days=20)
    with pytest.raises(StrategyError, match="'stage' cannot be observed"):
        run(refusing(), Practice({"weekly": Weekly(reads="stage")}), days=20)
    assert min(written_to(Weekly(service=False, reads="stage"))) == 0
