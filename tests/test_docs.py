"""The page of arrows says what the base market says, and every test that it names exists."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from typing import Any

from quiet_world import REPO, base

SCRIPT = REPO / "docs" / "make_transitions.py"
PAGE = (REPO / "docs" / "transitions.md").read_text(encoding="utf-8")


@cache
def script() -> Any:
    """The script that writes the page, as a module."""
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("make_transitions", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def collected() -> frozenset[str]:
    """Node ids of the tests of the lifecycle."""
    names = ("lifecycle", "calendar", "premiums", "life_events", "claims", "underwriting", "endings")
    files = [f"tests/test_{name}.py" for name in names]
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files]
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=True, timeout=120)
    return frozenset(line for line in done.stdout.splitlines() if "::" in line)


def test_page_of_arrows_is_up_to_date() -> None:
    assert script().page(base()) == PAGE, "run: python docs/make_transitions.py"


def test_every_arrow_and_process_is_on_the_page() -> None:
    rows = [line.split(" | ") for line in PAGE.splitlines()]
    listed = {f"{row[0].removeprefix('| ')}.{row[2]}" for row in rows if len(row) == 7} | {
        row[2] for row in rows if len(row) == 7
    }
    behaviour = base().behaviour
    assert set(behaviour.transitions) | set(behaviour.processes) | set(behaviour.life_events) <= listed


def test_every_test_that_the_page_names_exists() -> None:
    named = re.findall(r"`(tests/[^`]+::[^`]+)`", PAGE)
    assert len(named) == len(re.findall(r"^\| (?!from|-)", PAGE, flags=re.MULTILINE)) > 30
    assert set(named) <= collected()


def test_every_covariate_of_a_hazard_has_its_test() -> None:
    behaviour = base().behaviour
    for name, rule in {**behaviour.transitions, **behaviour.processes}.items():
        for covariate in rule.depends:
            follows = f"covariate[{name}-{covariate}]" if covariate != "phase" else f"phase[0.0-{name}]"
            assert f"tests/test_lifecycle.py::test_hazard_follows_{follows}" in collected()
