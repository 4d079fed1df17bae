"""Leads in hand whose customers the agents have not reached yet, and whether a try reaches them.

Luck is that of the lead and of the number of the try.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.scenario.operation import Reaching
from lifesim.streams import Streams
from lifesim.workforce.cleaning import connecting
from lifesim.workforce.leads import LEAD

#: Records of ``leads.LEAD`` that an agent has; ``dials`` are tries of the agent, ``due`` is when the next one may be.
TRY = np.dtype([*((name, LEAD[name]) for name in LEAD.names or ()), ("agent", "u8"), ("handed", "i4")], align=True)
#: Array of the world: tries to come, of length 0 where the scenario has none; its customers are held.
TRIES = "tries"


def reaches(reaching: Reaching, streams: Streams, leads: Any) -> Any:
    """Whether the next try reaches the customer of each lead. Shape (n,)."""
    tries = leads["dials"].astype(np.int64)
    return streams.uniforms("agent reaches", leads["luck"], tries) < connecting(reaching, tries)
