"""Closing power: what a decision loses where nobody, or only a voice, helped to make it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from lifesim.scenario.model import Part, about
from lifesim.scenario.products import Product
from lifesim.scenario.units import Money, PathError, Real, Share


class ClosingPower(Part):
    """How much harder a complex or dear product is closed by who advised the customer in the present stage.

    Shares are of those who shop for a product of difficulty 1 and buy it. What a way of being advised takes from the
    utility of a product is the difficulty of the product x the distance between its log-odds and those of the best.
    """

    online: Share = about("share who buy when nobody advises them")
    served: Share = about("share who buy of policyholders whose serving agent has not spoken to them in this stage")
    best: Share = about("share who buy at best; whoever is advised so loses nothing")
    by_complexity: Real = about("difficulty for each unit of a product's `complexity`")
    by_premium: Real = about("difficulty for each factor e of its median annual premium above `premium`")
    premium: Money = about("annual premium up to which a product is not dear", unit="CNY")

    def lost(self, share: float) -> float:
        """Taken from the utility of a product of difficulty 1 where ``share`` buy, log-odds."""
        return max(0.0, _log_odds(self.best) - _log_odds(share))

    def difficulty(self, product: Product) -> float:
        """How hard a product is to close."""
        dear = math.log(max(1.0, product.premium.median / max(1, self.premium)))
        return self.by_complexity * product.complexity + self.by_premium * dear

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        for name in ("online", "served", "best"):
            if not 0.0 < getattr(self, name) < 1.0:
                yield PathError((name,), "must lie between 0% and 100%, both excluded")
        for name in ("by_complexity", "by_premium"):
            if getattr(self, name) < 0:
                yield PathError((name,), "must not be negative: what is hard would close more easily")
        if self.premium <= 0:
            yield PathError(("premium",), "must be above 0 CNY")


def _log_odds(share: float) -> float:
    return math.log(share / (1.0 - share))
