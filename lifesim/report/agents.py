"""Agents and seats on the page: metrics of every arm by tier, and by branch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lifesim.report.catalogue import Catalogue, printable
from lifesim.report.formats import decimals, interval, plain
from lifesim.report.readings import FEW_DIFFERING, large_money

if TYPE_CHECKING:
    import pandas as pd

_ALL = "all"


@dataclass(frozen=True)
class AgentCell:
    """A metric of one arm as text: mean, interval, and how it differs from the control: ``higher``, ``lower`` or ""."""

    value: str
    interval: str
    differs: str


@dataclass(frozen=True)
class AgentRow:
    """One metric, a cell for each arm; a cell is empty where nothing is known."""

    label: str
    cells: tuple[AgentCell, ...]


@dataclass(frozen=True)
class TierTable:
    """Metrics of one tier, or of all together; ``branch`` is empty for all branches."""

    tier: str
    branch: str
    rows: tuple[AgentRow, ...]


def tier_tables(
    table: pd.DataFrame, metrics: Mapping[str, Mapping[str, str]], arms: list[str], t: Catalogue
) -> list[TierTable]:
    """All tiers together first, then each tier, then each branch with all of its tiers.

    Parameters
    ----------
    table
        ``agent_metrics`` of a run.
    metrics
        What each metric is, from the manifest.
    arms
        Names in the order of the columns.
    """
    tiers = [name for name in dict.fromkeys(table["tier"].astype(str)) if name != _ALL]
    branches = [name for name in dict.fromkeys(table["branch"].astype(str)) if name != _ALL]
    places = [(_ALL, tier) for tier in (_ALL, *tiers)] + [(branch, _ALL) for branch in branches if len(branches) > 1]
    found = []
    for branch, tier in places:
        mine = table[(table["branch"] == branch) & (table["tier"] == tier)]
        rows = _rows(mine, metrics, arms, t)
        if rows:
            name = t("agents.all") if tier == _ALL else _tier(tier, t)
            found.append(TierTable(name, "" if branch == _ALL else printable(branch), rows))
    return found


def _tier(name: str, t: Catalogue) -> str:
    return t("agents.online") if name == "online" else printable(name)


def _rows(
    mine: pd.DataFrame, metrics: Mapping[str, Mapping[str, str]], arms: list[str], t: Catalogue
) -> tuple[AgentRow, ...]:
    by_place = {(row["metric"], row["arm"]): row for row in mine.to_dict(orient="records")}
    return tuple(
        _row(metric, [by_place.get((name, arm)) for arm in arms], t)
        for name, metric in metrics.items()
        if any((name, arm) in by_place for arm in arms)
    )


def _row(metric: Mapping[str, str], rows: list[Any], t: Catalogue) -> AgentRow:
    """A metric of all arms in one unit: large amounts of money in millions, in Chinese in 万."""
    label, scale, unit = metric[f"label_{t.lang}"], 1.0, ""
    if metric["unit"] == "CNY":
        largest = max(row["mean"] for row in rows if row is not None)
        scale, unit = large_money(largest, t("agents.unit_CNY"), t.lang)
    elif metric["unit"] == "hours":
        unit = t("agents.unit_hours")
    if unit:
        label = t("label_unit", label=label, unit=unit)
    return AgentRow(label, tuple(_cell(row, metric["unit"], scale, t) for row in rows))


def _cell(row: Any, unit: str, scale: float, t: Catalogue) -> AgentCell:
    if row is None:
        return AgentCell(t("na"), "", "")
    scale, percent = (100.0, "%") if unit == "share" else (scale, "")
    low, high = _possible(row["low"], row["high"], unit)
    first, last = (None if end is None else end * scale for end in (low, high))
    places = 0 if unit == "count" and not row["mean"] else decimals(first, last, row["mean"] * scale)
    return AgentCell(
        plain(row["mean"] * scale, places) + percent,
        "" if low is None or low == high else interval(low, high, scale, places, t),
        _differs(row),
    )


def _possible(low: float, high: float, unit: str) -> tuple[float | None, float | None]:
    """The part of an interval that the metric can take: none of them is below 0, and no share above 1."""
    if math.isnan(low) or math.isnan(high):
        return None, None
    return max(low, 0.0), min(high, 1.0) if unit in ("share", "index") else high


def _differs(row: Mapping[str, Any]) -> str:
    """Whether the paired difference from the control excludes 0, and more than a few replications differ.

    A table of an earlier version does not say how many do.
    """
    if row.get("differing", row["replications"]) < FEW_DIFFERING:
        return ""
    return "higher" if row["effect_low"] > 0 else "lower" if row["effect_high"] < 0 else ""


def what_is_counted(metric: Mapping[str, str], t: Catalogue) -> tuple[str, str]:
    """Label of a metric, and what it is made of."""
    top, bottom = metric[_column("numerator", t)], metric[_column("denominator", t)]
    return metric[f"label_{t.lang}"], t("agents.of", numerator=top, denominator=bottom) if bottom else top


def _column(name: str, t: Catalogue) -> str:
    return name if t.lang == "en" else f"{name}_zh"
