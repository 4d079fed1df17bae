"""Accounts: what became of customers since the fork, added up by whom it counts to.

Metrics are sums over customers of a branch and a segment; a row of outcomes for each customer would be as much memory
as all hazard clocks. So customers of one kind share a row, an account. A scenario that asks for ``twins`` gives every
customer a row of outcomes besides; the accounts then only say whom it counts to.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from lifesim.population.arrays import zeros
from lifesim.population.columns import OUTCOME
from lifesim.population.state import State

#: Who an account is of: customers present at the fork, those who came since, and of these those who were referred.
PRESENT_AT_FORK, ARRIVED, REFERRED = range(3)
_KINDS = 3
NOBODY = -1


class Accounts(NamedTuple):
    """What accounts stand for, as columns of length n.

    Attributes
    ----------
    credited
        Segment of the customer present at the fork to whom a later friend counts, through whatever chain of friends,
        or the own one; ``NOBODY`` where there is no such customer.
    kind
        ``PRESENT_AT_FORK``, ``ARRIVED`` or ``REFERRED``.
    """

    branch: Any
    segment: Any
    credited: Any
    kind: Any


def credited(state: State, rows: Any, segments: int) -> Any:
    """Segment to which the friends of some customers count. Shape (n,)."""
    return meaning(state.accounts[state.customers["account"][rows]], segments).credited


def meaning(codes: Any, segments: int) -> Accounts:
    """What accounts stand for, from their codes, shape (n,)."""
    rest, kind = np.divmod(codes, _KINDS)
    rest, to = np.divmod(rest, segments + 1)
    branch, segment = np.divmod(rest, segments)
    return Accounts(branch, segment, to + NOBODY, kind)


def assign(state: State, rows: Any, to: Any, kind: Any, segments: int) -> State:
    """The state with customers in ``rows`` assigned to accounts, which are opened where need be.

    Parameters
    ----------
    to, kind
        See ``Accounts``; shape (n,) or one for all.
    """
    c = state.customers
    codes = (c["branch"][rows].astype(np.int64) * segments + c["segment"][rows]) * (segments + 1) + to - NOBODY
    codes = codes * _KINDS + kind
    known = state.accounts
    new = np.setdiff1d(codes, known)
    if len(new):
        known = np.concatenate([known, new])
        state = _opened(state, known)
    order = np.argsort(known)
    c["account"][rows] = order[np.searchsorted(known, codes, sorter=order)]
    return state


def _opened(state: State, codes: Any) -> State:
    if state.counts["twins"][0]:
        return state._replace(accounts=codes)
    outcomes = zeros((len(codes),), OUTCOME)
    outcomes[: len(state.outcomes)] = state.outcomes
    return state._replace(accounts=codes, outcomes=outcomes)


def close_all(state: State) -> State:
    """The state without accounts, and with all outcomes zero."""
    if state.counts["twins"][0]:
        state.outcomes[:] = np.zeros(1, OUTCOME)
        return state._replace(accounts=state.accounts[:0])
    return state._replace(accounts=state.accounts[:0], outcomes=state.outcomes[:0].copy())
