"""What reports need of a run."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas as pd


class RunTables(Protocol):
    """A run as reports read it; `lifesim.experiment.store.read_run` answers with one."""

    @property
    def path(self) -> Path: ...

    @property
    def manifest(self) -> dict[str, Any]: ...

    @property
    def tables(self) -> Collection[str]: ...

    def table(self, name: str) -> pd.DataFrame: ...
