"""Journeys shown: lines that fit a terminal, a drawing without overlaps, counts that say where it breaks."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quiet_world import REPO
from random_journeys import journeys

from lifesim import cli, workspace
from lifesim.errors import InputError
from lifesim.report.folding import columns, folded
from lifesim.report.journeys import Counts, draw, lines, read_counts
from lifesim.report.journeys.drawing import SIZE, step_rows, text_width
from lifesim.report.journeys.layout import GAP, Box, Layout
from lifesim.scenario.journeys import Journey, load_journey
from lifesim.scenario.journeys.graph import back_ways

LANGS = st.sampled_from(["en", "zh"])
SVG = "{http://www.w3.org/2000/svg}"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.delenv("LIFESIM_ROOT", raising=False)
    workspace.unmount()

    def run(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            cli.main(["--root", str(REPO), *words])
        captured = capsys.readouterr()
        return int(str(stop.value.code)), captured.out, captured.err

    yield run
    workspace.unmount()


def youth() -> Journey:
    return load_journey("striving_youth", REPO)


def counted(draw: st.DrawFn, journey: Journey) -> Counts | None:
    """Some customers on every way, or none known."""
    if draw(st.booleans()):
        return None
    keys = [(name, way.name) for name, step in journey.steps.items() for way in step.ways()]
    return Counts(journey, {key: draw(st.sampled_from([0, 5, 40, 2_000_000])) for key in keys})


# In the terminal


def test_a_journey_in_the_terminal() -> None:
    shown = list(lines(youth()))
    assert shown[0] == "striving_youth  Striving youth"
    assert "who       tag is striving_youth and launched_app within 7d and not" in shown
    at = shown.index(" 2  remind  Sign-in reminder")
    assert shown[at + 1] == "    push: sign_in_reminder, every day at 09:00"
    assert shown[at + 2].startswith("    ├─ signed_in 7 days running ─") and shown[at + 2].endswith("─ → 3 lottery")
    assert shown[at + 3].startswith("    └─ nothing in 14d ─") and shown[at + 3].endswith("─ → exit")


def test_a_journey_in_chinese() -> None:
    shown = "\n".join(lines(youth(), "zh"))
    for text in ("奋斗青年", "每周五19:00", "连续7天签到", "14天内无", "浏览产品页（term_life）", "结束"):
        assert text in shown
    assert "opened" not in shown


@settings(max_examples=60, deadline=None)
@given(st.data(), journeys(), LANGS)
def test_no_line_is_too_long_and_every_way_is_shown_once(data: st.DataObject, journey: Journey, lang: str) -> None:
    shown = list(lines(journey, lang, counted(data.draw, journey)))
    assert max(map(columns, shown)) <= 80
    ways = sum(len(list(step.ways())) for step in journey.steps.values())
    assert sum("├─ " in line or "└─ " in line for line in shown) == ways
    assert sum("→" in line or "↑" in line for line in shown) == ways


@given(st.text("ab （，。字x", max_size=60), st.integers(4, 20))
def test_folding_keeps_the_text_and_the_width(text: str, width: int) -> None:
    found = folded(text, "", width)
    assert "".join(found).replace(" ", "") == text.replace(" ", "")
    assert all(columns(line) <= width for line in found)


def test_punctuation_does_not_begin_a_line() -> None:
    assert folded("一二三四，五六", "", 8) == ["一二三", "四，五六"]


# As a drawing


@settings(max_examples=60, deadline=None)
@given(st.data(), journeys(), LANGS)
def test_a_drawing_has_every_label_once_inside_its_box_and_no_box_on_another(
    data: st.DataObject, journey: Journey, lang: str
) -> None:
    root = ET.fromstring(draw(journey, lang, counted(data.draw, journey)))
    left, top, width, height = map(float, root.attrib["viewBox"].split())
    boxes = []
    for group in root.findall(f"{SVG}g"):
        rect = group.find(f"{SVG}rect")
        assert rect is not None
        x, y, w, h = (float(rect.attrib[key]) for key in ("x", "y", "width", "height"))
        boxes.append((x, y, x + w, y + h))
        assert left <= x and top <= y and x + w <= left + width and y + h <= top + height
        for text in group.findall(f"{SVG}text"):
            assert text_width(text.text or "", "font-weight" in text.attrib) <= w
            assert y + 0.8 * SIZE <= float(text.attrib["y"]) <= y + h - 0.2 * SIZE
    ways = sum(len(list(step.ways())) for step in journey.steps.values())
    assert len(boxes) == 1 + len(journey.steps) + ways
    for (x0, y0, x1, y1), (u0, v0, u1, v1) in itertools.combinations(boxes, 2):
        assert x1 < u0 or u1 < x0 or y1 < v0 or v1 < y0


@settings(max_examples=60, deadline=None)
@given(journeys())
def test_a_step_stands_below_all_that_lead_to_it(journey: Journey) -> None:
    back = back_ways(journey.steps)
    rows = step_rows(journey, back)
    for name, step in journey.steps.items():
        for way in step.ways():
            if way.to != "exit" and (name, way.name) not in back:
                assert rows[way.to] > rows[name]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 200)), min_size=1, max_size=12), st.data())
def test_boxes_of_a_row_keep_their_distance(sizes: list[tuple[int, int]], data: st.DataObject) -> None:
    layout = Layout()
    for k, (row, width) in enumerate(sizes):
        layout.add(Box(str(k), row, float(width), 20.0))
    for row in range(max(row for row, _ in sizes)):
        if not any(each == row for each, _ in sizes):
            layout.add(Box(f"filler {row}", row, 10.0, 20.0))
    pairs = [(a, b) for a, b in itertools.permutations(layout.boxes.values(), 2) if a.row < b.row]
    keys = [(a.key, b.key) for a, b in pairs]
    chosen = st.lists(st.sampled_from(keys), max_size=8, unique=True) if keys else st.just([])
    for upper, lower in data.draw(chosen):
        layout.connect(upper, lower)
    width, _ = layout.place()
    for a, b in itertools.combinations(layout.boxes.values(), 2):
        if a.row == b.row:
            assert abs(a.x - b.x) >= (a.width + b.width) / 2 + GAP - 1e-6
    assert min(box.x - box.width / 2 for box in layout.boxes.values()) == pytest.approx(0.0)
    assert max(box.x + box.width / 2 for box in layout.boxes.values()) == pytest.approx(width)


def test_a_chain_is_drawn_straight() -> None:
    layout = Layout()
    for k in range(4):
        layout.add(Box(f"trunk {k}", k, 60.0, 20.0))
        if k:
            layout.connect(f"trunk {k - 1}", f"trunk {k}")
            layout.add(Box(f"leaf {k}", k, 60.0, 20.0))
            layout.connect(f"trunk {k - 1}", f"leaf {k}")
    layout.place()
    trunk = [layout.boxes[f"trunk {k}"].x for k in range(3)]
    assert max(trunk) - min(trunk) < 20.0


# Counts


def table(path: Path, rows: list[tuple[str, str, Any]]) -> Path:
    text = "".join(f"{step},{way},{count}\n" for step, way, count in rows)
    path.write_text("step,way,customers\n" + text, encoding="utf-8")
    return path


ROWS = [
    ("invite", "opened", 400), ("invite", "else", 600), ("remind", "signed_in 7 days running", 40),
    ("remind", "else", 355), ("remind", "waiting", 5), ("lottery", "took_part(sign_in_lottery)", 1),
    ("lottery", "else", 28),
]  # fmt: skip


def test_the_break_and_the_steps_that_too_few_came_to(tmp_path: Path) -> None:
    counts = read_counts(table(tmp_path / "c.csv", ROWS), youth())
    assert (counts.seen("remind"), counts.left("remind"), counts.went("remind", "waiting")) == (400, 355, 5)
    assert counts.drop_off("remind") == pytest.approx(355 / 400)
    assert counts.drop_off("lottery") is None  # 28 of 29 left, and 29 customers say nothing
    assert counts.breaks_at == "remind"
    assert counts.conversion == 0.0
    shown = list(lines(youth(), "en", counts))
    at = shown.index(" 2  remind  Sign-in reminder")
    assert shown[at + 2 : at + 5] == [
        "    400 came, 355 left (88.8%)",
        "    5 still there",
        "    >> the journey breaks here",
    ]
    assert shown[at + 6].endswith("355   89%")
    at = shown.index(" 3  lottery  Lottery for seven days")
    assert shown[at + 3] == "    ! fewer than 30: no figure to rely on"
    assert shown[shown.index(" 4  settle  A few days later") + 2] == "    nobody came"
    svg = draw(youth(), "en", counts)
    assert svg.count("the journey breaks here") == 1 and svg.count('stroke-width="2.5"') == 1


def test_whoever_reached_a_goal_that_ends_the_journey_is_not_lost() -> None:
    """At the first step most reach the goal, at the second most leave: the journey breaks there alone."""
    journey = Journey.model_validate({
        "name": "pay", "entry": {"every": "mon 09:00"}, "goal": {"reached": "bought", "within": "60d", "leave": True},
        "steps": {
            "ask": {"wait": "5d", "next": "again"},
            "again": {"on": {"launched_app": "last"}, "within": "5d", "else": "exit"},
            "last": {"wait": "1d", "next": "exit"},
        },
    })  # fmt: skip
    counts = Counts(journey, {
        ("ask", "reached_goal"): 840, ("ask", "left"): 10, ("ask", "next"): 150, ("again", "else"): 100,
        ("again", "launched_app"): 50, ("last", "reached_goal"): 20, ("last", "next"): 30,
    })  # fmt: skip
    assert (counts.seen("ask"), counts.left("ask"), counts.breaks_at) == (1000, 10, "again")
    assert counts.conversion == (840 + 50) / 1000
    shown = list(lines(journey, "en", counts))
    assert (
        "    1,000 came, 10 left (1.0%)" in shown
        and "    840 left with the goal reached, 10 left by none of" in str(shown)
    )
    assert "89.0% of those who entered came to the end or reached the goal" in shown
    assert "进入者中89.0%走完全程或达成目标" in draw(journey, "zh", counts)


def test_a_last_step_is_no_break_and_conversion_is_who_came_to_it() -> None:
    journey = youth()
    counts = Counts(journey, {("invite", "opened"): 100, ("hand_over", "next"): 50})
    assert counts.left("hand_over") == 0
    assert counts.breaks_at is None
    assert counts.conversion == 0.5
    assert Counts(journey, {("invite", "opened"): 29}).conversion is None


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("invit", "opened", 1)], r"c\.csv:2: journey 'striving_youth' has no step 'invit'; did you mean 'invite'"),
        ([("invite", "opned", 1)], r"c\.csv:2: step 'invite' has no way 'opned'; did you mean 'opened'"),
        ([("invite", "else", -1)], r"c\.csv:2: customers: '-1' is negative"),
        ([("invite", "else", "x")], r"c\.csv:2: customers: 'x' is not a whole number"),
    ],
)
def test_counts_that_cannot_be_used(tmp_path: Path, rows: list[tuple[str, str, Any]], said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_counts(table(tmp_path / "c.csv", rows), youth())
    (tmp_path / "d.csv").write_text("step,customers\ninvite,1\n")
    with pytest.raises(InputError, match=r"d\.csv:2: no value for way; columns are step,way,customers"):
        read_counts(tmp_path / "d.csv", youth())
    with pytest.raises(InputError, match="cannot be read"):
        read_counts(tmp_path / "nowhere.csv", youth())


# The command


def test_the_list_of_journeys(run: Run) -> None:
    code, out, _ = run("journey", "list")
    assert code == 0
    assert "\nstriving_youth  Striving youth  9 steps\n    Turn a weekly habit" in out
    assert "\nwealth_rising  财富新贵  14步\n" in run("journey", "list", "--lang", "zh")[1]


def test_showing_and_drawing_one(run: Run, tmp_path: Path) -> None:
    drawing, numbers = tmp_path / "j.svg", table(tmp_path / "c.csv", ROWS)
    words = ("journey", "show", "striving_youth", "--svg", str(drawing), "--counts", str(numbers), "--lang", "zh")
    code, out, _ = run(*words)
    assert code == 0
    assert ">> 断点" in out and out.endswith("j.svg\n")
    assert drawing.read_text(encoding="utf-8") == draw(youth(), "zh", read_counts(numbers, youth()))


def test_counts_of_the_latest_run_of_the_workspace(run: Run, tmp_path: Path) -> None:
    (tmp_path / "lifesim.toml").write_text("")
    journey = str(REPO / "strategies" / "orchestration" / "striving_youth.yaml")
    code, _, err = run("--root", str(tmp_path), "journey", "show", journey, "--run", "latest")
    assert code == 2 and f"no finished run in {tmp_path / 'reports' / 'out'}; run one first" in err


def test_a_scenario_that_lacks_what_the_journey_needs(run: Run) -> None:
    code, out, err = run("journey", "show", "wealth_rising", "--scenario", "striving_youth")
    assert (code, out) == (2, "")
    assert "wealth_rising.yaml:34:17: steps.invite.send.sms: the scenario has no content 'salon_invitation'" in err


def test_the_journeys_of_a_folder_are_checked(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "strategies" / "orchestration"
    folder.mkdir(parents=True)
    (tmp_path / "lifesim.toml").write_text("")
    shipped = REPO / "strategies" / "orchestration" / "striving_youth.yaml"
    (folder / shipped.name).write_bytes(shipped.read_bytes())
    code, out, _ = run("--root", str(tmp_path), "check", str(tmp_path / "strategies"))
    assert code == 0 and out.endswith("striving_youth.yaml: ok\n")
    (folder / "bad.yaml").write_text("name: bad\nentry: {every: fri 19:00}\nsteps: {a: {go: b}}\n")
    code, out, err = run("--root", str(tmp_path), "check", str(tmp_path / "strategies"))
    assert code == 2 and out.endswith("striving_youth.yaml: ok\n")
    assert "bad.yaml:3:17: steps.a.go: unknown step 'b'" in err


def test_a_workspace_without_journeys_says_where_to_write_one(run: Run, tmp_path: Path) -> None:
    (tmp_path / "lifesim.toml").write_text("")
    code, out, _ = run("--root", str(tmp_path), "journey", "list")
    assert (code, out) == (0, "no journeys; write one as strategies/orchestration/NAME.yaml\n")


def test_own_dates_and_wished_tiers_are_said_in_words() -> None:
    steps = {
        "early": {"wait": {"before": "renewal", "by": "5d"}, "next": "agent"},
        "agent": {"hand_over": {"reason": "Cover ends", "tier": "seniors"}, "next": "exit"},
    }
    journey = Journey.model_validate({"name": "any", "entry": {"before": "renewal", "by": "60d"}, "steps": steps})
    english, chinese = ("\n".join(lines(journey, lang)) for lang in ("en", "zh"))
    assert "60d before renewal" in english and "hands over to an agent of tier seniors: Cover ends" in english
    assert "续保日前60天" in chinese and "转交seniors代理人" in chinese
