"""A journey as lines of text, at most 80 columns wide."""

from __future__ import annotations

from collections.abc import Iterator

from lifesim.engagement.journeys.layout import LEFT, REACHED_GOAL
from lifesim.report.folding import columns, folded
from lifesim.report.journeys.counts import FEW, WAITING, Counts
from lifesim.report.journeys.words import Words
from lifesim.scenario.journeys import Journey
from lifesim.scenario.journeys.graph import back_ways
from lifesim.scenario.journeys.steps import StepBase
from lifesim.scenario.journeys.texts import EXIT
from lifesim.scenario.labels import labelled

WIDTH = 80
_HEADING = 10
_STEP = 4
_COUNTS = 16
_SHORTEST_RULE = 2


def lines(journey: Journey, lang: str = "en", counts: Counts | None = None) -> Iterator[str]:
    """The journey: who comes in, then each step with its ways, as a strategist reads them.

    Parameters
    ----------
    journey
        The journey.
    lang
        ``en`` or ``zh``.
    counts
        Customers by step and way, where they are known.
    """
    words = Words(journey, lang)
    yield from folded(f"{journey.name}  {labelled(journey.label, lang, '')}".rstrip(), "", WIDTH)
    if journey.purpose:
        yield from folded(labelled(journey.purpose, lang, ""), "", WIDTH)
    yield ""
    for heading, text in words.about():
        first, *rest = folded(text, "", WIDTH - _HEADING)
        yield heading + " " * (_HEADING - columns(heading)) + first
        yield from (" " * _HEADING + each for each in rest)
    if counts is not None and counts.replications:
        key = "counted" if counts.replications > 1 else "counted_once"
        yield ""
        yield from folded(words(key, arm=counts.arm, replications=f"{counts.replications:,}"), "", WIDTH)
    if counts is not None and counts.conversion is not None:
        yield ""
        yield from folded(words.converted(counts.conversion), "", WIDTH)
    numbers = {name: number for number, name in enumerate(journey.steps, 1)}
    back = back_ways(journey.steps)
    for name, step in journey.steps.items():
        yield ""
        yield from _step(name, step, words, numbers, counts)
        yield from _ways(name, step, words, numbers, back, counts)


def listing(journey: Journey, lang: str = "en") -> Iterator[str]:
    """A journey in a list: its name, how many steps it has, and what it is for."""
    words = Words(journey, lang)
    name = f"{journey.name}  {labelled(journey.label, lang, '')}".rstrip()
    yield from folded(f"{name}  {words('steps', count=len(journey.steps))}", " " * _STEP, WIDTH)
    for line in folded(labelled(journey.purpose, lang, ""), "", WIDTH - _STEP):
        yield (" " * _STEP + line).rstrip()


def _step(name: str, step: StepBase, words: Words, numbers: dict[str, int], counts: Counts | None) -> Iterator[str]:
    label = words.step(name)
    title = f"{numbers[name]:>2}  {name}" + (f"  {label}" if label != name else "")
    yield from folded(title, " " * _STEP, WIDTH)
    yield from (" " * _STEP + each for each in folded(words.does(step), "", WIDTH - _STEP))
    if counts is not None:
        for note in notes(name, words, counts):
            yield from (" " * _STEP + each for each in folded(note, "", WIDTH - _STEP))


def notes(name: str, words: Words, counts: Counts) -> list[str]:
    """What the counts say about a step."""
    seen = counts.seen(name)
    if not seen:
        return [words("nobody")]
    left = counts.left(name)
    lost = words("seen", seen=f"{seen:,}", left=f"{left:,}", share=f"{left / seen:.1%}")
    found = [lost if left else words("ended", seen=f"{seen:,}")]
    others = {way: counts.went(name, way) for way in (REACHED_GOAL, LEFT, WAITING)}
    if any(others.values()):
        found.append(words("comma").join(words(way, count=f"{count:,}") for way, count in others.items() if count))
    if seen < FEW:
        found.append("! " + words("few", few=FEW))
    if name == counts.breaks_at:
        found.append(">> " + words("break"))
    return found


def _ways(
    name: str, step: StepBase, words: Words, numbers: dict[str, int], back: set[tuple[str, str]], counts: Counts | None
) -> Iterator[str]:
    ways = list(step.ways())
    room = WIDTH - _STEP - (_COUNTS if counts is not None else 0)
    for way in ways:
        corner = "└─ " if way is ways[-1] else "├─ "
        stroke = "│  " if way is not ways[-1] else "   "
        sign = "↑" if (name, way.name) in back else "→"
        target = f"{sign} {words('exit')}" if way.to == EXIT else f"{sign} {numbers[way.to]} {way.to}"
        *above, last = folded(words.way(step, way), "", max(room - columns(target) - 4 - _SHORTEST_RULE, 24))
        for k, each in enumerate(above):
            yield " " * _STEP + (stroke if k else corner) + each
        lead = (stroke if above else corner) + last + " "
        rule = "─" * max(room - columns(lead) - columns(target) - 1, _SHORTEST_RULE)
        yield (" " * _STEP + lead + rule + " " + target + _went(name, way.name, counts)).rstrip()


def _went(step: str, way: str, counts: Counts | None) -> str:
    if counts is None:
        return ""
    seen, went = counts.seen(step), counts.went(step, way)
    share = f"{went / seen:.0%}" if seen else ""
    return f"{went:>{_COUNTS - 6},}{share:>6}"
