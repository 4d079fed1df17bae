"""The global random state, which no strategy may use: fixed while a strategy is asked, and given back afterwards.

The one place of the package that touches it, so that the ban on random numbers without a key can be held elsewhere.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

#: Seeds that nobody else is likely to choose; enough of them that a coin falls on both sides.
SEEDS = tuple(range(3_141_592_653, 3_141_592_661))


@contextmanager
def fixed(seed: int = SEEDS[0]) -> Iterator[None]:
    """Seed ``random`` and ``numpy.random`` for a while."""
    before = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed)
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])


def state() -> tuple[object, ...]:
    """Where the two global generators are, in a form that can be compared."""
    name, words, *rest = np.random.get_state(legacy=True)
    return random.getstate(), name, np.asarray(words).tobytes(), *rest
