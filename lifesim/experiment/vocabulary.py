"""The names that scenario files may use, each with its meaning and what belongs to it, for `lifesim list`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lifesim.errors import InputError
from lifesim.experiment.plugins import named, used
from lifesim.experiment.sources import parameters
from lifesim.metrics import METRICS
from lifesim.scenario import Scenario
from lifesim.scenario.behaviour import Normal
from lifesim.scenario.quantities import format_duration, format_money
from lifesim.workspace import METHODS, Plugin, discover

#: Name; what kind of thing it is; meaning and parameters.
Entry = tuple[str, str, str]


def known_names(what: str, scenario: Scenario | None = None) -> list[dict[str, str]]:
    """Rows about the names of one kind.

    Parameters
    ----------
    what
        ``strategies``, ``metrics``, ``contents``, ``segments``, ``products`` or ``channels``.
    scenario
        Strategies and metrics: only those that it uses; all without it. The others: those that it describes.

    Returns
    -------
    list of dict
        With the keys parameter (the name), value (its kind), unit (its meaning), source and place (empty).

    Raises
    ------
    InputError
        When the names are those of a scenario and none is given.
    """
    if what == "strategies":
        entries = _strategies(scenario)
    elif what == "metrics":
        entries = _metrics(scenario)
    elif scenario is None:
        raise InputError(f"{what} belong to a scenario; write lifesim list {what} SCENARIO")
    else:
        entries = _DESCRIBED[what](scenario)
    return [
        {"parameter": name, "value": kind, "unit": about, "source": "", "place": ""} for name, kind, about in entries
    ]


def _strategies(scenario: Scenario | None) -> Iterator[Entry]:
    wanted = None if scenario is None else {(kind, named(plug_in)[0]) for _, kind, plug_in in used(scenario)}
    if wanted is not None and scenario is not None:
        wanted |= {("mechanisms", named(plug_in)[0]) for plug_in in scenario.mechanisms}
    for kind in METHODS:
        for name, plugin in discover(kind).items():
            if wanted is None or (kind, name) in wanted:
                yield name, kind, _about(plugin)


def _about(plugin: Plugin) -> str:
    """First line of what the class says of itself, and its parameters with their defaults."""
    said = inspect.getdoc(plugin.cls) or ""
    # A dataclass without a docstring is given its signature for one.
    first = "" if said.startswith(f"{plugin.cls.__name__}(") else said.partition("\n")[0].rstrip(".")
    given = ", ".join(f"{name} {value}" for name, value in parameters(plugin.cls).items())
    return f"{first or 'no description'}; {f'parameters {given}' if given else 'no parameters'}"


def _metrics(scenario: Scenario | None) -> Iterator[Entry]:
    measure = None if scenario is None else scenario.measure
    for name, metric in METRICS.items():
        if measure is None or name == measure.primary or name in measure.guardrails:
            better = "" if metric.better == "neither" else f"; {metric.better} is better"
            yield name, metric.unit, f"{metric.label_en}: {metric.numerator} / {metric.denominator}{better}"


def _contents(scenario: Scenario) -> Iterator[Entry]:
    for name, content in scenario.contents.items():
        parts = [
            _listed("adds", content.impulses, "{:+g}"),
            _listed("lifts", content.lifts, "{:+g}"),
            _listed("fit", content.fit, "x {:g}"),
            f"aimed at {content.aim.family} gaps of {content.aim.gap:g} years of income" if content.aim else "",
            _listed("else takes", content.aim.harm, "{:g}") if content.aim else "",
            f"leads {_share(content.visit)} to a visit",
            f"costs {format_money(content.benefit)} when opened" if content.benefit else "",
        ]
        yield name, content.kind, "; ".join(part for part in parts if part)


def _segments(scenario: Scenario) -> Iterator[Entry]:
    shares = scenario.population.segments or {}
    for name, segment in scenario.segments.items():
        share = f"{_share(shares[name])} of customers" if name in shares else "not in this population"
        middles = {
            trait: spread.mean if isinstance(spread, Normal) else spread.median
            for trait, spread in segment.traits.items()
        }
        traits = ", ".join(f"{trait} {middle:,.6g}" for trait, middle in middles.items())
        yield name, share, f"starts {_shares(segment.start)}; holds {_shares(segment.book)}; {traits}"


def _products(scenario: Scenario) -> Iterator[Entry]:
    for name, product in scenario.products.items():
        parts = [
            f"median premium {format_money(product.premium.median)} a year",
            f"commission {_share(product.commission)}, then {_share(product.renewal_commission)}",
            f"grace {format_duration(product.grace)}",
            "needs an adviser" if product.needs_person else "can be bought online",
        ]
        yield name, f"{product.family}, {product.term} term", "; ".join(parts)


def _channels(scenario: Scenario) -> Iterator[Entry]:
    for name, rules in scenario.channels.items():
        parts = [
            f"{_share(rules.delivered)} delivered",
            f"{_share(rules.opened)} of these opened",
            f"{_share(rules.opt_out)} opt out",
            f"fatigue {rules.fatigue:+g}",
            format_money(rules.cost),
        ]
        yield name, "", ", ".join(parts)


_DESCRIBED: dict[str, Callable[[Scenario], Iterator[Entry]]] = {
    "contents": _contents, "segments": _segments, "products": _products, "channels": _channels,
}  # fmt: skip


def _share(share: float) -> str:
    return f"{share * 100:.4g}%"


def _shares(shares: Mapping[Any, float]) -> str:
    return ", ".join(f"{name} {_share(share)}" for name, share in shares.items())


def _listed(verb: str, figures: Mapping[Any, float], form: str) -> str:
    return f"{verb} {', '.join(f'{name} {form.format(each)}' for name, each in figures.items())}" if figures else ""
