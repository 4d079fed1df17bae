"""The table ``leads``: what became of leads by what made them and how they were graded."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.workforce.leads import SOURCES
from lifesim.workforce.passage import PASSAGE, PASSAGES, open_leads
from lifesim.world.world import World

#: Grades as the table calls them, in the order of the counts.
GRADE_NAMES = ("none", "A", "B", "C", "D")


def lead_rows(world: World, branch: int) -> list[dict[str, Any]]:
    """Rows of one branch; none where the scenario does not say how leads are made."""
    if PASSAGE not in world.extra:
        return []
    counts = world.extra[PASSAGE][branch]
    still_open = open_leads(counts)
    rows = []
    for source, grade in zip(*np.nonzero(counts.any(axis=2)), strict=True):
        found = dict(zip(PASSAGES, counts[source, grade].tolist(), strict=True))
        found["open"] = int(still_open[source, grade])
        labels = {"source": SOURCES[source], "grade": GRADE_NAMES[grade]}
        rows += [labels | {"measure": measure, "value": value} for measure, value in found.items()]
    return rows
