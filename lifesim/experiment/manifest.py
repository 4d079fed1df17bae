"""The manifest of a run: what was run, with which code, and what the arms are made of."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import inspect
import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from lifesim.experiment import plugins
from lifesim.metrics import described
from lifesim.metrics.agents import described_of_agents
from lifesim.scenario import STAGES, Scenario
from lifesim.scenario.journeys import Journey
from lifesim.scenario.labels import labelled
from lifesim.scenario.quantities import DAY, format_clock_time
from lifesim.strategy import Practice
from lifesim.workspace import METHODS, discover, source_hashes

if TYPE_CHECKING:
    from lifesim.experiment.result import Result


def manifest(result: Result, created: datetime.datetime) -> dict[str, Any]:
    """What `RunWriter.commit` takes: strict JSON values."""
    scenario = result.scenario
    dumped = json.dumps(scenario.model_dump(mode="json", by_alias=True), sort_keys=True)
    customers = scenario.population.total
    return {
        "scenario": {
            "name": scenario.name,
            "question": labelled(scenario.question, "en", ""),
            "question_zh": labelled(scenario.question, "zh", ""),
            "start": scenario.start.isoformat(),
            "warm_up_days": scenario.warm_up // DAY,
            "horizon_days": scenario.horizon // DAY,
            "size": customers,
            "control": scenario.experiment.control,
            "arms": list(scenario.arms),
            "primary": scenario.measure.primary,
            "scope": scenario.measure.scope,
            "guardrails": dict(scenario.measure.guardrails),
        },
        "scenario_hash": hashlib.sha256(dumped.encode()).hexdigest(),
        **composition(scenario, result.practices),
        "plugins": source_hashes(),
        "replications": scenario.experiment.replications,
        "seed": scenario.experiment.seed,
        "versions": {name: version(name) for name in ("lifesim", "numpy", "numba", "pandas", "simpy")},
        "lifesim": version("lifesim"),
        "created": created.isoformat(timespec="seconds"),
        "seconds": round(result.seconds, 3),
        "timings": {what: round(seconds, 3) for what, seconds in result.timings.items()},
        "customer_days": round(result.customer_days),
        "failures": result.failures,
        "oracles": result.oracles,
        "metrics": described(),
        "agent_metrics": described_of_agents() if "agent_metrics" in result.tables else {},
        "stages": list(STAGES),
    }


def composition(scenario: Scenario, practices: Mapping[str, Practice]) -> dict[str, Any]:
    """What a reader needs to know which strategies were compared, on whom and with what.

    Parameters
    ----------
    practices
        By arm, its plug-ins with their parameters.

    Returns
    -------
    dict
        ``arms``: by arm, the practice it uses, its rounds, staffing plan and traffic, who takes over orphans
        where somebody does, its contact policy and the names of its rules where it has one of its own, and its
        plug-ins; ``mechanisms``; ``segments``: share of customers at the start by name, empty for a book;
        ``products`` and ``contents``: what each is; a product's ``premium`` is the median first annual premium in CNY.
    """
    return {
        "arms": {
            name: {
                "use": scenario.arms[name].use if name in scenario.arms else None,
                "staffing": list(practice.staffing),
                "rounds": [format_clock_time(time) for time in practice.rounds],
                "traffic": dict(practice.traffic),
                **_rules(practice),
                **_own_policy(practice),
                "plugins": [plug_in(kind, each, made) for kind, each, made in _members(practice)],
            }
            for name, practice in practices.items()
        },
        "mechanisms": [
            plug_in("mechanisms", plugins.named(each)[0], plugins.instance("mechanisms", each))
            for each in scenario.mechanisms
        ],
        "segments": dict(scenario.population.segments or {}),
        "branches": list(scenario.population.branches),
        "products": {
            name: {"family": product.family, "term": product.term, "premium": product.premium.median / 100}
            for name, product in scenario.products.items()
        },
        "contents": {name: {"kind": content.kind} for name, content in scenario.contents.items()},
    }


def _rules(practice: Practice) -> dict[str, Any]:
    """Who takes over orphans, and which leads are cleaned and nurtured, where an arm says so."""
    parts = {"reassign": practice.reassign, "cleaning": practice.cleaning, "nurture": practice.nurture}
    return {name: part.model_dump(mode="json") for name, part in parts.items() if part is not None}


def _own_policy(practice: Practice) -> dict[str, Any]:
    """The contact policy of an arm, where it is not that of the scenario."""
    policy = practice.contact_policy
    if policy is None:
        return {}
    return {"contact_policy": policy.model_dump(mode="json", exclude_defaults=True), "rules": list(policy.rules)}


def _members(practice: Practice) -> list[tuple[str, str, Any]]:
    """Kind, name and instance of every plug-in of an arm."""
    members = [("orchestration", name, made) for name, made in practice.orchestrations.items()]
    for kind in ("grading", "allocation"):
        made = getattr(practice, kind)
        members.append((kind, _name(kind, made), made))
    return members


def _name(kind: str, made: Any) -> str:
    """Name of a plug-in in the workspace; one from elsewhere goes by its class."""
    return next((name for name, known in discover(kind).items() if known.cls is type(made)), type(made).__name__)


def plug_in(kind: str, name: str, made: Any) -> dict[str, Any]:
    """One plug-in: what it says of itself, and all its parameters.

    Returns
    -------
    dict
        ``kind``, ``name``, ``says`` (first line of the docstring), ``says_zh`` (the class attribute ``zh``, where there
        is one), ``parameters`` (by name, ``value`` as text and ``set``: whether it differs from the default),
        ``oracle``, and ``hash`` of its file; None where the plug-in is not of the workspace.
    """
    if isinstance(made, Journey):
        return _journey(made)
    known = discover(kind) if kind in METHODS else {}
    hashes = [each.source_hash for each in known.values() if each.cls is type(made)]
    return {
        "kind": kind,
        "name": name,
        "says": _first_line(type(made)),
        "says_zh": getattr(type(made), "zh", ""),
        "parameters": {field.name: _parameter(field, made) for field in _fields(made)},
        "oracle": bool(getattr(made, "oracle", False)),
        "hash": hashes[0] if hashes else None,
    }


def _journey(journey: Journey) -> dict[str, Any]:
    """A journey as a plug-in: it has no parameters, and says of itself what it is for."""
    return {
        "kind": "orchestration",
        "name": journey.name,
        "says": labelled(journey.purpose, "en", ""),
        "says_zh": labelled(journey.purpose, "zh", ""),
        "parameters": {},
        "oracle": False,
        "hash": hashlib.sha256(journey.model_dump_json().encode()).hexdigest(),
    }


def _fields(made: Any) -> list[dataclasses.Field[Any]]:
    return [field for field in dataclasses.fields(made) if field.init] if dataclasses.is_dataclass(made) else []


def _parameter(field: dataclasses.Field[Any], made: Any) -> dict[str, Any]:
    value = getattr(made, field.name)
    default = field.default
    if field.default_factory is not dataclasses.MISSING:
        default = field.default_factory()
    return {"value": _text(value), "set": default is dataclasses.MISSING or _text(value) != _text(default)}


def _text(value: Any) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(map(_text, value)) or "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _first_line(cls: type[Any]) -> str:
    """First line of a class's own docstring; dataclasses without one are given a signature, which says nothing."""
    said = vars(cls).get("__doc__") or ""
    lines = inspect.cleandoc(said).splitlines()
    return lines[0] if lines and not lines[0].startswith(f"{cls.__name__}(") else ""
