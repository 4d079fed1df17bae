"""What allocations share: places that agents have free, and leads that take them in turn."""

from collections.abc import Iterator

import numpy as np

from lifesim.strategy import UNASSIGNED, AgentView, IntArray, LeadView, Luck

EVERY_BRANCH = -1
#: Families of needs, in the order of the column `family` of leads.
FAMILIES = ("protection", "health", "wealth")


def places(agents: AgentView, most: int) -> tuple[IntArray, IntArray]:
    """Free places, at most ``most`` for an agent: row of the agent of each, and how many the agent has before it."""
    times = np.minimum(agents.capacity, most)
    rows = np.arange(len(agents)).repeat(times)
    return rows, np.arange(len(rows)) - (times.cumsum() - times).repeat(times)


def in_turn(leads: LeadView, agents: AgentView, order: IntArray, rows: IntArray) -> IntArray:
    """Each lead takes the first place of its branch that is left.

    Parameters
    ----------
    order
        Positions of leads, those that choose first in front.
    rows
        Row of the agent of each place, those that are taken first in front.
    """
    theirs, own = agents.branch[rows], leads.branch[order]
    if len(theirs) and theirs[0] == EVERY_BRANCH:
        own = np.full(len(order), EVERY_BRANCH)
    # Methods of the arrays: the functions of the same names take longer to find them than a few leads to sort.
    by_branch, of_branch = own.argsort(kind="stable"), theirs.argsort(kind="stable")
    own, theirs = own[by_branch], theirs[of_branch]
    place = theirs.searchsorted(own) + np.arange(len(own)) - own.searchsorted(own)
    served = place < theirs.searchsorted(own, side="right")
    answer = np.full(len(leads), UNASSIGNED)
    answer[order[by_branch[served]]] = rows[of_branch[place[served]]]
    return answer


def everyone(leads: LeadView) -> IntArray:
    """Positions of all leads, in the order in which they were graded and asked."""
    return np.arange(len(leads))


def unused(agents: AgentView, rows: IntArray, answer: IntArray) -> IntArray:
    """Which of the places are left after an answer; an agent's places are alike, and the first ones go first."""
    order = np.argsort(rows, kind="stable")
    grouped = rows[order]
    nth = np.empty(len(rows), np.int64)
    nth[order] = np.arange(len(rows)) - np.searchsorted(grouped, grouped)
    used = np.bincount(answer[answer != UNASSIGNED], minlength=len(agents))
    return np.flatnonzero(nth >= used[rows])


def pools(leads: LeadView, agents: AgentView) -> Iterator[tuple[IntArray, IntArray]]:
    """Leads and agents who have them in common: those of each branch with free places."""
    free = agents.capacity > 0
    if len(agents) and agents.branch[0] == EVERY_BRANCH:
        if len(leads) and free.any():
            yield np.arange(len(leads)), np.flatnonzero(free)
        return
    for branch in np.unique(leads.branch):
        rows = np.flatnonzero(free & (agents.branch == branch))
        if len(rows):
            yield np.flatnonzero(leads.branch == branch), rows


def balanced(leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
    """Rows of all free places by what the agent has in hand once they are taken, least first; ties by luck."""
    rows, before = places(agents, len(leads))
    return rows[np.lexsort((luck.of_agents("tie")[rows], agents.load[rows] + before))]
