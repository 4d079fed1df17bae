"""A touch without effect changes nothing but its record."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small_worlds import (
    SILENCE,
    FirstSeat,
    Weekly,
    described,
    differences,
    lives,
    run,
    small,
    uncontended,
)

from lifesim.population.columns import (
    E_DELIVERED,
    E_FAILED,
    E_OPENED,
    INTEREST,
    MILESTONES,
    T_DELIVERED,
    T_FAILED,
    T_OPENED,
)
from lifesim.scenario import STAGES, Scenario
from lifesim.strategy import Practice
from lifesim.world.world import World

pytestmark = pytest.mark.metamorphic

#: What a touch without effect leaves behind, beside the events of its own story.
RECORD = {
    "outcomes.sent",
    "outcomes.delivered",
    "outcomes.opened",
    "outcomes.contact",
    "outcomes.prospecting",  # what it cost,
    "outcomes.worth",  # and took from what the customer is worth
    "customers.recent_sends",
    "customers.milestones",  # interest only, when opened
    "customers.touch_at",  # of touches still on their way,
    "customers.held",  # or in the pool of the desk,
    "due",  # for which the customer wakes
}
OF_TOUCHES = ("touches.", "touched.", "extra.leads", "extra.desk", "extra.cases", "extra.staff", "extra.graded", "log.")


def harmless(kind: str) -> Scenario:
    """A content that says nothing, over channels that neither tire, cost the consent nor advise; seats for all."""
    scenario = uncontended(small(400))
    data = described(scenario)
    data["contents"]["blank"] = {"kind": kind, "visit": 0.0}
    for channel in data["channels"].values():
        channel |= {"fatigue": 0.0, "opt_out": 0.0, "closing": None}
    return scenario.replace(contents=data["contents"], channels=data["channels"])


def told_and_untold(practice: Practice, kind: str = "education") -> tuple[World, World]:
    """A world with touches, and the same without them; the desk answers in both."""
    scenario = harmless(kind)
    return run(scenario, practice), run(scenario, Practice(allocation=practice.allocation))


def by_campaign(channel: str, **more: Any) -> Practice:
    return Practice(orchestrations={"blanks": Weekly("blank", channel, share=0.8)}, **more)


def assert_only_the_record_differs(told: World, untold: World) -> None:
    a, b = lives(told), lives(untold)
    found = differences(a, b, ignore=OF_TOUCHES)
    assert set(found) <= RECORD
    assert differences(story(a), story(b)) == []
    before, after = b["customers.milestones"], a["customers.milestones"]
    others = [k for k in range(len(MILESTONES)) if k != INTEREST]
    assert np.array_equal(before[:, others], after[:, others])
    assert np.all(after[:, INTEREST] <= before[:, INTEREST])
    assert np.array_equal(before[a["outcomes.opened"] == 0], after[a["outcomes.opened"] == 0])


def story(world_lives: dict[str, Any]) -> dict[str, Any]:
    """The log without what the campaign's touches did themselves."""
    rows = ~(
        (world_lives["log.campaign"] == "blanks") & np.isin(world_lives["log.kind"], (E_DELIVERED, E_FAILED, E_OPENED))
    )
    return {name: values[rows] for name, values in world_lives.items() if name.startswith("log.")}


@pytest.mark.parametrize(
    "allocation", [SILENCE.allocation, FirstSeat()], ids=["nobody answers", "everybody is answered"]
)
@pytest.mark.parametrize("channel", ["push", "sms", "call"])
def test_a_touch_without_effect_changes_nothing_but_its_record(channel: str, allocation: Any) -> None:
    """Calls that nobody makes only hold the customer in the pool of the desk until they are withdrawn."""
    told, untold = told_and_untold(by_campaign(channel, allocation=allocation))
    fates = told.state.touched[told.campaigns.index("blanks")].sum(axis=(0, 1))
    carried = channel != "call" or isinstance(allocation, FirstSeat)
    assert all((fates[k] > 50) == carried for k in (T_DELIVERED, T_OPENED)), "the touches did not arrive as meant"
    assert (fates[T_FAILED] > 0) == carried
    assert_only_the_record_differs(told, untold)


def test_service_without_effect_is_not_even_remembered_by_the_cap() -> None:
    told, untold = told_and_untold(by_campaign("sms"), kind="service")
    a, b = lives(told), lives(untold)
    assert a["outcomes.opened"].sum() > 50
    assert_only_the_record_differs(told, untold)
    assert differences(a, b, ignore=(*OF_TOUCHES, *(RECORD - {"customers.recent_sends"}))) == []


def test_an_aimed_offer_without_fit_and_harm_changes_nothing_but_its_record() -> None:
    """It would move states and hazards, did it fit any stage; and take trust, did it harm."""
    scenario = harmless("product_offer")
    contents = described(scenario)["contents"]
    contents["blank"] |= {
        "impulses": {"trust": 1.0, "need": -1.0}, "lifts": {"AWARENESS.need_formed": 5.0, "HOLDING.needs_grow": 5.0},
        "fit": dict.fromkeys(STAGES, 0.0), "aim": {"family": "health", "gap": 2.0, "harm": {"trust": 0.0}},
    }  # fmt: skip
    scenario = scenario.replace(contents=contents)
    told, untold = run(scenario, by_campaign("push")), run(scenario)
    assert lives(told)["outcomes.opened"].sum() > 50
    assert_only_the_record_differs(told, untold)


@pytest.mark.parametrize(
    ("change", "moved"),
    [
        ({"aim": {"family": "wealth", "gap": 50.0, "harm": {"trust": 0.1}}}, "mind.trust.offset"),
        ({"impulses": {"trust": 0.1}}, "mind.trust.offset"),
        ({"lifts": {"AWARENESS.need_formed": 1.0}}, "lifts.0.excess"),
        ({"visit": 1.0}, "outcomes.sessions"),
        ({"benefit": "1 CNY"}, "outcomes.benefit"),
    ],
    ids=["harm", "impulse", "lift", "visit", "benefit"],
)
def test_each_effect_by_itself_shows(change: dict[str, Any], moved: str) -> None:
    """The same comparison finds every kind of effect, so that finding none means something."""
    scenario = harmless("education")
    contents = described(scenario)["contents"]
    contents["blank"] |= change
    told, untold = (run(each, by_campaign("push")) for each in (scenario.replace(contents=contents), scenario))
    assert moved in differences(lives(told), lives(untold), ignore=OF_TOUCHES)


@pytest.mark.parametrize(
    ("change", "moved"),
    [
        ({"fatigue": 0.1}, "mind.fatigue.offset"),
        ({"opt_out": 0.5}, "customers.consent"),
        ({"closing": 0.5}, "customers.marks"),
    ],
    ids=["fatigue", "opt-out", "advice"],
)
def test_each_burden_by_itself_shows(change: dict[str, Any], moved: str) -> None:
    scenario = harmless("education")
    channels = described(scenario)["channels"]
    channels["push"] |= change
    told, untold = (run(each, by_campaign("push")) for each in (scenario.replace(channels=channels), scenario))
    assert moved in differences(lives(told), lives(untold), ignore=OF_TOUCHES)
