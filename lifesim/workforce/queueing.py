"""Queues in closed form and in slots: what a desk is held against.

Erlang C: A. K. Erlang, "Solution of some problems in the theory of probabilities of significance in automatic
telephone exchanges", 1917; in the recursive form of Erlang B, which does not overflow.
"""

from __future__ import annotations

import heapq

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def erlang_c(servers: int, load: float) -> float:
    """Probability that an arrival has to wait, with Poisson arrivals, exponential work and patient customers.

    Parameters
    ----------
    servers
        Number of servers, 1 or more.
    load
        Arrivals per unit of time times the mean work of each; below ``servers``.

    Raises
    ------
    ValueError
        When the queue would grow for ever.
    """
    if not 0 <= load < servers:
        raise ValueError(f"a load of {load:g} on {servers} servers: the queue would grow for ever; load must be below")
    blocked = 1.0
    for k in range(1, servers + 1):
        blocked = load * blocked / (k + load * blocked)
    return blocked / (1.0 - load / servers * (1.0 - blocked))


def mean_wait(servers: int, rate: float, work: float) -> float:
    """Mean time until service begins, in the unit of ``work``; of all arrivals, those who do not wait included.

    Parameters
    ----------
    rate
        Arrivals per unit of time.
    work
        Mean work of an arrival.
    """
    return erlang_c(servers, rate * work) * work / (servers - rate * work)


def begins_in_slots(arrivals: Floats, work: Floats, servers: int, slot: float) -> Floats:
    """When service begins, first come first served, where servers take customers at appointments only.

    A server who is done waits for the next appointment; so does a customer who arrives. With a slot of 0 service begins
    as soon as somebody waits and somebody is free.

    Parameters
    ----------
    arrivals
        Ascending times. Shape (n,).
    work
        Of each arrival. Shape (n,).
    slot
        Time between two appointments.
    """
    free = [0.0] * servers
    begins = np.empty(len(arrivals))
    for k, (arrival, each) in enumerate(zip(arrivals.tolist(), work.tolist(), strict=True)):
        soonest = max(arrival, heapq.heappop(free))
        begins[k] = -(-soonest // slot) * slot if slot else soonest
        heapq.heappush(free, begins[k] + each)
    return begins
