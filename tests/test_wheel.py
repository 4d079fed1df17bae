"""The wheel, installed into a fresh environment and used from an empty folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `lifesim` command of an environment that has nothing but the wheel and its dependencies.

    The dependencies are those of this environment, by a path entry: that needs no network, and leaves the editable
    install behind, whose hooks only run in a site folder.
    """
    folder = tmp_path_factory.mktemp("installed")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env", with_pip=False, symlinks=True)
    python = folder / "env" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True)
    asked = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip())
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "env" / "bin" / "lifesim"


def _run(command: Path, folder: Path, *words: str) -> str:
    environment = {name: value for name, value in os.environ.items() if "LIFESIM" not in name}
    done = subprocess.run(
        [str(command), *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_workspace_from_the_wheel_runs_in_an_empty_folder(command: Path, tmp_path: Path) -> None:
    assert _run(command, tmp_path, "init", "demo") == "a new workspace is in demo\n"
    demo = tmp_path / "demo"
    campaign = "strategies/orchestration/weekly_campaign.py"
    assert "scenarios/striving_youth.yaml: ok" in _run(command, demo, "check", "scenarios").splitlines()
    assert f"{campaign}: ok" in _run(command, demo, "check", campaign).splitlines()
    answer = json.loads(_run(command, demo, "run", "striving_youth", "--replications", "1", "--seed", "3", "--json"))
    assert {row["arm"] for row in answer["effects"]} == {"journey"}
    path = Path(answer["path"])
    assert path.parent == demo / "reports" / "out"
    manifest = json.loads((path / "manifest.json").read_text())
    assert (manifest["replications"], manifest["seed"]) == (1, 3)
    assert (path / "page.en.html").stat().st_size > 10_000
    shown = _run(command, demo, "report", "latest", "--lang", "zh")
    assert "首次投保率" in shown
    assert "simulated" in _run(command, demo, "facts", "--compare", "latest")


def test_the_installed_package_is_the_wheel(command: Path, tmp_path: Path) -> None:
    code = "import lifesim, sys; print(lifesim.__file__)"
    done = subprocess.run(
        [str(command.with_name("python")), "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()).is_relative_to(command.parents[1])
