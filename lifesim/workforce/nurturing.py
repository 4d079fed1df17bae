"""Which leads nobody calls, because the practice nurtures them until they are graded better."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.scenario.leads import Nurture
from lifesim.workforce.leads import CALL


def direct(leads: Any) -> Any:
    """Which leads go to somebody whatever their grade: who asked, who is handed over, who was qualified. Shape (n,)."""
    asked = (leads["inquiry"] == 1) | (leads["told"] > 0) | (leads["channel"] != CALL)
    return asked | (leads["qualified"] == 1)


def nurtured(nurture: Nurture | None, leads: Any) -> Any:
    """Which leads are nurtured, as long as they are graded as they are. Shape (n,).

    Parameters
    ----------
    nurture
        Of the practice; none: nobody is.
    leads
        Records of ``leads.LEAD``. Shape (n,).
    """
    if nurture is None:
        return np.zeros(len(leads), bool)
    return (leads["grade"] > nurture.passes) & ~direct(leads)
