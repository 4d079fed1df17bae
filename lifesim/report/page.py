"""The page of a run: one HTML file that opens anywhere, without a network and without scripts."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lifesim.errors import RunError
from lifesim.report.agents import tier_tables, what_is_counted
from lifesim.report.arms import arm_cards, hashes, plug_in, product_rows, shared
from lifesim.report.catalogue import HTML_LANGUAGE, Catalogue, printable
from lifesim.report.charts import metrics_forests, occupancy_panels, segments_forest
from lifesim.report.estimates import estimate_rows
from lifesim.report.figures import Style, style
from lifesim.report.formats import Shown, label_with_unit, show
from lifesim.report.harm import harmed
from lifesim.report.journeys.rates import journey_rates
from lifesim.report.journeys.selection import selection
from lifesim.report.ladder import rungs
from lifesim.report.leads import grade_rows
from lifesim.report.readings import FEW, Metric, Reading, deciding, metric, readings
from lifesim.report.run_tables import RunTables
from lifesim.report.verdicts import answers, ceiling, guardrails, same_money, whom, worth

if TYPE_CHECKING:
    pass

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class EffectRow:
    """One line of an effects table on the page."""

    label: str
    arm: str
    shown: Shown
    verdict: str
    is_primary: bool


@dataclass(frozen=True)
class EffectGroup:
    """The effects of one segment."""

    segment: str
    rows: tuple[EffectRow, ...]


def write_page(run_dir: Path, lang: str = "en") -> Path:
    """Write ``page.<lang>.html`` into a run directory, whole or not at all.

    Parameters
    ----------
    run_dir
        Directory of a finished run.
    lang
        ``"en"`` or ``"zh"``.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    lifesim.errors.InputError
        The language is unknown, or there is no finished run.
    lifesim.errors.RunError
        A file of the run is damaged, or the page cannot be written.
    """
    from lifesim.experiment.store import read_run

    Catalogue(lang)  # an unknown language ends here, before the run is read
    target = Path(run_dir) / f"page.{lang}.html"
    _replace(target, render_page(read_run(Path(run_dir)), lang))
    return target


def render_page(run: RunTables, lang: str = "en") -> str:
    """The page as text; the same run gives the same text, to the byte."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,  # names in a scenario are anyone's
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("page.html.j2")
    return template.render(_context(run, Catalogue(lang))) + "\n"


def _context(run: RunTables, t: Catalogue) -> dict[str, Any]:
    manifest = run.manifest
    scenario, metrics = manifest["scenario"], manifest["metrics"]
    primary, oracles = scenario.get("primary"), manifest.get("oracles") or {}
    present = readings(run.table("effects"), metrics, t.lang, primary, oracles)
    everyone = readings(run.table("effects_everyone"), metrics, t.lang, primary, oracles)
    counted = everyone if deciding(scenario) == "effects_everyone" else present
    overall = [row for row in counted if row.segment == "all"]
    rails = guardrails(scenario.get("guardrails") or {}, overall, _treated(scenario), metrics, t)
    measured = dict.fromkeys([*metrics, *(row.metric.name for row in present)])
    return {
        "t": t,
        "html_lang": HTML_LANGUAGE[t.lang],
        "name": printable(scenario["name"]),
        "question": printable(scenario.get("question_zh" if t.lang == "zh" else "question") or ""),
        "failures": [printable(failure) for failure in manifest.get("failures", [])],
        "oracles": {printable(arm) for arm in oracles},
        "few": FEW,
        "answers": answers(scenario, overall, rails, metrics, t),
        "worth": [*whom(scenario, t), *ceiling(overall, primary, t), *worth(run, t), *harmed(run, t)],
        "guardrails": rails,
        "effects": _groups(present, primary, t),
        "everyone": _groups(everyone, primary, t),
        "same_money": same_money(overall, int(scenario["horizon_days"]), t),
        "metrics": [_described(metric(name, metrics, t.lang), t) for name in measured],
        "stages": [(t.stage(code), t(f"stage.{code}_is")) for code in manifest.get("stages", []) if t.has_stage(code)],
        "replications": manifest["replications"],
        "provenance": _provenance(manifest, t),
        "ladder": _ladder(run, t),
        "journeys": journey_rates(run, t),
        "estimates": estimate_rows(run, t),
        "selection": selection(run, t),
        **_drawn(run, counted, overall, t),
        **_composition(run, t),
        **_branches(run, primary, t),
        **_agents(run, t),
    }


def _drawn(run: RunTables, present: Sequence[Reading], overall: Sequence[Reading], t: Catalogue) -> dict[str, Any]:
    """Figures, each with a legend of the arms that are in it; one that failed is in none."""
    scenario, occupancy = run.manifest["scenario"], run.table("occupancy")
    styles = _styles(scenario)
    compared = {row.arm for row in overall if row.effect is not None}
    counted = set(occupancy["arm"].astype(str))
    return {
        "forest_legend": [(printable(arm), look) for arm, look in styles.items() if arm in compared],
        "panel_legend": [(printable(arm), look) for arm, look in styles.items() if arm in counted],
        "metrics_forests": metrics_forests(overall, styles, t),
        "segments_forest": segments_forest(present, scenario.get("primary"), styles, t),
        "panels": occupancy_panels(occupancy, run.manifest.get("stages", []), styles, t),
    }


