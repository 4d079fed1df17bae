"""What a desk does to customers: calls that answer, and requests that nobody answered."""

from __future__ import annotations

from typing import Any

from lifesim.compiled import compiled_entry
from lifesim.engagement.inbox import put
from lifesim.engagement.sending import wake
from lifesim.engagement.touches import I_UNANSWERED
from lifesim.lifecycle.layout import customer_row, outcome_row, world_at
from lifesim.lifecycle.mind import feel
from lifesim.lifecycle.value import book_cost
from lifesim.population.columns import UNSPOKEN


@compiled_entry
def call(
    customers: Any, lucks: Any, campaigns: Any, contents: Any, steps: Any, leads: Any, channels: Any, times: Any,
    skills: Any, costs: Any, world: int,
) -> None:  # fmt: skip
    """Put the call or chat with each lead on its way; the pool of touches must have room.

    Parameters
    ----------
    customers, lucks, campaigns, contents, steps, channels
        Columns of ``workforce.leads.LEAD``. Shape (n,).
    leads
        What the touch is, bits: see ``population.columns``. Shape (n,).
    times
        Of each call, seconds. Shape (n,).
    skills
        Logarithmic factor on the effect of each conversation. Shape (n,).
    costs
        By channel, fen.
    """
    w = world_at(world, 0)
    for k in range(len(customers)):
        i, cost = customers[k], costs[channels[k]]
        if not leads[k] & UNSPOKEN:
            outcome_row(w, i).sent += 1
            outcome_row(w, i).contact += cost
            book_cost(i, cost, times[k], w)
        put(i, campaigns[k], contents[k], channels[k], lucks[k], steps[k], times[k], leads[k], skills[k], w)
        wake(i, w)


@compiled_entry
def give_up(rows: Any, now: int, world: int) -> None:
    """Customers whose inquiry nobody answered in time."""
    w = world_at(world, 0)
    for k in range(len(rows)):
        customer_row(w, rows[k]).waits = 0
        feel(rows[k], I_UNANSWERED, now, w)
