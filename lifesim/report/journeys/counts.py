"""How many customers came to each step and which way they went on: where a journey breaks."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lifesim.engagement.journeys.layout import ENDINGS, LEFT, REACHED_GOAL
from lifesim.errors import InputError
from lifesim.experiment.store import StoredRun
from lifesim.scenario.journeys import Journey
from lifesim.scenario.journeys.texts import EXIT
from lifesim.scenario.quantities import parse_count
from lifesim.workspace import shown, suggest

#: A step that fewer customers came to says nothing.
FEW = 30
#: The way of those who are still at the step, or were when the run ended.
WAITING = "waiting"
_COLUMNS = ("step", "way", "customers")


@dataclass(frozen=True)
class Counts:
    """Customers by step and way.

    Attributes
    ----------
    journey
        The journey.
    taken
        Customers by step and name of the way; `WAITING` for those who went none. Of those who left the journey there
        by none, `LEFT` for those who did something that ends it, or were to leave before the next step, and
        `REACHED_GOAL` for those who reached a goal that ends it.
    arm, replications
        Whose customers, and in how many replications of a run they were counted; nothing where it was no run.
    """

    journey: Journey
    taken: Mapping[tuple[str, str], int]
    arm: str = ""
    replications: int = 0

    def seen(self, step: str) -> int:
        """Customers who came to a step."""
        return sum(count for (name, _), count in self.taken.items() if name == step)

    def went(self, step: str, way: str) -> int:
        """Customers who went a way."""
        return self.taken.get((step, way), 0)

    def left(self, step: str) -> int:
        """Customers lost at a step that has another way as well; none where all ways end it.

        Whoever has reached the goal is not lost.
        """
        ways = list(self.journey.steps[step].ways())
        if all(way.to == EXIT for way in ways):
            return 0
        return sum(self.went(step, way.name) for way in ways if way.to == EXIT) + self.went(step, LEFT)

    def drop_off(self, step: str) -> float | None:
        """Share of those who came to a step that left there; None below `FEW`."""
        seen = self.seen(step)
        return None if seen < FEW else self.left(step) / seen

    @property
    def breaks_at(self) -> str | None:
        """The step that loses the largest share of those who come to it, of the steps that `FEW` or more came to."""
        known = {name: share for name in self.journey.steps if (share := self.drop_off(name))}
        return max(known, key=known.__getitem__) if known else None

    @property
    def conversion(self) -> float | None:
        """Share of those who came to the first step that came to one where every way ends, or reached a goal that ends
        the journey before it; None below `FEW`.
        """
        entered = self.seen(self.journey.start)
        last = [n for n, step in self.journey.steps.items() if all(way.to == EXIT for way in step.ways())]
        before = [name for name in self.journey.steps if name not in last]
        done = sum(map(self.seen, last)) + sum(self.went(name, REACHED_GOAL) for name in before)
        return None if entered < FEW else done / entered


def read_counts(path: Path, journey: Journey) -> Counts:
    """Read a table with the columns step, way and customers from a CSV file.

    Raises
    ------
    InputError
        When the file cannot be read, or a line names a step or a way that the journey does not have.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{shown(path)} cannot be read: {error}") from None
    taken: dict[tuple[str, str], int] = {}
    for line, row in enumerate(rows, 2):
        missing = [column for column in _COLUMNS if row.get(column) is None]
        if missing:
            raise InputError(f"{shown(path)}:{line}: no value for {', '.join(missing)}; columns are step,way,customers")
        key = _checked(row["step"], row["way"], journey, f"{shown(path)}:{line}")
        try:
            taken[key] = taken.get(key, 0) + parse_count(row["customers"])
        except ValueError as error:
            raise InputError(f"{shown(path)}:{line}: customers: {error}") from None
    return Counts(journey, taken)


def counts_of_run(run: StoredRun, journey: Journey, arm: str | None) -> Counts:
    """What a run counted, over all replications and branches.

    Parameters
    ----------
    arm
        Whose customers; where not given, the one arm that runs the journey.

    Raises
    ------
    InputError
        When no arm, not this one, or several ran the journey, or it has other steps by now.
    """
    if "journey_steps" not in run.tables:
        raise InputError(f"{shown(run.path)} ran no journeys")
    table = run.table("journey_steps")
    table = table[table["journey"] == journey.name]
    arms = sorted(set(table["arm"]))
    if not arms or (arm is not None and arm not in arms):
        whose = "no arm" if arm is None else f"arm '{arm}' never"
        raise InputError(f"{shown(run.path)}: {whose} ran the journey '{journey.name}'{suggest(arm or '', arms)}")
    if arm is None and len(arms) > 1:
        raise InputError(f"{shown(run.path)}: several arms ran the journey '{journey.name}'; write --arm {arms[0]}")
    mine = table[table["arm"] == (arm or arms[0])]
    taken: dict[tuple[str, str], int] = {}
    for step, way, customers in zip(mine["step"], mine["way"], mine["customers"], strict=True):
        key = _checked(step, way, journey, shown(run.path))
        taken[key] = taken.get(key, 0) + int(customers)
    return Counts(journey, taken, arm or arms[0], int(mine["replication"].nunique()))


def _checked(step: str, way: str, journey: Journey, place: str) -> tuple[str, str]:
    if step not in journey.steps:
        raise InputError(f"{place}: journey '{journey.name}' has no step '{step}'{suggest(step, journey.steps)}")
    known = [each.name for each in journey.steps[step].ways()] + [WAITING, *ENDINGS]
    if way not in known:
        raise InputError(f"{place}: step '{step}' has no way '{way}'{suggest(way, known)}")
    return step, way
