"""A journey as a drawing: plain SVG that stands alone, text as text, nothing to install."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from lifesim.report.figures import FONTS, INK, MUTED
from lifesim.report.folding import folded
from lifesim.report.journeys.counts import FEW, Counts
from lifesim.report.journeys.layout import ROW_GAP, Box, Layout
from lifesim.report.journeys.terminal import notes
from lifesim.report.journeys.words import Words
from lifesim.scenario.journeys import Condition, EngagementSplit, ExperimentPath, HandOver, Journey, Notify, RandomSplit
from lifesim.scenario.journeys.graph import back_ways
from lifesim.scenario.journeys.steps import Repeat, Send, StepBase, Way
from lifesim.scenario.journeys.texts import EXIT
from lifesim.scenario.labels import labelled

SIZE, LINE = 12, 17
_PAD, _MARGIN = 10, 24
_STEP_COLUMNS, _WAY_COLUMNS, _HEAD_COLUMNS = 34, 28, 60
#: Ems that a column of a terminal takes at most; half a Chinese character, or one wide Latin letter in two.
_EM = 0.58
_LANE, _TIP = 14, 8


@dataclass(frozen=True)
class Look:
    """How a kind of step is filled and bordered."""

    fill: str
    border: str


_LOOKS = {
    "send": Look("#e8f1fa", "#0072B2"),
    "choose": Look("#fdf3e3", "#8a5a00"),
    "agent": Look("#e6f4ee", "#00785A"),
    "wait": Look("#f3f3f3", "#555555"),
}
_BREAK = "#b3261e"


@dataclass(frozen=True)
class Line:
    """A line of text in a box."""

    text: str
    colour: str = INK
    bold: bool = False


def draw(journey: Journey, lang: str = "en", counts: Counts | None = None) -> str:
    """The journey as an SVG document.

    Parameters
    ----------
    journey
        The journey.
    lang
        ``en`` or ``zh``.
    counts
        Customers by step and way, where they are known: the break is marked, and steps that too few came to.
    """
    return _Drawing(journey, Words(journey, lang), counts).svg()


class _Drawing:
    """One drawing in the making."""

    def __init__(self, journey: Journey, words: Words, counts: Counts | None) -> None:
        self._journey, self._words, self._counts = journey, words, counts
        self._back = back_ways(journey.steps)
        self._layout = Layout()
        self._texts: dict[str, list[Line]] = {}
        self._returns: list[tuple[str, str]] = []

    def svg(self) -> str:
        """The whole document."""
        self._add_boxes()
        width, height = self._layout.place()
        lanes = _LANE * (len(self._returns) + 1)
        width, height = width + 2 * _MARGIN + lanes, height + 2 * _MARGIN
        title = f"{self._journey.name} {labelled(self._journey.label, self._words.lang, '')}".strip()
        parts = [*self._lines(), *self._return_lines(width - _MARGIN), *self._boxes()]
        fonts = ", ".join(f"'{font}'" for font in FONTS)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{-_MARGIN} {-_MARGIN} {width:.0f} {height:.0f}" '
            f'width="{width:.0f}" height="{height:.0f}" role="img" font-size="{SIZE}" '
            f'font-family="{escape(fonts)}, sans-serif"><title>{escape(title)}</title>'
            f'<rect x="{-_MARGIN}" y="{-_MARGIN}" width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>'
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            f'<path d="M0 0L8 4L0 8z" fill="{MUTED}"/></marker></defs>{"".join(parts)}</svg>\n'
        )

    def _add_boxes(self) -> None:
        rows = step_rows(self._journey, self._back)
        self._add("entry", 0, list(self._head()), _HEAD_COLUMNS)
        for name in self._journey.steps:
            self._add(f"step {name}", 2 * rows[name] + 1, list(self._step(name)), _STEP_COLUMNS)
        self._layout.connect("entry", f"step {self._journey.start}")
        for name, step in self._journey.steps.items():
            for way in step.ways():
                key = f"way {name} {way.name}"
                self._add(key, 2 * rows[name] + 2, list(self._way(name, step, way)), _WAY_COLUMNS)
                self._layout.connect(f"step {name}", key)
                if (name, way.name) in self._back:
                    self._returns.append((key, f"step {way.to}"))
                elif way.to != EXIT:
                    self._layout.connect(key, f"step {way.to}")

    def _add(self, key: str, row: int, lines: list[Line], most: int) -> None:
        folded_lines = [
            Line(text, line.colour, line.bold) for line in lines for text in folded(line.text, "", most) or [""]
        ]
        width = max(text_width(line.text, line.bold) for line in folded_lines) + 2 * _PAD
        self._texts[key] = folded_lines
        self._layout.add(Box(key, row, width, LINE * len(folded_lines) + _PAD))

    def _head(self) -> Iterator[Line]:
        label = labelled(self._journey.label, self._words.lang, self._journey.name)
        yield Line(label, bold=True)
        for heading, text in self._words.about():
            colon = "：" if self._words.lang == "zh" else ": "
            yield Line(f"{heading}{colon}{text}", MUTED)
        if self._counts is not None and self._counts.conversion is not None:
            yield Line(self._words.converted(self._counts.conversion), bold=True)

    def _step(self, name: str) -> Iterator[Line]:
        number = list(self._journey.steps).index(name) + 1
        yield Line(f"{number}  {self._words.step(name)}", bold=True)
        yield Line(self._words.does(self._journey.steps[name]), MUTED)
        if self._counts is not None:
            for note in notes(name, self._words, self._counts):
                alarm = note.startswith((">>", "!"))
                yield Line(note, _BREAK if alarm else INK, bold=alarm)

    def _way(self, name: str, step: StepBase, way: Way) -> Iterator[Line]:
        yield Line(self._words.way(step, way))
        if self._counts is not None:
            seen, went = self._counts.seen(name), self._counts.went(name, way.name)
            yield Line(f"{went:,}" + (f" ({went / seen:.0%})" if seen else ""), MUTED)
        if way.to == EXIT:
            yield Line(self._words("exit"), MUTED, bold=True)

    def _lines(self) -> Iterator[str]:
        boxes = self._layout.boxes
        for upper, lower in self._layout.lines:
            start, end = boxes[upper], boxes[lower]
            middle = (start.bottom + end.top) / 2
            top, bottom = self._band(start.row)[1], self._band(end.row)[0] - _TIP
            middle = (top + bottom) / 2
            path = (
                f"M{start.x:.1f} {start.bottom:.1f}V{top:.1f}C{start.x:.1f} {middle:.1f} {end.x:.1f} {middle:.1f} "
                f"{end.x:.1f} {bottom:.1f}V{end.top:.1f}"
            )
            tip = ' marker-end="url(#tip)"' if lower.startswith("step ") and end.height else ""
            yield f'<path d="{path}" fill="none" stroke="{MUTED}"{tip}/>'

    def _return_lines(self, right: float) -> Iterator[str]:
        """Ways that lead back: below their row to the right, up beside everything, and in from above."""
        for k, (key, step) in enumerate(self._returns):
            start, end = self._layout.boxes[key], self._layout.boxes[step]
            lane = right - _LANE * (k + 1)
            apart = 3 * (k % 4)  # so that two of them do not run on one another
            low, high = self._band(start.row)[1] + ROW_GAP / 3, self._band(end.row)[0] - ROW_GAP / 2 - apart
            x = end.x + end.width / 2 - 8 - apart
            path = f"M{start.x:.1f} {start.bottom:.1f}V{low:.1f}H{lane:.1f}V{high:.1f}H{x:.1f}V{end.top:.1f}"
            yield f'<path d="{path}" fill="none" stroke="{MUTED}" stroke-dasharray="5 3" marker-end="url(#tip)"/>'

    def _band(self, row: int) -> tuple[float, float]:
        boxes = [box for box in self._layout.boxes.values() if box.row == row]
        return min(box.top for box in boxes), max(box.bottom for box in boxes)

    def _boxes(self) -> Iterator[str]:
        for key, lines in self._texts.items():
            box = self._layout.boxes[key]
            yield f"<g>{self._frame(key, box)}{''.join(_text(lines, box))}</g>"

    def _frame(self, key: str, box: Box) -> str:
        kind, _, name = key.partition(" ")
        look, dashes, width, corner = Look("#ffffff", MUTED), "", 1.0, 8
        if kind == "way":
            ends = self._texts[key][-1].bold
            look, corner = Look("#f7f7f7" if ends else "#ffffff", "#b0b0b0"), 9
        elif kind == "step":
            look = _LOOKS[_kind(self._journey.steps[name])]
            if self._counts is not None and self._counts.seen(name) < FEW:
                dashes = ' stroke-dasharray="4 3"'
            if self._counts is not None and self._counts.breaks_at == name:
                look, width = Look(look.fill, _BREAK), 2.5
        place = f'x="{box.x - box.width / 2:.1f}" y="{box.top:.1f}" width="{box.width:.1f}" height="{box.height:.1f}"'
        colours = f'fill="{look.fill}" stroke="{look.border}" stroke-width="{width}"{dashes}'
        return f'<rect {place} rx="{corner}" {colours}/>'


def step_rows(journey: Journey, back: set[tuple[str, str]]) -> dict[str, int]:
    """Row of each step: below all steps that lead to it, ways back apart."""
    rows = dict.fromkeys(journey.steps, 0)
    for _ in journey.steps:  # the longest path has fewer ways than there are steps
        for name, step in journey.steps.items():
            for way in step.ways():
                if way.to != EXIT and (name, way.name) not in back:
                    rows[way.to] = max(rows[way.to], rows[name] + 1)
    return rows


def text_width(text: str, bold: bool = False) -> float:
    """Width that a line of text needs at most, in the units of the drawing."""
    ems = sum(1.0 if unicodedata.east_asian_width(each) in "WFA" else _EM for each in text)
    return SIZE * ems * (1.06 if bold else 1.0)


def _kind(step: StepBase) -> str:
    if isinstance(step, Send):
        return "send"
    if isinstance(step, HandOver | Notify):
        return "agent"
    chooses = isinstance(step, Condition | EngagementSplit | RandomSplit | ExperimentPath | Repeat)
    return "choose" if chooses else "wait"


def _text(lines: list[Line], box: Box) -> Iterator[str]:
    top = box.y - LINE * len(lines) / 2
    for k, line in enumerate(lines):
        weight = ' font-weight="bold"' if line.bold else ""
        yield (
            f'<text x="{box.x:.1f}" y="{top + LINE * k + 0.72 * LINE:.1f}" text-anchor="middle" fill="{line.colour}"'
            f"{weight}>{escape(line.text)}</text>"
        )
