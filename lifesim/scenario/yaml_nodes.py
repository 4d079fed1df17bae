"""One YAML 1.2 file as a tree of nodes that know where they stand.

The tree is built from the parser's events, not by its constructor: that gives every value its
place, keeps text such as ``2026-01-05`` as text, and refuses what a scenario has no use for
(aliases, tags, merge keys) instead of giving it a meaning that surprises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)
from ruamel.yaml.reader import ReaderError

from lifesim.errors import Problem, ScenarioError
from lifesim.scenario.wording import full_width_hint, shown
from lifesim.scenario.yaml_text import display_name, read_text, reader_problem, syntax_problem

MAX_NODES = 100_000
MAX_DEPTH = 50

Scalar: TypeAlias = bool | int | float | str | None
KeyPath: TypeAlias = tuple[str | int, ...]

_INT = re.compile(r"[-+]?[0-9][0-9_]*|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_WORDS: dict[str, Scalar] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_LONGEST_NUMBER = 40


class Place(NamedTuple):
    """Where something stands in a file; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Provenance:
    """Where a value comes from when the scenario does not state it itself.

    Attributes
    ----------
    kind
        ``fact``: an entry of the facts file.
    fact
        Name of the entry, such as ``messages.push_open``.
    use
        How the figure was taken from the entry, such as ``low`` or ``× 0.5``; empty when as it is.
    """

    kind: str
    fact: str
    use: str = ""


@dataclass(slots=True)
class Node:
    """A value, where it stands, and where its key stands (itself, where it has no key).

    Attributes
    ----------
    text
        A scalar as written; empty for mappings and lists.
    provenance
        Set where the value was taken from the facts file.
    inset
        Columns from the place of a scalar to its first character: 1 where it is quoted; -1 where it has several
        lines, so that nothing inside of it has a column.
    """

    value: Scalar | dict[str, Node] | list[Node]
    place: Place
    key_place: Place
    text: str = ""
    provenance: Provenance | None = None
    inset: int = -1


def dotted(path: KeyPath) -> str:
    """`path` as messages print it: ``arms.journey.orchestration[0]``."""
    parts = [f"[{key}]" if isinstance(key, int) else f".{key}" for key in path]
    return "".join(parts).removeprefix(".")


def read_tree(path: Path) -> tuple[Node, list[Problem]]:
    """Read the YAML mapping in the file `path`.

    Returns
    -------
    tuple
        The root node, and the problems that leave a tree to go on with, such as duplicate keys.

    Raises
    ------
    ScenarioError
        When the file cannot be read, is not UTF-8, not YAML, or not a mapping.
    """
    return parse_tree(read_text(path), display_name(path))


def parse_tree(text: str, file: str) -> tuple[Node, list[Problem]]:
    """As `read_tree`, of `text`, which messages call `file`."""
    builder = _Builder(text, file)
    try:
        root = builder.document()
    except MarkedYAMLError as error:
        raise ScenarioError([syntax_problem(error, text, file)]) from None
    except ReaderError as error:
        raise ScenarioError([reader_problem(error, text, file)]) from None
    return root, builder.problems


