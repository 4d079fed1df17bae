"""What differs from process to process."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True, kw_only=True)
class AsksForAHash:
    campaign: str = "spring"

    def grade(self, leads, luck):
        return np.where(luck.uniforms(f"coin {hash(self.campaign)}") < 0.5, 0, 1)


@dataclass(frozen=True, kw_only=True)
class ReadsWhereItStands:
    file: str = "pyproject.toml"

    def grade(self, leads, luck):
        return np.full(len(leads), len(Path(self.file).read_text()) % 2)
