"""Products: premiums, sums assured, payment, commission, value, and what decides about buying and paying."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from lifesim.scenario.behaviour import Alternative
from lifesim.scenario.model import Part, about
from lifesim.scenario.units import Duration, Money, PathError, Real, Share

Family = Literal["protection", "health", "wealth"]
_DAY = 86_400


class Premium(Part):
    """First annual premium: lognormal around a median that grows with income."""

    median: Money = about("median at the reference income", unit="CNY a year")
    spread: Real = about("standard deviation of the natural logarithm")
    income_elasticity: Real = about("relative change for a relative change of income")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.median <= 0:
            yield PathError(("median",), "a premium must be above zero")
        if self.spread < 0:
            yield PathError(("spread",), "must not be negative")


class Product(Part):
    """An insurance product."""

    family: Family = about("family of needs it serves")
    term: Literal["short", "long"] = about("short: bought again each year; long: premiums fall due")
    needs_person: bool = about("cannot be closed online: needs an adviser")
    premium: Premium = about("first annual premium")
    commission: Share = about("of the first annual premium")
    renewal_commission: Share = about("of later annual premiums")
    claim_multiple: Real = about("mean claim over the annual premium")
    choice: Alternative = about("utility at the end of a decision")
    renewal: Alternative = about("log-odds of paying when due, or of buying again")
    grace: Duration = about("time after the due date until an unpaid policy lapses")
    recovery: Alternative = about("log-odds of paying within the grace period what was not paid when due")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.grace >= 365 * _DAY:
            yield PathError(("grace",), "must be shorter than the payment interval of a year")
