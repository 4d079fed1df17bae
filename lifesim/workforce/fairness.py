"""How evenly leads are shared out."""

from __future__ import annotations

import numpy as np

from lifesim.workforce.agents import Floats


def gini(amounts: Floats, exposure: Floats) -> float | None:
    """Gini coefficient of amounts for each unit of exposure; none where there are no amounts.

    0 when all agents get the same a day, close to 1 when one gets everything: one less twice the area below the Lorenz
    curve of amounts over exposure (Gini 1912; Lorenz 1905), in order of amounts a unit.

    Parameters
    ----------
    amounts
        Not negative. Shape (n,).
    exposure
        How long each was there; those with 0 do not count. Shape (n,).
    """
    there = exposure > 0
    amounts, exposure = amounts[there], exposure[there]
    if not amounts.sum() > 0:
        return None
    order = np.argsort(amounts / exposure)
    share = np.concatenate([[0.0], np.cumsum(amounts[order])]) / amounts.sum()
    return float(1.0 - ((share[1:] + share[:-1]) * exposure[order]).sum() / exposure.sum())
