"""Seats that dial leads before an agent gets them: who is dialled by whom, and what comes of it.

Luck is that of the lead and of the number of the dial. The seat enters through the probability alone, so that a better
seat never qualifies fewer of those who are deciding, nor more of the others, and another seat changes nobody's luck.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from lifesim.scenario.leads import Dialling
from lifesim.scenario.operation import Reaching
from lifesim.streams import Streams
from lifesim.workforce.answers import EVERY_BRANCH

#: Array of the world: branch and measure, counted from the fork on.
CLEANED_LEADS = "cleaned_leads"
#: Effective are dials that connected and left the lead qualified or to be called later; dropped, leads that were given
#: up after a conversation or after the last dial.
CLEANING_MEASURES = ("dials", "connected", "effective", "qualified", "dropped", "later")
DIALS, CONNECTIONS, EFFECTIVE, QUALIFIED, DROPPED, LATER = range(len(CLEANING_MEASURES))


class Dialled(NamedTuple):
    """What came of dials, which exclude each other but for the first. Shape (n,) each."""

    connected: Any
    qualified: Any
    later: Any


def seats_of(branches: Any, seat_branches: Any, calls: Any, skill: Any) -> Any:
    """Seat that dials each lead, the first leads by the most skilled seats; -1 where none is left. Shape (leads,).

    Parameters
    ----------
    branches
        Of the leads, those that are dialled first in front.
    seat_branches, calls, skill
        Of the seats: their branch, what they can dial now, and their skill. Shape (seats,).
    """
    answer = np.full(len(branches), -1)
    best = np.argsort(-skill, kind="stable")
    for branch in np.unique(seat_branches):
        mine = best[seat_branches[best] == branch]
        # No seat needs more room than there are leads, however many calls it has time for.
        free = np.repeat(mine, np.clip(calls[mine], 0, len(branches)))
        leads = np.arange(len(branches)) if branch == EVERY_BRANCH else np.flatnonzero(branches == branch)
        leads = leads[: len(free)]
        answer[leads] = free[: len(leads)]
    return answer


def connecting(dialling: Dialling | Reaching, dials: Any) -> Any:
    """Chance that a dial of a seat, or of an agent, connects, by how many there were before. Shape (n,)."""
    shape = np.array(dialling.by_dial) / dialling.by_dial[0]
    return np.minimum(dialling.connects * shape[np.minimum(dials, len(shape) - 1)], 1.0)


def qualifying(dialling: Dialling, deciding: Any, skill: Any) -> Any:
    """Chance that a seat qualifies a customer it talks to. Shape (n,).

    Parameters
    ----------
    deciding
        Whether the customer is deciding, in truth.
    skill
        Added to the log-odds where this is right, and taken off where not.
    """
    with np.errstate(divide="ignore"):
        odds = [
            np.log(share) - np.log1p(-share) for share in (np.float64(dialling.deciding), np.float64(dialling.others))
        ]
    return 1.0 / (1.0 + np.exp(-np.where(deciding, odds[0] + skill, odds[1] - skill)))


def dialled(dialling: Dialling, streams: Streams, leads: Any, deciding: Any, skill: Any) -> Dialled:
    """What comes of dialling leads once.

    Parameters
    ----------
    leads
        Records of ``leads.LEAD``. Shape (n,).
    deciding, skill
        As in ``qualifying``; skill is that of each lead's seat.
    """
    luck, dials = leads["luck"], leads["dials"].astype(np.int64)
    connected = streams.uniforms("dial connects", luck, dials) < connecting(dialling, dials)
    qualified = connected & (streams.uniforms("lead qualifies", luck, dials) < qualifying(dialling, deciding, skill))
    later = connected & ~qualified & (streams.uniforms("called later", luck, dials) < dialling.later)
    return Dialled(connected, qualified, later)
