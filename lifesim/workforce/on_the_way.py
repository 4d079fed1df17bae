"""Slots that a visit takes beside the one in which it is made: whoever is on the way takes nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lifesim.workforce.agents import Ints, room
from lifesim.workforce.staff import Staff


def slots_on_the_way(staff: Staff, rows: Any, until: Any, now: int, slots: Callable[[int], Any]) -> Ints:
    """Slots for leads that agents would have had from the next slot on, until they are back. Shape (n,).

    Parameters
    ----------
    rows
        Of the agents in the staff. Shape (n,).
    until
        When each is back; slots that begin before are lost. Shape (n,).
    slots
        From a time to the first slot that begins at or after it, and whether each tier works on its day; None without.
    """
    workforce, lost = staff.scenario.workforce, np.zeros(len(rows), np.int64)
    if workforce is None or staff.agents is None or not len(rows):
        return lost
    agents = staff.agents.take(rows - len(staff.calls))
    following = slots(now + 1)
    while following is not None and following[0] < until.max():
        at, works = following
        away = (at < until) & (at < agents.until)
        lost += np.where(away, room(workforce, staff.scenario.desk.slot, agents, at, works), 0)
        following = slots(at + 1)
    return lost
