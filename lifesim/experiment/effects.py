"""Paired effects: what an arm changed against the control, over replications.

Both arms of a replication share customers and luck, so the replication is the unit of inference:
one difference per replication, and a t interval over those differences. Customers within a
replication share one market and are never counted as independent evidence here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from lifesim.errors import InputError
from lifesim.experiment.intervals import mean, mean_interval, ratio_interval, unseen_bound

if TYPE_CHECKING:
    import pandas as pd

EVERYONE = "all"
"""The pseudo-segment that sums over all segments."""

COLUMNS = (
    "metric",
    "segment",
    "arm",
    "control",
    "control_mean",
    "arm_mean",
    "effect",
    "low",
    "high",
    "relative",
    "relative_low",
    "relative_high",
    "replications",
    "differing",
    "unseen_bound",
)

RETURN_COLUMNS = (
    "segment", "arm", "control", "value_effect", "cost_effect", "roi", "low", "high", "replications", "cost_low",
    "cost_high", "differing",
)  # fmt: skip

_Key = tuple[str, str, str]
"""Metric, segment and arm."""
_Series = dict[int, tuple[float, int]]
"""A metric's value and denominator by replication."""


@dataclass(frozen=True)
class _Estimate:
    """One row of the table without its names; NaN where there is nothing to say."""

    control_mean: float = math.nan
    arm_mean: float = math.nan
    effect: float = math.nan
    low: float = math.nan
    high: float = math.nan
    relative: float = math.nan
    relative_low: float = math.nan
    relative_high: float = math.nan
    replications: int = 0
    differing: int = 0
    unseen_bound: float = math.nan


def effects(
    totals: pd.DataFrame,
    metrics: Mapping[str, float],
    control: str,
    scope: str = "present",
    level: float = 0.95,
) -> pd.DataFrame:
    """Compare every arm with the control, per metric and segment.

    In each replication a metric's value is ``scale * sum(numerator) / sum(denominator)`` over
    branches. A replication enters a comparison when both arms finished the same branches of it and
    both denominators are positive; `replications` counts those that entered.

    Parameters
    ----------
    totals
        Columns replication, branch, arm, segment, scope, metric, numerator and denominator (the
        last two integers), in any row order.
    metrics
        Scale of each metric to report, by name, in the order to report.
    control
        Name of the arm that the others are compared with.
    scope
        Which rows of `totals` to use: ``present`` or ``everyone``.
    level
        Confidence level of the intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`. Metrics in the given order; segment ``all`` first, then sorted; arms in
        order of appearance. Intervals are NaN with fewer than two replications, the relative
        columns where the control's mean is 0, the relative interval also where it has no bounds,
        and all figures with no replication at all. `differing` counts the replications whose
        difference is not 0. `unseen_bound` is the effect that a Poisson number of events as low as
        what differs would leave possible, given the denominators of the arm: where hardly any
        replication differs, the truth may be that far off whatever the interval says.

    Raises
    ------
    InputError
        The control has no totals, the level is not between 0 and 1, or a segment is called ``all``.

    Notes
    -----
    With differences ``d_i`` over n replications the interval is ``mean(d) ± t s_d / sqrt(n)``, with
    n - 1 degrees of freedom. The relative effect is the ratio of means ``mean(d) / |mean(c)|``, c being
    the control, with the interval of Fieller (1954): see `intervals.ratio_interval`. It has the sign of the
    effect, also where the control makes a loss.
    """
    import pandas as pd

    rows = totals[totals["scope"] == scope]
    arms = [str(arm) for arm in pd.unique(rows["arm"])]
    segments = sorted(str(segment) for segment in pd.unique(rows["segment"]))
    _check(arms, segments, control, scope, level)
    values, branches = _values(rows, metrics), _branches(rows)
    table: list[dict[str, Any]] = []
    for metric, segment, arm in product(metrics, (EVERYONE, *segments), arms):
        if arm != control:
            base, treated = values.get((metric, segment, control), {}), values.get((metric, segment, arm), {})
            paired = _paired(base, treated, branches, control, arm)
            estimate = _estimate([base[r] for r in paired], [treated[r] for r in paired], metrics[metric], level)
            table.append({"metric": metric, "segment": segment, "arm": arm, "control": control} | vars(estimate))
    return pd.DataFrame(table, columns=list(COLUMNS))


