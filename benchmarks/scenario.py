"""What a whole scenario costs: customer-days a second, memory, and where the time goes.

``python -m benchmarks.scenario SCENARIO [--workers N] [--json]``; see `benchmarks/README.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.memory import Finished, watch
from lifesim.errors import InputError, LifesimError, RunError

LARGER = 4
"""The comparison of memory is with a population so many times the size, beside which allocators are small."""

PARTS = {
    "kernel": ("kernel",),
    "touches": ("campaign",),
    "desks": ("desk",),
    "observation": ("observer", "inference", "gathering"),
    "population": ("population", "acquisition"),
}
"""What is reported, by the names under which units of work keep their times."""


@dataclass(frozen=True)
class Bench:
    """A scenario, the processes to run it on, and a folder for the cache of compiled code and for results."""

    scenario: str
    workers: int
    folder: Path

    def start(self, task: str, *options: str) -> tuple[Finished, dict[str, Any]]:
        """Run one task in a fresh process; what it took, and what it answers.

        Raises
        ------
        RunError
            If it fails, after it has said why.
        """
        command = [sys.executable, "-m", "benchmarks.scenario_run", task, self.scenario, *options]
        env = {**os.environ, "LIFESIM_CACHE": str(self.folder / "cache")}
        finished = watch([*command, "--out", str(self.folder / "out")], env)
        if finished.code:
            raise RunError(f"`{' '.join(command[1:])}` ended with exit code {finished.code}")
        answer: dict[str, Any] = json.loads(finished.output)
        if answer.get("failures"):
            raise RunError("\n".join(answer["failures"]))
        return finished, answer


def share_of_time(timings: dict[str, float], writing: float, seconds: float, workers: int) -> dict[str, float]:
    """Return which part of the wall-clock time went where; the parts add up to 1.

    Parameters
    ----------
    timings
        Seconds by what was done, added up over all units of work; a second in one of `workers` processes
        counts as a part of a second.
    writing, seconds
        Seconds of writing tables and page, and of the whole run.
    """
    shares = {part: sum(timings.get(name, 0.0) for name in names) / workers / seconds for part, names in PARTS.items()}
    shares["writing"] = writing / seconds
    return shares | {"other": 1.0 - sum(shares.values())}


def growth(bench: Bench, customers: int) -> dict[str, Any]:
    """Return how the peak of a worker grows with the customers of a replication, all of whom it holds at once."""
    memory: list[dict[str, Any]] = []
    for size in (customers, LARGER * customers):
        finished, answer = bench.start("run", "--together", "--workers", "2", "--size", str(size))
        memory.append({"start": size, "customers": answer["customers"], "worker_bytes": finished.worker_bytes})
    small, large = memory
    figures: dict[str, Any] = {"bytes_per_customer": None, "bytes_per_customer_at_start": None, "memory": memory}
    if small["worker_bytes"] is not None and large["worker_bytes"] is not None:
        grown = large["worker_bytes"] - small["worker_bytes"]
        figures["bytes_per_customer"] = grown / (large["customers"] - small["customers"])
        figures["bytes_per_customer_at_start"] = grown / (large["start"] - small["start"])
    return figures


def measure(bench: Bench, customers: int) -> dict[str, Any]:
    """Return all figures, ready for JSON; the first task fills the cache that the others load."""
    compiled = bench.start("compile")[1]["seconds"]
    finished, answer = bench.start("run", "--workers", str(bench.workers))
    days = answer["customer_days"]
    return {
        "scenario": bench.scenario,
        "customers": customers,
        "workers": bench.workers,
        "customer_days": days,
        "seconds": finished.seconds,
        "customer_days_per_second": days / finished.seconds,
        "cold_compile_seconds": compiled,
        "customer_days_per_second_cold": days / (finished.seconds + compiled),
        "peak_bytes": finished.peak_bytes,
        **growth(bench, customers),
        "share_of_time": share_of_time(answer["timings"], answer["writing_seconds"], finished.seconds, bench.workers),
    }


def as_text(figures: dict[str, Any]) -> str:
    """Return the figures for a reader."""
    lines = [
        f"{figures['scenario']}: {figures['customers']:,} customers, {figures['workers']} workers,"
        f" {figures['seconds']:.1f} s",
        f"{figures['customer_days_per_second']:,.0f} customer-days a second"
        f" ({figures['customer_days_per_second_cold']:,.0f} with {figures['cold_compile_seconds']:.1f} s to compile)",
    ]
    if figures["bytes_per_customer"] is not None:
        lines.append(
            f"{figures['bytes_per_customer']:,.0f} bytes a customer"
            f" ({figures['bytes_per_customer_at_start']:,.0f} for each one at the start and those who join);"
            f" peak of this run {figures['peak_bytes'] / 1e6:,.0f} MB"
        )
    lines += [f"{share:7.1%} {part}" for part, share in figures["share_of_time"].items()]
    return "\n".join(lines)


def one_or_more(text: str) -> int:
    """Return `text` as an integer of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def population(scenario: str) -> int:
    """Return the number of customers of a scenario at the start.

    Raises
    ------
    LifesimError
        If the scenario is not valid, or its size cannot be changed.
    """
    from lifesim.scenario import load

    total = load(scenario).population.total
    if not total:
        raise InputError(f"{scenario}: needs customers who are not from a book, to compare two sizes")
    return total


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; 0, 1 if a run failed, 2 if the scenario will not do."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scenario", description=__doc__)
    parser.add_argument("scenario", help="name or path of a scenario")
    parser.add_argument("--workers", type=one_or_more, default=2, help="processes")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(argv)
    try:
        customers = population(options.scenario)
        with tempfile.TemporaryDirectory(prefix="lifesim-bench-") as folder:
            figures = measure(Bench(options.scenario, options.workers, Path(folder)), customers)
    except LifesimError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(json.dumps(figures, indent=2) if options.json else as_text(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
