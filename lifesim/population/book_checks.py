"""What the products say about policies of the insurer's book: sums insured, terms that have ended, due dates."""

from __future__ import annotations

import datetime

import numpy as np

from lifesim.dates import DAY, first_day, maturities, next_dues
from lifesim.population.book_cells import MOST_LINES, Cells, Complaints, Floats
from lifesim.scenario import Scenario
from lifesim.scenario.products import TIMES


def check_sums_assured(
    scenario: Scenario, cells: Cells, headers: dict[str, str], values: dict[str, Floats], complaints: Complaints
) -> None:
    """No policy insures more, by the mean multiple of its product, than underwriting accepts for the income.

    Where the book does not give it, for the highest income of the customer's segment.
    """
    if not {"product", "premium", "segment"} <= set(values):
        return
    highest = [getattr(kind.traits.get("income"), "high", np.inf) for kind in scenario.segments.values()]
    known = np.nan_to_num(values["segment"], nan=0.0).astype(np.int64)
    income = values.get("income", np.array(highest)[known])
    for number, (name, product) in enumerate(scenario.products.items()):
        most = product.underwriting.max_sum_assured if product.underwriting else None
        if most is None:
            continue
        insured = values["premium"] / 100 * product.sum_assured.multiple
        places = np.flatnonzero((values["product"] == number) & (insured > most * income))
        messages = [
            f"insures {insured[place]:,.0f} CNY; underwriting of {name} accepts at most {most:g} years of income, "
            f"{most * income[place]:,.0f} CNY" for place in places[:MOST_LINES]
        ]  # fmt: skip
        complaints.about_rows(cells.rows[places], headers["premium"], messages)


def check_terms(
    scenario: Scenario, cells: Cells, headers: dict[str, str], values: dict[str, Floats], complaints: Complaints
) -> None:
    """No policy has matured before the start."""
    if not {"product", "issued"} <= set(values):
        return
    day = first_day(scenario.start, scenario.warm_up)
    for number, (name, product) in enumerate(scenario.products.items()):
        if product.maturity is not None:
            rows = np.flatnonzero((values["product"] == number) & ~np.isnan(values["issued"]))
            years = np.full(len(rows), product.maturity.after)
            ended = rows[maturities(values["issued"][rows].astype(np.int64), years, day) <= 0]
            message = f"{name} matures after {product.maturity.after} years, so this policy has ended before the start"
            complaints.about_rows(cells.rows[ended], headers["issued"], message)


def check_dues(
    scenario: Scenario, cells: Cells, headers: dict[str, str], values: dict[str, Floats], complaints: Complaints
) -> None:
    """Every due date is the next one of a policy of its day of issue; adds the column ``times``, instalments a year."""
    if not {"product", "issued", "due"} <= set(values):
        return
    day = first_day(scenario.start, scenario.warm_up)
    given = ~np.isnan(values["issued"]) & ~np.isnan(values["due"]) & ~np.isnan(values["product"])
    rows = np.flatnonzero(given)
    issued, due = (values[name][rows].astype(np.int64) for name in ("issued", "due"))
    early = due < issued
    messages = [f"is before the policy was issued, {_date(day, issued[k])}" for k in np.flatnonzero(early)[:MOST_LINES]]
    complaints.about_rows(cells.rows[rows[early]], headers["due"], messages)
    long = np.array([product.payment is not None for product in scenario.products.values()])
    long = long[values["product"][rows].astype(np.int64)]
    found, nexts = np.zeros(len(rows)), []
    for times in TIMES.values():
        theirs = next_dues(issued, np.full(len(rows), times), day)[1]
        nexts.append(theirs)
        found[(found == 0) & (theirs == due) & (long | (times == 1))] = times
    none = np.flatnonzero((found == 0) & ~early)
    messages = [
        f"{_date(day, due[k])} is not when the next premium of this policy falls due, which was issued on "
        f"{_date(day, issued[k])}; paid yearly that is {_date(day, nexts[0][k])}"
        + (f", monthly {_date(day, nexts[-1][k])}" if long[k] else "") for k in none[:MOST_LINES]
    ]  # fmt: skip
    complaints.about_rows(cells.rows[rows[none]], headers["due"], messages)
    values["times"] = np.zeros(len(given))
    values["times"][rows] = found


def _date(first: int, second: int) -> datetime.date:
    return datetime.date(1970, 1, 1) + datetime.timedelta(days=int(first + second // DAY))