def returns(
    totals: pd.DataFrame, scale: float, control: str, scope: str = "present", level: float = 0.95
) -> pd.DataFrame:
    """Incremental return of every arm against the control: new business value gained for each unit of cost added.

    It is a ratio of two effects and so no metric of an arm by itself: the value and the cost of an arm alone, most of
    which the control has too, say nothing about what the difference between them brought.

    Parameters
    ----------
    totals
        As for `effects`, with the metrics ``nbv_per_10k`` and ``cost_per_10k``.
    scale
        Scale of these two metrics.
    control, scope, level
        As for `effects`.

    Returns
    -------
    DataFrame
        Columns `RETURN_COLUMNS`, a row for each segment and arm. ``value_effect`` is the effect on new business value
        before cost, ``roi`` its ratio to the effect on cost: 1 earns back what it costs. The ratio is NaN where the
        arm costs no more than the control, its interval (Fieller, as in `effects`) where it has no bounds. ``cost_low``
        and ``cost_high`` are the interval of the effect on cost; `differing` counts replications that differ in value.
    """
    import pandas as pd

    rows = totals[totals["scope"] == scope]
    arms = [str(arm) for arm in pd.unique(rows["arm"])]
    segments = sorted(str(segment) for segment in pd.unique(rows["segment"]))
    _check(arms, segments, control, scope, level)
    values, branches = _values(rows, {"nbv_per_10k": scale, "cost_per_10k": scale}), _branches(rows)
    table: list[dict[str, Any]] = []
    for segment, arm in product((EVERYONE, *segments), arms):
        if arm != control:
            net, cost = ({name: values.get((metric, segment, name), {}) for name in (control, arm)}
                         for metric in ("nbv_per_10k", "cost_per_10k"))  # fmt: skip
            paired = _paired(cost[control], cost[arm], branches, control, arm)
            costs = [cost[arm][r][0] - cost[control][r][0] for r in paired]
            gains = [
                _before_cost(net[arm][r][0], net[control][r][0], more) for r, more in zip(paired, costs, strict=True)
            ]
            table.append({"segment": segment, "arm": arm, "control": control} | _return(gains, costs, level))
    return pd.DataFrame(table, columns=list(RETURN_COLUMNS))


def _before_cost(net: float, control: float, cost: float) -> float:
    """Value gained before cost: 0 where the arm only costs, and not what rounding leaves of large amounts."""
    gain = net - control + cost
    return gain if abs(gain) > 1e-12 * (abs(net) + abs(control)) else 0.0


def _return(gains: list[float], costs: list[float], level: float) -> dict[str, float]:
    """Ratio of the mean gain to the mean cost, where there is a cost."""
    unknown = ("value_effect", "cost_effect", "roi", "low", "high", "cost_low", "cost_high")
    found = dict.fromkeys(unknown, math.nan) | {
        "replications": len(costs), "differing": sum(gain != 0.0 for gain in gains),
    }  # fmt: skip
    if not costs:
        return found
    low, high = mean_interval(costs, level)
    found |= {"value_effect": mean(gains), "cost_effect": mean(costs), "cost_low": low, "cost_high": high}
    if found["cost_effect"] > 0.0:
        low, high = ratio_interval(costs, gains, level)
        found |= {"roi": mean(gains) / mean(costs), "low": low, "high": high}
    return found


