"""Financial stress: now and then an income shock; it fades over months, and premiums become hard to pay.

The example of how a researcher adds behaviour: a new state of mind, coefficients on hazards that exist, and a clock
whose rate depends on income. All figures are assumptions.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

from lifesim.strategy import Mechanism


@dataclass(frozen=True, kw_only=True)
class FinancialStress(Mechanism):
    """Income shocks that raise surrenders and hold back further purchases.

    Attributes
    ----------
    shocks_per_year
        At the reference income.
    income_effect
        How much rarer shocks are for one unit of the income covariate.
    severity
        Median stress of a shock, score.
    """

    zh = "收入冲击推高退保，抑制再购。"

    shocks_per_year: float = 0.15
    income_effect: float = 0.5
    severity: float = 1.0

    reads: ClassVar = ("stress", "income")
    states: ClassVar = {"stress": {"meaning": "financial stress", "half_life": "120d", "baseline": 0.0}}
    coefficients: ClassVar = {
        "HOLDING.surrender": {"stress": 0.9},
        "CHURN_WARNING.surrender": {"stress": 0.5},
        "RENEWAL_UPSELL.upsell": {"stress": -0.8},
    }

    @staticmethod
    def rate(x, p):  # type: ignore[no-untyped-def]
        return p[0] * math.exp(-p[1] * x[1])

    @staticmethod
    def apply(x, p, u):  # type: ignore[no-untyped-def]
        x[0] = x[0] + p[2] * math.sqrt(-math.log(u))
