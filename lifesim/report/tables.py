"""Effects for the terminal: a table, and what it comes to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from lifesim.report.catalogue import Catalogue, printable
from lifesim.report.folding import folded
from lifesim.report.formats import label_with_unit, show
from lifesim.report.ladder import ladder_lines
from lifesim.report.readings import FEW, Reading, deciding, readings
from lifesim.report.verdicts import answers, ceiling, guardrails, same_money, titled, whom, worth

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table
    from rich.text import Text

    from lifesim.report.run_tables import RunTables

NUMBERS = ("control_mean", "arm_mean", "effect", "interval", "verdict")
NARROWEST_LABEL = 18
_CLEAR = ("better", "worse", "higher", "lower", "hint")
STYLES = {"better": "bold cyan", "worse": "bold yellow", "higher": "bold", "lower": "bold"}


def effects_table(
    effects: pd.DataFrame,
    metrics: dict[str, dict[str, Any]],
    lang: str = "en",
    primary: str | None = None,
    segment: str = "all",
    oracles: Collection[str] = (),
    width: int = 80,
    always: Collection[str] | None = None,
) -> Table:
    """Effects of one segment as a table that fits a terminal.

    No number is ever cut: where they do not fit beside the labels, the two columns of means go first.

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
    oracles
        Arms that see what no insurer sees.
    width
        Cells of the terminal.
    always
        Metrics that are shown whatever they say; others only where an arm moves them clearly. None shows all.

    Raises
    ------
    lifesim.errors.InputError
        The language is unknown.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    t = Catalogue(lang)
    found = [row for row in readings(effects, metrics, lang, primary, oracles) if row.segment == segment]
    rows = found if always is None else _telling(found, always)
    cells = {id(row): _numbers(row, t) for row in rows}
    widths = _widths(cells.values(), width, t)
    # Names come from the user: as Text they are never read as markup.
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0, caption_justify="left")
    for name, cells_wide in widths.items():
        side: Literal["left", "right"] = "left" if name in ("metric", "verdict") else "right"
        table.add_column(Text(t(f"column.{name}")), width=cells_wide, justify=side, overflow="fold")
    if not rows:
        table.caption = Text(t("table.empty", segment=t.segment(segment)))
        return table
    for (arm, control), of_arm in groupby(_by_arm(rows), key=lambda row: (row.arm, row.control)):
        heading = t("table.arm", arm=titled(arm, arm in oracles, t), control=titled(control, control in oracles, t))
        table.add_row(Text(heading, style="bold"))
        for row in of_arm:
            shown = cells[id(row)]
            table.add_row(
                _label(row, t, primary, widths["metric"]), *(shown[name] for name in widths if name != "metric")
            )
        table.add_section()
    left_out = len({row.metric.name for row in found}) - len({row.metric.name for row in rows})
    more = [t("table.more", count=left_out)] if left_out else []
    # Folded here: rich would break Chinese at spaces alone, and leave most of a line empty.
    room = sum(widths.values()) + len(widths) - 1
    table.caption = Text("\n".join(folded(t.joined([*more, caption(rows, t)]), "", room)))
    return table


def _telling(rows: list[Reading], always: Collection[str]) -> list[Reading]:
    """Rows of the metrics that are always shown, and of those that some arm moves clearly."""
    names = {row.metric.name for row in rows if row.verdict in _CLEAR} | set(always)
    return [row for row in rows if row.metric.name in names]


def caption(rows: Sequence[Reading], t: Catalogue) -> str:
    """What the numbers are, and over how many replications."""
    counts = [row.replications for row in rows]
    least, most = min(counts), max(counts)
    over = (
        t("table.replications", count=least) if least == most else t("table.replications_range", least=least, most=most)
    )
    said = [t("table.caption", replications=over)]
    if least < FEW:
        said.append(t("table.hints", few=FEW))
    return t.joined(said)


