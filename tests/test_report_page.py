"""The page of a made-up run: complete, self-contained, and safe against hostile names."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from made_up_run import HOSTILE, METRICS, STAGES, FakeRun, made_up_run, plug_in

from lifesim.errors import InputError, RunError
from lifesim.report import render_page, write_page
from lifesim.report.catalogue import LANGUAGES, printable


class Outline(HTMLParser):
    """Tags that are open at the end, ids, addresses and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        self.ids += [value for key, value in attrs if key == "id" and value]
        self.links += [value or "" for key, value in attrs if key in ("href", "xlink:href", "src")]
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1:] == [tag]
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_page_is_well_formed_and_self_contained(lang: str) -> None:
    page = render_page(made_up_run(), lang)
    outline = Outline(page)
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    assert all(link.startswith("#") for link in outline.links)
    assert "http:" not in page
    assert "https:" not in page
    tags = [tag for tag, _ in outline.tags]
    assert "script" not in tags
    assert "img" not in tags
    assert all("scope" in given for tag, given in outline.tags if tag == "th")
    assert ("html", {"lang": "zh-CN" if lang == "zh" else "en"}) in outline.tags
    policy = [given for tag, given in outline.tags if given.get("http-equiv")]
    assert policy
    assert "default-src 'none'" in (policy[0]["content"] or "")
    assert tags.count("svg") >= 2 + len(STAGES)
    assert tags.count("details") == 2 * 3


def test_page_says_what_the_run_found() -> None:
    run = made_up_run()
    run.manifest["failures"] = ["replication 3, branch 1: worker was killed"]
    words = " ".join(Outline(render_page(run)).texts)
    for expected in (
        "changed first purchase rate from 4.1% to 4.9%",
        "changed first purchase rate from 4.1% to 3.3%",
        "Does the sign-in journey lift first purchase",
        "respected", "limit exceeded", "not observed",
        "Churn warning and win-back", "Segment: wealth_rising",
        "relative effect is not defined: Customers won back, net",
        "customers at the fork", "20260105", "5ce7" * 16,
        "replication 3, branch 1: worker was killed",
        "conditional on the model",
    ):  # fmt: skip
        assert expected in words
    chinese = " ".join(Outline(render_page(run, "zh")).texts)
    assert "潜在客户认知期" in chinese
    assert "使首次投保率从 4.1% 变为 4.9%：+0.8 个百分点" in chinese


def page_words(run: FakeRun, lang: str = "en") -> str:
    return " ".join(" ".join(Outline(render_page(run, lang)).texts).split())


def test_page_shows_what_every_arm_does() -> None:
    run = made_up_run()
    counts = [("delivered", 900), ("failed", 100), ("opened", 80)]
    run.tables["touches"] = pd.DataFrame(
        [
            {"replication": r, "branch": "a+b", "arm": "journey", "campaign": "journey", "channel": "sms",
             "content": "gift", "outcome": outcome, "count": count}
            for r in range(2) for outcome, count in counts
        ]
    )  # fmt: skip
    words = page_words(run)
    assert "Starts from the practice current_practice" in words
    assert "No practice: starts from silence" in words
    assert "newsletter : What newsletter does." in words
    assert "<b>hour = 19</b>, share = 0.25" in render_page(run)
    assert "Contents sent: gift by SMS, 1,000 a replication" in words
    assert words.count("Sent nothing.") == 2
    assert "mainstream 40%, striving_youth 47.5%, wealth_rising 12.5%" in words
    assert "annuity (wealth, long term)" in words
    assert "stress : What stress does." in words
    assert "annuity（财富型，长期险）" in page_words(run, "zh")


def test_only_plug_ins_that_are_used_are_listed_each_with_its_arms() -> None:
    words = page_words(made_up_run())
    assert f"orchestration/journey (journey, weekly_campaign) {'ab12' * 16}" in words
    assert f"orchestration/newsletter (control) {'cd34' * 16}" in words
    assert f"mechanisms/stress {'ef56' * 16}" in words
    assert "dead" * 16 not in words


def test_an_oracle_is_marked_wherever_its_arm_stands() -> None:
    run = made_up_run()
    assert 'class="tag oracle"' not in render_page(run)
    run.manifest["oracles"] = {"journey": ["seer"]}
    run.manifest["arms"]["journey"]["plugins"][0]["oracle"] = True
    run.tables["effects_by_branch"] = by_branch(run)
    outline = Outline(render_page(run))
    words = " ".join(" ".join(outline.texts).split())
    assert "“journey” (oracle: sees what no insurer can see: an upper bound, not a strategy) changed" in words
    assert words.count("“weekly_campaign” (oracle") == 0
    tags = [given for _, given in outline.tags if given.get("class") == "tag oracle"]
    rails, legends, cards = 3, 2, 2
    rows = 2 * 4 * len(METRICS) + 2
    assert len(tags) == rails + legends + cards + rows
    assert all(given.get("title", "an upper bound") for given in tags)
    assert "“journey”（全知视角：" in page_words(run, "zh")


