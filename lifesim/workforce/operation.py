"""Work that agents still have on leads in hand: which step is next, when, and who does it in a slot."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.scenario.operation import Operation

WORK = np.dtype(
    [
        ("agent", "u8"),  # key of the agent
        ("luck", "u8"),  # of the lead
        ("customer", "i4"),
        ("handed", "i4"),
        ("due", "i4"),  # from when on the next step can be done
        ("step", "u1"),  # place of it in ``Operation.ordered``
        ("left", "u1"),  # slots that it still takes
        ("inquiry", "u1"),  # whether the customer asked
    ],
    align=True,
)
#: Array of the world: work on leads in hand, of length 0 where the scenario has none; its customers are held.
WORK_LEFT = "work"
#: Steps done by branch and step since the fork; the last column counts customers who gave up.
WORK_DONE = "work_done"


def begun(operation: Operation, taken: Any, agents: Any, now: int) -> Any:
    """Work on leads that agents have just contacted first.

    Parameters
    ----------
    taken
        Records of ``leads.LEAD``. Shape (n,).
    agents
        Keys of the agents. Shape (n,).
    """
    work = np.zeros(len(taken), WORK)
    work["agent"], work["luck"], work["customer"], work["handed"] = agents, taken["luck"], taken["customer"], now
    work["inquiry"] = taken["inquiry"]
    first = operation.ordered[0][1]
    work["due"], work["left"] = now + first.after, first.slots
    return work


def chosen(work: Any, rows: Any, room: Any, able: Any) -> Any:
    """Positions of the work that is done in a slot: of each agent as much as fits, what is closest to its end first.

    Parameters
    ----------
    rows
        Of the agents of the work. Shape (n,).
    room
        Slots that each row of the staff has now. Shape (staff,).
    able
        What can be done now. Shape (n,).
    """
    due = np.flatnonzero(able)
    step = work["step"][due].astype(np.int64)
    return fitting(due[np.lexsort((work["luck"][due], work["due"][due], -step, rows[due]))], rows, room)


def fitting(order: Any, rows: Any, room: Any) -> Any:
    """Of positions in an order that keeps each agent's together, as many of each as fit into the slot.

    Parameters
    ----------
    rows, room
        As in ``chosen``.
    """
    mine = rows[order]
    nth = np.arange(len(order)) - np.searchsorted(mine, mine)
    return order[nth < room[mine]]


def go_on(operation: Operation, work: Any, which: Any, now: int) -> tuple[Any, Any]:
    """Spend a slot on some of the work; positions of steps that are done by it, and of work that is over with them."""
    work["left"][which] -= 1
    done = which[work["left"][which] == 0]
    steps = [each for _, each in operation.ordered]
    after = np.array([*(step.after for step in steps[1:]), 0])
    slots = np.array([*(step.slots for step in steps[1:]), 0])
    step = work["step"][done]
    work["due"][done], work["left"][done] = now + after[step], slots[step]
    return done, done[step == len(steps) - 1]
