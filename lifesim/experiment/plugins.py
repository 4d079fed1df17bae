"""From the names in a scenario to plug-ins with their parameters."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from lifesim.engagement.journeys.installing import MOST_JOURNEYS, TOO_MANY_JOURNEYS
from lifesim.engagement.journeys.running_checks import cannot_run
from lifesim.errors import ScenarioError
from lifesim.scenario import Arm, PlugIn, Scenario
from lifesim.scenario.journeys import Journey, misfits, read_journey
from lifesim.scenario.quantities import bare_number, parse_clock_time
from lifesim.scenario.units import PathError
from lifesim.strategy import REST_DAYS, Practice, Schedule
from lifesim.workspace import Plugin, discover, journey_files, suggest

KeyPath = tuple[str | int, ...]


def named(plug_in: PlugIn) -> tuple[str, dict[str, Any]]:
    """Name and parameters of ``name`` or ``{name: {parameter: value}}``.

    Raises
    ------
    PathError
        When it is a mapping of none or several names.
    """
    if isinstance(plug_in, str):
        return plug_in, {}
    if len(plug_in) != 1:
        raise PathError((), "takes one plug-in: name, or {name: {parameter: value}}")
    return next(iter(plug_in.items()))


def instance(kind: str, plug_in: PlugIn) -> Any:
    """A plug-in with its parameters.

    Raises
    ------
    PathError
        When there is no such plug-in or parameter, or the plug-in refuses a value; with the path inside ``plug_in``.
    """
    name, parameters = named(plug_in)
    found = discover(kind)
    journeys = journey_files() if kind == "orchestration" else {}
    if name in journeys:
        return _journey(name, parameters)
    if name not in found:
        hint = suggest(name, [*found, *journeys]) or f"; no file in strategies/{kind} defines one"
        raise PathError((), f"unknown {kind} plug-in '{name}'{hint}")
    return _made(found[name], kind, parameters)


def _journey(name: str, parameters: dict[str, Any]) -> Journey:
    if parameters:
        raise PathError((name,), f"'{name}' is a journey, which takes no parameters", at_key=True)
    try:
        return read_journey(journey_files()[name])
    except ScenarioError as error:
        first = error.problems[0]
        raise PathError((), f"the journey '{name}' is not valid: {first.place}: {first.message}") from error


def _made(plugin: Plugin, kind: str, parameters: dict[str, Any]) -> Any:
    fields = {field.name: field for field in dataclasses.fields(plugin.cls) if field.init}
    for name, value in parameters.items():
        path = (plugin.name, name)
        if name not in fields:
            message = f"{plugin.name} has no parameter '{name}'{suggest(name, list(fields))}"
            raise PathError(path, message, at_key=True)
        wanted = _wanted(fields[name].default)
        if wanted is not None and not wanted[0](value):
            number = bare_number(value) if "number" in wanted[1] else ""
            hint = f"write {number}; " if number else ""
            raise PathError(path, f"{value!r} is not {wanted[1]}; {hint}the default is {fields[name].default!r}")
    try:
        made = plugin.cls(**{name: _frozen(value) for name, value in parameters.items()})
    except Exception as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise PathError((plugin.name,), f"{plugin.name} refuses its parameters: {said}") from error
    if kind == "orchestration":
        check_schedule(plugin.name, made)
    return made


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _wanted(default: Any) -> tuple[Callable[[Any], bool], str] | None:
    """What a parameter with a default takes: a test, and its name."""
    if isinstance(default, bool):
        return (lambda value: isinstance(value, bool)), "true or false"
    if isinstance(default, int):
        return (lambda value: isinstance(value, int) and not isinstance(value, bool)), "a whole number"
    if isinstance(default, float):
        return (lambda value: isinstance(value, int | float) and not isinstance(value, bool)), "a number"
    if isinstance(default, str):
        return (lambda value: isinstance(value, str)), "text"
    if isinstance(default, tuple):
        each = _wanted(default[0]) if default else None
        if each is None:
            return (lambda value: isinstance(value, list | tuple)), "a list"
        return (lambda value: isinstance(value, list | tuple) and all(map(each[0], value))), f"a list, each {each[1]}"
    return None


def check_schedule(name: str, orchestration: Any) -> None:
    """Refuse appointments that no calendar has: they would never come, and nobody would notice.

    Raises
    ------
    PathError
        When the orchestration has no schedule, or one that no calendar has.
    """
    try:
        schedule = orchestration.schedule
    except Exception as error:
        raise PathError((name,), f"schedule raised {type(error).__name__}: {error}") from error
    if not isinstance(schedule, Schedule):
        raise PathError((name,), f'schedule is {schedule!r:.40}; return Schedule(at="10:00", weekdays=(5,))')
    if not schedule.times or len(set(schedule.times)) < len(schedule.times):
        raise PathError(
            (name,), f"schedule: at takes a time of day, or several different ones; found {schedule.at!r:.40}"
        )
    try:
        for time in schedule.times:
            parse_clock_time(time)
    except ValueError as error:
        raise PathError((name,), f"schedule: {error}") from error
    if schedule.rest_days not in REST_DAYS:
        message = f"schedule: rest_days is one of {', '.join(REST_DAYS)}, not {schedule.rest_days!r:.40}"
        raise PathError((name,), f"{message}{suggest(str(schedule.rest_days), list(REST_DAYS))}")
    for what, days, last in (("weekdays", schedule.weekdays, 7), ("days", schedule.days, 31)):
        wrong = [day for day in days if type(day) is not int or not 1 <= day <= last]
        if wrong:
            raise PathError((name,), f"schedule: {what} go from 1 to {last}; found {wrong[0]!r}")


def used(scenario: Scenario) -> Iterator[tuple[KeyPath, str, PlugIn]]:
    """Every plug-in that a scenario's arms and practices name: path of the value, kind, plug-in."""
    for group, arms in (("arms", scenario.arms), ("practices", scenario.practices)):
        for name, arm in arms.items():
            for k, plug_in in enumerate(arm.orchestration):
                yield (group, name, "orchestration", k), "orchestration", plug_in
            for kind in ("grading", "allocation"):
                plug_in = getattr(arm, kind)
                if plug_in is not None:
                    yield (group, name, kind), kind, plug_in


