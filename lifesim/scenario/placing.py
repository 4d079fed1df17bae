"""What was found wrong is told in one line, at the place where the writer of the scenario can mend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lifesim.errors import Problem
from lifesim.scenario.yaml_nodes import KeyPath, Place, dotted
from lifesim.scenario.yaml_source import Source


@dataclass(frozen=True)
class Found:
    """One error, led back to the file.

    Attributes
    ----------
    branches
        The members of unions that were tried on the way: the path up to each, and how pydantic calls the member.
    kind
        Pydantic's name of the error; empty for a complaint of our own.
    between
        It is about several values that are right on their own.
    offset
        Characters of the text before the part of it that is wrong.
    """

    path: KeyPath
    message: str
    at_key: bool
    branches: tuple[tuple[KeyPath, str], ...] = ()
    kind: str = ""
    between: bool = False
    offset: int = 0


def gathered(found: Sequence[Found], source: Source) -> list[Found]:
    """`found` with all missing keys of one mapping in one line, and without what lies inside of an unknown name."""
    unknown = [each.path for each in found if each.at_key and each.kind == "literal_error"]
    inside = [each for each in found for path in unknown if each.path[: len(path)] == path and not each.at_key]
    left = [each for each in found if each not in inside]
    missing: dict[KeyPath, list[Found]] = {}
    for each in left:
        if each.kind == "missing" and len(each.path) > 1:
            missing.setdefault(each.path[:-1], []).append(each)
    several = {path: each for path, each in missing.items() if len(each) > 1}
    rest = [each for each in left if each.kind != "missing" or each.path[:-1] not in several]
    return rest + [_missing(path, [str(one.path[-1]) for one in each], source) for path, each in several.items()]


def _missing(path: KeyPath, keys: Sequence[str], source: Source) -> Found:
    """One line about all that a new product or the like lacks, with one to copy from."""
    lacks = ", ".join(f"'{key}'" for key in keys)
    model = _neighbour(path, keys, source)
    remedy = "add them" if model is None else f"copy {dotted(model)} ({_line(source.node(model).key_place)}), change it"
    return Found(path, f"missing keys {lacks}; {remedy}", True, kind="missing")


def _neighbour(path: KeyPath, keys: Sequence[str], source: Source) -> KeyPath | None:
    """Path of an entry beside the one at `path` that has all the keys."""
    beside: Any = source.data
    for key in path[:-1]:
        beside = beside[key]
    entries = beside.items() if isinstance(beside, dict) else ()
    names = [name for name, entry in entries if isinstance(entry, dict) and set(keys) <= set(entry)]
    return (*path[:-1], names[0]) if names else None


def told(found: Found, source: Source) -> Problem:
    """The problem that is reported."""
    if found.between and (removed := _of_removed(found, source)):
        return removed
    place = (source.key_position if found.at_key else source.position)(found.path)
    if found.offset:
        place = _inside(found, source)
    message = found.message
    if found.between and len(found.path) > 1:
        own, around = source.node(found.path), source.node(found.path[:-1])
        if not _is_own(own.place, source) and _is_own(around.key_place, source):
            place, message = str(around.key_place), f"{message} (inherited from {_line(own.place)})"
    return Problem(place, dotted(found.path), message)


def _inside(found: Found, source: Source) -> str:
    """Place of a part of a text; of the text as a whole where that has several lines."""
    node = source.node(found.path)
    if found.at_key:
        return str(node.key_place._replace(column=node.key_place.column + found.offset))
    shift = found.offset + node.inset if node.inset >= 0 else 0
    return str(node.place._replace(column=node.place.column + shift))


def _of_removed(found: Found, source: Source) -> Problem | None:
    """What to say where an inherited part refers to something that the scenario has removed."""
    node = source.node(found.path)
    name = found.path[-1] if found.at_key and found.path else node.text
    if _is_own(node.place, source):
        return None
    for place, path in source.merging.removed.items():
        if path[-1] == name and path != found.path and source.node(path) is source.node(path[:-1]):
            use = f"{dotted(found.path)} ({_line(node.place)})"
            message = f"is removed here, but {use} still refers to it; {_remedy(found)}"
            return Problem(str(place), dotted(path), message)
    return None


def _remedy(found: Found) -> str:
    if not found.at_key or any(isinstance(key, int) for key in found.path):
        return "change that too"
    text = "~"
    for key in reversed(found.path):
        text = f"{{{key}: {text}}}"
    shares = found.path[-2] == "book" or found.path[0] in ("population", "acquisition")
    rest = ", and let the other shares sum to 100%" if shares else ""
    return f"write {text[1:-1]} too{rest}"


def _is_own(place: Place, source: Source) -> bool:
    return place.file == source.root.place.file


def _line(place: Place) -> str:
    return f"{place.file}:{place.line}"
