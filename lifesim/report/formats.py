"""Numbers as a reader expects them: as many decimals as the interval supports, and no more."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from lifesim.metrics.metric import MOVES, MOVES_ZH
from lifesim.report.catalogue import Catalogue
from lifesim.report.readings import Metric, Reading

MINUS = "\u2212"
MOST_DECIMALS = 4


@dataclass(frozen=True)
class Shown:
    """The numbers of one reading as text; share metrics in % and percentage points (pp)."""

    control_mean: str
    arm_mean: str
    effect: str
    effect_number: str
    interval: str
    relative: str
    relative_interval: str


def show(reading: Reading, t: Catalogue) -> Shown:
    """Text for every number of ``reading``, the decimals fitted to the width of its interval."""
    scale = reading.metric.scale
    mean = reading.control_mean if reading.control_mean is not None else reading.arm_mean
    places = decimals(
        _scaled(reading.low, scale),
        _scaled(reading.high, scale),
        _scaled(reading.effect or mean, scale),
    )
    relative_places = decimals(_scaled(reading.relative_low, 100), _scaled(reading.relative_high, 100), 10.0)
    percent = "%" if reading.metric.is_share else ""
    return Shown(
        control_mean=_or_na(reading.control_mean, scale, places, t, percent),
        arm_mean=_or_na(reading.arm_mean, scale, places, t, percent),
        effect=amount(reading.effect, reading.metric, places, t, short=True),
        effect_number=_signed_or_na(reading.effect, scale, places, t, ""),
        interval=interval(reading.low, reading.high, scale, places, t),
        relative=_signed_or_na(reading.relative, 100, relative_places, t, "%"),
        relative_interval=interval(reading.relative_low, reading.relative_high, 100, relative_places, t),
    )


def effect_amount(reading: Reading, t: Catalogue) -> str:
    """The effect with its unit, for use in a sentence: ``+0.8 percentage points``, ``+1,234 CNY``."""
    scale = reading.metric.scale
    places = decimals(_scaled(reading.low, scale), _scaled(reading.high, scale), _scaled(reading.effect, scale))
    return amount(reading.effect, reading.metric, places, t)


def amount(value: float | None, metric: Metric, places: int, t: Catalogue, short: bool = False) -> str:
    """A signed change of ``metric``; percentage points always carry their name, lest they be read as %.

    ``short``: as it stands in a table whose labels carry the other units.
    """
    if value is None:
        return t("na")
    text = signed(value * metric.scale, places)
    if metric.is_share:
        return t("points.short" if short else "points", value=text)
    return t("amount", value=text, unit=metric.unit_label) if metric.unit_label and not short else text


def limit_amount(limit: float, metric: Metric, t: Catalogue) -> str:
    """A guardrail's limit in the unit of its metric, without needless zeros."""
    text = f"{limit * metric.scale:,.6g}".replace("-", MINUS)
    if metric.is_share:
        return t("points.short", value=text)
    return t("amount", value=text, unit=metric.unit_label) if metric.unit_label else text


def interval(low: float | None, high: float | None, scale: float, places: int, t: Catalogue) -> str:
    """Both ends of an interval, ``0.5 to 1.1``."""
    if low is None or high is None:
        return t("na")
    return t("interval", low=_end(low * scale, places), high=_end(high * scale, places))


def _end(value: float, places: int) -> str:
    """An end of an interval: one that is not 0 never reads 0, or the text would contradict the verdict."""
    text = plain(value, places)
    if value == 0 or float(text.replace(",", "").replace(MINUS, "-")) != 0:
        return text
    return plain(value, -math.floor(math.log10(abs(value))))


