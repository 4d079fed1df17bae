"""The report's words, numbers, verdicts, charts and terminal table, on a made-up run."""

from __future__ import annotations

import io
import math
import re
from dataclasses import replace
from string import Formatter
from typing import Any

import pandas as pd
import pytest
from made_up_run import METRICS, effect_row, made_up_effects, made_up_run
from rich.cells import cell_len
from rich.console import Console

from lifesim.errors import InputError
from lifesim.experiment.effects import RETURN_COLUMNS
from lifesim.metrics.metric import MOVES
from lifesim.report import effects_table, render_page
from lifesim.report.catalogue import LANGUAGES, TEXTS, Catalogue, printable
from lifesim.report.charts import mean_occupancy, metrics_forests
from lifesim.report.figures import ForestRow, Mark, forest, style, wrapped
from lifesim.report.formats import decimals, interval, limit_amount, plain, show, signed
from lifesim.report.harm import harmed
from lifesim.report.ladder import ladder_lines
from lifesim.report.page import TEMPLATES
from lifesim.report.readings import Metric, Reading, metric, readings
from lifesim.report.tables import caption, findings
from lifesim.report.verdicts import answer, ceiling, guardrail_verdict, in_sentence, worth


def one_reading(**changes: Any) -> Reading:
    row = effect_row("first_purchase_rate", "all", "journey", 0.0412, 0.008, 0.003)
    (reading,) = readings(pd.DataFrame([row]), METRICS, "en")
    return replace(reading, **changes)


def as_text(table: Any, width: int = 80) -> str:
    console = Console(width=width, file=io.StringIO(), color_system=None, legacy_windows=False)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


# The catalogue ----------------------------------------------------------------------------------


def placeholders(text: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(text) if field is not None}


@pytest.mark.parametrize("key", TEXTS)
def test_both_languages_say_it_with_the_same_placeholders(key: str) -> None:
    english, chinese = TEXTS[key]
    assert english
    assert chinese
    assert placeholders(english) == placeholders(chinese)
    assert not re.search("[\u4e00-\u9fff]", english)
    words = re.sub(r"\{\w+\}", "", english)
    if re.search("[A-Za-z]", words):
        assert re.search("[\u4e00-\u9fff]", chinese)


def test_every_text_is_used_and_every_used_text_exists() -> None:
    folder = TEMPLATES.parent
    sources = [*folder.rglob("*.py"), *TEMPLATES.glob("*.j2")]
    source = "\n".join(path.read_text("utf-8") for path in sources if not path.name.startswith(("catalogue", "texts")))
    plain_keys = set(re.findall(r"""\bt\(\s*["']([\w.]+)["']""", source))
    assert {key for key in plain_keys if not key.endswith(".")} <= set(TEXTS)
    families = ("verdict.", "guardrail.", "better.", "provenance.", "column.", "answer.", "stage.")
    families += ("group.", "family.", "term.", "channel.", "kind.", "word.", "rate.", "agents.", "rules.")
    families += ("estimates.", "arms.cleaning", "harm.of_")
    sections = {"effects.heading", "effects.lead", "everyone.heading", "everyone.lead"}
    own = {"segment.all", "points"}
    unused = {key for key in TEXTS if not key.startswith(families)} - plain_keys - sections - own
    assert not unused


def test_unknown_language_is_refused_in_one_line() -> None:
    with pytest.raises(InputError, match="report language 'fr' is unknown: use en or zh"):
        Catalogue("fr")


def test_names_lose_control_and_direction_characters() -> None:
    assert printable("a\nb\x1b[31m\u202ec") == "a b\ufffd[31m\ufffdc"


# Numbers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.5, 1.1, 1), (0.66, 0.94, 2), (-9000, 9000, 0), (0.04, 0.64, 2), (-0.04, 0.64, 1)],
)
def test_decimals_follow_the_width_and_never_hide_a_side_of_zero(low: float, high: float, expected: int) -> None:
    assert decimals(low, high, 1.0) == expected


