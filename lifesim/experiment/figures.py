"""Simulated figures beside their sources."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lifesim.experiment.store import StoredRun, read_run
from lifesim.scenario.facts import Fact, Figure, load_facts
from lifesim.scenario.quantities import DAY, YEAR, parse_duration

BOUND = 0.15
WRITTEN = {"push": "push", "sms": "SMS"}


class NothingToCountError(Exception):
    """A figure has no meaning in a run because nothing of its kind happened; says what."""


def compare_facts(run_dir: Path) -> list[dict[str, Any]]:
    """Rows with the keys fact, source_value, low, high, simulated, outside, note; the control arm of a run.

    ``outside`` says whether the simulated figure lies beyond the range. Where nothing of the kind happened in the run,
    ``simulated`` is None and the note says what was missing. A figure that the run cannot observe is left out.
    """
    run = read_run(run_dir)
    facts = load_facts()
    rows = []
    for name, (figure, note) in FIGURES.items():
        try:
            simulated = figure(run)
        except NothingToCountError as reason:
            simulated, note = None, str(reason)
        else:
            if simulated is None:
                continue
        value, low, high = _source(facts, name)
        rows.append(
            {"fact": name, "source_value": value, "low": low, "high": high,
             "simulated": None if simulated is None else round(simulated, 4),
             "outside": _outside(simulated, low, high), "note": note}
        )  # fmt: skip
    return rows


def _source(facts: Mapping[str, Fact], name: str) -> tuple[Figure | None, float | None, float | None]:
    """Value and range of a fact; of one of several numbers, ``fact[3]`` being the third, within `BOUND` of it."""
    entry, _, place = name.partition("[")
    fact = facts[entry]
    if not place:
        return fact.value, fact.low, fact.high
    assert isinstance(fact.value, tuple | list)
    value = float(fact.value[int(place[:-1]) - 1])
    return value, round(value * (1 - BOUND), 3), round(value * (1 + BOUND), 3)


def _outside(simulated: float | None, low: float | None, high: float | None) -> bool:
    if simulated is None:
        return False
    return (low is not None and simulated < low) or (high is not None and simulated > high)


def _control(run: StoredRun, table: str) -> Any:
    rows = run.table(table)
    return rows[rows["arm"] == run.manifest["scenario"]["control"]]


def decision_days(run: StoredRun) -> float | None:
    """Mean days of completed FIRST_PURCHASE episodes begun 120 days or more before the end."""
    rows = _control(run, "episodes")
    rows = rows[(rows["stage"] == "FIRST_PURCHASE") & (rows["to"] == "all")]
    completed = int(rows["completed"].sum())
    return float(rows["seconds"].sum()) / DAY / completed if completed else None


def _touch_share(channel: str, top: str, bottom: str, marketing: bool = False) -> Callable[[StoredRun], float | None]:
    """Share of touches, or of marketing touches only: nobody opts out of a service notice."""

    def share(run: StoredRun) -> float | None:
        rows = _control(run, "touches")
        rows = rows[rows["channel"] == channel]
        if marketing:
            contents = json.loads(run.text("scenario.json"))["contents"]
            rows = rows[rows["content"].map(lambda name: contents[name]["kind"] != "service").astype(bool)]
        counts = rows.groupby("outcome")["count"].sum()
        if not counts.get(bottom, 0):
            raise NothingToCountError(f"no {'marketing ' if marketing else ''}{WRITTEN[channel]} sent")
        return float(counts.get(top, 0)) / float(counts[bottom])

    return share


def _connected(run: StoredRun) -> float | None:
    rows = _control(run, "touches")
    counts = rows[rows["channel"] == "call"].groupby("outcome")["count"].sum()
    tried = float(counts.get("delivered", 0)) + float(counts.get("failed", 0))
    return float(counts.get("delivered", 0)) / tried if tried else None


def persistency(month: int) -> Callable[[StoredRun], float | None]:
    """Persistency of new long-term policies by count; none where the run is too short to see one."""

    def share(run: StoredRun) -> float | None:
        totals = _control(run, "totals")
        rows = totals[(totals["metric"] == f"persistency_{month}") & (totals["scope"] == "everyone")]
        bottom = float(rows["denominator"].sum())
        return float(rows["numerator"].sum()) / bottom if bottom else None

    return share


def surrenders_of_a_half_year(run: StoredRun) -> float | None:
    """Share of long-term policies that are surrendered in half a year: 1 - exp(-surrenders / exposure / 2)."""
    products = json.loads(run.text("scenario.json"))["products"]
    long = [name for name, product in products.items() if product.get("payment")]
    rows = _control(run, "policy_years")
    rows = rows[rows["product"].isin(long)]
    years = float(rows["exposure_years"].sum())
    return 1.0 - math.exp(-0.5 * int(rows["surrendered"].sum()) / years) if years else None


def lapse_of_year(year: int) -> Callable[[StoredRun], float | None]:
    """Probability of a lapse in a policy year, for products paid by the month: 1 - exp(-lapses / instalment years)."""

    def probability(run: StoredRun) -> float | None:
        products = json.loads(run.text("scenario.json"))["products"]
        monthly = [name for name, product in products.items() if _by_month(product)]
        rows = _control(run, "policy_years")
        rows = rows[rows["product"].isin(monthly) & (rows["policy_year"] == year)]
        months = int(rows["due_months"].sum())
        return 1.0 - math.exp(-12.0 * int(rows["lapsed"].sum()) / months) if months else None

    return probability


def first_quarter_share(run: StoredRun) -> float | None:
    """Share of the first quarter in the annual premium of new policies, in a market with an opening campaign.

    None where no whole calendar year is observed. Over all whole years together; policies given back in the cooling-off
    period included.
    """
    described = run.manifest["scenario"]
    first = datetime.date.fromisoformat(described["start"])
    after = first + datetime.timedelta(days=described["horizon_days"])
    years = [str(year) for year in range(first.year, after.year) if first <= datetime.date(year, 1, 1)]
    if not years or not json.loads(run.text("scenario.json"))["market"]["openings"]:
        return None
    rows = _control(run, "months")
    rows = rows[rows["month"].str[:4].isin(years)]
    whole = int(rows["new_ape_fen"].sum())
    if not whole:
        raise NothingToCountError("nothing sold in a whole calendar year")
    return int(rows.loc[rows["month"].str[5:].isin(("01", "02", "03")), "new_ape_fen"].sum()) / whole


def _by_month(product: dict[str, Any]) -> bool:
    payment = product.get("payment")
    return payment is not None and payment["frequency"].get("monthly", 0.0) >= 1.0


def _complaints(metric: str) -> Callable[[StoredRun], float | None]:
    """Complaints of a level per 10,000 policies and quarter, by the policies in force at the end."""

    def rate(run: StoredRun) -> float | None:
        totals = _control(run, "totals")
        rows = totals[(totals["metric"] == metric) & (totals["scope"] == "everyone")]
        policies = float(_control(run, "products")["policies"].sum())
        if not policies:
            raise NothingToCountError("no policies in force at the end")
        quarters = parse_duration(json.loads(run.text("scenario.json"))["horizon"]) / (YEAR / 4)
        return float(rows["numerator"].sum()) / policies / quarters * 10_000

    return rate


def referral_lift(run: StoredRun) -> float | None:
    """Relative lift of the hazard of a referral by ten points of satisfaction, which are half a score."""
    processes = json.loads(run.text("scenario.json"))["behaviour"]["processes"]
    refers = [rule["depends"].get("satisfaction", 0.0) for rule in processes.values() if rule["event"] == "refer"]
    return math.exp(0.5 * refers[0]) - 1.0 if refers else None


#: Figures by the fact they stand beside.
FIGURES: dict[str, tuple[Callable[[StoredRun], float | None], str]] = {
    "stages.decision_days_mean": (decision_days, "completed episodes, current practice"),
    "lapse_and_persistency.china_surrender_rate": (
        surrenders_of_a_half_year, "by policies; the source goes by reserves, most of which are those of old policies",
    ),
    "lapse_and_persistency.china_13_month_persistency": (persistency(13), "new long-term policies, by count"),
    **{
        f"lapse_and_persistency.surrender_by_policy_year_infra_annual[{year}]": (
            lapse_of_year(year), f"policy year {year} of products paid by the month; range: 15% either way",
        )
        for year in range(1, 6)
    },
    "stages.referral_lift_per_10pt_claim_satisfaction": (
        referral_lift, "from the coefficient of satisfaction; 10 points are half a score",
    ),
    "service.insurer_complaints_per_10k_policies_quarter": (
        _complaints("complaints_per_10k"), "over the policies in force at the end",
    ),
    "service.regulator_complaints_per_10k_policies_quarter": (
        _complaints("regulator_complaints_per_10k"), "over the policies in force at the end",
    ),
    "contract.first_quarter_share_of_premium": (
        first_quarter_share, "annual premium of new policies, whole calendar years, current practice",
    ),
    "messages.push_open": (_touch_share("push", "opened", "delivered"), "opened over delivered"),
    "messages.sms_click": (_touch_share("sms", "opened", "delivered"), "opened over delivered"),
    "messages.sms_opt_out_per_message": (
        _touch_share("sms", "opted_out", "delivered", marketing=True), "opted out over delivered, marketing only",
    ),
    "sales.lead_contact_rate": (_connected, "calls connected over calls made"),
}  # fmt: skip
