"""Effects as a table for the terminal."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from lifesim.report.catalogue import Catalogue, printable
from lifesim.report.formats import label_with_unit, show
from lifesim.report.readings import Reading, readings

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table
    from rich.text import Text

# Widths in cells of a terminal; with a space between columns they add up to 80.
WIDTHS = {
    "metric": 24,
    "control_mean": 10,
    "arm_mean": 10,
    "effect": 11,
    "interval": 13,
    "verdict": 7,
}
STYLES = {"better": "bold cyan", "worse": "bold yellow", "higher": "bold", "lower": "bold"}


def effects_table(
    effects: pd.DataFrame,
    metrics: dict[str, dict[str, Any]],
    lang: str = "en",
    primary: str | None = None,
    segment: str = "all",
) -> Table:
    """Effects of one segment as a table that fits 80 columns.

    Parameters
    ----------
    effects
        The table ``effects`` or ``effects_everyone`` of a run.
    metrics
        Metric name to its description, as in the manifest.
    lang
        ``"en"`` or ``"zh"``.
    primary
        Name of the primary metric: it comes first.
    segment
        Name of the segment; ``all`` is everyone.

    Raises
    ------
    lifesim.errors.InputError
        The language is unknown.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    t = Catalogue(lang)
    # Names come from the user: as Text they are never read as markup.
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0, caption_justify="left")
    for name, width in WIDTHS.items():
        number = name not in ("metric", "verdict")
        table.add_column(
            Text(t(f"column.{name}")),
            width=width,
            justify="right" if number else "left",
            overflow="fold",
        )
    rows = [row for row in readings(effects, metrics, lang, primary) if row.segment == segment]
    if not rows:
        table.caption = Text(t("table.empty", segment=t.segment(segment)))
        return table
    for (arm, control), of_arm in groupby(_by_arm(rows), key=lambda row: (row.arm, row.control)):
        heading = t("table.arm", arm=printable(arm), control=printable(control))
        table.add_row(Text(heading, style="bold"))
        for row in of_arm:
            table.add_row(*_cells(row, t, row.metric.name == primary))
        table.add_section()
    counts = sorted({row.replications for row in rows})
    table.caption = Text(t("table.caption", replications=", ".join(map(str, counts))))
    return table


def _by_arm(rows: list[Reading]) -> list[Reading]:
    arms = list(dict.fromkeys(row.arm for row in rows))
    return sorted(rows, key=lambda row: arms.index(row.arm))


def _cells(row: Reading, t: Catalogue, is_primary: bool) -> list[Text]:
    from rich.text import Text

    shown = show(row, t)
    label = label_with_unit(row.metric, t)
    if is_primary:
        label = t("label_unit", label=label, unit=t("primary.mark"))
    verdict = Text(t(f"verdict.{row.verdict}"), style=STYLES.get(row.verdict, "dim"))
    numbers = (shown.control_mean, shown.arm_mean, shown.effect, shown.interval)
    return [Text(label, style="bold" if is_primary else ""), *map(Text, numbers), verdict]
