"""A snapshot of a world on disk, from which every arm starts, so that one copy of the world is in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np


class SavedArrays(Mapping[str, Any]):
    """Arrays in files of a folder, each read when it is asked for, and mapped into memory only while it is used."""

    def __init__(self, folder: Path, names: list[str]) -> None:
        self.folder, self.names = folder, names

    def __getitem__(self, name: str) -> Any:
        return np.load(self.folder / f"{name}.npy", mmap_mode="r")

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def save_arrays(folder: Path, arrays: Mapping[str, Any]) -> SavedArrays:
    """Write arrays to a folder, one file each."""
    for name, array in arrays.items():
        with (folder / f"{name}.npy").open("wb") as file:
            np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
            # Not `numpy.save`, whose error on a full disk does not say that the disk is full.
            file.write(array.ravel().view(np.uint8).data)
    return SavedArrays(folder, list(arrays))
