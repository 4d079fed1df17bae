"""What journeys cost: a year of many customers, alone and with everyone enrolled in a journey of six steps.

``python -m benchmarks.journeys [--customers N] [--days N] [--json]``; see `benchmarks/README.md`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lifesim.errors import LifesimError

if TYPE_CHECKING:
    from lifesim.scenario import Scenario
    from lifesim.scenario.journeys import Journey

SEED = 20260105


def journey() -> Journey:
    """Return a journey of six steps that everyone enters on the first day: two waits, two messages, two questions."""
    from lifesim.scenario.journeys import Journey

    return Journey.model_validate({
        "name": "six_steps", "entry": {"at": "2026-01-06 09:00"},
        "steps": {
            "settle": {"wait": "3d", "next": "first"},
            "first": {"send": {"sms": "premium_notice"}, "on": {"clicked": "active"}, "within": "5d", "else": "active"},
            "active": {"if": "launched_app within 14d", "then": "second", "else": "pause"},
            "pause": {"wait": "14d", "next": "second"},
            "second": {"send": {"push": "newsletter"}, "on": {"opened": "last"}, "within": "5d", "else": "last"},
            "last": {"on": {"bought": "exit"}, "within": "60d", "else": "exit"},
        },
        "contents": {
            "premium_notice": {"kind": "service", "says": "-"}, "newsletter": {"kind": "education", "says": "-"},
        },
    })  # fmt: skip


def world_of(customers: int, days: int) -> Scenario:
    """Return the market of the lifecycle with so many customers, under silence."""
    from lifesim.scenario import load

    scenario = load("lifecycle")
    population = scenario.population.model_dump(mode="json", by_alias=True) | {"size": customers}
    return scenario.replace(
        population=population, warm_up="0d", horizon=f"{days}d", arms={"control": {}},
        experiment={"replications": 1, "seed": SEED},
    )  # fmt: skip


def seconds(scenario: Scenario, journeys: Sequence[Journey]) -> tuple[float, int]:
    """Run one world to its end; seconds of the kernel and of entries, and customers enrolled."""
    from lifesim.experiment.unit import Experiment, Unit
    from lifesim.strategy import Practice

    practice = Practice(orchestrations={each.name: each for each in journeys})
    experiment = Experiment(scenario, {"control": practice}, [])
    world = experiment.world(Unit(0, tuple(scenario.population.branches)))
    begun = time.perf_counter()
    world.run(scenario.horizon, experiment.parts(world, practice))
    took = time.perf_counter() - begun
    return took, int((world.state.enrolments["entries"] > 0).sum())


def measure(customers: int, days: int, repeats: int) -> dict[str, Any]:
    """Return the figures; both worlds run in turns, and of each the fastest run counts."""
    scenario, six = world_of(customers, days), journey()
    small = world_of(1_000, 30)
    seconds(small, [six])  # compiles
    alone, together, enrolled = [], [], 0
    for _ in range(repeats):
        alone.append(seconds(scenario, [])[0])
        took, enrolled = seconds(scenario, [six])
        together.append(took)
    return {
        "customers": customers, "days": days, "enrolled": enrolled,
        "lifecycle_seconds": min(alone), "with_journey_seconds": min(together),
        "journey_over_lifecycle": min(together) / min(alone) - 1.0,
        "microseconds_per_enrolled": 1e6 * (min(together) - min(alone)) / max(enrolled, 1),
    }  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; 0, or the code of the error."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.journeys", description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--repeats", type=int, default=1, help="runs of each world")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(argv)
    try:
        figures = measure(options.customers, options.days, options.repeats)
    except LifesimError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    if options.json:
        print(json.dumps(figures, indent=2))
    else:
        print(
            f"{figures['enrolled']:,} of {figures['customers']:,} customers enrolled: the journey costs "
            f"{figures['journey_over_lifecycle']:.0%} of their lifecycle over {figures['days']} days, "
            f"{figures['microseconds_per_enrolled']:.1f} microseconds each"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
