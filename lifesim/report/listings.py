"""Figures and their sources as lines of text, at most 80 columns wide."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

WIDTH = 80
OUTSIDE = "OUT OF RANGE"
_INDENT = "    "
_NUMBERS = (9, 15, 11)
"""Columns of a comparison: source, range, simulated."""


def figures(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Parameters with their values; unit, source and place behind them or, where that is too long, below.

    Parameters
    ----------
    rows
        With the keys parameter, value, unit, source, place; each a text or None.
    """
    for row in rows:
        figure = f"{row['parameter']}  {row['value'] or ''}".rstrip()
        about = "; ".join(str(row[name]) for name in ("unit", "source", "place") if row[name])
        if len(figure) + len(about) + 2 <= WIDTH:
            yield f"{figure}  {about}"
        else:
            yield from _wrapped(figure, "  ")
            yield from _wrapped(about, "", _INDENT)


def comparison(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Sourced figures beside simulated ones.

    Parameters
    ----------
    rows
        With the keys fact, source_value, low, high, simulated, outside, note; figures outside their range are marked.
    """
    yield _row("", "source", "range", "simulated")
    for row in rows:
        low, high = _number(row["low"]), _number(row["high"])
        ends = f"{low} to {high}" if low and high else low or high
        numbers = (_number(row["source_value"]), ends, _number(row["simulated"]))
        name = str(row["fact"])
        if len(name) < WIDTH - sum(_NUMBERS):
            yield _row(name, *numbers)
        else:
            yield name
            yield _row("", *numbers)
        note = "; ".join(part for part in (OUTSIDE if row["outside"] else "", str(row["note"] or "")) if part)
        yield from _wrapped(note, "", _INDENT)


def _row(name: str, *numbers: str) -> str:
    cells = (f"{text:>{width}}" for text, width in zip(numbers, _NUMBERS, strict=True))
    return f"{name:<{WIDTH - sum(_NUMBERS)}}" + "".join(cells)


def _number(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, int | float) else str(value)


def _wrapped(text: str, later: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent + later, break_on_hyphens=False)
