"""Which folder is the workspace."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from pathlib import Path

from lifesim.errors import InputError

MARKER = "lifesim.toml"
ROOT_VARIABLE = "LIFESIM_ROOT"
#: Names that are all shown to whoever wrote another; of more, the nearest.
_FEW = 20


def find_root(explicit: Path | None = None, near: Path | None = None) -> Path:
    """Find the workspace to work in.

    Parameters
    ----------
    explicit
        The folder the user named (``--root``); it wins over everything.
    near
        A file or folder whose parents are searched before those of the current folder.

    Returns
    -------
    Path
        `explicit`, else ``$LIFESIM_ROOT``, else the nearest parent that holds ``lifesim.toml``,
        else the copy that comes with the package; absolute, symbolic links resolved.

    Raises
    ------
    InputError
        If the folder named by `explicit` or by the variable is not a workspace.
    """
    if explicit is not None:
        return _named_root(explicit, "--root")
    if variable := os.environ.get(ROOT_VARIABLE):
        return _named_root(Path(variable), ROOT_VARIABLE)
    for start in (near, Path.cwd()):
        if start is not None and (found := root_above(start)):
            return found
    return bundled_root()


def _named_root(folder: Path, origin: str) -> Path:
    if not (folder / MARKER).is_file():
        raise InputError(
            f"{origin} is {str(folder)!r}, which holds no {MARKER}; "
            f"name a workspace, or make one with: lifesim init DIR"
        )
    return folder.resolve()


def root_above(start: Path) -> Path | None:
    """Give the nearest folder, `start` itself included, that is a workspace; None without one."""
    start = start.resolve()
    folders = (start, *start.parents)
    return next((folder for folder in folders if (folder / MARKER).is_file()), None)


def bundled_root() -> Path:
    """Give the workspace that comes with lifesim: its copy in a wheel, or the checkout itself."""
    package = Path(__file__).resolve().parents[1]
    bundle = package / "_bundle"
    return bundle if (bundle / MARKER).is_file() else package.parent


def out_dir(root: Path) -> Path:
    """Give the folder for run directories: ``reports/out`` of the workspace.

    The bundled workspace belongs to the installation, so from outside it runs go to ``reports/out``
    under the current folder.
    """
    here = Path.cwd().resolve()
    borrowed = root == bundled_root() and not here.is_relative_to(root)
    return (here if borrowed else root) / "reports" / "out"


def shown(path: Path) -> str:
    """Write a path as briefly as it can be found from the current folder."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def suggest(word: str, known: Iterable[str]) -> str:
    """Finish an error about an unknown name: the likeliest known one, else all, or of many the nearest three."""
    names = sorted(known)
    if close := difflib.get_close_matches(word, names, n=1):
        return f"; did you mean {close[0]!r}?"
    if len(names) > _FEW:
        nearest = difflib.get_close_matches(word, names, n=3, cutoff=0.0)
        return f"; the nearest of {len(names)} known: {', '.join(nearest)}"
    return f"; known: {', '.join(names)}" if names else ""