def by_branch(run: FakeRun) -> pd.DataFrame:
    effects = run.tables["effects"]
    one = effects[(effects["segment"] == "all") & (effects["metric"] == "first_purchase_rate")]
    return pd.concat([one.assign(branch="north"), one.assign(branch="south")])


def test_page_shows_branches_and_products() -> None:
    run = made_up_run()
    assert "by branch" not in page_words(run)
    run.tables["effects_by_branch"] = by_branch(run)
    run.tables["products"] = pd.DataFrame(
        [
            {"replication": r, "branch": branch, "arm": arm, "product": "annuity", "policies": 100,
             "new_policies": 10 + r, "new_ape_fen": 300_000_000}
            for r in range(2) for branch in ("north", "south") for arm in ("control", "journey")
        ]
    )  # fmt: skip
    words = page_words(run)
    assert "First purchase rate, by branch" in words
    assert "north journey 4.1% 4.9% +0.8 pp 0.5 to 1.1 better" in words
    assert "Annualised premium (million CNY) annuity control 21.0 6.00 annuity journey 21.0 6.00" in words
    assert "年化保费（万元） annuity control 21.0 600.00" in page_words(run, "zh")


def test_a_failed_arm_is_in_no_legend() -> None:
    run = made_up_run()
    for name in ("effects", "effects_everyone"):
        lost = run.tables[name]["arm"] == "weekly_campaign"
        columns = ["arm_mean", "effect", "low", "high", "relative", "relative_low", "relative_high"]
        run.tables[name].loc[lost, columns] = None
    occupancy = run.tables["occupancy"]
    run.tables["occupancy"] = occupancy[occupancy["arm"] != "weekly_campaign"]
    page = render_page(run)
    legends = re.findall(r'<ul class="legend".*?</ul>', page, re.DOTALL)
    assert len(legends) == 2
    assert all("journey" in legend and "weekly_campaign" not in legend for legend in legends)


def test_an_arm_that_breaks_a_guardrail_does_not_look_better() -> None:
    run = made_up_run()
    page = render_page(run)
    assert '<p class="answer better">' not in page
    assert '<p class="answer mixed">' in page
    assert "Verdict: better. Guardrail exceeded: Complaints to the insurer." in page
    run.manifest["scenario"]["guardrails"] = {"complaints_per_10k": 5.0}
    page = render_page(run)
    assert '<p class="answer better">' in page
    assert "Verdict: better. All guardrails are respected." in page


def test_few_replications_give_hints_only() -> None:
    run = made_up_run()
    assert 'class="banner"' not in render_page(run)
    run.manifest["replications"] = 3
    for name in ("effects", "effects_everyone"):
        run.tables[name]["replications"] = 3
    page = render_page(run)
    assert "Only 3 replications. With fewer than 5" in page
    assert "Verdict: hint." in page
    assert 'class="verdict better"' not in page
    assert 'class="verdict worse"' not in page
    assert "只有 3 次重复" in render_page(run, "zh")


def test_charts_say_days_and_are_one_per_group() -> None:
    run = made_up_run()
    run.manifest["metrics"] = {
        name: given | {"group": "money" if name == "ape_per_10k" else "sales"} for name, given in METRICS.items()
    }
    page = render_page(run)
    assert page.count(">days since the fork</text>") == len(STAGES)
    assert render_page(run, "zh").count(">分叉后的天数</text>") == len(STAGES)
    assert "<h3>Relative effect on every metric: sales</h3>" in page
    assert "<h3>Relative effect on every metric: money</h3>" in page


def test_the_interval_drawn_is_the_one_the_verdict_rests_on() -> None:
    """A relative interval that includes 0 beside an effect that is clear: the mark is full, its numbers exclude 0."""
    run = made_up_run(arms=("journey",), segments=("all",))
    rows = run.tables["effects"]["metric"] == "first_purchase_rate"
    run.tables["effects"].loc[rows, ["relative_low", "relative_high"]] = [-0.01, 0.4]
    page = render_page(run)
    assert ">+19% (12 to 27)</text>" in page
    assert "The verdict rests on the interval of the effect." in page


def test_equal_premiums_are_explained() -> None:
    run = made_up_run(arms=("journey",), segments=("all",))
    assert "Second premiums" not in render_page(run)
    effects = run.tables["effects"]
    same = effects[effects["metric"] == "ape_per_10k"].assign(metric="premium_per_10k", control_mean=9_000_000.0)
    run.tables["effects"] = pd.concat([effects, same])
    assert "Second premiums of policies sold after the fork fall due" in render_page(run)
    run.manifest["scenario"]["horizon_days"] = 730
    assert "Second premiums" not in render_page(run)


