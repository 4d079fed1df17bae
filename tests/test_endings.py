"""Policies that end without churn: maturity, death, a claim; what they pay to the fen, and that none is a loss."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from chance import check_shares
from quiet_world import Described, begin, clock, events, moves, people
from test_premiums import chances, owed
from test_sum_assured import insured

from lifesim.dates import due_date, first_day
from lifesim.experiment.gather import LEDGER
from lifesim.lifecycle.persistency import CLAIM_ENDED, DIED, MATURED
from lifesim.metrics import totals
from lifesim.population.columns import CLAIM_PAID, CLAIM_REDUCED, CLAIM_REFUSED, DAY, PAID_UP, SUSPENDED
from lifesim.scenario.behaviour import LAPSE_CAUSES
from lifesim.world.closing import closing
from lifesim.world.outcomes import begin_outcomes, outcomes_of
from lifesim.world.world import World

pytestmark = pytest.mark.analytic

N = 2_000


def metric(world: World, name: str) -> tuple[int, int]:
    """Numerator and denominator over everyone."""
    rows = [row for row in totals(list(world.scenario.segments), closing(world), *outcomes_of(world))
            if (row["metric"], row["scope"]) == (name, "everyone")]  # fmt: skip
    return sum(row["numerator"] for row in rows), sum(row["denominator"] for row in rows)


def run(data: Described, days: int) -> tuple[World, Any]:
    """A world after some days that count as outcomes from the first, and its policies at the start."""
    world, _ = begin(data)
    begin_outcomes(world)
    held = world.state.policies[world.state.policies["customer"] >= 0].copy()
    held = held[np.argsort(held["customer"])]
    world.run(days * DAY, [])
    return world, held


def maturing(size: int, frequency: str, **maturity: Any) -> Described:
    """Holders of one policy each of 36 days, paid for two years, which matures after three."""
    data = owed(size, 1_200, years=0.1, frequency={frequency: 1.0})
    for product in data["products"].values():
        product["payment"]["years"] = 2
        product |= {"grace": "20d", "maturity": {"after": 3} | maturity}
        product["sum_assured"] = {"multiple": 12.5, "spread": 0.4}
    return data


@pytest.mark.parametrize("frequency", ["yearly", "quarterly", "monthly"])
def test_maturity_pays_a_share_of_the_premiums_on_its_day(frequency: str) -> None:
    """Two years of premiums, and 115.3% of them, rounded to the fen, three years after the issue."""
    world, held = run(maturing(60, frequency, pays=1.153, of="premiums"), 1_200)
    found = events(world, "matured")
    day = first_day(world.scenario.start, 0)
    expected = {int(p["customer"]): (due_date(int(p["issued"]), 3, 1, day), round(2 * int(p["premium"]) * 1.153))
                for p in held}  # fmt: skip
    assert {int(e["customer"]): (int(e["time"]), int(e["amount"])) for e in found} == expected
    assert world.state.outcomes["maturity"].sum() == sum(amount for _, amount in expected.values())
    assert {each[2:] for each in moves(world) if each[3] == "LOST"} == {("HOLDING", "LOST", "matured")}
    assert not people(world)["policies"].any() and len(events(world, "premium")) > 0


def test_maturity_pays_a_share_of_the_sum_assured() -> None:
    world, held = run(maturing(300, "yearly", pays=0.8), 1_200)
    z = world.streams.normals("sum assured", people(world)["key"][held["customer"]], held["number"])
    expected = np.zeros(300, np.int64)
    assured = np.rint(held["premium"] * 12.5 * np.exp(0.4 * (z - 0.2)))
    expected[held["customer"]] = np.rint(0.8 * assured)
    assert np.array_equal(world.state.outcomes["maturity"][:300], expected)


def test_who_has_paid_everything_before_the_start_matures_in_time() -> None:
    data = maturing(200, "yearly", pays=1.0, of="premiums")
    data["segments"]["mainstream"]["policy_years"] = {"median": 2.4, "spread": 0.0, "low": 2.4, "high": 2.4}
    world, held = run(data, 400)
    assert np.all(held["status"] == PAID_UP)
    day = first_day(world.scenario.start, 0)
    assert [int(e["time"]) for e in events(world, "matured")] == [due_date(int(p["issued"]), 3, 1, day) for p in held]
    assert world.state.outcomes["maturity"].sum() == 2 * held["premium"].sum()


def dying(size: int = N) -> Described:
    """Holders of one insured policy each; some of the premiums are not paid."""
    data = insured(size, 730)
    data["products"]["critical_illness"]["death_benefit"] = {"pays": 1.0}
    data["behaviour"]["unpaid"] = {cause: {"chance": 0.0, "recovers": 0.0} for cause in LAPSE_CAUSES}
    for stage in ("HOLDING", "RENEWAL_UPSELL"):
        clock(data, f"{stage}.death").update(rate="0.4/y", depends={})
    return data


def test_deaths_and_their_benefits() -> None:
    """The share that dies is 1 - exp(-rate x time); each pays the sum assured of that policy, and is no loss."""
    data = dying(20_000)
    world, held = run(data, 365)
    dead = events(world, "death")
    check_shares(len(dead), 20_000, 1 - math.exp(-0.4), catches=0.03)
    assured = np.zeros(20_000, np.int64)
    z = world.streams.normals("sum assured", people(world)["key"][held["customer"]], held["number"])
    assured[held["customer"]] = np.rint(held["premium"] * 50.0 * np.exp(0.6 * (z - 0.3)))
    assert np.array_equal(dead["amount"], assured[dead["customer"]])
    assert world.state.outcomes["death_benefit"].sum() == assured[dead["customer"]].sum()
    assert not world.state.outcomes["cash_value"].any() and not len(events(world, "surrender"))
    assert metric(world, "losses_per_10k")[0] == 0
    assert metric(world, "retention_rate") == (20_000, 20_000)
    assert world.state.policy_life[..., DIED].sum() > 0.9 * len(dead)


def test_cover_that_rests_pays_nothing_at_death() -> None:
    data = dying()
    data["behaviour"]["unpaid"]["forgotten"] = {"chance": 1.0, "recovers": 0.0}
    data["products"]["critical_illness"]["payment"] |= {"unpaid": [1.0], "reinstated": 0.0}
    data["behaviour"]["transitions"]["LOST.death"] = clock(data, "HOLDING.death") | {"to": "LOST"}
    data["segments"]["mainstream"]["second_policy"] = 1.0
    world, _ = run(data, 730)
    paid = events(world, "death")
    lapsed = {int(e["customer"]): int(e["time"]) for e in events(world, "lapse")}
    assert len(paid) > 300 and len(lapsed) > 300
    resting = np.count_nonzero(world.state.policies["status"][world.state.policies["customer"] >= 0] == SUSPENDED)
    assert resting > 100
    # Who has let both policies lapse leaves nothing.
    both = {
        customer for customer, lapses in Counter(events(world, "lapse")["customer"].tolist()).items() if lapses == 2
    }
    assert len(both) > 100
    assert not any(int(e["customer"]) in both and int(e["time"]) > lapsed[int(e["customer"])] for e in paid)
    assert world.state.outcomes["death_benefit"].sum() == paid["amount"].sum()


def claiming(second: float = 0.0) -> Described:
    """Holders whose first claim that is not refused ends its policy."""
    data = insured(N, 400, mean=0.7)
    data["segments"]["mainstream"]["second_policy"] = second
    data["products"]["critical_illness"]["claims"]["ends_policy"] = True
    clock(data, "claim").update(rate="1/y", depends={})
    data["behaviour"]["claims"] |= {"disappointed": 0.5, "refused": 0.6}
    return data


def test_a_claim_that_is_paid_ends_the_policy_and_one_refused_does_not() -> None:
    world, _ = run(claiming(), 300)
    settled, ended = events(world, "settled"), events(world, "claim_ended")
    outcome = settled["detail"] >> 8
    paid = settled[outcome != CLAIM_REFUSED]
    assert {CLAIM_PAID, CLAIM_REDUCED, CLAIM_REFUSED} == set(outcome.tolist())
    assert sorted(zip(paid["customer"].tolist(), paid["time"].tolist(), strict=True)) == sorted(
        zip(ended["customer"].tolist(), ended["time"].tolist(), strict=True)
    )
    assert len(np.unique(ended["customer"])) == len(ended) > 1_000
    gone = dict(zip(ended["customer"].tolist(), ended["time"].tolist(), strict=True))
    assert all(int(e["time"]) < gone.get(int(e["customer"]), 10**9) for e in events(world, "claim"))
    refused = settled["customer"][outcome == CLAIM_REFUSED]
    assert np.isin(refused, ended["customer"]).any(), "after a refusal the policy claims again"
    assert {each[4] for each in moves(world) if each[3] == "LOST"} == {"claimed"}
    assert metric(world, "losses_per_10k")[0] == 0 and metric(world, "retention_rate") == (N, N)
    assert world.state.policy_life[..., CLAIM_ENDED].sum() > 0.8 * len(ended)


def test_a_claim_ends_one_policy_and_leaves_the_other() -> None:
    """While two are in force claims come twice as often, and once as often when one of them has ended."""
    world, held = run(claiming(second=1.0), 60)
    ended = np.bincount(events(world, "claim_ended")["customer"], minlength=N)
    assert len(held) == 2 * N and set(ended.tolist()) == {0, 1, 2}
    assert np.array_equal(people(world)["policies"], 2 - ended)
    assert np.all((people(world)["stage"] == 2) == (ended < 2))


def test_who_comes_back_and_leaves_is_lost() -> None:
    """An end in order does not excuse a later one that is churn."""
    data = claiming()
    clock(data, "LOST.return").update(rate="20/y", depends={})
    clock(data, "AWARENESS.drift").update(rate="20/y", depends={})
    world, _ = run(data, 300)
    churned = {customer for _, customer, _, to, why in moves(world) if to == "LOST" and why == "drifted"}
    assert len(churned) > 500
    assert metric(world, "losses_per_10k")[0] == sum(each[3:] == ("LOST", "drifted") for each in moves(world))
    last: dict[int, str] = {}
    for _, customer, _, to, why in moves(world):
        if to == "LOST":
            last[customer] = why
    assert metric(world, "retention_rate") == (N - sum(why == "drifted" for why in last.values()), N)


def test_arrears_are_of_the_premiums_that_were_to_be_paid_and_no_more() -> None:
    """Reinstated after the last of three premiums would have been due: two in arrears at most, then paid up."""
    data = chances(owed(N, 1_400, years=0.1, reinstated=1.0, unpaid=[1.0, 0.0]),
                   **dict.fromkeys(LAPSE_CAUSES, 0.0) | {"forgotten": 1.0})  # fmt: skip
    for product in data["products"].values():
        product["payment"]["years"] = 2
    world, held = run(data, 1_400)
    back = events(world, "reinstated")
    premium = dict(zip(held["customer"].tolist(), held["premium"].tolist(), strict=True))
    assert len(back) == N and all(int(e["amount"]) == premium[int(e["customer"])] for e in back)
    end = world.state.policies[world.state.policies["customer"] >= 0]
    assert np.all(end["status"] == PAID_UP) and np.all(end["paid"] == 1)


def test_a_small_book_by_hand() -> None:
    """Three ends in one ledger: what matured, what deaths paid, what claims paid, policy by policy."""
    assert {"maturity", "death_benefit"} <= set(LEDGER)
    data = maturing(500, "yearly", pays=1.2, of="premiums")
    clock(data, "HOLDING.death").update(rate="0.1/y", depends={})
    for product in data["products"].values():
        product["death_benefit"] = {"pays": 1.5, "of": "premiums"}
    world, held = run(data, 1_200)
    day = first_day(world.scenario.start, 0)
    dead = {int(e["customer"]): int(e["time"]) for e in events(world, "death")}
    matured, benefit = 0, 0
    for policy in held:
        issued, premium = int(policy["issued"]), int(policy["premium"])
        when = dead.get(int(policy["customer"]))
        if when is None:
            matured += round(2 * premium * 1.2)
        else:
            # The second of two premiums falls due on the first anniversary.
            years = 1 + (due_date(issued, 1, 1, day) <= when)
            benefit += round(years * premium * 1.5)
    o = world.state.outcomes
    assert (o["maturity"].sum(), o["death_benefit"].sum()) == (matured, benefit)
    assert 50 < len(dead) < 450
    assert len(events(world, "matured")) == 500 - len(dead) == world.state.policy_life[..., MATURED].sum()
