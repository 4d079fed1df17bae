"""How customers come into a journey: by the calendar, by what they do, or by what they become."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from lifesim.scenario.journeys.texts import Audience, Cron, Every, Moment, Triggers, kind_by_key
from lifesim.scenario.model import Part, about
from lifesim.scenario.needs import LifeEventKind
from lifesim.scenario.units import ClockTime, Duration, Name, PositiveDuration


class EntryBase(Part):
    """What all entries share."""

    who: Audience | None = about("for whom; everyone where not given", default=None)


class Once(EntryBase):
    """At one moment."""

    at: Moment = about("date and time")


class Recurring(EntryBase):
    """At an appointment that comes round."""

    every: Every = about("day of the week or of the month, and time of day")


class ByCron(EntryBase):
    """At the times of a cron expression."""

    cron: Cron = about("minute, hour, day of the month, month, weekday")


class OnEvent(EntryBase):
    """When the customer does something."""

    on: Triggers = about("what the customer does")


class OnLifeEvent(EntryBase):
    """When the insurer learns of a life event."""

    life_event: LifeEventKind = about("kind of life event")


class Enters(EntryBase):
    """When the customer comes to be in an audience: a segment, or a tag."""

    enters: Audience = about("the audience")


class Leaves(EntryBase):
    """When the customer is no longer in an audience: a segment, or a tag."""

    leaves: Audience = about("the audience")


class DidNot(EntryBase):
    """When the customer did one thing, and not another within a time."""

    did: Triggers = about("what the customer did")
    but_not: Triggers = about("what did not follow")
    within: PositiveDuration = about("time in which it could have")


class ByDate(EntryBase):
    """A span before a date: of an offline event, or of the customer's own."""

    before: Name = about("offline event of the journey, premium_due, policy_anniversary, birthday, maturity or renewal")
    by: Duration = about("how long before")
    at: ClockTime | None = about(
        "time of day; that of the offline event, and midnight for a date of the customer's, where not given",
        default=None,
    )


KINDS: dict[str, type[EntryBase]] = {
    "every": Recurring, "cron": ByCron, "on": OnEvent, "life_event": OnLifeEvent, "enters": Enters,
    "leaves": Leaves, "did": DidNot, "before": ByDate, "at": Once,
}  # fmt: skip


def _kind(given: Any) -> str | None:
    if isinstance(given, EntryBase):
        return type(given).__name__
    kind = kind_by_key(given if isinstance(given, dict) else {}, KINDS)
    return None if kind is None else kind.__name__


Entry = Annotated[
    Annotated[Once, Tag("Once")]
    | Annotated[Recurring, Tag("Recurring")]
    | Annotated[ByCron, Tag("ByCron")]
    | Annotated[OnEvent, Tag("OnEvent")]
    | Annotated[OnLifeEvent, Tag("OnLifeEvent")]
    | Annotated[Enters, Tag("Enters")]
    | Annotated[Leaves, Tag("Leaves")]
    | Annotated[DidNot, Tag("DidNot")]
    | Annotated[ByDate, Tag("ByDate")],
    Discriminator(
        _kind,
        custom_error_type="entry_kind",
        custom_error_message=f"must have one of the keys {', '.join(KINDS)}",
    ),
]


class Reentry(Part):
    """Whether a customer who has left comes in again."""

    after: Duration = about("cool-down: time since the customer left")
    times: int | None = Field(None, ge=1, description="entries after the first, at most; any number where not given")


class Goal(Part):
    """What the journey is for; whoever reaches it in time has converted."""

    reached: Triggers = about("what the customer does")
    within: PositiveDuration = about("conversion window, from entry; also after the customer has left")
    leave: bool = about("whoever reaches it leaves the journey", default=False)
