"""The table ``agent_metrics``: metrics of agents by branch and tier, with intervals over replications."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from lifesim.experiment.effects import EVERYONE
from lifesim.experiment.intervals import mean, mean_interval
from lifesim.metrics.agents import AGENT_METRICS, AgentMetric

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "metric", "branch", "tier", "arm", "control", "mean", "low", "high", "effect", "effect_low", "effect_high",
    "replications", "differing",
)  # fmt: skip
_KEYS = ["replication", "branch", "tier", "arm"]
#: Measures of the table ``desks`` that metrics are made of.
OF_DESKS = (
    "granted", "gave_up", "service_due", "contacted_in_time", "dials", "connected", "effective", "qualified", "dropped",
    "dial_capacity", "graded", "grade_seconds", "taken_first", "agent_seconds",
)  # fmt: skip


def agent_metrics(
    agents: pd.DataFrame, desks: pd.DataFrame, control: str, branches: Collection[str], level: float = 0.95
) -> pd.DataFrame:
    """Metrics of every arm by branch and tier, and what each differs from the control.

    Parameters
    ----------
    agents, desks
        The tables of a run.
    branches
        All branches: a replication in which an arm lacks one says nothing about ``all``.
    level
        Confidence level of the intervals.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`; ``all`` stands for all branches, or tiers. A value is the mean over replications, with the
        t interval of `intervals.mean_interval`; effects are paired by replication, and `differing` counts those
        that are not 0. No row where nothing is known, nor where some replication has a numerator over 0, such as
        wages without a policy: a mean over the others would flatter.
    """
    import pandas as pd

    sums = _sums(agents, desks, branches)
    rows: list[dict[str, Any]] = []
    for name, metric in AGENT_METRICS.items():
        values = _values(sums, metric)
        for (branch, tier, arm), by_replication in values.items():
            base = values.get((branch, tier, control), {})
            rows.append(
                {"metric": name, "branch": branch, "tier": tier, "arm": arm, "control": control}
                | _estimate(by_replication, {} if arm == control else base, level)
            )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _sums(agents: pd.DataFrame, desks: pd.DataFrame, branches: Collection[str]) -> pd.DataFrame:
    """Measures in columns, by replication, branch, tier and arm; with rows that add up branches, tiers, and both."""
    import pandas as pd

    wide = agents.pivot_table(index=_KEYS, columns="measure", values="value", aggfunc="sum", sort=False)
    # Of seats there are no months, and of what nobody sold no slots.
    for name, of, where in (
        ("agents_ape_fen", "ape_fen", "agent_days"),
        ("agents_policies", "policies", "agent_days"), ("staff_ape_fen", "ape_fen", "capacity"),
    ):  # fmt: skip
        wide[name] = wide[of].where(wide[where].notna())
    wide = wide.reset_index()
    asked = desks[desks["measure"].isin(OF_DESKS)].assign(tier=EVERYONE)
    asked = asked.pivot_table(index=_KEYS, columns="measure", values="value", aggfunc="sum").reset_index()
    # What nobody did, such as leads that nobody contacted, is in the table of desks alone.
    of_all = wide.drop(columns=[name for name in OF_DESKS if name in wide]).assign(tier=EVERYONE)
    of_tiers = [wide, of_all]
    together = pd.concat([*of_tiers, asked])
    market = together[together.groupby(["arm", "replication"])["branch"].transform("nunique") == len(branches)]
    return pd.concat([together, market.assign(branch=EVERYONE)]).groupby(_KEYS, sort=False).sum(min_count=1)


def _values(sums: pd.DataFrame, metric: AgentMetric) -> dict[tuple[str, str, str], dict[int, float]]:
    """Values by replication, by branch, tier and arm; without those that have no meaning there."""
    known = set(sums.columns)
    if not known >= {*metric.top, *metric.bottom}:
        return {}
    top = sums[list(metric.top)].sum(axis=1, min_count=len(metric.top))
    bottom = sums[list(metric.bottom)].sum(axis=1, min_count=len(metric.bottom)) if metric.bottom else top * 0 + 1
    found: dict[tuple[str, str, str], dict[int, float]] = {}
    endless = set()
    for (replication, branch, tier, arm), up, down in zip(sums.index, top, bottom, strict=True):
        cell = (str(branch), str(tier), str(arm))
        if down > 0 and not math.isnan(up):
            found.setdefault(cell, {})[int(replication)] = metric.scale * float(up) / float(down)
        elif down == 0 and up > 0:
            endless.add(cell)
    return {cell: values for cell, values in found.items() if cell not in endless}


def _estimate(values: dict[int, float], base: dict[int, float], level: float) -> dict[str, Any]:
    """Mean with its interval, and the paired difference from the control with its own."""
    each = [values[r] for r in sorted(values)]
    paired = [values[r] - base[r] for r in sorted(values.keys() & base.keys())]
    return {
        **dict(zip(("mean", "low", "high"), _mean(each, level), strict=True)),
        **dict(zip(("effect", "effect_low", "effect_high"), _mean(paired, level), strict=True)),
        "replications": len(each),
        "differing": sum(difference != 0.0 for difference in paired),
    }


def _mean(values: Sequence[float], level: float) -> tuple[float, float, float]:
    return (mean(values), *mean_interval(values, level)) if values else (math.nan, math.nan, math.nan)
