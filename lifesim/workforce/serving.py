"""Who serves whom: policyholders have an agent; when the agent leaves, they are orphans until somebody takes over."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.population.columns import NEVER
from lifesim.scenario.workforce import Departures, Reassignment
from lifesim.streams import Streams
from lifesim.workforce.agents import Floats, Ints
from lifesim.workforce.staff import Staff

#: Arrays of the world: row of the staff who serves each customer, shape (customers,); customers whose agent has left.
SERVING, ORPHANS = "serving", "orphans"
#: Who serves customers whom nobody serves.
NOBODY = -1

ORPHAN_OF = np.dtype(
    [
        ("customer", "i4"),
        ("since", "i4"),  # when the agent left
        ("follows", "i4"),  # when the customer follows the agent, unless that is prevented; NEVER
        ("left", "i4"),  # row of the agent who left; NOBODY of orphans of the start
        ("told", "u1"),  # of a new agent, and would follow the old one nevertheless
    ],
    align=True,
)


def chosen(staff: Staff, streams: Streams, keys: Any, branches: Any, rows: Ints, weights: Floats) -> Ints:
    """Row of the staff who serves each of some customers; ``NOBODY`` where none of ``rows`` is of the branch.

    A race of exponential times, one for each customer and agent: chances are proportional to weights, and another
    agent takes over customers, but moves none between the others.

    Parameters
    ----------
    keys, branches
        Of the customers. Shape (n,).
    rows, weights
        Of those among whom one is chosen; weights above 0. Shape (m,).
    """
    answer = np.full(len(keys), NOBODY)
    for branch in np.unique(branches):
        of = np.flatnonzero(branches == branch)
        first = np.full(len(of), np.inf)
        for row, weight in zip(*(each[staff.branch[rows] == branch] for each in (rows, weights)), strict=True):
            time = -np.log(streams.uniforms("serving agent", keys[of], staff.key[row], again=True)) / weight
            sooner = time < first
            first[sooner], answer[of[sooner]] = time[sooner], row
    return answer


def present(staff: Staff, now: int) -> tuple[Ints, Floats]:
    """Agents who are there and serve policyholders, and their weights. Shape (m,) each."""
    workforce = staff.scenario.workforce
    assert workforce is not None
    weight = np.array([0.0] * len(staff.scenario.desk.seats) + [tier.serves for tier in workforce.tiers.values()])
    rows = staff.present(now)
    weights = weight[staff.tier[rows]]
    return rows[weights > 0], weights[weights > 0]


def successors(staff: Staff, to: str, now: int) -> Ints:
    """Rows of a tier of agents, or a group of seats, who are there. Shape (m,)."""
    rows = staff.present(now)
    mine: Ints = rows[staff.tier[rows] == staff.tiers.index(to)]
    return mine


def room(staff: Staff, serving: Any, hold: Any, rows: Ints) -> Ints:
    """Orphans whom some rows of the staff can still take over. Shape (m,).

    Whoever they serve in another way, as buyers or through a journey, is never turned away, but takes up room.

    Parameters
    ----------
    serving, hold
        Of all customers: who serves them, and whether they hold a policy; those who do not need no service.
    rows
        Of the staff. Shape (m,).
    """
    served = np.bincount(serving[hold & (serving != NOBODY)], minlength=len(staff))
    left: Ints = np.maximum(staff.looks_after[rows] - served[rows], 0)
    return left


def due(records: Any, reassign: Reassignment, now: int) -> tuple[Ints, Any]:
    """Orphans whom it is time to tell of somebody else, and since when they are orphans. Shape (n,) each."""
    waited = (records["told"] == 0) & (records["since"] + reassign.after <= now)
    customers, first = np.unique(records["customer"][waited], return_index=True)
    return customers.astype(np.int64), records["since"][waited][first]


def taken_over(staff: Staff, streams: Streams, keys: Any, branches: Any, since: Any, rows: Ints, places: Ints) -> Ints:
    """Row of the staff who takes over each orphan; ``NOBODY`` of those for whom nobody of the branch has room.

    Whoever has been an orphan for longest comes first, and among equals it is their own luck. Those who are taken over
    go to whom `chosen` gives them among those with room; more room takes over more of them, and the same ones first.

    Parameters
    ----------
    keys, branches, since
        Of the orphans, and since when they are. Shape (n,).
    rows, places
        Of the staff who may take over, all alike, and how many each. Shape (m,).
    """
    answer = np.full(len(keys), NOBODY)
    turn = np.lexsort((streams.uniforms("turn of an orphan", keys, again=True), since))
    for branch in np.unique(branches):
        mine = staff.branch[rows] == branch
        here, left = rows[mine], places[mine].copy()
        waiting = turn[branches[turn] == branch]
        waiting = waiting[: min(len(waiting), int(left.sum()))]
        while len(waiting):
            free = np.flatnonzero(left)
            alike = np.ones(len(free))
            first = chosen(staff, streams, keys[waiting], branches[waiting], here[free], alike)
            for k in free:
                took = waiting[first == here[k]][: left[k]]
                answer[took] = here[k]
                left[k] -= len(took)
            waiting = waiting[answer[waiting] == NOBODY]
    return answer


def owners(staff: Staff, serving: Any, customers: Any, rows: Ints) -> Ints:
    """Place in ``rows`` of who serves each customer, if that is somebody who takes leads; -1 for none. Shape (n,).

    Parameters
    ----------
    serving
        As in the book; customers who have joined since it was last kept have nobody.
    rows
        Of the staff who are there.
    """
    workforce = staff.scenario.workforce
    assert workforce is not None
    takes = [True] * len(staff.scenario.desk.seats)
    takes += [tier.leads_a_day * tier.willing > 0 for tier in workforce.tiers.values()]
    place = np.full(len(staff) + 1, NOBODY)  # the last is that of nobody
    here = np.flatnonzero(np.array(takes)[staff.tier[rows]])
    place[rows[here]] = here
    known = np.flatnonzero(customers < len(serving))
    answer = np.full(len(customers), NOBODY)
    answer[known] = place[serving[customers[known]]]
    return answer


def orphans_of_start(customers: Any) -> Any:
    """Records of customers whose agent left before the world began: they do not follow any more."""
    records = np.zeros(len(customers), ORPHAN_OF)
    records["customer"], records["follows"], records["left"] = customers, NEVER, NOBODY
    return records


def orphaned(departures: Departures, staff: Staff, streams: Streams, customers: Any, keys: Any, left: Any) -> Any:
    """Records of customers whose agent has left, with what becomes of them if nothing is done.

    Parameters
    ----------
    customers, keys
        Rows and keys of the customers. Shape (n,).
    left
        Row of the staff of the agent of each. Shape (n,).
    """
    assert staff.agents is not None
    records = np.zeros(len(customers), ORPHAN_OF)
    records["customer"], records["left"] = customers, left
    records["since"] = staff.agents.until[left - len(staff.calls)]
    follow = streams.uniforms("follows the agent", keys, staff.key[left]) < departures.follow
    after = -np.log(streams.uniforms("time until following", keys, staff.key[left])) * departures.within
    records["follows"] = np.where(follow, np.minimum(records["since"] + after, NEVER), NEVER)
    return records


def told_of_another(extra: dict[str, Any], staff: Staff, streams: Streams, keys: Any, customers: Any) -> None:
    """Orphans learn of a new agent: those whom that keeps do not follow the old one any more.

    Parameters
    ----------
    extra
        Arrays of the world.
    keys
        Of all customers.
    customers
        Rows of those who are told.
    """
    workforce, records = staff.scenario.workforce, extra[ORPHANS]
    assert workforce is not None
    if not len(customers):
        return
    told = np.isin(records["customer"], customers) & (records["told"] == 0)
    records["told"][told] = 1
    stays = np.zeros(len(records), bool)
    of = keys[records["customer"][told]]
    stays[told] = ~still_follow(workforce.departures, staff, streams, of, records[told])
    extra[ORPHANS] = records[~stays]


def still_follow(departures: Departures, staff: Staff, streams: Streams, keys: Any, records: Any) -> Any:
    """Whether orphans who have been told of a new agent would follow the old one nevertheless. Shape (n,)."""
    would = records["follows"] < NEVER
    of_agent = staff.key[records["left"]]
    return would & (streams.uniforms("kept by a new agent", keys, of_agent, again=True) >= departures.kept)
