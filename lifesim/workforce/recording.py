"""Recording of sales (双录): whoever sold a long-term policy spends slots on it; short cover takes none.

The slots are owed from the weekly book of sales on, and worked off before anything else.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import numpy as np

from lifesim.scenario import Scenario
from lifesim.workforce.agents import Ints
from lifesim.workforce.shift import Shift
from lifesim.workforce.staff import BY_TIER, RECORDING_SLOTS, Staff

#: Array of the world: slots that each row of the staff owes; there where agents sell what is recorded.
OWED = "recordings_owed"


def nothing_owed(scenario: Scenario, staff: Staff) -> dict[str, Any]:
    """The array at the start of a world; none where no sale of an agent is recorded."""
    recorded = any(product.recording for product in scenario.products.values())
    return {OWED: np.zeros(len(staff), np.int64)} if recorded and staff.agents is not None else {}


def owe(kept: MutableMapping[str, Any], staff: Staff, rows: Any, own: Any, slots: Any) -> None:
    """Enter what agents sold from leads of head office; own business is recorded in the time for it.

    Parameters
    ----------
    rows
        Of the staff who sold each policy, or -1. Shape (n,).
    own, slots
        Whether it was own business, and slots that its recording takes. Shape (n,).
    """
    if OWED in kept:
        mine = (rows >= len(staff.calls)) & ~own
        np.add.at(kept[OWED], rows[mine], slots[mine])


def forget_leavers(kept: MutableMapping[str, Any], staff: Staff, now: int) -> None:
    """Nobody records the sales of agents who have left."""
    if OWED in kept and staff.agents is not None:
        kept[OWED][len(staff.calls) :][staff.agents.until <= now] = 0


def work_off(kept: MutableMapping[str, Any], staff: Staff, shift: Shift) -> Ints:
    """Record as much as fits into a slot; slots that it takes of each row of the staff. Shape (staff,)."""
    used = np.zeros(len(staff), np.int64)
    used[shift.rows] = np.minimum(kept[OWED][shift.rows], shift["capacity"])
    kept[OWED] -= used
    rows: Any = np.flatnonzero(used)
    place: Any = (staff.branch[rows], staff.tier[rows], RECORDING_SLOTS)
    np.add.at(kept[BY_TIER], place, used[rows])
    return used
