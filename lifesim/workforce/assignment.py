"""Best assignments of leads to agents with limited capacity, and how far from the best an answer may be.

Where the value of a pair is the product of a value of the lead and a value of the agent, sorting both is best
(rearrangement inequality; Hardy, Littlewood, Polya 1934). Otherwise it is a transportation problem, whose basic
solutions are whole numbers (Dantzig 1951); pairs enter it as their prices ask for them, and the prices bound what any
answer could reach.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lifesim.strategy import UNASSIGNED

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Pairs per kind of leads with which a transportation problem begins at least; prices add as many in the first pass,
#: and twice as many in each further one.
_FIRST = 8
_PASSES = 30
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Plan:
    """An answer and how good it is.

    Attributes
    ----------
    number
        Leads of each kind for each agent, shape (kinds, agents).
    value
        Of the answer.
    bound
        What no answer can exceed.
    """

    number: Ints
    value: float
    bound: float

    @property
    def gap(self) -> float:
        """Share of the bound that the answer may fall short of the best; 0 where it is the best."""
        return max(0.0, 1.0 - self.value / self.bound) if self.bound > 0 else 0.0


def rank_one(leads: Floats, agents: Floats, capacity: Ints) -> Ints:
    """The best answer where a pair is worth ``leads[i] * agents[j]``: the best lead takes the best place, and so on.

    Parameters
    ----------
    leads, agents
        Not negative. Pairs that are worth nothing are left alone.
    capacity
        Leads that each agent can take.

    Returns
    -------
    array
        Agent of each lead, or ``UNASSIGNED``. Shape (leads,).
    """
    best_agents = np.argsort(-agents, kind="stable")
    best_agents = best_agents[agents[best_agents] > 0]
    rows = np.repeat(best_agents, np.minimum(capacity[best_agents], len(leads)))[: len(leads)]
    best_leads = np.argsort(-leads, kind="stable")
    best_leads = best_leads[leads[best_leads] > 0][: len(rows)]
    answer = np.full(len(leads), UNASSIGNED)
    answer[best_leads] = rows[: len(best_leads)]
    return answer


def transport(values: Floats, supply: Ints, capacity: Ints) -> Plan:
    """The most valuable way to bring leads of several kinds to agents.

    Parameters
    ----------
    values
        Of a lead of each kind with each agent, finite. Shape (kinds, agents).
    supply
        Leads of each kind.
    capacity
        Leads that each agent can take.
    """
    agents = values.shape[1]
    chosen = np.zeros(values.shape, bool)
    best = np.argsort(-values, axis=1, kind="stable")
    # As many agents as could take all of the kind.
    before = np.cumsum(capacity[best], axis=1) - capacity[best]
    needed = (before < supply[:, None]) | (np.arange(agents) < _FIRST)
    np.put_along_axis(chosen, best, needed, axis=1)
    chosen &= values > 0
    bound, plan = np.inf, Plan(np.zeros(values.shape, np.int64), 0.0, 0.0)
    for number_of_pass in range(_PASSES):
        number, of_kind, of_agent = _solved(values, supply, capacity, chosen)
        net = values - of_agent
        # Whatever the prices of places: nobody gains more than the places' prices and each lead's best net value.
        bound = min(bound, float(of_agent @ capacity + np.maximum(net.max(axis=1), 0.0) @ supply))
        plan = Plan(number, float((number * values).sum()), bound)
        wanted = (net > of_kind[:, None] + _TOLERANCE * max(1.0, float(values.max()))) & (values > 0) & ~chosen
        if plan.gap <= _TOLERANCE or not wanted.any():
            break
        chosen |= _best_of(wanted, net, _FIRST << number_of_pass)
    return plan


def _best_of(wanted: npt.NDArray[np.bool_], net: Floats, most: int) -> npt.NDArray[np.bool_]:
    """Of the wanted pairs, the best of each kind."""
    most = min(most, wanted.shape[1])
    net = np.where(wanted, net, -np.inf)
    best = np.argpartition(-net, most - 1, axis=1)[:, :most]
    found = np.zeros(wanted.shape, bool)
    found[np.arange(len(net))[:, None], best] = True
    return found & wanted


def _solved(values: Floats, supply: Ints, capacity: Ints, chosen: Any) -> tuple[Ints, Floats, Floats]:
    """Numbers by kind and agent using the chosen pairs only, prices of leads of a kind, prices of places."""
    from scipy.optimize import linprog
    from scipy.sparse import coo_array, vstack

    kind, agent = np.nonzero(chosen)
    n = len(kind)
    number = np.zeros(values.shape, np.int64)
    if not n:
        return number, np.zeros(values.shape[0]), np.zeros(values.shape[1])
    ones, column = np.ones(n), np.arange(n)
    by_kind = coo_array((ones, (kind, column)), shape=(values.shape[0], n))
    by_agent = coo_array((ones, (agent, column)), shape=(values.shape[1], n))
    rows: Any = vstack([by_kind, by_agent]).tocsr()
    limits = np.concatenate([supply, capacity])
    done = linprog(-values[kind, agent], A_ub=rows, b_ub=limits, method="highs-ds")
    if done.status != 0:
        raise ArithmeticError(f"the transportation problem was not solved: {done.message}")
    number[kind, agent] = np.rint(np.asarray(done.x)).astype(np.int64)
    prices = -np.asarray(done.ineqlin.marginals)
    return number, prices[: values.shape[0]], np.maximum(prices[values.shape[0] :], 0.0)


def shared_out(number: Ints, kind: Ints) -> Ints:
    """Agent of each lead, from the numbers by kind and agent; leads of a kind in the order given. Shape (leads,)."""
    answer = np.full(len(kind), UNASSIGNED)
    for k in range(len(number)):
        rows = np.repeat(np.arange(number.shape[1]), number[k])
        answer[np.flatnonzero(kind == k)[: len(rows)]] = rows
    return answer
