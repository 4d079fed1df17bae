"""What `lifesim check` says of files: scenarios, journeys, and plug-ins by the contract kit."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

from lifesim import workspace
from lifesim.errors import InputError, LifesimError
from lifesim.experiment import oracles_in
from lifesim.experiment.checks import findings as of_scenario
from lifesim.scenario.journeys import read_journey
from lifesim.testing.contract import CHECKS, examine

_ELSEWHERE = "is a journey; arms find journeys in strategies/orchestration/ alone, so move it there"


def files_in(path: Path) -> list[Path]:
    """Files to check under a path: itself, the scenarios of a workspace or folder, plug-ins and journeys.

    Raises
    ------
    InputError
        If there are none.
    """
    path = path.absolute()
    if path.is_file():
        return [path]
    folder = path / "scenarios" if (path / workspace.MARKER).is_file() else path
    files = sorted(folder.glob("*.yaml"))
    files += sorted(file for file in path.rglob("*.py") if workspace.kind_of(file))
    files += sorted(file for file in path.rglob("*.yaml") if workspace.is_journey(file) and file not in files)
    if not files:
        raise InputError(f"{workspace.shown(path)} holds neither scenarios nor strategy files")
    return files


def findings(file: Path, scenario: str | None) -> tuple[list[str], list[str]]:
    """What is wrong with a file, and what is worth a second look; a line each."""
    try:
        if file.suffix == ".py":
            return _of_strategies(file, scenario)
        if is_journey(file):
            read_journey(file)
            return [], [] if workspace.is_journey(file) else [f"{workspace.shown(file)}: {_ELSEWHERE}"]
        problems, cautions = of_scenario(file)
        return list(map(str, problems)), list(map(str, cautions))
    except LifesimError as error:
        return str(error).splitlines(), []


def is_journey(file: Path) -> bool:
    """Whether a file is a journey by its place, or by its keys where somebody has begun to write one elsewhere."""
    if workspace.is_journey(file):
        return True
    try:
        text = file.read_text(encoding="utf-8-sig") if file.suffix == ".yaml" else ""
    except (OSError, UnicodeDecodeError):
        return False
    return all(re.search(rf"^{key}[ ]*:", text, re.MULTILINE) for key in ("entry", "steps"))


def _of_strategies(file: Path, scenario: str | None) -> tuple[list[str], list[str]]:
    plugins = workspace.plugins_in(file)
    if workspace.kind_of(file) not in CHECKS:
        return [], []
    reports = [examine(plugin.cls, scenario) for plugin in plugins]
    return [str(each) for report in reports for each in report.failures], [*chain(*(each.cautions for each in reports))]


def oracles(file: Path) -> list[str]:
    """What has to be said of plug-ins that see what no insurer sees."""
    why = "sees what no insurer can see: an upper bound, not a strategy"
    if file.suffix == ".py":
        return [f"oracle '{each.name}' {why}" for each in workspace.plugins_in(file) if getattr(each.cls, "oracle", 0)]
    if is_journey(file):
        return []
    return [f"arm '{arm}' is an oracle ({', '.join(names)}): {why}" for arm, names in oracles_in(file).items()]
