"""The parts of a strategy: what each arm of a ladder adds to the one before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifesim.report.catalogue import Catalogue, printable
from lifesim.report.formats import effect_amount, show
from lifesim.report.readings import Reading, readings
from lifesim.report.verdicts import in_sentence, quoted, titled

if TYPE_CHECKING:
    from lifesim.report.run_tables import RunTables


def rungs(run: RunTables, t: Catalogue) -> list[Reading]:
    """Readings of the ladder's rungs, the primary metric first; none for a run without a ladder."""
    if "ladder" not in run.tables:
        return []
    scenario = run.manifest["scenario"]
    return readings(run.table("ladder"), run.manifest["metrics"], t.lang, scenario.get("primary"))


def ladder_lines(run: RunTables, t: Catalogue) -> list[str]:
    """The parts in words: a heading, then a line for each rung on the primary metric."""
    mine = [row for row in rungs(run, t) if row.metric.name == run.manifest["scenario"].get("primary")]
    if not mine:
        return []
    oracles = {printable(arm) for arm in run.manifest.get("oracles") or {}}
    start = quoted(mine[0].control, mine[0].control in oracles, t)
    lines = [t("ladder.terminal", metric=in_sentence(mine[0].metric.label), start=start)]
    for row in mine:
        said = {"effect": effect_amount(row, t), "interval": show(row, t).interval}
        lines.append(t("ladder.rung", arm=titled(row.arm, row.arm in oracles, t), **said))
    return lines
