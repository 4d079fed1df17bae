"""Small books with forced outcomes, whose metrics are written out by hand: retention, persistency, renewal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from quiet_world import KIND, Described, base, clock, still

from lifesim.experiment.unit import Experiment
from lifesim.scenario.behaviour import LAPSE_CAUSES
from lifesim.strategy import Practice

Shares = dict[str, tuple[int, int]]

PAYMENT: dict[str, Any] = {"years": 20, "frequency": {"yearly": 1.0}, "instalments": 1.0, "reinstated": 0.0}
NEVER, ALWAYS = {"appeal": -50.0}, {"appeal": 50.0}


def long_term(data: Described, name: str, unpaid: float, premium: str = "10_000 CNY") -> None:
    """Make a product long-term, its premium the same for everyone; ``unpaid`` is the factor on chances of lapsing."""
    data["products"][name] |= {
        "term": "long", "renewal": None, "recovery": None, "payment": PAYMENT | {"unpaid": [unpaid]},
        "premium": {"median": premium, "spread": 0.0, "income_elasticity": 0.0}, "needs_person": False,
        "cooling_off": {"within": "0d", "returned": 0.0}, "grace": "60d",
    }  # fmt: skip


def short_term(data: Described, name: str, renewal: dict[str, float]) -> None:
    """Make a product short cover that is always, or never, bought again."""
    data["products"][name] |= {
        "term": "short", "payment": None, "renewal": renewal, "recovery": renewal, "grace": "60d",
    }  # fmt: skip


def four_products(days: int) -> Described:
    """Two long-term products and two short covers; of each kind one that stays and one that ends."""
    data = still(1, days, "HOLDING")
    data["behaviour"]["warning"]["silent_start"] = 0.0
    data["behaviour"]["unpaid"] = {cause: {"chance": 0.0, "recovers": 0.0} for cause in LAPSE_CAUSES}
    data["behaviour"]["unpaid"]["cannot_pay"]["chance"] = 1.0
    long_term(data, "annuity", unpaid=0.0)
    long_term(data, "critical_illness", unpaid=1.0, premium="4_000 CNY")
    short_term(data, "medical", ALWAYS)
    short_term(data, "accident", NEVER)
    return data


def measured(data: Described, folder: Path, book: str) -> Shares:
    """Numerator and denominator of every metric, customers present at the fork, from a book run to its end."""
    (folder / "book.csv").write_text(book, encoding="utf-8")
    data["population"] = {"book": {"from": "book.csv", "segment": KIND}}
    data["experiment"]["replications"] = 1
    scenario = base().replace(**data)
    scenario._folder = folder
    of = Experiment(scenario, {"control": Practice()}, [])
    (unit,) = of.units()
    result = of.run(unit)
    assert result.failures == {}
    found: dict[str, list[int]] = {}
    for piece in result.tables["totals"]:
        for scope, metric, top, bottom in zip(
            *(piece[name] for name in ("scope", "metric", "numerator", "denominator")), strict=True
        ):
            if scope == "present":
                before = found.setdefault(metric, [0, 0])
                found[metric] = [before[0] + top, before[1] + bottom]
    return {metric: (top, bottom) for metric, (top, bottom) in found.items()}


# The fork is on 2026-01-05, a year later is 2027-01-05, and day 400 is 2027-02-09.
RETENTION = """\
customer,product,issued,premium
pays,annuity,2024-03-01,10000
lapses,critical_illness,2025-06-01,4000
renews,medical,2025-03-01,600
in grace,accident,2025-12-01,300
ends,accident,2025-02-01,300
one of two,critical_illness,2024-06-01,5000
one of two,annuity,2025-08-01,20000
prospect,,,
"""


def test_retention_by_hand(tmp_path: Path) -> None:
    """One is in grace a year after the fork, which is held, and without a policy at the end, which is not."""
    found = measured(four_products(400), tmp_path, RETENTION)
    hand = {
        "retention_12": (4, 6),  # pays, renews, in grace, one of two
        "retention_rate": (3, 6),  # the same but for the one in grace
        "lapse_rate": (2, 4),  # of four long-term policies at the fork, two are not paid
        "surrender_rate": (0, 4),
        "reinstatement_rate": (0, 2),
        "long_term_share": (2, 7),
        "policies_per_holder": (3, 3),
        "add_on_rate": (0, 6),
        "losses_per_10k": (3, 7),  # lapses, in grace, ends
        "satisfaction": (0, 7),
    }
    assert {name: found[name] for name in hand} == hand


@pytest.mark.parametrize(("days", "seen"), [(364, 0), (365, 6)])
def test_retention_is_observed_from_a_year_on(days: int, seen: int, tmp_path: Path) -> None:
    found = measured(four_products(days), tmp_path, RETENTION)
    assert found["retention_12"] == (4 if seen else 0, seen)
    assert found["retention_rate"][1] == 6


def test_retention_after_a_year_is_that_of_the_day_itself(tmp_path: Path) -> None:
    """Who is lost after a year, and who comes by weeks that do not divide a year, change nothing."""
    found = measured(four_products(800), tmp_path, RETENTION)
    assert found["retention_12"] == (4, 6) and found["retention_rate"] == (3, 6)


# Everyone is about to decide; the old buy what is paid, the young what is not, on the first days.
PERSISTENCY = """\
customer,stage,age
old 1,FIRST_PURCHASE,60
old 2,FIRST_PURCHASE,60
old 3,FIRST_PURCHASE,60
young 1,FIRST_PURCHASE,20
young 2,FIRST_PURCHASE,20
"""


def deciding(days: int) -> Described:
    """The old choose one long-term product and the young the other; nobody chooses anything else."""
    data = four_products(days)
    clock(data, "FIRST_PURCHASE.decide").update(rate="3650/y", bands={}, depends={})
    data["behaviour"]["decision"] |= {"comparing": 0.0, "put_off": {"appeal": -1e6}}
    for product in data["products"].values():
        product["choice"] = {"appeal": -1e6}
    data["products"]["annuity"]["choice"] = {"appeal": 0.0, "depends": {"age": 100.0}}
    data["products"]["critical_illness"]["choice"] = {"appeal": 0.0, "depends": {"age": -100.0}}
    return data


@pytest.mark.parametrize(("days", "thirteen", "twenty_five"), [(420, 0, 0), (450, 1, 0), (820, 1, 1)])
def test_persistency_by_hand(days: int, thirteen: int, twenty_five: int, tmp_path: Path) -> None:
    """Three policies of 10,000 are paid and two of 4,000 are not; a horizon too short to see that says nothing.

    A purchase within days of the fork is settled 365 days and 60 days of grace later, and a year after that.
    """
    found = measured(deciding(days), tmp_path, PERSISTENCY)
    hand = {
        "first_purchase_rate": (5, 5),
        "persistency_13": (3 * thirteen, 5 * thirteen),
        "persistency_13_premium": (3_000_000 * thirteen, 3_800_000 * thirteen),
        "persistency_25": (3 * twenty_five, 5 * twenty_five),
        "persistency_25_premium": (3_000_000 * twenty_five, 3_800_000 * twenty_five),
        "average_premium": (3_800_000, 5),
        "fyp_per_10k": (3_800_000, 5),
        "later_premium_per_10k": (3_000_000 * (2 if days > 800 else 1), 5),
        "premium_per_10k": (3_800_000 + 3_000_000 * (2 if days > 800 else 1), 5),
        "acquisition_cost": (0, 5),
        "cost_per_policy": (0, 5),
    }
    assert {name: found[name] for name in hand} == hand


# Incomes far from the middle and ages likewise leave nothing to chance.
RENEWAL = """\
customer,product,issued,premium,age,income
on time,annuity,2024-05-01,10000,20,2000000
late,annuity,2024-05-01,7000,60,2000000
cannot,annuity,2024-05-01,3000,20,20000
again,medical,2025-07-01,600,20,2000000
again too,medical,2025-09-01,800,20,2000000
not again,accident,2025-07-01,300,20,2000000
"""


def test_renewal_by_hand(tmp_path: Path) -> None:
    """Premiums due and cover bought again are two things, each with its own denominator and its own premium."""
    data = four_products(360)
    long_term(data, "annuity", unpaid=1.0)
    data["behaviour"]["unpaid"] |= {
        "forgotten": {"chance": 0.5, "recovers": 1.0, "depends": {"age": 100.0}},
        "cannot_pay": {"chance": 0.5, "recovers": 0.0, "depends": {"income": -100.0}},
    }
    found = measured(data, tmp_path, RENEWAL)
    hand = {
        "premium_payment_rate": (2, 3),  # all of the annuities but that of "cannot"
        "grace_recovery_rate": (1, 2),  # "late"
        "rebuy_rate": (2, 3),
        "lapse_rate": (1, 3),
        "later_premium_per_10k": (1_000_000 + 700_000, 6),
        "rebuy_premium_per_10k": (60_000 + 80_000, 6),
        "fyp_per_10k": (0, 6),
        "premium_per_10k": (1_700_000 + 140_000, 6),
        "long_term_share": (2, 6),
    }
    assert {name: found[name] for name in hand} == hand


def valued(days: int, chance: float) -> Described:
    """Premiums for four years, a discount of 10%, and a renewal margin of 4%."""
    data = four_products(days)
    data["behaviour"]["unpaid"]["cannot_pay"] = {"chance": chance, "recovers": 0.5}
    data["products"]["annuity"] |= {
        "payment": PAYMENT | {"years": 4, "unpaid": [1.0, 0.5]}, "value": {"margin": 0.3, "renewal_margin": 0.04},
    }  # fmt: skip
    data["valuation"] = {"discount": 0.1}
    return data


# The second premium of the first falls due 181 days after the fork; the third of the other on its 55th day.
VALUE = """\
customer,product,issued,premium
young,annuity,2025-07-05,10000
older,annuity,2024-03-01,5000
short,medical,2025-09-01,600
"""


def test_lifetime_value_by_hand(tmp_path: Path) -> None:
    """Before anything is due: expected premiums by policy year, each times 4%, discounted to the fork, to the fen.

    A premium is paid with chance 1 - 0.2 x (1 - 0.5) = 0.9 after the first policy year and 0.95 after later ones. Of
    the first policy, three are expected: 0.9, 0.9 x 0.95 and 0.9 x 0.95 x 0.95; of the other, 0.95 and 0.95 x 0.95.
    """
    found = measured(valued(50, chance=0.2), tmp_path, VALUE)
    first = 40_000 * (0.9 + 0.855 / 1.1 + 0.81225 / 1.21) * 1.1 ** (-181 / 365)
    other = 20_000 * (0.95 + 0.9025 / 1.1) * 1.1 ** (-55 / 365)
    assert (round(first), round(other)) == (89_605, 34_904)
    assert found["lifetime_value_per_10k"] == (89_605 + 34_904, 3)
    assert found["nbv_per_10k"] == (0, 3) and found["premium_per_10k"] == (0, 3)


def test_policies_that_end_otherwise_lower_what_is_expected(tmp_path: Path) -> None:
    """As above, with 10% of the policies gone every year for another reason."""
    data = valued(50, chance=0.2)
    data["valuation"] |= {"leaves": 0.1}
    found = measured(data, tmp_path, VALUE)
    kept = 0.9 / 1.1
    first = 40_000 * (0.9 + 0.855 * kept + 0.81225 * kept**2) * 1.1 ** (-181 / 365)
    other = 20_000 * (0.95 + 0.9025 * kept) * 1.1 ** (-55 / 365)
    assert found["lifetime_value_per_10k"] == (round(first) + round(other), 3)


@pytest.mark.parametrize(("days", "third"), [(50, 911), (180, 911), (240, 911), (600, 912)])
def test_certain_premiums_are_worth_the_same_before_and_after_they_are_paid(
    days: int, third: int, tmp_path: Path
) -> None:
    """What was a residual becomes value, discounted from the same day.

    Premiums after the next are expected in steps of 365 days: the leap day of 2028 shows once the premium after it is
    the next.
    """
    data = valued(days, chance=0.0)
    data["products"]["medical"]["value"] = {"margin": 0.1, "renewal_margin": 0.0}
    found = measured(data, tmp_path, VALUE)
    # Days from the fork to the premiums: 2026-07-05, 2027-07-05, 2028-07-05; 2026-03-01 and 2027-03-01.
    certain = sum(40_000 * 1.1 ** (-day / 365) for day in (181, 546, third))
    certain += sum(20_000 * 1.1 ** (-day / 365) for day in (55, 420))
    assert found["lifetime_value_per_10k"][0] == pytest.approx(certain, abs=3)
