"""Participants of a journey against everyone, and against themselves in the control."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lifesim.experiment.intervals import mean, mean_interval
from lifesim.report.catalogue import Catalogue, printable
from lifesim.report.formats import amount, decimals, interval
from lifesim.report.readings import Metric, metric, verdict

if TYPE_CHECKING:
    import pandas as pd

    from lifesim.report.run_tables import RunTables

LEVEL = 0.95
#: Shown beside the primary metric.
_ALWAYS = ("first_purchase_rate", "add_on_rate", "retention_rate")
_SUMS = ["numerator", "denominator", "control_numerator", "control_denominator", "everyone_numerator",
         "everyone_denominator"]  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """One metric of the participants of one journey in one arm, as text; the verdict is that of the paired effect."""

    arm: str
    journey: str
    label: str
    customers: str
    rate: str
    everyone: str
    naive: str
    control: str
    effect: str
    interval: str
    verdict: str


def selection(run: RunTables, t: Catalogue) -> list[Comparison]:
    """By arm, journey and metric, those with customers in every replication; none for a run without journeys."""
    if "participants" not in run.tables:
        return []
    metrics = run.manifest["metrics"]
    wanted = dict.fromkeys([run.manifest["scenario"].get("primary"), *_ALWAYS])
    table = run.table("participants")
    table = table[table["metric"].isin([name for name in wanted if name])]
    sums = table.groupby(["arm", "journey", "metric", "replication"], sort=False)[_SUMS].sum()
    found = []
    for (arm, journey, name), rows in sums.groupby(level=["arm", "journey", "metric"], sort=False):
        described = metric(str(name), metrics, t.lang)
        if described.is_share and (rows[[column for column in _SUMS if "denom" in column]] > 0).all(axis=None):
            found.append(_compared(str(arm), str(journey), described, rows, t))
    return found


def _interval(differences: list[float]) -> tuple[float | None, float | None]:
    """Both ends, or none below two replications."""
    return mean_interval(differences, LEVEL) if len(differences) > 1 else (None, None)


def _compared(arm: str, journey: str, described: Metric, rows: pd.DataFrame, t: Catalogue) -> Comparison:
    own, control, everyone = (
        (rows[f"{who}numerator"] / rows[f"{who}denominator"]).tolist() for who in ("", "control_", "everyone_")
    )
    differences = [a - b for a, b in zip(own, control, strict=True)]
    scale, (low, high) = described.scale, _interval(differences)
    scaled = [None if end is None else scale * end for end in (low, high)]
    places = decimals(scaled[0], scaled[1], scale * mean(differences))

    def share(values: list[float]) -> str:
        return f"{scale * mean(values):.{places}f}%"

    def change(value: float) -> Any:
        return amount(value, described, places, t, short=True)

    return Comparison(
        arm=printable(arm),
        journey=printable(journey),
        label=described.label,
        customers=f"{mean(rows['denominator'].tolist()):,.0f}",
        rate=share(own),
        everyone=share(everyone),
        naive=change(mean(own) - mean(everyone)),
        control=share(control),
        effect=change(mean(differences)),
        interval=interval(low, high, scale, places, t),
        verdict=t(f"verdict.{_verdict(described, differences, low, high)}"),
    )


def _verdict(described: Metric, differences: list[float], low: float | None, high: float | None) -> str:
    """Word for paired differences, one a replication, by the rules that all effects are read by."""
    differing = sum(difference != 0.0 for difference in differences)
    return verdict(described.better, (low, high), len(differences), differing)