def test_page_shows_a_staffing_plan() -> None:
    run = made_up_run()
    assert "Calls of the desk" not in render_page(run)
    run.manifest["arms"]["control"]["staffing"] = [1.5, *[0.8] * 11]
    assert f"Calls of the desk by month, factors: 1.5{', 0.8' * 11}" in " ".join(Outline(render_page(run)).texts)


def test_page_shows_who_takes_over_orphans() -> None:
    run = made_up_run()
    assert "whose agent has left" not in render_page(run)
    run.manifest["arms"]["control"]["reassign"] = {"to": "specialists", "after": "30d", "cost": "0.00 CNY"}
    assert "Customers whose agent has left go to specialists after 30d" in " ".join(Outline(render_page(run)).texts)


def test_the_question_is_asked_in_the_language_of_the_page() -> None:
    texts = {lang: Outline(render_page(made_up_run(), lang)).texts for lang in ("en", "zh")}
    asked = {lang: made_up_run().manifest["scenario"][key] for lang, key in (("en", "question"), ("zh", "question_zh"))}
    for lang, other in (("en", "zh"), ("zh", "en")):
        assert asked[lang] in texts[lang] and asked[other] not in texts[lang]


def test_page_is_the_same_to_the_byte() -> None:
    assert render_page(made_up_run()) == render_page(made_up_run())


def test_hostile_names_stay_text() -> None:
    run = made_up_run(arms=(HOSTILE,), segments=("all", HOSTILE), name=HOSTILE)
    run.manifest["failures"] = [HOSTILE]
    run.manifest["scenario"] |= {"question": HOSTILE, "question_zh": HOSTILE}
    hostile = {"says": HOSTILE, "name": HOSTILE, "hash": HOSTILE, "parameters": {HOSTILE: {"value": HOSTILE, "set": 1}}}
    run.manifest["arms"]["control"] = {"use": HOSTILE, "plugins": [plug_in("x", "y") | hostile]}
    run.manifest["oracles"] = {HOSTILE: [HOSTILE]}
    run.manifest["segments"] = {HOSTILE: 1.0}
    run.manifest["metrics"] = {
        name: given | {"label_en": HOSTILE, "window": HOSTILE} for name, given in METRICS.items()
    }
    page = render_page(run)
    outline = Outline(page)
    assert outline.open == []
    assert "script" not in [tag for tag, _ in outline.tags]
    assert not any(key.startswith("on") for _, given in outline.tags for key in given)
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert printable(HOSTILE) in " ".join(outline.texts)


def test_page_of_an_aa_run_with_one_replication_and_no_charts() -> None:
    run = made_up_run(arms=("twin",), segments=("all",))
    same = run.tables["effects"].assign(
        effect=0.0,
        low=None,
        high=None,
        relative=None,
        relative_low=None,
        relative_high=None,
        replications=1,
    )
    run.tables |= {"effects": same, "effects_everyone": same.iloc[:0]}
    run.tables["occupancy"] = run.tables["occupancy"].iloc[:0]
    words = " ".join(Outline(render_page(run)).texts)
    assert "There is no interval (replications: 1)" in words
    assert "There is no effect to draw." in words
    assert "The run holds no stage counts." in words


def test_page_without_the_primary_metric_says_so() -> None:
    run = made_up_run()
    run.manifest["scenario"]["primary"] = "win_rate"
    assert "no effect on the primary metric (win_rate)" in render_page(run)


def test_page_is_written_whole_into_the_run_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lifesim.experiment.store import RunWriter

    run = made_up_run()
    with RunWriter(tmp_path, "a-run") as writer:
        for name, table in run.tables.items():
            writer.write_table(name, table)
        directory = writer.commit(run.manifest)
    written = write_page(directory, "zh")
    assert written == directory / "page.zh.html"
    first = written.read_text("utf-8")
    assert first.startswith("<!DOCTYPE html>")
    assert "首次投保率" in first

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full_disk)
    with pytest.raises(RunError, match="cannot write the page: No space left on device"):
        write_page(directory, "zh")
    monkeypatch.undo()
    assert written.read_text("utf-8") == first
    assert not [path for path in directory.iterdir() if path.name.startswith(".page")]


def test_write_page_refuses_what_is_not_a_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a finished run"):
        write_page(tmp_path)
    with pytest.raises(InputError, match="report language"):
        write_page(tmp_path, "de")


def test_importing_the_report_loads_nothing_heavy() -> None:
    heavy = "('matplotlib', 'pandas', 'jinja2', 'rich', 'numba', 'pyarrow')"
    code = f"import sys, lifesim.report; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