def findings(run: RunTables, lang: str) -> list[str]:
    """The answer, the guardrails and what has to be said of the arms, as lines for the terminal."""
    t = Catalogue(lang)
    scenario, metrics = run.manifest["scenario"], run.manifest["metrics"]
    oracles = run.manifest.get("oracles") or {}
    rows = readings(run.table(deciding(scenario)), metrics, lang, scenario.get("primary"), oracles)
    overall = [row for row in rows if row.segment == "all"]
    treated = [arm for arm in scenario["arms"] if arm != scenario["control"]]
    rails = guardrails(scenario.get("guardrails") or {}, overall, treated, metrics, t)
    lines = [line.text for line in answers(scenario, overall, rails, metrics, t)]
    lines.append("")
    marked = {printable(arm) for arm in oracles}
    for rail in rails:
        said = vars(rail) | {"arm": titled(rail.arm, rail.arm in marked, t)}
        lines.append(t("table.rail", **said | {"verdict": t(f"guardrail.{rail.verdict}")}))
    most = ceiling(overall, scenario.get("primary"), t)
    notes = [
        *whom(scenario, t),
        *most,
        *ladder_lines(run, t),
        *worth(run, t),
        same_money(overall, int(scenario["horizon_days"]), t),
    ]
    if oracles:
        notes.append(t("oracle.note", tag=t("oracle.tag"), why=t("oracle.why")))
    return [*lines, *(note for note in notes if note)]


def print_findings(run: RunTables, lang: str) -> None:
    """Print the effects of a run, as wide as the terminal is, and beneath them the answer."""
    from rich.console import Console
    from rich.text import Text

    manifest, console = run.manifest, Console()
    scenario, oracles = manifest["scenario"], manifest.get("oracles") or {}
    primary = scenario.get("primary")
    table = effects_table(
        run.table(deciding(scenario)), manifest["metrics"], lang, primary, oracles=oracles, width=console.width,
        always={primary, *(scenario.get("guardrails") or {})},
    )  # fmt: skip
    console.print(table)
    console.print()
    for line in findings(run, lang):
        for part in folded(line, "", console.width):
            console.print(Text(part))


def _widths(rows: Iterable[dict[str, Text]], width: int, t: Catalogue) -> dict[str, int]:
    """Cells of each column: as many as its longest number takes, and the rest for the labels."""
    found = list(rows)
    wanted = {name: max([_longest_word(t(f"column.{name}")), *(row[name].cell_len for row in found)])
              for name in NUMBERS}  # fmt: skip
    for dropped in ((), ("control_mean",), ("control_mean", "arm_mean")):
        kept = {name: cells for name, cells in wanted.items() if name not in dropped}
        rest = width - sum(kept.values()) - len(kept)
        if rest >= NARROWEST_LABEL:
            break
    return {"metric": max(rest, NARROWEST_LABEL // 2)} | kept


def _longest_word(text: str) -> int:
    from rich.cells import cell_len

    return max(map(cell_len, text.split()))


def _by_arm(rows: list[Reading]) -> list[Reading]:
    arms = list(dict.fromkeys(row.arm for row in rows))
    return sorted(rows, key=lambda row: arms.index(row.arm))


def _numbers(row: Reading, t: Catalogue) -> dict[str, Text]:
    """The columns of a row beside its label."""
    from rich.text import Text

    shown = show(row, t)
    verdict = Text(t(f"verdict.{row.verdict}"), style=STYLES.get(row.verdict, "dim"))
    texts = (shown.control_mean, shown.arm_mean, shown.effect, shown.interval)
    return dict(zip(NUMBERS, [*map(Text, texts), verdict], strict=True))


def _label(row: Reading, t: Catalogue, primary: str | None, width: int) -> Text:
    """Name of a metric, folded: rich would begin lines of Chinese with a closing bracket."""
    from rich.text import Text

    label = label_with_unit(row.metric, t)
    if row.metric.name == primary:
        label = t("label_unit", label=label, unit=t("primary.mark"))
    return Text("\n".join(folded(label, "", width)), style="bold" if row.metric.name == primary else "")
