"""Charts as SVG to stand inside a page.

Text stays text, so the reader's browser shows it in its own font, Chinese included. What is drawn
depends on the numbers alone: nothing is placed by measuring a font, no date is written, and ids
carry the chart's name so that several charts share a page.
"""

from __future__ import annotations

import io
import logging
import math
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FONTS = ("PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "WenQuanYi Micro Hei", "DejaVu Sans")
"""DejaVu comes with matplotlib: with it the list is never empty-handed, whatever is installed."""

INK, MUTED, GRID = "#1a1a1a", "#444444", "#c8c8c8"
FONT_SIZE = 11
LINE = 17  # height of a line of text, in the units of the view box


@dataclass(frozen=True)
class Style:
    """How an arm looks: told apart by shape and dashes as well as by colour."""

    colour: str
    dashes: tuple[int, ...]
    marker: str
    glyph: str


# Okabe and Ito's colours without the pale ones, which fade on white paper.
STYLES = (
    Style("#444444", (), "D", "◆"),
    Style("#0072B2", (6, 2), "o", "●"),
    Style("#D55E00", (2, 2), "s", "■"),
    Style("#00785A", (8, 2, 2, 2), "^", "▲"),
    Style("#A8467F", (4, 4), "v", "▼"),
    Style("#7A5C00", (1, 3), "p", "⬟"),
)


@dataclass(frozen=True)
class Mark:
    """One interval of a forest plot, in the units of its axis, and its numbers as text.

    ``clear``: the interval leaves no doubt on which side of 0 the effect lies.
    """

    style: Style
    effect: float
    low: float
    high: float
    clear: bool
    text: str


@dataclass(frozen=True)
class ForestRow:
    """A label and the intervals under it."""

    label: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Line:
    """One arm's course over days."""

    style: Style
    days: Sequence[float]
    values: Sequence[float]


def style(place: int) -> Style:
    """Style of the arm at ``place``; the control stands at 0."""
    return STYLES[place] if place < len(STYLES) else STYLES[1 + (place - 1) % (len(STYLES) - 1)]


def forest(rows: Sequence[ForestRow], tick: Callable[[float], str], name: str, label: str) -> str:
    """Intervals under their labels, around a line at 0, numbers to the right.

    Parameters
    ----------
    rows
        From top to bottom; at least one with a mark.
    tick
        Text of a value on the axis.
    name
        Prefix of the ids inside the SVG, unique in the page.
    label
        What the chart shows, for those who cannot see it.
    """
    width = 360.0
    numbers = max(_width(mark.text, FONT_SIZE - 1) for row in rows for mark in row.marks)
    bars = (0.03, min(max(0.97 - numbers / width, 0.4), 0.7))  # the part of the width for the bars
    labels = [wrapped(row.label, width - 10, FONT_SIZE) for row in rows]
    lines = sum(len(text) + len(row.marks) + 0.4 for text, row in zip(labels, rows, strict=True))
    height = LINE * (lines + 1.5)
    limit = _limit(rows)
    with _drawing(name):
        figure, axes = _canvas(width, height)
        axes.set_position((bars[0], 1.5 * LINE / height, bars[1] - bars[0], lines * LINE / height))
        axes.set(xlim=(-limit, limit), ylim=(lines, 0), yticks=[])
        axes.spines["bottom"].set_color(GRID)
        ticks = _ticks(axes, tick, on_y=False)
        top = 0.0
        for text, row in zip(labels, rows, strict=True):
            for line in text:
                _text(axes, 0, top + 0.5, line, INK, "left", weight="bold")
                top += 1
            for mark in row.marks:
                axes.vlines(ticks, top, top + 1, color=GRID, linewidth=0.6)
                axes.vlines(0, top, top + 1, color=MUTED, linewidth=1)
                _interval(axes, mark, top + 0.5, limit)
                right = (1 - bars[0]) / (bars[1] - bars[0])
                _text(axes, right, top + 0.5, mark.text, INK, "right", size=FONT_SIZE - 1)
                top += 1
            top += 0.4
        return _svg(figure, name, label)


def panel(lines: Sequence[Line], tick: Callable[[float], str], name: str, label: str, days: str) -> str:
    """One line per arm over days, which stand on the axis; other parameters as for `forest`."""
    width, height = 320.0, 196.0
    values = [value for line in lines for value in line.values]
    low, high = min(values), max(values)
    with _drawing(name):
        figure, axes = _canvas(width, height)
        axes.set_position((0.2, 0.22, 0.74, 0.74))
        for line in lines:
            # The line itself does not bend the view, so its own scale is set below.
            axes.plot(
                line.days,
                line.values,
                color=line.style.colour,
                linewidth=1.8,
                dashes=line.style.dashes or (1, 0),
            )
        floor = low if low > high / 2 else 0.0
        room = (high - floor) * 0.06 or max(abs(high) * 0.01, 1.0)
        axes.set_ylim(floor - room if floor else 0.0, high + room)
        axes.grid(axis="y", color=GRID, linewidth=0.6)
        axes.spines[["left", "bottom"]].set_color(GRID)
        _ticks(axes, tick, on_y=False)
        _ticks(axes, tick, on_y=True)
        axes.set_xlabel(days, fontsize=FONT_SIZE - 1, color=MUTED, labelpad=3, parse_math=False)
        return _svg(figure, name, label)


def wrapped(text: str, width: float, size: float) -> list[str]:
    """Cut ``text`` into lines of about ``width``, between words or beside any Chinese character."""
    lines = [""]
    for piece in re.findall(r"\s+|[\u2e80-\uffff]|[^\s\u2e80-\uffff]{1,24}", text):
        if lines[-1] and _width(lines[-1] + piece, size) > width:
            lines.append("")
        lines[-1] += piece if lines[-1] or not piece.isspace() else ""
    return [line.rstrip() for line in lines]


def _width(text: str, size: float) -> float:
    """Roomy estimate: the reader's font is not known here."""
    return size * sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.6 for c in text)