def unknown_plug_ins(scenario: Scenario) -> Iterator[PathError]:
    """What is wrong with the strategies that arms and practices name."""
    for path, kind, plug_in in used(scenario):
        yield from _refused(path, kind, plug_in)


def journeys_that_cannot_run(scenario: Scenario) -> Iterator[PathError]:
    """What keeps the scenario from running the journeys that its arms name; the place in the journey comes first."""
    names: set[str] = set()
    in_use = {arm.use for arm in scenario.arms.values()}
    for path, kind, plug_in in used(scenario):
        if kind != "orchestration":
            continue
        try:
            journey = instance(kind, plug_in)
        except PathError:
            continue  # reported as an unknown plug-in
        if isinstance(journey, Journey):
            if path[0] == "arms" or path[1] in in_use:
                if journey.name not in names and len(names) == MOST_JOURNEYS:
                    yield PathError(path, f"is journey {MOST_JOURNEYS + 1}; {TOO_MANY_JOURNEYS}")
                names.add(journey.name)
            for error in (*misfits(journey, scenario), *cannot_run(journey, scenario)):
                yield PathError(path, f"{journey.place(*error.path)}: {error.message}")


def unknown_mechanisms(scenario: Scenario) -> Iterator[PathError]:
    """What is wrong with the mechanisms that a scenario names."""
    for k, plug_in in enumerate(scenario.mechanisms):
        yield from _refused(("mechanisms", k), "mechanisms", plug_in)


def _refused(path: KeyPath, kind: str, plug_in: PlugIn) -> Iterator[PathError]:
    try:
        instance(kind, plug_in)
    except PathError as error:
        yield PathError((*path, *error.path), error.message, error.at_key)


def repeated_plug_ins(scenario: Scenario) -> Iterator[PathError]:
    """Arms that run an orchestration twice; luck is keyed by its name."""
    for name, arm in scenario.arms.items():
        if arm.use is not None and arm.use not in scenario.practices:
            continue
        own = _names(arm.orchestration)
        names = _names(scenario.arm(name).orchestration)
        for twice in dict.fromkeys(each for each in names if names.count(each) > 1):
            first = "" if own.count(twice) > 1 else f" (practice '{arm.use}' runs it already)"
            yield PathError(("arms", name), f"runs '{twice}' twice{first}; one arm may use a plug-in once")


def _names(plug_ins: tuple[PlugIn, ...]) -> list[str]:
    return [next(iter(each), "") if isinstance(each, dict) else each for each in plug_ins]


def practice(arm: Arm) -> Practice:
    """The plug-ins of an arm."""
    made = Practice(
        orchestrations={named(plug_in)[0]: instance("orchestration", plug_in) for plug_in in arm.orchestration},
        rounds=arm.rounds,
        staffing=arm.staffing,
        reassign=arm.reassign,
        traffic=dict(arm.traffic),
        cleaning=arm.cleaning,
        nurture=arm.nurture,
        agents=arm.agents,
    )
    if arm.grading is not None:
        made = dataclasses.replace(made, grading=instance("grading", arm.grading))
    if arm.allocation is not None:
        made = dataclasses.replace(made, allocation=instance("allocation", arm.allocation))
    return made


def practices(scenario: Scenario) -> dict[str, Practice]:
    """The plug-ins of every arm by its name, with the contact policy of those that have one of their own."""
    found = {name: practice(scenario.arm(name)) for name in scenario.arms}
    policies = {name: scenario.policy(name) for name in found}
    return {
        name: each if policies[name] == scenario.contact_policy
        else dataclasses.replace(each, contact_policy=policies[name])
        for name, each in found.items()
    }  # fmt: skip


def mechanisms(scenario: Scenario) -> list[Any]:
    """The mechanisms of a scenario."""
    return [instance("mechanisms", plug_in) for plug_in in scenario.mechanisms]
