"""Settings that the kernel reads and never writes."""

from __future__ import annotations

import numpy as np
import pytest
from numba.core.errors import NumbaError

from lifesim.compiled import compiled_open, pointer

RULE = np.dtype([("rate", "f8"), ("stages", "i4"), ("frequency", "f8", (3,))], align=True)
rule_at = pointer(RULE, read_only=True)


@compiled_open
def read(address: int, which: int) -> float:
    rule = rule_at(address, which)
    return rule.rate + rule.stages + 10.0 * rule.frequency[0] + 100.0 * rule.frequency[2]


@compiled_open
def write(address: int) -> None:
    rule_at(address, 0).rate = 1.0


def test_numbers_and_small_arrays_of_a_setting_are_read_where_they_stand() -> None:
    rules = np.zeros(2, RULE)
    rules[1] = (0.5, 2, (3.0, 4.0, 5.0))
    assert read(rules.ctypes.data, 1) == 532.5
    rules["frequency"][1, 2] = 6.0
    assert read(rules.ctypes.data, 1) == 632.5


def test_a_setting_cannot_be_written_to() -> None:
    with pytest.raises(NumbaError, match="'rate' is part of a rule"):
        write(np.zeros(1, RULE).ctypes.data)
