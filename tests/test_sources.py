"""The figures behind a scenario and behind one of its arms, and how many of them have a source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from quiet_world import REPO, base

import lifesim
from lifesim import cli, workspace
from lifesim.errors import InputError
from lifesim.experiment.sources import figures_behind
from lifesim.scenario import Arm, Scenario


@pytest.fixture(autouse=True)
def _workspace() -> Iterator[None]:
    """Work with the strategies of the checkout."""
    workspace.unmount()
    workspace.mount(REPO)
    yield
    workspace.unmount()


def with_arms(**arms: Arm) -> Scenario:
    """The base scenario with other arms beside the control."""
    return base().replace(arms={"control": Arm(use="current_practice"), **arms})


def named(scenario: Scenario, arm: str | None = None, sourced: bool = False) -> dict[str, dict[str, str]]:
    return {row["parameter"]: row for row in figures_behind(scenario, arm, sourced)[1]}


def test_totals_count_all_rows_by_their_confidence() -> None:
    heading, rows = figures_behind(base())
    counts = {each: sum(row["confidence"] == each for row in rows) for each in ("high", "medium", "low")}
    assert min(counts.values()) > 0
    assert heading == (
        f"{sum(counts.values())} of {len(rows)} figures have a source: {counts['high']} high, "
        f"{counts['medium']} medium, {counts['low']} low confidence; the rest are assumptions"
    )


def test_sourced_shows_those_with_a_source_and_still_counts_all() -> None:
    heading, every = figures_behind(base())
    same, few = figures_behind(base(), sourced=True)
    assert same == heading
    assert few == [row for row in every if row["confidence"] != "assumption"]
    assert all(row["source"].startswith("fact ") for row in few)


def test_without_a_scenario_an_entry_without_source_is_an_assumption() -> None:
    heading, every = figures_behind()
    assert f" of {len(every)} figures" in heading
    assert 0 < len(figures_behind(sourced=True)[1]) < len(every)


def test_parameters_of_plug_ins_are_figures_also_at_their_defaults() -> None:
    campaign = Arm(orchestration=({"weekly_campaign": {"max_age": 45}},), allocation="fill_seats")
    rows = named(with_arms(campaign=campaign).replace(mechanisms=["financial_stress"]))
    assert rows["practices.current_practice.orchestration[0].newsletter.day"]["value"] == "8"
    assert rows["mechanisms[0].financial_stress.shocks_per_year"]["value"] == "0.15"
    at = rows["arms.campaign.orchestration[0].weekly_campaign.at"]
    assert (at["value"], at["source"], at["place"]) == ("19:00", "assumption", "default")
    # Stated in the scenario, it is no default; true and false are no figures.
    assert "arms.campaign.orchestration[0].weekly_campaign.max_age" not in rows
    assert not any(name.endswith("skilled_first") for name in rows)


def test_an_arm_touches_its_plug_ins_contents_and_channels_and_what_they_move() -> None:
    rows = named(with_arms(mine=Arm(orchestration=("weekly_campaign",))), "mine")
    for name in (
        "arms.mine.orchestration[0].weekly_campaign.max_age",
        "contents.sign_in_gift.benefit",
        "channels.push.opened",
        "segments.mainstream.consent.push",
        "behaviour.transitions.AWARENESS.need_formed.rate",
        "behaviour.states.need.half_life",
        "behaviour.states.fatigue.half_life",
        "contact_policy.marketing_cap.touches",
    ):
        assert name in rows, name
    groups = ("practices", "contents.newsletter", "channels.sms", "products", "desk", "segments.mainstream.consent.sms")
    assert not [name for name in rows if name.startswith(groups)]


def test_an_arm_touches_the_practice_that_it_uses() -> None:
    rows = named(with_arms(mine=Arm(use="current_practice")), "mine")
    assert "practices.current_practice.orchestration[1].premium_notices.days_before" in rows
    assert "contents.newsletter.visit" in rows
    assert "desk.patience" in rows
    assert "contents.advice.visit" in rows
    assert named(with_arms(silent=Arm()), "silent") == {}


def test_calls_touch_the_desk() -> None:
    rows = named(with_arms(mine=Arm(orchestration=("care_programme",))), "mine")
    assert {"channels.call.delivered", "channels.sms.cost", "desk.patience", "contents.care_call.visit"} <= set(rows)


def test_consents_by_purpose_and_for_health_data_are_figures_said_or_not(tmp_path: Path) -> None:
    """Whom nobody asks, consents: that is an assumption behind everything that is sent."""
    path = tmp_path / "asking.yaml"
    path.write_text(
        "extends: striving_youth.yaml\nname: asking\n"
        "segments: {mainstream: {purposes: {offers: 60%}, health_data: 70%}}\n"
    )
    scenario = lifesim.load(path, root=REPO)
    for rows in (named(scenario), named(scenario, "journey")):
        assert rows["segments.mainstream.health_data"]["value"] == "70%"
        assert rows["segments.mainstream.purposes.offers"]["place"].endswith("asking.yaml:3")
        unsaid = rows["segments.mainstream.purposes.care"]
        assert (unsaid["value"], unsaid["source"], unsaid["place"]) == ("100%", "assumption", "default")
        assert unsaid["unit"].startswith("customers who consent to marketing for a purpose")
        assert rows["segments.striving_youth.health_data"]["value"] == "100%"
        assert len([name for name in rows if name.startswith("segments.striving_youth.purposes.")]) == 4


def test_an_arm_that_is_not_there() -> None:
    with pytest.raises(InputError, match="there is no arm 'controll' in scenario 'aa'; did you mean 'control'"):
        figures_behind(base(), "controll")
    with pytest.raises(InputError, match="--arm needs a scenario"):
        figures_behind(None, "control")


def test_the_command_begins_with_the_totals_and_fits_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["--root", str(REPO), "facts", "striving_youth", "--arm", "journey", "--sourced"])
    captured = capsys.readouterr()
    assert (stop.value.code, captured.err) == (0, "")
    lines = captured.out.splitlines()
    assert re.match(r"\d+ of \d+ figures have a source: \d+ high, ", lines[0])
    assert max(map(len, lines)) <= 80
    assert "channels.push.opened  0.07" in lines
    assert not any("assumption;" in line for line in lines)
