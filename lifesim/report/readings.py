"""Rows of an effects table as typed values, in the order a reader meets them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lifesim.report.catalogue import printable

if TYPE_CHECKING:
    import pandas as pd

FEW = 5
"""With fewer replications an interval rests on too few worlds: what it shows is a hint."""

_LARGE_MONEY = {"en": (1_000_000, 1_000_000, "million {unit}"), "zh": (100_000, 10_000, "万{unit}")}
"""By language: from which amount on, counted in what, and its name."""


FEW_DIFFERING = 5
"""With fewer differing replications no verdict: were signs luck, five of one sign would come up once in sixteen."""


@dataclass(frozen=True)
class Metric:
    """How one metric is named and read, in the language of the report; values are shown times ``scale``."""

    name: str
    label: str
    unit: str
    unit_label: str
    better: str
    numerator: str
    denominator: str
    window: str
    group: str = ""
    scale: float = 1.0

    @property
    def is_share(self) -> bool:
        """Whether values are fractions of 1, shown as % and their differences as percentage points."""
        return self.unit == "share"


@dataclass(frozen=True)
class Reading:
    """One effect: a metric in one segment, one arm against its control. None: not observed."""

    metric: Metric
    segment: str
    arm: str
    control: str
    control_mean: float | None
    arm_mean: float | None
    effect: float | None
    low: float | None
    high: float | None
    relative: float | None
    relative_low: float | None
    relative_high: float | None
    replications: int
    differing: int
    unseen_bound: float | None = None
    oracle: bool = False

    @property
    def has_interval(self) -> bool:
        return None not in (self.effect, self.low, self.high)

    @property
    def verdict(self) -> str:
        """Word for the effect: better, worse, higher, lower, hint, few, unclear, same or none (a catalogue key).

        It rests on the interval of the effect, never on that of the relative effect.
        """
        if self.effect is None and self.replications == 0:
            return "none"
        ends = (self.low, self.high) if self.effect is not None else (None, None)
        return verdict(self.metric.better, ends, self.replications, self.differing)


def verdict(better: str, ends: tuple[float | None, float | None], replications: int, differing: int) -> str:
    """Word for a paired effect from its interval, how many replications there were, and how many of them differ.

    Parameters
    ----------
    better
        ``higher``, ``lower`` or ``neither``.
    """
    low, high = ends
    if low is None or high is None:
        return "unclear"
    if differing == 0:
        return "same"
    if low <= 0 <= high:
        return "unclear"
    if replications < FEW:
        return "hint"
    if differing < FEW_DIFFERING:
        return "few"
    rises = low > 0
    if better not in ("higher", "lower"):
        return "higher" if rises else "lower"
    return "better" if rises == (better == "higher") else "worse"


def metric(name: str, metrics: Mapping[str, Mapping[str, Any]], lang: str) -> Metric:
    """The metric called ``name``; one the manifest does not describe is read as plain numbers."""
    given = metrics.get(name, {})

    def in_language(key: str, fallback: object = "") -> str:
        return printable(given.get(f"{key}_{lang}") or given.get(key) or fallback)

    unit = str(given.get("unit") or "")
    return Metric(
        name=name,
        label=in_language("label", name),
        unit=unit,
        unit_label="" if unit in ("", "count", "share") else in_language("unit"),
        better=str(given.get("better") or "neither"),
        numerator=in_language("numerator"),
        denominator=in_language("denominator"),
        window=in_language("window"),
        group=str(given.get("group") or ""),
        scale=100.0 if unit == "share" else 1.0,
    )


def deciding(scenario: Mapping[str, Any]) -> str:
    """Name of the table of effects that answers the question of a run, by the part of its manifest on the scenario."""
    return "effects_everyone" if scenario.get("scope") == "everyone" else "effects"


def readings(
    effects: pd.DataFrame,
    metrics: Mapping[str, Mapping[str, Any]],
    lang: str,
    primary: str | None = None,
    oracles: Collection[str] = (),
) -> list[Reading]:
    """All rows of ``effects``: the primary metric first, then the manifest's order, then by arm.

    Parameters
    ----------
    effects
        Table with the columns metric, segment, arm, control, control_mean, arm_mean, effect, low,
        high, relative, relative_low, relative_high, replications, differing, unseen_bound. A table
        of an earlier version lacks the last two.
    metrics
        Metric name to its description, as in the manifest.
    lang
        Language of the labels, ``"en"`` or ``"zh"``.
    primary
        Name of the primary metric.
    oracles
        Arms that see what no insurer sees.
    """
    order = {name: place for place, name in enumerate(metrics)}
    found = [replace(row, oracle=row.arm in oracles) for row in _legible(list(_read(effects, metrics, lang)), lang)]
    arms = list(dict.fromkeys(reading.arm for reading in found))

    def place(reading: Reading) -> tuple[bool, int, int]:
        name = reading.metric.name
        return name != primary, order.get(name, len(order)), arms.index(reading.arm)

    return sorted(found, key=place)


def large_money(largest: float, unit: str, lang: str) -> tuple[float, str]:
    """Factor and unit in which amounts up to ``largest`` are shown: millions, in Chinese 万."""
    threshold, counted_in, name = _LARGE_MONEY[lang]
    return (1 / counted_in, name.format(unit=unit)) if largest >= threshold else (1.0, unit)


def _legible(rows: list[Reading], lang: str) -> Iterator[Reading]:
    """Large amounts of money in a larger unit, the same for all rows of a metric."""
    largest: dict[str, float] = {}
    for row in rows:
        amounts = [abs(value) for value in (row.control_mean, row.arm_mean) if value is not None]
        largest[row.metric.name] = max(*amounts, largest.get(row.metric.name, 0.0), 0.0)
    for row in rows:
        if row.metric.unit == "CNY":
            scale, unit = large_money(largest[row.metric.name], row.metric.unit_label, lang)
            yield replace(row, metric=replace(row.metric, scale=scale, unit_label=unit))
        else:
            yield row


def _read(effects: pd.DataFrame, metrics: Mapping[str, Mapping[str, Any]], lang: str) -> Iterator[Reading]:
    for row in effects.to_dict("records"):
        yield Reading(
            metric=metric(str(row["metric"]), metrics, lang),
            segment=str(row["segment"]),
            arm=str(row["arm"]),
            control=str(row["control"]),
            control_mean=_number(row["control_mean"]),
            arm_mean=_number(row["arm_mean"]),
            effect=_number(row["effect"]),
            low=_number(row["low"]),
            high=_number(row["high"]),
            relative=_number(row["relative"]),
            relative_low=_number(row["relative_low"]),
            relative_high=_number(row["relative_high"]),
            replications=int(_number(row["replications"]) or 0),
            differing=int(_number(row.get("differing", row["replications"])) or 0),
            unseen_bound=_number(row.get("unseen_bound")),
        )


def _number(value: Any) -> float | None:
    """A finite float; missing values and infinities are not numbers to print."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
