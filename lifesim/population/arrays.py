"""Arrays of a world: pools of linked places, pages of their own, records one after the other."""

from __future__ import annotations

import contextlib
import mmap
from typing import Any

import numpy as np

from lifesim.population.columns import NONE

#: Bytes from which an array is worth pages of its own.
_LARGE = 2**20


def chain(pool: Any, first: int) -> None:
    """Link the places of a pool from ``first`` on as free, in ascending order."""
    pool["next"][first:] = np.arange(first + 1, len(pool) + 1)
    pool["next"][-1] = NONE
    pool["customer"][first:] = NONE


def zeros(shape: tuple[int, ...], dtype: Any) -> Any:
    """Zeros on pages of their own: those never written to take no memory, and all go back with the array.

    A heap would keep the holes that large arrays leave, and a new arm would not fit into those of the last.
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    if size < _LARGE:
        return np.zeros(shape, dtype)
    pages = mmap.mmap(-1, size)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):  # a kernel without huge pages
            pages.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(pages, dtype).reshape(shape)


def appended(records: Any, more: Any) -> Any:
    """Two arrays of the same records, one after the other; as bytes, which skips a search for a common type."""
    raw, kind = np.dtype((np.void, records.dtype.itemsize)), records.dtype
    return np.concatenate([records.view(raw), more.view(raw)]).view(kind)


def grow(array: Any, rows: int, fill: Any = 0) -> Any:
    """A copy with ``rows`` rows, the new ones filled."""
    new = zeros((rows, *array.shape[1:]), array.dtype)
    new[: len(array)] = array
    if fill != 0:
        new[len(array) :] = fill
    return new
