"""Pydantic's complaints in words for people who write scenarios."""

from __future__ import annotations

import re
from typing import Any

from lifesim.scenario.market import CHANNELS
from lifesim.scenario.wording import full_width_hint, shown, suggest

_EXPECTED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "date_from_datetime_parsing": "a date such as 2026-01-05",
    "date_type": "a date such as 2026-01-05",
    "dict_type": "a mapping of 'key: value' lines",
    "finite_number": "a finite number",
    "float_parsing": "a number",
    "float_type": "a number",
    "frozen_set_type": "a list such as [a, b]",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "list_type": "a list such as [a, b]",
    "mapping_type": "a mapping of 'key: value' lines",
    "model_attributes_type": "a mapping of 'key: value' lines",
    "model_type": "a mapping of 'key: value' lines",
    "none_required": "no value",
    "path_type": "a path",
    "set_type": "a list such as [a, b]",
    "string_type": "text",
    "tuple_type": "a list such as [a, b]",
}
_BOUNDS = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("at most", "le"),
    "multiple_of": ("a multiple of", "multiple_of"),
}


def plain_words(error: Any) -> str:
    """One line for one entry of ``ValidationError.errors()``: what was given, what would be right.

    Parameters
    ----------
    error
        The entry; its location is the caller's business.
    """
    kind, given, context = error["type"], error["input"], error.get("ctx", {})
    if kind in ("value_error", "assertion_error"):
        return _one_line(str(context["error"])) + _hint(given, str(context["error"]))
    if kind == "missing":
        return f"missing key '{error['loc'][-1]}'; add it"
    if kind in ("literal_error", "enum"):
        known = re.findall(r"'([^']*)'", context["expected"]) or [context["expected"]]
        return f"{shown(given)} is unknown{_one_of(str(given), known)}" + _hint(given)
    if kind == "union_tag_invalid":
        known = re.findall(r"'([^']*)'", context["expected_tags"])
        return f"'{context['tag']}' is unknown{suggest(context['tag'], known)}"
    if kind == "union_tag_not_found":
        return f"missing key {context['discriminator']}; add it"
    if kind in _EXPECTED:
        return f"{shown(given)} is not {_EXPECTED[kind]}{_quote(kind, given)}" + _hint(given)
    if kind in _BOUNDS:
        word, bound = _BOUNDS[kind]
        return f"{shown(given)} must be {word} {context[bound]}"
    if kind in ("too_short", "too_long"):
        return _length(kind, context)
    return _other(error["msg"], given)


def _one_of(given: str, known: list[str]) -> str:
    """As `suggest`; of channels it says that a scenario cannot add one."""
    hint = suggest(given, known)
    if tuple(known) == CHANNELS and "did you mean" not in hint:
        return f"; channels are fixed: {', '.join(CHANNELS)}"
    return hint


def _quote(kind: str, given: object) -> str:
    scalar = isinstance(given, (bool, int, float))
    return "; put it in quotes" if kind == "string_type" and scalar else ""


def _hint(given: object, message: str = "") -> str:
    return "" if "full-width" in message else full_width_hint(given)


def _length(kind: str, context: dict[str, Any]) -> str:
    if kind == "too_short":
        return f"has {context['actual_length']} entries; give at least {context['min_length']}"
    return f"has {context['actual_length']} entries; give at most {context['max_length']}"


def _other(message: str, given: object) -> str:
    text = _one_line(message).replace("Input should be", "must be").replace("Input should", "must")
    return f"{shown(given)}: {text[:1].lower()}{text[1:]}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
