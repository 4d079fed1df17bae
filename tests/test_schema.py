"""The JSON Schema that editors use: it takes every shipped file and refuses the commonest mistakes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from lifesim import cli
from lifesim.scenario import json_schema

CHECKOUT = Path(__file__).resolve().parents[1]
FILES = sorted((CHECKOUT / "scenarios").rglob("*.yaml"))
SCHEMA = json_schema()

TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "integer": (int,), "number": (int, float),
    "boolean": (bool,), "null": (type(None),),
}  # fmt: skip
SAID = {"description", "title", "default", "examples", "format", "$schema", "$defs", "unit"}
CHECKED = {
    "$ref", "anyOf", "type", "enum", "const", "pattern", "minimum", "maximum", "minItems", "maxItems", "properties",
    "patternProperties", "additionalProperties", "propertyNames", "required", "items", "prefixItems",
}  # fmt: skip


def faults(value: Any, schema: Any, path: str = "") -> Iterator[str]:
    """Where a value breaks a schema, for the words that the schema of scenarios uses."""
    if schema is True or schema is False:
        if not schema:
            yield f"{path}: not allowed"
        return
    assert set(schema) <= SAID | CHECKED, set(schema) - SAID - CHECKED
    if "$ref" in schema:
        yield from faults(value, SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")], path)
    if "anyOf" in schema and all(any(faults(value, each, path)) for each in schema["anyOf"]):
        yield f"{path}: {value!r} is none of the alternatives"
    if "type" in schema and not _is(value, schema["type"]):
        yield f"{path}: {value!r} is not {schema['type']}"
        return
    if ("enum" in schema and value not in schema["enum"]) or ("const" in schema and value != schema["const"]):
        yield f"{path}: {value!r} is unknown"
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{path}: {value!r} has another form"
    if _is(value, "number") and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{path}: {value!r} is out of bounds"
    if isinstance(value, dict):
        yield from _object(value, schema, path)
    if isinstance(value, list):
        yield from _array(value, schema, path)


def _is(value: Any, kinds: str | list[str]) -> bool:
    kinds = [kinds] if isinstance(kinds, str) else kinds
    return any(isinstance(value, TYPES[kind]) and (kind == "boolean") == isinstance(value, bool) for kind in kinds)


def _object(value: dict[str, Any], schema: Any, path: str) -> Iterator[str]:
    for name in schema.get("required", []):
        if name not in value:
            yield f"{path}: lacks {name}"
    for key, below in value.items():
        inside = f"{path}.{key}"
        yield from faults(key, schema.get("propertyNames", True), inside)
        matching = [each for pattern, each in schema.get("patternProperties", {}).items() if re.search(pattern, key)]
        if key in schema.get("properties", {}):
            matching.append(schema["properties"][key])
        for each in matching or [schema.get("additionalProperties", True)]:
            yield from faults(below, each, inside)


def _array(value: list[Any], schema: Any, path: str) -> Iterator[str]:
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        yield f"{path}: has {len(value)} items"
    first = schema.get("prefixItems", [])
    for k, below in enumerate(value):
        yield from faults(below, first[k] if k < len(first) else schema.get("items", True), f"{path}[{k}]")


def read(text: str) -> Any:
    """As an editor reads YAML 1.2: dates are text."""
    loader = YAML(typ="safe", pure=True)
    loader.constructor.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)
    return loader.load(text)


def test_the_command_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["schema"])
    assert stop.value.code == 0
    assert json.loads(capsys.readouterr().out) == SCHEMA
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_schema_takes_every_shipped_file(path: Path) -> None:
    assert list(faults(read(path.read_text(encoding="utf-8")), SCHEMA)) == []


def test_there_are_shipped_files() -> None:
    assert {"aa", "lifecycle", "striving_youth", "base"} <= {path.stem for path in FILES}


@pytest.mark.parametrize(
    "text",
    [
        "size: 200_000", "size: 3", "segments: {a: 60%}", "segments: {a: 0.6}", "segments: {a: ~}", "segments: ~",
        "segments: {a: {fact: messages.push_open, pick: low, times: 2}}", "branches: {north: 10_000}",
    ],
)  # fmt: skip
def test_the_schema_takes_what_the_reader_takes(text: str) -> None:
    assert list(faults(read(f"population: {{{text}}}"), SCHEMA)) == []


@pytest.mark.parametrize("hours", ["{opens: 20:00, closes: 24:00}", "{opens: '20:00', closes: '24:00'}"])
def test_hours_end_with_the_day_at_the_latest(hours: str) -> None:
    quiet = hours.replace("opens", "start").replace("closes", "end")
    for text in (f"desk: {hours}", f"channels: {{sms: {{hours: {hours}}}}}", f"contact_policy: {{quiet: {quiet}}}"):
        assert list(faults(read(text), SCHEMA)) == []
        for wrong in ("24:01", "25:00"):
            assert list(faults(read(text.replace("24:00", wrong)), SCHEMA)) != []
        assert list(faults(read(text.replace("20:00", "24:00")), SCHEMA)) != []


@pytest.mark.parametrize(
    "text",
    [
        "horizn: 3d", "horizon: 30", "horizon: 30x", "warm_up: -3d", "population: {sise: 3}", "population: {size: -3}",
        "population: {segments: {a: 60pp}}", "desk: {cost: -3 CNY}", "desk: {cost: {fact: messages.sms_cost}}",
        "desk: {cost: {fact: messages.sms_cost_cny, pick: best}}", "start: 5", "name: ../x", "arms: [a]",
        "products: {medical: {family: wealthy}}", "extends: 3",
    ],
)  # fmt: skip
def test_the_schema_refuses_common_mistakes(text: str) -> None:
    assert list(faults(read(text), SCHEMA)) != []
