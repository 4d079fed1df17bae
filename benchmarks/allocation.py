"""How much of the gap between chance and the best that nobody could exceed each allocation closes.

``python -m benchmarks.allocation [--customers N] [--days N] [--replications N] [--grading NAME] [--json]``; see
`benchmarks/README.md`.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lifesim.errors import LifesimError

if TYPE_CHECKING:
    from lifesim.scenario import Scenario

CHANCE, LEVEL = "random_agent", 0.95
#: Parameters with which a strategy serves everyone, where its own would serve tiers that the scenario has not.
PARAMETERS: dict[str, dict[str, Any]] = {
    "chosen_tiers": {"tiers": ("partners",)}, "tiered": {"senior_tiers": ("partners", "seniors")},
}  # fmt: skip
#: A large round: leads, agents, places of each.
ROUND = (5_000, 500, 10)


def market(customers: int, days: int, grading: str) -> Scenario:
    """Return `allocation` with so many customers in two branches, under its control with a grading.

    Its leads of behaviour are left out: they cool while they wait, which the value of a lead in a stream leaves out.
    """
    from lifesim.scenario import load

    scenario = load("allocation")
    described = scenario.model_dump(mode="json", by_alias=True)
    population = described["population"] | {"size": customers, "branches": {"north": 0.5, "south": 0.5}}
    practice = described["practices"]["chance"] | {"grading": grading}
    for people in (*described["workforce"]["tiers"].values(), *described["desk"]["seats"].values()):
        # In a branch of few customers a tier would be rounded away.
        people["per_10k"] = max(people["per_10k"], 1.01e4 / customers)
    return scenario.replace(
        population=population, practices=described["practices"] | {"chance": practice},
        workforce=described["workforce"], desk=described["desk"], leads=None, warm_up="0d", horizon=f"{days}d",
        arms={"control": {"use": "chance"}}, experiment={"replications": 1, "seed": 20260105},
    )  # fmt: skip


def allocations() -> dict[str, Any]:
    """Return every allocation of the workspace, by name."""
    from lifesim import workspace

    found = workspace.discover("allocation")
    return {name: plug_in.cls(**PARAMETERS.get(name, {})) for name, plug_in in found.items()}


def in_a_replication(scenario: Scenario, replication: int) -> tuple[dict[str, float], float, int]:
    """Value that each allocation reaches, the bound, and how many leads there are."""
    import pickle

    from benchmarks.lead_stream import Replay, listen
    from lifesim.experiment import plugins
    from lifesim.experiment.unit import Experiment

    experiment = Experiment(scenario, plugins.practices(scenario), [])
    stream = listen(scenario, pickle.loads(experiment.practices["control"]), replication)
    reached = {name: Replay(stream, each).value() for name, each in allocations().items()}
    return reached, stream.bound(), len(stream.first)


def measure(customers: int, days: int, replications: int, grading: str) -> dict[str, Any]:
    """Return the gap that each allocation closes, with an interval over replications."""
    from lifesim.errors import ScenarioError
    from lifesim.experiment.checks import problems
    from lifesim.experiment.intervals import mean, ratio_interval

    scenario = market(customers, days, grading)
    wrong = problems(scenario)
    if wrong:
        raise ScenarioError(wrong)
    found = [in_a_replication(scenario, k) for k in range(replications)]
    gaps = [bound - reached[CHANCE] for reached, bound, _ in found]
    rows = []
    for name in sorted(found[0][0], key=lambda name: -mean([reached[name] for reached, _, _ in found])):
        gained = [reached[name] - reached[CHANCE] for reached, _, _ in found]
        # Open where the gap itself may be nothing.
        low, high = (end if math.isfinite(end) else None for end in ratio_interval(gaps, gained, LEVEL))
        of_bound = mean([reached[name] for reached, _, _ in found]) / mean([bound for _, bound, _ in found])
        rows.append(
            {"allocation": name, "of_bound": of_bound, "closed": mean(gained) / mean(gaps), "low": low, "high": high}
        )
    return {
        "customers": customers, "days": days, "replications": replications, "grading": grading,
        "leads": sum(leads for _, _, leads in found), "allocations": rows,
    }  # fmt: skip


def best_of_a_round(leads: int, agents: int, places: int) -> dict[str, Any]:
    """Return what `optimal` takes for a round, where values are products and where families of needs differ.

    The gap is the share of the bound that the answer may fall short of the best.
    """
    import numpy as np

    from lifesim.workforce.assignment import rank_one, transport

    rng = np.random.default_rng(1)
    worth, capacity = rng.choice([8.0, 4.0, 2.0, 1.0], leads), np.full(agents, places)
    strength = np.exp(rng.normal(0, 0.3, (4, agents)))
    begun = time.perf_counter()
    answer = rank_one(worth, strength[0], capacity)
    rank_one_seconds = time.perf_counter() - begun
    # Leads of the same worth are one kind: the bound is that of the whole, and takes no longer than the families'.
    of_worth, each = np.unique(worth, return_counts=True)
    plan = transport(np.outer(of_worth, strength[0]), each, capacity)
    served = answer >= 0
    value = float((worth[served] * strength[0][answer[served]]).sum())
    kinds = np.concatenate([np.outer(of_worth, row) for row in strength])
    supply = np.bincount(rng.integers(0, len(kinds), leads), minlength=len(kinds))
    begun = time.perf_counter()
    by_family = transport(kinds, supply, capacity)
    return {
        "leads": leads, "agents": agents, "places": places, "rank_one_seconds": rank_one_seconds,
        "rank_one_gap": max(0.0, 1.0 - value / plan.bound), "families_seconds": time.perf_counter() - begun,
        "families_gap": by_family.gap,
    }  # fmt: skip


def shown(figures: dict[str, Any]) -> str:
    """Return the figures as a table to read."""
    best = figures["optimal"]
    lines = [
        f"{figures['leads']:,} leads of {figures['customers']:,} customers in {figures['days']} days, "
        f"{figures['replications']} replications, graded by {figures['grading']}",
        f"{'allocation':<16}{'of the bound':>14}{'of the gap':>12}   95% interval",
    ]
    for row in figures["allocations"]:
        low, high = ("open" if row[end] is None else f"{row[end]:.1%}" for end in ("low", "high"))
        interval = f"{low} to {high}"
        lines.append(f"{row['allocation']:<16}{row['of_bound']:>14.1%}{row['closed']:>12.1%}   {interval}")
    return "\n".join([
        *lines,
        f"optimal, {best['leads']:,} leads and {best['agents']:,} agents with {best['places']} places: "
        f"{best['rank_one_seconds']:.3f} s and gap {best['rank_one_gap']:.1g} by sorting, "
        f"{best['families_seconds']:.3f} s and gap {best['families_gap']:.1g} by families",
    ])  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; 0, or the code of the error."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.allocation", description=__doc__)
    parser.add_argument("--customers", type=int, default=8_000)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--replications", type=int, default=10)
    parser.add_argument("--grading", default="uniform_grades", help="name of the grading")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(argv)
    try:
        figures = measure(options.customers, options.days, options.replications, options.grading)
    except LifesimError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    figures["optimal"] = best_of_a_round(*ROUND)
    print(json.dumps(figures, indent=2) if options.json else shown(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
