"""Where requests of customers wait for those who answer them: arrays of the world beside its state."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import numpy as np

from lifesim.population.arrays import appended, picked
from lifesim.population.columns import (
    ASK_ADVISER,
    BOOKING,
    CALL,
    ENTER,
    HAND_OVER,
    HAPPENED,
    KEY_BEHAVIOUR,
    NEW_FRIEND,
    NOTIFY,
    PLACE,
    REQUEST,
    SEND,
)
from lifesim.workforce.leads import LEAD
from lifesim.workforce.operation import WORK, WORK_LEFT
from lifesim.workforce.tries import TRIES, TRY

#: By queue, the kinds of requests that go there: whatever journeys and behaviour ask for comes to the pool in the same
#: way.
_QUEUES = {
    "inquiries": (ASK_ADVISER,),
    "friends": (NEW_FRIEND,),
    "calls": (CALL, HAND_OVER, NOTIFY, KEY_BEHAVIOUR),
    "happened": (HAPPENED,),
    "places": (PLACE,),
    "turns": (SEND,),
    "entrants": (ENTER,),
    "bookings": (BOOKING,),
}
_NUMBERS = {name: number for number, name in enumerate(_QUEUES)}
#: Number of the queue of each kind of request.
_QUEUE_OF = np.zeros(1 + max(kind for kinds in _QUEUES.values() for kind in kinds), np.int64)
for _name, _kinds in _QUEUES.items():
    _QUEUE_OF[list(_kinds)] = _NUMBERS[_name]

#: Queues beside those of desks whose customers are held until the next full hour.
HELD = ("places", "turns", "entrants", "bookings", WORK_LEFT, TRIES)


def empty_queues() -> dict[str, Any]:
    """Nobody waits."""
    requests = {name: np.zeros(0, REQUEST) for name in _QUEUES}
    return requests | {"leads": np.zeros(0, LEAD), WORK_LEFT: np.zeros(0, WORK), TRIES: np.zeros(0, TRY)}


def enter(extra: MutableMapping[str, Any], requests: Any) -> None:
    """Let requests wait, each behind the others of its queue. Shape (n,)."""
    queue = _QUEUE_OF[requests["kind"]]
    for name, number in _NUMBERS.items():
        mine = queue == number
        if np.count_nonzero(mine):
            extra[name] = appended(extra[name], picked(requests, mine))
