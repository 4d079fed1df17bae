"""Health data: claims of customers who withhold it are known to no view and no audience, but to service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from journey_worlds import a_journey, obliging, sent, under
from quiet_world import clock
from small_worlds import FirstSeat, described, differences, enrolled, keys_of, lives, run

from lifesim.population.consent import HEALTH_DATA
from lifesim.population.memory import count
from lifesim.scenario import Scenario
from lifesim.scenario.journeys import Journey
from lifesim.strategy import CustomerView, Luck, Practice, Schedule, Touches
from lifesim.world.world import World

#: What is known of claims, and in it nothing that is not.
KNOWN = {"claimed": "made a claim", "claim_paid": "was paid", "claim_refused": "was refused"}
STAY = {"stay": {"wait": "60d", "next": "exit"}}


def market(share: float | None = None) -> Scenario:
    """Customers who claim often, and a share of whom lets the insurer use it."""
    data = described(obliging())
    clock(data, "claim").update(rate="6/y", depends={})
    for product in data["products"].values():
        if product["claims"]:
            product["claims"]["incidence"] = 1.0
    data["population"]["branches"] = {"north": 300}
    data["behaviour"]["claims"] |= {"disappointed": 0.5, "refused": 0.5, "takes": {"median": "5d", "spread": 0.5}}
    for segment in data["segments"].values():
        segment["health_data"] = share
    return obliging().replace(**{name: data[name] for name in ("behaviour", "products", "population", "segments")})


def journeys() -> dict[str, Journey]:
    """One for each audience about claims, one for who never had any, and one that answers them."""
    late = "2026-02-15 10:00"
    asks = {word: {"at": late, "who": f"{word} within 300d"} for word in KNOWN}
    asks["none"] = {"at": late, "who": "not claimed within 300d"}
    asks["browsers"] = {"at": late, "who": "browsed within 300d"}
    asks["answer"] = {"on": "claimed"}
    return {name: a_journey(STAY, name=name, entry=entry) for name, entry in asks.items()}


def came(world: World, name: str) -> set[int]:
    """Keys of those who are in a journey."""
    pool = enrolled(world)
    mine = pool["journey"] == world.journeys.names.index(name)
    return set(keys_of(world)[pool["customer"][mine]].tolist())


def withheld(world: World) -> set[int]:
    return set(keys_of(world)[(world.state.refused[: count(world.state), 0] >> HEALTH_DATA) & 1 == 1].tolist())


@pytest.fixture(scope="module")
def worlds() -> tuple[World, World]:
    """Where all let the insurer use health data, and where half of them do."""
    every, some = (run(market(share), under(*journeys().values()), days=62) for share in (None, 0.5))
    return every, some


@pytest.mark.parametrize("word", KNOWN)
def test_audiences_know_claims_of_those_alone_who_let_the_insurer_use_them(
    worlds: tuple[World, World], word: str
) -> None:
    every, some = worlds
    silent = withheld(some)
    assert came(some, word) == came(every, word) - silent < came(every, word)
    assert came(some, word), f"nobody {KNOWN[word]}"


def test_who_withholds_health_data_reads_as_one_without_a_claim(worlds: tuple[World, World]) -> None:
    every, some = worlds
    claimants = came(every, "claimed") & withheld(some)
    assert claimants and came(some, "none") == came(every, "none") | claimants
    assert came(some, "browsers") == came(every, "browsers"), "what is not about health is known of all"


def test_service_hears_the_claims_of_all(worlds: tuple[World, World]) -> None:
    every, some = worlds
    assert came(some, "answer") == came(every, "answer")
    assert came(some, "answer") & withheld(some)


@pytest.mark.parametrize("word", KNOWN)
def test_views_show_what_audiences_go_by(worlds: tuple[World, World], word: str) -> None:
    some = worlds[1]
    rows, keys = np.arange(count(some.state)), keys_of(some)
    column, silent = f"days_since_{word}", np.isin(keys, list(withheld(some)))
    true, seen = (each.observed[column](each.state, rows, each.now) for each in worlds)
    assert np.all(seen[silent] == 10_000) and np.array_equal(seen[~silent], true[~silent])
    assert np.any(true[silent] < 10_000) and np.any(seen < 10_000)
    browsed = [each.observed["days_since_browsed"](each.state, rows, each.now) for each in worlds]
    assert np.array_equal(*browsed) and np.any(browsed[1][silent] < 10_000)


@dataclass(frozen=True)
class ToClaimants:
    """Write to everyone of whom a claim is known."""

    schedule = Schedule(at="11:00", weekdays=(1, 2, 3, 4, 5, 6, 7))

    def touch(self, customers: CustomerView, luck: Luck) -> Touches:
        return Touches(customers.where(customers.days_since_claimed < 300), "hello", "push")


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_plug_in_writes_to_nobody_whose_claims_it_may_not_know(share: float) -> None:
    asks = journeys()["claimed"]
    requested = []
    for given in (1.0, share):
        practice = Practice({"write": ToClaimants(), asks.name: asks}, allocation=FirstSeat())
        world = run(market(given), practice, days=40)
        counted: dict[str, Any] = sent(world, "write").get(("push", "hello"), {})
        requested.append(counted.get("requested", 0))
    assert requested[0] > requested[1] and (requested[1] > 0) == (share > 0)


def test_a_smaller_share_is_part_of_a_larger_and_costs_nothing_where_all_consent() -> None:
    few, more = (withheld(run(market(share), under(*journeys().values()), days=1)) for share in (0.9, 0.4))
    assert few < more
    without, all_of_them = (run(market(share), under(*journeys().values()), days=30) for share in (None, 1.0))
    assert without.state.refused.nbytes == all_of_them.state.refused.nbytes == 0
    assert differences(lives(without), lives(all_of_them)) == []


def test_to_withhold_health_data_moves_no_life_and_no_other_consent(worlds: tuple[World, World]) -> None:
    every, some = worlds
    mine = ("enrolments.", "courses.", "marks.", "log.", "refused.", "ways", "journeys")
    assert [name for name in differences(lives(every), lives(some), ignore=mine) if "pool" not in name] == []
    rows = np.arange(count(some.state))
    for column in ("consents_offers", "consents_push"):
        assert np.all(some.observed[column](some.state, rows, some.now) == 1)
    assert "suppressed_purpose" not in some.policies.outcomes
