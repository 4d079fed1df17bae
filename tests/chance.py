"""Bounds for stochastic assertions: every check fails falsely once in a million runs and says what it would catch.

A check takes ``catches``, the smallest error that it finds with a chance of 99.9%, and refuses to be written with
a smaller one than its sample allows. Several numbers in one check share the false-failure rate (Bonferroni).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

FALSE_FAILURE = 1e-6
MISSED = 1e-3

Numbers = npt.ArrayLike


def check_shares(counted: Numbers, trials: Numbers, chance: Numbers, *, catches: float) -> None:
    """Counts are binomial; ``catches`` is an absolute error of a chance.

    Where customers differ, ``chance`` is their mean: the binomial then bounds both tails from outside (Hoeffding 1956).
    """
    counted, trials, chance = (np.atleast_1d(np.asarray(x, float)) for x in (counted, trials, chance))
    counted, trials, chance = np.broadcast_arrays(counted, trials, chance)
    tail = FALSE_FAILURE / counted.size / 2
    spread = np.sqrt(0.25 / trials.min())
    assert (stats.norm.isf(tail) + stats.norm.isf(MISSED)) * spread <= catches, "catches less than it declares"
    low, high = stats.binom.ppf(tail, trials, chance), stats.binom.isf(tail, trials, chance)
    wrong = np.flatnonzero(((counted < low) | (counted > high)).ravel())
    seen = [(k, counted.flat[k] / trials.flat[k], chance.flat[k]) for k in wrong]
    assert not seen, f"(place, share, expected): {seen}"


def check_counts(counted: Numbers, expected: Numbers, *, catches: float) -> None:
    """Counts are Poisson; ``catches`` is a relative error of the expected count."""
    counted, expected = (np.atleast_1d(np.asarray(x, float)) for x in (counted, expected))
    tail = FALSE_FAILURE / counted.size / 2
    reach = (stats.norm.isf(tail) + stats.norm.isf(MISSED)) / np.sqrt(expected.min())
    assert reach <= catches, f"catches {reach:.3g} only"
    low, high = stats.poisson.ppf(tail, expected), stats.poisson.isf(tail, expected)
    assert np.all((counted >= low) & (counted <= high)), f"counted {counted}, expected {expected}"


def check_table(counted: Numbers, expected: Numbers, *, catches: float) -> None:
    """Cells are multinomial, by chi-square; ``catches`` is the root of the mean squared relative error of the cells."""
    counted, expected = np.asarray(counted, float), np.asarray(expected, float)
    assert expected.sum() == counted.sum() or abs(expected.sum() / counted.sum() - 1) < 1e-9
    freedom = counted.size - 1
    bound = stats.chi2.isf(FALSE_FAILURE, freedom)
    assert stats.ncx2.sf(bound, freedom, counted.sum() * catches**2) >= 1 - MISSED, "catches less than it declares"
    found = float(((counted - expected) ** 2 / expected).sum())
    assert found <= bound, f"chi-square {found:.1f} exceeds {bound:.1f}: {counted} against {expected}"


def check_distribution(reached: Numbers, n: int, *, catches: float, seen_to: float = 1.0) -> None:
    """``reached`` are values of a distribution function at n draws, uniform if it is the right one.

    Parameters
    ----------
    catches
        Distance of two distribution functions (Dvoretzky, Kiefer and Wolfowitz 1956, Massart 1990).
    seen_to
        Value of the distribution function up to which draws were seen; the others are known to lie beyond.
    """
    values = np.sort(np.asarray(reached, float))
    bound, noise = (np.sqrt(np.log(2 / rate) / (2 * n)) for rate in (FALSE_FAILURE, MISSED))
    assert bound + noise <= catches, f"catches {bound + noise:.3g} only"
    steps = np.arange(len(values) + 1) / n
    distance = max([0.0, *(steps[1:] - values), *(values - steps[:-1]), abs(seen_to - len(values) / n)])
    assert distance <= bound, f"distance {distance:.4f} exceeds {bound:.4f}"
