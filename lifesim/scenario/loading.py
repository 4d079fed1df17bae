"""Finding and reading scenarios; their schema and the sources of their figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lifesim.errors import Problem, ScenarioError
from lifesim.scenario.consistency import CHECKS
from lifesim.scenario.facts import listing, load_facts
from lifesim.scenario.models import Scenario
from lifesim.scenario.validate import Check, complete
from lifesim.scenario.yaml_source import Source, read
from lifesim.workspace import find_root, mount, scenario_path


def load(name_or_path: str | Path, root: Path | None = None, checks: Sequence[Check] = ()) -> Scenario:
    """Read and validate a scenario.

    Parameters
    ----------
    name_or_path
        Name of a file in the workspace's ``scenarios/``, or the path of a scenario file.
    root
        Workspace; found from the surroundings where not given.
    checks
        Further checks: functions that take the scenario and yield ``PathError``.

    Raises
    ------
    ScenarioError
        With every problem, each with its place in the file.
    InputError
        When there is no such scenario, or no workspace.
    """
    near = Path(name_or_path) if Path(name_or_path).suffix else None
    workspace = find_root(root, near)
    mount(workspace)
    path = scenario_path(str(name_or_path), workspace)
    source = read(path, [workspace / "scenarios"])
    located = [lambda scenario, check=check: check(_in_folder(scenario, source, path.parent)) for check in checks]
    try:
        return _in_folder(complete(source, Scenario, located, CHECKS), source, path.parent)
    except ScenarioError as error:
        raise ScenarioError([*error.problems, *_extends_nothing(source)]) from None


def _extends_nothing(source: Source) -> list[Problem]:
    """A hint for a file that neither describes behaviour nor extends a market."""
    if len(source.files) > 1 or "behaviour" in source.data:
        return []
    message = "this file extends nothing; 'extends: markets/base.yaml' brings customers, products and channels"
    return [Problem(str(source.root.place), "extends", message)]


def _in_folder(scenario: Scenario, source: Source, folder: Path) -> Scenario:
    """The scenario, knowing where it comes from."""
    scenario._source, scenario._folder = source, folder
    return scenario


def json_schema() -> dict[str, Any]:
    """JSON Schema of scenario files for editors.

    A figure may be a reference to a fact, a part may be inherited through ``extends``: nothing is required.
    """
    schema = Scenario.model_json_schema(by_alias=True)
    fact = {
        "type": "object",
        "description": "a sourced figure; `lifesim facts` lists them",
        "properties": {
            "fact": {"enum": sorted(load_facts())},
            "pick": {"enum": ["value", "low", "high"]},
            "index": {"type": ["integer", "string"]},
            "times": {"type": "number"},
            "as": {"type": "string"},
        },
        "required": ["fact"],
        "additionalProperties": False,
    }
    definitions = schema.setdefault("$defs", {})
    for part in (schema, *definitions.values()):
        _loosen(part)
    definitions["FactReference"] = fact
    schema["properties"]["extends"] = {
        "description": "scenario or market file whose values this one starts from",
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
    }
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "lifesim scenario"
    return schema


def _loosen(schema: dict[str, Any]) -> None:
    """Let every value below be removed by ``~``, every figure be a reference to a fact, every part be inherited."""
    schema.pop("required", None)
    for group in ("properties", "patternProperties"):
        for name, below in schema.get(group, {}).items():
            schema[group][name] = _or_fact(below)
    for key in ("additionalProperties", "items"):
        if isinstance(schema.get(key), dict):
            schema[key] = _or_fact(schema[key])
    for key in ("anyOf", "prefixItems"):
        for below in schema.get(key, []):
            _loosen(below)


def _or_fact(schema: dict[str, Any]) -> dict[str, Any]:
    _loosen(schema)
    described: dict[str, Any] = {key: schema[key] for key in ("description", "default") if key in schema}
    figure = "$ref" not in schema and schema.get("type") != "object"
    others = [{"$ref": "#/$defs/FactReference"}] * figure + [{"type": "null"}]
    return {"anyOf": [schema, *others], **described}


def facts_table(scenario: Scenario | None = None) -> list[dict[str, str]]:
    """Rows with the keys parameter, value, unit, source, confidence, place.

    With a scenario: every parameter and where its value comes from, a fact or an assumption. Without: all facts.
    """
    if scenario is not None and scenario._source is not None:
        return listing(scenario._source, scenario)
    rows = []
    for name, fact in load_facts().items():
        ends = "" if fact.low is None and fact.high is None else f" ({fact.low} to {fact.high})"
        value = "" if fact.value is None else str(fact.value)
        rows.append(
            {"parameter": name, "value": (value + ends).strip(), "unit": fact.unit or "",
             "source": f"{fact.source} ({fact.confidence})", "confidence": fact.confidence, "place": "facts.yaml"}
        )  # fmt: skip
    return rows
