"""How many customer-days a second: lifesim beside SimPy, Mesa and Starsim, on one core.

``python -m benchmarks.throughput [--json] [--customers N] [--days D]``; see `benchmarks/README.md`.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import platform
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.metadata import version
from itertools import combinations
from statistics import median
from typing import Any

from benchmarks.reduced import DAYS_PER_YEAR, Outcome, Reduced, Run, Stage, reduced_lifecycle

REPEATS = 3
OCCUPANCY_TOLERANCE_PP = 1.0
EVENTS_TOLERANCE = 0.02
EVENTS_AT_LEAST = 60.0
THREAD_POOLS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA")


@dataclass(frozen=True)
class Contestant:
    """One entry: `batches` runs of `customers` each, with seeds of their own, make one measurement.

    Sizes suit each one's speed: a measurement takes seconds, and the runs of all repeats together
    hold enough customers for the comparison of occupancies.
    """

    name: str
    package: str
    run: Run
    customers: int
    batches: int


def field(customers: int) -> list[Contestant]:
    """Return who takes part; `customers` is lifesim's large size, and no peer gets more.

    Raises
    ------
    ModuleNotFoundError
        If a peer is not installed.
    """
    small = max(customers // 100, 1)
    entries = [
        ("lifesim", "lifesim", customers, 1),
        ("lifesim_small", "lifesim", small, 20),
        ("simpy", "simpy", min(10_000, customers), 2),
        ("mesa", "mesa", min(5_000, customers), 4),
        ("starsim", "starsim", min(100_000, customers), 2),
    ]
    return [
        Contestant(name, package, importlib.import_module(f"benchmarks.peer_{package}").run, size, batches)
        for name, package, size, batches in entries
    ]


def use_one_core() -> None:
    """Hold this process to one core and one thread; before any numerical library is imported."""
    for threads in THREAD_POOLS:
        os.environ[f"{threads}_NUM_THREADS"] = "1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def pool(outcomes: Sequence[Outcome]) -> Outcome:
    """Return several runs of one contestant as if they had been one."""
    customers = sum(o.customers for o in outcomes)

    def share(occupancies: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
        weighed = zip(outcomes, occupancies, strict=True)
        rows = [[o.customers * part for part in occupancy] for o, occupancy in weighed]
        return tuple(sum(column) / customers for column in zip(*rows, strict=True))

    return Outcome(
        customers=customers,
        days=outcomes[0].days,
        live_customer_days=sum(o.live_customer_days for o in outcomes),
        events=sum(o.events for o in outcomes),
        seconds=sum(o.seconds for o in outcomes),
        occupancy_mid=share([o.occupancy_mid for o in outcomes]),
        occupancy_end=share([o.occupancy_end for o in outcomes]),
    )


def measure(
    contestants: Sequence[Contestant], model: Reduced, days: int, repeats: int = REPEATS
) -> dict[str, list[Outcome]]:
    """Return one outcome per contestant and repeat, taken in turns: A B C, A B C, A B C.

    Turns share out what else the machine does meanwhile. Garbage is collected between runs and
    not during them, as `timeit` does, which helps the contestants with many objects most.
    """
    for contestant in contestants:
        contestant.run(model, min(200, contestant.customers), min(60, days), 0)
    outcomes: dict[str, list[Outcome]] = {contestant.name: [] for contestant in contestants}
    gc.disable()
    try:
        for repeat in range(repeats):
            for contestant in contestants:
                batches = []
                for batch in range(contestant.batches):
                    gc.collect()
                    seed = 1 + repeat * contestant.batches + batch
                    batches.append(contestant.run(model, contestant.customers, days, seed))
                outcomes[contestant.name].append(pool(batches))
    finally:
        gc.enable()
    return outcomes


def rate(outcome: Outcome) -> float:
    """Return live customer-days per second."""
    return outcome.live_customer_days / outcome.seconds


def events_per_year(outcome: Outcome) -> float:
    """Return logged events per live customer-year."""
    return outcome.events / outcome.live_customer_days * DAYS_PER_YEAR


def describe(contestant: Contestant, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return what one contestant did, ready for JSON."""
    pooled = pool(outcomes)
    return {
        "version": version(contestant.package),
        "customers": contestant.customers,
        "batches": contestant.batches,
        "repeats": len(outcomes),
        "seconds": [round(o.seconds, 4) for o in outcomes],
        "customer_days_per_second": median(rate(o) for o in outcomes),
        "events_per_second": median(o.events / o.seconds for o in outcomes),
        "events_per_live_customer_year": events_per_year(pooled),
        "occupancy_mid": list(pooled.occupancy_mid),
        "occupancy_end": list(pooled.occupancy_end),
    }


def by_package(contestants: Sequence[Contestant], outcomes: dict[str, list[Outcome]]) -> dict[str, Outcome]:
    """Return all runs of each package as one, whatever their size: what the checks compare."""
    runs: dict[str, list[Outcome]] = {}
    for contestant in contestants:
        runs.setdefault(contestant.package, []).extend(outcomes[contestant.name])
    return {package: pool(found) for package, found in runs.items()}


@dataclass(frozen=True)
class Disagreement:
    """Where two packages' occupancies lie farthest apart, and the standard error of that."""

    points: float
    standard_error: float
    where: str


