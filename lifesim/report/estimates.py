"""How well the insurer knows its customers: estimates beside the truth, by arm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lifesim.report.catalogue import Catalogue, printable

if TYPE_CHECKING:
    from lifesim.report.run_tables import RunTables

#: Estimates in order, with the value whose precision and recall are shown; none for estimates of many alike values.
_SHOWN = {"stage": "CHURN_WARNING", "tag": None, "churn_score": "leaves"}


@dataclass(frozen=True)
class EstimateRow:
    """One estimate in one arm, as text."""

    arm: str
    label: str
    accuracy: str
    commonest: str
    customers: str
    precision: str
    recall: str


def estimate_rows(run: RunTables, t: Catalogue) -> list[EstimateRow]:
    """A row for each arm and estimate, all replications together; none for a run without the table."""
    if "estimates" not in run.tables:
        return []
    table = run.table("estimates")
    arms = dict.fromkeys(table["arm"].astype(str))
    return [row for arm in arms for row in _of_arm(table[table["arm"] == arm], arm, t)]


def _of_arm(table: Any, arm: str, t: Catalogue) -> Iterator[EstimateRow]:
    for estimate, shown in _SHOWN.items():
        mine = table[table["estimate"] == estimate]
        if len(mine):
            of = mine[mine["value"] == shown][["customers", "estimated", "right"]].sum()
            yield EstimateRow(
                printable(arm),
                t(f"estimates.{estimate}"),
                _share(mine["right"].sum(), mine["customers"].sum(), t),
                _share(mine.groupby("value")["customers"].sum().max(), mine["customers"].sum(), t),
                t("na") if shown is None else f"{of['customers']:,}",
                _share(of["right"], of["estimated"], t),
                _share(of["right"], of["customers"], t),
            )


def _share(part: int, whole: int, t: Catalogue) -> str:
    return f"{100 * part / whole:.1f}%" if whole else t("na")
