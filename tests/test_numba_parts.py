"""What is done to Numba so that the kernel compiles in bearable time."""

from __future__ import annotations

import numpy as np
from numba import from_dtype

import lifesim.compiled  # noqa: F401  (sets Numba up)


def test_a_record_is_put_into_words_once_and_each_in_its_own() -> None:
    first = from_dtype(np.dtype([("premium", "i8"), ("claims", "i8")], align=True))
    second = from_dtype(np.dtype([("premium", "i8"), ("claims", "i4")], align=True))
    assert repr(first) is repr(first)
    assert repr(first) != repr(second)
    assert repr(first).startswith("Record([('premium', {'type': int64, 'offset': 0")
