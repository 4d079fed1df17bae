"""The answer in plain sentences, and whether the guardrails hold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lifesim.report.catalogue import Catalogue, printable
from lifesim.report.formats import decimals, effect_amount, interval, limit_amount, per_10k, plain, show
from lifesim.report.readings import FEW, FEW_DIFFERING, Metric, Reading, deciding, metric

if TYPE_CHECKING:
    from lifesim.report.run_tables import RunTables


@dataclass(frozen=True)
class Guardrail:
    """One guardrail for one arm, as text; ``verdict`` is the last part of a catalogue key."""

    label: str
    arm: str
    limit: str
    effect: str
    interval: str
    verdict: str


@dataclass(frozen=True)
class Answer:
    """What one arm did to the primary metric; ``tone`` is how it may look: a verdict, or ``mixed``."""

    tone: str
    text: str


def period(horizon_days: int, t: Catalogue) -> str:
    """The simulated period as the opening of a sentence."""
    if horizon_days == 365:
        return t("answer.year")
    if horizon_days > 0 and horizon_days % 365 == 0:
        return t("answer.years", years=horizon_days // 365)
    return t("answer.days", days=horizon_days)


def answers(
    scenario: Mapping[str, Any],
    overall: Sequence[Reading],
    rails: Sequence[Guardrail],
    metrics: Mapping[str, Mapping[str, Any]],
    t: Catalogue,
) -> list[Answer]:
    """A sentence per arm on the primary metric and its guardrails, or the one that says why there is none.

    Parameters
    ----------
    scenario
        Part of the manifest.
    overall
        Readings of all customers.
    """
    primary = scenario.get("primary")
    days = int(scenario["horizon_days"])
    found = []
    for row in overall:
        if row.metric.name == primary:
            mine = [rail for rail in rails if rail.arm == printable(row.arm)]
            broken = any(rail.verdict == "exceeded" for rail in mine)
            sentences = [answer(row, days, t), *rails_sentences(mine, t)]
            tone = "mixed" if broken and row.verdict == "better" else row.verdict
            found.append(Answer(tone, t.joined(sentences)))
    if found:
        return found
    label = metric(primary, metrics, t.lang).label if primary else t("answer.no_primary")
    return [Answer("unclear", t("answer.none", metric=in_sentence(label)))]


def rails_sentences(rails: Sequence[Guardrail], t: Catalogue) -> list[str]:
    """Whether an arm keeps its guardrails, in at most two sentences."""
    broken = [rail.label for rail in rails if rail.verdict == "exceeded"]
    unsettled = [rail.label for rail in rails if rail.verdict in ("unclear", "missing")]
    said = []
    if broken:
        said.append(t("answer.rails_exceeded", names=t("list_separator").join(broken)))
    if unsettled:
        said.append(t("answer.rails_open", names=t("list_separator").join(unsettled)))
    return said or ([t("answer.rails_respected")] if rails else [])


def answer(reading: Reading, horizon_days: int, t: Catalogue) -> str:
    """What one arm did to one metric, in a sentence that says how sure it is."""
    shown = show(reading, t)
    values: dict[str, object] = {
        "period": period(horizon_days, t),
        "arm": quoted(reading.arm, reading.oracle, t),
        "control": quoted(reading.control, False, t),
        "metric": in_sentence(reading.metric.label),
        "before": shown.control_mean,
        "after": shown.arm_mean,
        "effect": effect_amount(reading, t),
        "interval": shown.interval,
        "replications": reading.replications,
        "differing": reading.differing,
    }
    if reading.effect is None:
        return t("answer.no_effect", **values)
    if not reading.has_interval:
        return t("answer.no_interval", **values)
    if reading.verdict in ("same", "few", "unclear"):
        return t(f"answer.{reading.verdict}", **values)
    return t("answer.changed", **values, meaning=per_10k(reading, t), verdict=t(f"verdict.{reading.verdict}"))


def quoted(arm: str, oracle: bool, t: Catalogue) -> str:
    """Name of an arm inside a sentence; an oracle's with the reason why it is no strategy."""
    if not oracle:
        return t("arm.quoted", arm=printable(arm))
    return t("arm.quoted_oracle", arm=printable(arm), tag=t("oracle.tag"), why=t("oracle.why"))


def titled(arm: str, oracle: bool, t: Catalogue) -> str:
    """Name of an arm in a table of text, with its mark."""
    name = printable(arm)
    return t("oracle.name", arm=name, tag=t("oracle.tag")) if oracle else name


def same_money(overall: Sequence[Reading], horizon_days: int, t: Catalogue) -> str:
    """Says for which arms premium received changed by just the premium of new policies; empty for none."""
    if horizon_days > 365:
        return ""
    new = {row.arm: row for row in overall if row.metric.name == "ape_per_10k"}
    received = {row.arm: row for row in overall if row.metric.name == "premium_per_10k"}
    arms = [arm for arm in new if arm in received and new[arm].effect and _close(new[arm].effect, received[arm].effect)]
    if not arms:
        return ""
    first, second = new[arms[0]].metric.label, received[arms[0]].metric.label
    return t("effects.same_money", arms=t("list_separator").join(map(printable, arms)), first=first, second=second)


