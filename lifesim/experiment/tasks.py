"""What a worker does: unpickle, mount the workspace, run one unit, answer in bytes."""

from __future__ import annotations

import gc
import pickle
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lifesim.scenario import Scenario
from lifesim.strategy import Practice

if TYPE_CHECKING:
    from lifesim.experiment.unit import Experiment

_prepared: dict[bytes, Any] = {}


def prepare(root: str, scratch: str) -> None:
    """Initializer of a worker: plug-ins can be imported before anything is unpickled.

    Parameters
    ----------
    root
        The workspace.
    scratch
        Folder for temporary files.
    """
    from lifesim.workspace import mount

    tempfile.tempdir = scratch
    mount(Path(root))


def pack(scenario: Scenario, practices: dict[str, Practice], mechanisms: list[Any], keep_all: bool) -> bytes:
    """What all units share, as bytes."""
    described = scenario.model_dump(mode="json", by_alias=True)
    folder = str(scenario._folder) if scenario._folder else None
    return pickle.dumps((described, folder, practices, mechanisms, keep_all))


def run_unit(payload: bytes) -> bytes:
    """Run one unit: ``payload`` holds what all units share and the unit. A worker keeps the shared part."""
    shared, unit = pickle.loads(payload)
    return pickle.dumps(experiment(shared).run(unit))


def experiment(shared: bytes) -> Experiment:
    """The experiment that all units share; a process keeps the latest."""
    from lifesim.experiment.unit import Experiment

    if shared not in _prepared:
        _prepared.clear()
        # What was imported lives as long as the process: the collector need not look through it again and again.
        gc.freeze()
        described, folder, practices, mechanisms, keep_all = pickle.loads(shared)
        scenario = Scenario.model_validate(described)
        scenario._folder = Path(folder) if folder else None
        _prepared[shared] = Experiment(scenario, practices, mechanisms, keep_all)
    found: Experiment = _prepared[shared]
    return found
