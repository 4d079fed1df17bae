"""Which numbers of a run go into which chart of the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from lifesim.report.catalogue import Catalogue
from lifesim.report.figures import ForestRow, Line, Mark, Style, forest, panel
from lifesim.report.formats import share_of_control, show, tick_text, unit_text
from lifesim.report.readings import Reading

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Chart:
    """A drawing, its title and the line beneath; ``svg`` is empty where nothing can be drawn."""

    title: str
    note: str
    missing: str
    svg: str


MOST_LINES = 40
"""Lines of text and marks of one drawing at most: a printed page holds it whole."""


def metrics_forests(overall: Sequence[Reading], styles: Mapping[str, Style], t: Catalogue) -> list[Chart]:
    """Relative effects of every metric, all customers, one drawing per group of metrics.

    Metrics without a relative effect are named beneath the last one.
    """
    groups: dict[str, list[ForestRow]] = {}
    missing = []
    for described, of_metric in groupby(overall, key=lambda row: row.metric):
        marks = tuple(_relative_marks(of_metric, styles, t))
        if marks:
            groups.setdefault(described.group or "other", []).append(ForestRow(described.label, marks))
        else:
            missing.append(described.label)
    title = t("forest.metrics")
    charts: list[Chart] = []
    for group, rows in groups.items():
        for part in _parts(rows):
            name = t("forest.group", title=title, group=t.group(group))
            drawn = forest(part, lambda value: tick_text(value) + "%", f"metrics{len(charts)}", name)
            charts.append(Chart(name, "", "", drawn))
    if not charts:
        charts = [Chart(title, "", "", "")]
    said = t("forest.not_shown", metrics=t("list_separator").join(missing)) if missing else ""
    return [*charts[:-1], replace(charts[-1], missing=said)]


def _parts(rows: Sequence[ForestRow]) -> Iterator[Sequence[ForestRow]]:
    """Cut rows into as few parts as are low enough, about as many rows in each."""
    parts: list[Sequence[ForestRow]] = [rows]
    while any(len(part) > 1 and _lines(part) > MOST_LINES for part in parts):
        count = len(parts) + 1
        ends = [len(rows) * k // count for k in range(count + 1)]
        parts = [rows[first:last] for first, last in pairwise(ends)]
    yield from parts


def _lines(rows: Sequence[ForestRow]) -> float:
    return sum(len(row.marks) + 1.5 for row in rows)


def segments_forest(
    present: Sequence[Reading], primary: str | None, styles: Mapping[str, Style], t: Catalogue
) -> Chart | None:
    """Absolute effects on the primary metric by segment; None where the run has no such effect."""
    mine = [row for row in present if row.metric.name == primary]
    if not mine:
        return None
    mine.sort(key=lambda row: (row.segment != "all", row.segment))
    rows, missing = [], []
    for name, of_segment in groupby(mine, key=lambda row: row.segment):
        marks = tuple(_absolute_marks(of_segment, styles, t))
        if marks:
            rows.append(ForestRow(t.segment(name), marks))
        else:
            missing.append(t.segment(name))
    described = mine[0].metric
    title = t("forest.segments", metric=described.label)
    names = t("list_separator").join(missing)
    return Chart(
        title=title,
        note=t("forest.segments_note", unit=unit_text(described, t)),
        missing=t("forest.segments_missing", segments=names) if missing else "",
        svg=forest(rows, tick_text, "segments", title) if rows else "",
    )


def occupancy_panels(
    occupancy: pd.DataFrame, stages: Sequence[str], styles: Mapping[str, Style], t: Catalogue
) -> list[Chart]:
    """One panel per stage: mean over replications of customers in it, summed over the rest."""
    if occupancy.empty:
        return []
    known = list(dict.fromkeys(occupancy["stage"].astype(str)))
    ordered = [*stages, *(code for code in known if code not in stages)]
    means = mean_occupancy(occupancy)
    charts = []
    for place, code in enumerate(ordered):
        lines = [
            Line(look, by_day.index.to_list(), by_day.to_list())
            for arm, look in styles.items()
            if arm in means and code in (table := means[arm]).columns
            for by_day in [table[code]]
        ]
        if lines:
            label = t("stages.panel", stage=t.stage(code))
            drawn = panel(lines, tick_text, f"stage{place}", label, t("stages.days"))
            charts.append(Chart(t.stage(code), "", "", drawn))
    return charts


def mean_occupancy(occupancy: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Customers by day (rows) and stage (columns) for each arm, as a mean over its replications.

    A stage that is missing on a day held nobody, so it counts as 0.
    """
    result = {}
    for arm, mine in occupancy.astype({"stage": str, "arm": str}).groupby("arm", sort=False):
        summed = mine.groupby(["replication", "day", "stage"])["customers"].sum()
        by_stage = summed.unstack("stage", fill_value=0)
        by_day = by_stage.groupby(level="day").sum() / mine["replication"].nunique()
        result[str(arm)] = by_day.sort_index()
    return result


def _relative_marks(rows: Iterator[Reading], styles: Mapping[str, Style], t: Catalogue) -> Iterator[Mark]:
    for row in rows:
        found = share_of_control(row, t)
        if found is not None:
            yield from _mark(row, found[0], 100.0, found[1], styles)


def _absolute_marks(rows: Iterator[Reading], styles: Mapping[str, Style], t: Catalogue) -> Iterator[Mark]:
    for row in rows:
        shown = show(row, t)
        text = t("value_interval", value=shown.effect_number, interval=shown.interval)
        yield from _mark(row, (row.effect, row.low, row.high), row.metric.scale, text, styles)


def _mark(
    row: Reading,
    numbers: tuple[float | None, float | None, float | None],
    scale: float,
    text: str,
    styles: Mapping[str, Style],
) -> Iterator[Mark]:
    """A mark, or none without an effect; without an interval the ends stand on the effect."""
    effect, low, high = numbers
    if effect is None or row.arm not in styles:
        return
    low = effect if low is None else low
    high = effect if high is None else high
    clear = row.verdict not in ("unclear", "few", "same", "hint", "none")
    yield Mark(styles[row.arm], effect * scale, low * scale, high * scale, clear, text)