def test_decimals_without_an_interval_follow_the_magnitude() -> None:
    assert [decimals(None, None, x) for x in (1_234.0, 41.2, 0.0412, None, 1e-9)] == [0, 1, 4, 1, 4]


def test_signs() -> None:
    assert plain(-1234.5, 1) == "\u22121,234.5"
    assert plain(-0.04, 1) == "0.0"
    assert [signed(value, 1) for value in (0.8, -0.8, 0.0, 0.04)] == [
        "+0.8",
        "\u22120.8",
        "0.0",
        "0.0",
    ]


def test_shares_are_shown_in_percent_and_points() -> None:
    shown = show(one_reading(), Catalogue("en"))
    assert (shown.control_mean, shown.arm_mean) == ("4.1%", "4.9%")
    assert (shown.effect, shown.interval) == ("+0.8 pp", "0.5 to 1.1")
    assert shown.relative == "+19%"
    assert show(one_reading(), Catalogue("zh")).interval == "0.5 至 1.1"


def test_missing_numbers_are_named() -> None:
    row = effect_row("win_back", "all", "journey", 0.0, 1.0, 3.0) | {
        "low": float("nan"),
        "high": None,
    }
    (reading,) = readings(pd.DataFrame([row]), METRICS, "en")
    shown = show(reading, Catalogue("en"))
    assert (shown.interval, shown.relative, shown.relative_interval) == ("n/a", "n/a", "n/a")
    assert reading.verdict == "unclear"


def test_limits_carry_their_unit() -> None:
    t = Catalogue("en")
    assert limit_amount(0.005, metric("opt_out_rate", METRICS, "en"), t) == "0.5 pp"
    assert limit_amount(1.0, metric("complaints_per_10k", METRICS, "en"), t) == "1 per 10,000 customers"


# Verdicts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("better", "low", "high", "verdict"),
    [
        ("higher", 0.1, 0.2, "better"),
        ("higher", -0.2, -0.1, "worse"),
        ("lower", 0.1, 0.2, "worse"),
        ("lower", -0.2, -0.1, "better"),
        ("neither", 0.1, 0.2, "higher"),
        ("neither", -0.2, -0.1, "lower"),
        ("higher", -0.1, 0.2, "unclear"),
        ("higher", 0.0, 0.2, "unclear"),
        ("higher", None, None, "unclear"),
    ],
)
def test_verdict_words(better: str, low: float | None, high: float | None, verdict: str) -> None:
    reading = one_reading(low=low, high=high)
    assert replace(reading, metric=replace(reading.metric, better=better)).verdict == verdict


@pytest.mark.parametrize(
    ("differing", "low", "high", "verdict"),
    [
        (0, 0.0, 0.0, "same"),
        (10, 0.0, 0.0, "unclear"),  # what differs cancels out
        (1, 0.1, 0.2, "few"),
        (4, -0.2, -0.1, "few"),
        (4, -0.2, 0.1, "unclear"),
        (5, 0.1, 0.2, "better"),
        (0, None, None, "unclear"),
    ],
)
def test_verdicts_need_replications_that_differ(
    differing: int, low: float | None, high: float | None, verdict: str
) -> None:
    assert one_reading(differing=differing, low=low, high=high).verdict == verdict


def test_what_a_horizon_is_too_short_for_is_said_to_be_so() -> None:
    reading = replace(one_reading(low=None, high=None), effect=None, replications=0)
    assert reading.verdict == "none"
    assert TEXTS["verdict.none"] == ("n/a", "不可观测")


