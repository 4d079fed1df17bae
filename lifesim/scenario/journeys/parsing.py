"""From the text of an audience or a trigger to what it means, word by word. The grammar, loosest first::

audience  either {"or" either}
either    term {"and" term}
term      ["not"] ( "(" audience ")" | test )
test      number ("<" "<=" "=" "!=" ">=" ">") quantity
        | number "between" quantity "and" quantity
        | choice "is" ["not"] name | choice ["not"] "in" "(" name {"," name} ")"
        | flag | call "(" name ")" | event "within" duration (of an answer to a touch, the name is that of a content)
trigger   event [n "days" "running"] {"or" event [n "days" "running"]}
event     name ["(" name ")"]
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final, NoReturn

from lifesim.scenario.behaviour import STAGES
from lifesim.scenario.contents import PURPOSES
from lifesim.scenario.journeys.expressions import COMPARISONS, AllOf, AnyOf, Comparison, Expression, Not, Trigger
from lifesim.scenario.journeys.tokens import Reader, Token, unknown, wrong
from lifesim.scenario.journeys.words import (
    CALLS,
    CHANNEL_WORDS,
    CHOICES,
    EVENTS,
    FLAGS,
    HIDDEN,
    HIDDEN_PREFIXES,
    NUMBERS,
    Takes,
    Unit,
    asked_about,
)
from lifesim.scenario.quantities import DAY, YEAR, parse_duration, parse_money
from lifesim.scenario.wording import suggest

MAX_DEPTH: Final = 20
MAX_RUN: Final = 365


@lru_cache(maxsize=10_000)
def parse_audience(text: str) -> Expression:
    """Read an audience.

    Raises
    ------
    PathError
        With the position of what cannot be read, is hidden from the insurer, or has the wrong unit.
    """
    reader = Reader(text)
    if reader.token.kind == "end":
        raise reader.refusal("who, such as 'age <= 30'")
    found = _either(reader, 0)
    _to_the_end(reader)
    return found


@lru_cache(maxsize=10_000)
def parse_triggers(text: str) -> tuple[Trigger, ...]:
    """Read one or several events joined by ``or``.

    Raises
    ------
    PathError
        With the position of what cannot be read, or is no event.
    """
    reader = Reader(text)
    found = [_trigger(reader)]
    while reader.skip("or"):
        found.append(_trigger(reader))
    _to_the_end(reader)
    return tuple(found)


def _to_the_end(reader: Reader) -> None:
    if reader.token.kind != "end":
        raise reader.refusal("'and', 'or' or the end")


def _either(reader: Reader, depth: int) -> Expression:
    if depth > MAX_DEPTH:
        raise wrong(reader.token.at, f"nested deeper than {MAX_DEPTH} levels; split the audience")
    parts = [_every(reader, depth)]
    while reader.skip("or"):
        parts.append(_every(reader, depth))
    return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))


def _every(reader: Reader, depth: int) -> Expression:
    parts = [_term(reader, depth)]
    while reader.skip("and"):
        parts.append(_term(reader, depth))
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _term(reader: Reader, depth: int) -> Expression:
    if reader.skip("not"):
        if depth > MAX_DEPTH:
            raise wrong(reader.token.at, f"nested deeper than {MAX_DEPTH} levels; split the audience")
        return Not(_term(reader, depth + 1))
    if reader.skip("("):
        inner = _either(reader, depth + 1)
        reader.expect(")", "a parenthesis is not closed")
        return inner
    return _test(reader)


def _test(reader: Reader) -> Expression:
    word = reader.name("what is known of a customer, such as age, tag or launched_app")
    if word.text in NUMBERS:
        return _number(reader, word, NUMBERS[word.text].unit)
    if word.text in FLAGS:
        return Comparison(word.text, "", "=", 1.0, word.at)
    if word.text in CALLS:
        what = CALLS[word.text]
        name = _in_parentheses(reader, word, what)
        if word.text == "consents" and name.text not in (*CHANNEL_WORDS, *PURPOSES):
            raise unknown(name, what, (*CHANNEL_WORDS, *PURPOSES))
        return Comparison(word.text, name.text, "=", 1.0, name.at)
    if word.text in CHOICES:
        return _choice(reader, word)
    if word.text in EVENTS:
        return _happened(reader, word)
    _refuse(word)


def _refuse(word: Token) -> NoReturn:
    """Say that a word is hidden, or that nobody knows it."""
    if word.text in HIDDEN or word.text.startswith(HIDDEN_PREFIXES):
        instead = HIDDEN.get(word.text) or "use what an insurer observes, such as " + ", ".join([*NUMBERS][:3])
        raise wrong(word.at, f"'{word.text}' is hidden from the insurer; {instead}")
    known = [*NUMBERS, *FLAGS, *CALLS, *CHOICES, *EVENTS]
    raise wrong(word.at, f"'{word.text}' cannot be observed{suggest(word.text, known)}")


def _number(reader: Reader, word: Token, unit: Unit) -> Expression:
    if reader.skip("between"):
        low = _value(reader, word, unit)
        reader.expect("and", f"write {word.text} between 20 and 30")
        high = _value(reader, word, unit)
        if low > high:
            raise wrong(word.at, f"{word.text} between {low:g} and {high:g} is nobody; put the smaller number first")
        return AllOf((Comparison(word.text, "", ">=", low, word.at), Comparison(word.text, "", "<=", high, word.at)))
    sign = "=" if reader.token.text == "==" else reader.token.text
    if sign not in COMPARISONS:
        raise reader.refusal(f"a comparison of {word.text}, such as '{word.text} <= {_example(unit)}'")
    reader.take()
    return Comparison(word.text, "", sign, _value(reader, word, unit), word.at)


def _example(unit: Unit) -> str:
    return {"years": "30", "days": "7d", "count": "1", "CNY": "80万", "share": "0.6"}[unit]


def _value(reader: Reader, word: Token, unit: Unit) -> float:
    """A quantity in the unit of the column that it is compared with."""
    if reader.token.kind != "quantity":
        raise reader.refusal(f"a number of {unit}, such as {_example(unit)}")
    token = reader.take()
    bare = _bare(token.text)
    if unit == "CNY":
        return _parsed(parse_money, token) / 100
    if unit == "share" and (bare is None or bare > 1):
        raise wrong(token.at, f"{word.text} goes from 0 to 1; write {word.text} >= 0.6")
    if bare is not None:
        return bare
    if unit == "count":
        raise wrong(token.at, f"{word.text} is a count and has no unit; write {_digits(token.text)}")
    seconds = _parsed(parse_duration, token)
    if unit == "years" and not token.text.endswith("y"):
        raise wrong(token.at, f"{word.text} is in years; write {_digits(token.text)} or {_digits(token.text)}y")
    return seconds / (YEAR if unit == "years" else DAY)


def _bare(text: str) -> float | None:
    try:
        return float(text.replace("_", ""))
    except ValueError:
        return None


def _digits(text: str) -> str:
    return text.rstrip("".join(each for each in text if not each.isdigit()))


def _parsed(parse: Callable[[object], int], token: Token) -> int:
    try:
        return parse(token.text)
    except ValueError as error:
        raise wrong(token.at, str(error)) from None


def _in_parentheses(reader: Reader, word: Token, what: str) -> Token:
    reader.expect("(", f"write {word.text}({what.upper().replace(' ', '_')})")
    name = reader.name(f"the name of a {what}")
    reader.expect(")", "a parenthesis is not closed")
    return name


def _choice(reader: Reader, word: Token) -> Expression:
    negated, names = False, []
    if reader.skip("is"):
        negated = reader.skip("not")
        names.append(reader.name(f"the name of a {word.text}"))
    else:
        negated = reader.skip("not")
        reader.expect("in", f"write {word.text} is NAME, or {word.text} in (NAME, NAME)")
        reader.expect("(", f"write {word.text} in (NAME, NAME)")
        names.append(reader.name(f"the name of a {word.text}"))
        while reader.skip(","):
            names.append(reader.name(f"the name of a {word.text}"))
        reader.expect(")", "a parenthesis is not closed")
    for name in names:
        if word.text == "stage" and name.text not in STAGES:
            raise unknown(name, "stage", STAGES)
    parts = tuple(Comparison(word.text, name.text, "=", 1.0, name.at) for name in names)
    found: Expression = parts[0] if len(parts) == 1 else AnyOf(parts)
    return Not(found) if negated else found


def _happened(reader: Reader, word: Token) -> Expression:
    argument, at = _argument(reader, word, asked_about(word.text))
    reader.expect("within", f"say since when: {word.text} within 7d")
    if reader.token.kind != "quantity":
        raise reader.refusal("a duration such as 7d")
    days = _parsed(parse_duration, reader.take()) / DAY
    return Comparison(word.text, argument, "<=", days, at)


def _argument(reader: Reader, word: Token, takes: Takes) -> tuple[str, int]:
    if reader.token.text != "(":
        return "", word.at
    if not takes:
        raise wrong(reader.token.at, f"'{word.text}' takes nothing in parentheses")
    name = _in_parentheses(reader, word, takes)
    return name.text, name.at


def _trigger(reader: Reader) -> Trigger:
    word = reader.name("what a customer does, such as opened or bought")
    if word.text not in EVENTS:
        raise unknown(word, "event", tuple(EVENTS))
    argument, at = _argument(reader, word, EVENTS[word.text].takes)
    if reader.token.kind != "quantity":
        return Trigger(word.text, argument, 1, at)
    days = reader.take()
    for part in ("days", "running"):
        reader.expect(part, f"write {word.text} {_digits(days.text)} days running")
    if not days.text.isdigit() or not 2 <= int(days.text) <= MAX_RUN:
        raise wrong(days.at, f"'{days.text}' days running; write a whole number from 2 to {MAX_RUN}")
    return Trigger(word.text, argument, int(days.text), at)
