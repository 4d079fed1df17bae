"""How often intervals cover, and how often a difference is claimed where there is none.

``python -m benchmarks.coverage`` runs a small market in many replications, then draws experiments of few replications
from them, with replacement: the mean over all of them is the truth that those experiments estimate. The README of
this folder says what the figures mean.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.scenario import one_or_more
from lifesim.experiment.intervals import mean_interval, ratio_interval
from lifesim.metrics import METRICS
from lifesim.report.readings import FEW_DIFFERING

if TYPE_CHECKING:
    import pandas as pd

    from lifesim.experiment import Result

LEVEL = 0.95
SIZES = (3, 5, 6, 10, 20)
"""Replications of an experiment."""
SEED = 20260105
ARMS: dict[str, dict[str, Any]] = {
    "control": {"use": "current_practice"},
    "copy": {"use": "current_practice"},
    "campaign": {"use": "current_practice", "orchestration": ["weekly_campaign"]},
}

Array = Any


@dataclass(frozen=True)
class Row:
    """Shares of the experiments of one size on one metric.

    Attributes
    ----------
    differing
        Share of replications in which the arms differ.
    independent
        Experiments that find a difference between two arms of one practice with luck of their own.
    sign
        Experiments that find one where the sign of every paired difference is drawn.
    claimed
        Of those, the ones that a report calls better or worse.
    absolute, relative
        Intervals that hold the truth; the relative ones of those with bounds.
    unbounded
        Relative intervals without bounds.
    contradictions
        Experiments in which one interval of the two excludes 0 and the other, with bounds, does not.
    """

    metric: str
    replications: int
    differing: float
    independent: float
    sign: float
    claimed: float
    absolute: float
    relative: float
    unbounded: float
    contradictions: float


def simulate(customers: int, replications: int) -> Result:
    """Return a comparison of three arms, two of them identical, in a market of one branch."""
    import lifesim

    scenario = lifesim.load("aa").replace(
        warm_up="30d",
        horizon="90d",
        population={
            "size": customers,
            "branches": {"main": 1.0},
            "segments": {"striving_youth": 0.4, "wealth_rising": 0.2, "mainstream": 0.4},
        },
        arms=ARMS,
        experiment={"replications": replications, "seed": 5, "control": "control"},
    )
    return lifesim.compare(scenario)


def series(totals: pd.DataFrame, metric: str, arm: str) -> Array:
    """Return a metric's value in every replication, shape (replications,); NaN where it has no denominator."""
    rows = totals[(totals["metric"] == metric) & (totals["arm"] == arm) & (totals["scope"] == "present")]
    sums = rows.groupby("replication")[["numerator", "denominator"]].sum()
    return (METRICS[metric].scale * sums["numerator"] / sums["denominator"].where(sums["denominator"] > 0)).to_numpy()


def experiments(metric: str, control: Array, arm: Array, size: int, draws: int) -> Row:
    """Return what `draws` experiments of `size` replications find, drawn from paired values of all replications."""
    random = np.random.default_rng([SEED, size, list(METRICS).index(metric)])
    found = Counter[str]()
    for _ in range(draws):
        found.update(experiment(control, arm, size, random))
    bounded = draws - found["unbounded"]
    return Row(
        metric,
        size,
        differing=np.count_nonzero(arm - control) / len(control),
        independent=found["independent"] / draws,
        sign=found["sign"] / draws,
        claimed=found["claimed"] / draws,
        absolute=found["absolute"] / draws,
        relative=found["relative"] / bounded if bounded else math.nan,
        unbounded=found["unbounded"] / draws,
        contradictions=found["contradictions"] / draws,
    )


def experiment(control: Array, arm: Array, size: int, random: np.random.Generator) -> dict[str, bool]:
    """Return what one experiment finds, by the names of `Row`."""
    drawn, other = random.integers(0, len(control), (2, size))
    differences, base = arm - control, control[drawn]
    signed = differences[drawn] * random.choice([-1.0, 1.0], size)
    by_luck = excludes(mean_interval(signed.tolist(), LEVEL), 0.0)
    absolute = mean_interval(differences[drawn].tolist(), LEVEL)
    relative = ratio_interval(base.tolist(), differences[drawn].tolist(), LEVEL)
    bounded = not math.isnan(relative[0])
    return {
        "independent": excludes(mean_interval((base - control[other]).tolist(), LEVEL), 0.0),
        "sign": by_luck,
        "claimed": by_luck and np.count_nonzero(signed) >= FEW_DIFFERING,
        "absolute": not excludes(absolute, differences.mean()),
        "relative": bounded and not excludes(relative, differences.mean() / control.mean()),
        "unbounded": not bounded,
        "contradictions": bounded and excludes(absolute, 0.0) != excludes(relative, 0.0),
    }


def excludes(interval: tuple[float, float], value: float) -> bool:
    """Whether an interval lies on one side of a value, by more than the rounding of a sum."""
    slack = 1e-9 * abs(value)
    return not interval[0] - slack <= value <= interval[1] + slack


def measure(customers: int, replications: int, draws: int) -> dict[str, Any]:
    """Return all figures, ready for JSON; metrics that hardly any replication observes are left out."""
    result = simulate(customers, replications)
    rows = []
    for metric in METRICS:
        control, arm = (series(result.tables["totals"], metric, name) for name in ("control", "campaign"))
        seen = ~(np.isnan(control) | np.isnan(arm))
        if seen.sum() >= max(SIZES) and control[seen].any():
            rows += [experiments(metric, control[seen], arm[seen], size, draws) for size in SIZES]
    return {
        "customers": customers,
        "replications": replications,
        "draws": draws,
        "level": LEVEL,
        "rows": [{k: None if v != v else v for k, v in asdict(row).items()} for row in rows],
        "failures": [*result.failures, *faults(result, rows)],
    }


def faults(result: Result, rows: Sequence[Row]) -> list[str]:
    """Return what must never happen and did, a line each."""
    found = []
    for table in (result.effects, result.effects_everyone):
        copy = table[table["arm"] == "copy"]
        if (copy[["effect", "low", "high", "differing"]].fillna(0) != 0).any(axis=None):
            found.append("identical arms differ")
    found += [
        f"{row.metric}, {row.replications} replications: the two intervals contradict each other"
        for row in rows
        if row.contradictions > 0
    ]
    return found


def as_text(figures: dict[str, Any]) -> str:
    """Return the figures for a reader."""
    names = ("differing", "independent", "sign", "claimed", "absolute", "relative", "unbounded")
    lines = [
        f"{figures['replications']} replications of {figures['customers']:,} customers, {figures['draws']:,} draws",
        f"{'metric':<25}{'n':>3}" + "".join(f"{name:>12}" for name in names),
    ]
    for row in figures["rows"]:
        shares = ("n/a" if row[name] is None else f"{row[name]:.1%}" for name in names)
        lines.append(f"{row['metric']:<25}{row['replications']:>3}" + "".join(f"{text:>12}" for text in shares))
    return "\n".join([*lines, *figures["failures"]])


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; 0, or 1 if something was found that must never happen."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__)
    parser.add_argument("--customers", type=one_or_more, default=2_000, help="customers of a replication")
    parser.add_argument("--replications", type=one_or_more, default=120, help="replications to draw from")
    parser.add_argument("--draws", type=one_or_more, default=3_000, help="experiments of each size")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(argv)
    figures = measure(options.customers, options.replications, options.draws)
    print(json.dumps(figures, indent=2) if options.json else as_text(figures))
    return 1 if figures["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
