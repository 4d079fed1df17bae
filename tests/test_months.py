"""What is sold and paid by calendar month, beside the log of every event; the first quarter's share by hand."""

from __future__ import annotations

import datetime
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from small_worlds import busy, described, experiment, small, table

from lifesim.experiment.figures import NothingToCountError, first_quarter_share
from lifesim.experiment.store import RunWriter, read_run
from lifesim.experiment.unit import Unit
from lifesim.population.columns import DAY

#: Money that comes in, by event of the log.
PAID = ("purchase", "premium", "reinstated")
FORK = datetime.datetime(2026, 1, 5)


@pytest.fixture(scope="module")
def tables() -> dict[str, list[dict[str, Any]]]:
    """Tables of 500 customers from 5 January to 4 August who buy a lot; half of them pay every quarter."""
    base = small(500, horizon="212d")
    data = described(base)
    for clock in data["behaviour"]["transitions"].values():
        clock["rate"] = f"{6 * float(clock['rate'].removesuffix('/s'))}/s"
    for product in data["products"].values():
        if product["payment"]:
            product["payment"] |= {"frequency": {"yearly": 0.5, "quarterly": 0.5}, "reinstated": 1.0}
    data["behaviour"]["suspension"]["within"] = "30d"
    data["behaviour"]["unpaid"]["forgotten"] |= {"chance": 0.5, "recovers": 0.0}
    scenario = base.replace(behaviour=data["behaviour"], products=data["products"])
    result = experiment(scenario, {"control": busy()}).run(Unit(0, ("north",)))
    return {name: table(result, name) for name in ("months", "events", "products", "totals", "ledger")}


def month(event: dict[str, Any]) -> str:
    """Calendar month of an event; times count from the start of a warm-up of 20 days."""
    return f"{FORK + datetime.timedelta(seconds=int(event['time']) - 20 * DAY):%Y-%m}"


def test_months_hold_what_the_log_holds(tables: dict[str, list[dict[str, Any]]]) -> None:
    products = [row["product"] for row in tables["products"]]
    sold, paid = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for event in tables["events"]:
        if event["kind"] in PAID:
            cell = month(event), products[event["detail"]]
            paid[cell] += int(event["amount_fen"])
            sold[cell] += event["kind"] == "purchase"
    rows = tables["months"]
    assert [row["month"] for row in rows[:: len(products)]] == [f"2026-0{k}" for k in range(1, 9)]
    assert {event["kind"] for event in tables["events"]} >= set(PAID)
    assert sum(sold.values()) > 50 and len({cell[0] for cell in sold}) == 8
    for row in rows:
        cell = row["month"], row["product"]
        assert (row["new_policies"], row["premium_fen"]) == (sold[cell], paid[cell]), cell


def test_months_add_up_to_the_outcomes(tables: dict[str, list[dict[str, Any]]]) -> None:
    (premium,) = [row["amount_fen"] for row in tables["ledger"] if row["account"] == "premium"]
    assert sum(row["premium_fen"] for row in tables["months"]) == premium
    ape = [row["numerator"] for row in tables["totals"] if (row["metric"], row["scope"]) == ("ape_per_10k", "everyone")]
    assert sum(row["new_ape_fen"] for row in tables["months"]) == pytest.approx(sum(ape), rel=1e-12)


def a_run(folder: Path, start: str, days: int, sold: dict[str, int], openings: tuple[str, ...] = ("o",)) -> Path:
    """A run whose control arm sold these, annual premium in fen by month; the other arm sold the same twice over."""
    rows = [
        {"arm": arm, "month": month, "product": "x", "new_ape_fen": times * fen}
        for arm, times in (("control", 1), ("other", 2))
        for month, fen in sold.items()
    ]
    with RunWriter(folder, "a-run") as writer:
        writer.write_table("months", pd.DataFrame(rows))
        writer.write_text("scenario.json", json.dumps({"market": {"openings": dict.fromkeys(openings)}}))
        return writer.commit({"scenario": {"control": "control", "start": start, "horizon_days": days}})


SOLD = {"2026-01": 20, "2026-03": 15, "2026-07": 40, "2026-12": 25, "2027-01": 900, "2027-02": 900}


@pytest.mark.parametrize(
    ("start", "days", "share"),
    [("2026-01-01", 365, 0.35), ("2025-12-05", 400, 0.35), ("2026-01-02", 370, None), ("2026-01-01", 364, None)],
)
def test_the_share_of_the_first_quarter_is_of_whole_calendar_years(
    tmp_path: Path, start: str, days: int, share: float | None
) -> None:
    """20 and 15 of 100; months of years that are not whole do not count."""
    assert first_quarter_share(read_run(a_run(tmp_path, start, days, SOLD))) == share


def test_a_market_without_an_opening_campaign_has_no_such_share(tmp_path: Path) -> None:
    assert first_quarter_share(read_run(a_run(tmp_path, "2026-01-01", 365, SOLD, openings=()))) is None


def test_a_year_in_which_nothing_is_sold_has_no_share(tmp_path: Path) -> None:
    run = read_run(a_run(tmp_path, "2026-01-01", 365, {"2027-01": 4}))
    with pytest.raises(NothingToCountError, match="nothing sold in a whole calendar year"):
        first_quarter_share(run)
