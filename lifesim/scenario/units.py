"""Quantities as people write them, as types for the fields of a model.

Each is the plain Python type behind it plus a parser, a serialiser and a JSON schema:

- ``Duration`` and ``PositiveDuration``: ``90d``, ``2w``, ``3y``, ``12h``; int seconds
- ``Share`` (alias ``Probability``): ``60%``, ``0.6``; float in [0, 1]
- ``Points``: ``0.5pp``; float, 0.005
- ``Limit``: ``0.5pp`` of a share, else a number; float
- ``Money``: ``12.50``, ``1_200 CNY``, ``80万``; int fen
- ``Rate``: ``3/y``, ``0.4/month``; float per second
- ``ClockTime``: ``09:00``; int seconds of the day
- ``EndTime``: the same, and ``24:00``
- ``Count``: ``50_000``; int of 0 or more
- ``Real``: ``0.23``; finite float
- ``Name``: ``striving_youth``; str that is safe as a file name
- ``Date``: ``2026-01-05``; datetime.date

What a model dumps validates to the same value again.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticSerializationUnexpectedValue

from lifesim.scenario import quantities


class PathError(ValueError):
    """A complaint about one key inside a model.

    Parameters
    ----------
    path
        Keys and list indices from the model that complains down to the value at fault.
    message
        What is wrong, and what would be right.
    at_key
        The key at the end of the path is at fault, and not its value.
    offset
        Characters of the text at fault before the part of it that is wrong.
    """

    def __init__(self, path: tuple[str | int, ...], message: str, at_key: bool = False, offset: int = 0) -> None:
        self.path = path
        self.message = message
        self.at_key = at_key
        self.offset = offset
        super().__init__(message)


class ModelError(ValueError):
    """Several complaints of one model."""

    def __init__(self, errors: Sequence[PathError]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(f"{'.'.join(map(str, each.path))}: {each.message}" for each in errors))


def _text(pattern: str, description: str, *examples: str, signed: bool = False) -> WithJsonSchema:
    return WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^{'' if signed else '(?!-)'}(?:{pattern})$",
            "description": description,
            "examples": list(examples),
        }
    )


def _text_or_number(pattern: str, description: str, *examples: str | float, **bounds: float) -> WithJsonSchema:
    return WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", **bounds},
                {"type": "string", "pattern": f"^(?!-)(?:{pattern})$"},
            ],
            "description": description,
            "examples": list(examples),
        }
    )


def _written(print_value: Callable[[Any], str]) -> PlainSerializer:
    """Serialise by `print_value`; in a union, leave values of the other members to them."""

    def write(value: Any) -> str:
        try:
            return print_value(value)
        except (TypeError, ValueError, ArithmeticError):
            raise PydanticSerializationUnexpectedValue(f"{value!r} is of another type") from None

    return PlainSerializer(write, return_type=str)


_LENGTH_OF_TIME = "Length of time with its unit: s, min, h, d, w or y (365 days)"

Duration = Annotated[
    int,
    BeforeValidator(quantities.parse_duration),
    _written(quantities.format_duration),
    _text(quantities.DURATION_PATTERN, _LENGTH_OF_TIME, "90d", "2w", "3y", "12h", "30min", "0d"),
]
PositiveDuration = Annotated[
    int,
    BeforeValidator(quantities.parse_positive_duration),
    _written(quantities.format_duration),
    _text(quantities.DURATION_PATTERN, _LENGTH_OF_TIME + ", longer than zero", "90d", "2w", "3y"),
]
Share = Annotated[
    float,
    BeforeValidator(quantities.parse_share),
    _text_or_number(quantities.SHARE_PATTERN, "Share from 0% to 100%", "60%", 0.6, minimum=0, maximum=1),
]
Probability = Share
Points = Annotated[
    float,
    BeforeValidator(quantities.parse_points),
    _written(quantities.format_points),
    _text(quantities.POINTS_PATTERN, "Difference of two shares in percentage points", "0.5pp", signed=True),
]
Limit = Annotated[
    float,
    BeforeValidator(quantities.parse_limit),
    WithJsonSchema(
        {
            "anyOf": [{"type": "number"}, {"type": "string", "pattern": f"^(?!-)(?:{quantities.POINTS_PATTERN})$"}],
            "description": "Largest change: percentage points of a share, or a number in the metric's unit",
            "examples": ["0.5pp", 10],
        }
    ),
]
Money = Annotated[
    int,
    BeforeValidator(quantities.parse_money),
    _written(quantities.format_money),
    _text_or_number(
        quantities.MONEY_PATTERN,
        "Amount in CNY, two decimals at most",
        "1_200 CNY",
        "80万",
        12.5,
        minimum=0,
    ),
]
Rate = Annotated[
    float,
    BeforeValidator(quantities.parse_rate),
    _written(quantities.format_rate),
    _text(
        quantities.RATE_PATTERN,
        "Number per unit of time: s, min, h, d, w, month or y",
        "3/y",
        "0.4/month",
        "2/w",
    ),
]
ClockTime = Annotated[
    int,
    BeforeValidator(quantities.parse_clock_time),
    _written(quantities.format_clock_time),
    _text(quantities.CLOCK_PATTERN, "Time of day", "09:00", "19:30"),
]
EndTime = Annotated[
    int,
    BeforeValidator(quantities.parse_end_time),
    _written(quantities.format_clock_time),
    _text(quantities.END_PATTERN, "Time of day at which something ends", "18:00", "24:00"),
]
Count = Annotated[
    int,
    BeforeValidator(quantities.parse_count),
    WithJsonSchema(
        {
            "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[0-9][0-9_]*$"}],
            "description": "Whole number",
            "examples": [50_000],
        }
    ),
]
Real = Annotated[
    float,
    BeforeValidator(quantities.parse_real),
    WithJsonSchema(
        {
            # Editors take 320_000 for text.
            "anyOf": [{"type": "number"}, {"type": "string", "pattern": "^[-+]?[0-9][0-9_]*(?:[.][0-9]+)?$"}],
            "description": "Finite number",
            "examples": [0.23],
        }
    ),
]
Name = Annotated[
    str,
    BeforeValidator(quantities.parse_name),
    _text(quantities.NAME_PATTERN, "Name: a letter, then letters, digits, _ or -", "striving_youth"),
]
Date = Annotated[
    datetime.date,
    BeforeValidator(quantities.parse_date),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date",
            "description": "Calendar date",
            "examples": ["2026-01-05"],
        }
    ),
]


#: Standard deviation of a natural logarithm, at most: with 3, one in six is twenty times the median or more.
_MOST_SPREAD = 3.0


def wrong_spread(spread: float) -> Iterator[PathError]:
    """Complain about a standard deviation of a natural logarithm that no distribution of amounts or times has."""
    if spread < 0:
        yield PathError(("spread",), "must not be negative")
    elif spread > _MOST_SPREAD:
        yield PathError(("spread",), f"must be at most {_MOST_SPREAD:g}: of the natural logarithm, 0.4 for about 40%")
