"""A journey: who comes in, the steps, how it ends, and what it is for. Plain data; nothing here runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, PrivateAttr

from lifesim.scenario.contents import ContentKind
from lifesim.scenario.journeys.checks import OWN_CHECKS
from lifesim.scenario.journeys.entries import Entry, Goal, Reentry
from lifesim.scenario.journeys.steps import Send, Step
from lifesim.scenario.journeys.texts import Audience, Moment, Triggers
from lifesim.scenario.labels import Label
from lifesim.scenario.model import Part, about
from lifesim.scenario.units import Name, PathError
from lifesim.scenario.yaml_source import Source


class ContentNeeded(Part):
    """A content that the journey sends; the scenario says what it does to customers."""

    kind: ContentKind = about("kind of content; service is exempt from marketing rules")
    says: Label | str = about("what it tells the customer")


class OfflineEvent(Part):
    """An event that customers come to."""

    date: Moment = about("when it begins")
    label: Label | str | None = about("what people call it", default=None)
    content: Name | None = about("what those who come take in, as under contents", default=None)
    seats: int | None = Field(
        None, ge=1, description="seats in each branch; bookings beyond are turned away; as many as book where not given"
    )


class Journey(Part):
    """An orchestration as a graph of named steps. Read one with ``lifesim.load_journey``.

    The first step is where customers begin. Every way out of a step names the next one, or ``exit``.
    """

    name: Name = about("name of the journey, that of its file")
    label: Label | str | None = about("what people call it", default=None)
    purpose: Label | str = about("what the journey is for, one sentence", default="")
    entry: Entry | tuple[Entry, ...] = about("how customers come in; one way or a list of them")
    reentry: Literal["never"] | Reentry = about("whether customers come in again", default="never")
    exit_on: tuple[Triggers, ...] = about("whoever does one of these leaves at once", default=())
    exit_if: Audience | None = about("whoever is in this audience leaves before the next step", default=None)
    goal: Goal | None = about("what the journey is for", default=None)
    events: dict[Name, OfflineEvent] = about("offline events that the journey leads to", default={})
    contents: dict[Name, ContentNeeded] = about("what the journey sends", default={})
    steps: dict[Name, Step] = about("the steps, the first one first", default=...)

    _source: Source | None = PrivateAttr(default=None)

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        for check in OWN_CHECKS:
            yield from check(self)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every way in."""
        return self.entry if isinstance(self.entry, tuple) else (self.entry,)

    @property
    def start(self) -> str:
        """The first step."""
        return next(iter(self.steps))

    def sends(self) -> Iterator[tuple[str, Send]]:
        """The steps that send something, by name."""
        for name, step in self.steps.items():
            if isinstance(step, Send):
                yield name, step

    def place(self, *path: str | int) -> str:
        """``file:line:col`` of a value, as far as it is known."""
        return self.name if self._source is None else self._source.position(path)
