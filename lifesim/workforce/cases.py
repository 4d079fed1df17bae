"""What becomes of leads that somebody took: in hand, then a policy or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from types import MappingProxyType
from typing import Any

import numpy as np

from lifesim.population.arrays import appended, picked
from lifesim.strategy import REMEMBERED
from lifesim.workforce.passage import CONVERTED, PASSAGE, conclude, pass_on
from lifesim.workforce.sold import BY_GRADE, RIPE, RIPE_WON
from lifesim.workforce.staff import (
    BY_TIER,
    GOOD,
    GOOD_GRADES,
    LOAD,
    LOST_BY,
    SEEN,
    TAKEN_AGAIN,
    TAKEN_BY,
    WON_BY,
    Staff,
)

CASE = np.dtype(
    [
        ("agent", "u8"),  # key of the row of the staff
        ("luck", "u8"),  # of the lead
        ("customer", "i4"),
        ("handed", "i4"),
        ("grade", "u1"),
        ("content", "u1"),  # what the lead is about
        ("returned", "u1"),  # how often the lead had come back before
        ("source", "u1"),  # what made the lead
        ("chance", "f4"),  # that it becomes a policy, as predicted; -1 where nothing was
        ("uplift", "f4"),  # decisions that a conversation adds, in truth; 0 where nobody asks
        # What was known of it then; 0 where nobody asks.
        *((name, "f4") for name in REMEMBERED if name != "source"),
    ],
    align=True,
)

#: Cases in hand, as arrays of the world: those since the last review apart, so that a slot copies few.
RECENT, IN_HAND = "cases_recent", "cases"
#: Leads taken by grade and what became of them: those that became a policy, and those that did not in time.
GRADED = "graded"
TAKEN, WON, LOST = range(3)

#: Cases that are won, and whose follow-up is not over: of leads taken as late as they were, losses are not known yet.
WON_EARLY = "cases_won_early"
#: Leads whose follow-up is over, the latest of them: what is remembered of each, and what became of it.
PAST = "past_leads"
PAST_LEAD = np.dtype([*CASE.descr, ("won", "u1"), ("concluded", "i4")], align=True)
MOST_PAST = 4_000

#: From customers, shape (n,), to times, shape (n,).
Latest = Callable[[Any], Any]


def none(branches: int) -> dict[str, Any]:
    """No cases yet; counts by branch, grade and outcome."""
    return {
        RECENT: np.zeros(0, CASE), IN_HAND: np.zeros(0, CASE), PAST: np.zeros(0, PAST_LEAD),
        WON_EARLY: np.zeros(0, CASE), GRADED: np.zeros((branches, 4, 3), np.int64),
    }  # fmt: skip


def take(kept: MutableMapping[str, Any], staff: Staff, granted: Any, rows: Any, grades: Any, branch: Any, now: int,
         known: Mapping[str, Any] = MappingProxyType({})) -> None:  # fmt: skip
    """Enter leads that rows of the staff have taken in a slot.

    Parameters
    ----------
    known
        What is remembered of each lead, by the names of the columns of a case. Shape (n,).
    """
    new = np.zeros(len(granted), CASE)
    new["agent"], new["luck"], new["customer"] = staff.key[rows], granted["luck"], granted["customer"]
    new["handed"], new["grade"] = now, grades
    for name in ("content", "returned", "source", "chance"):
        new[name] = granted[name]
    for name, values in known.items():
        new[name] = values
    kept[RECENT] = appended(kept[RECENT], new)
    np.add.at(kept[LOAD], rows, 1)
    np.add.at(kept[GRADED], (branch, grades, TAKEN), 1)
    if BY_TIER in kept:
        np.add.at(kept[BY_TIER], (branch, staff.tier[rows], TAKEN_BY), 1)
        np.add.at(kept[GOOD], rows[grades < GOOD_GRADES], 1)
        np.add.at(kept[BY_GRADE], (branch, staff.tier[rows], grades, TAKEN), 1)
        again = granted["returned"] > 0
        np.add.at(kept[BY_TIER], (branch[again], staff.tier[rows[again]], TAKEN_AGAIN), 1)


def owners(kept: MutableMapping[str, Any], staff: Staff, customers: Any, rows: Any) -> Any:
    """Place in ``rows`` of the agent who has a customer's latest lead in hand; -1 for none. Shape (customers,)."""
    if staff.agents is None:
        return np.full(len(customers), -1)
    held = appended(kept[IN_HAND], kept[RECENT])
    held = picked(held, np.isin(held["customer"], customers))
    held = picked(held, np.lexsort((held["luck"], held["handed"], held["customer"])))
    theirs = np.flatnonzero(rows >= len(staff.calls))
    keys = staff.key[rows[theirs]]
    theirs, keys = theirs[np.argsort(keys)], np.sort(keys)
    held = picked(held, np.isin(held["agent"], keys))
    if not len(held):
        return np.full(len(customers), -1)
    last = np.searchsorted(held["customer"], customers, side="right") - 1
    found = (last >= 0) & (held["customer"][last] == customers)
    return np.where(found, theirs[np.searchsorted(keys, held["agent"][last]) % len(keys)], -1)


