"""The facts file: sourced figures behind default parameters and validation targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from lifesim.errors import Problem, ScenarioError
from lifesim.scenario.model import Part
from lifesim.scenario.wording import shown, suggest
from lifesim.scenario.yaml_nodes import KeyPath, Node, dotted, parse_tree

if TYPE_CHECKING:
    from lifesim.scenario.yaml_source import Source

Number: TypeAlias = int | float
Figure: TypeAlias = Number | tuple[Number, ...] | Mapping[str, Number]

CONFIDENCES = ("high", "medium", "low", "assumption")
_FIELDS = ("value", "low", "high", "unit", "source", "about", "confidence", "as")


@dataclass(frozen=True)
class Fact:
    """One sourced figure.

    Attributes
    ----------
    name
        ``group.entry``.
    value
        Best figure: a number, several, or numbers by year; None where only a range is known.
    low, high
        Ends of the range; None where none is known.
    unit, about
        What is counted, and whom it describes.
    source, confidence
        Where it comes from, and how much that is worth, one of `CONFIDENCES`.
    form
        How the number is written as a quantity, such as ``{}d``; ``{}`` is the plain number.
    """

    name: str
    value: Figure | None
    low: Number | None
    high: Number | None
    unit: str
    source: str
    about: str
    confidence: str
    form: str

    @property
    def label(self) -> str:
        """Confidence and source, as tables show them."""
        return f"({self.confidence}): {self.source}"


@cache
def load_facts() -> Mapping[str, Fact]:
    """Facts by dotted name, read once from the file shipped with the package."""
    text = files("lifesim.scenario").joinpath("facts.yaml").read_text("utf-8")
    return MappingProxyType(read_facts(text, "facts.yaml"))


def read_facts(text: str, file: str) -> dict[str, Fact]:
    """Facts by dotted name in the YAML `text`, which messages call `file`.

    Raises
    ------
    ScenarioError
        When the text is not YAML, or an entry has unknown fields, no figure or no source.
    """
    root, problems = parse_tree(text, file)
    facts: dict[str, Fact] = {}
    for name, node in _entries(root):
        try:
            facts[name] = _fact(name, node)
        except ValueError as error:
            problems.append(Problem(str(node.key_place), name, str(error)))
    if problems:
        raise ScenarioError(problems)
    return facts


def _entries(root: Node) -> Iterator[tuple[str, Node]]:
    assert isinstance(root.value, dict)
    for group, node in root.value.items():
        if isinstance(node.value, dict):
            for name, entry in node.value.items():
                yield f"{group}.{name}", entry


def _fact(name: str, node: Node) -> Fact:
    if not isinstance(node.value, dict):
        raise ValueError("a fact is a mapping with value, source and confidence")
    fields = node.value
    for key in fields:
        if key not in _FIELDS:
            raise ValueError(f"unknown field '{key}'{suggest(key, _FIELDS)}")
    text = {key: fields[key].text for key in _FIELDS if key in fields}
    if "source" not in text:
        raise ValueError("no source; say where the figure comes from, or 'none found'")
    if text.get("confidence") not in CONFIDENCES:
        raise ValueError(f"confidence must be one of {', '.join(CONFIDENCES)}")
    if text.get("as", "{}").count("{}") != 1:
        raise ValueError("'as' must hold {} once, for the number")
    figures = {key: _figure(fields[key]) for key in ("value", "low", "high") if key in fields}
    if not figures:
        raise ValueError("no figure; give value, or low and high")
    return Fact(
        name=name,
        value=figures.get("value"),
        low=_single(figures.get("low")),
        high=_single(figures.get("high")),
        unit=text.get("unit", ""),
        source=text["source"],
        about=text.get("about", ""),
        confidence=text["confidence"],
        form=text.get("as", "{}"),
    )


def _number(node: Node) -> Number:
    if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
        raise ValueError(f"{shown(node.text)} is not a number")
    return node.value


def _figure(node: Node) -> Figure:
    if isinstance(node.value, dict):
        return {key: _number(each) for key, each in node.value.items()}
    if isinstance(node.value, list):
        return tuple(_number(each) for each in node.value)
    return _number(node)


def _single(figure: Figure | None) -> Number | None:
    if figure is None or isinstance(figure, (int, float)):
        return figure
    raise ValueError("low and high are single numbers")


def listing(source: Source, model_instance: BaseModel) -> list[dict[str, str]]:
    """Every figure of a merged scenario, with where its value comes from; names and explanations are left out.

    Returns
    -------
    list of dict
        One row per parameter: ``parameter`` (dotted path), ``value`` (as written), ``unit`` (the
        field's unit, or else its description), ``source`` (``fact <name> (<confidence>): <source>``
        or ``assumption``), ``confidence`` (one of `CONFIDENCES`) and ``place`` (``file:line``, or
        ``default`` where no file states it).
    """
    stated = [
        {
            "parameter": dotted(path),
            "value": _as_written(node),
            "unit": _unit(_field(model_instance, path)),
            "source": _origin(node),
            "confidence": _confidence(node),
            "place": f"{node.key_place.file}:{node.key_place.line}",
        }
        for path, node in source.leaves()
        if _is_figure(node) and not _is_text(_field(model_instance, path))
    ]
    defaults = _defaults(model_instance, source.data, ())
    return stated + [default_row(path, value, _unit(field)) for path, value, field in defaults]


def default_row(path: KeyPath, value: str, unit: str) -> dict[str, str]:
    """The row of a figure that no file states."""
    return {
        "parameter": dotted(path),
        "value": value,
        "unit": unit,
        "source": "assumption",
        "confidence": "assumption",
        "place": "default",
    }


def _defaults(part: object, stated: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str, FieldInfo]]:
    """Path, value and field of each figure that no file states: the default of its field."""
    if isinstance(part, Mapping):
        for key, each in part.items():
            yield from _defaults(each, stated.get(key, {}) if isinstance(stated, dict) else {}, (*path, key))
    if not isinstance(part, BaseModel):
        return
    written = part.model_dump(mode="json", by_alias=True)
    for name, field in type(part).model_fields.items():
        key = field.alias or name
        value = getattr(part, name)
        given = isinstance(stated, dict) and key in stated
        if given or isinstance(value, (BaseModel, Mapping)):
            yield from _defaults(value, stated[key] if given else {}, (*path, key))
        elif field.annotation is not str and any(character.isdigit() for character in str(written[key])):
            yield (*path, key), str(written[key]), field
    if isinstance(part, Part):
        for name, way, figure in part.unsaid():
            yield (*path, *way), figure, type(part).model_fields[name]


def _is_text(field: FieldInfo | None) -> bool:
    return field is not None and field.annotation is str


def _is_figure(node: Node) -> bool:
    if isinstance(node.value, list):
        return any(map(_is_figure, node.value))
    return node.provenance is not None or any(character.isdigit() for character in node.text)


def _as_written(node: Node) -> str:
    if isinstance(node.value, dict):
        return "{}"
    if isinstance(node.value, list):
        return f"[{', '.join(_as_written(each) for each in node.value)}]"
    return node.text


def _origin(node: Node) -> str:
    if node.provenance is None:
        return "assumption"
    name, use = node.provenance.fact, node.provenance.use
    return f"fact {name}{' ' + use if use else ''} {load_facts()[name].label}"


def _confidence(node: Node) -> str:
    return "assumption" if node.provenance is None else load_facts()[node.provenance.fact].confidence


def _field(instance: BaseModel, path: KeyPath) -> FieldInfo | None:
    """The innermost field on the way along `path` through a validated model."""
    current: object = instance
    found: FieldInfo | None = None
    for key in path:
        if isinstance(current, BaseModel):
            fields = type(current).model_fields
            name = next((each for each in fields if key in (each, fields[each].alias)), None)
            if name is None:
                return None
            found, current = fields[name], getattr(current, name)
        elif isinstance(current, Mapping):
            current = current.get(key)
        elif isinstance(current, (list, tuple)) and isinstance(key, int) and key < len(current):
            current = current[key]
    return found


def _unit(field: FieldInfo | None) -> str:
    if field is None:
        return ""
    extra = field.json_schema_extra
    unit = extra.get("unit") if isinstance(extra, dict) else None
    return str(unit or field.description or "")
