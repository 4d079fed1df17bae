"""What no allocation could exceed: the best by someone who knows all leads of all rounds beforehand."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lifesim.workforce.assignment import Floats, Ints, transport

#: Pairs of leads and places above which rounds are taken together.
MOST_PAIRS = 2_000_000


def clairvoyant(
    values: Floats, first: Ints, last: Ints, capacity: Ints, allowed: npt.NDArray[np.bool_] | None = None
) -> float:
    """Upper bound on the summed value of all leads served, by the linear programme of all rounds at once.

    Every lead is served once at most, by one agent in one round in which it waits, and nobody serves more than their
    capacity in a round. Above two million pairs of leads and places in rounds, capacity may be moved between rounds,
    which can only raise the bound.

    Parameters
    ----------
    values
        Of each lead with each agent. Shape (leads, agents).
    first, last
        Rounds in which a lead waits, both included. Shape (leads,).
    capacity
        Leads that each agent can take in each round. Shape (rounds, agents).
    allowed
        Which agents may serve which leads, where not all; of the shape of ``values``.
    """
    if not values.size or not capacity.size:
        return 0.0
    values = np.maximum(values, 0.0) if allowed is None else np.where(allowed, np.maximum(values, 0.0), 0.0)
    ones = np.ones(len(values), np.int64)
    if values.size * len(capacity) > MOST_PAIRS:
        return transport(values, ones, capacity.sum(axis=0)).bound
    rounds = np.arange(len(capacity))
    waits = (first[:, None] <= rounds) & (rounds <= last[:, None])
    spread = waits[:, :, None] * values[:, None, :]
    return transport(spread.reshape(len(values), -1), ones, capacity.ravel()).bound
