"""What a journey asks for that no world does so far, or that the scenario leaves out: found before anything runs."""

from __future__ import annotations

from collections.abc import Iterator

from lifesim.engagement.journeys.moments import KNOWN_DATES
from lifesim.engagement.journeys.programs import Programs
from lifesim.errors import InputError, Problem, ScenarioError
from lifesim.lifecycle.noting import HAPPENS
from lifesim.scenario import Scenario
from lifesim.scenario.contents import PROMPTED
from lifesim.scenario.journeys import Journey, misfits, vocabulary
from lifesim.scenario.journeys.checks import audiences_of, triggers_of
from lifesim.scenario.journeys.entries import ByCron, ByDate, EntryBase, Once, OnEvent, Recurring
from lifesim.scenario.journeys.steps import Notify, Pause, RandomSplit, Wait
from lifesim.scenario.journeys.texts import CUSTOMER_DATES
from lifesim.scenario.units import PathError
from lifesim.scenario.yaml_nodes import dotted

Path = tuple[str | int, ...]


def cannot_run(journey: Journey, scenario: Scenario) -> Iterator[PathError]:
    """Everything that keeps a world of the scenario from running a journey that fits it otherwise."""
    yield from _entries(journey)
    yield from _steps(journey)
    yield from _events(journey, scenario)
    programs, names = Programs(scenario), vocabulary(scenario)
    for path, text in audiences_of(journey):
        try:
            programs.number(text, names)
        except InputError as error:
            yield PathError(path, str(error))


def refuse(journey: Journey, scenario: Scenario) -> None:
    """Raise ScenarioError with everything that keeps a world of the scenario from running a journey."""
    problems = [
        Problem(journey.place(*each.path), dotted(each.path), each.message)
        for each in (*misfits(journey, scenario), *cannot_run(journey, scenario))
    ]
    if problems:
        raise ScenarioError(problems)


def _entries(journey: Journey) -> Iterator[PathError]:
    several = isinstance(journey.entry, tuple)
    for k, entry in enumerate(journey.entries):
        path: Path = ("entry", k) if several else ("entry",)
        if not _comes(entry, journey):
            yield PathError(path, f"no world lets customers in by {_word(entry)} so far; write at, every, cron or on")


def _comes(entry: EntryBase, journey: Journey) -> bool:
    """Whether worlds let customers in this way: at appointments, and at events."""
    return isinstance(entry, Once | Recurring | ByCron | OnEvent) or (
        isinstance(entry, ByDate) and entry.before in journey.events
    )


def _word(entry: EntryBase) -> str:
    return next(key for key in ("life_event", "enters", "leaves", "did", "before") if key in type(entry).model_fields)


def _steps(journey: Journey) -> Iterator[PathError]:
    for name, step in journey.steps.items():
        if isinstance(step, Notify):
            yield PathError(("steps", name, "notify"), "no world has agents to notify so far; write hand_over")
        elif isinstance(step, RandomSplit) and step.cap:
            yield PathError(("steps", name, "cap"), "no world counts who takes a path so far; leave cap and full out")
        elif isinstance(step, Wait) and isinstance(step.wait, Pause):
            anchor = step.wait.before or step.wait.after
            if anchor in CUSTOMER_DATES and anchor not in KNOWN_DATES:
                message = f"no world knows a customer's {anchor} so far; write {' or '.join(KNOWN_DATES)}"
                yield PathError(("steps", name, "wait"), message)


def _events(journey: Journey, scenario: Scenario) -> Iterator[PathError]:
    sent = {step.content for _, step in journey.sends()} & set(scenario.contents)
    prompted = {event for name in sent for event in scenario.contents[name].prompts}
    for path, trigger, _ in triggers_of(journey):
        at_key, event = path[0] == "steps", trigger.event
        if event in HAPPENS or event in prompted:
            continue
        if event in PROMPTED:
            message = (
                f"nothing that the journey sends leads to '{event}'; give one of the contents prompts: {{{event}: 30%}}"
            )
            yield PathError(path, message, at_key=at_key, offset=trigger.at)
        else:
            yield PathError(path, f"no world has '{event}' so far", at_key=at_key, offset=trigger.at)
