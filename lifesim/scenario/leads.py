"""Leads: what makes them, how they are graded, and what a practice does with those that are not good enough yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from lifesim.scenario.behaviour import Stage
from lifesim.scenario.channels import BY_PEOPLE, SENDING, Channel
from lifesim.scenario.model import Part, about
from lifesim.scenario.units import Count, Duration, Money, Name, PathError, PositiveDuration, Real, Share
from lifesim.scenario.wording import suggest

if TYPE_CHECKING:
    from lifesim.scenario.models import Scenario

#: What customers do, as the insurer sees it, of which a lead can come; an inquiry is a lead in any case.
Behaviour = Literal["product_page", "proposal_read", "attended"]
BEHAVIOURS: tuple[Behaviour, ...] = ("product_page", "proposal_read", "attended")
Grade = Literal["A", "B", "C", "D"]
GRADES: tuple[Grade, ...] = ("A", "B", "C", "D")
#: How often a lead has been dialled is stored in a byte.
_MOST_DIALS = 250
_DAY = 86_400


class Mined(Part):
    """A behaviour that makes a lead."""

    content: Name = about("what the call about it says")
    stages: tuple[Stage, ...] = about(
        "stages, as the insurer estimates them, in which it makes a lead; none: all of them", default=()
    )


class Dialling(Part):
    """How customers take the calls by which seats clean leads; luck is the lead's and the dial's."""

    connects: Share = about("first dials that connect")
    by_dial: tuple[Real, ...] = about(
        "what a dial achieves by its number, in any unit: connections are in proportion; the last holds for later ones",
        default=(1.0,),
    )
    deciding: Share = about(
        "customers who are deciding, on a first policy or a further one, whom a seat of skill 0 qualifies"
    )
    others: Share = about("other customers whom such a seat qualifies all the same")
    later: Share = about("connected customers not qualified who ask to be called again later", default=0.0)
    content: Name = about("what a dial that connects says")
    cost: Money = about("for each dial", unit="CNY")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if not self.by_dial or self.by_dial[0] <= 0 or min(self.by_dial) < 0:
            yield PathError(("by_dial",), "needs a number above zero for the first dial, and none below zero")


class Scanned(Part):
    """Leads that the grading makes: customers are shown to it, and those it grades well enough become leads."""

    every: PositiveDuration = about("time between two looks, whole days", default="7d")
    within: PositiveDuration = about(
        "customers are looked at who opened the app in so much time, and who have no lead; nobody else is"
    )
    bar: Grade = about("customers graded so, or better, become leads")
    content: Name = about("what the call about it says")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.every % _DAY:
            yield PathError(("every",), "must be whole days, such as 7d")

    @property
    def days(self) -> int:
        """Days between two looks."""
        return self.every // _DAY

    @property
    def passes(self) -> int:
        """Grades that make leads, counted from A."""
        return GRADES.index(self.bar) + 1


class Leads(Part):
    """How leads come out of behaviour, and when they are graded. A customer has one such lead at a time."""

    mined: dict[Behaviour, Mined] = about("behaviours that make a lead", default={})
    scanned: Scanned | None = about("customers of whom the grading makes leads; none: nobody", default=None)
    waits: PositiveDuration = about("time after which such a lead is withdrawn if nobody has taken it", default="14d")
    graded: PositiveDuration = about(
        "time between two gradings of the leads that wait, counted from midnight; inquiries are graded at once",
        default="4h",
    )
    dialling: Dialling | None = about("how leads are cleaned, where a practice does", default=None)
    contacted: PositiveDuration = about(
        "service level: time after behaviour, request or end of nurture within which a lead is to be contacted",
        default="24h",
    )
    cools: PositiveDuration | None = about(
        "time since the latest behaviour in which what a first conversation does falls by half; none: it stays",
        default=None,
    )


class Cleaning(Part):
    """Leads that seats dial before an agent gets them. Inquiries and hand-overs go to agents in any case."""

    bar: Grade | Literal["all"] = about(
        "leads of this grade and better go to agents at once; all: every lead is dialled"
    )
    seats: tuple[Name, ...] = about("groups of seats that dial, the most skilled first, and answer nobody else")
    dials: Count = about("after which a lead that never connected is dropped", default=3)
    apart: Duration = about("time between two dials of a lead", default="1d")
    again: Duration = about("time until a customer is called who asked to be called later", default="7d")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if not 1 <= self.dials <= _MOST_DIALS:
            yield PathError(("dials",), f"must be 1 to {_MOST_DIALS}")
        if not self.seats:
            yield PathError(("seats",), "needs a group of seats that dials")

    @property
    def passes(self) -> int:
        """Grades that go to agents at once, counted from A."""
        return 0 if self.bar == "all" else GRADES.index(self.bar) + 1


class Nurture(Part):
    """Leads that nobody calls while they are graded below the bar: they get contents until they are not, or go cold."""

    bar: Grade = about("leads graded worse than this")
    content: Name = about("what they are sent")
    channel: Channel = about("by which channel")
    every: PositiveDuration = about("time between two of them; the rest of the interval of gradings comes on top")

    @property
    def passes(self) -> int:
        """Grades that are not nurtured, counted from A."""
        return GRADES.index(self.bar) + 1


def leads_say_what_exists(scenario: Scenario) -> Iterator[PathError]:
    """Contents of calls about leads exist."""
    if scenario.leads is None:
        return
    said: dict[tuple[str, ...], str] = {
        ("mined", behaviour): mined.content for behaviour, mined in scenario.leads.mined.items()
    }
    for name in ("dialling", "scanned"):
        part = getattr(scenario.leads, name)
        if part is not None:
            said[name,] = part.content
    for path, content in said.items():
        if content not in scenario.contents:
            message = f"unknown content '{content}'{suggest(content, scenario.contents)}"
            yield PathError(("leads", *path, "content"), message)


def leads_are_worked_by_somebody(scenario: Scenario) -> Iterator[PathError]:
    """What practices do with leads can be done: seats that dial exist, and contents that nurture can be sent."""
    for where in ("practices", "arms"):
        for name, arm in getattr(scenario, where).items():
            for part, found in (
                ("cleaning", _dialled(scenario, arm.cleaning)),
                ("nurture", _fed(scenario, arm.nurture)),
            ):
                for path, message in found:
                    yield PathError((where, name, part, *path), message)


def _dialled(scenario: Scenario, cleaning: Cleaning | None) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if cleaning is None:
        return
    if scenario.leads is None or scenario.leads.dialling is None:
        yield (), "needs leads.dialling, which says how customers take the calls"
    for k, seats in enumerate(cleaning.seats):
        if seats not in scenario.desk.seats:
            yield ("seats", k), f"no group of seats is called '{seats}'{suggest(seats, scenario.desk.seats)}"
        elif not scenario.desk.seats[seats].per_10k:
            yield ("seats", k), f"there is nobody in '{seats}'; raise its per_10k"
        elif scenario.desk.seats[seats].talks != "even":
            yield ("seats", k), f"'{seats}' talks for random times; seats that dial take `talks: even`"


def _fed(scenario: Scenario, nurture: Nurture | None) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if nurture is None:
        return
    if scenario.leads is None:
        yield (), "needs leads, of which those below the bar are nurtured"
    if nurture.content not in scenario.contents:
        yield ("content",), f"unknown content '{nurture.content}'{suggest(nurture.content, scenario.contents)}"
    if nurture.channel not in SENDING or nurture.channel in BY_PEOPLE:
        able = ", ".join(name for name in SENDING if name not in BY_PEOPLE)
        yield ("channel",), f"nobody calls a lead that is nurtured; choose one of {able}"
