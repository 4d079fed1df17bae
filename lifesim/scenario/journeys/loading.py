"""Reading journeys, and holding one against the scenario that runs it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

from lifesim.errors import Problem, ScenarioError
from lifesim.scenario.journeys.checks import OWN_CHECKS, audiences_of, moments, triggers_of
from lifesim.scenario.journeys.expressions import unknown_names
from lifesim.scenario.journeys.model import Journey
from lifesim.scenario.journeys.parsing import parse_audience
from lifesim.scenario.journeys.steps import HandOver, Notify
from lifesim.scenario.journeys.words import EVENTS, Vocabulary
from lifesim.scenario.models import Scenario
from lifesim.scenario.needs import FAMILIES
from lifesim.scenario.placing import Found, told
from lifesim.scenario.units import PathError
from lifesim.scenario.validate import complete
from lifesim.scenario.wording import suggest
from lifesim.scenario.yaml_nodes import dotted
from lifesim.scenario.yaml_source import read
from lifesim.workspace import find_root, journey_path, mount


def load_journey(name_or_path: str | Path, root: Path | None = None) -> Journey:
    """Read and validate a journey.

    Parameters
    ----------
    name_or_path
        Name of a file in the workspace's ``strategies/orchestration/``, or the path of a journey file.
    root
        Workspace; found from the surroundings where not given.

    Raises
    ------
    ScenarioError
        With every problem, each with its place in the file.
    InputError
        When there is no such journey, or no workspace.
    """
    near = Path(name_or_path) if Path(name_or_path).suffix else None
    workspace = find_root(root, near)
    mount(workspace)
    return read_journey(journey_path(str(name_or_path), workspace))


def read_journey(path: Path) -> Journey:
    """As `load_journey`, of a file."""
    source = read(path)

    def called_as_its_file(journey: Journey) -> Iterator[PathError]:
        if journey.name != path.stem:
            yield PathError(("name",), f"is '{journey.name}' in the file {path.name}; call both the same")

    journey = complete(source, Journey, [called_as_its_file], OWN_CHECKS)
    journey._source = source
    return journey


def vocabulary(scenario: Scenario) -> Vocabulary:
    """The names that a scenario knows. Customers are tagged with their segment, as the insurer estimates it."""
    return Vocabulary(
        products={name: (each.family, each.term == "long") for name, each in scenario.products.items()},
        tags=tuple(scenario.segments),
        branches=tuple(scenario.population.branches),
        contents=tuple(scenario.contents),
    )


def misfits(journey: Journey, scenario: Scenario) -> Iterator[PathError]:
    """What a scenario lacks that a journey needs, and what would be over when it begins."""
    yield from _contents(journey, scenario)
    yield from _wishes(journey, scenario)
    known = vocabulary(scenario)
    for path, text in audiences_of(journey):
        for at, message in unknown_names(parse_audience(text), known):
            yield PathError(path, message, offset=at)
    products = known.names("product") or ()
    for path, trigger, _ in triggers_of(journey):
        if EVENTS[trigger.event].takes == "product" and trigger.argument and trigger.argument not in products:
            message = f"unknown product '{trigger.argument}'{suggest(trigger.argument, products)}"
            yield PathError(path, message, at_key=path[0] == "steps", offset=trigger.at)
    opens = datetime.datetime.combine(scenario.start, datetime.time())
    closes = opens + datetime.timedelta(seconds=scenario.horizon)
    for path, moment in moments(journey):
        if moment < opens:
            yield PathError(path, f"{moment:%Y-%m-%d} is past: the scenario starts on {scenario.start}")
        elif moment > closes:
            yield PathError(path, f"{moment:%Y-%m-%d} is after the end of the scenario, {closes:%Y-%m-%d}")


def _contents(journey: Journey, scenario: Scenario) -> Iterator[PathError]:
    for name, step in journey.sends():
        path = ("steps", name, "send")
        if step.channel not in scenario.channels:
            hint = suggest(step.channel, scenario.channels)
            yield PathError((*path, step.channel), f"the scenario has no channel '{step.channel}'{hint}", at_key=True)
        if step.content not in scenario.contents:
            hint = suggest(step.content, scenario.contents)
            describe = "; or describe it under 'contents' of the scenario: what it does to customers"
            yield PathError((*path, step.channel), f"the scenario has no content '{step.content}'{hint}{describe}")
    for name, event in journey.events.items():
        if event.content is not None and event.content not in scenario.contents:
            hint = suggest(event.content, scenario.contents)
            message = f"the scenario has no content '{event.content}'{hint}"
            yield PathError(("events", name, "content"), message)
    for content, needed in journey.contents.items():
        there = scenario.contents.get(content)
        if there is not None and there.kind != needed.kind:
            message = f"is {needed.kind} here and {there.kind} in the scenario; call one of them differently"
            yield PathError(("contents", content, "kind"), message)


def _wishes(journey: Journey, scenario: Scenario) -> Iterator[PathError]:
    """Tiers and skills of agents that the scenario does not have."""
    tiers = [*scenario.desk.seats, *(scenario.workforce.tiers if scenario.workforce else ())]
    skills = [*scenario.products, *FAMILIES]
    for name, step in journey.steps.items():
        if not isinstance(step, HandOver | Notify):
            continue
        key, told = ("hand_over", step.hand_over) if isinstance(step, HandOver) else ("notify", step.notify)
        for what, wished, known in (("tier", told.tier, tiers), ("skill", told.skill, skills)):
            if wished is not None and wished not in known:
                message = f"the scenario has no {what} '{wished}'{suggest(wished, known)}"
                yield PathError(("steps", name, key, what), message)


def refuse_misfits(journey: Journey, scenario: Scenario) -> None:
    """Raise ScenarioError where a scenario cannot run a journey: with every misfit and its place."""
    found = [Found(each.path, each.message, each.at_key, offset=each.offset) for each in misfits(journey, scenario)]
    if not found:
        return
    if journey._source is None:
        raise ScenarioError([Problem(journey.name, dotted(each.path), each.message) for each in found])
    raise ScenarioError([told(each, journey._source) for each in found])