def share_of_control(reading: Reading, t: Catalogue) -> tuple[tuple[float, float, float], str] | None:
    """Effect and its interval as parts of the control's mean, and both as text; None where that is not defined.

    It is the interval that the verdict rests on, in another unit. Without an interval the ends stand on the effect.
    """
    base, effect = reading.control_mean, reading.effect
    if not base or effect is None:
        return None
    low, high = reading.low, reading.high
    ends = (effect if low is None else low, effect if high is None else high)
    parts = (effect / abs(base), ends[0] / abs(base), ends[1] / abs(base))
    known = low is not None and high is not None
    places = decimals(parts[1] * 100, parts[2] * 100, 10.0)
    text = interval(parts[1], parts[2], 100, places, t) if known else t("na")
    return parts, t("value_interval", value=signed(parts[0] * 100, places) + "%", interval=text)


def per_10k(reading: Reading, t: Catalogue) -> str:
    """What a change of a share means for 10,000 of those it is a share of; empty for other metrics."""
    if not reading.metric.is_share or not reading.effect:
        return ""
    count = abs(reading.effect) * 10_000
    key = "answer.more" if reading.effect > 0 else "answer.fewer"
    units = reading.metric.denominator.removesuffix(MOVES).removesuffix(MOVES_ZH)  # a remark that no sentence holds
    said = f"{count:,.{0 if count >= 10 else 1}f}"
    if t.lang == "zh":
        word, units = _counted_zh(units)
        said = f"{said} {word}"
    return t(key, count=said, of=units)


def _counted_zh(units: str) -> tuple[str, str]:
    """The measure word of a Chinese denominator, and how it stands behind a number: 咨询次数, 次咨询."""
    if counted := re.search("的?([笔次件])数", units):
        word, units = counted[1], units.replace(counted[0], "")
    else:
        ends = {"客户": "名", "客户数": "名", "保单": "件", "年化保费": "元", "触达": "次"}
        word = next((word for end, word in ends.items() if units.endswith(end)), "个")
        units = units.removesuffix("数")
    return word, word + units


def unit_text(metric: Metric, t: Catalogue) -> str:
    """What an effect on ``metric`` is counted in."""
    if metric.is_share:
        return t("unit.points")
    return metric.unit_label or t("unit.plain")


def label_with_unit(metric: Metric, t: Catalogue) -> str:
    """Label of ``metric``, with the unit where the numbers beside it carry none."""
    if not metric.unit_label:
        return metric.label
    return t("label_unit", label=metric.label, unit=metric.unit_label)


def decimals(low: float | None, high: float | None, magnitude: float | None) -> int:
    """Decimals that show an interval to about two significant digits of its half-width.

    Without an interval, or with one of no width, three significant digits of ``magnitude``. An end
    that is not 0 does not round to 0 as long as decimals are left, so the text never contradicts
    the verdict.
    """
    if low is None or high is None or low == high:
        if not magnitude:
            return 1
        return min(max(2 - math.floor(math.log10(abs(magnitude))), 0), MOST_DECIMALS)
    # The rounding guards against 0.99999… from binary fractions.
    places = math.ceil(round(-math.log10((high - low) / 6), 9))
    places = min(max(places, 0), MOST_DECIMALS)
    while places < MOST_DECIMALS and low * high > 0 and min(abs(low), abs(high)) < 0.5 / 10**places:
        places += 1
    return places


def plain(value: float, places: int) -> str:
    """``value`` with thousands separators and a proper minus sign; never a negative zero."""
    text = f"{abs(value):,.{places}f}"
    return MINUS + text if value < 0 and float(text.replace(",", "")) else text


def signed(value: float, places: int) -> str:
    """As `plain`, with a plus sign before what is above zero."""
    text = plain(value, places)
    above = value > 0 and float(text.replace(",", ""))
    return f"+{text}" if above else text


def tick_text(value: float) -> str:
    """A value on an axis, without needless zeros."""
    return f"{abs(value):,.6g}" if value >= 0 else MINUS + f"{abs(value):,.6g}"


def _scaled(value: float | None, scale: float) -> float | None:
    return None if value is None else value * scale


def _or_na(value: float | None, scale: float, places: int, t: Catalogue, suffix: str) -> str:
    return t("na") if value is None else plain(value * scale, places) + suffix


def _signed_or_na(value: float | None, scale: float, places: int, t: Catalogue, suffix: str) -> str:
    return t("na") if value is None else signed(value * scale, places) + suffix
