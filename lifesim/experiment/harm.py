"""How many customers are worse off in an arm than in the control, and how many better off: each beside themselves.

Who they are depends on the coupling of the arms, see `twins`: the counts are those of customers with the same luck in
both worlds. Another coupling with the same effects on average may well give others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lifesim.population.columns import CAUSE_DIED, LOST, PRESENT
from lifesim.world.outcomes import outcomes_of
from lifesim.world.world import World


@dataclass(frozen=True)
class Ends:
    """What became of the customers present at the fork, rows as in every other arm.

    Attributes
    ----------
    customers
        How many there were.
    lost
        Lost at the end, and not by death: bits, eight customers a byte.
    value, complained
        Value of the own policies since the fork, in fen, before cost; whether the customer complained. Of a world of
        twins, in which every customer has outcomes of their own; otherwise None.
    """

    customers: int
    lost: Any
    value: Any
    complained: Any


def how_they_ended(world: World, at_fork: int) -> Ends:
    """The ends of an arm's customers; whoever joins later stands behind row ``at_fork``, or is not marked present."""
    c = world.state.customers[:at_fork]
    present = (c["marks"] & PRESENT) > 0
    n, lost = int(np.count_nonzero(present)), np.packbits(present & (c["stage"] == LOST) & (c["cause"] != CAUSE_DIED))
    if not world.state.counts["twins"][0]:
        return Ends(n, lost, None, None)
    outcomes = outcomes_of(world)[0][:at_fork]
    complained = present & (outcomes["complaints"] + outcomes["regulator_complaints"] > 0)
    return Ends(n, lost, np.where(present, outcomes["value"], 0), np.packbits(complained))


def harm(arm: Ends, control: Ends) -> list[dict[str, Any]]:
    """Customers worse off in the arm and in the control, by reason, and for any reason.

    Returns
    -------
    list of dict
        ``reason``: ``lost``, only there; in a world of twins also ``lower_value`` and ``complained``, only there;
        ``any``. ``harmed`` are worse off in the arm, ``helped`` in the control, of ``customers``. Somebody may be
        both, for different reasons.
    """
    worse, better = _reasons(arm, control), _reasons(control, arm)
    worse["any"], better["any"] = (np.bitwise_or.reduce(list(each.values())) for each in (worse, better))
    return [
        {
            "reason": reason,
            "harmed": _count(worse[reason]),
            "helped": _count(better[reason]),
            "customers": arm.customers,
        }
        for reason in worse
    ]


def _reasons(here: Ends, there: Ends) -> dict[str, Any]:
    """Who is worse off here than there, in bits, by reason."""
    reasons = {"lost": here.lost & ~there.lost}
    if here.value is not None:
        reasons["lower_value"] = np.packbits(here.value < there.value)
        reasons["complained"] = here.complained & ~there.complained
    return reasons


def _count(bits: Any) -> int:
    return int(np.bitwise_count(bits).sum())
