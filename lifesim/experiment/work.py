"""Units of work: what one task simulates, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lifesim.scenario import Scenario

#: Customers of a unit at most, where branches can be told apart: enough to be worth the appointments of its desk.
CUSTOMERS_PER_UNIT = 50_000


@dataclass(frozen=True)
class Unit:
    """What one task simulates.

    Attributes
    ----------
    branches
        Names of the branches; all of them where a resource is contended nationally.
    """

    replication: int
    branches: tuple[str, ...]


@dataclass
class UnitResult:
    """Pieces of the tables of a run, by table, and what went wrong in which arm."""

    unit: Unit
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # pieces: column -> values
    failures: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    customer_days: float = 0.0

    def add(self, table: str, columns: dict[str, Any], **labels: Any) -> None:
        """Append a piece to a table: columns of one length, and labels that are the same in every row.

        Labels are arrays of one cell that is seen again in each row, because a log of events has many rows.
        """
        n = len(next(iter(columns.values())))
        same = {name: np.broadcast_to(_cell(label), n) for name, label in labels.items()}
        self.tables.setdefault(table, []).append(same | columns)

    def add_rows(self, table: str, rows: list[dict[str, Any]], **labels: Any) -> None:
        """Append rows to a table, each with the labels."""
        if rows:
            self.add(table, {name: [row[name] for row in rows] for name in rows[0]}, **labels)


def _cell(label: Any) -> Any:
    """A label as an array of one cell; words of any length, so that pieces with longer ones can follow."""
    return np.array(label, dtype=object if isinstance(label, str) else None)


def units(scenario: Scenario, sizes: dict[str, int]) -> list[Unit]:
    """All units of a scenario: neighbouring branches of a replication, in groups of about the same size.

    A replication is one unit where a resource is contended nationally. The cut depends on the scenario alone, never on
    the number of workers, and changes no customer.
    """
    total = sum(sizes.values())
    national = scenario.desk.scope == "national"
    groups = 1 if national else min(len(sizes), max(1, -(-total // CUSTOMERS_PER_UNIT)))
    members: dict[int, list[str]] = {}
    before = 0
    for branch, size in sizes.items():
        # A branch belongs to the group in which its middle lies.
        middle = (before + size / 2) * groups / max(total, 1)
        members.setdefault(min(int(middle), groups - 1), []).append(branch)
        before += size
    cut = [tuple(members[group]) for group in sorted(members)]
    return [Unit(r, group) for r in range(scenario.experiment.replications) for group in cut]
