"""The scenario benchmark: what it runs, how it watches memory, and what it makes of times and peaks."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

# `benchmarks` is run from a checkout and never installed.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import memory, scenario, scenario_run
from benchmarks.memory import Finished
from lifesim.errors import InputError
from lifesim.scenario import Scenario, load

MEGABYTE = 1_000_000

TINY = """
extends: aa.yaml
name: tiny
warm_up: 10d
horizon: 20d
population: {size: 200}
experiment: {replications: 2}
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A scenario of 200 customers, two branches, two replications."""
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY, encoding="utf-8")
    return path


class Machine:
    """Answers in place of fresh processes: 300 bytes a customer on top of 100 MB, one second a run."""

    def __init__(self, code: int = 0, failures: tuple[str, ...] = ()) -> None:
        self.code, self.failures = code, failures
        self.commands: list[list[str]] = []
        self.caches: set[str] = set()

    def watch(self, command: list[str], env: dict[str, str]) -> Finished:
        """Take the place of `benchmarks.memory.watch`."""
        self.commands.append(command[3:])
        self.caches.add(env["LIFESIM_CACHE"])
        size = int(command[command.index("--size") + 1]) if "--size" in command else 6_000
        answer: dict[str, Any] = {"seconds": 3.0}
        if command[3] == "run":
            timings = {"kernel": 0.8, "desk": 0.2, "campaign": 0.1, "observer": 0.02, "total": 1.4}
            answer = {
                "customer_days": 1e6,
                "customers": size * 6 // 5,
                "timings": timings,
                "writing_seconds": 0.1,
                "failures": self.failures,
            }
        peak = 100 * MEGABYTE + 300 * size
        return Finished(self.code, json.dumps(answer), 1.0, 2 * peak, peak)


def bench(monkeypatch: pytest.MonkeyPatch, machine: Machine, *arguments: str) -> int:
    """Run the benchmark's command on a machine of known speed and memory."""
    monkeypatch.setattr(scenario, "watch", machine.watch)
    return scenario.main(list(arguments))


def test_json_has_every_figure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    machine = Machine()
    assert bench(monkeypatch, machine, "aa", "--workers", "2", "--json") == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["customer_days_per_second"] == 1e6
    assert figures["cold_compile_seconds"] == 3.0
    assert figures["customer_days_per_second_cold"] == 0.25e6
    assert figures["bytes_per_customer_at_start"] == pytest.approx(300)
    assert figures["bytes_per_customer"] == pytest.approx(250)
    assert [entry["start"] for entry in figures["memory"]] == [6_000, 24_000]
    shares = figures["share_of_time"]
    assert set(shares) == {"kernel", "touches", "desks", "observation", "population", "writing", "other"}
    assert shares["kernel"] == pytest.approx(0.4) and shares["writing"] == pytest.approx(0.1)
    assert sum(shares.values()) == pytest.approx(1.0)


def test_compiling_comes_first_and_the_runs_load_what_it_left(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine()
    assert bench(monkeypatch, machine, "aa") == 0
    assert [command[0] for command in machine.commands] == ["compile", "run", "run", "run"]
    assert len(machine.caches) == 1
    assert not Path(machine.caches.pop()).exists()


@pytest.mark.parametrize("machine", [Machine(code=1), Machine(failures=("arm 'copy': raised",))])
def test_a_run_that_fails_is_no_figure(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench(monkeypatch, machine, "aa", "--json") == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1


def test_an_unknown_scenario_is_told_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    machine = Machine()
    assert bench(monkeypatch, machine, "no_such_scenario") == 2
    assert machine.commands == []
    assert "no_such_scenario" in capsys.readouterr().err


def test_a_task_answers_with_what_it_took(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = scenario_run.main(["run", str(tiny), "--size", "300", "--together", "--out", str(tmp_path / "out")])
    answer = json.loads(capsys.readouterr().out)
    assert code == 0 and answer["failures"] == []
    # Two replications; 10 days before the fork, 20 after it in either arm; those who join later add a little.
    assert 300 * 2 * (10 + 2 * 20) <= answer["customer_days"] < 1.1 * 300 * 2 * (10 + 2 * 20)
    known = {name for names in scenario.PARTS.values() for name in names}
    assert {"kernel", "desk", "campaign", "observer", "inference", "gathering", "population"} <= set(answer["timings"])
    assert known <= set(answer["timings"]) | {"acquisition"}
    assert answer["writing_seconds"] > 0
    (run,) = [path for path in (tmp_path / "out").iterdir() if path.is_dir()]
    assert (run / "manifest.json").is_file() and any(run.glob("*.html"))


def resized(described: Scenario, size: int) -> dict[str, int]:
    """Customers by branch after a change of size."""
    return scenario_run.resized(described, size).population.branch_sizes()


def test_a_change_of_size_keeps_the_proportions_of_branches(tiny: Path) -> None:
    described = load(tiny)
    assert resized(described, 1_000) == {"north": 600, "south": 400}
    population = described.population.model_dump(mode="json", by_alias=True)
    counted = described.replace(population=population | {"size": None, "branches": {"north": 30, "south": 10}})
    assert resized(counted, 1_000) == {"north": 750, "south": 250}


def test_a_book_cannot_be_resized(tiny: Path) -> None:
    book = {"from": "book.parquet"}
    with pytest.raises(InputError, match="come from a book"):
        resized(load(tiny).replace(population={"book": book}), 100)


def test_the_peak_counts_processes_of_processes_and_memory_given_back() -> None:
    hold = "b = bytearray({} * 1_000_000); del b; import time; time.sleep(0.4)"
    inner = hold.format(60)
    outer = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {inner!r}]); "
    outer += hold.format(40) + "; p.wait(); print('done')"
    idle = memory.watch([sys.executable, "-c", outer.replace("60 *", "0 *").replace("40 *", "0 *")])
    busy = memory.watch([sys.executable, "-c", outer])
    assert busy.code == 0 and busy.output == "done\n"
    assert busy.seconds >= 0.4
    if not Path("/proc/self/status").exists():
        assert idle.peak_bytes is None and busy.peak_bytes is None
        return
    assert idle.peak_bytes is not None and busy.peak_bytes is not None
    assert busy.peak_bytes - idle.peak_bytes == pytest.approx(100 * MEGABYTE, rel=0.05)


def test_the_exit_code_of_a_command_is_told() -> None:
    assert memory.watch([sys.executable, "-c", "raise SystemExit(3)"]).code == 3
