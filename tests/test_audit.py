"""Audit mode: the same world without compilation, where every request for luck is checked, is the same to the bit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from small_worlds import busy, described, differences, lives, run, small, uncontended

from lifesim import streams
from lifesim.scenario import Scenario

DAYS = 60
WRITE = "import sys, test_audit; test_audit.write(sys.argv[1])"


def eventful() -> Scenario:
    """Sixty customers to whom a lot happens within weeks, with prospects, friends and inquiries."""
    base = small(60)
    data = described(base)
    for group in ("transitions", "processes"):
        for name, clock in getattr(base.behaviour, group).items():
            data["behaviour"][group][name]["rate"] = f"{6 * clock.rate}/s"
    data["behaviour"]["sessions"]["inquiry"] = 1.0
    data["acquisition"]["advertising"]["rate"] = "20_000/y"
    return uncontended(base.replace(behaviour=data["behaviour"], acquisition=data["acquisition"]))


def world_as_arrays() -> dict[str, Any]:
    """The world after some weeks of campaigns by all channels and a desk that answers."""
    return lives(run(eventful(), busy(), days=DAYS))


def write(path: str) -> None:
    """Run in audit mode, and write the world with the number of requests for luck that were checked."""
    assert streams._asked is not None, "audit mode is off"
    arrays = world_as_arrays()
    np.savez(path, requests=len(streams._asked), **arrays)


def test_no_luck_is_used_twice_and_compilation_changes_no_bit(tmp_path: Path) -> None:
    """``lifesim.streams`` raises in audit mode when the luck of one decision is asked for a second time."""
    here = Path(__file__).parent
    paths = os.pathsep.join(filter(None, (str(here), os.environ.get("PYTHONPATH"))))
    audit = os.environ | {"NUMBA_DISABLE_JIT": "1", "LIFESIM_AUDIT": "1", "PYTHONPATH": paths}
    command = [sys.executable, "-c", WRITE, str(tmp_path / "audited.npz")]
    done = subprocess.run(command, cwd=here.parent, env=audit, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr.strip().splitlines()[-1]
    with np.load(tmp_path / "audited.npz") as saved:
        audited = dict(saved)
    assert int(audited.pop("requests")) > 2_000
    compiled = world_as_arrays()
    assert len(compiled["log.key"]) > 1_000
    assert set(compiled["log.kind"].tolist()) >= set(range(11)) - {8}, "too little happens for an audit"
    assert differences(compiled, audited) == []
