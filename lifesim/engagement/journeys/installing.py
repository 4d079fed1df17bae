"""The journeys of a world as the kernel takes them: the tables of each, one after another, in numbers of the world."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lifesim.dates import first_day
from lifesim.engagement.journeys.addressing import says
from lifesim.engagement.journeys.clocks import seconds
from lifesim.engagement.journeys.layout import (
    ABOUT_STEP,
    B_NEXT,
    BEGINS,
    COUNT,
    ENDINGS,
    FIRST,
    KIND,
    NEXT,
    NONE,
    OTHER,
    RUNNING_TRIGGER_WIDTH,
    RUNNING_WIDTH,
    STEP,
    STEP_WIDTH,
    T_ABOUT,
    T_DAYS,
    T_EVENT,
    T_NEXT,
    T_RUN,
    TOTALS,
    TRIGGER_WIDTH,
    W_FIRST,
    W_LEFT,
    W_NEXT,
    W_OTHER,
    A,
    B,
    Clock,
    Kind,
    Way,
)
from lifesim.engagement.journeys.programs import Programs
from lifesim.engagement.journeys.registers import EVENT_NUMBERS
from lifesim.engagement.journeys.tables import Tables, compile_journey
from lifesim.errors import InputError
from lifesim.lifecycle.rule_records import JOURNEY_RULE
from lifesim.scenario import Scenario
from lifesim.scenario.journeys import HandOver, Journey, Notify, ToAgent, vocabulary
from lifesim.scenario.journeys.calendar import parse_time
from lifesim.scenario.journeys.words import CHANNEL_WORDS, EVENTS
from lifesim.scenario.market import CHANNELS
from lifesim.streams import Streams

_WORDS = list(EVENTS)
_CHANNELS = list(CHANNEL_WORDS)
#: Journeys of a world are numbered by the bits of a number; steps of a journey by a byte.
MOST_JOURNEYS, MOST_STEPS = 62, 254
TOO_MANY_JOURNEYS = (
    f"all arms together run {MOST_JOURNEYS} at most: leave some out, or compare the arms in several scenarios"
)
#: Names of the ways that rows lead to, by kind of row: to NEXT and to OTHER.
_NAMED = {
    Kind.DAILY: (None, "else"), Kind.AWAIT: (None, "else"), Kind.TEST: ("then", "else"), Kind.ENGAGED: (None, "else"),
    Kind.CHANCE: (None, "full"), Kind.REPEAT: ("next", "repeat"),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Installed:
    """The journeys of a world.

    Attributes
    ----------
    names
        In the order of their numbers, which is that of the alphabet.
    arrays, numbers
        What the kernel reads, beside the rules of the lifecycle.
    ways
        Journey, step and name of the way that each cell of `State.ways` counts; of a journey as a whole the step is
        empty.
    marks
        What is remembered of a customer in a journey, as many numbers.
    told
        By place among the campaigns and number of the step, from 1: what agents are told there, and how long the step
        waits for one, seconds; none where it does not wait.
    audiences
        Number of each audience that was asked for beside those of the journeys.
    recalled
        By column of ``State.recalled``: name of the column of a view that says how long ago it was.
    says
        By name, in the order of their numbers: kinds of content, see ``addressing``.
    """

    names: tuple[str, ...]
    arrays: dict[str, Any]
    numbers: dict[str, Any]
    ways: tuple[tuple[str, str, str], ...]
    marks: int
    told: Mapping[tuple[int, int], tuple[ToAgent, int | None]]
    audiences: Mapping[str, int]
    recalled: tuple[str, ...]
    says: Mapping[str, frozenset[str]]


def install(
    journeys: Mapping[str, Journey],
    scenario: Scenario,
    streams: Streams,
    campaigns: list[str],
    audiences: Iterable[str] = (),
) -> Installed:
    """Put the tables of journeys together.

    Parameters
    ----------
    journeys
        Of all arms, by name.
    campaigns
        Names of everything that sends touches, the journeys among them.
    audiences
        Further audiences that the kernel is to know.

    Raises
    ------
    InputError
        When there are more than the kernel can number, or an audience asks for what no world observes.
    """
    if len(journeys) > MOST_JOURNEYS:
        raise InputError(f"found {len(journeys)} journeys; {TOO_MANY_JOURNEYS}")
    work = _Joined(scenario, campaigns)
    for name in sorted(journeys):
        work.add(journeys[name])
    numbers = {text: work.programs.number(text, work.names) for text in audiences}
    keys = [
        [streams.key(f"journey {name} step {step}"), streams.key(f"journey {name} split {step}")]
        for name in sorted(journeys)
        for step in journeys[name].steps
    ]
    return Installed(
        tuple(sorted(journeys)),
        work.arrays() | {"step_keys": np.array(keys, np.uint64).reshape(-1, 2)},
        {
            "journeys": len(journeys),
            "marks_each": work.marks,
            "desk_content": work.contents.index(scenario.desk.content),
            "events_all": len(work.seats),
            "learns": int(any(row[KIND] == Way.LIFE_EVENT for row in work.entries)),
            "heeds_failure": int(any(row[T_EVENT] == EVENT_NUMBERS["failed"] for row in work.triggers)),
            **work.recalls(),
        },
        tuple(work.ways),
        work.marks,
        work.told,
        numbers,
        tuple(work.programs.recalled),
        {name: says(journeys[name], scenario) for name in sorted(journeys)},
    )


def entering(installed: Installed, numbers: Iterable[int]) -> set[int]:
    """Events, by their number, at which customers may enter one of some journeys."""
    arrays, found = installed.arrays, set()
    for number in numbers:
        rule = arrays["journey_rules"][number]
        for row in arrays["journey_entries"][rule["entries_from"] : rule["entries_to"]]:
            if row[KIND] in (Way.TRIGGER, Way.DID_NOT):
                triggers = arrays["journey_triggers"][row[FIRST] : row[FIRST] + row[COUNT]]
                found |= set(triggers[:, T_EVENT].tolist())
    return found


class _Joined:
    """Tables that grow by a journey at a time."""

    def __init__(self, scenario: Scenario, campaigns: list[str]) -> None:
        self.names = vocabulary(scenario)
        self.contents, self.products = list(scenario.contents), list(scenario.products)
        self.zero = scenario.start - datetime.timedelta(seconds=scenario.warm_up)
        assert first_day(scenario.start, scenario.warm_up) == (self.zero - datetime.date(1970, 1, 1)).days
        self.campaigns = campaigns
        self.programs = Programs(scenario)
        self.rules: list[tuple[int, ...]] = []
        self.steps: list[Any] = []
        self.triggers: list[Any] = []
        self.branches: list[Any] = []
        self.calendars: list[Any] = []
        self.entries: list[Any] = []
        self.ways: list[tuple[str, str, str]] = []
        self.marks = self.steps_before = 0
        self.told: dict[tuple[int, int], tuple[ToAgent, int | None]] = {}
        self.seats: list[tuple[int, ...]] = []
        self.seats_of: dict[str, list[int]] = {}

    def add(self, journey: Journey) -> None:
        """Write a journey behind those before it."""
        if len(journey.steps) > MOST_STEPS:
            raise InputError(f"journey '{journey.name}' has {len(journey.steps)} steps; it may have {MOST_STEPS}")
        tables = compile_journey(journey, self.zero, self.names)
        campaign, rows = self.campaigns.index(journey.name), len(self.steps)
        first, entries = len(self.triggers), len(self.entries)
        cells = self._count_ways(journey)
        events = self._add_events(journey, campaign)
        for number, step in enumerate(journey.steps.values(), 1):
            if isinstance(step, HandOver | Notify):
                told = step.hand_over if isinstance(step, HandOver) else step.notify
                self.told[campaign, number] = told, step.within
        audiences = [self.programs.number(text, self.names) for text in tables.audiences]
        runs = self._add_triggers(tables, campaign, rows, events)
        self._add_entries(tables, audiences, first)
        self._add_steps(journey, tables, audiences, first, cells)
        self.branches += [_moved(row, {B_NEXT: rows}) for row in tables.branches]
        self.calendars += list(tables.calendars)
        leaving, goal = (np.array([start, start + count]) + first for start, count in (tables.leaving, tables.goal))
        self.rules.append((
            campaign, rows, self.steps_before, cells[""], *leaving, *goal, tables.goal_seconds, tables.goal_leaves,
            audiences[tables.exit_if] if tables.exit_if != NONE else NONE, tables.reentry_after, tables.reentry_times,
            entries, len(self.entries), len(journey.steps), _counts_days(tables),
        ))  # fmt: skip
        self.steps_before += len(journey.steps)
        self.marks = max(self.marks, 2 * len(journey.steps) + 2 * runs)

    def _count_ways(self, journey: Journey) -> dict[str, int]:
        """Cells for everything that is counted about a journey: the first of each step, and of the whole."""
        cells = {"": len(self.ways)}
        self.ways += [(journey.name, "", name) for name in TOTALS]
        for name, step in journey.steps.items():
            cells[name] = len(self.ways)
            self.ways += [(journey.name, name, way) for way in (*(way.name for way in step.ways()), *ENDINGS)]
        return cells

    def _add_events(self, journey: Journey, campaign: int) -> dict[str, int]:
        """Write the offline events that can be booked in the order in which they begin; their numbers by name."""
        begins = {name: seconds(parse_time(event.date), self.zero) for name, event in journey.events.items()}
        numbers: dict[str, int] = {}
        for name in sorted(begins, key=begins.__getitem__):
            content = journey.events[name].content
            if content is not None:
                numbers[name] = len(self.seats)
                self.seats_of.setdefault(name, []).append(len(self.seats))
                seats = journey.events[name].seats
                few = -1 if seats is None else seats
                self.seats.append((campaign, begins[name], self.contents.index(content), few))
        return numbers

    def _add_triggers(self, tables: Tables, campaign: int, rows: int, events: dict[str, int]) -> int:
        """Write the triggers; how many of them ask for a run of days."""
        runs = 0
        for row in tables.triggers:
            out = np.full(RUNNING_TRIGGER_WIDTH, NONE)
            out[:TRIGGER_WIDTH] = _moved(row, {T_NEXT: rows})
            event = EVENTS[_WORDS[row[T_EVENT]]]
            if row[T_ABOUT] != NONE and event.response:
                out[T_ABOUT] = campaign * 256 + row[T_ABOUT]
            elif row[T_ABOUT] != NONE and event.takes == "offline event":
                out[T_ABOUT] = events[tables.arguments[row[T_ABOUT]]]
            elif row[T_ABOUT] != NONE:
                named = self.products if event.takes == "product" else self.contents
                out[T_ABOUT] = named.index(tables.arguments[row[T_ABOUT]])
            if row[T_DAYS] > 1:
                out[T_RUN] = 2 * len(tables.names) + 2 * runs
                runs += 1
            self.triggers.append(out)
        return runs

    def _add_entries(self, tables: Tables, audiences: list[int], first: int) -> None:
        for row in tables.entries:
            also = {Way.CALENDAR: {A: len(self.calendars)}, Way.DID_NOT: {B: first}}.get(row[KIND], {})
            out = _moved(row, {FIRST: first, **also})
            out[STEP] = audiences[row[STEP]] if row[STEP] != NONE else NONE
            self.entries.append(out)

    def _add_steps(
        self, journey: Journey, tables: Tables, audiences: list[int], first: int, cells: dict[str, int]
    ) -> None:
        before = len(self.steps)
        for number, row in enumerate(tables.steps):
            kind, name = Kind(row[KIND]), tables.names[row[STEP]]
            start = len(self.branches) if kind == Kind.CHANCE else first
            out = np.full(RUNNING_WIDTH, NONE)
            out[:STEP_WIDTH] = _moved(row, {NEXT: before, OTHER: before, FIRST: start})
            self._refer(kind, out, tables, audiences)
            out[ABOUT_STEP], out[BEGINS] = self.steps_before, tables.starts[row[STEP]] == number
            ways = [way.name for way in journey.steps[name].ways()]
            leads_on = len(tables.steps) > number + 1 and tables.steps[number + 1, STEP] == row[STEP]
            to_next, to_other = _NAMED.get(kind, (None if leads_on else "next", None))
            out[W_FIRST], out[W_LEFT] = cells[name], cells[name] + len(ways)
            for column, way in ((W_NEXT, to_next), (W_OTHER, to_other)):
                out[column] = cells[name] + ways.index(way) if way in ways else NONE
            self.steps.append(out)

    def _refer(self, kind: Kind, row: Any, tables: Tables, audiences: list[int]) -> None:
        """Turn the numbers that a row refers to things by into those of the world."""
        if kind in (Kind.SEND, Kind.DAILY):
            row[A], row[B] = CHANNELS.index(_CHANNELS[row[A]]), self.contents.index(tables.contents[row[B]])
        elif kind == Kind.WAIT and row[A] == Clock.CALENDAR:
            row[B] += len(self.calendars)
        elif kind == Kind.TEST:
            row[A] = audiences[row[A]]
        elif kind == Kind.REPEAT and row[B] != NONE:
            row[B] = audiences[row[B]]

    def recalls(self) -> dict[str, int]:
        """How many rules there are about what is remembered of customers, and their events as bits."""
        rules = self.programs.recall_rules(self.names, self.seats_of)
        return {"recall_rows": len(rules), "recalled_events": sum(1 << event for event in set(rules[:, 0].tolist()))}

    def arrays(self) -> dict[str, Any]:
        """All tables as arrays."""
        return {
            "journey_rules": np.array(self.rules, JOURNEY_RULE),
            "journey_steps": _table(self.steps, RUNNING_WIDTH),
            "journey_triggers": _table(self.triggers, RUNNING_TRIGGER_WIDTH),
            "journey_branches": _table(self.branches, 4),
            "journey_calendars": _table(self.calendars, 6),
            "journey_entries": _table(self.entries, STEP_WIDTH),
            "seats": _table(self.seats, 4),
            "recall_rules": self.programs.recall_rules(self.names, self.seats_of),
            **self.programs.arrays(),
        }


def _counts_days(tables: Tables) -> bool:
    """Whether a run of days is the goal of a journey, or lets customers in."""
    blocks = [tables.goal, *((row[FIRST], row[COUNT]) for row in tables.entries)]
    return any((tables.triggers[first : first + count, T_DAYS] > 1).any() for first, count in blocks)


def _moved(row: Any, by: dict[int, int]) -> Any:
    """A copy of a row in which columns that refer to something, and not to EXIT or NONE, are moved on."""
    out = row.copy()
    for column, shift in by.items():
        if out[column] >= 0:
            out[column] += shift
    return out


def _table(rows: list[Any], width: int) -> Any:
    return np.array(rows, np.int64).reshape(-1, width)
