"""What agents do about a lead after the first conversation: a list of work that takes slots over days."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from lifesim.scenario.model import Part, about
from lifesim.scenario.units import Count, Duration, Name, PathError, PositiveDuration, Real, Share
from lifesim.scenario.wording import suggest

if TYPE_CHECKING:
    from lifesim.scenario.models import Scenario

#: Steps in the order in which they are done; the first contact comes before all of them.
Step = Literal["wecom_add", "chat", "gap_assessment", "proposal", "visit", "close"]
STEPS: tuple[Step, ...] = ("wecom_add", "chat", "gap_assessment", "proposal", "visit", "close")
_MOST_SLOTS = 250


class Work(Part):
    """One step of an agent's work on a lead."""

    content: Name = about("what the customer is told when the step is done")
    channel: Literal["call", "wecom", "visit"] = about("by which channel; wecom reaches contacts alone")
    slots: Count = about("slots that it takes the agent", default=1)
    after: Duration = about("time after the step before, or the first contact, from which on it can be done")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if not 1 <= self.slots <= _MOST_SLOTS:
            yield PathError(("slots",), f"must be 1 to {_MOST_SLOTS}")


class Reaching(Part):
    """How agents reach the customers of leads they call for the first time; luck is the lead's and the try's."""

    connects: Share = about("first tries that reach the customer")
    by_dial: tuple[Real, ...] = about(
        "what a try achieves by its number, in any unit: connections are in proportion; the last holds for later ones",
        default=(1.0,),
    )
    dials: Count = about("tries after which the agent leaves the customer alone", default=3)
    apart: PositiveDuration = about("time between two tries", default="1d")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if not self.by_dial or self.by_dial[0] <= 0 or min(self.by_dial) < 0:
            yield PathError(("by_dial",), "needs a number above zero for the first try, and none below zero")
        if not 1 <= self.dials <= _MOST_SLOTS:
            yield PathError(("dials",), f"must be 1 to {_MOST_SLOTS}")


class Operation(Part):
    """Work on leads that agents have taken; it comes before new leads, and what is closer to the end first."""

    steps: dict[Step, Work] = about("what is done, in the order of the steps; those not named are left out")
    patience: PositiveDuration = about("time after which a customer whose next step is not done gives up")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if not self.steps:
            yield PathError(("steps",), "needs at least one step; leave operation out for one conversation a lead")

    @property
    def ordered(self) -> tuple[tuple[Step, Work], ...]:
        """The steps that there are, in their order."""
        return tuple((step, self.steps[step]) for step in STEPS if step in self.steps)


def work_says_what_exists(scenario: Scenario) -> Iterator[PathError]:
    """Contents of steps exist."""
    if scenario.workforce is None or scenario.workforce.operation is None:
        return
    for step, work in scenario.workforce.operation.steps.items():
        if work.content not in scenario.contents:
            message = f"unknown content '{work.content}'{suggest(work.content, scenario.contents)}"
            yield PathError(("workforce", "operation", "steps", step, "content"), message)
