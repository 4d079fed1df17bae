"""What each part of a strategy adds: arms that grow out of each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from small_worlds import small

import lifesim
from lifesim.errors import ScenarioError
from lifesim.experiment.comparison import run
from lifesim.experiment.store import StoredRun, read_run
from lifesim.report.page import render_page
from lifesim.report.tables import findings

RUNGS = ["control", "notices", "all"]
ARMS: dict[str, Any] = {
    "control": {},
    "notices": {"orchestration": ["premium_notices"]},
    "all": {"orchestration": ["premium_notices", "mass_push"]},
}


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> StoredRun:
    measure = {"primary": "touches_per_customer", "guardrails": {"opt_out_rate": 0.05}, "ladder": RUNGS}
    scenario = small(200, arms=ARMS, measure=measure, experiment={"replications": 3, "seed": 5})
    path = run(scenario, out=tmp_path_factory.mktemp("runs"), workers=1, progress=False).path
    assert path is not None
    return read_run(path)


def test_every_rung_is_compared_with_the_one_before_and_the_rungs_add_up(stored: StoredRun) -> None:
    rows = stored.table("ladder")
    mine = rows[rows["metric"] == "touches_per_customer"]
    assert list(zip(mine["control"], mine["arm"], strict=True)) == [("control", "notices"), ("notices", "all")]
    assert (mine["effect"] > 0).all()
    effects = stored.table("effects")
    whole = effects[(effects["metric"] == "touches_per_customer") & (effects["segment"] == "all")].set_index("arm")
    assert mine["effect"].sum() == pytest.approx(whole.loc["all", "effect"], rel=1e-12)
    assert set(rows["segment"]) == {"all"}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_terminal_and_page_say_what_each_part_adds(stored: StoredRun, lang: str) -> None:
    said = findings(stored, lang)
    (first,) = [k for k, line in enumerate(said) if line.startswith("  notices")]
    assert said[first + 1].startswith("  all")
    assert render_page(stored, lang).count('id="ladder-heading"') == 1


def test_a_run_without_a_ladder_has_no_table_of_it(tmp_path: Path) -> None:
    path = run(small(50, horizon="5d"), out=tmp_path, workers=1, progress=False).path
    assert path is not None
    assert "ladder" not in read_run(path).tables


@pytest.mark.parametrize(
    ("rungs", "said"),
    [
        (["control", "nobody"], "measure.ladder.1: unknown arm 'nobody'"),
        (["control", "all", "all"], "measure.ladder.2: 'all' is on the ladder twice"),
        (["notices", "all"], "measure.ladder: a ladder leads from 'control', the control, to at least one other arm"),
        (["control"], "measure.ladder: a ladder leads from 'control', the control, to at least one other arm"),
    ],
)
def test_a_ladder_leads_from_the_control_over_arms_that_exist(rungs: list[str], said: str) -> None:
    with pytest.raises(ScenarioError) as found:
        small(50, arms=ARMS, measure={"primary": "retention_rate", "ladder": rungs})
    assert said in str(found.value)


def test_other_arms_leave_the_ladder_behind() -> None:
    assert lifesim.load("lifecycle").replace(arms={"control": {}}).measure.ladder == ()
