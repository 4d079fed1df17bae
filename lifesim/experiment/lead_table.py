"""The table ``leads``: what became of leads by what made them and how they were graded."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.strategy import Practice
from lifesim.workforce.cleaning import CLEANED_LEADS, CLEANING_MEASURES
from lifesim.workforce.leads import DESK, SOURCES
from lifesim.workforce.operation import WORK_DONE
from lifesim.workforce.passage import (
    AGENT_SECONDS,
    GRADE_SECONDS,
    GRADED_FIRST,
    IN_TIME,
    PASSAGE,
    PASSAGES,
    SERVICE_DUE,
    TAKEN_FIRST,
    open_leads,
)
from lifesim.workforce.service import OPEN, late
from lifesim.workforce.tries import TRIES
from lifesim.world.desk import capacity_by_branch
from lifesim.world.world import World

#: Grades as the table calls them, in the order of the counts.
GRADE_NAMES = ("none", "A", "B", "C", "D")


def cleaned(world: World, practice: Practice, branch: int) -> list[dict[str, Any]]:
    """What the seats of one branch that clean leads did, and could have done; none where a practice has no such."""
    if practice.cleaning is None or CLEANED_LEADS not in world.extra:
        return []
    found = dict(zip(CLEANING_MEASURES, world.extra[CLEANED_LEADS][branch].tolist(), strict=True))
    since = int(world.state.counts["fork"][0])
    able = capacity_by_branch(world, practice.staffing, since, world.now, practice.cleaning.seats)
    found["dial_capacity"] = int(able[branch])
    return [{"desk": DESK, "measure": measure, "value": value} for measure, value in found.items()]


def worked(world: World, branch: int) -> list[dict[str, Any]]:
    """Steps that agents of one branch did on leads in hand; none where the scenario has no such work."""
    if WORK_DONE not in world.extra or world.scenario.workforce is None or world.scenario.workforce.operation is None:
        return []
    names = [f"did_{step}" for step, _ in world.scenario.workforce.operation.ordered]
    done = zip([*names, "lost_patience"], world.extra[WORK_DONE][branch].tolist(), strict=True)
    return [{"desk": DESK, "measure": measure, "value": value} for measure, value in done]


def contacted(world: World, practice: Practice, branch: int) -> list[dict[str, Any]]:
    """Leads that were to be contacted in one branch, and those of them in time; none where leads are not counted.

    Those that wait at the end, for longer than the service level allows, are breaches as well; not those in nurture.
    """
    leads = world.scenario.leads
    if PASSAGE not in world.extra or leads is None:
        return []
    counts, missed = world.extra[PASSAGE][branch], 0
    for waiting in (world.extra["leads"], world.extra[TRIES]):
        mine = waiting[world.state.customers["branch"][waiting["customer"]] == branch]
        over = late(mine, leads.contacted, world.now, practice.nurture)
        missed += int(np.count_nonzero(over & (mine["settled"] == OPEN)))
    found = {
        "service_due": int(counts[..., SERVICE_DUE].sum()) + missed,
        "contacted_in_time": int(counts[..., IN_TIME].sum()),
    }
    return [{"desk": DESK, "measure": name, "value": value} for name, value in found.items()]


def passed_on(world: World, branch: int) -> list[dict[str, Any]]:
    """Seconds from behaviour to first grade, and from there to the first conversation, of one branch, and of how many.

    None where leads are not counted. They are sums over sources and grades of the table ``leads``.
    """
    if PASSAGE not in world.extra:
        return []
    counts = world.extra[PASSAGE][branch].sum(axis=(0, 1))
    measures = (("graded", GRADED_FIRST), ("grade_seconds", GRADE_SECONDS), ("taken_first", TAKEN_FIRST),
                ("agent_seconds", AGENT_SECONDS))  # fmt: skip
    return [{"desk": DESK, "measure": name, "value": int(counts[place])} for name, place in measures]


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