@pytest.mark.parametrize(
    ("differing", "low", "high", "unseen", "verdict"),
    [
        (0, 0.0, 0.0, 0.9, "respected"),
        (0, 0.0, 0.0, 1.1, "unclear"),
        (4, 0.1, 0.2, 1.1, "unclear"),
        (4, 0.1, 0.2, 0.9, "respected"),
        (4, 0.1, 1.2, 0.9, "unclear"),
        (4, 1.1, 1.2, 0.9, "unclear"),
        (5, 0.1, 0.2, 1.1, "respected"),
        (5, 1.1, 1.2, 0.1, "exceeded"),
        (0, 0.0, 0.0, None, "unclear"),
    ],
)
def test_a_guardrail_that_nothing_touched_is_respected_only_if_events_would_have_shown(
    differing: int, low: float, high: float, unseen: float | None, verdict: str
) -> None:
    reading = one_reading(differing=differing, low=low, high=high, unseen_bound=unseen)
    reading = replace(reading, metric=replace(reading.metric, better="lower"))
    assert guardrail_verdict(reading, 1.0) == verdict
    assert differing == 5 or guardrail_verdict(replace(reading, metric=money(reading.metric)), 1.0) == "unclear"


def money(described: Metric) -> Metric:
    """The metric counted in money: an event may be any sum."""
    return replace(described, unit="CNY")


def test_effects_without_counts_of_differing_replications_are_read_as_if_all_differed() -> None:
    row = effect_row("first_purchase_rate", "all", "journey", 0.0412, 0.008, 0.003)
    del row["differing"], row["unseen_bound"]
    (reading,) = readings(pd.DataFrame([row]), METRICS, "en")
    assert (reading.differing, reading.unseen_bound, reading.verdict) == (10, None, "better")


@pytest.mark.parametrize(
    ("better", "low", "high", "verdict"),
    [
        ("lower", -0.5, 0.9, "respected"),
        ("lower", 0.5, 1.5, "unclear"),
        ("lower", 1.1, 1.5, "exceeded"),
        ("higher", -0.9, 0.5, "respected"),
        ("higher", -1.5, 0.5, "unclear"),
        ("higher", -1.5, -1.1, "exceeded"),
        ("higher", 1.1, 9.0, "respected"),
        ("neither", -1.5, 0.5, "unclear"),
        ("neither", -1.5, -1.1, "exceeded"),
        ("neither", -0.9, 0.9, "respected"),
        ("lower", None, None, "unclear"),
    ],
)
def test_guardrail_verdicts(better: str, low: float | None, high: float | None, verdict: str) -> None:
    reading = one_reading(low=low, high=high)
    reading = replace(reading, metric=replace(reading.metric, better=better))
    assert guardrail_verdict(reading, 1.0) == verdict


def test_answers() -> None:
    t = Catalogue("en")
    assert answer(one_reading(), 365, t) == (
        "In the simulated year, arm “journey” changed first purchase rate from 4.1% to 4.9% against “control”: "
        "+0.8 percentage points (95% interval 0.5 to 1.1; 10 replications), "
        "about 80 more per 10,000 customers at the fork. Verdict: better."
    )
    moved = one_reading()
    moved = replace(moved, metric=replace(moved.metric, denominator=f"inquiries{MOVES}"))
    assert "about 80 more per 10,000 inquiries. Verdict" in answer(moved, 365, t)
    fewer = one_reading(effect=-0.0002, low=-0.0003, high=-0.0001)
    assert "about 2.0 fewer per 10,000 customers at the fork. Verdict: worse." in answer(fewer, 365, t)
    assert "no clear difference" in answer(one_reading(low=-0.001), 1095, t)
    assert answer(one_reading(), 1095, t).startswith("In the 3 simulated years")
    assert answer(one_reading(), 90, t).startswith("In the 90 simulated days")
    same = answer(one_reading(effect=0.0, low=0.0, high=0.0, differing=0), 365, t)
    assert "no difference seen" in same and "each of 10 replications" in same
    assert "in 3 of 10 replications only: too few events" in answer(one_reading(differing=3), 365, t)
    assert "may be luck" in answer(one_reading(low=None, high=None, replications=1), 365, t)
    assert "could not be observed" in answer(one_reading(effect=None), 365, t)
    assert in_sentence("APE per customer") == "APE per customer"


