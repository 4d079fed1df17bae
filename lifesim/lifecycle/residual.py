"""Residual value: what policies in force at the end are expected to be worth afterwards.

A long-term policy is expected to pay its later premiums with the persistency that the scenario has for its policy
years, for a customer of whom nothing is known; each premium is worth its renewal margin. Surrender, death and claims,
which are hazards of customers and not of policy years, lower it by one share a year, ``valuation.leaves``;
reinstatement does not raise it. Nothing is expected of short cover, whose next sale is a decision of its own, of
policies that are paid up, rest, are in grace or about to be given back, nor of anything that a customer might still
buy.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lifesim.lifecycle.offers import price_cuts
from lifesim.population.columns import DAY, IN_FORCE, NONE, NOTICE, NOTICED
from lifesim.scenario import Scenario
from lifesim.scenario.behaviour import Behaviour
from lifesim.scenario.products import Payment, Valuation


def staying(payment: Payment, behaviour: Behaviour, number: int, times: int) -> float:
    """Chance that the ``number``-th instalment of ``times`` a year is paid, in grace if not when due.

    The product over causes of 1 - chance x (1 - recovers), covariates at zero; chances as in ``premiums.find_causes``.
    """
    year = min((number - 1) // times, len(payment.unpaid) - 1)
    factor = payment.unpaid[year] / times * (payment.instalments if times > 1 else 1.0)
    return math.prod(1.0 - min(each.chance * factor, 1.0) * (1.0 - each.recovers) for each in behaviour.unpaid.values())


def annuity(payment: Payment, behaviour: Behaviour, times: int, valuation: Valuation) -> Any:
    """Expected premiums from the ``number``-th instalment on, valued when it falls due, over the annual premium.

    Premiums of the first policy year carry no renewal margin and are left out, but have to be paid for the others to
    follow. Shape (instalments + 1,); the last is 0.

    Notes
    -----
    a(n) = p(n) (1/m [n >= m] + (v s)^(1/m) a(n + 1)) with m instalments a year, p the chance of being paid, v the
    discount factor of a year and s the share of policies that do not end otherwise within a year.
    """
    instalments = payment.years * times
    step = ((1.0 - valuation.leaves) / (1.0 + valuation.discount)) ** (1.0 / times)
    values = np.zeros(instalments + 1)
    for number in range(instalments - 1, 0, -1):
        due = 1.0 / times if number >= times else 0.0
        values[number] = staying(payment, behaviour, number, times) * (due + step * values[number + 1])
    return values


def residuals(scenario: Scenario, policies: Any, fork: int) -> Any:
    """Residual value of policies, discounted to the fork, fen. Shape (n,).

    Parameters
    ----------
    policies
        The pool, shape (n,); free places are worth nothing.
    fork
        Time of the fork.
    """
    out = np.zeros(len(policies))
    for k, product in enumerate(scenario.products.values()):
        if product.payment is None or not product.value.renewal_margin:
            continue
        mine = (policies["product"] == k) & (policies["status"] <= NOTICED) & (policies["customer"] != NONE)
        for times in np.unique(policies["times"][mine]).tolist():
            rows = np.flatnonzero(mine & (policies["times"] == times))
            factors = annuity(product.payment, scenario.behaviour, times, scenario.valuation)
            number = policies["paid"][rows].astype(np.int64) + 1
            issued = policies["issued"][rows]
            # The notice of an anniversary comes before its due date.
            notice = np.where(policies["status"][rows] == IN_FORCE, NOTICE, 0)
            due = policies["at"][rows] + notice
            margin = _margins(scenario, k, issued, product.value.renewal_margin)
            discounted = np.exp(-scenario.valuation.force * np.maximum(due - fork, 0))
            out[rows] = policies["premium"][rows] * margin * factors[number] * discounted
    return np.rint(out).astype(np.int64)


def _margins(scenario: Scenario, product: int, issued: Any, margin: float) -> Any:
    """Renewal margins over the premiums that are paid, after the price cuts of the days of issue."""
    cuts = price_cuts(scenario)
    if not len(cuts):
        return margin
    day = np.maximum(issued, 0) // DAY
    cut = np.where(issued >= 0, cuts[product, day], 0.0)
    return (margin - cut) / (1.0 - cut)