def largest_disagreement(pooled: dict[str, Outcome]) -> Disagreement:
    """Return the largest difference over stages, both times and all pairs, in percentage points."""

    def compare(one: str, other: str, time: str, stage: Stage) -> Disagreement:
        a, b = pooled[one], pooled[other]
        p, q = getattr(a, f"occupancy_{time}")[stage], getattr(b, f"occupancy_{time}")[stage]
        variance = p * (1 - p) / a.customers + q * (1 - q) / b.customers
        where = f"{stage.name} at the {time}, {one} {p:.2%} and {other} {q:.2%}"
        return Disagreement(100 * abs(p - q), 100 * float(variance**0.5), where)

    found = [
        compare(one, other, time, stage)
        for one, other in combinations(pooled, 2)
        for time in ("mid", "end")
        for stage in Stage
    ]
    return max(found, key=lambda disagreement: disagreement.points)


def failures(pooled: dict[str, Outcome]) -> list[str]:
    """Return why the packages did not run the same thing, one line each; empty if they did."""
    found = []
    worst = largest_disagreement(pooled)
    if worst.points > OCCUPANCY_TOLERANCE_PP:
        found.append(
            f"occupancies differ by {worst.points:.2f} percentage points ({worst.where});"
            f" at most {OCCUPANCY_TOLERANCE_PP:g} is agreement"
        )
    logged = {name: events_per_year(outcome) for name, outcome in pooled.items()}
    low, high = min(logged, key=logged.__getitem__), max(logged, key=logged.__getitem__)
    if logged[high] > logged[low] * (1 + EVENTS_TOLERANCE):
        found.append(
            f"events per live customer-year differ: {low} {logged[low]:.2f},"
            f" {high} {logged[high]:.2f}; within {EVENTS_TOLERANCE:.0%} is agreement"
        )
    if logged[low] < EVENTS_AT_LEAST:
        found.append(
            f"{low} logs {logged[low]:.2f} events per live customer-year;"
            f" the benchmark is about {EVENTS_AT_LEAST:g} or more"
        )
    return found


def summarise(contestants: Sequence[Contestant], outcomes: dict[str, list[Outcome]]) -> dict[str, Any]:
    """Return the figures of the benchmark, ready for JSON."""
    details = {c.name: describe(c, outcomes[c.name]) for c in contestants}
    pooled = by_package(contestants, outcomes)
    worst = largest_disagreement(pooled)
    large, small = outcomes["lifesim"], outcomes["lifesim_small"]
    ours = details["lifesim"]
    ratios = {
        f"ratio_{name}": ours["customer_days_per_second"] / peer["customer_days_per_second"]
        for name, peer in details.items()
        if not name.startswith("lifesim")
    }
    return {
        "customer_days_per_second": ours["customer_days_per_second"],
        "events_per_second": ours["events_per_second"],
        **ratios,
        "cost_ratio_1m_to_10k": median(rate(b) / rate(a) for a, b in zip(large, small, strict=True)),
        "events_per_live_customer_year": ours["events_per_live_customer_year"],
        "occupancy_max_difference_pp": worst.points,
        "occupancy_max_difference_standard_error_pp": worst.standard_error,
        "occupancy_max_difference_where": worst.where,
        "failures": failures(pooled),
        "days": large[0].days,
        "python": platform.python_version(),
        "stages": [stage.name for stage in Stage],
        "contestants": details,
    }


def as_text(summary: dict[str, Any]) -> str:
    """Return the figures for a reader."""
    lines = [f"Reduced lifecycle, {summary['days']} days, one core, Python {summary['python']}", ""]
    lines.append(f"{'':14} {'version':>9} {'customers':>10} {'live days/s':>13} {'events/s':>12}")
    for name, row in summary["contestants"].items():
        lines.append(
            f"{name:14} {row['version']:>9} {row['customers']:>10,}"
            f" {row['customer_days_per_second']:>13,.0f} {row['events_per_second']:>12,.0f}"
        )
    lines.append("")
    for key, ratio in summary.items():
        if key.startswith("ratio_"):
            lines.append(f"lifesim is {ratio:.1f} times as fast as {key.removeprefix('ratio_')}")
    sizes = [summary["contestants"][name]["customers"] for name in ("lifesim", "lifesim_small")]
    lines += [
        f"a customer-day among {sizes[0]:,} costs {summary['cost_ratio_1m_to_10k']:.2f} times one among {sizes[1]:,}",
        f"{summary['events_per_live_customer_year']:.1f} events per live customer-year",
        f"largest difference of occupancies {summary['occupancy_max_difference_pp']:.2f}"
        f" percentage points, standard error"
        f" {summary['occupancy_max_difference_standard_error_pp']:.2f}"
        f" ({summary['occupancy_max_difference_where']})",
    ]
    return "\n".join(lines)


def two_or_more(text: str) -> int:
    """Return `text` as an integer of at least 2: a run needs a middle, a comparison two sizes."""
    if not text.isdecimal() or int(text) < 2:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 2")
    return int(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; 0 if the contestants agree, 1 if not, 2 if one is not installed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.throughput", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--customers", type=two_or_more, default=1_000_000, help="large size of lifesim")
    parser.add_argument("--days", type=two_or_more, default=365, help="length of every run")
    options = parser.parse_args(argv)
    use_one_core()
    with redirect_stdout(sys.stderr):  # a peer that greets its user would spoil the JSON
        try:
            contestants = field(options.customers)
        except ModuleNotFoundError as error:
            print(f"{error}: install lifesim with the extra `benchmarks`")
            return 2
        outcomes = measure(contestants, reduced_lifecycle(), options.days)
    summary = summarise(contestants, outcomes)
    print(json.dumps(summary, indent=2) if options.json else as_text(summary))
    for failure in summary["failures"]:
        print(failure, file=sys.stderr)
    return 1 if summary["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
