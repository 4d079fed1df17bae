"""The page of a made-up run: complete, self-contained, and safe against hostile names."""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from made_up_run import HOSTILE, METRICS, STAGES, made_up_run

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
        "changed first purchase rate by +0.8 points",
        "changed first purchase rate by \u22120.8 points",
        "Does the sign-in journey lift first purchase",
        "respected", "limit exceeded", "not observed",
        "Churn warning and win-back", "Segment: wealth_rising",
        "relative effect is not defined: Customers won back, net",
        "customers at the fork", "20260105", "ab12" * 16,
        "replication 3, branch 1: worker was killed",
        "conditional on the model",
    ):  # fmt: skip
        assert expected in words
    chinese = " ".join(Outline(render_page(run, "zh")).texts)
    assert "潜在客户认知期" in chinese
    assert "使首次投保率变化了 +0.8 个百分点" in chinese


def test_page_is_the_same_to_the_byte() -> None:
    assert render_page(made_up_run()) == render_page(made_up_run())


def test_hostile_names_stay_text() -> None:
    run = made_up_run(arms=(HOSTILE,), segments=("all", HOSTILE), name=HOSTILE)
    run.manifest["failures"] = [HOSTILE]
    run.manifest["scenario"]["question"] = HOSTILE
    run.manifest["plugins"] = {HOSTILE: HOSTILE}
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
