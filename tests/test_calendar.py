"""The arrows of the contract's calendar: notice, due date, unpaid, grace, lapse. Dates are exact to the second.

Cover here is short and bought again; `test_premiums.py` has premiums that fall due.
"""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest
from chance import check_shares
from quiet_world import Described, base, begin, bought_again, events, moves, people, still

from lifesim.population.columns import DAY, NOTICE
from lifesim.scenario import STAGES

GRACE = next(iter({product.grace for product in base().products.values()}))
ALWAYS, NEVER_PAYS = {"appeal": 50.0}, {"appeal": -50.0}


def contract(renewal: dict[str, Any], recovery: dict[str, Any], silent: float = 0.0, size: int = 800) -> Described:
    """Holders of one policy of any age for two years, in which nothing but their contracts moves them."""
    data = still(size, 730, "HOLDING")
    data["segments"]["mainstream"]["policy_years"] = {"median": 2.5, "spread": 0.8, "low": 0.1, "high": 15}
    data["behaviour"]["warning"]["silent_start"] = silent
    bought_again(data, renewal, recovery)
    return data


def anniversaries(issued: int, start: datetime.date) -> list[int]:
    """The first three anniversaries after time 0, which is ``start``, by the calendar of Python; 29 February is 28."""
    day = start + datetime.timedelta(days=issued // DAY)
    years = range(start.year - day.year, start.year - day.year + 5)
    dates = [day + datetime.timedelta(days=0) if not k else _same_day(day, k) for k in years]
    seconds = [(date - start).days * DAY + issued % DAY for date in dates]
    return [second for second in seconds if second > 0][:3]


def _same_day(day: datetime.date, years: int) -> datetime.date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


class Book:
    """A world of policyholders: their first due dates, and what was seen until its end."""

    def __init__(self, data: Described) -> None:
        self.world = begin(data)[0]
        held = self.world.state.policies[self.world.state.policies["customer"] >= 0].copy()
        self.customer = held["customer"]
        self.dues = [anniversaries(int(issued), self.world.scenario.start) for issued in held["issued"]]
        self.due = np.array([dues[0] for dues in self.dues])
        self.premium = held["premium"]
        assert np.all((self.due > 0) & (self.due <= 366 * DAY))
        self.world.run(730 * DAY, [])
        self.stages = {name: k for k, name in enumerate(STAGES)}

    def seen(self, source: str, to: str) -> set[tuple[int, int, str]]:
        """Times, customers and causes of the moves between two stages."""
        return {(time, customer, why) for time, customer, a, b, why in moves(self.world) if (a, b) == (source, to)}

    def expected(self, offset: int, why: str = "none", years: int = 2) -> set[tuple[int, int, str]]:
        """Times around the due dates that lie within the run."""
        book = list(zip(self.dues, self.customer, strict=True))
        times = [(due + offset, int(customer)) for dues, customer in book for due in dues[: years + 1]]
        return {(int(time), customer, why) for time, customer in times if 0 < time < self.world.now}

    def events(self, kind: str) -> set[tuple[int, int, int]]:
        """Times, customers and amounts of events."""
        return {(int(e["time"]), int(e["customer"]), int(e["amount"])) for e in events(self.world, kind)}

    def premiums(self, offset: int, years: int = 2) -> set[tuple[int, int, int]]:
        """The premiums of the book, at times around the due dates."""
        owed = dict(zip(self.customer.tolist(), self.premium.tolist(), strict=True))
        return {(time, customer, owed[customer]) for time, customer, _ in self.expected(offset, years=years)}


def test_notice_opens_the_renewal_sixty_days_before_the_due_date() -> None:
    """Those who hold go to RENEWAL_UPSELL with the notice; nobody else, and at no other time."""
    assert NOTICE == 60 * DAY
    book = Book(contract(ALWAYS, NEVER_PAYS))
    assert book.seen("HOLDING", "RENEWAL_UPSELL") == book.expected(-60 * DAY)
    assert len(book.expected(-60 * DAY)) > 1000


def test_payment_closes_the_renewal_on_the_due_date() -> None:
    """The premium is received in full, year after year, and the customer goes back to HOLDING."""
    book = Book(contract(ALWAYS, NEVER_PAYS))
    assert book.events("premium") == book.premiums(0)
    noticed = {(time + 60 * DAY, customer, why) for time, customer, why in book.seen("HOLDING", "RENEWAL_UPSELL")}
    assert book.seen("RENEWAL_UPSELL", "HOLDING") == {move for move in noticed if move[0] < book.world.now}
    assert not {to for *_, to, _ in moves(book.world)} - {"HOLDING", "RENEWAL_UPSELL"}


def test_recovery_at_the_end_of_grace() -> None:
    """Unpaid on the due date, paid when grace ends; the next notice follows the due date, not the payment."""
    book = Book(contract(NEVER_PAYS, ALWAYS))
    assert book.events("unpaid") == book.premiums(0)
    assert book.events("premium") == book.premiums(GRACE)
    back = {(time - GRACE - 60 * DAY, customer, why) for time, customer, why in book.seen("RENEWAL_UPSELL", "HOLDING")}
    assert back <= book.expected(-60 * DAY) | early_notices(book) and len(back) > 500
    assert book.seen("HOLDING", "RENEWAL_UPSELL") == book.expected(-60 * DAY)
    assert not book.events("lapse")


def early_notices(book: Book) -> set[tuple[int, int, str]]:
    """Notices that went out before time 0."""
    return {(int(due) - 60 * DAY, int(c), "none") for due, c in zip(book.due, book.customer, strict=True)}


def test_lapse_at_the_end_of_grace() -> None:
    """Neither paid nor recovered: the policy lapses, and whoever holds no other is LOST with that cause."""
    book = Book(contract(NEVER_PAYS, NEVER_PAYS))
    assert book.events("lapse") == book.premiums(GRACE, years=0)
    lost = book.seen("RENEWAL_UPSELL", "LOST") | book.seen("HOLDING", "LOST")
    assert lost == book.expected(GRACE, "lapsed", years=0)
    customers = people(book.world)
    assert np.all(customers["stage"] == STAGES.index("LOST")) and not customers["policies"].any()
    assert not book.events("premium") and not book.seen("RENEWAL_UPSELL", "HOLDING")


def test_who_holds_another_policy_is_not_lost_by_a_lapse() -> None:
    data = contract(NEVER_PAYS, NEVER_PAYS)
    data["segments"]["mainstream"]["second_policy"] = 1.0
    world = begin(data)[0]
    world.run(730 * DAY, [])
    lapses: dict[int, list[int]] = {}
    for event in events(world, "lapse"):
        lapses.setdefault(int(event["customer"]), []).append(int(event["time"]))
    assert all(len(times) == 2 for times in lapses.values()) and len(lapses) == len(people(world))
    assert sum(times[0] < times[1] for times in lapses.values()) > 700
    lost = {customer: (time, why) for time, customer, _, to, why in moves(world) if to == "LOST"}
    assert lost == {customer: (times[1], "lapsed") for customer, times in lapses.items()}


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_unpaid_premium_may_lead_straight_to_silence(share: float) -> None:
    """``silent_start`` of them enter CHURN_WARNING on the due date, in its third phase; within 15 percentage points."""
    data = contract(NEVER_PAYS, ALWAYS, silent=share)
    book = Book(data)
    first: dict[int, int] = {}
    for event in events(book.world, "unpaid"):
        first.setdefault(int(event["customer"]), int(event["time"]))
    silent = book.seen("RENEWAL_UPSELL", "CHURN_WARNING") | book.seen("HOLDING", "CHURN_WARNING")
    assert silent <= book.expected(0)
    at_first = sum(first[customer] == time for time, customer, _ in silent)
    check_shares(at_first, len(first), share, catches=0.15)
    warned = people(book.world)["stage"] == STAGES.index("CHURN_WARNING")
    assert np.array_equal(np.flatnonzero(warned), sorted({customer for _, customer, _ in silent}))
    assert np.all(people(book.world)["phase"] == np.where(warned, 3, 0))


def test_a_payment_in_the_warning_saves_nobody() -> None:
    """Money alone does not end a warning: only the arrow CHURN_WARNING.save does."""
    book = Book(contract(NEVER_PAYS, ALWAYS, silent=1.0))
    assert book.seen("CHURN_WARNING", "HOLDING") == set()
    assert book.events("premium") == book.premiums(GRACE)


def test_satisfaction_decides_whether_a_premium_is_paid() -> None:
    """The chance on the due date is the logistic of the product's renewal utility, state of mind included."""
    data = contract({"appeal": 0.5, "depends": {"satisfaction": 0.8}}, NEVER_PAYS, size=5000)
    for baseline in (-1.0, 0.0, 1.0):
        data["behaviour"]["states"]["satisfaction"]["baseline"] = baseline
        book = Book(data)
        paid = book.events("premium") & book.premiums(0, years=0)
        chance = 1 / (1 + np.exp(-0.5 - 0.8 * baseline))
        check_shares(len(paid), len(book.customer), chance, catches=0.06)
