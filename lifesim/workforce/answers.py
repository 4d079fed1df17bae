"""What an allocation may answer: everyone on duty, within their capacity, among their own customers."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from lifesim.strategy import UNASSIGNED, IntArray

#: Branch of agents and seats that serve customers of every branch.
EVERY_BRANCH = -1


class Staffed(Protocol):
    """Who is there in a slot: an ``AgentView``, or what is behind one."""

    @property
    def tiers(self) -> tuple[str, ...]:
        """Names of the tiers, or of the groups of seats."""
        ...

    def column(self, name: str) -> npt.NDArray[Any]:
        """A column of ``AgentView``. Shape (agents,)."""
        ...


def complaint(given: IntArray, branches: npt.NDArray[np.integer], agents: Staffed) -> str | None:
    """What is wrong with an answer, in words that follow the strategy's name; None for a right one.

    Parameters
    ----------
    given
        Row of the agents for each lead, in range, or ``UNASSIGNED``. Shape (leads,). That no lead goes to two agents
        is in the form of the answer.
    branches
        Branch of each lead's customer. Shape (leads,).
    """
    taken = given != UNASSIGNED
    rows = given[taken]
    off = agents.column("on_duty")[rows] == 0
    if np.count_nonzero(off):
        return f"gives a lead to {_named(agents, int(rows[off][0]))}, who is off duty"
    capacity = agents.column("capacity")
    used = np.bincount(rows, minlength=len(capacity))
    if np.count_nonzero(used > capacity):
        most = int(np.argmax(used - capacity))
        return f"gives {used[most]} leads to {_named(agents, most)}, who can take {capacity[most]}"
    theirs = agents.column("branch")[rows]
    stray = (theirs != EVERY_BRANCH) & (theirs != branches[taken])
    if np.count_nonzero(stray):
        return f"gives a lead of branch {branches[taken][stray][0]} to {_named(agents, int(rows[stray][0]))}"
    return None


def _named(agents: Staffed, row: int) -> str:
    tier, branch = (agents.column(name)[row] for name in ("tier", "branch"))
    return f"agent {row} ({agents.tiers[tier]} of branch {branch})"
