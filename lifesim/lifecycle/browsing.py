"""Which product a customer looks at on a product page."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.compiled import compiled
from lifesim.lifecycle.layout import customer_row, rule_f8, rule_u8
from lifesim.lifecycle.mind import covariates, linear
from lifesim.lifecycle.noting import W_BROWSED, note, watched
from lifesim.population.columns import DAY, NONE
from lifesim.streams import gumbel, uniform

K_BROWSING = 23  # place in rules.DECISIONS


@compiled
def browse(i: int, page: int, now: int, w: Any) -> None:
    """Note the product page that a customer opens; where no link leads there, drawn if a journey hears of it."""
    if watched(i, W_BROWSED, w):
        note(i, W_BROWSED, looked_at(i, now, w) if page == NONE else page, w)


@compiled
def looked_at(i: int, now: int, w: Any) -> int:
    """The product with the highest utility plus noise keyed by (customer, product, time), as in a decision.

    Assumption: people look at what they might buy, also at what they would need an adviser for.
    """
    covariates(i, now, w)
    best, found = -np.inf, 0
    for a in range(w.products):
        noise = gumbel(uniform(rule_u8(w.keys, K_BROWSING), customer_row(w, i).key, now * 256 + a))
        utility = linear(w.alternative + a, w) + rule_f8(w.appeals, a * w.days + now // DAY) + noise
        if utility > best:
            best = utility
            found = a
    return found
