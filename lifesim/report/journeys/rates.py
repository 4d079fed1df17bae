"""What the journeys of a run did, in the figures that the trade uses: numerator, denominator and value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lifesim.report.catalogue import Catalogue, printable

if TYPE_CHECKING:
    from lifesim.report.run_tables import RunTables

_DAY = 86_400
_EVENT = "offline_event"


@dataclass(frozen=True)
class Rate:
    """One figure of one journey in one arm, as text."""

    arm: str
    journey: str
    label: str
    top: str
    bottom: str
    value: str


def journey_rates(run: RunTables, t: Catalogue) -> list[Rate]:
    """Every figure that has a denominator, by arm and journey; none for a run without journeys."""
    if "journeys" not in run.tables:
        return []
    totals: dict[tuple[str, str], dict[str, int]] = {}
    sums = run.table("journeys").groupby(["arm", "journey", "measure"], sort=False)["value"].sum().reset_index()
    for arm, journey, measure, n in sums.itertuples(index=False):
        totals.setdefault((str(arm), str(journey)), {})[str(measure)] = int(n)
    found = []
    for (arm, journey), of in totals.items():
        for key, top, bottom in _figures(_counts(run, arm, journey), of):
            if bottom:
                value = f"{100 * top / bottom:,.1f}%" if key != "cycle" else _days(top / bottom, t)
                shown = f"{top:,}" if key != "cycle" else _days(top, t)
                label = t(f"rate.{key}")
                found.append(Rate(printable(arm), printable(journey), label, shown, f"{bottom:,}", value))
    return found


def _days(seconds: float, t: Catalogue) -> str:
    return t("journeys.days", days=f"{seconds / _DAY:,.1f}")


def _counts(run: RunTables, arm: str, journey: str) -> dict[str, int]:
    """Touches of a journey by outcome, those of invitations and proposals apart, and what they led to."""
    if "touches" not in run.tables:
        return {}
    kinds = {name: content["kind"] for name, content in (run.manifest.get("contents") or {}).items()}
    touches = run.table("touches")
    mine = touches[(touches["arm"] == arm) & (touches["campaign"] == journey)]
    counts: dict[str, int] = {}
    for channel, content, outcome, n in mine[["channel", "content", "outcome", "count"]].itertuples(index=False):
        group = "event" if channel == _EVENT else kinds.get(str(content), "")
        for key in (
            f"touch {outcome}" if group != "event" else "",
            f"{group} {outcome}",
            f"content {content} {outcome}",
        ):
            counts[key] = counts.get(key, 0) + int(n)
    if "benefits" in run.tables:
        weeks = run.table("benefits")
        rows = weeks[(weeks["arm"] == arm) & (weeks["campaign"] == journey)]
        for since, customers, came in rows[["since", "customers", "came"]].itertuples(index=False):
            counts[f"week {since}"] = counts.get(f"week {since}", 0) + int(customers)
            counts[f"came {since}"] = counts.get(f"came {since}", 0) + int(came)
    if "prompts" in run.tables:
        prompts = run.table("prompts")
        rows = prompts[(prompts["arm"] == arm) & (prompts["journey"] == journey)]
        for content, event, n in rows[["content", "event", "count"]].itertuples(index=False):
            counts[f"did {event}"] = counts.get(f"did {event}", 0) + int(n)
            asked = f"content {content} delivered"
            counts[f"asked {event}"] = counts.get(f"asked {event}", 0) + counts.get(asked, 0)
    return counts


def _figures(counts: Mapping[str, int], totals: Mapping[str, int]) -> list[tuple[str, int, int]]:
    """Key, numerator and denominator of each figure that the journey is about."""

    def n(key: str) -> int:
        return counts.get(key, 0)

    entered, converted = totals.get("entered", 0), totals.get("converted", 0)
    asked_for = n("touch requested") + n("touch carried_over")
    found = [("reach", n("touch delivered"), asked_for), ("open", n("touch opened"), n("touch delivered"))]
    about = {
        "part": ("did took_part", entered),
        "contact": ("did left_contact", n("touch delivered")),
        "wecom": ("did added_wecom", n("asked added_wecom")),
        "gap": ("did gap_assessed", entered),
    }
    found += [(key, n(did), bottom) for key, (did, bottom) in about.items() if n(did)]
    if n("event requested"):
        found += [
            ("booked", n("event requested"), n("invitation delivered")),
            ("came", n("event delivered"), n("invitation delivered")),
            ("kept", n("event delivered"), n("event requested") + n("event carried_over")),
        ]
    found += [(f"week_{since}", n(f"came {since}"), n(f"week {since}")) for since in ("beginning", "end")]
    found.append(("made", n("proposal delivered"), entered if n("proposal delivered") else 0))
    found.append(("proposal", n("proposal opened"), n("proposal delivered")))
    if "converted" in totals:
        found += [("converted", converted, entered), ("cycle", totals.get("seconds_to_goal", 0), converted)]
    return found
