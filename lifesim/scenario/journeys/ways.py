"""The ways out of a step, and the step that waits for what the customer does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ConfigDict, Field

from lifesim.scenario.journeys.parsing import parse_triggers
from lifesim.scenario.journeys.texts import Triggers
from lifesim.scenario.labels import Label
from lifesim.scenario.model import Part, about
from lifesim.scenario.units import Name, PathError, PositiveDuration


@dataclass(frozen=True)
class Way:
    """A way out of a step.

    Attributes
    ----------
    name
        What has to be the case, as the file says it; unique among the ways of the step.
    to
        The step it leads to, or ``exit``.
    path
        Keys from the step to the place in the file that names `to`.
    at_key
        The key at the end of the path names it, and not the value.
    waits
        Time passes before a customer goes this way.
    """

    name: str
    to: str
    path: tuple[str | int, ...]
    at_key: bool = False
    waits: bool = False


class StepBase(Part):
    """What all steps share."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    label: Label | str | None = about("what people call the step; its name where not given", default=None)

    def ways(self) -> Iterator[Way]:
        """Ways out, in the order in which they are tried."""
        yield from ()


class Onward(StepBase):
    """A step with one way out."""

    next: Name = about("step that follows, or exit")

    def ways(self) -> Iterator[Way]:
        """See ``StepBase``."""
        yield Way("next", self.next, ("next",))


class Responding(StepBase):
    """A step that goes straight on, or waits for what the customer does."""

    next: Name | None = about("step that follows at once, or exit", default=None)
    on: dict[Triggers, Name] = about("step by what the customer does; the first to happen decides", default={})
    within: PositiveDuration | None = about("how long to wait for it", default=None)
    otherwise: Name | None = Field(None, alias="else", description="step when nothing of it happens in time")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if not self.on and self.next is not None and self.within is None and self.otherwise is None:
            return
        if not self.on and self.within is None and self.otherwise is None:
            yield PathError((), "has no way out; write next: STEP, or next: exit to end here", at_key=True)
        elif not self.on:
            yield PathError((), "waits for nothing; write on: {opened: STEP}, or next: STEP", at_key=True)
        elif self.next is not None:
            yield PathError(("next",), "follows at once, and 'on' waits; keep one of them", at_key=True)
        elif self.within is None or self.otherwise is None:
            lacks = [key for key, value in (("within", self.within), ("else", self.otherwise)) if value is None]
            remedy = "say how long to wait, and where to go when it does not happen: within: 2d, else: exit"
            yield PathError(("on",), f"waits without {' and '.join(map(repr, lacks))}; {remedy}", at_key=True)

    def ways(self) -> Iterator[Way]:
        """See ``StepBase``."""
        if self.next is not None:
            yield Way("next", self.next, ("next",))
        for trigger, step in self.on.items():
            # What is held back fails in the second in which it is asked for.
            waits = all(each.event != "failed" for each in parse_triggers(trigger))
            yield Way(trigger, step, ("on", trigger), waits=waits)
        if self.otherwise is not None:
            yield Way("else", self.otherwise, ("else",), waits=True)
