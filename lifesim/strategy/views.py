"""What a strategy sees: read-only columns at one moment, of customers, leads or agents."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


class View:
    """Read-only columns at one moment; every column is computed when first asked for.

    Attributes
    ----------
    now
        Seconds since the start of the warm-up.
    date
        Date of the moment.
    """

    __slots__ = ("_cache", "_columns", "_rows", "_world", "date", "now")
    _rows: IntArray
    _columns: Mapping[str, Callable[[Any, Any, int], Any]]
    _world: Any
    _cache: dict[str, Any]
    now: int
    date: datetime.date

    def __init__(
        self,
        rows: IntArray,
        columns: Mapping[str, Callable[[Any, Any, int], Any]],
        world: Any,
        now: int,
        date: datetime.date,
    ) -> None:
        # Written past the refusal below; each by itself, as many a view is made for a few rows.
        keep = object.__setattr__
        keep(self, "_rows", rows)
        keep(self, "_columns", columns)
        keep(self, "_world", world)
        keep(self, "_cache", {})
        keep(self, "now", now)
        keep(self, "date", date)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"cannot set '{name}': a view is read-only")

    def __len__(self) -> int:
        return len(self._rows)

    def column(self, name: str) -> npt.NDArray[Any]:
        """A column by name, shape (n,), not writable.

        Raises
        ------
        AttributeError
            When the insurer cannot observe such a thing.
        """
        if name not in self._cache:
            if name not in self._columns:
                known = ", ".join(sorted(self._columns))
                raise AttributeError(f"'{name}' cannot be observed; known columns: {known}")
            values = np.asarray(self._columns[name](self._world, self._rows, self.now))
            if values.base is not None:  # a column of the world itself
                values = values.copy()
            values.setflags(write=False)
            self._cache[name] = values
        return self._cache[name]  # type: ignore[no-any-return]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.column(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(sorted(self._columns))

    def where(self, mask: BoolArray) -> IntArray:
        """Positions in the view where ``mask``, shape (n,), is true.

        Raises
        ------
        ValueError
            When the mask has another shape.
        """
        if np.shape(mask) != (len(self),):
            raise ValueError(f"where() takes a mask of shape ({len(self)},), not {np.shape(mask)}")
        return np.flatnonzero(mask)


class CustomerView(View):
    """Customers as the insurer sees them, one row each. ``docs/strategies.md`` lists the columns."""


#: What is remembered of a lead when somebody takes it, by the names of the columns of leads.
REMEMBERED = (
    "stage", "policies", "orphan", "tenure_days", "days_since_session", "days_since_touch", "days_since_behaviour",
    "behaviours", "source", "asked_by_customer", "waiting_seconds", "qualified",
)  # fmt: skip
#: What became of it, and when the insurer saw that.
BECAME = ("grade", "won", "days_since_concluded")
_NOTHING_PAST = {name: lambda world, rows, now: np.zeros(0) for name in (*REMEMBERED, *BECAME)}


class LeadView(View):
    """Leads that wait for an adviser, one row each: columns of their customers, and of the lead itself."""

    __slots__ = ("_history",)
    _history: View | None

    def __init__(
        self,
        rows: IntArray,
        columns: Mapping[str, Callable[[Any, Any, int], Any]],
        world: Any,
        now: int,
        date: datetime.date,
        history: View | None = None,
    ) -> None:
        super().__init__(rows, columns, world, now, date)
        object.__setattr__(self, "_history", history)

    @property
    def history(self) -> View:
        """The latest leads whose follow-up is over, as they were when somebody took them, and what became of them.

        Columns are ``REMEMBERED`` and ``BECAME``. A lead that is won early is among them no sooner than one that is
        lost, so that the share of those won is no higher than it will be. None where the scenario does not say how
        leads are made.
        """
        if self._history is not None:
            return self._history
        return View(np.zeros(0, np.int64), _NOTHING_PAST, None, self.now, self.date)


class AgentView(View):
    """Agents, or groups of seats, one row each. ``docs/strategies.md`` lists the columns.

    Attributes
    ----------
    tiers
        Names of the tiers, or of the groups of seats; the column ``tier`` holds places in this list.
    """

    __slots__ = ("tiers",)
    tiers: tuple[str, ...]

    def __init__(
        self,
        rows: IntArray,
        columns: Mapping[str, Callable[[Any, Any, int], Any]],
        world: Any,
        now: int,
        date: datetime.date,
        tiers: tuple[str, ...] = (),
    ) -> None:
        super().__init__(rows, columns, world, now, date)
        object.__setattr__(self, "tiers", tiers)

    def of_tiers(self, names: Iterable[str]) -> BoolArray:
        """Whether an agent belongs to one of the tiers, shape (n,).

        Raises
        ------
        ValueError
            When there is no such tier.
        """
        names = tuple(names)
        for name in names:
            if name not in self.tiers:
                raise ValueError(f"unknown tier '{name}'; tiers here: {', '.join(self.tiers)}")
        found: BoolArray = np.isin(self.tier, [self.tiers.index(name) for name in names])
        return found
