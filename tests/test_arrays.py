"""Records one after the other: picked and put together as bytes, as NumPy does field by field."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lifesim.population.arrays import appended, picked
from lifesim.workforce.leads import LEAD


def leads(n: int) -> Any:
    """Records whose fields all differ."""
    records = np.zeros(n, LEAD)
    for k, name in enumerate(LEAD.names or ()):
        records[name] = np.arange(n) * 3 + k
    return records


@pytest.mark.parametrize("which", [[], [2], [3, 0, 3], np.array([True, False, False, True, True])])
@pytest.mark.parametrize("step", [1, 2])
def test_picked_are_the_same_records_and_a_copy(which: Any, step: int) -> None:
    records = leads(5 * step)[::step]
    which = np.asarray(which, None if len(which) else np.int64)
    found = picked(records, which)
    assert found.dtype == LEAD
    assert found.tolist() == records[which].tolist()
    found["customer"] = -1
    assert not np.any(records["customer"] == -1)


@pytest.mark.parametrize("n", [0, 1, 3])
@pytest.mark.parametrize("m", [0, 1, 2])
def test_appended_are_the_ones_and_then_the_others(n: int, m: int) -> None:
    one, other = leads(n), leads(m + 5)[5:]
    found = appended(one, other)
    assert found.dtype == LEAD
    assert found.tolist() == one.tolist() + other.tolist()
