"""The figures behind a scenario, those of its plug-ins included, and what of them an arm touches."""

from __future__ import annotations

import ast
import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from lifesim.errors import InputError
from lifesim.experiment.plugins import instance, named, used
from lifesim.scenario import PlugIn, Scenario, facts_table
from lifesim.scenario.channels import BY_PEOPLE, CHANNELS
from lifesim.scenario.facts import CONFIDENCES, default_row
from lifesim.scenario.journeys import HandOver, Journey
from lifesim.scenario.yaml_nodes import KeyPath, dotted
from lifesim.workspace import discover, suggest

Rows = list[dict[str, str]]
_SOURCED = CONFIDENCES[:-1]


def figures_behind(scenario: Scenario | None = None, arm: str | None = None, sourced: bool = False) -> tuple[str, Rows]:
    """A line of totals, and the figures.

    Parameters
    ----------
    scenario
        Where not given: the sourced figures that scenarios can refer to.
    arm
        Only figures that the plug-ins and contents of this arm touch.
    sourced
        Only figures with a source; the totals count all.

    Returns
    -------
    tuple
        The totals, and rows with the keys parameter, value, unit, source, confidence, place.

    Raises
    ------
    InputError
        When there is no such arm.
    """
    rows = facts_table(scenario)
    if scenario is not None:
        rows += _defaults_of_plug_ins(scenario)
    if arm is not None:
        if scenario is None:
            raise InputError("--arm needs a scenario; write lifesim facts SCENARIO --arm NAME")
        if arm not in scenario.arms:
            raise InputError(f"there is no arm '{arm}' in scenario '{scenario.name}'{suggest(arm, scenario.arms)}")
        parts = [dotted(path) for path in touched(scenario, arm)]
        rows = [row for row in rows if any(_within(row["parameter"], part) for part in parts)]
    return _totals(rows), [row for row in rows if not sourced or row["confidence"] in _SOURCED]


def _totals(rows: Rows) -> str:
    """How many of the figures have a source, by confidence."""
    counts = Counter(row["confidence"] for row in rows)
    found = sum(counts[each] for each in _SOURCED)
    by_confidence = ", ".join(f"{counts[each]} {each}" for each in _SOURCED)
    return f"{found} of {len(rows)} figures have a source: {by_confidence} confidence; the rest are assumptions"


def _defaults_of_plug_ins(scenario: Scenario) -> Rows:
    """Parameters that hold a figure and that the scenario leaves at their default."""
    mechanisms = ((("mechanisms", k), "mechanisms", each) for k, each in enumerate(scenario.mechanisms))
    return [
        default_row((*path, named(plug_in)[0], parameter), value, "parameter of the plug-in")
        for path, kind, plug_in in (*used(scenario), *mechanisms)
        for parameter, value in parameters(instance(kind, plug_in)).items()
        if parameter not in named(plug_in)[1] and any(map(str.isdigit, value))
    ]


def parameters(plug_in: Any) -> dict[str, str]:
    """Parameters of a plug-in, or of its class, as a scenario would write them; a journey has none."""
    if isinstance(plug_in, Journey):
        return {}
    return {field.name: _written(getattr(plug_in, field.name, None)) for field in dataclasses.fields(plug_in)}


def _written(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_written, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def touched(scenario: Scenario, name: str) -> Iterator[KeyPath]:
    """Parts of a scenario that hold an arm's plug-ins, what they send, how it travels, and what it moves."""
    arm = scenario.arms[name]
    yield "arms", name
    if arm.use is not None:
        for kind in ("orchestration", "grading", "allocation"):
            if kind == "orchestration" or getattr(arm, kind) is None:
                yield "practices", arm.use, kind
    whole = scenario.arm(name)
    words = {word for plug_in in whole.orchestration for word in _words(plug_in)}
    contents = [each for each in scenario.contents if each in words]
    channels = [each for each in CHANNELS if each in words]
    if whole.allocation is not None or not set(BY_PEOPLE).isdisjoint(channels):
        yield ("desk",)
        contents.append(scenario.desk.content)
    yield from _of_channels(scenario, channels)
    yield from _of_contents(scenario, contents)


def _words(plug_in: PlugIn) -> Iterator[str]:
    """Texts in the file of an orchestration and in its parameters: the names of what it may send are among them."""
    name, _ = named(plug_in)
    journey = instance("orchestration", plug_in)
    if isinstance(journey, Journey):
        for _, step in journey.sends():
            yield from (step.channel, step.content)
        if any(isinstance(step, HandOver) for step in journey.steps.values()):
            yield "call"
        return
    source = discover("orchestration")[name].path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
    yield from parameters(journey).values()


def _of_channels(scenario: Scenario, channels: Sequence[str]) -> Iterator[KeyPath]:
    if channels:
        yield ("contact_policy",)
        yield "behaviour", "states", "fatigue"
        for segment in scenario.segments:
            yield "segments", segment, "purposes"
            yield "segments", segment, "health_data"
    for channel in channels:
        yield "channels", channel
        for segment in scenario.segments:
            yield "segments", segment, "reach", channel
            yield "segments", segment, "consent", channel


def _of_contents(scenario: Scenario, contents: Sequence[str]) -> Iterator[KeyPath]:
    for content in contents:
        rules = scenario.contents[content]
        yield "contents", content
        for state in rules.impulses:
            yield "behaviour", "states", state
        for hazard in rules.lifts:
            yield "behaviour", "transitions" if hazard in scenario.behaviour.transitions else "processes", hazard


def _within(parameter: str, part: str) -> bool:
    return parameter == part or parameter.startswith((f"{part}.", f"{part}["))
