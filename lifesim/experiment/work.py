"""Units of work: what one task simulates, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lifesim.scenario import Scenario

#: Customers of a unit, where branches can be told apart: enough to be worth a process, few enough for its cache.
CUSTOMERS_PER_UNIT = 35_000


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
        """Append a piece to a table: columns of one length, and labels that are the same in every row."""
        n = len(next(iter(columns.values())))
        self.tables.setdefault(table, []).append({name: [label] * n for name, label in labels.items()} | columns)

    def add_rows(self, table: str, rows: list[dict[str, Any]], **labels: Any) -> None:
        """Append rows to a table, each with the labels."""
        if rows:
            self.add(table, {name: [row[name] for row in rows] for name in rows[0]}, **labels)


def units(scenario: Scenario, sizes: dict[str, int]) -> list[Unit]:
    """All units of a scenario: neighbouring branches of a replication, together about ``CUSTOMERS_PER_UNIT``.

    A replication is one unit where a resource is contended nationally. The cut depends on the scenario alone, never on
    the number of workers, and changes no customer.
    """
    national = scenario.desk.scope == "national"
    groups: list[list[str]] = [[]]
    for branch in sizes:
        together = sum(sizes[name] for name in groups[-1]) + sizes[branch]
        if groups[-1] and together > CUSTOMERS_PER_UNIT and not national:
            groups.append([])
        groups[-1].append(branch)
    return [Unit(r, tuple(group)) for r in range(scenario.experiment.replications) for group in groups]