def test_an_end_beside_zero_never_reads_zero() -> None:
    """Whatever the decimals are: an interval that includes 0, or stops short of it, shows which."""
    t = Catalogue("en")
    assert interval(-0.2, 12.0, 1.0, 0, t) == "\u22120.2 to 12"
    assert interval(0.004, 12.0, 1.0, 1, t) == "0.004 to 12.0"
    assert interval(-0.00001, 1.0, 1.0, 2, t) == "\u22120.00001 to 1.00"
    assert interval(0.0, 12.0, 1.0, 0, t) == "0 to 12"


def test_few_replications_are_no_verdict() -> None:
    assert [one_reading(replications=n).verdict for n in (2, 4, 5)] == ["hint", "hint", "better"]
    assert one_reading(replications=2, low=-0.001).verdict == "unclear"
    assert one_reading(replications=2, effect=0.0, low=0.0, high=0.0, differing=0).verdict == "same"


@pytest.mark.parametrize(
    ("lang", "label", "effect", "limits"),
    [("en", "million CNY", "+0.046", "0.037 to 0.055"), ("zh", "万元", "+4.6", "3.7 至 5.5")],
)
def test_large_money_is_counted_in_millions(lang: str, label: str, effect: str, limits: str) -> None:
    effects = made_up_effects(("journey",), ("all",))
    row = readings(effects, METRICS, lang, "ape_per_10k")[0]
    shown = show(row, Catalogue(lang))
    assert (row.metric.unit_label, shown.effect, shown.interval) == (label, effect, limits)
    small = effects.assign(control_mean=effects["control_mean"] / 1000, arm_mean=effects["arm_mean"] / 1000)
    assert readings(small, METRICS, lang, "ape_per_10k")[0].metric.unit_label in ("CNY", "元")


def test_ranges_of_replications_are_told() -> None:
    t = Catalogue("en")
    assert "over 10 replications." in caption([one_reading(), one_reading()], t)
    assert "over 8 to 10 replications, depending on the row." in caption(
        [one_reading(), one_reading(replications=8)], t
    )
    assert "hints only" in caption([one_reading(replications=3)], t)


# The terminal table -----------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("width", [60, 76, 80, 100])
def test_terminal_table_fits_with_whole_labels_and_numbers(lang: str, width: int) -> None:
    effects = made_up_effects(("journey", "weekly_campaign"), ("all", "mainstream"))
    table = effects_table(effects, METRICS, lang, primary="first_purchase_rate", width=width)
    text = as_text(table, width)
    assert max(cell_len(line.rstrip()) for line in text.splitlines()) <= width
    assert not [line for line in text.splitlines() if line.lstrip().startswith(("）", "，", "。"))]
    t = Catalogue(lang)
    kept = {str(column.header) for column in table.columns}
    for row in readings(effects, METRICS, lang):
        shown = show(row, t)
        assert shown.interval in text
        assert shown.effect in text
        assert shown.arm_mean in text or t("column.arm_mean") not in kept
    assert (t("column.control_mean") in kept) == (width > 60)
    assert "…" not in text
    wide = table.columns[0].width
    assert wide is not None
    column = " ".join(line[:wide] for line in text.splitlines())
    for given in METRICS.values():
        for word in re.findall(r"\w+", given[f"label_{lang}"]) if lang == "en" else ["年化新保"]:
            assert word in column
    assert "+0.046" in text or "+4.6" in text
    verdicts = ("better", "worse", "unclear") if lang == "en" else ("更好", "更差", "不明确")
    assert all(word in text for word in verdicts)


def test_chinese_below_the_terminal_table_fills_its_lines() -> None:
    """Chinese has no spaces: lines break between characters, and not at the few spaces around numbers alone."""
    effects = made_up_effects(("journey", "weekly_campaign"), ("all",))
    text = as_text(effects_table(effects, METRICS, "zh", primary="first_purchase_rate", always=()))
    *lines, _ = [line.rstrip() for line in text[text.index("配对差的均值") :].splitlines()]
    assert lines and all(cell_len(line) >= 76 for line in lines[1:])


