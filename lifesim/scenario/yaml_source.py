"""A scenario file with everything it extends, as plain data that knows where each value stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from lifesim.errors import Problem, ScenarioError
from lifesim.scenario.fact_reference import resolve_facts
from lifesim.scenario.wording import shown, suggest
from lifesim.scenario.yaml_nodes import KeyPath, Node, Place, Provenance, dotted, read_tree
from lifesim.scenario.yaml_text import display_name

MAX_EXTENDS = 10

__all__ = ["Provenance", "Source", "read"]


class Override(NamedTuple):
    """A value that a file gives in place of one that it inherits."""

    path: KeyPath
    inherited: Node
    given: Node


@dataclass
class Merging:
    """What came up while files were merged.

    Attributes
    ----------
    problems
        What is wrong before any model is asked; `lifesim.scenario.validate.validate` reports it.
    overrides
        Values given in place of inherited ones.
    removed
        Keys that ``~`` removes, by the place that says so.
    """

    problems: list[Problem] = field(default_factory=list)
    overrides: list[Override] = field(default_factory=list)
    removed: dict[Place, KeyPath] = field(default_factory=dict)


@dataclass
class Source:
    """A merged scenario.

    Attributes
    ----------
    root
        The tree of the merged mapping.
    files
        Files that were read, the scenario itself first.
    merging
        What came up on the way.
    """

    root: Node
    files: tuple[Path, ...] = ()
    merging: Merging = field(default_factory=Merging)

    @property
    def problems(self) -> list[Problem]:
        """What is wrong before any model is asked."""
        return self.merging.problems

    @cached_property
    def data(self) -> dict[str, Any]:
        """The scenario as plain mappings, lists and scalars."""
        plain = _plain(self.root)
        assert isinstance(plain, dict)
        return plain

    @cached_property
    def provenance(self) -> dict[KeyPath, Provenance]:
        """Where values come from that the files do not state themselves."""
        return {path: node.provenance for path, node in self.leaves() if node.provenance}

    def node(self, path: KeyPath) -> Node:
        """The node at `path`, or the nearest one that encloses it."""
        node = self.root
        for key in path:
            below = _child(node, key)
            if below is None:
                return node
            node = below
        return node

    def position(self, path: KeyPath) -> str:
        """``file:line:col`` of a scalar at `path`, or of the key of a mapping or list there.

        A path that does not exist is placed at the nearest mapping or list that encloses it.
        """
        node = self.node(path)
        return str(node.key_place if isinstance(node.value, (dict, list)) else node.place)

    def key_position(self, path: KeyPath) -> str:
        """``file:line:col`` of the key at the end of `path`."""
        return str(self.node(path).key_place)

    def leaves(self) -> Iterator[tuple[KeyPath, Node]]:
        """Path and node of each scalar, list of scalars, empty mapping and figure from a fact."""
        yield from _leaves(self.root, ())


def read(path: Path, search: Sequence[Path] = ()) -> Source:
    """Read the scenario at `path`, merge it over what it extends, and look up its facts.

    Parameters
    ----------
    path
        A YAML file.
    search
        Folders in which ``extends`` is looked up after the folder of the file that says it.

    Raises
    ------
    ScenarioError
        When a file cannot be read as a YAML mapping, or ``extends`` leads nowhere, outside of the
        folders, in a circle, or deeper than `MAX_EXTENDS`.
    """
    reader = _Reader(path.resolve().parent, [folder.resolve() for folder in search])
    root = reader.merged(path, ())
    return Source(root, tuple(reader.files), reader.merging)


class _Reader:
    """Reads a scenario and what it extends, each file once."""

    def __init__(self, home: Path, search: list[Path]) -> None:
        self._roots = [home, *search]
        self._done: dict[Path, Node] = {}
        self.files: list[Path] = []
        self.merging = Merging()

    def merged(self, path: Path, chain: tuple[Path, ...]) -> Node:
        resolved = path.resolve()
        if resolved in self._done:
            return self._done[resolved]
        root, problems = read_tree(path)
        self.files.append(resolved)
        self.merging.problems += problems
        assert isinstance(root.value, dict)
        extends = root.value.pop("extends", None)
        root = resolve_facts(root, (), self.merging.problems)
        parents = self._parents(extends, resolved, (*chain, resolved)) if extends else []
        # The last one named wins over the earlier ones, and the file itself over them all.
        for node in [*reversed(parents)]:
            root = merge(node, root, (), self.merging)
        self._done[resolved] = root
        return root

    def _parents(self, extends: Node, path: Path, chain: tuple[Path, ...]) -> list[Node]:
        names = extends.value if isinstance(extends.value, list) else [extends]
        parents = []
        for name in names:
            found = self._find(name, path.parent)
            if found in chain:
                circle = " -> ".join(each.name for each in (*chain[chain.index(found) :], found))
                _refuse(name, f"extends itself: {circle}")
            if len(chain) > MAX_EXTENDS:
                _refuse(name, f"extends more than {MAX_EXTENDS} files deep; flatten it")
            parents.append(self.merged(found, chain))
        return parents

    def _find(self, name: Node, own: Path) -> Path:
        if not isinstance(name.value, str) or not name.value:
            _refuse(name, f"{shown(name.value)} is not a path; write markets/base.yaml")
        inside = []
        for folder in dict.fromkeys([own, *self._roots]):
            candidate = (folder / name.value).resolve()
            if any(candidate.is_relative_to(root) for root in self._roots):
                inside.append(candidate)
        if not inside or Path(name.value).is_absolute():
            folders = ", ".join(dict.fromkeys(display_name(root) for root in self._roots))
            _refuse(name, f"{shown(name.value)} leads outside of {folders}")
        for candidate in inside:
            if candidate.is_file():
                return candidate
        # Written as the file writes it, so that it can be copied.
        near = {str(Path(name.value).with_name(each.name)) for path in inside for each in path.parent.glob("*.yaml")}
        hint = suggest(name.value, near) if near else ""
        _refuse(name, f"no such file {shown(name.value)}{hint}")


def _refuse(node: Node, message: str) -> NoReturn:
    raise ScenarioError([Problem(str(node.place), "extends", message)])


def merge(parent: Node, child: Node, path: KeyPath, merging: Merging) -> Node:
    """`child` over `parent`: mappings merge, anything else replaces, ``~`` removes."""
    if not isinstance(parent.value, dict) or not isinstance(child.value, dict):
        merging.overrides.append(Override(path, parent, child))
        return child
    entries = dict(parent.value)
    for key, node in child.value.items():
        if key not in entries:
            entries[key] = node
        elif node.value is not None:
            entries[key] = merge(entries[key], node, (*path, key), merging)
        elif node.text:
            del entries[key]
            merging.removed[node.key_place] = (*path, key)
        else:
            message = "no value; write ~ to remove what is inherited, or leave the key out"
            merging.problems.append(Problem(str(node.key_place), dotted((*path, key)), message))
    return Node(entries, child.place, child.key_place)


def _child(node: Node, key: str | int) -> Node | None:
    if isinstance(node.value, dict):
        return node.value.get(str(key))
    if isinstance(node.value, list) and isinstance(key, int) and 0 <= key < len(node.value):
        return node.value[key]
    return None


def _plain(node: Node) -> Any:
    if isinstance(node.value, dict):
        return {key: _plain(each) for key, each in node.value.items()}
    if isinstance(node.value, list):
        return [_plain(each) for each in node.value]
    return node.value


def _leaves(node: Node, path: KeyPath) -> Iterator[tuple[KeyPath, Node]]:
    value = node.value
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _leaves(each, (*path, key))
    elif isinstance(value, list) and node.provenance is None and not _flat(value):
        for index, each in enumerate(value):
            yield from _leaves(each, (*path, index))
    elif path:
        yield path, node


def _flat(items: list[Node]) -> bool:
    return not any(each.provenance or isinstance(each.value, (dict, list)) for each in items)
