"""Paired effects: what an arm changed against the control, over replications.

Both arms of a replication share customers and luck, so the replication is the unit of inference:
one difference per replication, and a t interval over those differences. Customers within a
replication share one market and are never counted as independent evidence here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lifesim.errors import InputError

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
)

_Series = dict[int, float]
"""A metric's value by replication."""


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
        columns where the control's mean is 0, and all figures with no replication at all.

    Raises
    ------
    InputError
        The control has no totals, the level is not between 0 and 1, or a segment is called ``all``.

    Notes
    -----
    With differences ``d_i`` over n replications the interval is ``mean(d) ± t s_d / sqrt(n)``, with
    n - 1 degrees of freedom. The relative effect is the ratio of means ``r = mean(d) / mean(c)``, c
    being the control. Its true value R satisfies ``r - R = mean(d - R c) / mean(c)``, so to first
    order its standard error is that of the mean of the residuals ``d_i - r c_i``, divided by
    ``|mean(c)|`` (delta method for a ratio of paired means; Cochran, Sampling Techniques, 3rd ed.
    1977, chapter 6). It is trustworthy while the control's mean lies many standard errors from 0.
    """
    import pandas as pd

    rows = totals[totals["scope"] == scope]
    arms = [str(arm) for arm in pd.unique(rows["arm"])]
    segments = sorted(str(segment) for segment in pd.unique(rows["segment"]))
    _check(arms, segments, control, scope, level)
    values = _values(rows, metrics)
    branches = _branches(rows)
    table: list[dict[str, Any]] = []
    for metric in metrics:
        for segment in (EVERYONE, *segments):
            base = values.get((metric, segment, control), {})
            for arm in arms:
                if arm == control:
                    continue
                treated = values.get((metric, segment, arm), {})
                paired = sorted(
                    replication
                    for replication in base.keys() & treated.keys()
                    if branches[control, replication] == branches[arm, replication]
                )
                estimate = _estimate(
                    [base[replication] for replication in paired],
                    [treated[replication] for replication in paired],
                    level,
                )
                names = {"metric": metric, "segment": segment, "arm": arm, "control": control}
                table.append(names | vars(estimate))
    return pd.DataFrame(table, columns=list(COLUMNS))


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


def _values(rows: pd.DataFrame, metrics: Mapping[str, float]) -> dict[tuple[str, str, str], _Series]:
    """Value by replication for each (metric, segment, arm), where the denominator is positive.

    Sums are of integers, hence exact in whatever order the rows come.
    """
    import pandas as pd

    wanted = rows[rows["metric"].isin(list(metrics))]
    keys = ["metric", "segment", "arm", "replication"]
    both = pd.concat([wanted.astype({"segment": str}), wanted.assign(segment=EVERYONE)])
    both = both.astype({"metric": str, "arm": str})  # categories would add absent combinations
    sums = both.groupby(keys)[["numerator", "denominator"]].sum()
    values: dict[tuple[str, str, str], _Series] = {}
    for (metric, segment, arm, replication), top, bottom in sums.itertuples(name=None):
        if bottom > 0:
            series = values.setdefault((metric, segment, arm), {})
            series[int(replication)] = metrics[metric] * int(top) / int(bottom)
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


def _estimate(control: list[float], arm: list[float], level: float) -> _Estimate:
    """Absolute and relative effect of paired values, one pair a replication."""
    count = len(control)
    if count == 0:
        return _Estimate()
    differences = [after - before for before, after in zip(control, arm, strict=True)]
    control_mean = _mean(control)
    effect = _mean(differences)
    low, high = _interval(effect, differences, level)
    relative = relative_low = relative_high = math.nan
    if control_mean != 0.0:
        ratio = effect / control_mean
        relative = ratio + 0.0  # adding zero turns -0.0 into 0.0
        residuals = [
            (difference - ratio * before) / control_mean
            for difference, before in zip(differences, control, strict=True)
        ]
        relative_low, relative_high = _interval(relative, residuals, level)
    return _Estimate(
        control_mean=control_mean,
        arm_mean=_mean(arm),
        effect=effect,
        low=low,
        high=high,
        relative=relative,
        relative_low=relative_low,
        relative_high=relative_high,
        replications=count,
    )


def _mean(values: list[float]) -> float:
    """Mean from a correctly rounded sum, so that no library's summation order shows in a result."""
    return math.fsum(values) / len(values)


def _interval(centre: float, sample: list[float], level: float) -> tuple[float, float]:
    """Interval around `centre`, as wide as the t interval of the mean of `sample`."""
    count = len(sample)
    if count < 2:
        return math.nan, math.nan
    mean = _mean(sample)
    variance = math.fsum((value - mean) ** 2 for value in sample) / (count - 1)
    reach = _t_quantile(0.5 + level / 2.0, count - 1) * math.sqrt(variance / count)
    return centre - reach, centre + reach


def _t_quantile(probability: float, degrees: int) -> float:
    from scipy.stats import t

    return float(t.ppf(probability, degrees))
