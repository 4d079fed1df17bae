"""The answer in plain sentences, and whether the guardrails hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lifesim.report.catalogue import Catalogue, printable
from lifesim.report.formats import effect_amount, limit_amount, show
from lifesim.report.readings import Metric, Reading, metric


@dataclass(frozen=True)
class Guardrail:
    """One guardrail for one arm, as text; ``verdict`` is the last part of a catalogue key."""

    label: str
    arm: str
    limit: str
    effect: str
    interval: str
    verdict: str


def period(horizon_days: int, t: Catalogue) -> str:
    """The simulated period as the opening of a sentence."""
    if horizon_days == 365:
        return t("answer.year")
    if horizon_days > 0 and horizon_days % 365 == 0:
        return t("answer.years", years=horizon_days // 365)
    return t("answer.days", days=horizon_days)


def answer(reading: Reading, horizon_days: int, t: Catalogue) -> str:
    """What one arm did to one metric, in a sentence that says how sure it is."""
    shown = show(reading, t)
    values: dict[str, object] = {
        "period": period(horizon_days, t),
        "arm": printable(reading.arm),
        "control": printable(reading.control),
        "metric": in_sentence(reading.metric.label),
        "effect": effect_amount(reading, t),
        "interval": shown.interval,
        "replications": reading.replications,
    }
    if reading.effect is None:
        return t("answer.no_effect", **values)
    if not reading.has_interval:
        return t("answer.no_interval", **values)
    if reading.verdict in ("same", "unclear"):
        return t(f"answer.{reading.verdict}", **values)
    return t("answer.changed", **values, verdict=t(f"verdict.{reading.verdict}"))


def in_sentence(label: str) -> str:
    """``label`` as it stands inside a sentence: abbreviations such as APE keep their capitals."""
    if len(label) > 1 and label[0].isupper() and label[1].islower():
        return label[0].lower() + label[1:]
    return label


def guardrail_verdict(reading: Reading, limit: float) -> str:
    """``respected``, ``exceeded`` or ``unclear``.

    The change for the worse lies somewhere between the two ends of the interval. Where neither
    direction is better, a change in either counts as harm.
    """
    if reading.low is None or reading.high is None:
        return "unclear"
    least, most = _harm(reading.low, reading.high, reading.metric)
    if most <= limit:
        return "respected"
    return "exceeded" if least > limit else "unclear"


def guardrails(
    limits: Mapping[str, float],
    rows: Sequence[Reading],
    arms: Sequence[str],
    metrics: Mapping[str, Mapping[str, Any]],
    t: Catalogue,
) -> list[Guardrail]:
    """Every guardrail for every arm; one without a reading is listed as not observed."""
    found = {(row.metric.name, row.arm): row for row in rows}
    result = []
    for name, limit in limits.items():
        described = metric(name, metrics, t.lang)
        for arm in arms:
            reading = found.get((name, arm))
            shown = show(reading, t) if reading else None
            result.append(
                Guardrail(
                    label=described.label,
                    arm=printable(arm),
                    limit=limit_amount(float(limit), described, t),
                    effect=effect_amount(reading, t) if reading else t("na"),
                    interval=shown.interval if shown else t("na"),
                    verdict=guardrail_verdict(reading, float(limit)) if reading else "missing",
                )
            )
    return result


def _harm(low: float, high: float, described: Metric) -> tuple[float, float]:
    if described.better == "higher":
        return -high, -low
    if described.better == "lower":
        return low, high
    least = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    return least, max(abs(low), abs(high))
