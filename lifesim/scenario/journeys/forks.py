"""The steps that choose a way at once: by what is known, by chance, or back."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from lifesim.scenario.journeys.texts import Audience, Triggers
from lifesim.scenario.journeys.ways import Onward, StepBase, Way
from lifesim.scenario.model import about
from lifesim.scenario.people import sums_to_one
from lifesim.scenario.units import Count, Name, PathError, Share
from lifesim.scenario.wording import suggest


class Condition(StepBase):
    """Go by what is known of the customer now."""

    audience: Audience = Field(alias="if", description="whom the way 'then' is for")
    then: Name = about("step for those")
    otherwise: Name = Field(alias="else", description="step for all others")

    def ways(self) -> Iterator[Way]:
        """See ``StepBase``."""
        yield Way("then", self.then, ("then",))
        yield Way("else", self.otherwise, ("else",))


class EngagementSplit(StepBase):
    """Go by how the customer has answered an earlier touch of this journey so far."""

    engagement: Name = about("step that sent the touch")
    on: dict[Triggers, Name] = about("step by response; the first that has happened decides")
    otherwise: Name = Field(alias="else", description="step for those who have not responded so far")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if not self.on:
            yield PathError(("on",), "splits by nothing; write on: {opened: STEP}", at_key=True)

    def ways(self) -> Iterator[Way]:
        """See ``StepBase``."""
        for trigger, step in self.on.items():
            yield Way(trigger, step, ("on", trigger))
        yield Way("else", self.otherwise, ("else",))


class RandomSplit(StepBase):
    """Split at random; a customer who comes again goes the same way again."""

    split: dict[Name, Share] = about("share by step; must sum to one")
    cap: dict[Name, Count] = about("customers at most in each branch of the insurer, by step", default={})
    full: Name | None = about("step for those who come when theirs is full", default=None)

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        yield from sums_to_one(self.split, ("split",))
        for step, most in self.cap.items():
            if step not in self.split:
                yield PathError(
                    ("cap", step), f"'{step}' is no path of the split{suggest(step, self.split)}", at_key=True
                )
            elif most < 1:
                yield PathError(("cap", step), "lets nobody in; write at least 1, or take the path out of the split")
        if bool(self.cap) != (self.full is not None):
            message = "a cap needs full: the step for those who come later" if self.cap else "full needs a cap"
            yield PathError(("cap",) if self.cap else ("full",), message, at_key=True)

    def ways(self) -> Iterator[Way]:
        """See ``StepBase``."""
        for step in self.split:
            yield Way(step, step, ("split", step), at_key=True)
        if self.full is not None:
            yield Way("full", self.full, ("full",))


class ExperimentPath(StepBase):
    """Try paths against a control of their own; a customer who comes again stays where they were."""

    experiment: dict[Name, Share] = about("share by step of the paths that are tried")
    control: dict[Name, Share] = about("step and share of the control, one of them; may be exit")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if len(self.control) != 1:
            yield PathError(("control",), "takes one step and its share, such as {exit: 10%}", at_key=True)
            return
        step, share = next(iter(self.control.items()))
        if step in self.experiment:
            yield PathError(
                ("control", step), f"'{step}' is tried too; the control needs a step of its own", at_key=True
            )
            return
        if share == 0:
            yield PathError(("control", step), "nobody is in the control; give it a share such as 10%")
        yield from sums_to_one(self.experiment | self.control, ("experiment",))

    def ways(self) -> Iterator[Way]:
        """See ``StepBase``."""
        for step in self.experiment:
            yield Way(step, step, ("experiment", step), at_key=True)
        for step in self.control:
            yield Way("control", step, ("control", step), at_key=True)


class Repeat(Onward):
    """Go back to an earlier step, until something is so, a number of times at most."""

    repeat: Name = about("step to go back to")
    until: Audience | None = about("go on when this is so", default=None)
    times: Count | None = about("go back at most so often", default=None)

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.until is None and self.times is None:
            yield PathError(("repeat",), "never ends; write until: AUDIENCE, times: 3, or both", at_key=True)
        if self.times == 0:
            yield PathError(("times",), "never goes back; write at least 1, or leave the step out")

    def ways(self) -> Iterator[Way]:
        """See ``StepBase``."""
        yield Way("repeat", self.repeat, ("repeat",))
        yield Way("next", self.next, ("next",))


class GoTo(StepBase):
    """Go to another step."""

    go: Name = about("the step, or exit")

    def ways(self) -> Iterator[Way]:
        """See ``StepBase``."""
        yield Way("next", self.go, ("go",))
