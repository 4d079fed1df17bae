"""Simulated figures beside their sources."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lifesim.experiment.store import StoredRun, read_run
from lifesim.scenario.facts import load_facts

DAY = 86_400


def compare_facts(run_dir: Path) -> list[dict[str, Any]]:
    """Rows with the keys fact, source_value, low, high, simulated, note; the control arm of a run.

    A figure that the run cannot observe is left out.
    """
    run = read_run(run_dir)
    facts = load_facts()
    rows = []
    for name, (figure, note) in FIGURES.items():
        simulated = figure(run)
        if simulated is None:
            continue
        fact = facts[name]
        rows.append(
            {"fact": name, "source_value": fact.value, "low": fact.low, "high": fact.high,
             "simulated": round(simulated, 4), "note": note}
        )  # fmt: skip
    return rows


def _control(run: StoredRun, table: str) -> Any:
    rows = run.table(table)
    return rows[rows["arm"] == run.manifest["scenario"]["control"]]


def decision_days(run: StoredRun) -> float | None:
    """Mean days of completed FIRST_PURCHASE episodes begun 120 days or more before the end."""
    rows = _control(run, "episodes")
    rows = rows[(rows["stage"] == "FIRST_PURCHASE") & (rows["to"] == "all")]
    completed = int(rows["completed"].sum())
    return float(rows["seconds"].sum()) / DAY / completed if completed else None


def _touch_share(channel: str, top: str, bottom: str) -> Callable[[StoredRun], float | None]:
    def share(run: StoredRun) -> float | None:
        rows = _control(run, "touches")
        rows = rows[(rows["channel"] == channel) & (rows["outcome"].isin([top, bottom]))]
        counts = rows.groupby("outcome")["count"].sum()
        return float(counts.get(top, 0)) / float(counts[bottom]) if counts.get(bottom, 0) else None

    return share


def _connected(run: StoredRun) -> float | None:
    rows = _control(run, "touches")
    counts = rows[rows["channel"] == "call"].groupby("outcome")["count"].sum()
    tried = float(counts.get("delivered", 0)) + float(counts.get("failed", 0))
    return float(counts.get("delivered", 0)) / tried if tried else None


def premiums_paid(run: StoredRun) -> float | None:
    """Share of annual premiums due that were paid, grace included: a first form of persistency."""
    totals = _control(run, "totals")
    rows = totals[(totals["metric"] == "premium_payment_rate") & (totals["scope"] == "present")]
    bottom = float(rows["denominator"].sum())
    return float(rows["numerator"].sum()) / bottom if bottom else None


#: Figures by the fact they stand beside.
FIGURES: dict[str, tuple[Callable[[StoredRun], float | None], str]] = {
    "stages.decision_days_mean": (decision_days, "completed episodes, current practice"),
    "lapse_and_persistency.china_13_month_persistency": (
        premiums_paid, "premiums paid over premiums due, all policy years: a first form",
    ),
    "messages.push_open": (_touch_share("push", "opened", "delivered"), "opened over delivered"),
    "messages.sms_click": (_touch_share("sms", "opened", "delivered"), "opened over delivered"),
    "messages.sms_opt_out_per_message": (_touch_share("sms", "opted_out", "delivered"), "opted out over delivered"),
    "sales.lead_contact_rate": (_connected, "calls connected over calls made"),
}  # fmt: skip