def test_terminal_table_puts_the_primary_metric_first_and_shows_names_as_they_are() -> None:
    effects = made_up_effects(("[bold]x[/bold]",), ("all",))
    text = as_text(effects_table(effects, METRICS, primary="first_purchase_rate"))
    assert "[bold]x[/bold]" in text
    assert text.index("First purchase") < text.index("New annualised")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_short_terminal_table_leaves_out_what_no_arm_moves_clearly_and_counts_it(lang: str) -> None:
    effects = made_up_effects(("journey", "weekly_campaign"), ("all",))
    rows = readings(effects, METRICS, lang)
    clear = {row.metric.label for row in rows if row.verdict in ("better", "worse", "higher", "lower")}
    unclear = {row.metric.label for row in rows} - clear
    assert clear
    assert unclear
    text = as_text(effects_table(effects, METRICS, lang, width=200, always=()), 200)
    assert {row.metric.label for row in rows if row.metric.label in text} == clear
    assert Catalogue(lang)("table.more", count=len(unclear)) in text
    kept = {row.metric.name for row in rows if row.metric.label in unclear}
    assert all(
        label in as_text(effects_table(effects, METRICS, lang, width=200, always=kept), 200) for label in unclear
    )


def test_terminal_table_of_an_unknown_segment_says_so() -> None:
    effects = made_up_effects(("journey",), ("all",))
    assert "No effects for segment martians" in as_text(effects_table(effects, METRICS, segment="martians"))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_terminal_tells_the_answer_the_guardrails_and_the_oracles(lang: str) -> None:
    run = made_up_run()
    run.manifest["oracles"] = {"journey": ["seer"]}
    lines = findings(run, lang)
    t = Catalogue(lang)
    assert lines[0].startswith(t("answer.year"))
    assert t("oracle.why") in lines[0]
    assert t("oracle.why") not in lines[1]
    assert any("weekly_campaign" in line and t("guardrail.exceeded") in line for line in lines[3:])
    assert any(f"journey [{t('oracle.tag')}]" in line for line in lines[3:])
    assert lines[-1] == t("oracle.note", tag=t("oracle.tag"), why=t("oracle.why"))
    table = as_text(effects_table(run.tables["effects"], METRICS, lang, oracles=["journey"], width=100), 100)
    assert f"journey [{t('oracle.tag')}]" in table
    assert f"weekly_campaign [{t('oracle.tag')}]" not in table


# Charts -----------------------------------------------------------------------------------------


def test_mean_occupancy_sums_within_and_averages_over_replications() -> None:
    columns = ["replication", "branch", "arm", "segment", "day", "stage", "customers"]
    rows = [
        (0, 0, "a", "x", 0, "HOLDING", 10), (0, 1, "a", "x", 0, "HOLDING", 20),
        (1, 0, "a", "y", 0, "HOLDING", 50), (1, 0, "a", "y", 0, "LOST", 8),
    ]  # fmt: skip
    means = mean_occupancy(pd.DataFrame(rows, columns=columns))["a"]
    assert means.loc[0, "HOLDING"] == 40
    assert means.loc[0, "LOST"] == 4


def test_charts_are_reproducible_and_keep_text_as_text() -> None:
    rows = [ForestRow('首次投保率 id="q" $x$ <b>', (Mark(style(1), 0.1, 0.05, 9.2, True, "10%"),))]
    first = forest(rows, str, "one", "label")
    assert first == forest(rows, str, "one", "label")
    assert '首次投保率 id="q" $x$ &lt;b&gt;' in first
    assert "http" not in first
    ids = re.findall(r'<[^>]*\bid="([^"]+)"', first)
    assert ids
    assert all(value.startswith("one-") for value in ids)
    references = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', re.sub(r">[^<]*<", "><", first))
    assert references
    assert {a or b for a, b in references} <= set(ids)


