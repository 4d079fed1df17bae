"""What becomes of leads, by where they came from and how they were graded.

Every lead is counted under its latest grade, so that at any time those created are those converted, lost, withdrawn,
and still open: in the pool, in hand, or cooling down. Counted where the scenario says how leads are made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lifesim.population.arrays import picked
from lifesim.workforce.leads import SOURCES

#: Array of the world: branch, source, grade (0 not graded, then A to D) and measure.
PASSAGE = "lead_passage"
#: Converted: a policy in time. Lost: the customer gave up, was dropped, or took no policy in time. Withdrawn: nobody of
#: us had time, the customer had bought already, or may not be called. Seconds are from the behaviour to the first
#: grade of those graded, and from there to the conversation of those taken for the first time.
#: Concluded are those that an agent or a seat took and whose follow-up is over, won or not; the next three are of those
#: of them for which a chance was predicted: how many, the sum of chances, policies. Uplift is the sum of decisions that
#: conversations add, in truth. Policies are those of all that were concluded; they count as converted as soon as the
#: insurer sees it. Due are leads of which it is settled whether they were contacted within the service level, and in
#: time those that were, see ``workforce.service``.
PASSAGES = (
    "created", "converted", "lost", "withdrawn", "graded", "grade_seconds", "taken", "agent_seconds",
    "concluded", "predicted", "chance_micro", "came_true", "uplift_micro", "in_time",
    "policies", "service_due",
)  # fmt: skip
(CREATED, CONVERTED, LEAD_LOST, WITHDRAWN, GRADED_FIRST, GRADE_SECONDS, TAKEN_FIRST, AGENT_SECONDS,
 CONCLUDED, PREDICTED, CHANCE, CAME_TRUE, UPLIFT, IN_TIME, POLICIES,
 SERVICE_DUE) = range(len(PASSAGES))  # fmt: skip
MICRO = 1_000_000
GRADES_AND_NONE = 5


def nothing_passed(branches: int) -> dict[str, Any]:
    """No leads yet."""
    return {PASSAGE: np.zeros((branches, len(SOURCES), GRADES_AND_NONE, len(PASSAGES)), np.int64)}


def pass_on(kept: Mapping[str, Any], branches: Any, leads: Any, grades: Any, measure: int, amounts: Any = 1) -> None:
    """Add to a measure of leads, or of cases of them, where such are counted.

    Parameters
    ----------
    kept
        Arrays of the world.
    branches
        Of all customers.
    leads
        Records with ``customer`` and ``source``. Shape (n,).
    grades
        Counted from 1; 0 before any. Shape (n,).
    amounts
        Whole numbers, one or of shape (n,).
    """
    if PASSAGE in kept and len(leads):
        np.add.at(kept[PASSAGE], (branches[leads["customer"]], leads["source"], grades, measure), amounts)


def regrade(kept: Mapping[str, Any], branches: Any, leads: Any, grades: Any, now: int) -> None:
    """Give leads a grade, counted from 1, and move them to it in the counts."""
    pass_on(kept, branches, leads, leads["grade"], CREATED, -1)
    leads["grade"], leads["looked"] = grades, now
    pass_on(kept, branches, leads, grades, CREATED)
    new = leads["graded"] == 0
    leads["graded"][new] = now
    first = picked(leads, new)
    pass_on(kept, branches, first, grades[new], GRADED_FIRST)
    pass_on(kept, branches, first, grades[new], GRADE_SECONDS, now - first["asked"])


def conclude(kept: Mapping[str, Any], branches: Any, cases: Any, won: Any) -> None:
    """Count cases whose follow-up is over: what was expected of them, and what they became.

    Parameters
    ----------
    cases
        Records of ``cases.CASE``, whose grades are counted from 0. Shape (n,).
    won
        Which of them became a policy. Shape (n,).
    """
    grades = cases["grade"] + 1
    foreseen = cases["chance"] >= 0
    chance, uplift = (np.rint(MICRO * cases[name].astype(float)).astype(np.int64) for name in ("chance", "uplift"))
    for which, measure, amounts in (
        (won, POLICIES, None), (None, CONCLUDED, None), (foreseen, PREDICTED, None), (foreseen, CHANCE, chance),
        (foreseen & won, CAME_TRUE, None), (None, UPLIFT, uplift),
    ):  # fmt: skip
        of = slice(None) if which is None else which
        pass_on(kept, branches, cases[of], grades[of], measure, 1 if amounts is None else amounts[of])


def begin_anew(kept: Mapping[str, Any]) -> None:
    """Forget what is over: from the fork on those count that are open then, and those that come."""
    if PASSAGE in kept:
        counts = kept[PASSAGE]
        counts[..., CREATED] = open_leads(counts)
        counts[..., CREATED + 1 :] = 0


def open_leads(counts: Any) -> Any:
    """Leads that wait, are in hand, or cool down, from the other counts."""
    return counts[..., CREATED] - counts[..., CONVERTED] - counts[..., LEAD_LOST] - counts[..., WITHDRAWN]