def plain_scalar(text: str) -> Scalar:
    """Meaning of an unquoted `text` under the core schema of YAML 1.2."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) <= _LONGEST_NUMBER:
        digits = text.replace("_", "")
        if _INT.fullmatch(text):
            based = digits.startswith(("0o", "0x"))
            return int(digits, 0) if based else int(digits)
        if _FLOAT.fullmatch(text):
            return float(digits.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


class _Builder:
    """Turns the events of one document into nodes."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._count = 0
        self._events: Iterator[Any] = YAML(typ="safe", pure=True).parse(text)

    def document(self) -> Node:
        next(self._events)
        start = next(self._events)
        if isinstance(start, StreamEndEvent):
            self._refuse(start, "the file is empty; write a mapping such as 'name: my_scenario'")
        self._check_directive(start)
        root = self._node(next(self._events), (), None, in_flow=False)
        next(self._events)
        extra = next(self._events)
        if isinstance(extra, DocumentStartEvent):
            self._refuse(extra, "a second document starts here; keep one document in a file")
        if not isinstance(root.value, dict):
            hint = full_width_hint(root.text)
            message = f"the file holds {shown(root.value)}, not a mapping of 'key: value' lines"
            raise ScenarioError([Problem(str(root.place), "", message + hint)])
        return root

    def _check_directive(self, event: Any) -> None:
        if event.version is not None and tuple(event.version) != (1, 2):
            self._refuse(event, "files are read as YAML 1.2; remove the %YAML line")

    def _place(self, event: Any) -> Place:
        mark = event.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1)

    def _refuse(self, event: Any, message: str, path: KeyPath = ()) -> NoReturn:
        raise ScenarioError([Problem(str(self._place(event)), dotted(path), message)])

    def _note(self, place: Place, path: KeyPath, message: str) -> None:
        self.problems.append(Problem(str(place), dotted(path), message))

    def _node(self, event: Any, path: KeyPath, key: Place | None, in_flow: bool) -> Node:
        self._check_event(event, path)
        place = self._place(event)
        if isinstance(event, ScalarEvent):
            return self._scalar(event, place, key, path, in_flow)
        in_flow = in_flow or bool(event.flow_style)
        if isinstance(event, MappingStartEvent):
            return Node(self._entries(path, in_flow), place, key or place)
        return Node(self._items(path, in_flow), place, key or place)

    def _check_event(self, event: Any, path: KeyPath) -> None:
        self._count += 1
        if isinstance(event, AliasEvent):
            name = shown("*" + event.anchor)
            self._refuse(event, f"alias {name} is not allowed; write the value out", path)
        if event.tag is not None:
            self._refuse(event, f"tag {shown(str(event.tag))} is not allowed; remove it", path)
        if self._count > MAX_NODES:
            self._refuse(event, f"more than {MAX_NODES:,} values in one file; split it", path)
        if len(path) > MAX_DEPTH:
            self._refuse(event, f"nested deeper than {MAX_DEPTH} levels; flatten it", path[:3])

    def _entries(self, path: KeyPath, in_flow: bool) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            key = self._key(event, path)
            place = self._place(event)
            node = self._node(next(self._events), (*path, key), place, in_flow)
            if key in entries:
                first = entries[key].key_place.line
                message = f"key {key!r} is given twice, first on line {first}; remove one"
                self._note(place, (*path, key), message)
            else:
                entries[key] = node
        return entries

    def _key(self, event: Any, path: KeyPath) -> str:
        self._check_event(event, path)
        if not isinstance(event, ScalarEvent):
            self._refuse(event, "a key is a mapping or list here; write plain text", path)
        if event.value == "<<" and event.style is None:
            self._refuse(event, "merge key '<<' is not allowed; use 'extends'", path)
        return str(event.value)

    def _items(self, path: KeyPath, in_flow: bool) -> list[Node]:
        items: list[Node] = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            items.append(self._node(event, (*path, len(items)), None, in_flow))
        return items

    def _scalar(self, event: Any, place: Place, key: Place | None, path: KeyPath, in_flow: bool) -> Node:
        text = str(event.value)
        if not text and key is not None:
            place = key  # the parser places an empty value where the next one starts
        inset = int(event.style is not None) if event.start_mark.line == event.end_mark.line else -1
        if event.style is not None:
            return Node(text, place, key or place, text, inset=inset)
        below_key = key is not None and place.line > key.line
        if _looks_like_syntax(text, in_flow, below_key):
            message = f"{shown(text)} is one text{full_width_hint(text)}, or quote the text"
            self._note(place, path, message)
        return Node(plain_scalar(text), place, key or place, text, inset=inset)


def _looks_like_syntax(text: str, in_flow: bool, below_key: bool) -> bool:
    """Whether full-width punctuation in a plain `text` was probably meant as YAML."""
    quoted = len(text) > 1 and text[0] in "“‘" and text[-1] in "”’"
    separated = in_flow and ("，" in text or "：" in text)
    return quoted or separated or (below_key and "：" in text)
