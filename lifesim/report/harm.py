"""How many customers an arm leaves worse off than the control, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifesim.report.catalogue import Catalogue
from lifesim.report.verdicts import quoted

if TYPE_CHECKING:
    from lifesim.report.run_tables import RunTables

_PER = 10_000


def harmed(run: RunTables, t: Catalogue) -> list[str]:
    """A sentence for each arm: of 10,000 customers, how many are worse off than in the control, and how many better.

    None for a run without the table ``harm``, see ``experiment.harm``.
    """
    if "harm" not in run.tables:
        return []
    table, control = run.table("harm"), str(run.manifest["scenario"]["control"])
    oracles = run.manifest.get("oracles") or {}
    counts, said = ["harmed", "helped", "customers"], []
    for arm, rows in table.groupby("arm", sort=False):
        sums = rows.groupby("reason", sort=False)[counts].sum().to_dict("index")
        found = {
            str(reason): {name: f"{_PER * n[name] / n['customers']:,.1f}" for name in ("harmed", "helped")}
            for reason, n in sums.items()
        }
        every = found.pop("any")
        reasons = [t("harm.reason", reason=t(f"harm.of_{reason}"), **n) for reason, n in found.items()]
        names = {"arm": quoted(str(arm), arm in oracles, t), "control": quoted(control, control in oracles, t)}
        said.append(t("harm.each", **names, **every, reasons=t("list_separator").join(reasons)))
    return [*said, t("harm.coupling")] if said else []
