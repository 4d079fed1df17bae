"""Opting out of a channel: consents withdrawn, accounts unfollowed, contacts deleted; how often one may be asked."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from journey_worlds import a_journey, obliging, sent, under, ways
from small_worlds import FirstSeat, Weekly, described, keys_of, run

from lifesim.errors import ScenarioError
from lifesim.metrics.totals import totals
from lifesim.population.columns import DAY
from lifesim.scenario import Scenario
from lifesim.scenario.channels import CHANNELS
from lifesim.strategy import Practice
from lifesim.workforce import cases
from lifesim.world.closing import closing
from lifesim.world.outcomes import outcomes_of

AD = {"ad": {"kind": "education", "visit": 0.0}, "note": {"kind": "service", "visit": 0.0}}
ENDS = [
    ("sms", "consent", "opted_out", "opt_outs", "opt_out_rate"),
    ("service_account", "follow", "unfollowed", "unfollows", "unfollows_per_10k"),
    ("wecom", "contact", "contact_deleted", "deletions", "wecom_deletions_per_10k"),
]


def annoying(channel: str, more: dict[str, Any] | None = None, **changes: Any) -> Scenario:
    """A scenario in which whoever gets marketing by a channel opts out of it."""
    scenario = obliging(**AD, **(more or {}))
    channels = described(scenario)["channels"]
    channels[channel] |= {"opt_out": 1.0, "adds_a_day": None} | changes
    return scenario.replace(channels=channels)


def bits(world: Any, mask: str, channel: str) -> Any:
    return (world.state.customers[mask][: len(keys_of(world))] >> CHANNELS.index(channel)) & 1


@pytest.mark.parametrize(("channel", "ends", "word", "outcome", "metric"), ENDS)
def test_what_ends_is_noticed_counted_and_ends(channel: str, ends: str, word: str, outcome: str, metric: str) -> None:
    """The journey hears of it, and the next touch is held back: by the consent, or because nobody is reached."""
    steps = {
        "ad": {"send": {channel: "ad"}, "on": {word: "again"}, "within": "3d", "else": "exit"},
        "again": {"send": {channel: "ad"}, "next": "exit"},
    }
    practice = under(a_journey(steps, contents={"ad": {"kind": "education", "says": "buy"}}))
    scenario = annoying(channel)
    assert scenario.channels[channel].opt_out_ends == ends
    world = run(scenario, practice, days=32)
    became, everyone = sent(world)[channel, "ad"], ways(world, practice)["ad", word]
    why = "suppressed_consent" if ends == "consent" else "suppressed_reach"
    assert everyone > 40 and became["opted_out"] == became["delivered"] == became[why] == everyone
    counted = {name: int(world.state.outcomes[name].sum()) for *_, name, _ in ENDS}
    assert counted == {name: everyone if name == outcome else 0 for *_, name, _ in ENDS}
    kept = len(keys_of(world)) - everyone
    for mask in ("consent", "reach"):
        ended = (mask == "consent") == (ends == "consent")
        assert bits(world, mask, channel).sum() == (kept if ended else kept + everyone)
    rows = totals(list(scenario.segments), closing(world), *outcomes_of(world))
    assert sum(r["numerator"] for r in rows if r["metric"] == metric and r["scope"] == "everyone") == everyone


def test_an_article_does_not_reach_whoever_unfollowed_and_a_notice_makes_nobody_unfollow() -> None:
    steps = {
        "notice": {"send": {"service_account": "note"}, "next": "read"},
        "read": {"send": {"article": "note"}, "next": "ad"},
        "ad": {"send": {"service_account": "ad"}, "on": {"unfollowed": "over"}, "within": "3d", "else": "exit"},
        "over": {"send": {"article": "note"}, "next": "exit"},
    }
    contents = {"ad": {"kind": "education", "says": "buy"}, "note": {"kind": "service", "says": "due"}}
    world = run(annoying("service_account"), under(a_journey(steps, contents=contents)), days=32)
    became = sent(world)["article", "note"]
    assert became["delivered"] == became["suppressed_reach"] == world.state.outcomes["unfollows"].sum() > 40
    assert "opted_out" not in sent(world)["service_account", "note"]


def test_weary_customers_delete_contacts_and_nobody_is_kept_by_weariness() -> None:
    """Under the same luck: those who delete at rest do so when they are weary, and others join them."""

    def deleted(weariness: float) -> set[int]:
        scenario = annoying("wecom", opt_out=0.1, opt_out_fatigue=0.8)
        behaviour = described(scenario)["behaviour"]
        behaviour["states"]["fatigue"]["baseline"] = weariness
        scenario = scenario.replace(
            behaviour=behaviour, population={"branches": {"north": 400}, "segments": {"mainstream": 1.0}}
        )
        campaigns = {"chats": Weekly("ad", "wecom", weekdays=(1,), share=1.0)}
        world = run(scenario, Practice(orchestrations=campaigns, allocation=FirstSeat()), days=8)
        return set(keys_of(world)[bits(world, "reach", "wecom") == 0].tolist())

    rested, weary = deleted(0.0), deleted(2.0)
    assert 10 < len(rested) < len(weary) - 40 and rested < weary


def asked_of(scenario: Scenario) -> tuple[Any, Counter[int]]:
    """A world in which all are asked to be contacts on a Friday evening, and requests by day."""
    step = {"send": {"wecom": "add"}, "on": {"added_wecom": "exit"}, "within": "14d", "else": "exit"}
    world = run(scenario, under(a_journey({"ask": step})), days=40)
    taken = np.concatenate([world.extra[name] for name in (cases.RECENT, cases.IN_HAND)])
    mine = taken[taken["content"] == list(scenario.contents).index("add")]
    return world, Counter((mine["handed"] // DAY).tolist())


def strangers(limit: int | None) -> Scenario:
    """Nobody is a contact; two seats, whose customers wait for two weeks."""
    add = {"kind": "service", "visit": 0.0, "prompts": {"added_wecom": 1.0}}
    scenario = annoying("wecom", {"add": add}, adds_a_day=limit)
    data = described(scenario)
    for segment in data["segments"].values():
        segment["reach"] |= {"wecom": 0.0}
    data["desk"] |= {"seats": {"all": {"per_10k": 333, "calls_per_hour": 40, "skill": 0.0}}, "patience": "14d"}
    return scenario.replace(segments=data["segments"], desk=data["desk"])


def test_an_account_asks_so_many_a_day_and_the_others_wait() -> None:
    """Of sixty customers there are 1.998 seats, which are two accounts: eight requests a day, on one after another."""
    free, at_once = asked_of(strangers(None))
    limited, by_day = asked_of(strangers(4))
    everyone = sent(free)["wecom", "add"]["requested"]
    assert everyone > 40 and len(at_once) == 1 and "staff_adds" not in free.extra
    assert sum(by_day.values()) == sent(limited)["wecom", "add"]["delivered"] == everyone
    *full, last = [n for _, n in sorted(by_day.items())]
    assert set(full) == {8} and 0 < last <= 8
    assert bits(limited, "reach", "wecom").sum() == everyone


def test_chats_with_contacts_are_not_limited() -> None:
    scenario = annoying("wecom", {"add": {"kind": "service", "visit": 0.0, "prompts": {"added_wecom": 1.0}}},
                        adds_a_day=1)  # fmt: skip
    practice = Practice(orchestrations={"notes": Weekly("note", "wecom", share=1.0)}, allocation=FirstSeat())
    world = run(scenario, practice, days=10)
    assert sent(world, "notes")["wecom", "note"]["delivered"] > 100 and not world.extra["staff_adds"].any()


def test_only_on_wecom_is_anybody_asked() -> None:
    with pytest.raises(ScenarioError, match=r"channels\.push\.adds_a_day: is for wecom alone; leave it out"):
        annoying("push", adds_a_day=3)
