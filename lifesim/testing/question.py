"""Questions that a world asked, kept as arrays: they can be asked again, of fewer rows, in another order, elsewhere."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lifesim.strategy import AgentView, IntArray, LeadView, Luck, View
from lifesim.streams import Streams

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class SeenView:
    """What a view showed.

    Attributes
    ----------
    kind
        Class of the view.
    columns
        Values by name, each of shape (n,).
    rows
        Rows of the view in the arrays behind it, shape (n,).
    behind
        A copy of the arrays that the view was computed from. No strategy may look at it.
    tiers
        Of a view of agents; empty in others.
    history
        Of a view of leads: what it showed of those that were concluded.
    """

    kind: type[View]
    columns: dict[str, Array]
    rows: IntArray
    behind: Any
    now: int
    date: datetime.date
    tiers: tuple[str, ...] = ()
    history: SeenView | None = None

    def part(self, positions: IntArray) -> SeenView:
        """The rows at some positions, in their order."""
        columns = {name: values[positions] for name, values in self.columns.items()}
        return replace(self, columns=columns, rows=self.rows[positions])

    def with_columns(self, **columns: Array) -> SeenView:
        """The view with other values in some columns."""
        return replace(self, columns=self.columns | columns)

    def shown(self, kind: type[View] | None = None) -> View:
        """A view that shows it; of another class if one is given."""
        columns = {name: _always(values) for name, values in self.columns.items()}
        more: tuple[Any, ...] = (self.tiers,) if issubclass(self.kind, AgentView) else ()
        if self.history is not None:
            more = (self.history.shown(),)
        return (kind or self.kind)(self.rows, columns, self.behind, self.now, self.date, *more)


def _always(values: Array) -> Callable[[Any, Any, int], Array]:
    return lambda behind, rows, now: values.copy()


@dataclass(frozen=True)
class SeenLuck:
    """What a strategy's luck is made from; see `lifesim.strategy.Luck`."""

    seed: int
    replication: int
    name: str
    occasion: int
    keys: Array
    leads: Array | None
    agents: Array | None

    def part(self, positions: IntArray) -> SeenLuck:
        """The luck of the rows at some positions."""
        leads = None if self.leads is None else self.leads[positions]
        return replace(self, keys=self.keys[positions], leads=leads)

    def given(self, kind: type[Luck] = Luck) -> Luck:
        """The luck, as it is given to a strategy."""
        streams = Streams(self.seed, self.replication)
        return kind(streams, self.name, lambda: self.keys, self.occasion, self.leads, self.agents)


@dataclass(frozen=True)
class Question:
    """One question to a strategy.

    Attributes
    ----------
    rows
        The view whose rows the answer is about: customers or leads.
    others
        Further views: groups of seats.
    labels
        Number of each row in the question as the world asked it, shape (n,): names rows in whatever order they are.
    """

    rows: SeenView
    others: tuple[SeenView, ...]
    luck: SeenLuck
    labels: IntArray

    def __len__(self) -> int:
        return len(self.labels)

    def __str__(self) -> str:
        moment = datetime.datetime.combine(self.rows.date, datetime.time())
        moment += datetime.timedelta(seconds=self.rows.now % 86_400)
        return f"at {moment:%Y-%m-%d %H:%M}, with {len(self)} rows"

    def part(self, positions: Any) -> Question:
        """The question about the rows at some positions only, in their order."""
        at = np.asarray(positions, dtype=np.int64)
        return replace(self, rows=self.rows.part(at), luck=self.luck.part(at), labels=self.labels[at])

    def with_behind(self, change: Callable[[Any], Any]) -> Question:
        """The question with other arrays behind its views, which show the same."""
        others = tuple(replace(each, behind=change(each.behind)) for each in self.others)
        return replace(self, rows=replace(self.rows, behind=change(self.rows.behind)), others=others)


def kept(views: tuple[View, ...], luck: Luck) -> Question:
    """Keep a question as the world asks it: every column, the luck, and a copy of what is behind."""
    rows, *others = (_seen(view) for view in views)
    streams = luck._streams
    leads, agents = (None if each is None else np.array(each) for each in (luck._given_leads, luck._agents))
    keys = np.array(luck._keys)
    seen = SeenLuck(streams.seed, streams.replication, luck._name, luck._occasion, keys, leads, agents)
    return Question(rows, tuple(others), seen, np.arange(len(rows.rows)))


def _seen(view: View) -> SeenView:
    kind = type(view)
    columns = {name: view.column(name) for name in view.names}
    tiers = view.tiers if isinstance(view, AgentView) else ()
    history = _seen(view.history) if isinstance(view, LeadView) else None
    behind = copy.deepcopy(_computed(view._world))
    return SeenView(kind, columns, np.array(view._rows), behind, view.now, view.date, tiers, history)


def _computed(behind: Any) -> Any:
    """What is behind a view, with that in place of a function which it would give when it is asked for."""
    if isinstance(behind, tuple) and not hasattr(behind, "_fields"):
        return tuple(each() if callable(each) else each for each in behind)
    return behind


def arrays_in(behind: Any) -> list[Array]:
    """All arrays behind a view, in a fixed order."""
    if isinstance(behind, np.ndarray):
        return [behind]
    if isinstance(behind, dict):
        return [array for value in behind.values() for array in arrays_in(value)]
    if isinstance(behind, tuple | list):
        return [array for value in behind for array in arrays_in(value)]
    return []


def elsewise(behind: Any) -> Any:
    """The same arrays with each row in the place of the next: another past, another present, another future."""
    if isinstance(behind, np.ndarray):
        return np.roll(behind, 1, axis=0) if behind.ndim else behind
    if isinstance(behind, dict):
        return {name: elsewise(value) for name, value in behind.items()}
    if isinstance(behind, tuple):
        values = [elsewise(value) for value in behind]
        return type(behind)(*values) if hasattr(behind, "_fields") else tuple(values)
    return behind
