"""What a plug-in implements, and what it sees.

Strategies are of three kinds with one method each; a plug-in is a frozen dataclass in the workspace's ``strategies/``
folder whose fields are its parameters:

- ``Orchestration.touch``: who gets which touch, at the times of its ``schedule``;
- ``Grading.grade``: how good is a lead;
- ``Allocation.assign``: which agent, or group of seats, gets a lead.

A strategy sees what the insurer would see: read-only copies of observable columns at one moment, for customers who
have not refused automated targeting. It draws luck only through ``Luck``. A plug-in with ``oracle = True`` sees hidden
columns too (true stage, traits, states of mind) and is marked as such in every report. One with ``ordered = True``
serves rows in the order in which they come; of all others that order changes no answer.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from lifesim.scenario.journeys import Journey
from lifesim.scenario.workforce import Reassignment
from lifesim.streams import Streams

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

#: Answer of an allocation that leaves a lead in the pool.
UNASSIGNED = -1
_DAY = 86_400


#: What a schedule may do on days that are no workdays.
REST_DAYS = ("as_usual", "skip", "move")


def _weekday(date: datetime.date) -> bool:
    return date.isoweekday() <= 5


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Days and time at which an orchestration is asked.

    Attributes
    ----------
    at
        Clock time, ``"HH:MM"``.
    weekdays
        1 Monday to 7 Sunday; every day when empty.
    days
        Days of the month; every day when empty.
    rest_days
        What becomes of an appointment on a day that is no workday by the scenario's calendar (without one, on
        Saturday or Sunday): kept ``"as_usual"``, ``"skip"``, or ``"move"`` to the next workday.
    """

    at: str = "10:00"
    weekdays: tuple[int, ...] = ()
    days: tuple[int, ...] = ()
    rest_days: str = "as_usual"

    @property
    def second(self) -> int:
        """Second of the day."""
        hours, minutes = self.at.split(":")
        return int(hours) * 3600 + int(minutes) * 60

    def includes(self, date: datetime.date, works: Callable[[datetime.date], bool] = _weekday) -> bool:
        """Whether the schedule has an appointment on a date; ``works`` tells workdays."""
        if self.rest_days == "as_usual":
            return self._names(date)
        if not works(date):
            return False
        found = self._names(date)
        while self.rest_days == "move" and not found and not works(date := date - datetime.timedelta(days=1)):
            found = self._names(date)
        return found

    def _names(self, date: datetime.date) -> bool:
        if self.weekdays and date.isoweekday() not in self.weekdays:
            return False
        return not self.days or date.day in self.days


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
        values = {"_rows": rows, "_columns": columns, "_world": world, "_cache": {}, "now": now, "date": date}
        for name, value in values.items():
            object.__setattr__(self, name, value)

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


class LeadView(View):
    """Leads that wait for an adviser, one row each: columns of their customers, and of the lead itself."""


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


@dataclass(frozen=True)
class Touches:
    """Touches that an orchestration asks for; the contact policy has the last word.

    Attributes
    ----------
    who
        Positions in the view, shape (n,), distinct.
    content
        Name of a content of the scenario.
    channel
        ``push``, ``sms``, ``call``, ``service_account`` or ``wecom``.
    """

    who: IntArray
    content: str
    channel: str


class Luck:
    """Keyed luck for a strategy: the same question about the same customer has the same answer.

    Parameters
    ----------
    streams
        Luck of the replication.
    name
        Name of the plug-in, part of every key.
    keys
        Gives the key of the customer of each row of the view; asked when first needed.
    occasion
        What the luck is about beside the customer: the time.
    leads
        Luck of the lead of each row; not given where a row is a customer. A customer may have several leads: what
        lasts is the customer's, all else the lead's.
    agents
        Keys of the agents among whom a lead is allocated.
    """

    def __init__(
        self,
        streams: Streams,
        name: str,
        keys: Callable[[], npt.NDArray[np.uint64]],
        occasion: int,
        leads: npt.NDArray[np.uint64] | None = None,
        agents: npt.NDArray[np.uint64] | None = None,
    ) -> None:
        self._streams, self._name, self._occasion = streams, name, occasion
        self._give_keys, self._given_leads, self._agents = keys, leads, agents

    @cached_property
    def _keys(self) -> npt.NDArray[np.uint64]:
        return self._give_keys()

    @property
    def _leads(self) -> npt.NDArray[np.uint64]:
        return self._keys if self._given_leads is None else self._given_leads

    def _decision(self, decision: str) -> str:
        return f"strategy {self._name}: {decision}"

    def uniforms(self, decision: str, lasting: bool = False) -> npt.NDArray[np.float64]:
        """A uniform on (0, 1) for each row, shape (n,); ``lasting`` draws are the customer's at every occasion."""
        if lasting:
            return self._streams.uniforms(self._decision(decision), self._keys, again=True)
        return self._streams.uniforms(self._decision(decision), self._leads, self._occasion)

    def of_agents(self, decision: str, times: IntArray | None = None) -> npt.NDArray[np.float64]:
        """A uniform on (0, 1) for each agent, shape (agents,), or several in a row for each.

        Parameters
        ----------
        times
            How many for each agent, shape (agents,).
        """
        if self._agents is None:
            raise TypeError("of_agents() is for allocations; nobody is allocated here")
        decision = self._decision(decision)
        if times is None:
            return self._streams.uniforms(decision, self._agents, self._occasion)
        each = np.arange(int(np.sum(times))) - np.repeat(np.cumsum(times) - times, times)
        keys = self._streams.hashes(f"{decision}, several", np.repeat(self._agents, times), each)
        return self._streams.uniforms(decision, keys, self._occasion)

    def take(self, decision: str, k: int, among: IntArray | None = None) -> IntArray:
        """``k`` of the rows (of those in ``among``), each with the same chance; sorted positions.

        Raises
        ------
        TypeError
            When ``among`` is not of positions.
        """
        rows = np.arange(len(self._keys)) if among is None else np.asarray(among)
        if rows.dtype.kind not in "iu" and len(rows):
            raise TypeError(f"take() takes positions among the rows, not {rows.dtype}; customers.where(mask) has them")
        taken = self._streams.take(self._decision(decision), self._leads[rows], k, self._occasion)
        return np.asarray(rows[taken], dtype=np.int64)


