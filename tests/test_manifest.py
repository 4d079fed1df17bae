"""What a run directory says about its arms, and the effects beside the Parquet."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pytest
from made_up_run import made_up_effects

import lifesim
from lifesim.experiment import plugins
from lifesim.experiment.comparison import _by_branch, _csv
from lifesim.experiment.manifest import composition, plug_in
from lifesim.experiment.result import Result
from lifesim.report.arms import arm_cards
from lifesim.report.catalogue import Catalogue
from lifesim.scenario import Scenario
from lifesim.scenario.journeys.loading import load_journey
from lifesim.strategy import Practice, Schedule, Touches


@dataclass(frozen=True, kw_only=True)
class Seer:
    """Sees it all.

    And more.
    """

    hour: int
    days: tuple[int, ...] = ()
    oracle = True
    zh = "无所不知。"

    @property
    def schedule(self) -> Schedule:
        return Schedule()

    def touch(self, customers: Any, luck: Any) -> Touches | None:
        return None


@dataclass(frozen=True, kw_only=True)
class Wordless:
    share: float = 0.5


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    base = lifesim.load("striving_youth")
    arms = {
        "control": {"use": "current_practice"},
        "campaign": {"orchestration": [{"weekly_campaign": {"max_age": 30}}]},
    }
    return base.replace(arms=arms, mechanisms=["financial_stress"])


def test_a_staffing_plan_is_part_of_an_arm_and_shown(scenario: Scenario) -> None:
    plan = (2.0, *[0.5] * 11)
    arms = {"control": {"use": "current_practice"}, "campaign": {"staffing": list(plan)}}
    staffed = scenario.replace(arms=arms)
    described = composition(staffed, plugins.practices(staffed))["arms"]
    assert {name: arm["staffing"] for name, arm in described.items()} == {"control": [], "campaign": list(plan)}
    manifest = {"scenario": {"control": "control"}, "arms": described}
    shown = [card.staffing for card in arm_cards(manifest, None, Catalogue("en"))]
    assert shown == ["", f"Calls of the desk by month, factors: 2{', 0.5' * 11}"]


def test_who_takes_over_orphans_is_part_of_an_arm_and_shown() -> None:
    orphans = lifesim.load("orphans")
    described = composition(orphans, plugins.practices(orphans))["arms"]
    assert "reassign" not in described["control"]
    assert described["desk"]["reassign"] == {"to": "juniors", "after": "30d", "cost": "12.00 CNY"}
    manifest = {"scenario": {"control": "control"}, "arms": described}
    shown = {card.name: card.reassign for card in arm_cards(manifest, None, Catalogue("en"))}
    assert shown["control"] == ""
    assert shown["desk"] == "Customers whose agent has left go to juniors after 30d"


def test_a_contact_policy_of_its_own_is_part_of_an_arm_and_shown_with_what_it_held_back() -> None:
    frequency = lifesim.load("contact_frequency")
    described = composition(frequency, plugins.practices(frequency))["arms"]
    assert "rules" not in described["control"] and described["weekly"]["rules"] == ["quiet", "month"]
    assert described["weekly"]["contact_policy"]["caps"]["month"]["touches"] == 4
    manifest = {"scenario": {"control": "control"}, "arms": described}
    rows = [("weekly", "delivered", 50), ("weekly", "suppressed_month", 3_000), ("weekly", "suppressed_consent", 4_000)]
    touches = pd.DataFrame(rows, columns=["arm", "outcome", "count"]).assign(content="x", channel="push")
    touches = pd.concat([touches.assign(replication=k) for k in range(2)])
    shown = {card.name: card for card in arm_cards(manifest, touches, Catalogue("en"))}
    assert shown["control"].policy == shown["control"].held_back == ""
    assert shown["weekly"].policy == "A contact policy of its own, with the rules quiet, month"
    assert shown["weekly"].held_back == "Held back in a replication: 4,000 by consent, 3,000 by month"


def test_arms_are_described_with_all_their_parameters(scenario: Scenario) -> None:
    described = composition(scenario, plugins.practices(scenario))
    control, campaign = described["arms"]["control"], described["arms"]["campaign"]
    assert (control["use"], campaign["use"]) == ("current_practice", None)
    names = [(each["kind"], each["name"]) for each in control["plugins"]]
    assert names == [
        ("orchestration", "newsletter"), ("orchestration", "premium_notices"), ("grading", "uniform_grades"),
        ("allocation", "fill_seats"),
    ]  # fmt: skip
    weekly, grading, allocation = campaign["plugins"]
    assert weekly["says"].startswith("Friday evening: a sign-in gift")
    assert weekly["parameters"]["max_age"] == {"value": "30", "set": True}
    assert weekly["parameters"]["at"] == {"value": "19:00", "set": False}
    assert weekly["oracle"] is False
    assert len(weekly["hash"]) == 64
    assert (grading["name"], allocation["name"], allocation["hash"]) == ("NoGrades", "NobodyAnswers", None)
    assert described["mechanisms"][0]["name"] == "financial_stress"
    assert described["mechanisms"][0]["parameters"]["severity"] == {"value": "1.0", "set": False}
    assert described["segments"] == {"striving_youth": 0.7, "wealth_rising": 0.1, "mainstream": 0.2}
    annuity = scenario.products["annuity"]
    assert described["products"]["annuity"] == {
        "family": "wealth", "term": "long", "premium": annuity.premium.median / 100,
    }  # fmt: skip
    assert described["contents"]["newsletter"] == {"kind": "education"}


def test_practices_made_in_python_are_described_too(scenario: Scenario) -> None:
    described = composition(scenario, {"mine": Practice(orchestrations={"seer": Seer(hour=9)})})
    assert described["arms"]["mine"]["plugins"][0] == {
        "kind": "orchestration", "name": "seer", "says": "Sees it all.", "says_zh": "无所不知。", "oracle": True,
        "hash": None,
        "parameters": {"hour": {"value": "9", "set": True}, "days": {"value": "none", "set": False}},
    }  # fmt: skip
    assert plug_in("grading", "wordless", Wordless())["says"] == ""


def test_plug_ins_speak_the_language_of_the_page(scenario: Scenario) -> None:
    newsletter = plugins.practices(scenario)["control"].orchestrations["newsletter"]
    made = {"seer": Seer(hour=9), "newsletter": newsletter, "win_back": load_journey("win_back")}
    described = composition(scenario, {"mine": Practice(orchestrations=made)})["arms"]["mine"]["plugins"]
    told = ["无所不知。", "每月一次推送保险知识。", "以可承受的成本赢回部分流失客户。"]
    assert [each["says_zh"] for each in described[:3]] == told
    manifest = {"scenario": {"control": "mine"}, "arms": {"mine": {"plugins": described[:3]}}}
    for lang, says in (("en", "Sees it all."), ("zh", "无所不知。")):
        (card,) = arm_cards(manifest, None, Catalogue(lang))
        assert card.plugins[0].says == says
    # Who speaks English alone does so on every page.
    described[0] |= {"says_zh": ""}
    assert arm_cards(manifest, None, Catalogue("zh"))[0].plugins[0].says == "Sees it all."


@pytest.mark.parametrize(("lang", "named"), [("en", ["WeCom one-to-one", "offline event", "push", "rockets"]),
                                             ("zh", ["企业微信单聊", "线下活动", "App推送", "rockets"])])  # fmt: skip
def test_cards_name_every_channel_in_the_language_of_the_page(lang: str, named: list[str]) -> None:
    touches = pd.DataFrame([
        {"replication": 0, "arm": "mine", "content": "talk", "channel": channel, "outcome": "delivered", "count": 5}
        for channel in ("wecom", "offline_event", "push", "rockets")
    ])  # fmt: skip
    manifest = {"scenario": {"control": "mine"}, "arms": {"mine": {"plugins": []}}}
    (card,) = arm_cards(manifest, touches, Catalogue(lang))
    assert all(name in card.contents for name in named)


def test_the_spreadsheet_holds_the_effects_and_marks_oracles(scenario: Scenario) -> None:
    effects = made_up_effects(("journey", "旅程"), ("all",))
    text = _csv(Result(scenario, effects, effects, effects, effects, effects, {}, [], 0.0, oracles={"旅程": ["seer"]}))
    assert text.encode("utf-8").startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(text[1:])))
    assert len(rows) == len(effects)
    assert [float(row["effect"]) for row in rows] == pytest.approx(effects["effect"].tolist())
    assert {(row["arm"], row["oracle"]) for row in rows} == {("journey", "False"), ("旅程", "True")}


def test_effects_by_branch_are_those_of_its_customers(scenario: Scenario) -> None:
    gains = {("north", 0): 4, ("north", 1): 6, ("south", 0): -2, ("south", 1): -4}
    totals = pd.DataFrame(
        [
            {"replication": r, "branch": branch, "arm": arm, "segment": "mainstream", "scope": "present",
             "metric": "first_purchase_rate", "numerator": 10 + (gain if arm == "campaign" else 0), "denominator": 100}
            for (branch, r), gain in gains.items() for arm in ("control", "campaign")
        ]
    )  # fmt: skip
    found = _by_branch(totals, scenario)
    assert found["branch"].tolist() == ["north", "south"]
    assert found["segment"].tolist() == ["all", "all"]
    assert found["effect"].tolist() == pytest.approx([0.05, -0.03])
