"""What a strategist says about customers: audiences and triggers, once they are read.

An audience is true or false of a customer at a moment: ``tag is striving_youth and launched_app within 7d and not
holds(accident)``. A trigger names what a customer does: ``signed_in 7 days running``, ``browsed(life) or
browsed(critical_illness)``. `lifesim.scenario.journeys.parsing` reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from lifesim.scenario.journeys.words import CALLS, CHOICES, EVENTS, FLAGS, NUMBERS, SINCE, Vocabulary, asked_about
from lifesim.scenario.wording import suggest

COMPARISONS: Final = ("<", "<=", "=", "!=", ">=", ">")


@dataclass(frozen=True)
class Comparison:
    """An observable thing and a number.

    Attributes
    ----------
    word
        What is compared, one of the words of `lifesim.scenario.journeys.words`.
    argument
        What the word is asked about, such as a product; empty for nothing.
    comparison
        One of `COMPARISONS`.
    value
        In the unit of the word's column.
    at
        Characters before the part of the text that a complaint is about.
    """

    word: str
    argument: str
    comparison: str
    value: float
    at: int = 0


@dataclass(frozen=True)
class Not:
    """True where its part is false."""

    part: Expression


@dataclass(frozen=True)
class AllOf:
    """True where all parts are."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class AnyOf:
    """True where any part is."""

    parts: tuple[Expression, ...]


Expression: TypeAlias = Comparison | Not | AllOf | AnyOf


@dataclass(frozen=True)
class Trigger:
    """Something a customer does, on one day or on several days in a row.

    Attributes
    ----------
    event
        One of `lifesim.scenario.journeys.words.EVENTS`.
    argument
        What it is done with; empty for anything.
    days
        Days in a row on which it has to happen; 1 for a single time.
    at
        Characters before it in the text.
    """

    event: str
    argument: str = ""
    days: int = 1
    at: int = 0


def comparisons(expression: Expression) -> list[Comparison]:
    """Every comparison in an audience, from left to right."""
    if isinstance(expression, Comparison):
        return [expression]
    parts = (expression.part,) if isinstance(expression, Not) else expression.parts
    return [test for part in parts for test in comparisons(part)]


def column_of(test: Comparison) -> str:
    """Column of the view that a test reads."""
    if test.word in NUMBERS:
        return NUMBERS[test.word].column
    if test.word in FLAGS:
        return FLAGS[test.word]
    if test.word in CALLS or test.word == "tag":
        return f"{test.word}_{test.argument}"
    if test.word in CHOICES:
        return test.word
    since = SINCE.get(test.word, f"days_since_{test.word}")
    return f"{since}_{test.argument}" if test.argument else since


def unknown_names(audience: Expression, vocabulary: Vocabulary) -> list[tuple[int, str]]:
    """Names in a right audience that a scenario does not know: position and message of each."""
    found = []
    for test in comparisons(audience):
        what = CALLS.get(test.word) or CHOICES.get(test.word) or (asked_about(test.word) if test.word in EVENTS else "")
        known = vocabulary.names(what)
        if test.argument and known is not None and test.argument not in known:
            found.append((test.at, f"unknown {what} '{test.argument}'{suggest(test.argument, known)}"))
    return found
