"""The journey of young people from a sign-in to a first policy, in a world: each step at its time, every way out."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from journey_worlds import sent, story, ways
from small_worlds import FirstSeat, described, enrolled, keys_of, log_of, run

import lifesim
from lifesim.experiment.passages import journey_totals
from lifesim.population.columns import DAY, E_DELIVERED, E_SESSION
from lifesim.scenario import Scenario
from lifesim.scenario.channels import CHANNELS
from lifesim.scenario.journeys import Journey
from lifesim.scenario.journeys.loading import load_journey
from lifesim.strategy import Practice
from lifesim.world.world import World

NAME = "striving_youth"
#: All that the contents of the journey ask for.
ASKED = {"sign_in_reminder": {"signed_in": 1.0}, "sign_in_lottery": {"took_part": 1.0}}


@cache
def journey() -> Journey:
    """As shipped, but that nobody comes in again."""
    loaded = load_journey(NAME)
    (entry,) = loaded.entries
    once = type(entry).model_validate({"every": "fri 19:00", "who": entry.who})
    return loaded.model_copy(update={"entry": once, "reentry": "never"})


def obliging(buys: bool = True, looks: bool = True, **opened: float) -> Scenario:
    """Young people who open the app every day, do at once what they are asked to do, and nothing else.

    Parameters
    ----------
    buys, looks
        Whether they buy when the product page is shown to them, and look at other products later.
    opened
        By content, the share of its readers who follow.
    """
    data = described(lifesim.load(NAME))
    for channel in data["channels"].values():
        channel |= {"delay": "0s", "delivered": 1.0, "opened": 0.5, "open_delay": "0s", "depends": {}}
        channel |= {"fatigue": 0.0, "opt_out": 0.0}
    for name in (*journey().contents, data["desk"]["content"]):
        content = data["contents"][name]
        content |= {"opened": opened.get(name, 1.0), "prompts": ASKED.get(name, {}), "visit": 0.0}
        content |= {"lifts": {}, "impulses": {}, "kind": content["kind"]}
    behaviour = data["behaviour"]
    for clock in (*behaviour["transitions"].values(), *behaviour["processes"].values()):
        clock["rate"] = "0/y"
    if buys:
        data["contents"]["accident_product_page"]["lifts"] = {"FIRST_PURCHASE.decide": 1e6}
        behaviour["transitions"]["FIRST_PURCHASE.decide"] |= {"rate": "0.001/y", "depends": {}}
    stages = behaviour["sessions"]["active"]
    behaviour["sessions"] |= {
        "rate": "4/d", "depends": {}, "active": dict.fromkeys(stages, 1.0), "inquiry": 0.0,
        "product_page": dict.fromkeys(stages, 0.0) | {"HOLDING": float(looks)},
        "service_use": dict.fromkeys(stages, 0.0),
    }  # fmt: skip
    behaviour["life_events"], behaviour["unpaid"] = {}, {}
    # Nobody buys critical illness cover without an adviser, and everybody looks at it.
    likes = {"critical_illness": 60.0, "accident": 30.0}
    for name, product in data["products"].items():
        product["choice"] |= {"appeal": likes.get(name, -30.0), "depends": {}}
        product |= {"underwriting": None, "cooling_off": {"within": "0d", "returned": 0.0}}
    for name in ("competitor", "put_off"):
        behaviour["decision"][name] |= {"appeal": -30.0, "depends": {}}
    for segment in data["segments"].values():
        segment |= {"refuses_targeting": 0.0, "start": {"FIRST_PURCHASE": 1.0}}
        segment |= {mask: dict.fromkeys(CHANNELS, 1.0) for mask in ("reach", "consent")}
    seats = {"seniors": {"per_10k": 5_000, "calls_per_hour": 10, "skill": 0.2}}
    inference = data["inference"] | {"recognised": 1.0}
    changed = {name: data[name] for name in ("channels", "contents", "behaviour", "products", "segments")}
    return lifesim.load(NAME).replace(
        **changed,
        name="youth", warm_up="0d", horizon="170d", acquisition={}, market={"luck": 0.0, "season": {}},
        inference=inference, desk=data["desk"] | {"seats": seats}, practices={}, arms={"control": {}},
        contact_policy=data["contact_policy"] | {"marketing_cap": {"touches": 4, "within": "1d"}},
        population={"branches": {"north": 40}, "segments": {"striving_youth": 1.0}},
        measure={"primary": "first_purchase_rate"},
        experiment={"replications": 1, "seed": 11, "event_share": 1.0, "twins": True},
    )  # fmt: skip


def walked(scenario: Scenario) -> tuple[World, dict[tuple[str, str], int], int]:
    """The world at the end, customers by step and way, and how many came in."""
    practice = Practice(orchestrations={NAME: journey()}, allocation=FirstSeat())
    world = run(scenario, practice, days=160)
    entered = {row["measure"]: row["value"] for row in journey_totals(world, practice)}["entered"]
    return world, ways(world, practice), entered


FOLLOWED = [
    ("invite", "opened"), ("remind", "signed_in 7 days running"), ("lottery", "took_part(sign_in_lottery)"),
    ("settle", "next"), ("active", "then"), ("knowledge", "opened"), ("offer", "bought(accident)"),
    ("browse", "browsed(critical_illness) or browsed(term_life) or browsed(whole_life)"), ("hand_over", "next"),
]  # fmt: skip


def test_one_customer_goes_through_every_step_at_its_time() -> None:
    world, took, everyone = walked(obliging())
    assert everyone == 40 and took == dict.fromkeys(FOLLOWED, everyone)
    assert [step for step, _ in FOLLOWED] == list(journey().steps)
    became = dict.fromkeys(("requested", "delivered", "opened"), everyone)
    assert sent(world, NAME) == {
        ("push", "sign_in_gift"): became,
        ("push", "sign_in_reminder"): dict.fromkeys(became, 7 * everyone),
        ("push", "sign_in_lottery"): became,
        ("service_account", "insurance_basics"): became,
        ("service_account", "accident_product_page"): became,
        ("call", world.scenario.desk.content): became,
    }
    week = ["Sat 10", "Sun 11", "Mon 12", "Tue 13", "Wed 14", "Thu 15", "Fri 16"]
    for key in keys_of(world):
        *told, call = story(world, key, name=NAME)
        assert told == [
            "Fri 09 19:00",  # sign in daily, win a gift
            *(f"{day} 09:00" for day in week),  # sign-in reminders
            "Fri 16 09:00",  # signed in for the seventh time: the lottery
            "Mon 19 09:00",  # took part, and was active for three days more: insurance knowledge
            "Mon 19 09:00",  # read it: the product page
        ]
        # Bought, and then looked at critical illness cover: called in a slot of the desk.
        assert call[:3] != "Sun" and "09:00" <= call[7:] < "18:00"


#: What a customer does not do, the way out that this leads to, and how many reminders there are.
MISSING: dict[str, tuple[dict[str, Any], tuple[str, str], int]] = {
    "does not open the invitation": ({"sign_in_gift": 0.0}, ("invite", "else"), 0),
    "does not sign in": ({"sign_in_reminder": 0.0}, ("remind", "else"), 14),
    "takes no part": ({"sign_in_lottery": 0.0}, ("lottery", "else"), 7),
    "does not read": ({"insurance_basics": 0.0}, ("knowledge", "else"), 7),
    "does not buy": ({"buys": False}, ("offer", "else"), 7),
    "does not look further": ({"looks": False}, ("browse", "else"), 7),
}


@pytest.mark.parametrize("what", MISSING)
def test_who_does_not_follow_leaves_there(what: str) -> None:
    does, way, reminders = MISSING[what]
    world, took, everyone = walked(obliging(**does))
    steps = [step for step, _ in FOLLOWED]
    assert took == {**dict.fromkeys(FOLLOWED[: steps.index(way[0])], everyone), way: everyone}
    assert sent(world, NAME).get(("push", "sign_in_reminder"), {}).get("requested", 0) == reminders * everyone


def test_who_is_no_longer_active_leaves() -> None:
    """Of those who open the app now and then, whoever has not for three days when the journey asks."""
    scenario = obliging()
    behaviour = described(scenario)["behaviour"]
    behaviour["sessions"]["rate"] = "0.4/d"
    practice = Practice(orchestrations={NAME: journey()}, allocation=FirstSeat())
    world = run(scenario.replace(behaviour=behaviour), practice, days=40)
    took, log = ways(world, practice), log_of(world)
    # Let in on Friday, and asked three days after the seventh reminder.
    first = 4 * DAY + 19 * 3_600
    asked = 14 * DAY + 9 * 3_600
    pool = enrolled(world)
    mine = keys_of(world)[pool["customer"][pool["entered"] == first]]
    seen = log["key"][(log["kind"] == E_SESSION) & (log["time"] >= asked - 3 * DAY) & (log["time"] < asked)]
    quiet = np.setdiff1d(mine, seen)
    told = log["key"][(log["kind"] == E_DELIVERED) & (log["campaign"] == NAME) & (log["time"] == asked)]
    assert 0 < len(quiet) < len(mine)
    assert sorted(np.intersect1d(mine, told)) == sorted(np.intersect1d(mine, seen))
    assert took["active", "else"] >= len(quiet)
