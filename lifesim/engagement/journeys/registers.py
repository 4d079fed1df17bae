"""What the rows of a journey's tables refer to by number, numbered in the order in which it is first needed."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from lifesim.engagement.journeys.layout import EXIT, NONE
from lifesim.scenario.journeys.calendar import Calendar
from lifesim.scenario.journeys.model import Journey
from lifesim.scenario.journeys.parsing import parse_triggers
from lifesim.scenario.journeys.steps import ToAgent
from lifesim.scenario.journeys.words import EVENTS, Vocabulary

Thing = TypeVar("Thing")
EVENT_NUMBERS = {name: number for number, name in enumerate(EVENTS)}


class Register(Generic[Thing]):
    """Things by number."""

    def __init__(self) -> None:
        self._numbers: dict[Thing, int] = {}

    def number(self, thing: Thing) -> int:
        """Number of a thing; a new one where it has none so far."""
        return self._numbers.setdefault(thing, len(self._numbers))

    def optional(self, thing: Thing | None) -> int:
        """As `number`; NONE for nothing."""
        return NONE if thing is None else self.number(thing)

    @property
    def things(self) -> tuple[Thing, ...]:
        """All of them, in the order of their numbers."""
        return tuple(self._numbers)


@dataclass
class Registers:
    """Everything that rows refer to.

    Attributes
    ----------
    journey
        The journey.
    names
        Names of the scenario.
    zero
        Midnight from which seconds of the world count.
    starts
        First row of each step.
    """

    journey: Journey
    names: Vocabulary
    zero: datetime.date
    starts: dict[str, int]
    audiences: Register[str] = field(default_factory=Register)
    calendars: Register[Calendar] = field(default_factory=Register)
    contents: Register[str] = field(default_factory=Register)
    messages: Register[ToAgent] = field(default_factory=Register)
    arguments: Register[str] = field(default_factory=Register)
    triggers: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    branches: list[tuple[int, int, int, int]] = field(default_factory=list)

    def row(self, step: str) -> int:
        """First row of a step, or EXIT."""
        return self.starts.get(step, EXIT)

    def step(self, name: str) -> int:
        """Number of a step."""
        return list(self.starts).index(name)

    def add_triggers(self, text: str, to: int, own: str | None = None, way: int = NONE) -> None:
        """Write a row for each event in a text; a response without a name answers the touch of step `own`.

        `way` is the number of the way among those of the step.
        """
        for trigger in parse_triggers(text):
            event = EVENTS[trigger.event]
            if event.response:
                about = [self.step(trigger.argument or own or "")] if trigger.argument or own else [NONE]
            elif not trigger.argument:
                about = [NONE]
            else:
                product = event.takes == "product"
                held = self.names.held(trigger.argument) if product else ()
                about = [self.arguments.number(each) for each in held or (trigger.argument,)]
            for each in about:
                self.triggers.append((EVENT_NUMBERS[trigger.event], each, trigger.days, to, way))
