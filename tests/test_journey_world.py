"""Any journey in a world: every customer goes the way that the model says, step by step and second by second."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, reject, settings
from journey_follower import WAITING, Follower, comes_in
from journey_worlds import a_journey, obliging, under
from random_journeys import AUDIENCES, CONTENTS, ENTRIES, journeys
from small_worlds import described, enrolled, keys_of, log_of, run

from lifesim.engagement.journeys.audience import compile_audience
from lifesim.errors import RunError
from lifesim.experiment.passages import journey_steps
from lifesim.population.columns import DAY, E_DELIVERED, E_INQUIRY, E_PRODUCT_PAGE, E_PURCHASE, E_SESSION
from lifesim.scenario import Scenario
from lifesim.scenario.journeys import Journey, vocabulary
from lifesim.world.views import customer_view
from lifesim.world.world import World

DAYS = 175
#: Tests of what does not change while customers live, in place of those of policies.
LASTING = dict(zip(AUDIENCES, ("age <= 30", "age > 40", "branch is south or age <= 34"), strict=True))
TAKEN_IN = {"hello": True, "gift": False, "quiz": True}
WORDS = {E_SESSION: "launched_app", E_PRODUCT_PAGE: "browsed", E_INQUIRY: "asked_adviser", E_PURCHASE: "bought"}


def answering() -> Scenario:
    """A world in which touches arrive at once, two contents are always taken in, one never, and nobody dies."""
    contents = {name: {"kind": "care", "visit": 0.0, "opened": float(TAKEN_IN[name])} for name in CONTENTS}
    scenario = obliging(opened=0.5, **contents)
    behaviour = described(scenario)["behaviour"]
    for name, clock in behaviour["transitions"].items():
        if name.endswith(".death"):
            clock["rate"] = "0/y"
    policy = described(scenario)["contact_policy"] | {"exempt": ["service", "care"]}
    return scenario.replace(
        behaviour=behaviour, contact_policy=policy, horizon="160d",
        population={"branches": {"north": 50, "south": 40}, "segments": {"mainstream": 0.5, "striving_youth": 0.5}},
    )  # fmt: skip


def followable(journey: Journey) -> Journey:
    """The journey without caps and people, whose answers the log does not tell, and with lasting audiences."""
    text = journey.model_dump_json(by_alias=True, exclude_defaults=True)
    for what, instead in (("signed_in 3 days running", "launched_app 2 days running"), *LASTING.items()):
        text = text.replace(f'"{what}"', f'"{instead}"')
    data = json.loads(text)
    for name, step in [*data["steps"].items()]:
        if "engagement" in step:  # answers of the same second come in the order of their luck
            data["steps"] |= {name: {"wait": "1min", "next": f"{name}_asks"}, f"{name}_asks": step}
        step.pop("cap", None)
        step.pop("full", None)
        if "hand_over" in step or "notify" in step:
            data["steps"][name] = {"wait": "3h", "next": step.get("next") or step["else"]}
    entry = {"at": "2026-01-09 19:00"} if data["entry"].get("on") == "claim_paid" else data["entry"]
    return Journey.model_validate(data | {"entry": entry, "exit_on": []})


def doings(world: World, key: int) -> list[tuple[int, str, str]]:
    """What a customer did, in the order of time."""
    log, products = log_of(world), list(world.scenario.products)
    mine = (log["key"] == key) & np.isin(log["kind"], list(WORDS))
    return [
        (at, WORDS[kind], products[detail] if kind == E_PURCHASE else "")
        for at, kind, detail in zip(*(log[name][mine].tolist() for name in ("time", "kind", "detail")), strict=True)
    ]


def followers(world: World, journey: Journey) -> dict[int, Follower]:
    """Everyone who was let in, walked through the journey by the model; by key."""
    scenario, streams = world.scenario, world.streams
    view, rows = customer_view(world.observed, world.state, world.now, world.date(world.now))
    answers = {text: compile_audience(text, vocabulary(scenario))(view) for text in LASTING.values()}
    pool, found = enrolled(world), {}
    for record in pool[pool["entries"] > 0]:
        key, at = int(keys_of(world)[record["customer"]]), int(np.flatnonzero(rows == record["customer"])[0])

        def draw(name: str, key: int = key) -> float:
            return float(streams.uniforms(f"journey any split {name}", np.array([key], np.uint64), again=True)[0])

        mine = {text: bool(held[at]) for text, held in answers.items()}
        walker = Follower(journey, doings(world, key), mine, draw, TAKEN_IN, world.date(0), world.now)
        walker.walk(int(record["entered"]))
        found[key] = walker
    return found


def entered(world: World) -> dict[int, int]:
    """When each customer has come in, by key."""
    pool = enrolled(world)
    came = pool[pool["entries"] > 0]
    return dict(zip(keys_of(world)[came["customer"]].tolist(), came["entered"].tolist(), strict=True))


def expected(world: World, journey: Journey) -> dict[int, int]:
    """The same by the model."""
    joined = world.state.customers["joined"].tolist()
    found = {}
    for row, key in enumerate(keys_of(world).tolist()):
        at = comes_in(journey.entries[0], doings(world, key), joined[row], world.date(0), world.now)
        if at is not None:
            found[key] = at
    return found


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_way_in_lets_those_in_whom_the_model_does(entry: dict[str, str]) -> None:
    """One of each, so that no way depends on what is drawn."""
    contents = {"hello": {"kind": "care", "says": "hello"}}
    hello = {"hello": {"send": {"push": "hello"}, "next": "exit"}}
    agree(followable(a_journey(hello, name="any", entry=entry, contents=contents)))


def agree(journey: Journey) -> Counter[tuple[str, str]]:
    """Run a journey, and hold every customer against the model; the ways that they went."""
    practice = under(journey)
    world = run(answering(), practice, days=DAYS)
    log = log_of(world)
    assert entered(world) == expected(world, journey)
    walked: Counter[tuple[str, str]] = Counter()
    for key, walker in followers(world, journey).items():
        arrived = log["time"][(log["key"] == key) & (log["kind"] == E_DELIVERED) & (log["campaign"] == "any")]
        assert arrived.tolist() == walker.touches, key
        walked += walker.ways
    counted = Counter({(row["step"], row["way"]): row["customers"] for row in journey_steps(world, practice)})
    assert +counted == walked
    return walked


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(journey=journeys())
def test_every_customer_goes_the_way_that_the_model_says(journey: Journey) -> None:
    try:
        agree(followable(journey))
    except RunError:  # here touches are taken in at once, and some journeys answer that with the next one
        reject()


def test_a_journey_that_goes_round_within_a_second_is_named() -> None:
    steps = {"again": {"send": {"push": "hello"}, "on": {"opened": "again"}, "within": "6h", "else": "exit"}}
    walk = a_journey(steps, contents={"hello": {"kind": "care", "says": "hello"}})
    with pytest.raises(RunError, match="a customer of 'walk' came to more than 1,000 steps and touches in one second"):
        run(answering(), under(walk), days=DAYS)


def test_a_journey_of_every_kind_of_step() -> None:
    """One of each, so that no kind depends on what is drawn."""
    steps: dict[str, Any] = {
        "hello": {"send": {"push": "hello"}, "at": "09:00", "on": {"launched_app": "exit", "opened": "split"},
                  "within": "1d", "else": "exit"},
        "split": {"split": {"daily": 0.5, "gift": 0.5}},
        "daily": {"send": {"service_account": "gift"}, "daily": "18:30",
                  "on": {"opened": "exit", "launched_app 2 days running": "asks"}, "within": "10d", "else": "weekend"},
        "gift": {"send": {"sms": "gift"}, "on": {"clicked": "exit", "browsed or asked_adviser": "asks"},
                 "within": "10d", "else": "weekend"},
        "weekend": {"wait": {"until": "sat 10:00"}, "next": "young"},
        "young": {"if": "age <= 30", "then": "try", "else": "asks"},
        "try": {"experiment": {"quiz": 0.6}, "control": {"asks": 0.4}},
        "quiz": {"send": {"push": "quiz"}, "next": "minute"},
        "minute": {"wait": "1min", "next": "asks"},
        "asks": {"engagement": "quiz", "on": {"opened": "on"}, "else": "again"},
        "again": {"repeat": "weekend", "times": 2, "next": "on"},
        "on": {"go": "last"},
        "last": {"on": {"bought(accident)": "exit", "launched_app": "exit"}, "within": "20d", "else": "exit"},
    }  # fmt: skip
    contents = {name: {"kind": "care", "says": name} for name in CONTENTS}
    walked = agree(a_journey(steps, name="any", contents=contents))
    ways = {(name, way.name) for name, step in a_journey(steps, contents=contents).steps.items() for way in step.ways()}
    # Nobody opens a gift, or reaches the end of a wait in which a push is always taken in.
    never = {("hello", "else"), ("daily", "opened"), ("gift", "clicked"), ("hello", "launched_app")}
    assert ways - never - {each for each, n in walked.items() if n} <= {("last", "bought(accident)"), ("last", "else")}
    assert all(walked[each] == 0 for each in never)


@pytest.mark.parametrize("answer", [True, False])
def test_the_follower_notices_a_way_that_is_not_gone(answer: bool) -> None:
    """The check itself would fail: with a wrong answer of an audience, ways and touches differ."""
    steps = {
        "young": {"if": "age <= 30", "then": "hello", "else": "exit"},
        "hello": {"send": {"push": "hello"}, "next": "exit"},
    }
    journey = a_journey(steps, name="any", contents={"hello": {"kind": "care", "says": "hello"}})
    world = run(answering(), under(journey), days=40)
    mine = followers(world, journey)
    for walker in mine.values():
        walker.answers, walker.ways, walker.touches = {"age <= 30": answer}, Counter(), []
        walker.walk(24 * DAY + 19 * 3_600)
    log = log_of(world)
    sent = np.count_nonzero((log["kind"] == E_DELIVERED) & (log["campaign"] == "any"))
    assert 0 < sent < len(mine)
    assert sum(len(walker.touches) for walker in mine.values()) == (len(mine) if answer else 0)
    assert all((("young", WAITING) not in walker.ways) for walker in mine.values())
