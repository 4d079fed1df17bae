"""Leads by arm and grade: how fast they were, what was predicted of them, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lifesim.report.catalogue import Catalogue, printable

if TYPE_CHECKING:
    import pandas as pd

_HOUR, _MICRO = 3_600, 1_000_000


@dataclass(frozen=True)
class GradeRow:
    """One grade in one arm, over all branches, sources and replications; shares as text."""

    arm: str
    grade: str
    created: str
    to_grade: str
    to_agent: str
    concluded: str
    predicted: str
    came_true: str
    converted: str
    uplift: str


def grade_rows(table: pd.DataFrame, arms: list[str], t: Catalogue) -> list[GradeRow]:
    """Rows for the page, in the order of arms and grades; leads before any grade are left out.

    Parameters
    ----------
    table
        The table ``leads`` of a run.
    """
    summed = table.groupby(["arm", "grade", "measure"], observed=True)["value"].sum()
    found = []
    for arm in arms:
        for grade in "ABCD":
            if (arm, grade, "created") not in summed.index:
                continue
            of = {str(measure): float(value) for measure, value in summed[arm, grade].items()}
            found.append(_row(arm, grade, of, t))
    return found


def _row(arm: str, grade: str, of: dict[str, float], t: Catalogue) -> GradeRow:
    def each(top: str, bottom: str, per: float, form: str) -> str:
        return format(of[top] / per / of[bottom], form) if of[bottom] else t("na")

    return GradeRow(
        arm=printable(arm),
        grade=grade,
        created=f"{of['created']:,.0f}",
        to_grade=each("grade_seconds", "graded", _HOUR, ".1f"),
        to_agent=each("agent_seconds", "taken", _HOUR, ".1f"),
        concluded=f"{of['concluded']:,.0f}",
        predicted=each("chance_micro", "predicted", _MICRO, ".1%"),
        came_true=each("came_true", "predicted", 1, ".1%"),
        converted=each("policies", "concluded", 1, ".1%"),
        uplift=each("uplift_micro", "concluded", _MICRO, ".4f"),
    )
