"""Logistic regression with a penalty on squared coefficients: the same data give the same coefficients."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

#: Steps of Newton's method after which the last coefficients are taken; a handful is enough.
MOST_STEPS: Final = 25


def with_constant(x: Any) -> Any:
    """Put a column of ones before others. Shape (n, k + 1)."""
    return np.column_stack([np.ones(len(x)), x])


def logistic(odds: Any) -> Any:
    """Chances for log-odds, of the same shape."""
    return 1.0 / (1.0 + np.exp(-np.clip(odds, -30.0, 30.0)))


def fit(x: Any, y: Any, ridge: float) -> Any:
    """Ridge-penalised maximum likelihood by Newton's method (iteratively reweighted least squares).

    Parameters
    ----------
    x
        Columns, shape (n, k); standardised, so that the penalty is fair to all of them.
    y
        What came of each row, 0 or 1, shape (n,).
    ridge
        Penalty on squared coefficients, above zero.

    Returns
    -------
    array of shape (k + 1,)
        Coefficients on the log-odds, the constant first and free of the penalty.
    """
    x = with_constant(x)
    penalty = ridge * np.eye(x.shape[1])
    penalty[0, 0] = 1e-6  # only so that a history of one outcome has a solution
    found = np.zeros(x.shape[1])
    for _ in range(MOST_STEPS):
        p = logistic(x @ found)
        gradient = x.T @ (y - p) - penalty @ found
        step = np.linalg.solve((x * (p * (1 - p) + 1e-9)[:, None]).T @ x + penalty, gradient)
        found = found + np.clip(step, -4.0, 4.0)
        if np.abs(step).max() < 1e-9:
            break
    return found
