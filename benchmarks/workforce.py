"""What the workforce costs: its share of the time of a world.

``python -m benchmarks.workforce [--customers N] [--agents N] [--days N] [--json]``; see `benchmarks/README.md`.
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

#: The parts of a world that keep the appointments of seats and agents.
WORKFORCE = ("desk", "review", "orphans", "sales", "places")


def world_of(customers: int, agents: int, days: int) -> Scenario:
    """Return the market with agents in eight branches, so many of them in all, half of the time of each for leads."""
    from lifesim.scenario import load

    scenario = load("allocation")
    described = scenario.model_dump(mode="json", by_alias=True)
    tiers = described["workforce"]["tiers"]
    total = sum(tier["per_10k"] for tier in tiers.values())
    for tier in tiers.values():
        tier["per_10k"] *= agents / (total * customers / 10_000)
    population = {
        "size": customers, "branches": {f"b{k}": 0.125 for k in range(8)},
        "segments": described["population"]["segments"],
    }  # fmt: skip
    practice = {"use": "chance"}
    return scenario.replace(
        population=population, workforce=described["workforce"], leads=None, warm_up="0d", horizon=f"{days}d",
        arms={"control": practice}, experiment={"replications": 1, "seed": 20260105},
    )  # fmt: skip


def in_a_world(scenario: Scenario) -> dict[str, Any]:
    """Run one world; where its time went, and how many leads were given."""
    import pickle

    from lifesim.experiment import plugins
    from lifesim.experiment.unit import Experiment, Unit
    from lifesim.workforce.staff import BY_TIER, TAKEN_BY

    experiment = Experiment(scenario, plugins.practices(scenario), [])
    world = experiment.world(Unit(0, tuple(scenario.population.branches)))
    begun = time.perf_counter()
    world.run(scenario.horizon, experiment.parts(world, pickle.loads(experiment.practices["control"])))
    seconds = time.perf_counter() - begun
    spent = sum(world.seconds.get(name, 0.0) for name in WORKFORCE)
    leads = int(world.extra[BY_TIER][:, :, TAKEN_BY].sum())
    return {
        "seconds": seconds, "workforce_seconds": spent, "share_of_workforce": spent / seconds, "leads": leads,
        "microseconds_per_lead": 1e6 * spent / max(leads, 1), "seconds_by_part": dict(world.seconds),
    }  # fmt: skip


def measure(customers: int, agents: int, days: int) -> dict[str, Any]:
    """Return the figures; a small world before it compiles everything."""
    in_a_world(world_of(2_000, 16, 20))
    figures = in_a_world(world_of(customers, agents, days))
    return {"customers": customers, "agents": agents, "days": days, **figures}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; 0, or the code of the error."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.workforce", description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--agents", type=int, default=2_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(argv)
    try:
        figures = measure(options.customers, options.agents, options.days)
    except LifesimError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    if options.json:
        print(json.dumps(figures, indent=2))
    else:
        print(
            f"{figures['customers']:,} customers, {figures['agents']:,} agents, {figures['days']} days: "
            f"{figures['share_of_workforce']:.0%} of {figures['seconds']:.1f} s in the workforce; "
            f"{figures['leads']:,} leads taken, {figures['microseconds_per_lead']:.0f} microseconds each"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
