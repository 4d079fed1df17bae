"""Rows of an effects table as typed values, in the order a reader meets them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lifesim.report.catalogue import printable

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Metric:
    """How one metric is named and read, in the language of the report."""

    name: str
    label: str
    unit: str
    unit_label: str
    better: str
    numerator: str
    denominator: str
    window: str

    @property
    def is_share(self) -> bool:
        """Whether values are fractions of 1, shown as % and their differences as points."""
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

    @property
    def has_interval(self) -> bool:
        return None not in (self.effect, self.low, self.high)

    @property
    def verdict(self) -> str:
        """Word for the effect: better, worse, higher, lower, unclear or same (a catalogue key)."""
        if self.low is None or self.high is None or self.effect is None:
            return "unclear"
        if self.low == self.high == 0:
            return "same"
        if self.low <= 0 <= self.high:
            return "unclear"
        rises = self.low > 0
        if self.metric.better not in ("higher", "lower"):
            return "higher" if rises else "lower"
        return "better" if rises == (self.metric.better == "higher") else "worse"


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
    )


def readings(
    effects: pd.DataFrame,
    metrics: Mapping[str, Mapping[str, Any]],
    lang: str,
    primary: str | None = None,
) -> list[Reading]:
    """All rows of ``effects``: the primary metric first, then the manifest's order, then by arm.

    Parameters
    ----------
    effects
        Table with the columns metric, segment, arm, control, control_mean, arm_mean, effect, low,
        high, relative, relative_low, relative_high, replications.
    metrics
        Metric name to its description, as in the manifest.
    lang
        Language of the labels, ``"en"`` or ``"zh"``.
    primary
        Name of the primary metric.
    """
    order = {name: place for place, name in enumerate(metrics)}
    found = list(_read(effects, metrics, lang))
    arms = list(dict.fromkeys(reading.arm for reading in found))

    def place(reading: Reading) -> tuple[bool, int, int]:
        name = reading.metric.name
        return name != primary, order.get(name, len(order)), arms.index(reading.arm)

    return sorted(found, key=place)


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
        )


def _number(value: Any) -> float | None:
    """A finite float; missing values and infinities are not numbers to print."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
