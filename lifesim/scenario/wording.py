"""How messages quote values and suggest names."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

FULL_WIDTH = {
    "：": ": ", "，": ", ", "“": '"', "”": '"', "‘": "'", "’": "'", "｛": "{", "｝": "}",
    "［": "[", "］": "]", "【": "[", "】": "]", "＃": "#", "－": "-", "％": "%", "\u3000": " ",
}  # fmt: skip


def shown(value: object, limit: int = 40) -> str:
    """`value` as a message quotes it: on one line, at most `limit` characters."""
    if value is None:
        return "an empty value"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    try:
        text = repr(value)
    except ValueError:  # Python refuses to print an int of thousands of digits
        return "a number of thousands of digits"
    if len(text) <= limit:
        return text
    quote = text[-1] if text[-1] in "'\"" else ""
    return text[: limit - 1 - len(quote)] + "…" + quote


def suggest(name: str, known: Iterable[str]) -> str:
    """End of a message about the unknown `name`: the nearest known name, or all that are known."""
    names = [str(each) for each in known]
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"; did you mean '{near[0]}'?"
    if not names:
        return "; nothing is known here"
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return f"; known: {', '.join(sorted(names)[:20])}{more}"


def full_width_hint(text: object) -> str:
    """End of a message about `text` when it holds full-width punctuation; empty otherwise."""
    if isinstance(text, str):
        for mark, plain in FULL_WIDTH.items():
            if mark in text:
                if mark == "\u3000":
                    return "; a full-width space is plain text in YAML, write an ordinary space"
                return f"; full-width '{mark}' is plain text in YAML, write {plain.strip()!r}"
    return ""
