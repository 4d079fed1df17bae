"""The order of layers in docs/architecture.md, and the ban on random numbers without a key."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "lifesim"
SOURCES = sorted(PACKAGE.rglob("*.py"))
STRATEGIES = sorted((ROOT / "strategies").rglob("*.py"))
# It watches the global generators, so that no strategy uses them.
WATCHES = PACKAGE / "testing" / "global_random.py"

# The version is a constant of the package, and says nothing about its layers.
FREE = ("lifesim.__version__",)


def _layers() -> list[str]:
    """Read the rooms of the page's code block, from the top of the building to its ground."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    block = re.search(r"## Layers.*?```\n(.*?)```", page, re.DOTALL)
    assert block is not None
    return [re.split(r"\.py\b|/|\s", line)[0] for line in block[1].splitlines() if line.strip()]


LAYERS = _layers()


def _room(module: str) -> str:
    """Give the layer of a dotted module name: its first part below `lifesim`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield every imported name in full with its line, from functions and type checks too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((name.name, node.lineno) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative import"
            yield from ((f"{node.module}.{name.name}", node.lineno) for name in node.names)


def _climbing(module: str, source: str, rooms: set[str]) -> list[str]:
    """List the imports of a module that go up the page; `rooms` tells modules from public names."""
    mine = _room(module)
    found = []
    for name, line in _imported(ast.parse(source)):
        if name.split(".")[0] != "lifesim" or name in FREE:
            continue
        theirs = _room(name) if _room(name) in rooms else "__init__"
        if theirs != mine and LAYERS.index(theirs) < LAYERS.index(mine):
            found.append(f"line {line}: {mine} is below {theirs}")
    return found


ROOMS = {_room(_module(path)) for path in SOURCES}


def test_every_room_is_on_the_map() -> None:
    assert LAYERS[:2] == ["__init__", "cli"]
    assert LAYERS[-1] == "errors"
    assert ROOMS - {"__main__"} <= set(LAYERS)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_go_down(path: Path) -> None:
    module = _module(path)
    if module == "lifesim.__main__":  # it only starts the command
        module = "lifesim"
    assert _climbing(module, path.read_text(encoding="utf-8"), ROOMS) == []


@pytest.mark.parametrize(
    ("module", "source", "climbs"),
    [
        ("lifesim.errors", "import lifesim.streams", True),
        ("lifesim.errors", "def f():\n    from lifesim import cli", True),
        ("lifesim.streams", "from lifesim import load", True),
        ("lifesim.streams", "from lifesim import errors, __version__", False),
        ("lifesim.scenario.model", "from lifesim.scenario.units import x", False),
        ("lifesim.scenario.model", "from lifesim.world.loop import x", True),
        ("lifesim.world", "from lifesim.scenario import Scenario", False),
    ],
)
def test_the_test_sees_imports_that_climb(module: str, source: str, climbs: bool) -> None:
    rooms = {"cli", "errors", "scenario", "streams", "world"}
    assert bool(_climbing(module, source, rooms)) is climbs


def _unkeyed(source: str) -> list[int]:
    """List the lines that reach for random numbers other than those of `lifesim.streams`."""
    tree = ast.parse(source)
    lines = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr == "random"
        and isinstance(node.value, ast.Name)
        and node.value.id in ("np", "numpy")
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{name.name}" for name in node.names]
        else:
            continue
        if any(re.match(r"(numpy\.)?random(\.|$)", name) for name in names):
            lines.append(node.lineno)
    return lines


@pytest.mark.parametrize(
    "path", sorted({*SOURCES, *STRATEGIES} - {WATCHES}), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_no_random_numbers_without_a_key(path: Path) -> None:
    assert _unkeyed(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import random", True),
        ("from random import Random", True),
        ("import numpy.random", True),
        ("from numpy import random", True),
        ("from numpy.random import default_rng", True),
        ("import numpy as np\nx = np.random.default_rng()", True),
        ("import numpy as np\nx = np.zeros(3)", False),
        ("from lifesim.streams import uniform\nrandomised = 1", False),
    ],
)
def test_the_test_sees_random_numbers(source: str, found: bool) -> None:
    assert bool(_unkeyed(source)) is found
