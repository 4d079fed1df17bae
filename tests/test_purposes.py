"""Consent by purpose: beside the channel, taken back alone, seen by strategies, and free where nobody asks for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from journey_worlds import obliging, sent
from small_worlds import Weekly, described, differences, keys_of, lives, log_of, run
from test_contact_policy import DAILY, OPEN, arrivals, campaigns

from lifesim.errors import ScenarioError
from lifesim.experiment.checks import problems
from lifesim.population.columns import E_OPT_OUT
from lifesim.report.catalogue import TEXTS
from lifesim.scenario import Scenario
from lifesim.scenario.channels import CHANNELS
from lifesim.scenario.contents import CONTENT_KINDS, PURPOSE_OF, PURPOSES
from lifesim.world.world import World

OFFERS = Weekly("offer", "push", "10:00", **DAILY)
TEXTS_OF_OFFERS = Weekly("offer", "sms", "10:30", **DAILY)
LESSONS = Weekly("lesson", "push", "11:00", **DAILY)
NOTICES = Weekly("hello", "push", "12:00", **DAILY)
EVERYTHING = {"offers": OFFERS, "texts": TEXTS_OF_OFFERS, "lessons": LESSONS, "notices": NOTICES}


def market(consents: dict[str, float] | None = None, policy: dict[str, Any] | None = None, **push: Any) -> Scenario:
    """Touches that arrive at once; customers who consent by purpose, and a push with changed rules."""
    scenario = obliging(offer={"kind": "product_offer", "visit": 0.0}, lesson={"kind": "education", "visit": 0.0})
    data = described(scenario)
    for segment in data["segments"].values():
        segment["purposes"] = consents or {}
    data["channels"]["push"] |= push
    return scenario.replace(segments=data["segments"], channels=data["channels"], contact_policy=OPEN | (policy or {}))


def everyone(world: World) -> set[int]:
    return set(arrivals(world, "notices"))


def test_a_touch_needs_the_consent_for_its_purpose_whatever_the_channel() -> None:
    world = run(market({"offers": 0.5}), campaigns(**EVERYTHING), days=3)
    some = set(arrivals(world, "offers"))
    assert 0.25 < len(some) / len(everyone(world)) < 0.75
    assert set(arrivals(world, "texts")) == some
    assert set(arrivals(world, "lessons")) == everyone(world)
    counted = sent(world, "offers")["push", "offer"]
    assert counted["suppressed_purpose"] == counted["requested"] - counted["delivered"] > 50
    assert "rules.reason.purpose" in TEXTS


def test_who_consents_is_the_same_whatever_is_sent_and_a_larger_share_holds_the_smaller() -> None:
    few = set(arrivals(run(market({"offers": 0.4}), campaigns(**EVERYTHING), days=2), "offers"))
    other = campaigns(offers=Weekly("offer", "sms", "09:00", **DAILY), notices=NOTICES)
    assert set(arrivals(run(market({"offers": 0.4, "education": 0.1}), other, days=2), "offers")) == few
    more = set(arrivals(run(market({"offers": 0.8}), campaigns(**EVERYTHING), days=2), "offers"))
    assert few < more


def test_a_purpose_is_that_of_the_kind_unless_the_content_says_otherwise() -> None:
    assert set(PURPOSE_OF) == set(CONTENT_KINDS) and set(PURPOSE_OF.values()) == set(PURPOSES)
    scenario = market({"care": 0.0})
    contents = described(scenario)["contents"]
    contents["lesson"]["purpose"] = "care"
    world = run(scenario.replace(contents=contents), campaigns(**EVERYTHING), days=2)
    assert arrivals(world, "lessons") == {} and set(arrivals(world, "offers")) == everyone(world)


def test_an_opt_out_from_a_purpose_closes_it_and_nothing_else() -> None:
    """Everyone has enough of the first offer; from then on no channel may bring one, and any may bring a lesson."""
    world = run(market(opt_out=1.0, opt_out_purpose=1.0), campaigns(offers=OFFERS, texts=TEXTS_OF_OFFERS), days=4)
    counted = sent(world, "offers")["push", "offer"]
    customers = len(arrivals(world, "offers"))
    assert counted["opted_out"] == counted["delivered"] == customers > 50
    assert counted["suppressed_purpose"] == counted["requested"] - customers
    assert arrivals(world, "texts") == {}
    rows = [k for k, key in enumerate(keys_of(world).tolist()) if key in arrivals(world, "offers")]
    assert np.all(world.state.refused[rows, 0] == 1 << PURPOSES.index("offers"))
    assert np.all((world.state.customers["consent"][rows] >> CHANNELS.index("push")) & 1)
    assert world.state.outcomes["opt_outs"].sum() == customers
    log = log_of(world)
    details = set(log["detail"][log["kind"] == E_OPT_OUT].tolist())
    assert details == {CHANNELS.index("push") + 256 * (1 + PURPOSES.index("offers"))}


def test_a_share_of_opt_outs_is_from_the_purpose_and_the_others_are_from_the_channel() -> None:
    world = run(market(opt_out=1.0, opt_out_purpose=0.5), campaigns(offers=OFFERS, notices=NOTICES), days=1)
    rows = [k for k, key in enumerate(keys_of(world).tolist()) if key in arrivals(world, "offers")]
    alone = world.state.refused[rows, 0] > 0
    channel = (world.state.customers["consent"][rows] >> CHANNELS.index("push")) & 1 == 0
    assert np.array_equal(alone, ~channel) and 0.2 < alone.mean() < 0.8
    before = run(market(opt_out=1.0), campaigns(offers=OFFERS, notices=NOTICES), days=1)
    assert sent(before, "offers")["push", "offer"]["opted_out"] == len(rows), "who opts out is the same"


def test_strategies_and_audiences_see_the_consent() -> None:
    policy = {"suppressions": {"polite": {"who": "not consents(offers)", "kinds": ["education"]}}}
    world = run(market({"offers": 0.5}, policy), campaigns(**EVERYTHING), days=2)
    assert set(arrivals(world, "lessons")) == set(arrivals(world, "offers")) < everyone(world)
    rows = np.arange(len(keys_of(world)))
    seen = world.observed["consents_offers"](world.state, rows, world.now)
    assert set(keys_of(world)[seen == 1].tolist()) & everyone(world) == set(arrivals(world, "offers"))
    assert np.all(world.observed["consents_care"](world.state, rows, world.now) == 1)


def test_where_nobody_asks_for_purposes_there_are_none_and_nothing_changes() -> None:
    without, all_of_them = (run(market(given), campaigns(**EVERYTHING), days=3) for given in ({}, {"offers": 1.0}))
    assert without.state.refused.nbytes == 0 < all_of_them.state.refused.nbytes
    assert "suppressed_purpose" not in without.policies.outcomes
    rows = np.arange(len(keys_of(without)))
    assert np.all(without.observed["consents_offers"](without.state, rows, without.now) == 1)
    assert differences(lives(without), lives(all_of_them), ignore=("touched", "refused")) == []
    polite = {"suppressions": {"polite": {"who": "consents(offers)"}}}
    assert arrivals(run(market(policy=polite), campaigns(**EVERYTHING), days=1), "offers") == {}


def test_what_is_wrong_with_purposes_is_said() -> None:
    found = problems(market(policy={"suppressions": {"polite": {"who": "consents(offer)"}}}))
    assert "unknown channel or purpose 'offer'; did you mean 'offers'?" in found[0].message
    with pytest.raises(ScenarioError, match="who has had enough takes back the follow"):
        market(opt_out_ends="follow", opt_out_purpose=0.5)
    with pytest.raises(ScenarioError, match="is the name of another rule"):
        market(policy={"caps": {"purpose": {"touches": 1, "within": "1d"}}})