def test_wrapping_keeps_every_character() -> None:
    text = "Share of policies in force after thirteen months 十三个月继续率按保费 " + "x" * 60
    lines = wrapped(text, 150, 11)
    assert len(lines) > 4
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_ticks_never_run_into_each_other() -> None:
    mark = Mark(style(1), 4_000_000.0, 3_000_000.0, 5_000_000.0, True, "+4,000,000")
    chart = forest([ForestRow("premium", (mark,))], lambda value: f"{value:,.0f} CNY", "x", "x")
    ticks = re.findall(r">(-?[\d,]+ CNY)<", chart)
    assert "0 CNY" in ticks
    assert len(ticks) <= 3


def test_drawings_that_would_be_too_long_are_cut_into_parts_of_about_one_length() -> None:
    t = Catalogue("en")
    named = [replace(one_reading().metric, name=f"m{k}", label=f"metric {k}", group="sales") for k in range(17)]
    charts = metrics_forests([one_reading(metric=each) for each in named], {"journey": style(1)}, t)
    assert [sum(f"metric {k}" in re.findall(r"metric \d+", chart.svg) for k in range(17)) for chart in charts] == [8, 9]


def test_the_ceiling_of_a_share_stands_beside_its_effect() -> None:
    share = one_reading(control_mean=0.676)
    assert share.metric.is_share
    (said,) = ceiling([share], share.metric.name, Catalogue("en"))
    assert "32.4 percentage points" in said and "67.6%" in said
    assert "32.4 个百分点" in ceiling([share], share.metric.name, Catalogue("zh"))[0]
    assert ceiling([share], "another", Catalogue("en")) == []
    assert ceiling([one_reading(metric=replace(share.metric, unit="CNY"))], share.metric.name, Catalogue("en")) == []


def test_what_an_arm_costs_more_is_set_against_what_it_brings() -> None:
    rows = [
        ("all", "calls", "control", 10.0, 4.0, 2.5, 1.3, 3.7, 10, 3.0, 5.0, 10),
        ("mainstream", "calls", "control", 10.0, 4.0, 2.5, 1.3, 3.7, 10, 3.0, 5.0, 10),
        ("all", "notices", "control", 1.0, -4.0, math.nan, math.nan, math.nan, 10, -5.0, -3.0, 10),
    ]
    run = made_up_run()
    assert worth(run, Catalogue("en")) == []
    run.tables["returns"] = pd.DataFrame(rows, columns=RETURN_COLUMNS)
    (calls,) = worth(run, Catalogue("en"))
    assert calls == (
        "Every CNY that arm “calls” costs more than “control” brings 2.5 CNY of new business value before cost "
        "(95% interval 1.3 to 3.7); 1 would earn it back."
    )
    assert "多花 1 元" in worth(run, Catalogue("zh"))[0]


@pytest.mark.parametrize(
    ("row", "english", "chinese"),
    [
        # The return's interval has no bounds, as where that of the cost includes 0.
        ((-67.2, 0.1, -672.0, math.nan, math.nan, 10, -0.2, 0.4, 10), "hardly differs from that of", "相差无几"),
        # Nothing gained at all has a return of 0, which says nothing where the cost may be none.
        ((0.0, 0.1, 0.0, 0.0, 0.0, 10, -0.2, 0.4, 0), "hardly differs from that of", "相差无几"),
        ((9.0, 3.0, 3.0, 1.0, 5.0, 10, 2.0, 4.0, 4), "in 4 of 10 replications alone", "10 次重复中仅 4 次"),
        ((9.0, 3.0, 3.0, math.nan, math.nan, 1, math.nan, math.nan, 1), "takes at least two", "至少需要两次重复"),
    ],
)
def test_a_return_that_cannot_be_told_is_not_told(row: tuple[float, ...], english: str, chinese: str) -> None:
    """No number of CNY stands in the sentence, in either language."""
    run = made_up_run()
    run.tables["returns"] = pd.DataFrame([("all", "news", "control", *row)], columns=RETURN_COLUMNS)
    for lang, words in (("en", english), ("zh", chinese)):
        (said,) = worth(run, Catalogue(lang))
        assert "news" in said and words in said
        assert not any(word in said for word in ("Every CNY", "多花 1 元", "672"))
        assert said in render_page(run, lang).replace("&#34;", '"')