def to_records(effects: pd.DataFrame) -> list[dict[str, str | int | float | None]]:
    """Rows of an effects table as plain Python values, NaN as None: ready for strict JSON."""
    return [{str(name): _plain(value) for name, value in row.items()} for row in effects.to_dict(orient="records")]


def _plain(value: Any) -> str | int | float | None:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return int(value)


def _check(arms: list[str], segments: list[str], control: str, scope: str, level: float) -> None:
    if not 0.0 < level < 1.0:
        raise InputError(f"confidence level {level}: must lie between 0 and 1, such as 0.95")
    if control not in arms:
        found = ", ".join(arms) or "none"
        raise InputError(f"control {control!r} has no totals of scope {scope!r}; found: {found}")
    if EVERYONE in segments:
        raise InputError(f"segment {EVERYONE!r}: the name is reserved for the sum over segments")


def _values(rows: pd.DataFrame, metrics: Mapping[str, float]) -> dict[_Key, _Series]:
    """Value and denominator by replication, where the denominator is positive.

    Sums are of integers, hence exact in whatever order the rows come.
    """
    import pandas as pd

    wanted = rows[rows["metric"].isin(list(metrics))]
    keys = ["metric", "segment", "arm", "replication"]
    both = pd.concat([wanted.astype({"segment": str}), wanted.assign(segment=EVERYONE)])
    both = both.astype({"metric": str, "arm": str})  # categories would add absent combinations
    sums = both.groupby(keys)[["numerator", "denominator"]].sum()
    values: dict[_Key, _Series] = {}
    for (metric, segment, arm, replication), top, bottom in sums.itertuples(name=None):
        if bottom > 0:
            series = values.setdefault((metric, segment, arm), {})
            series[int(replication)] = metrics[metric] * int(top) / int(bottom), int(bottom)
    return values


def _branches(rows: pd.DataFrame) -> dict[tuple[str, int], frozenset[Any]]:
    """Branches that each arm finished, by (arm, replication).

    A unit may have failed in one arm only, and different sets of branches are no pair.
    """
    seen: dict[tuple[str, int], set[Any]] = {}
    distinct = rows[["arm", "replication", "branch"]].drop_duplicates()
    for arm, replication, branch in distinct.itertuples(index=False, name=None):
        seen.setdefault((str(arm), int(replication)), set()).add(branch)
    return {key: frozenset(found) for key, found in seen.items()}


def _paired(
    base: _Series, treated: _Series, branches: Mapping[tuple[str, int], frozenset[Any]], control: str, arm: str
) -> list[int]:
    """Replications of which both arms have a value, over the same branches."""
    return sorted(r for r in base.keys() & treated.keys() if branches[control, r] == branches[arm, r])


def _estimate(control: list[tuple[float, int]], arm: list[tuple[float, int]], scale: float, level: float) -> _Estimate:
    """Absolute and relative effect of paired values with their denominators, one pair a replication."""
    if not control:
        return _Estimate()
    before, after = [value for value, _ in control], [value for value, _ in arm]
    differences = [treated - base for base, treated in zip(before, after, strict=True)]
    bottoms = [bottom for _, bottom in arm]
    events = [each * bottom / scale for each, bottom in zip(differences, bottoms, strict=True)]
    low, high = mean_interval(differences, level)
    relative = relative_low = relative_high = math.nan
    if base := mean(before):
        sizes = [math.copysign(1.0, base) * value for value in before]  # less of a loss is a gain
        relative = mean(differences) / abs(base) + 0.0  # adding zero turns -0.0 into 0.0
        relative_low, relative_high = ratio_interval(sizes, differences, level)
    return _Estimate(
        control_mean=mean(before),
        arm_mean=mean(after),
        effect=mean(differences),
        low=low,
        high=high,
        relative=relative,
        relative_low=relative_low,
        relative_high=relative_high,
        replications=len(differences),
        differing=sum(difference != 0.0 for difference in differences),
        unseen_bound=unseen_bound(scale, events, sum(bottoms), level),
    )
