"""One run of a scenario in a process of its own, for `benchmarks.scenario` to watch.

``python -m benchmarks.scenario_run TASK SCENARIO [--size N] [--workers N] [--together] --out DIR``
prints one JSON object. TASK is ``run`` or ``compile``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lifesim.errors import InputError, LifesimError

if TYPE_CHECKING:
    from lifesim.scenario import Scenario


def resized(scenario: Scenario, size: int) -> Scenario:
    """Return a scenario with `size` customers, in branches of the same proportions.

    Raises
    ------
    InputError
        If the customers come from a book.
    """
    population = scenario.population
    if population.book is not None:
        raise InputError(f"{scenario.name}: the customers come from a book, so that their number cannot be changed")
    shares = {name: count / population.total for name, count in population.branch_sizes().items()}
    changed: dict[str, Any] = population.model_dump(mode="json", by_alias=True)
    return scenario.replace(population=changed | {"size": size, "branches": shares})


def together(scenario: Scenario) -> Scenario:
    """Return a scenario in which all branches of a replication are in memory at the same time.

    Arms run one after the other in the same memory: the control and the last one, which does most, are enough, in one
    replication for each of two workers.
    """
    control, last = scenario.experiment.control, list(scenario.arms)[-1]
    described = scenario.model_dump(mode="json", by_alias=True)
    return scenario.replace(
        desk=described["desk"] | {"scope": "national"},
        arms={name: described["arms"][name] for name in dict.fromkeys((control, last))},
        experiment=described["experiment"] | {"replications": min(2, scenario.experiment.replications)},
    )


def simulate(scenario: Scenario, workers: int, out: Path) -> dict[str, Any]:
    """Run a scenario as ``lifesim run`` does, with its tables and page; return what it took."""
    from lifesim.experiment import run
    from lifesim.report import write_page

    begun = time.perf_counter()
    result = run(scenario, out=out, workers=workers, progress=False)
    assert result.path is not None
    write_page(result.path, "en")
    return {
        "customer_days": result.customer_days,
        "customers": customers_of_a_replication(result.tables["milestones"]),
        "timings": result.timings,
        "writing_seconds": time.perf_counter() - begun - result.seconds,
        "failures": result.failures,
    }


def customers_of_a_replication(milestones: Any) -> int:
    """Return how many customers a world held at its end, those who joined and those who were lost included."""
    first = milestones[milestones["milestone"] == milestones["milestone"].iloc[0]]
    return int(first.groupby(["replication", "arm"])["customers"].sum().max())


def compile_alone(scenario: Scenario) -> dict[str, Any]:
    """Compile what a scenario needs, or load it from the cache; return the seconds."""
    from lifesim.experiment import plugins, tasks

    shared = tasks.pack(scenario, plugins.practices(scenario), plugins.mechanisms(scenario), False)
    begun = time.perf_counter()
    from lifesim.experiment.warm import compile_kernel

    compile_kernel(shared)
    return {"seconds": time.perf_counter() - begun}


def main(argv: Sequence[str] | None = None) -> int:
    """Do one task; 0, or the code of the error."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scenario_run", description=__doc__)
    parser.add_argument("task", choices=["run", "compile"])
    parser.add_argument("scenario")
    parser.add_argument("--size", type=int)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--together", action="store_true")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(argv)
    try:
        from lifesim.scenario import load

        scenario = load(options.scenario)
        if options.size is not None:
            scenario = resized(scenario, options.size)
        if options.together:
            scenario = together(scenario)
        if options.task == "compile":
            answer = compile_alone(scenario)
        else:
            answer = simulate(scenario, options.workers, options.out)
    except LifesimError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