@runtime_checkable
class Orchestration(Protocol):
    """Decides who gets which touch when."""

    @property
    def schedule(self) -> Schedule:
        """When ``touch`` is called."""
        ...

    def touch(self, customers: CustomerView, luck: Luck) -> Touches | list[Touches] | None:
        """Touches to send now; none for nobody."""
        ...


@runtime_checkable
class Grading(Protocol):
    """Decides how good a lead is."""

    def grade(self, leads: LeadView, luck: Luck) -> IntArray:
        """Grade of each lead, shape (n,): 0 is best, 3 the poorest."""
        ...


@runtime_checkable
class Allocation(Protocol):
    """Decides which agent, or which group of seats, gets a lead."""

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        """Row of ``agents`` for each lead, shape (n,); ``UNASSIGNED`` leaves it in the pool.

        A lead goes to one agent of its branch who is on duty, and nobody gets more leads than ``agents.capacity``.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class NoGrades:
    """Null model of grading: every lead has the same grade."""

    def grade(self, leads: LeadView, luck: Luck) -> IntArray:
        return np.zeros(len(leads), np.int64)


@dataclass(frozen=True, kw_only=True)
class NobodyAnswers:
    """Null model of allocation: every lead stays in the pool until the customer gives up."""

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        return np.full(len(leads), UNASSIGNED, np.int64)


@dataclass(frozen=True)
class Practice:
    """The plug-ins of an arm; without any, silence.

    Attributes
    ----------
    orchestrations
        By name, journeys among them; the name is part of the luck of their touches.
    staffing
        Factors by month on the calls that the desk can make, 12 or none.
    reassign
        Who takes over customers whose serving agent has left; none: nobody.
    """

    orchestrations: Mapping[str, Orchestration | Journey] = field(default_factory=dict)
    grading: Grading = NoGrades()
    allocation: Allocation = NobodyAnswers()
    staffing: tuple[float, ...] = ()
    reassign: Reassignment | None = None

    @property
    def journeys(self) -> dict[str, Journey]:
        """The orchestrations that are journeys."""
        return {name: each for name, each in self.orchestrations.items() if isinstance(each, Journey)}

    @property
    def oracles(self) -> list[str]:
        """Names of the plug-ins that see what no insurer sees."""
        plug_ins = {**self.orchestrations, "grading": self.grading, "allocation": self.allocation}
        return [name for name, plug_in in plug_ins.items() if getattr(plug_in, "oracle", False)]


class Mechanism:
    """Base of plug-ins that extend the world itself; see ``strategies/mechanisms/financial_stress.py``.

    A mechanism adds decaying states of mind, coefficients on existing hazards, and a clock of its own. Its two
    functions are compiled: plain arithmetic on the vectors they are given, nothing else.

    Attributes
    ----------
    reads
        Covariates in ``x``, in this order; those that are states may be written by ``apply``.
    states
        New states of mind, each as in a scenario file.
    coefficients
        New coefficients by ``STAGE.cause`` or process, then by covariate.
    """

    reads: ClassVar[tuple[str, ...]] = ()
    states: ClassVar[dict[str, dict[str, Any]]] = {}
    coefficients: ClassVar[dict[str, dict[str, float]]] = {}

    @staticmethod
    def rate(x: Any, p: Any) -> float:
        """Events a year; ``x`` the covariates in ``reads``, ``p`` the fields of the dataclass in order."""
        return 0.0

    @staticmethod
    def apply(x: Any, p: Any, u: float) -> None:
        """What an event does: writes new values of states into ``x``; ``u`` is a uniform on (0, 1)."""
