"""The steps of a journey. A step does one thing, and its ways out say where the customer goes on.

In a file the key says what a step does: ``{send: {push: invite}, next: wait}``. From Python the same classes take the
same values; ``else`` and ``if`` are written ``otherwise`` and ``audience`` there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Discriminator, Tag

from lifesim.scenario.journeys.forks import (
    Condition,
    EngagementSplit,
    ExperimentPath,
    GoTo,
    RandomSplit,
    Repeat,
)
from lifesim.scenario.journeys.texts import ChannelName, Until, kind_by_key
from lifesim.scenario.journeys.ways import Onward, Responding, StepBase, Way
from lifesim.scenario.labels import Label
from lifesim.scenario.model import Part, about
from lifesim.scenario.units import ClockTime, Duration, Name, PathError, PositiveDuration


class Send(Responding):
    """Send a content by a channel."""

    send: dict[ChannelName, Name] = about("content by channel, one of them")
    at: ClockTime | None = about("send at the next such time of day; at once where not given", default=None)
    daily: ClockTime | None = about("send every day at this time, until something of 'on' happens", default=None)

    @property
    def channel(self) -> str:
        """How it is sent."""
        return next(iter(self.send))

    @property
    def content(self) -> str:
        """What is sent."""
        return self.send[self.channel]

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if len(self.send) != 1:
            yield PathError(("send",), "takes one content by one channel, such as {push: sign_in_gift}", at_key=True)
        if self.daily is not None and self.at is not None:
            yield PathError(("at",), "daily says the time of day already; remove one of them", at_key=True)
        if self.daily is not None and not self.on:
            yield PathError(("daily",), "repeats until something happens; say what: on: {opened: STEP}", at_key=True)
        yield from super().complaints()

    def ways(self) -> Iterator[Way]:
        """See ``StepBase``."""
        for way in super().ways():
            at_once = self.at is None and self.daily is None
            yield way if at_once else Way(way.name, way.to, way.path, waits=True)


class WaitFor(Responding):
    """Wait until the customer does something."""


class ToAgent(Part):
    """What an agent is told."""

    reason: Label | str = about("why: the agent reads it")
    tier: Name | None = about("wished tier of the agent; any where not given", default=None)
    skill: Name | None = about("wished skill: a product or a family of needs", default=None)


class HandOver(Responding):
    """Hand the customer over to an agent: a lead with a reason."""

    hand_over: ToAgent = about("to whom, and why")


class Notify(Responding):
    """Tell the serving agent something at once."""

    notify: ToAgent = about("what the agent is told")


class Pause(Part):
    """What to wait for: a moment, or a span before or after a date."""

    until: Until | None = about("next hour or weekday, or a moment", default=None)
    before: Name | None = about("offline event or customer's date to count back from", default=None)
    after: Name | None = about("offline event or customer's date to count on from", default=None)
    by: Duration = about("how long before or after", default="0d")
    at: ClockTime | None = about("time of day; that of the date where not given", default=None)

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        given = [key for key in ("until", "before", "after") if getattr(self, key) is not None]
        if len(given) != 1:
            yield PathError((), "takes one of until, before and after, such as {until: sat 10:00}", at_key=True)
        elif given == ["until"] and (self.by or self.at is not None):
            yield PathError(("by" if self.by else "at",), "goes with before or after, and not with until", at_key=True)


class Wait(Onward):
    """Wait for a duration, or until a moment."""

    wait: PositiveDuration | Pause = about("how long, or until when")

    def ways(self) -> Iterator[Way]:
        """See ``StepBase``."""
        yield Way("next", self.next, ("next",), waits=True)


#: What a step does, by the key that says it.
KINDS: dict[str, type[StepBase]] = {
    "send": Send, "hand_over": HandOver, "notify": Notify, "wait": Wait, "if": Condition, "engagement": EngagementSplit,
    "split": RandomSplit, "experiment": ExperimentPath, "repeat": Repeat, "go": GoTo, "on": WaitFor,
}  # fmt: skip


def _kind(given: Any) -> str | None:
    """Name of the class that a step is meant to be."""
    if isinstance(given, StepBase):
        return type(given).__name__
    keys = {"if" if key == "audience" else key: None for key in given} if isinstance(given, dict) else {}
    kind = kind_by_key(keys, KINDS)
    return None if kind is None else kind.__name__


Step = Annotated[
    Annotated[Send, Tag("Send")]
    | Annotated[HandOver, Tag("HandOver")]
    | Annotated[Notify, Tag("Notify")]
    | Annotated[Wait, Tag("Wait")]
    | Annotated[Condition, Tag("Condition")]
    | Annotated[EngagementSplit, Tag("EngagementSplit")]
    | Annotated[RandomSplit, Tag("RandomSplit")]
    | Annotated[ExperimentPath, Tag("ExperimentPath")]
    | Annotated[Repeat, Tag("Repeat")]
    | Annotated[GoTo, Tag("GoTo")]
    | Annotated[WaitFor, Tag("WaitFor")],
    Discriminator(
        _kind,
        custom_error_type="step_kind",
        custom_error_message=f"must have one of the keys {', '.join(KINDS)}",
    ),
]

__all__ = [
    "KINDS",
    "Condition",
    "EngagementSplit",
    "ExperimentPath",
    "GoTo",
    "HandOver",
    "Notify",
    "Pause",
    "RandomSplit",
    "Repeat",
    "Responding",
    "Send",
    "Step",
    "StepBase",
    "ToAgent",
    "Wait",
    "WaitFor",
    "Way",
]
