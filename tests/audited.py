"""Running a world in audit mode: without compilation, where every request for luck is checked."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from lifesim import streams

_WRITE = "import sys, audited; audited.write(*sys.argv[1:])"


def write(module: str, path: str) -> None:
    """Write the world of a test module, with the number of requests for luck that were checked."""
    assert streams._asked is not None, "audit mode is off"
    arrays = importlib.import_module(module).world_as_arrays()
    np.savez(path, requests=len(streams._asked), **arrays)


def audited(module: str, folder: Path) -> tuple[int, dict[str, Any]]:
    """Requests for luck and arrays of ``module.world_as_arrays()`` in audit mode, in a process of its own."""
    here = Path(__file__).parent
    paths = os.pathsep.join(filter(None, (str(here), os.environ.get("PYTHONPATH"))))
    audit = os.environ | {"NUMBA_DISABLE_JIT": "1", "LIFESIM_AUDIT": "1", "PYTHONPATH": paths}
    command = [sys.executable, "-c", _WRITE, module, str(folder / "audited.npz")]
    done = subprocess.run(command, cwd=here.parent, env=audit, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr.strip().splitlines()[-1]
    with np.load(folder / "audited.npz") as saved:
        arrays = dict(saved)
    return int(arrays.pop("requests")), arrays