def whom(scenario: Mapping[str, Any], t: Catalogue) -> list[str]:
    """Says so where everyone is counted, and not those alone who were present at the fork."""
    return [t("answer.everyone")] if deciding(scenario) == "effects_everyone" else []


def ceiling(overall: Sequence[Reading], primary: str | None, t: Catalogue) -> list[str]:
    """How much a share that decides could rise at most, from where the control has it; nothing of other metrics."""
    for row in overall:
        if row.metric.name == primary and row.metric.is_share and row.metric.better == "higher" and row.control_mean:
            label, rest = in_sentence(row.metric.label), 100 * (1 - row.control_mean)
            names = {"control": quoted(row.control, False, t), "before": show(row, t).control_mean}
            return [t("answer.ceiling", metric=label, rest=plain(rest, 1), **names)]
    return []


def worth(run: RunTables, t: Catalogue) -> list[str]:
    """A sentence for each arm that costs more than its control: what every further unit of cost brings in new business.

    None for a run without the table ``returns``, see ``experiment.effects.returns``. Where it is not clear that the arm
    costs more, or where hardly any replication differs in new business, the sentence says that instead.
    """
    if "returns" not in run.tables:
        return []
    returns, said = run.table("returns"), []
    oracles = run.manifest.get("oracles") or {}
    for row in returns[returns["segment"] == "all"].to_dict("records"):
        if math.isfinite(float(row["roi"])):
            names = {name: quoted(str(row[name]), row[name] in oracles, t) for name in ("arm", "control")}
            said.append(_worth({str(name): value for name, value in row.items()}, names, t))
    return said


def _worth(row: Mapping[str, Any], names: Mapping[str, str], t: Catalogue) -> str:
    """What one arm brings for what it costs more, or why that cannot be told."""
    roi, low, high = (float(row[name]) for name in ("roi", "low", "high"))
    replications = int(row["replications"])
    if replications < 2:
        return t("worth.alone", **names)
    if not (math.isfinite(low) and math.isfinite(high)) or row.get("cost_low", 1.0) <= 0.0:
        return t("worth.hardly", **names)
    differing = int(row.get("differing", replications))
    if replications >= FEW and differing < FEW_DIFFERING:
        return t("worth.few", **names, differing=differing, replications=replications)
    places = decimals(low, high, roi)
    between = t("worth.interval", interval=interval(low, high, 1.0, places, t))
    each = t("worth.each", **names, roi=plain(roi, places), interval=between)
    return each if replications >= FEW else t.joined([each, t("worth.hint")])


def _close(one: float | None, other: float | None) -> bool:
    """The same but for rounding of the last bits."""
    return one is not None and other is not None and abs(one - other) <= 1e-9 * abs(one)


def in_sentence(label: str) -> str:
    """``label`` as it stands inside a sentence: abbreviations such as APE keep their capitals."""
    if len(label) > 1 and label[0].isupper() and label[1].islower():
        return label[0].lower() + label[1:]
    return label


def guardrail_verdict(reading: Reading, limit: float) -> str:
    """``respected``, ``exceeded`` or ``unclear``.

    The change for the worse lies somewhere between the two ends of the interval. Where neither
    direction is better, a change in either counts as harm. Where hardly any replication differs the
    interval shows luck rather than the truth: harm may then be as large as so few events would leave
    possible, and it is never found exceeded. For money nothing bounds it, since one event may be any sum.
    """
    if reading.low is None or reading.high is None:
        return "unclear"
    least, most = _harm(reading.low, reading.high, reading.metric)
    if reading.differing < FEW_DIFFERING:
        unseen = None if reading.metric.unit == "CNY" else reading.unseen_bound
        return "respected" if unseen is not None and max(most, unseen) <= limit else "unclear"
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
        for arm in arms:
            reading = found.get((name, arm))
            described = reading.metric if reading else metric(name, metrics, t.lang)
            shown = show(reading, t) if reading else None
            result.append(
                Guardrail(
                    label=described.label,
                    arm=printable(arm),
                    limit=limit_amount(float(limit), described, t),
                    effect=_rail_effect(reading, t) if reading else t("na"),
                    interval=shown.interval if shown else t("na"),
                    verdict=guardrail_verdict(reading, float(limit)) if reading else "missing",
                )
            )
    return result


def _rail_effect(reading: Reading, t: Catalogue) -> str:
    return show(reading, t).effect if reading.metric.is_share else effect_amount(reading, t)


def _harm(low: float, high: float, described: Metric) -> tuple[float, float]:
    if described.better == "higher":
        return -high, -low
    if described.better == "lower":
        return low, high
    least = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    return least, max(abs(low), abs(high))
