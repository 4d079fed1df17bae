"""Where compiled code is kept, and that an edit anywhere is never overlooked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lifesim import compiled

PACKAGE = Path(compiled.__file__).parent

CALLEE = """
from mini.compiled import compiled

@compiled
def inner(x):
    return x + {number}
"""
ENTRY = """
from mini.compiled import compiled_entry
from mini.callee import inner

@compiled_entry
def outer(x):
    return 10 * inner(x)
"""

Ask = Callable[..., str]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Ask a fresh interpreter that takes packages from the folder of the test, and caches there."""

    def ask(code: str, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "-P", "-c", code],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path), "LIFESIM_CACHE": str(tmp_path / "cache"), **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    return ask


@pytest.fixture
def mini(tmp_path: Path) -> Path:
    """A package of two compiled functions in two files."""
    folder = tmp_path / "mini"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    shutil.copy(PACKAGE / "compiled.py", folder)
    (folder / "callee.py").write_text(CALLEE.format(number=1))
    (folder / "entry.py").write_text(ENTRY)
    return folder


OUTER = "from mini.entry import outer; print(outer(4), sum(outer.stats.cache_hits.values()))"


def test_an_edited_callee_in_another_file_is_compiled_again(mini: Path, ask: Ask) -> None:
    assert ask(OUTER) == "50 0"
    assert ask(OUTER) == "50 1"  # from the cache
    (mini / "callee.py").write_text(CALLEE.format(number=2))
    assert ask(OUTER) == "60 0"
    (mini / "callee.py").write_text(CALLEE.format(number=1))
    assert ask(OUTER).startswith("50 ")


def test_each_state_of_the_sources_has_its_own_folder(tmp_path: Path, ask: Ask) -> None:
    shutil.copytree(PACKAGE, tmp_path / "lifesim", ignore=shutil.ignore_patterns("__pycache__"))
    code = "import lifesim.compiled as c; print(c.__file__, c.cache_directory(), sep='\\n')"
    file, before = ask(code).splitlines()
    assert file == str(tmp_path / "lifesim" / "compiled.py")
    assert Path(before).parent == tmp_path / "cache" / "lifesim"

    def edited(name: str) -> bool:
        path = tmp_path / "lifesim" / name
        source = path.read_bytes()
        path.write_bytes(source + b"# edited\n")
        after = ask(code).splitlines()[1]
        path.write_bytes(source)
        return after != before

    for name in (
        "lifecycle/events.py",
        "population/columns.py",
        "engagement/touches.py",
        "streams.py",
        "compiled.py",
        "world/kernel.py",
    ):
        assert edited(name), name
    assert not edited("cli.py")  # no compiled code: nothing to compile again
    assert ask(code).splitlines()[1] == before


def test_a_parent_that_cannot_be_written_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LIFESIM_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    found = []
    for name in ("LIFESIM_CACHE", "XDG_CACHE_HOME", "home"):
        found.append(compiled.cache_directory().relative_to(tmp_path).parts[0])
        # A file in its place, because a folder without permission stops everyone but the superuser.
        shutil.rmtree(tmp_path / name)
        (tmp_path / name).write_text("")
    assert found == ["LIFESIM_CACHE", "XDG_CACHE_HOME", "home"]
    last = compiled.cache_directory()
    assert last.is_dir()
    assert list(last.iterdir()) == []
    assert not last.is_relative_to(tmp_path / "home")
    last.rmdir()


def test_a_read_only_install_compiles_into_the_cache(mini: Path, ask: Ask, tmp_path: Path) -> None:
    for path in (mini, *mini.iterdir()):
        path.chmod(path.stat().st_mode & ~0o222)
    assert ask(OUTER, PYTHONDONTWRITEBYTECODE="1") == "50 0"
    assert ask(OUTER, PYTHONDONTWRITEBYTECODE="1") == "50 1"
    assert {path.name for path in mini.iterdir()} == {"__init__.py", "callee.py", "compiled.py", "entry.py"}
    mini.chmod(0o755)


def test_without_any_cache_compiled_code_still_runs(mini: Path, ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    nowhere = dict.fromkeys(("LIFESIM_CACHE", "XDG_CACHE_HOME", "HOME"), str(tmp_path / "file"))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    assert ask(OUTER, TMPDIR=str(scratch), **nowhere) == "50 0"
