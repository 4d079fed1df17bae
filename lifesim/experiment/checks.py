"""Everything that can be known to be wrong with a scenario before it runs."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from lifesim.errors import InputError, Problem, ScenarioError
from lifesim.experiment import plugins
from lifesim.metrics import METRICS
from lifesim.scenario import Scenario, load
from lifesim.workspace import suggest

#: Bytes that a customer takes in a running world, measured by ``benchmarks.scenario``, rounded up.
BYTES_PER_CUSTOMER = 1_000


def check_file(path: Path) -> list[Problem]:
    """All problems of a scenario file; none when it can run."""
    try:
        return problems(load(path))
    except ScenarioError as error:
        return error.problems
    except InputError as error:
        return [Problem(str(path), "", str(error))]


def problems(scenario: Scenario) -> list[Problem]:
    """Problems beyond the shape of the file: plug-ins, metrics, correlations, memory."""
    return [
        *plugins.problems(scenario),
        *_metrics(scenario),
        *_correlations(scenario),
        *_memory(scenario),
    ]


def _metrics(scenario: Scenario) -> list[Problem]:
    named = [(("measure", "primary"), scenario.measure.primary)]
    named += [(("measure", "guardrails", name), name) for name in scenario.measure.guardrails]  # type: ignore[misc]
    return [
        Problem(
            scenario.place(*path),
            ".".join(path),
            f"unknown metric '{name}'{suggest(name, list(METRICS))}",
        )
        for path, name in named
        if name not in METRICS
    ]


def _correlations(scenario: Scenario) -> list[Problem]:
    from lifesim.population.synthesis import correlation

    try:
        correlation(scenario)
    except np.linalg.LinAlgError:
        message = "these correlations contradict each other; make some of them weaker"
        return [Problem(scenario.place("correlations"), "correlations", message)]
    return []


def _memory(scenario: Scenario) -> list[Problem]:
    """A population whose memory would not fit is refused before anything is allocated."""
    try:
        available = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return []
    needed = scenario.population.total * BYTES_PER_CUSTOMER
    if needed <= available:
        return []
    most = available // BYTES_PER_CUSTOMER
    message = (
        f"{scenario.population.total:,} customers need about {needed / 1e9:,.0f} GB of memory and this machine has "
        f"{available / 1e9:,.0f} GB; at most {most:,} fit"
    )
    return [Problem(scenario.place("population", "size"), "population.size", message)]
