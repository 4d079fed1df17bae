"""The steps of a journey as a graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lifesim.scenario.journeys.texts import EXIT
from lifesim.scenario.journeys.ways import StepBase, Way

Steps = Mapping[str, StepBase]


def ways(steps: Steps) -> Iterator[tuple[str, Way]]:
    """Every way out of every step, with the step."""
    for name, step in steps.items():
        for way in step.ways():
            yield name, way


def reachable(steps: Steps, start: str | None = None) -> set[str]:
    """Steps that a customer can come to who begins at `start`, the first one where not given."""
    found: set[str] = set()
    waiting = [start or next(iter(steps))] if steps else []
    while waiting:
        name = waiting.pop()
        if name in found or name not in steps:
            continue
        found.add(name)
        waiting += [way.to for way in steps[name].ways()]
    return found


def instant_circle(steps: Steps) -> list[str]:
    """Steps that lead back to the first of them without any time passing; empty where there are none."""
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> list[str]:
        if name in path:
            return path[path.index(name) :]
        if name in done or name not in steps:
            return []
        for way in steps[name].ways():
            if not way.waits and (circle := walk(way.to, [*path, name])):
                return circle
        done.add(name)
        return []

    return next((circle for name in steps if (circle := walk(name, []))), [])


def back_ways(steps: Steps) -> set[tuple[str, str]]:
    """Ways that lead back: step and name of the way; without them the steps have an order."""
    state: dict[str, bool] = {}
    found: set[tuple[str, str]] = set()

    def walk(name: str) -> None:
        state[name] = False
        for way in steps[name].ways():
            if way.to == EXIT or way.to not in steps:
                continue
            if state.get(way.to) is False:
                found.add((name, way.name))
            elif way.to not in state:
                walk(way.to)
        state[name] = True

    for name in steps:
        if name not in state:
            walk(name)
    return found


def before(steps: Steps, name: str) -> set[str]:
    """Steps from which a customer can come to a step."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        to = waiting.pop()
        for step, way in ways(steps):
            if way.to == to and step not in found:
                found.add(step)
                waiting.append(step)
    return found
