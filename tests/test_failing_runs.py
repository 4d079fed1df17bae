"""Runs in which something fails: what is lost is named, what is left is shown, and nothing half made stays."""

from __future__ import annotations

import errno
import json
import os
import pickle
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import lifesim
from lifesim import cli, workspace
from lifesim.errors import RunError
from lifesim.experiment import comparison
from lifesim.experiment.comparison import whole_replications

SCENARIO = """\
extends: markets/base.yaml
name: tiny
question: "<script>alert(1)</script>"
start: 2026-01-05
warm_up: 7d
horizon: 28d
population:
  size: {size}
  segments: {{striving_youth: 100%}}
arms:
  control: {{use: {control}}}
  campaign: {{use: current_practice, orchestration: [weekly_campaign]}}
{arms}measure:
  primary: opt_out_rate
experiment: {{replications: {replications}, seed: 1}}
"""

# Asked on Mondays at ten; well-behaved until 2026-01-15.
FAILING = '''
import datetime, hashlib, os, signal
from dataclasses import dataclass
from pathlib import Path

from lifesim.strategy import Schedule, Touches


@dataclass(frozen=True, kw_only=True)
class Failing:
    """Fails in its own way."""

    how: str = "raise"

    @property
    def schedule(self):
        return Schedule(at="10:00", weekdays=(1,))

    def touch(self, customers, luck):
        who = customers.where(customers.age > 0)
        if customers.date < datetime.date(2026, 1, 15):
            return Touches(who[:0], "newsletter", "push")
        if self.how == "raise":
            raise KeyError("no such plan")
        if self.how == "peek":
            return Touches(customers.where(customers.trust > 0), "newsletter", "push")
        if self.how == "edit":
            customers.age[:] = 3
        if self.how == "mask":
            return Touches(customers.age > 0, "newsletter", "push")
        if self.how == "content":
            return Touches(who, "newsleter", "push")
        if self.how == "list":
            return [1]
        self._die(customers)

    def _die(self, customers):
        """Take down whichever unit of work comes here first, each time that it is tried."""
        me = hashlib.sha256(customers.age.tobytes()).hexdigest()
        mark = Path(os.environ["VICTIM"])
        try:
            with mark.open("x") as stream:
                stream.write(me)
        except FileExistsError:
            pass
        with mark.with_suffix(".deaths").open("a") as stream:
            stream.write("x" if mark.read_text() == me else "")
        if mark.read_text() == me:
            os.kill(os.getpid(), signal.SIGKILL)
'''

Run = Callable[..., tuple[int, str, list[str]]]


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("failing") / "workspace"
    workspace.create(folder)
    (folder / "strategies" / "orchestration" / "failing.py").write_text(FAILING)
    return folder