def review(
    kept: MutableMapping[str, Any], staff: Staff, latest: Latest, branch: Any, now: int, within: int, fork: int = 0
) -> Any:
    """Conclude cases: won where a policy was issued since the lead was taken, lost where none was in time.

    Returns those that were lost. A win is known at once and a loss at the end of the follow-up, so that wins are more
    than their share of what was concluded lately; what is learned of them waits until both would be known.

    Parameters
    ----------
    latest
        Gives when the latest policy of each of some customers was issued; -1 without one.
    branch
        Of every customer.
    within
        Time after which a case is lost, seconds.
    fork
        When outcomes began to be counted.
    """
    cases = appended(kept[IN_HAND], kept[RECENT])
    won = latest(cases["customer"]) > cases["handed"]
    due = cases["handed"] + within <= now
    lost = ~won & due
    rows = staff.rows_of(cases["agent"])
    over = won | lost
    np.add.at(kept[LOAD], rows[over], -1)
    for which, what, by in ((won, WON, WON_BY), (lost, LOST, LOST_BY)):
        of = branch[cases["customer"][which]]
        np.add.at(kept[GRADED], (of, cases["grade"][which], what), 1)
        if BY_TIER in kept:
            np.add.at(kept[BY_TIER], (of, staff.tier[rows[which]], by), 1)
            np.add.at(kept[BY_GRADE], (of, staff.tier[rows[which]], cases["grade"][which], what), 1)
    pass_on(kept, branch, cases[won], cases["grade"][won] + 1, CONVERTED)
    early = kept[WON_EARLY]
    ripe = early["handed"] + within <= now
    known = appended(early[ripe], cases[due])
    # In the order in which they were taken, so that neither wins nor losses are forgotten first.
    order = np.lexsort((known["luck"], known["handed"]))
    of = np.concatenate([np.ones(int(ripe.sum()), bool), won[due]])
    _learn(kept, staff, branch, known[order], of[order], (now, fork))
    kept[WON_EARLY] = appended(early[~ripe], cases[won & ~due])
    kept[IN_HAND], kept[RECENT] = cases[~over], cases[:0].copy()
    return cases[lost]


def _learn(
    kept: MutableMapping[str, Any], staff: Staff, branch: Any, cases: Any, won: Any, at: tuple[int, int]
) -> None:
    """Write down what became of cases whose follow-up is over, won or not; ``at`` is now and the fork."""
    now, fork = at
    rows: Any = staff.rows_of(cases["agent"])
    everyone, since = np.ones(len(cases), bool), cases["handed"] >= fork
    for which, outcome in ((everyone, 0), (won, 1)):
        np.add.at(kept[SEEN], (rows[which], cases["grade"][which], outcome), 1)
    if BY_GRADE in kept:
        for which, measure in ((since, RIPE), (won & since, RIPE_WON)):
            of = cases[which]
            place: Any = (branch[of["customer"]], staff.tier[rows[which]], of["grade"], measure)
            np.add.at(kept[BY_GRADE], place, 1)
    if PASSAGE in kept:
        conclude(kept, branch, cases, won)
        kept[PAST] = appended(kept[PAST], _past(cases, won, now))[-MOST_PAST:].copy()


def _past(cases: Any, won: Any, now: int) -> Any:
    """Cases as they are remembered. Shape (n,)."""
    past = np.zeros(len(cases), PAST_LEAD)
    for name in CASE.names or ():
        past[name] = cases[name]
    past["won"], past["concluded"] = won, now
    return past
