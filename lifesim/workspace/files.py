"""The files of a workspace: which they are, a new set of them, a scenario by its name."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from lifesim.errors import InputError
from lifesim.workspace.mounting import current_root
from lifesim.workspace.root import MARKER, bundled_root, shown, suggest

#: What is there to read for who writes scenarios, journeys and strategies, in ``docs``.
GUIDES = ("scenario_files", "journeys", "contact_policy", "strategies", "testing_strategies", "transitions")


def user_files(root: Path) -> list[Path]:
    """List what makes up a workspace: its own files and what to read of them, no caches, no generated output."""
    files = [root / MARKER, *(root / "reports").glob("*.py")]
    files += (guide for name in GUIDES if (guide := root / "docs" / f"{name}.md").is_file())
    for folder in ("strategies", "scenarios"):
        files += (file for file in (root / folder).rglob("*") if file.is_file())
    return sorted(file for file in files if not _is_generated(file.relative_to(root)))


def _is_generated(path: Path) -> bool:
    return any(part == "__pycache__" or part.startswith(".") for part in path.parts)


def create(target: Path) -> None:
    """Make a new workspace from the bundled one; what is half made never counts as a workspace.

    Raises
    ------
    InputError
        If `target` is a file, or a folder that is not empty.
    """
    target = target.absolute()
    if target.exists() and not target.is_dir():
        raise InputError(f"{shown(target)} is a file; name a new or empty folder")
    if target.is_dir() and any(target.iterdir()):
        raise InputError(f"{shown(target)} is not empty; name a new or empty folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    nearby = target if target.is_dir() else target.parent  # one disk, so that moving is renaming
    with tempfile.TemporaryDirectory(prefix=".lifesim-init-", dir=nearby) as temporary:
        fresh = Path(temporary, "workspace")
        _copy_workspace(bundled_root(), fresh)
        if not target.is_dir():
            fresh.replace(target)
            return
        # An existing folder may be someone's current one, so it is filled; the marker goes last.
        for entry in sorted(fresh.iterdir(), key=lambda entry: entry.name == MARKER):
            entry.replace(target / entry.name)


def _copy_workspace(source: Path, target: Path) -> None:
    for file in user_files(source):
        copy = target / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)  # not its mode: an installed copy may be read-only


def journey_path(name_or_path: str | Path, root: Path | None = None) -> Path:
    """Find a journey file: ``strategies/orchestration/<name>.yaml`` of the workspace, or a path.

    Parameters and errors are those of `scenario_path`.
    """
    return _find_yaml(
        str(name_or_path), "journey", "strategies/orchestration", current_root() if root is None else root
    )


def scenario_path(name_or_path: str | Path, root: Path | None = None) -> Path:
    """Find a scenario file.

    Parameters
    ----------
    name_or_path
        A name, for ``scenarios/<name>.yaml`` of the workspace; or a path that ends in ``.yaml``,
        relative to the current folder, else to the workspace.
    root
        The workspace; the mounted or nearest one if not given.

    Raises
    ------
    InputError
        If there is no such file, or the name is neither a name nor such a path.
    """
    return _find_yaml(str(name_or_path), "scenario", "scenarios", current_root() if root is None else root)


def _find_yaml(text: str, what: str, where: str, root: Path) -> Path:
    if text.isprintable() and text.endswith((".yaml", ".yml")):
        for candidate in (Path(text), root / text):
            if candidate.is_file():
                return candidate
        raise InputError(f"there is no {what} file {text!r}")
    if not re.fullmatch(r"\w[\w-]*", text):
        raise InputError(
            f"{text!r} is neither the name of a {what} (letters, digits, _ and -) nor a path that ends in .yaml"
        )
    folder = root / where
    if (file := folder / f"{text}.yaml").is_file():
        return file
    known = suggest(text, (other.stem for other in folder.glob("*.yaml")))
    raise InputError(f"there is no {what} {text!r} in {shown(folder)}{known}")
