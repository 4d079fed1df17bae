"""Arrays of a world: pools of linked places, pages of their own, records one after the other."""

from __future__ import annotations

import contextlib
import mmap
import weakref
from functools import cache
from typing import Any

import numpy as np

from lifesim.population.columns import NONE

#: Bytes from which an array is worth pages of its own.
_LARGE = 2**20


def chain(pool: Any, first: int) -> None:
    """Link the places of a pool from ``first`` on as free, in ascending order; they refer to nothing."""
    pool["next"][first:] = np.arange(first + 1, len(pool) + 1)
    pool["next"][-1] = NONE
    for name in {"customer", "course"}.intersection(pool.dtype.names):
        pool[name][first:] = NONE


#: Cells of arrays that have more rows than those in use, by the address of the first; see ``longer``.
_ROOMY: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()


def zeros(shape: tuple[int, ...], dtype: Any, room: int = 0) -> Any:
    """Zeros on pages of their own: those never written to take no memory, and all go back with the array.

    A heap would keep the holes that large arrays leave, and a new arm would not fit into those of the last.

    Parameters
    ----------
    room
        Rows up to which ``longer`` needs no copy.
    """
    rows = max(shape[0], room)
    size = rows * int(np.prod(shape[1:])) * np.dtype(dtype).itemsize
    if size < _LARGE:
        return np.zeros(shape, dtype)
    pages = mmap.mmap(-1, size)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):  # a kernel without huge pages
            pages.madvise(mmap.MADV_HUGEPAGE)
    cells = np.frombuffer(pages, dtype)
    if room > shape[0]:
        _ROOMY[cells.ctypes.data] = cells
    return cells.reshape((rows, *shape[1:]))[: shape[0]]


@cache
def _bytes(size: int) -> np.dtype[Any]:
    """Records as that many bytes: NumPy copies those at once, and records with names field by field."""
    return np.dtype((np.void, size))


def appended(records: Any, more: Any) -> Any:
    """Two arrays of the same records, one after the other; the one itself where the other is empty."""
    if not len(more):
        return records
    if not len(records):
        return more
    raw, kind = _bytes(records.dtype.itemsize), records.dtype
    return np.concatenate([records.view(raw), more.view(raw)]).view(kind)


def picked(records: Any, which: Any) -> Any:
    """A copy of some records, by a mask or by their places: ``records[which]`` in a quarter of the time for a few."""
    kind = records.dtype
    found = records.view(_bytes(kind.itemsize))[which]
    return np.ndarray(len(found), kind, found)


class Log:
    """Records one after the other, in one array that doubles when it is full.

    Many small arrays that stay, among as many that do not, would keep a heap from giving anything back.
    """

    def __init__(self, kind: np.dtype[Any]) -> None:
        self._raw = _bytes(kind.itemsize)
        self._rows, self._used = zeros((1_024,), kind), 0

    def append(self, records: Any) -> None:
        """Write records behind the others; as bytes, as ``appended`` does."""
        first, self._used = self._used, self._used + len(records)
        if self._used > len(self._rows):
            self._rows = grow(self._rows, max(self._used, 2 * len(self._rows)))
        self._rows.view(self._raw)[first : self._used] = records.view(self._raw)

    @property
    def records(self) -> Any:
        """All of them so far: the log's own memory."""
        return self._rows[: self._used]


def longer(array: Any, rows: int) -> Any:
    """The same rows, and zeros up to ``rows``: without a copy where the array was made with room for them.

    A copy has both in memory for a moment; it has room to double.
    """
    cells, each = _ROOMY.get(array.ctypes.data), int(np.prod(array.shape[1:]))
    if cells is None or cells.dtype != array.dtype or len(cells) < rows * each:
        return grow(array, rows, room=2 * rows)
    return cells.reshape((-1, *array.shape[1:]))[:rows]


def grow(array: Any, rows: int, fill: Any = 0, room: int = 0) -> Any:
    """A copy with ``rows`` rows, the new ones filled; for ``room`` see ``zeros``."""
    new = zeros((rows, *array.shape[1:]), array.dtype, room)
    new[: len(array)] = array
    if fill != 0:
        new[len(array) :] = fill
    return new
