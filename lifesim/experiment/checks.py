"""Everything that can be known to be wrong with a scenario before it runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from lifesim.engagement.journeys.programs import Programs
from lifesim.errors import InputError, Problem, ScenarioError
from lifesim.experiment import plugins
from lifesim.metrics import METRICS
from lifesim.scenario import Scenario, load
from lifesim.scenario.cautions import cautions
from lifesim.scenario.contact_checks import policies
from lifesim.scenario.journeys import vocabulary
from lifesim.scenario.quantities import DAY
from lifesim.scenario.units import PathError
from lifesim.scenario.yaml_nodes import dotted
from lifesim.workspace import suggest

#: Bytes that a customer takes in a running world, measured by ``benchmarks.scenario``, rounded up.
BYTES_PER_CUSTOMER = 1_000

_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


def unknown_metrics(scenario: Scenario) -> Iterator[PathError]:
    """Metrics that do not exist, and guardrails that no metric could have."""
    primary = scenario.measure.primary
    if primary not in METRICS:
        yield PathError(("measure", "primary"), f"unknown metric '{primary}'{_nearest_metric(primary)}")
    for name, most in scenario.measure.guardrails.items():
        path = ("measure", "guardrails", name)
        if name not in METRICS:
            yield PathError(path, f"unknown metric '{name}'{_nearest_metric(name)}", at_key=True)
        elif most < 0:
            yield PathError(path, f"{most:g} is negative; write the largest change for the worse, 0 or more")
        elif METRICS[name].unit == "share" and most > 1:
            yield PathError(path, f"{most:g} is beyond 100%; {name} is a share, write {most:g}pp")


def _nearest_metric(name: str) -> str:
    """End of a message about an unknown metric; who took the label from a page is told the name."""
    called = {label: metric for metric, each in METRICS.items() for label in (each.label_en, each.label_zh)}
    return f"; did you mean '{called[name]}'?" if name in called else suggest(name, list(METRICS))


def unobservable_metrics(scenario: Scenario) -> Iterator[PathError]:
    """Metrics that decide, and for which the horizon is too short."""
    days = scenario.horizon / DAY
    grace = max((product.grace for product in scenario.products.values()), default=0) / DAY
    deciding: dict[tuple[str, ...], str] = {("measure", "primary"): scenario.measure.primary}
    deciding |= {("measure", "guardrails", name): name for name in scenario.measure.guardrails}
    for path, name in deciding.items():
        takes = METRICS[name].after_days + grace * METRICS[name].after_grace if name in METRICS else 0
        if days < takes:
            message = f"{name} cannot be observed in a horizon of {days:g} days; it takes {takes:g} days or more"
            yield PathError(path, message, at_key=len(path) == 3)


def scores_without_a_past(scenario: Scenario) -> Iterator[PathError]:
    """A score that is fitted on a warm-up in which there are no two looks."""
    between = scenario.inference.between_looks
    if between is not None and 2 * between > scenario.warm_up:
        path = ("inference", "churn", "fitted_within")
        yield PathError(path, f"the score is fitted on the warm-up, which must take {2 * between // DAY}d or more then")


def contradicting_correlations(scenario: Scenario) -> Iterator[PathError]:
    """Correlations that no traits can have."""
    from lifesim.population.synthesis import correlation

    if any(trait not in scenario.behaviour.traits for each in scenario.correlations for trait in each.traits):
        return
    try:
        correlation(scenario)
    except np.linalg.LinAlgError:
        yield PathError(("correlations",), "these correlations contradict each other; make some of them weaker")


def too_little_memory(scenario: Scenario) -> Iterator[PathError]:
    """A population whose memory would not fit; refused before anything is allocated."""
    customers, available = scenario.population.total, _memory()
    if available is None or customers * BYTES_PER_CUSTOMER <= available:
        return
    yield PathError(
        ("population", "size"),
        f"{customers:,} customers need about {customers * BYTES_PER_CUSTOMER / 1e9:,.0f} GB of memory and this machine "
        f"has {available / 1e9:,.0f} GB; at most {available // BYTES_PER_CUSTOMER:,} fit",
    )


def _memory() -> int | None:
    """Bytes of memory that this process may use, as far as the system tells."""
    try:
        known = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    except (AttributeError, ValueError, OSError):
        return None
    with suppress(OSError, ValueError):  # no container, or one without a limit
        known.append(int(_CGROUP_LIMIT.read_text()))
    return min(known)


def impossible_mechanisms(scenario: Scenario) -> Iterator[PathError]:
    """Mechanisms that do not compile, or do not fit the scenario or each other."""
    if not scenario.mechanisms:
        return
    from lifesim.lifecycle.mechanisms import CompiledMechanisms, extend

    extended = scenario
    for k, plug_in in enumerate(scenario.mechanisms):
        try:
            made = plugins.instance("mechanisms", plug_in)
            CompiledMechanisms([made])
            extended = extend(extended, [made])
        except PathError:
            continue  # reported as an unknown plug-in
        except InputError as error:
            yield PathError(("mechanisms", k), str(error))


def unreadable_audiences(scenario: Scenario) -> Iterator[PathError]:
    """Audiences of contact policies that cannot be read, or ask for what no insurer observes."""
    programs = Programs(scenario)
    for path, policy in policies(scenario):
        for name, each in policy.suppressions.items():
            try:
                programs.number(each.who, vocabulary(scenario))
            except (PathError, InputError) as error:
                message = error.message if isinstance(error, PathError) else str(error)
                yield PathError((*path, "suppressions", name, "who"), message)


#: Checks of a scenario beyond the shape of its file.
CHECKS: tuple[Callable[[Scenario], Iterable[PathError]], ...] = (
    plugins.unknown_plug_ins,
    plugins.journeys_that_cannot_run,
    unreadable_audiences,
    plugins.unknown_mechanisms,
    plugins.repeated_plug_ins,
    unknown_metrics,
    unobservable_metrics,
    scores_without_a_past,
    contradicting_correlations,
    too_little_memory,
    impossible_mechanisms,
)


def problems(scenario: Scenario) -> list[Problem]:
    """Problems of a scenario that was made in Python, or changed."""
    return [
        Problem(scenario.place(*error.path), dotted(error.path), error.message)
        for check in CHECKS
        for error in check(scenario)
    ]


def check_file(path: Path) -> list[Problem]:
    """All problems of a scenario file and of the book that it names; none when it can run."""
    return findings(path)[0]


def findings(path: Path) -> tuple[list[Problem], list[Problem]]:
    """As `check_file`; and, of a file that can run, what is worth a second look."""
    try:
        scenario = load(path, checks=CHECKS)
        if scenario.population.book is not None:
            from lifesim.population.book import read_book

            read_book(scenario, scenario.folder)
    except ScenarioError as error:
        return error.problems, []
    except InputError as error:
        return [Problem("", "", line) for line in str(error).splitlines()], []
    return [], cautions(scenario)


def oracles_in(path: Path) -> dict[str, list[str]]:
    """By arm of a scenario file that can run, the plug-ins that see what no insurer sees."""
    practices = plugins.practices(load(path))
    return {arm: practice.oracles for arm, practice in practices.items() if practice.oracles}
