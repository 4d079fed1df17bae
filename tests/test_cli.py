"""The command: what it says, where it says it, and how it ends."""

from __future__ import annotations

import errno
import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import lifesim
from lifesim import cli, workspace
from lifesim.errors import InputError, LifesimError, RunError

Run = Callable[..., tuple[int, str, str]]
COMMAND = (sys.executable, "-m", "lifesim")

STRATEGY = """
from dataclasses import dataclass
import numpy as np

@dataclass(frozen=True, kw_only=True)
class Mine:
    skill: float = 0.0

    def assign(self, leads, agents, luck):
        answer = np.full(len(leads), -1)
        for branch in set(agents.branch):
            seats = np.flatnonzero((agents.branch == branch) & (agents.skill >= self.skill))
            seats = np.repeat(seats, agents.capacity[seats])
            first = np.argsort(np.where(leads.branch == branch, luck.uniforms("turn"), 2))
            first = first[: min(len(seats), np.count_nonzero(leads.branch == branch))]
            answer[first] = seats[: len(first)]
        return answer
"""


@pytest.fixture(autouse=True)
def _root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Work in a workspace of one strategy."""
    folder = tmp_path / "strategies" / "allocation"
    folder.mkdir(parents=True)
    (folder / "mine.py").write_text(STRATEGY)
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "lifesim.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LIFESIM_ROOT", raising=False)
    monkeypatch.delenv("LIFESIM_DEBUG", raising=False)
    workspace.unmount()
    yield
    workspace.unmount()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            cli.main(words)
        captured = capsys.readouterr()
        assert isinstance(stop.value.code, int)
        return stop.value.code, captured.out, captured.err

    return run


@pytest.fixture
def raising(run: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """Run `init`, with an error in the middle of it."""

    def raising(error: BaseException, *words: str) -> tuple[int, str, str]:
        def fail(target: Path) -> None:
            raise error

        monkeypatch.setattr(workspace, "create", fail)
        return run(*(words or ("init", "x")))

    return raising


def test_the_version(run: Run) -> None:
    assert run("--version") == (0, f"lifesim {lifesim.__version__}\n", "")


@pytest.mark.parametrize("command", ["", "run", "report", "check", "schema", "facts", "list", "init"])
def test_help_fits_80_columns(run: Run, command: str) -> None:
    code, out, err = run(*command.split(), "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: lifesim {command}".rstrip())
    assert max(map(len, out.splitlines())) <= 80


def test_help_says_what_every_command_does_to_the_end(run: Run) -> None:
    commands = run("--help")[1].split("Commands:\n")[1].splitlines()
    assert len(commands) >= 6
    for line in commands:
        assert re.fullmatch(r"  [a-z]+ +[A-Z].*[^.]\.", line), line


def test_the_command_line_needs_no_heavy_imports() -> None:
    heavy = ["numpy", "pandas", "numba", "pydantic", "scipy", "matplotlib", "pyarrow", "simpy"]
    code = f"import lifesim.cli, sys; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("words", [("frobnicate",), ("run",), ("run", "x", "--workers", "0"), ("init", "x", "--no")])
def test_wrong_usage_is_code_2(run: Run, words: tuple[str, ...]) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert "Error: " in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("error", "code", "lines"),
    [
        (InputError("this is wrong"), 2, ["error: this is wrong"]),
        (InputError("one\ntwo"), 2, ["error: one", "error: two"]),
        (RunError("it broke"), 1, ["error: it broke"]),
        (LifesimError("it broke"), 1, ["error: it broke"]),
        (
            ValueError("odd\n value"),
            1,
            ["error: unexpected ValueError: odd value; run again with --debug"],
        ),
        (
            OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/data/run"),
            1,
            ["error: the disk that holds /data/run is full"],
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "x"),
            1,
            ["error: x: Permission denied"],
        ),
        (KeyboardInterrupt(), 130, ["interrupted: nothing was kept of the unfinished run"]),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 1, []),
    ],
)
def test_every_failure_ends_in_a_line_and_a_code(
    raising: Run, error: BaseException, code: int, lines: list[str]
) -> None:
    assert raising(error) == (code, "", "".join(f"{line}\n" for line in lines))


def test_a_full_disk_without_a_name_still_names_places(raising: Run, tmp_path: Path) -> None:
    code, _, err = raising(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert code == 1
    assert err.startswith(f"error: the disk that holds {tmp_path} or ")


@pytest.mark.parametrize("words", [("--debug", "init", "x"), ("init", "x", "--debug")])
def test_debug_shows_the_traceback(raising: Run, words: tuple[str, ...]) -> None:
    code, out, err = raising(InputError("this is wrong"), *words)
    assert (code, out) == (2, "")
    assert err.startswith("Traceback")
    assert err.endswith("error: this is wrong\n")


def test_debug_by_environment(raising: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIFESIM_DEBUG", "1")
    assert raising(ValueError("x"))[2].startswith("Traceback")


def test_a_name_that_the_terminal_cannot_write_is_no_failure(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "init", "新✓"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "gbk"},
        cwd=tmp_path,
        check=True,
    )
    assert done.stdout.decode() == "a new workspace is in 新✓\n"


def test_a_reader_that_goes_away_is_no_failure() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*COMMAND, "--help"], stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert done.stderr == ""


@dataclass
class Finished:
    """What a run answers with."""

    path: Path
    failures: list[str] = field(default_factory=list)
    seconds: float = 1.25
    asked: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {"effects": [], "question": "涨了吗"}


@pytest.fixture
def finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Finished:
    """Let `run` answer at once, and write down what it was asked."""
    finished = Finished(tmp_path / "reports/out/20260105-x")

    def run_scenario(scenario: str, **options: Any) -> Finished:
        finished.asked = {"scenario": scenario, **options}
        return finished

    # What commands import beside the stand-ins takes parts of the real modules.
    importlib.import_module("lifesim.report.listings")
    experiment, scenario = ModuleType("lifesim.experiment"), ModuleType("lifesim.scenario")
    vars(experiment)["run"] = run_scenario
    vars(experiment)["CHECKS"] = ()
    vars(scenario)["load"] = lambda name, root, checks: f"{name} in {root}"
    monkeypatch.setitem(sys.modules, "lifesim.experiment", experiment)
    monkeypatch.setitem(sys.modules, "lifesim.scenario", scenario)
    monkeypatch.setattr(cli, "_print_effects", lambda path, lang: print(f"effects, {lang}"))
    monkeypatch.setattr(cli, "_write_page", lambda path, lang: path / f"page.{lang}.html")
    return finished


def test_run_ends_in_table_time_and_places(run: Run, finished: Finished, tmp_path: Path) -> None:
    code, out, err = run("run", "x", "--lang", "zh")
    assert (code, err) == (0, "")
    folder = "reports/out/20260105-x"
    assert out == f"effects, zh\ntook 1.2 s\nrun  {folder}\npage {folder}/page.zh.html\n"
    assert finished.asked == {
        "scenario": f"x in {tmp_path}",
        "out": tmp_path / "reports/out",
        "workers": None,
        "events": "sample",
        "replications": None,
        "seed": None,
        "progress": True,
    }


@pytest.mark.parametrize("words", [("run", "x"), ("report", "here")])
def test_the_page_is_written_before_anything_is_printed(
    run: Run, finished: Finished, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """A reader such as `head` may close the output in the middle of the table."""
    written: list[Path] = []

    def write(path: Path, lang: cli.Lang) -> Path:
        written.append(path)
        return path

    def closed(path: Path, lang: cli.Lang) -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr(cli, "_write_page", write)
    monkeypatch.setattr(cli, "_print_effects", closed)
    monkeypatch.setattr(cli, "_run_directory", lambda name, out: out / name)
    assert run(*words)[0] == 1
    assert len(written) == 1


def test_run_hands_its_options_on(run: Run, finished: Finished, tmp_path: Path) -> None:
    options = "--out here --workers 2 --replications 3 --seed 4 --events all --quiet"
    assert run("run", "x", *options.split())[0] == 0
    assert finished.asked == {
        "scenario": f"x in {tmp_path}",
        "out": tmp_path / "here",
        "workers": 2,
        "events": "all",
        "replications": 3,
        "seed": 4,
        "progress": False,
    }


def test_json_is_one_object_and_nothing_else(run: Run, finished: Finished) -> None:
    code, out, err = run("run", "x", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == finished.to_json()
    assert out.count("\n") == 1


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_failed_replications_are_shown_last(run: Run, finished: Finished, words: tuple[str, ...]) -> None:
    finished.failures = ["replication 3: worker killed", "replication 4: timeout"]
    code, out, err = run("run", "x", *words)
    assert code == 1
    assert out
    assert err == "error: replication 3: worker killed\nerror: replication 4: timeout\n"


def test_facts_fit_80_columns_and_brackets_are_no_markup(
    run: Run, finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    row = {
        "parameter": "lifecycle.opportunity.first_purchase.median",
        "value": "[red]21",
        "unit": None,
        "source": "a report with a long name " * 5,
        "place": "scenarios/markets/base.yaml:12",
    }
    vars(sys.modules["lifesim.experiment"])["figures_behind"] = lambda scenario, arm, sourced: (
        "many words " * 9,
        [row],
    )
    code, out, err = run("facts")
    assert (code, err) == (0, "")
    assert out.startswith("many words many words ")
    assert "[red]21" in out
    assert max(map(len, out.splitlines())) <= 80


def test_init_makes_a_workspace_that_checks(run: Run, tmp_path: Path) -> None:
    assert run("init", "new") == (0, "a new workspace is in new\n", "")
    assert workspace.find_root(tmp_path / "new") == tmp_path / "new"
    code, _, err = run("init", "new")
    assert (code, err) == (2, "error: new is not empty; name a new or empty folder\n")


def test_check_says_ok_or_what_is_wrong(run: Run, tmp_path: Path) -> None:
    mine = "strategies/allocation/mine.py"
    for target in (mine, "strategies", "."):
        assert run("check", target) == (0, f"{mine}: ok\n", "")
    (tmp_path / "strategies/allocation/other.py").write_text("\n1 / 0\n")
    workspace.unmount()
    code, out, err = run("check", ".")
    assert (code, out) == (2, f"{mine}: ok\n")
    assert err == ("error: strategies/allocation/other.py:2: ZeroDivisionError: division by zero\n")


def test_check_asks_strategies_and_says_what_to_do(run: Run, tmp_path: Path) -> None:
    file = "strategies/allocation/mine.py"
    (tmp_path / file).write_text(STRATEGY.replace("agents.capacity[seats]", "2 * agents.capacity[seats]"))
    code, out, err = run("check", file)
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {file}:5: Mine: capacity_is_kept: at ")
    assert err.endswith("; count agents.capacity down, and leave the rest UNASSIGNED\n")
    assert err.count("\n") == 1


def test_check_says_when_a_strategy_does_nothing(run: Run, tmp_path: Path) -> None:
    file = "strategies/allocation/mine.py"
    (tmp_path / file).write_text(STRATEGY.replace("skill: float = 0.0", "skill: float = 9.0"))
    code, out, err = run("check", file)
    assert (code, out) == (0, f"{file}: ok\n")
    assert err.startswith(f"warning: {file}:5: Mine does nothing in 4 answers in the small world of aa, so that")


def test_check_asks_in_the_world_of_a_scenario(run: Run, tmp_path: Path) -> None:
    """Contents belong to scenarios: one that names the strategy, or the one that is named."""
    workspace.create(tmp_path / "new")
    source = (tmp_path / "new/strategies/orchestration/newsletter.py").read_text()
    file = tmp_path / "new/strategies/orchestration/greeting.py"
    file.write_text(source.replace("Newsletter", "Greeting").replace('"newsletter"', '"hello"'))
    shown = workspace.shown(file)
    code, _, err = run("--root", "new", "check", shown)
    assert code == 2
    assert "'hello' is no content of scenario aa (name another with --scenario)" in err
    scenario = (tmp_path / "new/scenarios/aa.yaml").read_text().replace("name: aa", "name: greetings")
    contents = "contents: {hello: {kind: care, impulses: {trust: 0.1}, fit: {}, visit: 10%}}\n"
    (tmp_path / "new/scenarios/zz.yaml").write_text(scenario + contents)
    assert run("--root", "new", "check", shown, "--scenario", "zz") == (0, f"{shown}: ok\n", "")
    (tmp_path / "new/scenarios/yy.yaml").write_text(scenario + contents + "# for greeting\n")
    assert run("--root", "new", "check", shown) == (0, f"{shown}: ok\n", "")
    code, _, err = run("--root", "new", "check", shown, "--scenario", "xx")
    assert (code, err.startswith("error: there is no scenario 'xx' in new/scenarios")) == (2, True)


def test_check_names_oracles(run: Run, tmp_path: Path) -> None:
    """A strategy that sees what no insurer sees, in a file and in the arm of a scenario."""
    workspace.create(tmp_path / "new")
    file = tmp_path / "new/strategies/allocation/fill_seats.py"
    file.write_text(
        file.read_text().replace("skilled_first: bool = True", "skilled_first: bool = True\n    oracle = True")
    )
    why = "sees what no insurer can see: an upper bound, not a strategy"
    code, out, _ = run("--root", "new", "check", str(file))
    assert (code, out.splitlines()[1]) == (0, f"{workspace.shown(file)}: oracle 'fill_seats' {why}")
    workspace.unmount()
    scenario = "new/scenarios/striving_youth.yaml"
    code, out, _ = run("--root", "new", "check", scenario)
    arms = [f"{scenario}: arm '{arm}' is an oracle (allocation): {why}" for arm in ("control", "journey")]
    assert (code, out.splitlines()) == (0, [f"{scenario}: ok", *arms])


def test_check_finds_the_workspace_of_the_file(
    run: Run,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    file = tmp_path / "strategies/allocation/mine.py"
    assert run("check", str(file)) == (0, f"{file}: ok\n", "")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("nonesuch", "error: there is no scenario 'nonesuch' in scenarios"),
        ("scenarios", "error: scenarios holds neither scenarios nor strategy files"),
        ("notes.py", "error: notes.py: a strategy file of the workspace . lives in one of"),
    ],
)
def test_check_refuses_what_it_cannot_check(run: Run, tmp_path: Path, target: str, said: str) -> None:
    (tmp_path / "notes.py").write_text("")
    code, out, err = run("check", target)
    assert (code, out) == (2, "")
    assert err.startswith(said)
    assert err.count("\n") == 1


def test_a_root_that_is_none(run: Run) -> None:
    code, _, err = run("--root", "scenarios", "check", ".")
    assert code == 2
    assert re.match(r"error: --root is 'scenarios', which holds no lifesim\.toml; ", err)


def test_report_without_a_run(run: Run) -> None:
    code, out, err = run("report")
    assert (code, out) == (2, "")
    assert err.startswith("error: no finished run in ")
