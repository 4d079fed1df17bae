"""Mappings such as ``{fact: messages.push_open, pick: low}`` become the figures that they name."""

from __future__ import annotations

from decimal import Decimal

from lifesim.errors import Problem
from lifesim.scenario.facts import Fact, Figure, Number, load_facts
from lifesim.scenario.wording import shown, suggest
from lifesim.scenario.yaml_nodes import KeyPath, Node, Provenance, Scalar, dotted

_KEYS = ("fact", "pick", "index", "times", "as")
_PICKS = ("value", "low", "high")


def resolve_facts(node: Node, path: KeyPath, problems: list[Problem]) -> Node:
    """`node` with every reference below it replaced; what cannot be is added to `problems`."""
    if isinstance(node.value, list):
        node.value = [resolve_facts(each, (*path, i), problems) for i, each in enumerate(node.value)]
    elif isinstance(node.value, dict) and "fact" in node.value:
        try:
            return _resolved(node, node.value)
        except ValueError as error:
            problems.append(Problem(str(node.place), dotted(path), str(error)))
    elif isinstance(node.value, dict):
        node.value = {key: resolve_facts(each, (*path, key), problems) for key, each in node.value.items()}
    return node


def _resolved(node: Node, reference: dict[str, Node]) -> Node:
    for key in reference:
        if key not in _KEYS:
            raise ValueError(f"unknown key '{key}' beside 'fact'{suggest(key, _KEYS)}")
    given = {key: each.value for key, each in reference.items()}
    fact = _named(given["fact"])
    pick = given.get("pick", "value")
    times = _factor(given.get("times", 1))
    form = given.get("as", fact.form)
    if not isinstance(form, str) or form.count("{}") != 1:
        raise ValueError("'as' must hold {} once, for the number; write as: '{}/y'")
    figure = _picked(fact, pick)
    uses = [str(pick)] if pick != "value" else []
    if "index" in given:
        figure = _indexed(fact, figure, reference["index"])
        uses.append(f"[{reference['index'].text}]")
    if times != 1:
        uses.append(f"× {times}")
    provenance = Provenance("fact", fact.name, " ".join(uses))
    return _as_node(node, fact, figure, times, form, provenance)


def _named(name: object) -> Fact:
    facts = load_facts()
    if isinstance(name, str) and name in facts:
        return facts[name]
    known = list(facts)
    group = str(name).partition(".")[0] + "."
    in_group = [each for each in known if each.startswith(group)]
    raise ValueError(f"unknown fact {shown(name)}{suggest(str(name), in_group or known)}")


def _picked(fact: Fact, pick: Scalar | dict[str, Node] | list[Node]) -> Figure:
    if pick not in _PICKS:
        raise ValueError(f"pick: {shown(pick)} is unknown; write low, high or value")
    figure = {"value": fact.value, "low": fact.low, "high": fact.high}[str(pick)]
    if figure is None:
        has = [each for each in _PICKS if getattr(fact, each) is not None]
        raise ValueError(f"fact '{fact.name}' has no {pick}; write pick: {' or '.join(has)}")
    return figure


def _indexed(fact: Fact, figure: Figure, index: Node) -> Number:
    if isinstance(figure, (int, float)):
        raise ValueError(f"fact '{fact.name}' is a single number; remove index")
    if isinstance(figure, tuple):
        position = index.value
        if type(position) is int and 0 <= position < len(figure):
            return figure[position]
        raise ValueError(f"index {shown(position)} is outside 0 to {len(figure) - 1}")
    if index.text in figure:
        return figure[index.text]
    raise ValueError(f"index {shown(index.value)} is unknown{suggest(index.text, figure)}")


def _factor(times: Scalar | dict[str, Node] | list[Node]) -> Number:
    if isinstance(times, bool) or not isinstance(times, (int, float)):
        raise ValueError(f"times: {shown(times)} is not a number; write times: 0.5")
    return times


def _as_node(node: Node, fact: Fact, figure: Figure, times: Number, form: str, provenance: Provenance) -> Node:
    if isinstance(figure, (int, float)):
        written = _written(figure, times, form)
        return Node(written, node.place, node.key_place, str(written), provenance)
    if not isinstance(figure, tuple):
        years = ", ".join(figure)
        raise ValueError(f"fact '{fact.name}' has a figure for each of {years}; add index")
    items = [_as_node(node, fact, each, times, form, provenance) for each in figure]
    return Node(list(items), node.place, node.key_place, "", provenance)


def _written(figure: Number, times: Number, form: str) -> Scalar:
    number = figure
    if times != 1:
        # In decimal, so that 3 × 0.1 is 0.3: a duration must come out in whole seconds.
        product = Decimal(repr(figure)) * Decimal(repr(times))
        number = int(product) if product == product.to_integral_value() else float(product)
    return number if form == "{}" else form.format(repr(number))
