"""Compiling every entry point of the kernel on a world of a few customers."""

from __future__ import annotations

import gc
import pickle
from pathlib import Path

from numba import config

from lifesim.experiment.unit import Experiment, Unit
from lifesim.scenario import Scenario
from lifesim.strategy import Luck, Practice, Schedule, Touches


class _Everything:
    """An orchestration that touches everyone, so that sending is compiled as well."""

    schedule = Schedule(at="10:00")

    def __init__(self, content: str) -> None:
        self.content = content

    def touch(self, customers: object, luck: Luck) -> list[Touches]:
        import numpy as np

        who = np.arange(len(customers))  # type: ignore[arg-type]
        return [Touches(who, self.content, channel) for channel in ("push", "call")]


def compile_kernel(shared: bytes) -> None:
    """Run two days of a tiny world, so that all compiled functions are in the cache, where a mark then says so."""
    mark = Path(config.CACHE_DIR) / "whole"
    if mark.exists():
        return
    described, _, _, mechanisms, _ = pickle.loads(shared)
    described = described | {
        "population": {"size": 64, "segments": {next(iter(described["segments"])): 1.0}},
        "workforce": None, "warm_up": "0d", "horizon": "10d", "arms": {described["experiment"]["control"]: {}},
        "measure": {"primary": described["measure"]["primary"]},
    }  # fmt: skip
    # Two days of some date have no episodes.
    described["market"] = {name: described["market"][name] for name in ("luck", "season")}
    scenario = Scenario.model_validate(described)
    content = next(iter(scenario.contents))
    practice = Practice(orchestrations={"everything": _Everything(content)})
    collects = gc.isenabled()
    # The compiler makes many objects that live long: looking through them again and again takes time.
    gc.disable()
    try:
        Experiment(scenario, {scenario.experiment.control: practice}, mechanisms).run(Unit(0, ("main",)))
    finally:
        if collects:
            gc.enable()
    mark.touch()
