"""What gradings share: from scores to grades A to D."""

import numpy as np

from lifesim.strategy import IntArray, LeadView, Luck


def by_bars(scores: np.ndarray, bars: tuple[float, ...]) -> IntArray:
    """Grade by thresholds: A from the first on, B from the second, C from the third, D below."""
    return (scores[:, None] < np.array(bars)).sum(axis=1)


def by_quota(scores: np.ndarray, shares: tuple[float, ...], leads: LeadView, luck: Luck) -> IntArray:
    """Grade by rank among the leads that are graded together: the best share gets A, and so on; ties by luck.

    Whoever asked is graded at once, and mostly alone, where a share says nothing: they get an A, and the shares are
    those of the others. A lead on the border is the better grade with the chance that is its part of the share, so that
    shares are met on average however few leads a round has.
    """
    asked = leads.asked_by_customer > 0
    rank = np.empty(len(scores))
    rank[np.lexsort((luck.uniforms("tie"), -scores, asked))] = np.arange(len(scores))
    most = np.cumsum(shares) * np.count_nonzero(~asked)
    return np.where(asked, 0, ((rank + luck.uniforms("border"))[:, None] >= most).sum(axis=1))


def check(bars: tuple[float, ...], shares: tuple[float, ...]) -> None:
    """Refuse thresholds that are not three in falling order, and shares that are not three up to one."""
    if len(bars) != 3 or list(bars) != sorted(bars, reverse=True):
        raise ValueError(f"bars must be three numbers, highest first: those of A, B and C; found {list(bars)}")
    if shares and (len(shares) != 3 or min(shares) < 0 or sum(shares) > 1):
        raise ValueError(f"quota must be the shares of A, B and C, at most 1 together; found {list(shares)}")
