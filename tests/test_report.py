"""The report's words, numbers, verdicts, charts and terminal table, on a made-up run."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from string import Formatter
from typing import Any

import pandas as pd
import pytest
from made_up_run import METRICS, effect_row, made_up_effects
from rich.cells import cell_len
from rich.console import Console

from lifesim.errors import InputError
from lifesim.report import effects_table
from lifesim.report.catalogue import LANGUAGES, TEXTS, Catalogue, printable
from lifesim.report.charts import mean_occupancy
from lifesim.report.figures import ForestRow, Mark, forest, style, wrapped
from lifesim.report.formats import decimals, limit_amount, plain, show, signed
from lifesim.report.page import TEMPLATES
from lifesim.report.readings import Reading, metric, readings
from lifesim.report.verdicts import answer, guardrail_verdict, in_sentence


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
    sources = [*folder.glob("*.py"), *TEMPLATES.glob("*.j2")]
    source = "\n".join(path.read_text("utf-8") for path in sources if path.name != "catalogue.py")
    plain_keys = set(re.findall(r"""\bt\(\s*["']([\w.]+)["']""", source))
    assert plain_keys - {"verdict.", "guardrail."} <= set(TEXTS)
    families = ("verdict.", "guardrail.", "better.", "provenance.", "column.", "answer.", "stage.")
    sections = {"effects.heading", "effects.lead", "everyone.heading", "everyone.lead"}
    own = {"segment.all"}
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
    assert (shown.effect, shown.interval) == ("+0.8 points", "0.5 to 1.1")
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
    assert limit_amount(0.005, metric("opt_out_rate", METRICS, "en"), t) == "0.5 points"
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
        ("higher", 0.0, 0.0, "same"),
        ("higher", None, None, "unclear"),
    ],
)
def test_verdict_words(better: str, low: float | None, high: float | None, verdict: str) -> None:
    reading = one_reading(low=low, high=high)
    assert replace(reading, metric=replace(reading.metric, better=better)).verdict == verdict


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
        "In the simulated year, arm “journey” changed first purchase rate by +0.8 points against "
        "“control” (95% interval 0.5 to 1.1; 10 replications): better."
    )
    assert "no clear difference" in answer(one_reading(low=-0.001), 1095, t)
    assert answer(one_reading(), 1095, t).startswith("In the 3 simulated years")
    assert answer(one_reading(), 90, t).startswith("In the 90 simulated days")
    assert "exactly the same" in answer(one_reading(effect=0.0, low=0.0, high=0.0), 365, t)
    assert "may be luck" in answer(one_reading(low=None, high=None, replications=1), 365, t)
    assert "could not be observed" in answer(one_reading(effect=None), 365, t)
    assert in_sentence("APE per customer") == "APE per customer"


# The terminal table -----------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_terminal_table_fits_80_columns_with_whole_labels(lang: str) -> None:
    effects = made_up_effects(("journey", "weekly_campaign"), ("all", "mainstream"))
    table = effects_table(effects, METRICS, lang, primary="first_purchase_rate")
    text = as_text(table)
    assert max(cell_len(line.rstrip()) for line in text.splitlines()) <= 80
    assert "…" not in text
    column = "".join(line[:24] for line in text.splitlines())
    for given in METRICS.values():
        for word in re.findall(r"\w+", given[f"label_{lang}"]) if lang == "en" else ["年化新保"]:
            assert word in column
    assert "+45,678" in text
    verdicts = ("better", "worse", "unclear") if lang == "en" else ("更好", "更差", "不明确")
    assert all(word in text for word in verdicts)


def test_terminal_table_puts_the_primary_metric_first_and_shows_names_as_they_are() -> None:
    effects = made_up_effects(("[bold]x[/bold]",), ("all",))
    text = as_text(effects_table(effects, METRICS, primary="first_purchase_rate"))
    assert "[bold]x[/bold]" in text
    assert text.index("First purchase") < text.index("New annualised")


def test_terminal_table_of_an_unknown_segment_says_so() -> None:
    effects = made_up_effects(("journey",), ("all",))
    assert "No effects for segment martians" in as_text(effects_table(effects, METRICS, segment="martians"))


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
