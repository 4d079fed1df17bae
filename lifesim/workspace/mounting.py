"""Make the user's folders importable, as one private package that stands for one workspace.

The package is made by hand and entered in ``sys.modules``, with a sub-package per folder. From
there on everything is ordinary: imports between files, relative ones included, pickling across
processes, tracebacks, dataclasses with postponed annotations.
"""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import FileFinder, ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from lifesim.workspace.root import find_root

PACKAGE = "lifesim_ext"

# Kind of plug-in, which is also its folder under strategies/ -> the method that makes it one.
METHODS = {
    "orchestration": "touch",
    "grading": "grade",
    "allocation": "assign",
    "mechanisms": "rate",
}

_SUBPACKAGES = ("strategies", *(f"strategies.{kind}" for kind in METHODS), "reports")


class _SourceLoader(SourceFileLoader):
    """Compile from source at every mount.

    Cached bytecode is matched by whole seconds and size, so a file edited twice in one second could
    run as it was before, under the hash of what it is now.
    """

    def path_stats(self, path: object) -> NoReturn:
        raise OSError("no bytecode is kept for user files")


class Mount(ModuleType):
    """The package ``lifesim_ext``: its workspace, and what has been found there so far."""

    def __init__(self, root: Path) -> None:
        super().__init__(PACKAGE, "The mounted workspace.")
        self.root = root
        self.discovered: dict[str, dict[str, Any]] = {}


def mount(root: Path) -> None:
    """Make ``strategies/`` and ``reports/`` of a workspace importable under ``lifesim_ext``.

    The same root again changes nothing; another root takes the place of the first, whose modules
    are dropped. A worker process calls this as its initializer, before it unpickles a plug-in.
    """
    root = root.resolve()
    mounted = _mounted()
    if mounted is not None and mounted.root == root:
        return
    unmount()
    _enter(Mount(root), root)
    for name in _SUBPACKAGES:
        _enter(ModuleType(f"{PACKAGE}.{name}"), root.joinpath(*name.split(".")))
    importlib.invalidate_caches()


def _enter(package: ModuleType, folder: Path) -> None:
    name = package.__name__
    package.__path__ = [str(folder)]
    package.__package__ = name
    package.__spec__ = ModuleSpec(name, None, is_package=True)
    package.__spec__.submodule_search_locations = package.__path__
    sys.modules[name] = package
    sys.path_importer_cache[str(folder)] = FileFinder(str(folder), (_SourceLoader, [".py"]))
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, package)


def unmount() -> None:
    """Forget the mounted workspace and every module that came from it.

    To see edited files in a process that goes on, unmount and mount again.
    """
    for name in [name for name in sys.modules if f"{name}.".startswith(f"{PACKAGE}.")]:
        for folder in getattr(sys.modules.pop(name), "__path__", ()):
            sys.path_importer_cache.pop(folder, None)


def current_mount() -> Mount:
    """Give the mounted package; mount the nearest workspace if there is none yet."""
    mounted = _mounted()
    if mounted is None:
        mount(find_root())
        return current_mount()
    return mounted


def _mounted() -> Mount | None:
    mounted = sys.modules.get(PACKAGE)
    return mounted if isinstance(mounted, Mount) else None


def current_root() -> Path:
    """Give the root of the mounted workspace; mount the nearest one if there is none yet."""
    return current_mount().root
