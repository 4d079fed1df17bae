"""What a desk does to customers: calls that answer, and requests that nobody answered."""

from __future__ import annotations

from typing import Any

from lifesim.compiled import compiled_entry
from lifesim.engagement.sending import wake
from lifesim.engagement.touches import I_UNANSWERED, put
from lifesim.lifecycle.layout import customer_row, outcome_row, world_at
from lifesim.lifecycle.mind import feel
from lifesim.lifecycle.value import book_cost


@compiled_entry
def call(leads: Any, offsets: Any, skills: Any, channel: int, cost: int, world: int) -> None:
    """Put a call to each lead on its way; the pool of touches must have room.

    Parameters
    ----------
    leads
        Records of ``workforce.leads.LEAD``.
    offsets
        Time of each call, seconds.
    skills
        Logarithmic factor on the effect of each conversation.
    cost
        Of a call, fen.
    """
    w = world_at(world, 0)
    for k in range(len(leads)):
        lead = leads[k]
        i = lead["customer"]
        outcome_row(w, i).sent += 1
        outcome_row(w, i).contact += cost
        book_cost(i, cost, offsets[k], w)
        put(i, lead["campaign"], lead["content"], channel, lead["luck"], offsets[k], lead["inquiry"], skills[k], w)
        wake(i, w)


@compiled_entry
def give_up(rows: Any, now: int, world: int) -> None:
    """Customers whose inquiry nobody answered in time."""
    w = world_at(world, 0)
    for k in range(len(rows)):
        customer_row(w, rows[k]).waits = 0
        feel(rows[k], I_UNANSWERED, now, w)


def free_touches(state: Any) -> int:
    """Free places in the pool of touches."""
    return int((state.touches["customer"] < 0).sum())
