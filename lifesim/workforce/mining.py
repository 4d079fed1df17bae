"""Leads that come of what customers did."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.scenario import Scenario
from lifesim.scenario.leads import BEHAVIOURS
from lifesim.streams import Streams
from lifesim.workforce.leads import CALL, LEAD, MINED


def found(scenario: Scenario, streams: Streams, keys: Any, requests: Any, campaign: int) -> Any:
    """Leads from the kernel's requests, each with luck of its own: of the customer, the behaviour and the moment.

    Parameters
    ----------
    keys
        Of the customers. Shape (n,).
    requests
        Records of ``population.columns.REQUEST``. Shape (n,).
    campaign
        Who calls: the desk's place among the campaigns.
    """
    assert scenario.leads is not None
    leads = np.zeros(len(requests), LEAD)
    leads["customer"], leads["asked"], leads["campaign"] = requests["customer"], requests["time"], campaign
    leads["gives_up"], leads["channel"] = requests["time"] + scenario.leads.waits, CALL
    leads["behaviours"], leads["latest"] = 1, requests["time"]
    for k, behaviour in enumerate(BEHAVIOURS):
        of = np.flatnonzero(requests["detail"] == k)
        if len(of):
            leads["content"][of] = list(scenario.contents).index(scenario.leads.mined[behaviour].content)
            leads["luck"][of] = streams.hashes(f"lead of {behaviour}", keys[of], requests["time"][of])
            leads["source"][of] = MINED + k
    return leads


def notice(waiting: Any, again: Any) -> None:
    """Note further behaviour of customers who are leads of behaviour, or have inquired, already.

    Parameters
    ----------
    waiting
        Leads in the pool, which are written to.
    again
        Leads that are not made, in the order of time.
    """
    order = np.argsort(waiting["customer"], kind="stable")
    first = np.searchsorted(waiting["customer"], again["customer"], sorter=order)
    known = np.flatnonzero(first < len(waiting))
    mine = order[first[known]]
    same = waiting["customer"][mine] == again["customer"][known]
    mine, times = mine[same], again["asked"][known[same]]
    more = np.bincount(mine, minlength=len(waiting))
    waiting["behaviours"] = np.minimum(waiting["behaviours"] + more, 255)
    np.maximum.at(waiting["latest"], mine, times)


def first_of_each(customers: Any, busy: Any) -> Any:
    """Which leads are of customers who have none: the first of each customer. Shape (n,).

    Parameters
    ----------
    customers
        Rows of the customers, in the order of time. Shape (n,).
    busy
        Rows of those who have a lead that waits, is in hand, or cools down.
    """
    first = np.zeros(len(customers), bool)
    first[np.unique(customers, return_index=True)[1]] = True
    return first & ~np.isin(customers, busy)
