"""The service level: whether leads are contacted in time, each settled once.

A lead is settled when somebody talks to the customer first: a conversation with an agent or a seat, or a dial of a seat
that connects. It is a breach if that is too late, as it is when the time is over, or the customer gave up, and nobody
has. Leads that are withdrawn before, because the customer bought or may not be called, are not settled. A lead that is
nurtured is to be contacted by nobody: its time begins anew when it is graded so that it is nurtured no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lifesim.population.arrays import picked
from lifesim.scenario.leads import Nurture
from lifesim.workforce.nurturing import nurtured
from lifesim.workforce.passage import IN_TIME, SERVICE_DUE, pass_on
from lifesim.workforce.staff import BY_TIER, IN_TIME_BY, SETTLED_BY

#: What a lead says of it: nothing yet, a breach of which nobody has talked to the customer, a conversation.
OPEN, OVERDUE, MET = range(3)


def meet(kept: Mapping[str, Any], branches: Any, leads: Any, tiers: Any, times: Any, within: int) -> None:
    """Settle leads whose customers are talked to: in the counts of all leads, and in those of the tier that does it.

    Parameters
    ----------
    branches
        Of all customers.
    leads
        Records of ``leads.LEAD``, which are written to. Shape (n,).
    tiers
        Place in ``Staff.tiers`` of whoever talks to each. Shape (n,).
    times
        When they do. Shape (n,).
    within
        The service level, seconds.
    """
    soon, new = times - _since(leads) <= within, leads["settled"] == OPEN
    for measure, of in ((SERVICE_DUE, new), (IN_TIME, new & soon)):
        pass_on(kept, branches, picked(leads, of), leads["grade"][of], measure)
    if BY_TIER in kept:
        first = leads["settled"] != MET
        for measure, of in ((SETTLED_BY, first), (IN_TIME_BY, first & soon)):
            np.add.at(kept[BY_TIER], (branches[leads["customer"][of]], tiers[of], measure), 1)
    leads["settled"] = MET


def late(leads: Any, within: int, now: int, nurture: Nurture | None) -> Any:
    """Whose time is over, of leads that somebody waits with. Shape (n,).

    Parameters
    ----------
    within
        The service level, seconds.
    nurture
        Of the practice, if there is one.
    """
    return (_since(leads) + within < now) & ~nurtured(nurture, leads)


def _since(leads: Any) -> Any:
    """Since when each lead is to be contacted. Shape (n,)."""
    return np.maximum(leads["asked"], leads["back"])


def miss(kept: Mapping[str, Any], branches: Any, leads: Any, which: Any = True) -> None:
    """Settle leads as breaches, all or some, but for those that are settled already."""
    new = np.flatnonzero(which & (leads["settled"] == OPEN))
    if not len(new):
        return
    pass_on(kept, branches, picked(leads, new), leads["grade"][new], SERVICE_DUE)
    leads["settled"][new] = OVERDUE
