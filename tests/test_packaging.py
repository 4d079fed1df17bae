"""What is installed: one package, and the user folders inside it."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import editables
import pytest

import lifesim
from lifesim.workspace import user_files

CHECKOUT = Path(__file__).resolve().parents[1]
NOT_INSTALLED = ("strategies", "scenarios", "reports", "tests", "benchmarks", "hatch_build")

BUILD_EDITABLE = """
import os, sys
from hatchling.builders.wheel import WheelBuilder
list(WheelBuilder(os.getcwd()).build(directory=sys.argv[1], versions=["editable"]))
"""

IMPORT_EDITABLE = f"""
import importlib.util, pathlib, site, sys
sys.path += [sys.argv[1], str(pathlib.Path(sys.argv[2]).parents[1])]
site.addsitedir(sys.argv[1])
import lifesim, lifesim.workspace
print("lifesim", lifesim.__file__, sep="=")
print("bundle", lifesim.workspace.bundled_root(), sep="=")
for name in {NOT_INSTALLED}:
    print(name, importlib.util.find_spec(name), sep="=")
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout, with what use leaves behind in it."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "lifesim.toml"):
        shutil.copy(CHECKOUT / name, copy)
    ignore = shutil.ignore_patterns("__pycache__", "out")
    for name in ("lifesim", "strategies", "scenarios", "reports", "docs"):
        if (CHECKOUT / name).is_dir():  # git keeps no empty folder, such as reports/ may be
            shutil.copytree(CHECKOUT / name, copy / name, ignore=ignore)
    left = ("reports/out/run/page.html", "strategies/__pycache__/x.pyc", "scenarios/.x.yaml.swp")
    for name in (*left, "strategies/grading/example_of_the_test.py", "benchmarks/x.py"):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_text("")
    return copy


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True)
    (built,) = target.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for PYTHONPATH with the content of the wheel."""
    site = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


def _lifesim(installed: Path, folder: Path, *words: str) -> str:
    environment = {name: value for name, value in os.environ.items() if "LIFESIM" not in name}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "lifesim", *words],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_the_wheel_holds_one_package_and_the_licence(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    information = f"lifesim-{lifesim.__version__}.dist-info"
    assert {name.split("/")[0] for name in names} == {"lifesim", information}
    assert "lifesim/py.typed" in names
    assert f"{information}/licenses/LICENSE" in names


def test_the_wheel_bundles_exactly_the_users_files(wheel: Path, checkout: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    prefix = "lifesim/_bundle/"
    bundled = {name.removeprefix(prefix) for name in names if name.startswith(prefix)}
    wanted = {file.relative_to(checkout).as_posix() for file in user_files(checkout)}
    assert bundled == wanted
    assert {"lifesim.toml", "strategies/grading/example_of_the_test.py"} <= bundled
    assert not [name for name in bundled if re.search(r"/out/|__pycache__|\.swp$", name)]


def test_every_data_file_of_the_package_is_in_the_wheel(wheel: Path, checkout: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    files = [file for file in (checkout / "lifesim").rglob("*") if file.is_file()]
    mine = {file.relative_to(checkout).as_posix() for file in files}
    assert {name for name in mine if not name.endswith(".pyc")} <= names


def test_a_new_workspace_comes_out_of_the_wheel(installed: Path, checkout: Path, tmp_path: Path) -> None:
    assert _lifesim(installed, tmp_path, "init", "demo") == "a new workspace is in demo\n"
    demo = tmp_path / "demo"
    assert [file.relative_to(demo) for file in user_files(demo)] == [
        file.relative_to(checkout) for file in user_files(checkout)
    ]
    assert (demo / "docs" / "journeys.md").is_file() and not (demo / "docs" / "architecture.md").exists()


def test_an_editable_install_leaks_no_other_name(checkout: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", BUILD_EDITABLE, str(tmp_path)]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True)
    (built,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(built) as archive:
        archive.extractall(site)
    # Without the site of this environment (-S), which may hold an editable install of its own.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", IMPORT_EDITABLE, str(site), editables.__file__],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    found = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert found.pop("lifesim") == str(checkout / "lifesim" / "__init__.py")
    assert found.pop("bundle") == str(checkout)
    assert set(found) == set(NOT_INSTALLED)
    assert not [name for name, place in found.items() if str(checkout) in place]


@pytest.mark.parametrize("name", [name for name in lifesim.__all__ if name != "__version__"])
def test_every_public_name_resolves(name: str) -> None:
    assert getattr(lifesim, name) is not None
    assert name in dir(lifesim)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'lifesim' has no attribute 'nonesuch'"):
        _ = lifesim.nonesuch


def test_importing_lifesim_imports_nothing_else() -> None:
    code = "import sys, lifesim; print([m for m in sys.modules if m.startswith('lifesim')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['lifesim']\n"


def test_every_import_is_a_declared_dependency() -> None:
    """A library that is only there by way of another one may be gone tomorrow."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[<>=.\[]", line)[0] for line in project["dependencies"]}
    # numba and pydantic pin the exact version of these, and pass on their types.
    declared |= {"llvmlite", "pydantic_core"}
    own = {"lifesim", "lifesim_ext"}
    # Who makes tests of the checks of a strategy runs them with pytest.
    of_tests = {CHECKOUT / "lifesim" / "testing" / "contract.py": {"pytest"}}
    for file in sorted((CHECKOUT / "lifesim").rglob("*.py")):
        imported = _top_level_imports(file.read_text(encoding="utf-8"))
        assert imported - sys.stdlib_module_names <= declared | own | of_tests.get(file, set()), file


def _top_level_imports(source: str) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names
