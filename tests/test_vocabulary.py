"""`lifesim list`: every name that a scenario may use, with its meaning and parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from quiet_world import REPO, base

from lifesim import cli, workspace
from lifesim.experiment.vocabulary import known_names
from lifesim.metrics import METRICS

DESCRIBED = ("contents", "segments", "products", "channels")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _workspace() -> Iterator[None]:
    """Work with the strategies of the checkout."""
    workspace.unmount()
    workspace.mount(REPO)
    yield
    workspace.unmount()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.delenv("LIFESIM_ROOT", raising=False)

    def run(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            cli.main(["--root", str(REPO), *words])
        captured = capsys.readouterr()
        assert isinstance(stop.value.code, int)
        return stop.value.code, captured.out, captured.err

    return run


def entries(what: str, of_scenario: bool = False) -> dict[str, tuple[str, str]]:
    rows = known_names(what, base() if of_scenario else None)
    return {row["parameter"]: (row["value"], row["unit"]) for row in rows}


@pytest.mark.parametrize("what", DESCRIBED)
def test_every_name_of_the_scenario_is_listed(what: str) -> None:
    found = entries(what, of_scenario=True)
    assert list(found) == list(getattr(base(), what))
    assert all(about for _, about in found.values())


def test_what_a_content_a_product_a_channel_and_a_segment_say() -> None:
    assert entries("contents", True)["sign_in_gift"] == (
        "sign_in_game",
        "adds trust +0.05, need +0.08; lifts AWARENESS.need_formed +1; fit CHURN_WARNING x 0.2, LOST x 0.2; "
        "leads 70% to a visit; costs 1.50 CNY when opened",
    )
    assert entries("products", True)["annuity"] == (
        "wealth, long term",
        "median premium 12000.00 CNY a year; commission 20%, then 10%; grace 60d; needs an adviser",
    )
    assert entries("channels", True)["push"][1].startswith("97% delivered, 7% of these opened, 0.2% opt out")
    kind, about = entries("segments", True)["wealth_rising"]
    assert kind == "20% of customers"
    assert about.startswith("starts AWARENESS 20%, FIRST_PURCHASE 1%")
    assert "; age 42, income 320,000, " in about


def test_strategies_with_their_parameters_and_defaults() -> None:
    found = entries("strategies")
    files = [file for file in (REPO / "strategies").glob("*/*.py") if workspace.kind_of(file)]
    assert len(found) == len(files) >= 7
    assert found["newsletter"] == (
        "orchestration",
        "Insurance knowledge once a month, by push; parameters day 8, at 10:00, quiet_days 7, rest_days as_usual",
    )
    assert found["financial_stress"][0] == "mechanisms"
    assert found["uniform_grades"][1].endswith("; no parameters")


def test_with_a_scenario_only_the_strategies_and_metrics_that_it_uses() -> None:
    used = {"weekly_campaign", "newsletter", "premium_notices", "uniform_grades", "fill_seats"}
    assert set(entries("strategies", True)) == used
    with_stress = known_names("strategies", base().replace(mechanisms=["financial_stress"]))
    assert {row["parameter"] for row in with_stress} == used | {"financial_stress"}
    assert list(entries("metrics")) == list(METRICS)
    assert set(entries("metrics", True)) == {"first_purchase_rate"}


def test_metrics_say_what_is_counted_and_which_way_is_better() -> None:
    kind, about = entries("metrics")["opt_out_rate"]
    assert kind == "share"
    assert re.fullmatch(r"Opt-outs: .+ / .+; lower is better", about)
    assert "better" not in entries("metrics")["touches_per_customer"][1]


def test_a_class_without_a_description(tmp_path: Path) -> None:
    folder = tmp_path / "strategies" / "allocation"
    folder.mkdir(parents=True)
    (tmp_path / "lifesim.toml").touch()
    (folder / "mine.py").write_text(
        "from dataclasses import dataclass\n\n@dataclass(frozen=True, kw_only=True)\nclass Mine:\n    most: int = 3\n\n"
        "    def assign(self, leads, agents, luck):\n        return leads\n"
    )
    workspace.unmount()
    workspace.mount(tmp_path)
    assert entries("strategies") == {"mine": ("allocation", "no description; parameters most 3")}


@pytest.mark.parametrize("what", ["strategies", "metrics", *DESCRIBED])
def test_the_command_lists_them_in_80_columns(run: Run, what: str) -> None:
    code, out, err = run("list", what, "striving_youth")
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    assert len(out.splitlines()) >= 3


def test_what_belongs_to_a_scenario_needs_one(run: Run) -> None:
    said = "error: products belong to a scenario; write lifesim list products SCENARIO\n"
    assert run("list", "products") == (2, "", said)
    assert run("list", "metrics")[0] == 0
    assert "'colours' is not one of" in run("list", "colours")[2]