def _composition(run: RunTables, t: Catalogue) -> dict[str, Any]:
    """What the arms and the world were made of."""
    touches = run.table("touches") if "touches" in run.tables else None
    unit, rows = product_rows(run.table("products"), t) if "products" in run.tables else ("", [])
    return {
        "arms": arm_cards(run.manifest, touches, t),
        "mechanisms": [plug_in(each, t) for each in run.manifest.get("mechanisms") or []],
        "shared": shared(run.manifest, t),
        "hashes": hashes(run.manifest),
        "products": rows,
        "products_unit": unit,
        "grades": grade_rows(run.table("leads"), run.manifest["scenario"]["arms"], t) if "leads" in run.tables else [],
    }


def _branches(run: RunTables, primary: str | None, t: Catalogue) -> dict[str, Any]:
    """Effects on the primary metric by branch, where there are several."""
    if "effects_by_branch" not in run.tables:
        return {"branches": [], "branches_metric": ""}
    table = run.table("effects_by_branch")
    if table["branch"].nunique() < 2:
        return {"branches": [], "branches_metric": ""}
    oracles = run.manifest.get("oracles") or {}
    # A branch takes the place of the segment: an effects table all the same.
    rows = readings(table.assign(segment=table["branch"]), run.manifest["metrics"], t.lang, primary, oracles)
    shown = [(printable(row.segment), _effect_row(row, primary, t)) for row in rows]
    return {"branches": shown, "branches_metric": rows[0].metric.label}


def _ladder(run: RunTables, t: Catalogue) -> list[tuple[str, list[tuple[str, EffectRow]]]]:
    """By metric, the rungs with the arm that each is compared with: what decides, what guards, value and cost."""
    scenario = run.manifest["scenario"]
    primary, found = scenario.get("primary"), rungs(run, t)
    wanted = dict.fromkeys([primary, *(scenario.get("guardrails") or {}), "nbv_per_10k", "cost_per_10k"])
    by_metric = []
    for name in wanted:
        rows = [row for row in found if row.metric.name == name]
        if rows:
            label = label_with_unit(rows[0].metric, t)
            by_metric.append((label, [(printable(row.control), _effect_row(row, primary, t)) for row in rows]))
    return by_metric


def _agents(run: RunTables, t: Catalogue) -> dict[str, Any]:
    """Metrics of agents and seats by tier, where there are agents."""
    if "agent_metrics" not in run.tables:
        return {"tiers": [], "tier_arms": [], "tier_metrics": []}
    metrics, table = run.manifest["agent_metrics"], run.table("agent_metrics")
    scenario, ran = run.manifest["scenario"], set(table["arm"].astype(str))
    arms = [arm for arm in (scenario["control"], *_treated(scenario)) if arm in ran]
    return {
        "tiers": tier_tables(table, metrics, arms, t),
        "tier_arms": [printable(arm) for arm in arms],
        "tier_metrics": [what_is_counted(each, t) for each in metrics.values()],
    }


def _treated(scenario: Mapping[str, Any]) -> list[str]:
    return [arm for arm in scenario["arms"] if arm != scenario["control"]]


def _styles(scenario: Mapping[str, Any]) -> dict[str, Style]:
    arms = [scenario["control"], *_treated(scenario)]
    return {arm: style(place) for place, arm in enumerate(arms)}


def _groups(rows: Sequence[Reading], primary: str | None, t: Catalogue) -> list[EffectGroup]:
    """Rows by segment, everyone first."""
    names = sorted({row.segment for row in rows}, key=lambda name: (name != "all", name))
    return [
        EffectGroup(
            t.segment(name),
            tuple(_effect_row(row, primary, t) for row in rows if row.segment == name),
        )
        for name in names
    ]


def _effect_row(row: Reading, primary: str | None, t: Catalogue) -> EffectRow:
    return EffectRow(
        label=label_with_unit(row.metric, t),
        arm=printable(row.arm),
        shown=show(row, t),
        verdict=row.verdict,
        is_primary=row.metric.name == primary,
    )


def _described(described: Metric, t: Catalogue) -> dict[str, str]:
    better = described.better if described.better in ("higher", "lower") else "neither"
    return {
        "label": label_with_unit(described, t),
        "numerator": described.numerator,
        "denominator": described.denominator,
        "window": described.window,
        "better": t(f"better.{better}"),
    }


def _provenance(manifest: Mapping[str, Any], t: Catalogue) -> list[tuple[str, str]]:
    scenario = manifest["scenario"]

    def days(key: str) -> str:
        return t("provenance.days", days=f"{scenario[key]:,g}")

    facts = {
        "scenario": scenario["name"],
        "control": scenario["control"],
        "arms": t("list_separator").join(scenario["arms"]),
        "size": f"{scenario['size']:,}",
        "start": scenario["start"],
        "warm_up": days("warm_up_days"),
        "horizon": days("horizon_days"),
        "replications": manifest["replications"],
        "seed": manifest["seed"],
        "version": manifest["lifesim"],
        "created": manifest["created"],
        "seconds": t("provenance.seconds_value", seconds=f"{manifest['seconds']:,.1f}"),
        "hash": manifest.get("scenario_hash") or t("na"),
    }
    return [(t(f"provenance.{key}"), printable(value)) for key, value in facts.items()]


def _replace(target: Path, text: str) -> None:
    """Write beside the target, then take its place: a reader never meets half a page."""
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(temporary, 0o644)  # temporary files are private, a report is to be shared
            os.replace(temporary, target)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise RunError(f"{target}: cannot write the page: {error.strerror or error}") from error
