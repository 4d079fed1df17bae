"""The page on testing strategies: its examples run, and say what it says they say."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lifesim import cli, workspace
from lifesim.testing import CHECKS

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "testing_strategies.md").read_text(encoding="utf-8")
COIN_TOSS, TESTS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
FILE = "strategies/orchestration/coin_toss.py"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in a new workspace that holds the strategy of the page."""
    folder = tmp_path / "workspace"
    workspace.create(folder)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("LIFESIM_ROOT", raising=False)
    workspace.unmount()
    (folder / FILE).write_text(COIN_TOSS)
    yield folder
    workspace.unmount()


def check(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    with pytest.raises(SystemExit):
        cli.main(["check", FILE])
    captured = capsys.readouterr()
    return captured.out, captured.err


def test_the_mistake_of_the_page_is_told_as_it_says(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    session = re.search(rf"\$ lifesim check {FILE}\n(.*?)```", PAGE, re.DOTALL)
    assert session is not None
    out, err = check(capsys)
    # How many rows there are is the world's affair.
    assert (out, re.sub(r"\d+ (rows|of them)", r"n \1", err)) == (
        "",
        re.sub(r"\d+ (rows|of them)", r"n \1", session[1]),
    )


def test_the_remedy_of_the_page_is_one(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    remedy = re.search(r"The remedy is a coin that belongs to the customer: `(.+)`", PAGE)
    assert remedy is not None
    source = re.sub(r"coin = .*", remedy[1], COIN_TOSS)
    assert source != COIN_TOSS
    (root / FILE).write_text(source)
    assert check(capsys) == (f"{FILE}: ok\n", "")


def test_the_tests_of_the_page_pass(root: Path) -> None:
    (root / "test_mine.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert re.search(rf"^{2 * len(CHECKS['orchestration'])} passed", done.stdout, re.MULTILINE), done.stdout


def test_every_check_is_on_the_page_in_its_order() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ", PAGE, re.MULTILINE)
    assert len(rows) == len(set(rows))
    assert set(rows) == {check.name for checks in CHECKS.values() for check in checks}
    for checks in CHECKS.values():
        names = [check.name for check in checks]
        assert names == [name for name in rows if name in names]