def test_a_return_of_few_replications_is_a_hint() -> None:
    run = made_up_run()
    row = ("all", "calls", "control", 10.0, 4.0, 2.5, 1.3, 3.7, 4, 3.0, 5.0, 4)
    run.tables["returns"] = pd.DataFrame([row], columns=RETURN_COLUMNS)
    (said,) = worth(run, Catalogue("en"))
    assert said.startswith("Every CNY") and said.endswith("With fewer than five replications this is a hint.")
    assert worth(run, Catalogue("zh"))[0].endswith("重复少于五次，仅供参考。")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_sentences_about_worth_harm_and_parts_mark_arms_with_an_oracle(lang: str) -> None:
    run, t = made_up_run(), Catalogue(lang)
    run.tables["returns"] = pd.DataFrame([{"segment": "all", "arm": "seer", "control": "control", "roi": 2.0,
                                           "low": 1.0, "high": 3.0, "replications": 10}])  # fmt: skip
    run.tables["harm"] = pd.DataFrame([{"arm": "seer", "reason": "any", "harmed": 1, "helped": 2, "customers": 10}])
    effects = run.table("effects")
    run.tables["ladder"] = effects[effects["arm"] == effects["arm"].iloc[0]].replace({effects["arm"].iloc[0]: "seer"})
    said = [worth(run, t)[0], harmed(run, t)[0], *ladder_lines(run, t)]
    assert len(said) > 3 and not any(t("oracle.tag") in line for line in said)
    run.manifest["oracles"] = {"seer": ["allocation"]}
    marked = [worth(run, t)[0], harmed(run, t)[0], *ladder_lines(run, t)]
    assert [t("oracle.tag") in line for line in marked] == [bool("seer" in line) for line in said]


@pytest.mark.parametrize(
    ("denominator", "said"),
    [
        ("分叉时无保单的客户", "每 1 万名分叉时无保单的客户约多 80 名"),
        ("分叉时在册的客户数", "每 1 万名分叉时在册的客户约多 80 名"),
        ("长期险到期保费笔数", "每 1 万笔长期险到期保费约多 80 笔"),
        ("咨询次数", "每 1 万次咨询约多 80 次"),
        ("到期的短期险保单", "每 1 万件到期的短期险保单约多 80 件"),
        ("分叉时已在或其后进入流失预警的次数", "每 1 万次分叉时已在或其后进入流失预警约多 80 次"),
        ("承保的长期险年化保费", "每 1 万元承保的长期险年化保费约多 80 元"),
    ],
)
def test_chinese_answers_count_with_the_word_for_what_is_counted(denominator: str, said: str) -> None:
    reading = one_reading()
    reading = replace(reading, metric=replace(reading.metric, denominator=denominator))
    assert said in answer(reading, 365, Catalogue("zh"))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_customers_worse_off_are_counted_of_ten_thousand(lang: str) -> None:
    run, t = made_up_run(), Catalogue(lang)
    assert harmed(run, t) == []
    rows = [("journey", reason, worse, better, 4_000)
            for reason, worse, better in (("lost", 10, 30), ("complained", 4, 0), ("any", 12, 30))]  # fmt: skip
    table = pd.DataFrame([*rows, *rows], columns=["arm", "reason", "harmed", "helped", "customers"])
    run.tables["harm"] = table
    said = harmed(run, t)
    assert len(said) == 2 and said[1] == t("harm.coupling")
    for number in ("30.0", "75.0", "25.0", "10.0", "0.0"):
        assert number in said[0]
