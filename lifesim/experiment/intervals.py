"""Intervals for paired differences: one pair a replication."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

Interval = tuple[float, float]

NOT_KNOWN: Interval = (math.nan, math.nan)


def mean(values: Sequence[float]) -> float:
    """Mean from a correctly rounded sum, so that no library's summation order shows in a result."""
    return math.fsum(values) / len(values)


def mean_interval(differences: Sequence[float], level: float) -> Interval:
    """The t interval ``mean(d) ± t s_d / sqrt(n)`` with n - 1 degrees of freedom; NaN below two differences."""
    if len(differences) < 2:
        return NOT_KNOWN
    centre = mean(differences)
    reach = _t_quantile(level, len(differences)) * math.sqrt(_covariance(differences, differences) / len(differences))
    return centre - reach, centre + reach


def ratio_interval(control: Sequence[float], differences: Sequence[float], level: float) -> Interval:
    """Interval for the ratio of the means of ``differences`` and ``control``.

    It holds every ratio R for which the t interval of the mean of ``d - R c`` includes 0. With R = 0 that is the
    interval of the difference itself: the two exclude 0 together.

    Returns
    -------
    Interval
        NaN below two pairs, and where the control's mean is too close to 0, for its spread, to bound the ratio. Both
        ends 0 where no pair differs.

    Notes
    -----
    Fieller, E. C. (1954). Some problems in interval estimation. Journal of the Royal Statistical Society B 16(2),
    175-185. With r the ratio of the means, e = d - r c its residuals and q = t² / n, the ends are r + x where
    ``x² a + 2 x q cov(e, c) = q var(e)`` and ``a = mean(c)² - q var(c)``. That form cancels nothing. Only the end
    nearer to 0 comes from the product of the two ends, ``low · high / a`` with the interval of the difference, so that
    its sign cannot be lost in rounding.
    """
    if len(control) < 2:
        return NOT_KNOWN
    if not any(differences):
        return 0.0, 0.0
    q = _t_quantile(level, len(control)) ** 2 / len(control)
    base = mean(control)
    a = base * base - q * _covariance(control, control)
    if a <= 0.0:
        return NOT_KNOWN
    ratio = mean(differences) / base
    residuals = [d - ratio * c for d, c in zip(differences, control, strict=True)]
    shift = -q * _covariance(residuals, control)
    reach = math.sqrt(shift * shift + a * q * _covariance(residuals, residuals))
    far = max(ratio + (shift - reach) / a, ratio + (shift + reach) / a, key=abs)
    low, high = mean_interval(differences, level)
    near = low * high / a / far
    return min(near, ratio, far), max(near, ratio, far)


def unseen_bound(scale: float, events: Sequence[float], denominator: int, level: float) -> float:
    """Upper bound of ``scale`` x mean events / denominator after these events, one-sided at (1 + level) / 2.

    Parameters
    ----------
    scale
        Value of one event for a denominator of 1.
    events
        By how many events each replication differs, in either direction.
    denominator
        Sum over replications.

    Notes
    -----
    A mean is refuted under which a Poisson number would hardly be as low as what was seen: 3.69 events after none at a
    level of 0.95 (the rule of three: Hanley and Lippman-Hand 1983, JAMA 249(13), 1743-1745), 5.57 after one (Garwood
    1936, Biometrika 28, 437-442). Events that come in clumps are counted as clumps of the size that their spread
    shows, variance / mean, and at least 1.
    """
    from scipy.special import gammaincinv

    sizes = [abs(each) for each in events]
    spread = _covariance(sizes, sizes) / mean(sizes) if len(sizes) > 1 and any(sizes) else 1.0
    clump = max(spread, 1.0)
    most = float(gammaincinv(math.fsum(sizes) / clump + 1.0, 0.5 + level / 2.0))
    return clump * most * abs(scale) / denominator


def _covariance(first: Sequence[float], second: Sequence[float]) -> float:
    centre, other = mean(first), mean(second)
    products = [(x - centre) * (y - other) for x, y in zip(first, second, strict=True)]
    return math.fsum(products) / (len(products) - 1)


@cache
def _t_quantile(level: float, count: int) -> float:
    # The same function as scipy.stats.t.ppf, without the second that importing scipy.stats takes.
    from scipy.special import stdtrit

    return float(stdtrit(count - 1, 0.5 + level / 2.0))