@pytest.fixture
def root(bundled: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in a workspace with the shipped files and one strategy that fails."""
    monkeypatch.chdir(bundled)
    monkeypatch.delenv("LIFESIM_ROOT", raising=False)
    monkeypatch.delenv("LIFESIM_DEBUG", raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    workspace.unmount()
    yield bundled
    workspace.unmount()


@pytest.fixture
def run(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a scenario with some more arms; gives the exit code, what was printed, and the complaints."""

    def run(*words: str, scenario: str = "tiny", arms: str = "", replications: int = 1) -> tuple[int, str, list[str]]:
        (root / "scenarios" / "tiny.yaml").write_text(tiny(arms, replications=replications))
        with pytest.raises(SystemExit) as stop:
            cli.main(["run", scenario, "--quiet", "--out", str(tmp_path / "out"), *words])
        captured = capsys.readouterr()
        assert isinstance(stop.value.code, int)
        return stop.value.code, captured.out, captured.err.splitlines()

    return run


def tiny(arms: str = "", *, control: str = "current_practice", size: int = 200, replications: int = 1) -> str:
    return SCENARIO.format(arms=arms, control=control, size=size, replications=replications)


def failing(*ways: str) -> str:
    """Arms that fail."""
    return "".join(f"  {way}: {{orchestration: [{{failing: {{how: {way}}}}}]}}\n" for way in ways)


def test_a_strategy_that_fails_costs_its_own_arm_and_nothing_else(run: Run, tmp_path: Path) -> None:
    ways = {
        "raise": "raised KeyError: 'no such plan'",
        "peek": "raised AttributeError: 'trust' cannot be observed; known columns: age, ",
        "edit": "raised ValueError: assignment destination is read-only",
        "mask": "who must be integers, not bool",
        "content": "unknown content 'newsleter'",
        "list": "touch() must return Touches, not 1",
    }
    code, out, said = run("--workers", "1", "--json", arms=failing(*ways), replications=2)
    assert code == 1
    assert len(said) == len(ways), said
    for line, (way, reason) in zip(said, ways.items(), strict=True):
        where = "failed in 2 of 2 units of work; first in replication 0, main"
        assert line.startswith(f"error: arm '{way}' {where}: strategy 'failing' at 2026-01-19 10:00: {reason}")
    (path,) = (tmp_path / "out").iterdir()
    answer = json.loads(out)
    assert {row["arm"] for row in answer["effects"]} == {"campaign"}
    touched = [row for row in answer["effects"] if row["metric"] == "touches_per_customer" and row["segment"] == "all"]
    assert touched[0]["replications"] == 2
    assert touched[0]["effect"] > 0
    assert json.loads((path / "manifest.json").read_text())["failures"] == [
        line.removeprefix("error: ") for line in said
    ]
    # The question of the scenario is hostile.
    page = (path / "page.en.html").read_text()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page


def test_a_control_that_fails_leaves_nothing_to_compare_with(run: Run, root: Path, tmp_path: Path) -> None:
    practice = "practices: {bad: {orchestration: [failing]}}\n"
    (root / "scenarios" / "bad.yaml").write_text(tiny(control="bad") + practice)
    code, out, said = run("--workers", "1", scenario="bad")
    assert (code, out, len(said)) == (1, "", 2)
    assert said[0].startswith(
        "error: arm 'control' failed in 1 of 1 units of work; first in replication 0, main: strategy"
    )
    assert said[1] == "error: without the control arm 'control' there is nothing to compare with"
    assert list((tmp_path / "out").iterdir()) == []


def test_a_killed_worker_costs_its_own_unit(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    victim = tmp_path / "victim"
    monkeypatch.setenv("VICTIM", str(victim))
    code, out, said = run("--workers", "2", "--json", arms=failing("die"), replications=3)
    assert (code, len(said)) == (1, 1), said
    assert said[0].startswith("error: every arm failed in 1 of 3 units of work; first in replication ")
    assert said[0].endswith(": worker killed (out of memory?)")
    assert victim.with_suffix(".deaths").read_text() == "xx"  # it was tried again
    effects = [row for row in json.loads(out)["effects"] if row["segment"] == "all"]
    assert {row["replications"] for row in effects if row["metric"] == "touches_per_customer"} == {2}


def test_a_branch_that_is_missing_everywhere_leaves_no_whole_replication() -> None:
    """Every planned branch has to be there, whether or not the tables that came back know of it."""
    north = pd.DataFrame({"arm": ["control", "control", "new", "new"], "replication": [0, 1, 0, 1], "branch": "north"})
    south = north[(north["replication"] == 1) | (north["arm"] == "new")].assign(branch="south")
    assert len(whole_replications(north, {"north"})) == 4
    assert whole_replications(north, {"north", "south"}).empty
    kept = whole_replications(pd.concat([north, south]), {"north", "south"})
    assert set(zip(kept["arm"], kept["replication"], strict=True)) == {("control", 1), ("new", 0), ("new", 1)}


def test_a_control_without_a_branch_leaves_nothing_to_compare_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a market is never passed off as the whole."""
    scenario = lifesim.load("aa").replace(
        population={"branches": {"north": 40, "south": 40}, "segments": {"mainstream": 1.0}},
        warm_up="2d",
        horizon="3d",
        experiment={"replications": 2},
    )
    monkeypatch.setattr(comparison, "run_units", _without_the_south(comparison.run_units))
    with pytest.raises(RunError, match=r"no replication of the control arm 'control' has all .*: north, south"):
        lifesim.compare(scenario, workers=1)


def _without_the_south(run_units: Callable[..., list[bytes]]) -> Callable[..., list[bytes]]:
    """Units that come back without the rows of a branch."""

    def run(*given: Any) -> list[bytes]:
        answers = []
        for answer in run_units(*given):
            result = pickle.loads(answer)
            result.tables["totals"] = [p for p in result.tables["totals"] if p["branch"][0] != "south"]
            answers.append(pickle.dumps(result))
        return answers

    return run


def test_a_disk_that_fills_up_leaves_nothing(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    out = tmp_path / "out"
    assert run("--workers", "1") == (1, "", [f"error: {out}: the disk is full; the unfinished run was removed"])
    assert list(out.iterdir()) == []


def test_a_limit_on_the_size_of_files_leaves_nothing(run: Run, root: Path, tmp_path: Path) -> None:
    run("--workers", "1")  # the scenario is written, and the kernel compiled
    out = tmp_path / "limited"
    done = subprocess.run(
        [sys.executable, "-m", "lifesim", "run", "tiny", "--quiet", "--workers", "1", "--out", str(out)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, 4_096)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "File too large" in done.stderr
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("below", ["", "/runs"])
def test_a_folder_that_is_a_file(run: Run, tmp_path: Path, below: str) -> None:
    file = tmp_path / "file"
    file.write_text("")
    code, out, said = run("--out", f"{file}{below}")
    assert (code, out, len(said)) == (2, "", 1)
    assert said[0].startswith("error: ")
    assert str(file) in said[0]
    assert file.read_text() == ""


def _descendants(process: int) -> set[int]:
    """Processes below one that are alive."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    parents = {int(child): int(parent) for child, parent, state in rows if not state.startswith("Z")}
    found: set[int] = set()
    while more := {child for child, parent in parents.items() if parent in found | {process}} - found:
        found |= more
    return found


def _alive(processes: set[int]) -> bool:
    listed = subprocess.run(["ps", "-eo", "pid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    return any(int(process) in processes for process, state in rows if not state.startswith("Z"))


def _wait(until: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.1)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing_and_nobody(run: Run, tmp_path: Path, sent: signal.Signals) -> None:
    out, scratch = tmp_path / "out", tmp_path / "scratch"
    scratch.mkdir()
    run("--workers", "1")  # the kernel is compiled
    Path("scenarios/tiny.yaml").write_text(tiny(size=300_000, replications=4).replace("28d", "5y"))
    before = set(out.iterdir())
    started = subprocess.Popen(
        [sys.executable, "-m", "lifesim", "run", "tiny", "--quiet", "--workers", "2", "--out", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(scratch)},
        text=True,
        start_new_session=True,
    )
    try:
        # One worker and its helper at least, beside the process that tracks shared resources.
        _wait(lambda: len(_descendants(started.pid)) >= 3 and started.poll() is None)
        everybody = _descendants(started.pid)
        assert set(out.glob(".partial-*"))
        if sent == signal.SIGINT:
            os.killpg(started.pid, sent)  # as a terminal does on Ctrl-C
        else:
            started.send_signal(sent)
        output, errors = started.communicate(timeout=30)
    finally:
        started.kill()
    assert started.returncode == 130
    assert (output, errors.strip()) == ("", "interrupted: nothing was kept of the unfinished run")
    _wait(lambda: not _alive(everybody), 10)
    assert set(out.iterdir()) == before
    assert list(scratch.iterdir()) == []
