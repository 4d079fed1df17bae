"""What a customer does makes a lead: a request to the pool of leads; compiled."""

from __future__ import annotations

from typing import Any

from lifesim.compiled import compiled
from lifesim.lifecycle.events import ask
from lifesim.lifecycle.layout import customer_row
from lifesim.population.columns import KEY_BEHAVIOUR
from lifesim.scenario.leads import BEHAVIOURS

B_PRODUCT_PAGE, B_PROPOSAL_READ, B_ATTENDED = range(len(BEHAVIOURS))
#: Bits of a behaviour in the number that says what is mined: one for each stage.
EACH = 8


@compiled
def mine(i: int, behaviour: int, now: int, w: Any) -> None:
    """Ask for a lead where the scenario makes one of such a behaviour; the customer is held for the desk."""
    c = customer_row(w, i)
    if (w.mined >> (EACH * behaviour + c.seen_stage)) & 1:
        ask(i, KEY_BEHAVIOUR, behaviour, now, w)
        c.held += 1
