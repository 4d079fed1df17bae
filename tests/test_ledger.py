"""Money balances to the fen: every account is counted again from what happened to policies, touches and arrivals."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from quiet_world import KIND, begin, clock, described, people
from small_worlds import Weekly, busy

from lifesim.population.columns import DAY, EVENTS, SUSPENDED, T_DELIVERED, T_FAILED, T_OPENED, TRAVELLING
from lifesim.scenario.channels import CHANNELS
from lifesim.world.outcomes import begin_outcomes
from lifesim.world.world import World

pytestmark = pytest.mark.analytic

#: Midnights after a Sunday: what was sent late in the evening waits for the end of the quiet hours.
FORK, END = 100 * DAY, 695 * DAY
Held = list[tuple[int, int]]
Told = tuple["Replay", Any]


def book_of(world: World, suspended: bool = False) -> dict[int, Held]:
    """Product and premium of the policies that every customer holds, sorted; or of those that are suspended."""
    held: dict[int, Held] = defaultdict(list)
    for policy in world.state.policies[world.state.policies["customer"] >= 0]:
        if policy["status"] == SUSPENDED if suspended else policy["status"] < SUSPENDED:
            held[int(policy["customer"])].append((int(policy["product"]), int(policy["premium"])))
    return defaultdict(list, {customer: sorted(policies) for customer, policies in held.items()})


def travelling(world: World) -> Any:
    """Touches that have been sent and not arrived, by channel."""
    touches = world.state.touches
    on_the_way = touches["channel"][(touches["customer"] >= 0) & (touches["status"] == TRAVELLING)]
    return np.bincount(on_the_way, minlength=len(CHANNELS))


def sum_assured(policy: tuple[int, int]) -> int:
    """Sum assured of a policy of the world below."""
    return 10 * policy[1]


@dataclass
class Replay:
    """The book from the fork on, from the log of everyone alone."""

    world: World
    book: dict[int, Held]
    resting: dict[int, Held]
    premium: Counter[int] = field(default_factory=Counter)
    annualised: Counter[int] = field(default_factory=Counter)
    commission: Counter[int] = field(default_factory=Counter)
    claims: Counter[int] = field(default_factory=Counter)
    refund: Counter[int] = field(default_factory=Counter)
    maturity: Counter[int] = field(default_factory=Counter)
    death_benefit: Counter[int] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        """Follow every event of a policy; whatever happens to one must happen to one that is held."""
        products = list(self.world.scenario.products.values())
        for event in self.world.event_log():
            kind, customer = EVENTS[event["kind"]], int(event["customer"])
            policy = (int(event["detail"]) % 256, int(event["amount"]))
            held, resting = self.book[customer], self.resting[customer]
            self.seen[kind] += 1
            if kind == "purchase":
                held.append(policy)
                self.premium[customer] += policy[1]
                self.annualised[customer] += policy[1]
                self.commission[customer] += round(policy[1] * products[policy[0]].commission)
            elif kind == "premium":
                assert policy in held, "a premium of a policy that nobody holds"
                self.premium[customer] += policy[1]
                self.commission[customer] += round(policy[1] * products[policy[0]].renewal_commission)
            elif kind == "unpaid":
                assert policy in held
            elif kind == "lapse":
                held.remove(policy)
                if products[policy[0]].payment:
                    resting.append(policy)
            elif kind == "ended":
                resting.remove(next(each for each in resting if each[0] == policy[0]))
            elif kind == "reinstated":
                back = next(each for each in resting if each[0] == policy[0] and policy[1] % each[1] == 0)
                resting.remove(back)
                held.append(back)
                times = policy[1] // back[1]
                self.premium[customer] += policy[1]
                self.commission[customer] += times * round(back[1] * products[policy[0]].renewal_commission)
            elif kind == "returned":
                held.remove(policy)
                self.refund[customer] += policy[1]
            elif kind == "surrender":
                held.remove(next(each for each in held if each[0] == policy[0]))
            elif kind == "death":
                held.remove(next(each for each in held if each[0] == policy[0] and 2 * sum_assured(each) == policy[1]))
                self.death_benefit[customer] += policy[1]
            elif kind == "matured":
                held.remove(next(each for each in held if each[0] == policy[0] and 2 * each[1] == policy[1]))
                self.maturity[customer] += policy[1]
            elif kind == "claim_ended":
                (held if policy in held else resting).remove(policy)
            elif kind == "claim":
                assert policy[0] in [product for product, _ in held], "a claim without a policy in force"
            elif kind == "settled":
                self.claims[customer] += policy[1]


@pytest.fixture(scope="module")
def told() -> Told:
    """A busy world of two years, forked after 100 days, and the touches that travelled at the fork."""
    data = described(3500, END // DAY, {"AWARENESS": 0.4, "HOLDING": 0.5, "CHURN_WARNING": 0.05, "LOST": 0.05})
    data |= {"warm_up": f"{FORK // DAY}d", "horizon": f"{(END - FORK) // DAY}d"}
    data["segments"][KIND]["second_policy"] = 0.4
    for segment in data["segments"].values():
        segment["policy_years"] = {"median": 1.5, "spread": 0.8, "low": 0.05, "high": 2.9}
    data["products"]["annuity"]["payment"]["years"] = 2
    data["products"]["annuity"]["maturity"] = {"after": 3, "pays": 1.0, "of": "premiums"}
    data["products"]["critical_illness"]["claims"] |= {"incidence": 0.3, "ends_policy": True}
    clock(data, "HOLDING.death")["rate"] = "0.1/y"
    for product in data["products"].values():
        product["sum_assured"] = {"multiple": 10.0}
        product["death_benefit"] = {"pays": 2.0}
        if product["payment"]:
            # An instalment is then the annual premium, by which a policy is told from others.
            product["payment"] |= {"frequency": {"yearly": 1.0}, "reinstated": 0.5}
    data["acquisition"]["advertising"]["rate"] = "2000/y"
    # Each channel has a price of its own, by which its touches are told from others.
    data["channels"]["service_account"]["cost"] = "0.02 CNY"
    practice = busy(
        gift=Weekly("sign_in_gift", "push", "23:00", (7,), 0.3),
        basics=Weekly("insurance_basics", "service_account", "09:30", (6,), 0.3),
        chats=Weekly("care_message", "wecom", "09:45", (2, 5), 0.05),
    )
    world, parts = begin(data, practice)
    world.run(FORK, parts)
    begin_outcomes(world)
    replay = Replay(world, book_of(world), book_of(world, suspended=True))
    on_the_way = travelling(world)
    world.run(END, parts)
    replay.run()
    return replay, on_the_way


def by_customer(counted: Counter[int], n: int) -> Any:
    return np.array([counted[row] for row in range(n)], np.int64)


def test_enough_happens(told: Told) -> None:
    seen = told[0].seen
    assert min(seen[kind] for kind in ("purchase", "premium", "unpaid", "lapse", "surrender", "claim", "settled",
                                            "death", "matured", "claim_ended")) > 50  # fmt: skip


@pytest.mark.parametrize("account", ["premium", "commission", "claims", "refund", "maturity", "death_benefit"])
def test_account_of_every_customer(told: Told, account: str) -> None:
    """Premiums paid, commission on each, claims paid: exact for every customer."""
    replay = told[0]
    n = len(people(replay.world))
    np.testing.assert_array_equal(replay.world.state.outcomes[account][:n], by_customer(getattr(replay, account), n))


def test_annualised_premium_is_that_of_new_policies(told: Told) -> None:
    n = len(people(told[0].world))
    np.testing.assert_array_equal(told[0].world.state.outcomes["ape"][:n], by_customer(told[0].annualised, n))


def test_policies_in_force_are_those_bought_and_not_ended(told: Told) -> None:
    replay = told[0]
    assert book_of(replay.world) == {customer: sorted(held) for customer, held in replay.book.items() if held}
    held = [len(replay.book.get(row, ())) for row in range(len(people(replay.world)))]
    np.testing.assert_array_equal(people(replay.world)["policies"], held)


def test_contact_cost_is_the_price_of_every_touch_sent(told: Told) -> None:
    """Delivered, failed or on the way: each costs what its channel costs; a conversation what the desk's costs."""
    replay, on_the_way = told
    world = replay.world
    arrived = world.state.touched[..., [T_DELIVERED, T_FAILED]].sum(axis=(0, 2, 3))
    sent = arrived + travelling(world) - on_the_way
    price = [world.scenario.channels[name].cost for name in CHANNELS]  # type: ignore[index]
    price[CHANNELS.index("call")] = world.scenario.desk.cost
    used = np.flatnonzero(sent)
    assert len(used) >= 5 and sent[used].min() > 200 and on_the_way.sum() > 100
    assert len({price[k] for k in used}) == len(used)
    assert world.state.outcomes["sent"].sum() == sent.sum()
    assert world.state.outcomes["contact"].sum(dtype=np.int64) == (sent * price).sum()


