"""Find the plug-ins of a workspace: public frozen dataclasses with the method of their kind.

They come from ``strategies/<kind>/*.py`` and from the entry points ``lifesim.strategies`` of
installed packages. Files whose name begins with an underscore are helpers and hold no plug-ins.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import inspect
import re
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from lifesim.errors import InputError
from lifesim.workspace.mounting import METHODS, PACKAGE, current_mount, current_root
from lifesim.workspace.root import shown

ENTRY_POINT_GROUP = "lifesim.strategies"

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True)
class Plugin:
    """One plug-in class.

    Attributes
    ----------
    name
        What scenarios call it: the class name in snake_case.
    cls
        The class; its dataclass fields are the parameters of the strategy.
    path
        The file that defines it.
    source_hash
        SHA-256 of that file, in hexadecimal.
    """

    name: str
    cls: type[Any]
    path: Path
    source_hash: str


def discover(kind: str) -> dict[str, Plugin]:
    """Find every plug-in of a kind in the mounted workspace and in installed packages.

    Parameters
    ----------
    kind
        ``orchestration``, ``grading``, ``allocation`` or ``mechanisms``.

    Returns
    -------
    dict
        Plug-ins by name, in the order of their names.

    Raises
    ------
    InputError
        If a file cannot be imported (named with its line), a class would be a plug-in but is not a
        frozen dataclass, or two classes have one name. One broken file stops discovery: leaving it
        out would change what a scenario means.
    """
    discovered = current_mount().discovered
    if kind not in discovered:
        discovered[kind] = _by_name(kind)
    return dict(discovered[kind])


def source_hashes() -> dict[str, str]:
    """Give the SHA-256 of everything a strategy's behaviour may come from.

    Returns
    -------
    dict
        ``<kind>/<name>`` for each plug-in, and the path under ``strategies/`` for each helper file
        that plug-ins import; hashes in hexadecimal.
    """
    hashes, seen = {}, set()
    for kind in METHODS:
        for name, plugin in discover(kind).items():
            hashes[f"{kind}/{name}"] = plugin.source_hash
            seen.add(plugin.path)
    folder = current_root() / "strategies"
    for name, module in list(sys.modules.items()):
        file = Path(getattr(module, "__file__", None) or "")
        if name.startswith(f"{PACKAGE}.strategies.") and file.name and file not in seen:
            hashes[file.relative_to(folder).as_posix()] = _sha256(file)
    return dict(sorted(hashes.items()))


def journey_files() -> dict[str, Path]:
    """Find the journeys of the mounted workspace: YAML files beside the plug-ins in ``strategies/orchestration``.

    Returns
    -------
    dict
        Files by the name of the journey, that of the file, in the order of the names.

    Raises
    ------
    InputError
        If a plug-in has the name too: a scenario could not say which one it means.
    """
    folder = current_root() / "strategies" / "orchestration"
    files = {path.stem: path for path in sorted(folder.glob("*.yaml")) if is_journey(path)}
    for name, plugin in discover("orchestration").items():
        if name in files:
            raise InputError(
                f"two strategies in orchestration are called {name!r}: {shown(files[name])} and "
                f"{_place_of(plugin.cls)}; rename one of them"
            )
    return files


def is_journey(path: Path) -> bool:
    """Whether a file is a journey by its place: ``strategies/orchestration/*.yaml``, not led by an underscore."""
    place = (path.parent.parent.name, path.parent.name)
    return path.suffix == ".yaml" and place == ("strategies", "orchestration") and not path.name.startswith("_")


def kind_of(path: Path) -> str | None:
    """Give the kind of plug-in that a file may define, None if it is no strategy file."""
    kind, strategies = path.parent.name, path.parent.parent.name
    is_strategy = path.suffix == ".py" and kind in METHODS and strategies == "strategies"
    return kind if is_strategy and not path.name.startswith("_") else None


def plugins_in(path: Path) -> list[Plugin]:
    """Import one strategy file of the mounted workspace and list its plug-ins.

    Raises
    ------
    InputError
        As `discover`; and if the file lies elsewhere or defines no plug-in at all.
    """
    path = path.resolve()
    kind = kind_of(path)
    if kind is None or path.parents[2] != current_root():
        folders = ", ".join(f"strategies/{kind}" for kind in METHODS)
        raise InputError(
            f"{shown(path)}: a strategy file of the workspace {shown(current_root())} "
            f"lives in one of {folders}, and its name begins with a letter"
        )
    if not path.stem.isidentifier():
        better = re.sub(r"\W", "_", path.stem)
        raise InputError(f"{shown(path)}: Python cannot import this name; call it {better}.py")
    module = _import(path, kind)
    found = [_plugin(cls, kind) for cls in _candidates(module, kind)]
    if not found:
        raise InputError(
            f"{shown(path)}: no public class here has a method `{METHODS[kind]}`; "
            f"name a file of helpers with a leading underscore"
        )
    return found


def _by_name(kind: str) -> dict[str, Plugin]:
    named: dict[str, Plugin] = {}
    for plugin in _all_plugins(kind):
        other = named.setdefault(plugin.name, plugin)
        if other is not plugin:
            raise InputError(
                f"two plug-ins in {kind} are called {plugin.name!r}: "
                f"{_place_of(other.cls)} and {_place_of(plugin.cls)}; rename one class"
            )
    return dict(sorted(named.items()))


def _all_plugins(kind: str) -> Iterator[Plugin]:
    folder = current_root() / "strategies" / kind
    for path in sorted(folder.glob("*.py")):
        if kind_of(path):
            yield from plugins_in(path)
    for entry in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: entry.name):
        cls = _load(entry)
        if callable(getattr(cls, METHODS[kind], None)):
            yield _plugin(cls, kind)


def _load(entry: EntryPoint) -> type[Any]:
    try:
        cls = entry.load()
    except Exception as error:
        raise InputError(f"entry point {entry.name} = {entry.value}: {_said(error)}") from error
    if not isinstance(cls, type):
        raise InputError(f"entry point {entry.name} = {entry.value}: this is not a class")
    return cls


def _import(path: Path, kind: str) -> ModuleType:
    """Import a file by its mounted name; what it raises becomes one line that names a place."""
    try:
        # What a file prints must not get between the lines of a command's own output.
        with contextlib.redirect_stdout(sys.stderr):
            return importlib.import_module(f"{PACKAGE}.strategies.{kind}.{path.stem}")
    except (Exception, SystemExit) as error:
        raise InputError(f"{_place_of_failure(error, path)}: {_said(error)}") from error


def _place_of_failure(error: BaseException, path: Path) -> str:
    """Name the innermost line of the user's own files that took part in a failed import."""
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        frames.append((error.filename, error.lineno))
    folder = path.parents[1]
    theirs = [(file, line) for file, line in frames if Path(file).is_relative_to(folder)]
    file, line = theirs[-1] if theirs else (str(path), None)
    return f"{shown(Path(file))}:{line}" if line else shown(Path(file))


def _said(error: BaseException) -> str:
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return ": ".join(part for part in (type(error).__name__, " ".join(message.split())) if part)


def _candidates(module: ModuleType, kind: str) -> list[type[Any]]:
    """List the public classes that a module itself defines and that have the method of the kind."""
    own = {
        value: None
        for value in vars(module).values()
        if isinstance(value, type)
        and value.__module__ == module.__name__
        and not value.__name__.startswith("_")
        and callable(getattr(value, METHODS[kind], None))
    }
    return list(own)


def _plugin(cls: type[Any], kind: str) -> Plugin:
    # Looked up on the class itself: a subclass of a dataclass has fields only if decorated too.
    params = vars(cls).get("__dataclass_params__")
    if params is None or not params.frozen:
        raise InputError(
            f"{_place_of(cls)}: {cls.__name__} has a method `{METHODS[kind]}` but is not a frozen "
            f"dataclass; write @dataclass(frozen=True, kw_only=True) above it"
        )
    path = Path(inspect.getfile(cls))
    return Plugin(plugin_name(cls), cls, path, _sha256(path))


def _place_of(cls: type[Any]) -> str:
    return f"{shown(Path(inspect.getfile(cls)))}:{inspect.getsourcelines(cls)[1]}"


def plugin_name(cls: type[Any]) -> str:
    """What scenarios call a class of plug-ins: its name in snake_case."""
    return _WORD_START.sub("_", cls.__name__).lower()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
