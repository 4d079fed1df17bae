"""Leads that come back: an agent took them, no policy came of them in time, and somebody else may claim them."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.scenario.workforce import Recycling
from lifesim.streams import Streams
from lifesim.workforce.leads import CALL, LEAD
from lifesim.workforce.service import MET
from lifesim.workforce.staff import Staff

#: Leads that cool down, as an array of the world: ``asked`` is when they were taken back.
COOLING = "cooling"


def returning(recycling: Recycling, staff: Staff, lost: Any) -> Any:
    """Which of the lost cases come back: those of agents whose lead has not come back too often. Shape (n,).

    Parameters
    ----------
    lost
        Records of ``cases.CASE``. Shape (n,).
    """
    of_agents = staff.rows_of(lost["agent"]) >= len(staff.calls)
    return of_agents & (lost["returned"] < recycling.times)


def taken_back(streams: Streams, lost: Any, campaign: int, now: int) -> Any:
    """Leads of cases that were lost, to be called, each with luck of its own: that of another conversation.

    Parameters
    ----------
    campaign
        Who calls: the desk's place among the campaigns.
    """
    leads = np.zeros(len(lost), LEAD)
    leads["customer"], leads["content"] = lost["customer"], lost["content"]
    leads["returned"], leads["asked"], leads["campaign"] = lost["returned"] + 1, now, campaign
    leads["channel"], leads["source"], leads["grade"] = CALL, lost["source"], lost["grade"] + 1
    leads["graded"], leads["latest"], leads["behaviours"] = lost["handed"], now, lost["behaviours"]
    leads["settled"] = MET
    leads["luck"] = streams.hashes("lead comes back", lost["luck"], leads["returned"])
    return leads