def test_benefits_are_those_of_the_touches_opened(told: Told) -> None:
    world = told[0].world
    opened = world.state.touched[..., T_OPENED].sum(axis=(0, 1))
    benefit = np.array([content.benefit for content in world.scenario.contents.values()])
    assert world.state.outcomes["benefit"].sum(dtype=np.int64) == (opened * benefit).sum() > 0
    assert world.state.outcomes["opened"].sum() == opened.sum()


def test_every_prospect_who_was_paid_for_costs_the_price_of_the_source(told: Told) -> None:
    """Those who joined since the fork, whichever appointment of acquisition announced them; friends cost nothing."""
    world = told[0].world
    customers = people(world)
    sources = list(world.scenario.acquisition.values())
    paid_for = (customers["source"] > 0) & (customers["source"] <= len(sources)) & (customers["joined"] >= FORK)
    price = np.array([0, *(source.cost for source in sources), 0])[customers["source"]]
    assert np.count_nonzero(paid_for) > 200 and np.count_nonzero(customers["source"] > len(sources)) > 20
    cost = world.state.outcomes["acquisition"][: len(customers)]
    np.testing.assert_array_equal(cost, np.where(paid_for, price, 0))


def test_counts_of_a_policy_add_up(told: Told) -> None:
    """Due premiums are paid, unpaid or still in grace; payments are those on the day and those recovered."""
    replay = told[0]
    outcomes, seen = replay.world.state.outcomes, replay.seen
    assert outcomes["paid"].sum() == seen["premium"]
    assert outcomes["purchases"].sum() == seen["purchase"]
    assert outcomes["claims_made"].sum() == seen["claim"]
    on_the_day = outcomes["due"].sum() - seen["unpaid"]
    recovered = seen["premium"] - on_the_day
    assert 0 < recovered < seen["unpaid"]
