"""A journey as flat tables of whole numbers, for a loop that walks one customer at a time.

Each step of the journey becomes one to three rows that do one thing each: a touch at an hour that waits for an answer
is a wait, a send and a wait for triggers. Rows refer to each other by number; `layout` says what the columns mean.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from lifesim.engagement.journeys.audience import Program, compile_audience
from lifesim.engagement.journeys.clocks import calendar_row, daily, pause
from lifesim.engagement.journeys.entering import entry_row
from lifesim.engagement.journeys.layout import EXIT, NONE, STEP_WIDTH, TRIGGER_WIDTH, WHOLE, Clock, Kind
from lifesim.engagement.journeys.registers import Registers
from lifesim.scenario.journeys.entries import Reentry
from lifesim.scenario.journeys.model import Journey
from lifesim.scenario.journeys.steps import (
    Condition,
    EngagementSplit,
    ExperimentPath,
    GoTo,
    HandOver,
    Notify,
    RandomSplit,
    Repeat,
    Responding,
    Send,
    StepBase,
    ToAgent,
    Wait,
)
from lifesim.scenario.journeys.words import CHANNEL_WORDS, Vocabulary
from lifesim.strategy import IntArray

Row = tuple[int, ...]
_CHANNELS = tuple(CHANNEL_WORDS)


@dataclass(frozen=True, eq=False)
class Tables:
    """A journey, ready to be walked.

    Attributes
    ----------
    steps
        Shape (rows, 10), see `layout.Kind`; the journey begins at row 0.
    triggers
        Shape (n, 5): event, what it is about, days in a row, row that follows, number of the way.
    branches
        Shape (n, 4): bound of the draw, row that follows, customers at most, whether it is the control.
    calendars
        Shape (n, 6), sets of numbers as bits.
    entries
        Shape (n, 10), see `layout.Way`.
    starts
        Shape (n_steps,): first row of each step.
    leaving, goal
        First row of `triggers` and number of rows: what ends the journey, and what it is for.
    exit_if
        Number of the audience that leaves before the next step, or NONE.
    goal_seconds
        Conversion window from entry.
    goal_leaves
        Whether the goal ends the journey.
    reentry_after, reentry_times
        Seconds since leaving, and entries after the first; NONE for no re-entry, and for any number of them.
    names
        Names of the steps.
    audiences, contents, messages, arguments
        What columns refer to by number.
    """

    steps: IntArray
    triggers: IntArray
    branches: IntArray
    calendars: IntArray
    entries: IntArray
    starts: IntArray
    leaving: tuple[int, int]
    goal: tuple[int, int]
    exit_if: int
    goal_seconds: int
    goal_leaves: bool
    reentry_after: int
    reentry_times: int
    names: tuple[str, ...]
    audiences: tuple[str, ...]
    contents: tuple[str, ...]
    messages: tuple[ToAgent, ...]
    arguments: tuple[str, ...]
    vocabulary: Vocabulary

    def programs(self) -> tuple[Program, ...]:
        """The audiences, compiled; raises InputError where the scenario lacks what one asks about."""
        return tuple(compile_audience(text, self.vocabulary) for text in self.audiences)


def compile_journey(journey: Journey, zero: datetime.date, vocabulary: Vocabulary | None = None) -> Tables:
    """The tables of a journey.

    Parameters
    ----------
    journey
        A valid journey.
    zero
        Midnight from which seconds of the world count.
    vocabulary
        Names of the scenario; products of a family are told apart where it is given.
    """
    starts = _starts(journey)
    registers = Registers(journey, vocabulary or Vocabulary(), zero, starts)
    rows = [row for name, step in journey.steps.items() for row in _rows(name, step, registers)]
    entries = [entry_row(entry, registers) for entry in journey.entries]
    leaving = _block(registers, journey.exit_on)
    goal = journey.goal
    reached = _block(registers, () if goal is None else (goal.reached,))
    reentry = journey.reentry if isinstance(journey.reentry, Reentry) else None
    exit_if = registers.audiences.optional(journey.exit_if)
    return Tables(
        steps=_table(rows, STEP_WIDTH),
        triggers=_table(registers.triggers, TRIGGER_WIDTH),
        branches=_table(registers.branches, 4),
        calendars=_table([calendar_row(each) for each in registers.calendars.things], 6),
        entries=_table(entries, STEP_WIDTH),
        starts=np.array(list(starts.values()), np.int64),
        leaving=leaving,
        goal=reached,
        exit_if=exit_if,
        goal_seconds=0 if goal is None else goal.within,
        goal_leaves=goal is not None and goal.leave,
        reentry_after=NONE if reentry is None else reentry.after,
        reentry_times=NONE if reentry is None or reentry.times is None else reentry.times,
        names=tuple(journey.steps),
        audiences=registers.audiences.things,
        contents=registers.contents.things,
        messages=registers.messages.things,
        arguments=registers.arguments.things,
        vocabulary=registers.names,
    )


def _table(rows: Iterable[Row], width: int) -> IntArray:
    return np.array(list(rows), np.int64).reshape(-1, width)


def _block(registers: Registers, texts: Iterable[str]) -> tuple[int, int]:
    """Write triggers that lead out; first row and number of rows."""
    first = len(registers.triggers)
    for text in texts:
        registers.add_triggers(text, EXIT)
    return first, len(registers.triggers) - first


def _starts(journey: Journey) -> dict[str, int]:
    """First row of each step, from how many rows those before it need."""
    starts, row = {}, 0
    for name, step in journey.steps.items():
        starts[name] = row
        row += _size(step)
    return starts


def _size(step: StepBase) -> int:
    if isinstance(step, Send):
        return 1 if step.daily is not None else 1 + (step.at is not None) + bool(step.on)
    if isinstance(step, HandOver | Notify):
        return 1 + bool(step.on)
    return 1


def _rows(name: str, step: StepBase, registers: Registers) -> list[Row]:
    """The rows of a step."""
    own = registers.step(name)
    if isinstance(step, Responding):
        return _responding(name, step, registers)
    if isinstance(step, Wait):
        return [(Kind.WAIT, own, registers.row(step.next), EXIT, 0, 0, *pause(step.wait, registers))]
    if isinstance(step, Condition):
        audience = registers.audiences.number(step.audience)
        ways = registers.row(step.then), registers.row(step.otherwise)
        return [(Kind.TEST, own, *ways, 0, 0, audience, 0, 0, 0)]
    if isinstance(step, Repeat):
        ways = registers.row(step.next), registers.row(step.repeat)
        limits = NONE if step.times is None else step.times, registers.audiences.optional(step.until)
        return [(Kind.REPEAT, own, *ways, 0, 0, *limits, 0, 0)]
    if isinstance(step, EngagementSplit):
        first, count = _watched(step.on, registers, step.engagement)
        touch = registers.step(step.engagement)
        return [(Kind.ENGAGED, own, EXIT, registers.row(step.otherwise), first, count, touch, 0, 0, 0)]
    if isinstance(step, RandomSplit | ExperimentPath):
        return [_chance(own, step, registers)]
    assert isinstance(step, GoTo)
    return [(Kind.GO, own, registers.row(step.go), EXIT, 0, 0, 0, 0, 0, 0)]


def _responding(name: str, step: Responding, registers: Registers) -> list[Row]:
    """A wait for an hour, a touch or a message, a wait for what follows; each where the step has it."""
    own, row = registers.step(name), registers.starts[name]
    rows: list[Row] = []
    if isinstance(step, Send):
        touch = _CHANNELS.index(step.channel), registers.contents.number(step.content)
        if step.daily is not None:
            return [_await(Kind.DAILY, name, step, registers, (*touch, step.daily))]
        if step.at is not None:
            at = registers.calendars.number(daily(step.at))
            rows.append((Kind.WAIT, own, row + 1, EXIT, 0, 0, Clock.CALENDAR, at, 0, 0))
        rows.append((Kind.SEND, own, row + len(rows) + 1, EXIT, 0, 0, *touch, 0, 0))
    elif isinstance(step, HandOver | Notify):
        kind = Kind.HAND_OVER if isinstance(step, HandOver) else Kind.NOTIFY
        message = registers.messages.number(step.hand_over if isinstance(step, HandOver) else step.notify)
        rows.append((kind, own, row + 1, EXIT, 0, 0, message, 0, 0, 0))
    if step.on:
        rows.append(_await(Kind.AWAIT, name, step, registers, (0, 0, 0)))
    else:
        assert step.next is not None
        rows[-1] = (*rows[-1][:2], registers.row(step.next), *rows[-1][3:])
    return rows


def _await(kind: Kind, name: str, step: Responding, registers: Registers, given: tuple[int, int, int]) -> Row:
    assert step.within is not None and step.otherwise is not None
    first, count = _watched(step.on, registers, name)
    otherwise = registers.row(step.otherwise)
    return kind, registers.step(name), EXIT, otherwise, first, count, *given, step.within


def _watched(on: dict[str, str], registers: Registers, touch: str) -> tuple[int, int]:
    """Write the triggers of a step, whose responses answer the touch of step `touch`; first row and number."""
    first = len(registers.triggers)
    for way, (text, step) in enumerate(on.items()):
        registers.add_triggers(text, registers.row(step), touch, way)
    return first, len(registers.triggers) - first


def _chance(own: int, step: RandomSplit | ExperimentPath, registers: Registers) -> Row:
    first, total = len(registers.branches), 0.0
    shares = step.split if isinstance(step, RandomSplit) else step.experiment | step.control
    control = step.control if isinstance(step, ExperimentPath) else {}
    cap = step.cap if isinstance(step, RandomSplit) else {}
    for name, share in shares.items():
        total += share
        row = registers.row(name)
        registers.branches.append((round(total * WHOLE), row, cap.get(name, NONE), int(name in control)))
    # Shares may miss one by a rounding error: no draw may fall behind the last branch.
    bound, *rest = registers.branches[-1]
    registers.branches[-1] = (max(bound, WHOLE), rest[0], rest[1], rest[2])
    full = step.full if isinstance(step, RandomSplit) else None
    otherwise = NONE if full is None else registers.row(full)
    return Kind.CHANCE, own, EXIT, otherwise, first, len(shares), 0, 0, 0, 0
