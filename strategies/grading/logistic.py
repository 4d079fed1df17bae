"""A logistic model of which leads become a policy, fitted on those that have been concluded."""

from dataclasses import dataclass

import numpy as np

from lifesim.regression import fit, logistic, with_constant
from lifesim.strategy import IntArray, LeadView, Luck, View

from ._grades import by_bars, by_quota, check

STAGES, SOURCES = 6, 7


@dataclass(frozen=True, kw_only=True)
class Logistic:
    """Predicts from what the insurer saw of a lead when somebody took it; outcomes are those seen so far.

    The model is fitted anew at every grading, on the leads whose follow-up is over by then: those of the warm-up at
    first. Until ``least`` of them are known every lead has the chance ``prior``. Ridge-penalised maximum likelihood by
    Newton's method (iteratively reweighted least squares).

    Parameters
    ----------
    prior
        Chance of a lead while nothing is known; the penalty draws predictions to the mean, not to it.
    least
        Such leads from which on the model is fitted.
    ridge
        Penalty on squared coefficients of standardised columns.
    bars
        Chance from which on a lead is A, B, C.
    quota
        Shares of A, B and C among the leads graded together, in place of bars; none: by bars. Whoever asked gets an
        A beside them.
    """

    zh = "以被接手时可见的信息预测线索转化，结果以当时已知为准。"

    prior: float = 0.05
    least: int = 200
    ridge: float = 2.0
    bars: tuple[float, ...] = (0.2, 0.1, 0.05)
    quota: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        check(self.bars, self.quota)
        if not (0 < self.prior < 1 and self.ridge > 0):
            raise ValueError(f"prior must lie between 0 and 1, ridge above zero; found {self.prior} and {self.ridge}")

    def grade(self, leads: LeadView, luck: Luck) -> IntArray:
        chances = self.chances(leads, luck)
        return by_quota(chances, self.quota, leads, luck) if self.quota else by_bars(chances, self.bars)

    def chances(self, leads: LeadView, luck: Luck) -> np.ndarray:
        past = leads.history
        if len(past) < self.least:
            return np.full(len(leads), self.prior)
        known = features(past)
        center, scale = known.mean(axis=0), known.std(axis=0)
        scale[scale < 1e-9] = 1.0
        fitted = fit((known - center) / scale, past.won.astype(float), self.ridge)
        return logistic(with_constant((features(leads) - center) / scale) @ fitted)


def features(leads: View) -> np.ndarray:
    """Columns of leads as a matrix: counts and days by their logarithm, stage and source as indicators."""
    days = ("tenure_days", "days_since_session", "days_since_touch", "days_since_behaviour", "policies", "behaviours")
    columns = [np.log1p(np.maximum(leads.column(name), 0.0)) for name in days]
    columns += [leads.asked_by_customer, leads.orphan]
    columns += [leads.stage == k for k in range(1, STAGES)] + [leads.source == k for k in range(1, SOURCES)]
    return np.column_stack([np.asarray(column, float) for column in columns])
