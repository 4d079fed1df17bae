"""Types of fields that hold a small language of their own."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, WithJsonSchema

from lifesim.scenario.journeys.calendar import Calendar, parse_cron, parse_every, parse_time
from lifesim.scenario.journeys.parsing import parse_audience, parse_triggers
from lifesim.scenario.journeys.words import CHANNEL_WORDS
from lifesim.scenario.model import Part
from lifesim.scenario.quantities import CLOCK_PATTERN, parse_clock_time
from lifesim.scenario.units import PathError
from lifesim.scenario.wording import suggest

Kind = TypeVar("Kind", bound=Part)

#: Where a way leads that ends the journey.
EXIT: Final = "exit"
#: Dates of a customer's own that a journey can be set by.
CUSTOMER_DATES: Final = ("premium_due", "policy_anniversary", "birthday", "maturity", "renewal")


def _readable(parse: Callable[[str], object]) -> Callable[[str], str]:
    """A validator that keeps a text as it is written, when it can be read."""

    def check(text: str) -> str:
        parse(text)
        return text

    return check


def kind_by_key(keys: Iterable[str], kinds: Mapping[str, type[Kind]]) -> type[Kind] | None:
    """The class whose key is given, or meant by a misspelt one; of several the first in `kinds`, except ``on``."""
    given = list(keys)
    for key, kind in kinds.items():
        if key != "on" and key in given:
            return kind
    for key in given:
        near = get_close_matches(key, [each for each in kinds if len(each) > 2], n=1, cutoff=0.7)
        if near:
            return kinds[near[0]]
    return kinds.get("on") if "on" in given else None


def parse_until(text: str) -> Calendar | datetime.datetime:
    """What to wait for: the next ``09:00`` or ``sat 10:00``, or the moment ``2026-04-18 14:00``."""
    if re.match(r"[0-9]{4}-", text):
        return parse_time(text)
    if re.fullmatch(CLOCK_PATTERN, text):
        second = parse_clock_time(text)
        return parse_every(f"day {second // 3600:02d}:{second % 3600 // 60:02d}")
    return parse_every(text)


def _channel(name: str) -> str:
    if name not in CHANNEL_WORDS:
        raise PathError((), f"unknown channel '{name}'{suggest(name, CHANNEL_WORDS)}")
    return name


def _text(parse: Callable[[str], object], description: str, *examples: str) -> tuple[Any, Any]:
    schema = {"type": "string", "description": description, "examples": list(examples)}
    return AfterValidator(_readable(parse)), WithJsonSchema(schema)


Audience = Annotated[
    str,
    *_text(parse_audience, "Who: an expression over what the insurer observes", "age <= 30 and not holds(accident)"),
]
Triggers = Annotated[
    str, *_text(parse_triggers, "What a customer does", "signed_in 7 days running", "bought(life) or bought(annuity)")
]
Every = Annotated[
    str, *_text(parse_every, "Appointment that comes round", "fri 19:00", "workdays 09:00", "month 8 10:00")
]
Cron = Annotated[str, *_text(parse_cron, "Minute, hour, day of the month, month, weekday", "0 19 * * 5")]
Moment = Annotated[str, *_text(parse_time, "Date and time", "2026-04-18 14:00", "2026-04-18")]
Until = Annotated[
    str, *_text(parse_until, "Next hour or weekday, or a moment", "09:00", "sat 10:00", "2026-04-18 14:00")
]
ChannelName = Annotated[str, AfterValidator(_channel), WithJsonSchema({"enum": list(CHANNEL_WORDS)})]
