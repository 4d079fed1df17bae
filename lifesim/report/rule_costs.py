"""What rules of the contact policy cost, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from lifesim.report.catalogue import Catalogue, printable
from lifesim.report.formats import decimals, interval, signed
from lifesim.report.readings import FEW, FEW_DIFFERING

if TYPE_CHECKING:
    import pandas as pd

    from lifesim.experiment.rules import RuleCosts

_LABEL, _NUMBER = 26, 14
POLICIES = "policies_per_10k"


def lines(costs: RuleCosts, lang: str = "en") -> Iterator[str]:
    """What would change without each rule, in a language; at most 80 columns wide.

    Raises
    ------
    lifesim.errors.InputError
        The language is unknown.
    """
    t = Catalogue(lang)
    yield t("rules.heading", scenario=printable(costs.scenario), arm=printable(costs.arm))
    yield t("rules.lead", replications=costs.replications)
    for rule in costs.rules:
        yield ""
        count = costs.held_back.get(rule, 0.0)
        key = "rules.held_back" if count else "rules.rule"
        yield t(key, rule=printable(rule), count=f"{count:,.0f}")
        yield from _of_rule(costs.effects[costs.effects["rule"] == rule], t)


def _of_rule(rows: pd.DataFrame, t: Catalogue) -> Iterator[str]:
    """The metrics of one rule, and what they come to."""
    records = [{str(name): value for name, value in row.items()} for row in rows.to_dict(orient="records")]
    given = {str(row["metric"]): row for row in records}
    if not any(row["differing"] for row in given.values()):
        yield f"  {t('rules.same')}"
        return
    for metric, row in given.items():
        yield _line(t(f"rules.{metric}"), row, t)
    yield f"  {_verdict(given.get(POLICIES), t)}"


def _line(label: str, row: Mapping[str, Any], t: Catalogue) -> str:
    low, high, effect = (_known(row[name]) for name in ("low", "high", "effect"))
    places = decimals(low, high, effect)
    number = t("na") if effect is None else signed(effect, places)
    padded = label + " " * (_LABEL - cell_len(label))
    return f"  {padded}{number:>{_NUMBER}}  {interval(low, high, 1.0, places, t)}"


def _verdict(row: Mapping[str, Any] | None, t: Catalogue) -> str:
    """What the rule costs in policies; of the rule, whose absence the row is about."""
    if row is None or _known(row["low"]) is None or row["low"] <= 0.0 <= row["high"]:
        return t("rules.unclear")
    if row["replications"] < FEW or row["differing"] < FEW_DIFFERING:
        return t("rules.unclear")
    places = decimals(row["low"], row["high"], row["effect"])
    count = signed(abs(row["effect"]), places).lstrip("+")
    return t("rules.costs" if row["effect"] > 0 else "rules.brings", count=count)


def _known(value: float) -> float | None:
    """A number; none for one that is not one."""
    return float(value) if value == value else None
