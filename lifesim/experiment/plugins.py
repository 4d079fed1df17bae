"""From the names in a scenario to plug-ins with their parameters."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from lifesim.errors import Problem
from lifesim.scenario import Arm, PlugIn, Scenario
from lifesim.strategy import Practice
from lifesim.workspace import Plugin, discover, suggest

KeyPath = tuple[str | int, ...]


def named(plug_in: PlugIn) -> tuple[str, dict[str, Any]]:
    """Name and parameters of ``name`` or ``{name: {parameter: value}}``."""
    if isinstance(plug_in, str):
        return plug_in, {}
    return next(iter(plug_in.items()))


def instance(kind: str, plug_in: PlugIn) -> Any:
    """A plug-in with its parameters.

    Raises
    ------
    ValueError
        When there is no such plug-in or parameter, or the plug-in refuses a value.
    """
    if isinstance(plug_in, dict) and len(plug_in) != 1:
        raise ValueError("takes one plug-in: name, or {name: {parameter: value}}")
    name, parameters = named(plug_in)
    found = discover(kind)
    if name not in found:
        raise ValueError(f"unknown {kind} plug-in '{name}'{suggest(name, list(found))}")
    return _made(found[name], parameters)


def _made(plugin: Plugin, parameters: dict[str, Any]) -> Any:
    fields = {field.name: field for field in dataclasses.fields(plugin.cls)}
    for name, value in parameters.items():
        if name not in fields:
            raise ValueError(f"{plugin.name} has no parameter '{name}'{suggest(name, list(fields))}")
        default = fields[name].default
        if isinstance(default, int | float) and not isinstance(default, bool):
            if not isinstance(value, int | float) or isinstance(value, bool):
                raise ValueError(f"{plugin.name}.{name} must be a number, not {value!r}")
        elif isinstance(default, str | bool) and not isinstance(value, type(default)):
            raise ValueError(f"{plugin.name}.{name} must be {type(default).__name__}, not {value!r}")
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in parameters.items()}
    try:
        return plugin.cls(**given)
    except Exception as error:
        raise ValueError(f"{plugin.name} refuses its parameters: {error}") from error


def used(scenario: Scenario) -> Iterator[tuple[KeyPath, str, PlugIn]]:
    """Every plug-in that a scenario names: path of the value, kind, plug-in."""
    for group, arms in (("arms", scenario.arms), ("practices", scenario.practices)):
        for name, arm in arms.items():
            for k, plug_in in enumerate(arm.orchestration):
                yield (group, name, "orchestration", k), "orchestration", plug_in
            for kind in ("grading", "allocation"):
                plug_in = getattr(arm, kind)
                if plug_in is not None:
                    yield (group, name, kind), kind, plug_in
    for k, plug_in in enumerate(scenario.mechanisms):
        yield ("mechanisms", k), "mechanisms", plug_in


def problems(scenario: Scenario) -> list[Problem]:
    """What is wrong with the plug-ins that a scenario names, each with its place."""
    found = []
    for path, kind, plug_in in used(scenario):
        try:
            instance(kind, plug_in)
        except ValueError as error:
            found.append(Problem(scenario.place(*path), ".".join(map(str, path)), str(error)))
    for name in scenario.arms:
        try:
            _names(scenario.arm(name))
        except ValueError as error:
            found.append(Problem(scenario.place("arms", name), f"arms.{name}", str(error)))
    return found


def _names(arm: Arm) -> list[str]:
    """Names of an arm's orchestrations; distinct, because luck is keyed by them."""
    names = [named(plug_in)[0] for plug_in in arm.orchestration]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"runs '{name}' twice; one arm may use a plug-in once")
    return names


def practice(arm: Arm) -> Practice:
    """The plug-ins of an arm."""
    names = _names(arm)
    made = Practice(
        orchestrations={
            name: instance("orchestration", plug_in) for name, plug_in in zip(names, arm.orchestration, strict=True)
        }
    )
    if arm.grading is not None:
        made = dataclasses.replace(made, grading=instance("grading", arm.grading))
    if arm.allocation is not None:
        made = dataclasses.replace(made, allocation=instance("allocation", arm.allocation))
    return made


def practices(scenario: Scenario) -> dict[str, Practice]:
    """The plug-ins of every arm by its name."""
    return {name: practice(scenario.arm(name)) for name in scenario.arms}


def mechanisms(scenario: Scenario) -> list[Any]:
    """The mechanisms of a scenario."""
    return [instance("mechanisms", plug_in) for plug_in in scenario.mechanisms]
