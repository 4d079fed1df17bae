"""What each part of a strategy adds: arms that grow out of each other, each compared with the one before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def ladder(
    totals: pd.DataFrame,
    metrics: Mapping[str, float],
    rungs: Sequence[str],
    scope: str = "present",
    level: float = 0.95,
) -> pd.DataFrame:
    """Compare every arm of a ladder with the arm before it, over all segments.

    The effects of the rungs add up to that of the last arm on the first where every replication finished all of them:
    what a part adds depends on what is there already, and so on the order of the rungs.

    Parameters
    ----------
    totals, metrics, scope, level
        As for `effects.effects`.
    rungs
        Names of arms, from the first on; those without totals are left out.

    Returns
    -------
    DataFrame
        Columns of `effects.COLUMNS`; ``control`` is the arm before.
    """
    import pandas as pd

    from lifesim.experiment.effects import COLUMNS, EVERYONE, effects

    there = set(totals["arm"].astype(str))
    found = []
    for before, arm in pairwise(rung for rung in rungs if rung in there):
        rows = effects(totals[totals["arm"].isin([before, arm])], metrics, before, scope, level)
        found.append(rows[rows["segment"] == EVERYONE])
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(COLUMNS))
