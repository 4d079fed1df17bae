"""What the products say about policies of the insurer's book: sums that are insured, terms that have ended."""

from __future__ import annotations

import numpy as np

from lifesim.dates import first_day, maturities
from lifesim.population.book_cells import MOST_LINES, Cells, Complaints, Floats
from lifesim.scenario import Scenario


def check_sums_assured(
    scenario: Scenario, cells: Cells, headers: dict[str, str], values: dict[str, Floats], complaints: Complaints
) -> None:
    """No policy insures more, by the mean multiple of its product, than underwriting accepts for the income given."""
    if not {"product", "premium", "income"} <= set(values):
        return
    for number, (name, product) in enumerate(scenario.products.items()):
        most = product.underwriting.max_sum_assured if product.underwriting else None
        if most is None:
            continue
        insured, income = values["premium"] / 100 * product.sum_assured.multiple, values["income"]
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