def _limit(rows: Sequence[ForestRow]) -> float:
    """Half-width of a forest plot: one interval far wider than the others must not flatten them."""
    reach = [max(abs(mark.low), abs(mark.high)) for row in rows for mark in row.marks]
    wanted = [value for value in reach if value > 0]
    return 1.08 * min(max(wanted), 5 * median(wanted)) if wanted else 1.0


def _interval(axes: Axes, mark: Mark, y: float, limit: float) -> None:
    colour = mark.style.colour
    ends = max(mark.low, -limit), min(mark.high, limit)
    if ends[0] < ends[1]:
        axes.hlines(y, *ends, color=colour, linewidth=2)
    for side, beyond in ((-1, mark.low < -limit), (1, mark.high > limit)):
        if beyond:
            arrow = "<" if side < 0 else ">"
            axes.plot(side * limit, y, marker=arrow, color=colour, markersize=6, clip_on=False)
    if abs(mark.effect) <= limit:
        fill = colour if mark.clear else "white"
        axes.plot(
            mark.effect,
            y,
            marker=mark.style.marker,
            markersize=6.5,
            color=colour,
            mfc=fill,
            mew=1.4,
        )


def _text(
    axes: Axes, x: float, y: float, text: str, colour: str, side: str, *, weight: str = "normal",
    size: float = FONT_SIZE,
) -> None:  # fmt: skip
    """Text at a share ``x`` of the axes' width; names are never read as formulas."""
    axes.text(
        x, y, text, transform=axes.get_yaxis_transform(), color=colour, fontsize=size, ha=side,
        va="center_baseline", fontweight=weight, clip_on=False, parse_math=False,
    )  # fmt: skip


def _ticks(axes: Axes, tick: Callable[[float], str], on_y: bool) -> list[float]:
    """Set a few round ticks within the limits, as many as have room for their text; return them."""
    from matplotlib.ticker import MaxNLocator

    low, high = axes.get_ylim() if on_y else axes.get_xlim()
    room = math.inf if on_y else axes.get_window_extent().width
    for most in (5, 4, 3, 2, 1):
        found = MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        inside = [float(value) for value in found if low <= value <= high]
        texts = [tick(value) for value in inside]
        if sum(_width(text, FONT_SIZE) + FONT_SIZE for text in texts) <= room:
            break
    axis = axes.yaxis if on_y else axes.xaxis
    axis.set_ticks(inside, labels=texts, parse_math=False)
    axis.set_tick_params(length=0, labelsize=FONT_SIZE - 1, labelcolor=MUTED, pad=5)
    return inside


def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    # One unit of the view box is one point: 72 to the inch.
    figure = Figure(figsize=(width / 72, height / 72), dpi=72)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.patch.set_visible(False)
    figure.patch.set_visible(False)
    return figure, axes


@contextmanager
def _drawing(name: str) -> Iterator[None]:
    """matplotlib's settings for a chart, and quiet about fonts that only the reader has."""
    import matplotlib

    fonts = logging.getLogger("matplotlib.font_manager")
    before = fonts.level
    settings = matplotlib.rc_context(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": name,
            "font.family": "sans-serif",
            "font.sans-serif": list(FONTS),
            "path.simplify": True,
            "axes.unicode_minus": True,
        }
    )
    with settings, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        fonts.setLevel(logging.ERROR)
        try:
            yield
        finally:
            fonts.setLevel(before)


def _svg(figure: Figure, name: str, label: str) -> str:
    """The chart as one ``<svg>`` element: no prologue, no metadata, ids under ``name``."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None})
    text = stream.getvalue()
    width, height = (72 * size for size in figure.get_size_inches())
    body = text[text.index(">", text.index("<svg")) + 1 :]
    body = re.sub(r"\s*<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"\s*<style[^>]*>.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r"<[^>]+>", lambda tag: _named(tag[0], name), body)
    return f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(label)}">{body}'


def _named(tag: str, name: str) -> str:
    """A tag with its ids, and references to ids, under ``name``; other text is not touched."""
    tag = re.sub(r'\bid="', f'id="{name}-', tag)
    tag = tag.replace('href="#', f'href="#{name}-').replace("url(#", f"url(#{name}-")
    return tag.replace("'DejaVu Sans'", "sans-serif")
