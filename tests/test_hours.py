"""Hours of channels: nothing arrives while one is closed, and opening depends on the hour of the customer's own day."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from journey_worlds import a_journey, obliging, sent, story, under
from small_worlds import Weekly, described, differences, keys_of, lives, run
from test_channels import AUTOMATIC
from test_operation import HOUR, PRACTICE, worked

from lifesim.errors import ScenarioError
from lifesim.lifecycle.touch_tables import logit
from lifesim.population.columns import DAY
from lifesim.population.memory import count
from lifesim.scenario import Scenario
from lifesim.strategy import Practice
from lifesim.world.views import observed_columns

EVENING = [0.0] * 20 + [2.0] * 4


def with_channels(scenario: Scenario, behaviour: dict[str, Any] | None = None, **changes: Any) -> Scenario:
    """The scenario with some keys of some channels, and of behaviour, changed."""
    data = described(scenario)
    for name, change in changes.items():
        data["channels"][name] |= change
    return scenario.replace(channels=data["channels"], behaviour=data["behaviour"] | (behaviour or {}))


def first_of(scenario: Scenario, channel: str, at: str) -> str:
    """When a touch of a journey arrives that is sent at a time."""
    steps = {"ask": {"send": {channel: "hello"}, "next": "exit"}}
    world = run(scenario, under(a_journey(steps, entry={"at": at})), days=32)
    came = {story(world, key)[0] for key in keys_of(world) if story(world, key)}
    (moment,) = came if channel in AUTOMATIC else {min(came)}
    return moment


@pytest.mark.parametrize(
    ("sent_at", "arrives"),
    [("2026-01-09 08:59", "Fri 09 10:00"), ("2026-01-09 10:00", "Fri 09 10:00"), ("2026-01-09 15:29", "Fri 09 15:29"),
     ("2026-01-09 15:30", "Sat 10 10:00"), ("2026-01-09 23:00", "Sat 10 10:00")],
)  # fmt: skip
def test_a_touch_waits_until_its_channel_opens(sent_at: str, arrives: str) -> None:
    open_late = with_channels(obliging(), ai_call={"hours": {"opens": "10:00", "closes": "15:30"}})
    assert first_of(open_late, "ai_call", sent_at) == arrives


def test_leads_wait_in_the_pool_until_their_channel_opens() -> None:
    """Of the seats' nine hours calls have the last five; chats have all of them."""
    scenario = with_channels(obliging(), call={"hours": {"opens": "13:00", "closes": "18:00"}})
    assert "Sat 10 13:00" <= first_of(scenario, "call", "2026-01-09 19:00") < "Sat 10 14:00"
    assert "Sat 10 09:00" <= first_of(scenario, "wecom", "2026-01-09 19:00") < "Sat 10 10:00"


def test_marketing_waits_for_the_channel_and_for_the_end_of_quiet_hours() -> None:
    ads = {"hello": {"kind": "education", "visit": 0.0}}
    policy = {"marketing_cap": {"touches": 4, "within": "1d"}, "quiet": {"start": "21:00", "end": "10:15"}}
    scenario = with_channels(obliging(**ads), ai_call={"hours": {"opens": "10:00", "closes": "15:30"}})
    steps = {"ask": {"send": {"ai_call": "hello"}, "next": "exit"}}
    contents = {"hello": {"kind": "education", "says": "hello"}}
    journey = a_journey(steps, entry={"at": "2026-01-09 16:00"}, contents=contents)
    world = run(scenario.replace(contact_policy=policy), under(journey), days=28)
    came = {story(world, key)[0] for key in keys_of(world) if story(world, key)}
    assert came == {"Sat 10 10:15"}
    with pytest.raises(ScenarioError, match=r"channels\.ai_call\.hours: lie in the quiet hours of `contact_policy`"):
        scenario.replace(contact_policy=policy | {"quiet": {"start": "09:00", "end": "16:00"}})
    late = {"quiet": {"start": "22:00", "end": "16:00"}}
    with pytest.raises(ScenarioError) as caught:
        scenario.replace(arms={"control": {}, "late": {"contact_policy": late}})
    found = ["arms.late.contact_policy: its quiet hours cover the hours in which ai_call carries anything"]
    assert [str(each).split(": ", 1)[1] for each in caught.value.problems] == found


def test_hours_may_end_with_the_day() -> None:
    evening = {"hours": {"opens": "20:00", "closes": "24:00"}}
    late = with_channels(obliging(), ai_call=evening, call=evening)
    assert first_of(late, "ai_call", "2026-01-09 23:59") == "Fri 09 23:59"
    assert first_of(late, "ai_call", "2026-01-10 00:00") == "Sat 10 20:00"
    desk = described(late)["desk"] | {"opens": "20:00", "closes": "24:00"}
    assert "Fri 09 23:00" <= first_of(late.replace(desk=desk), "call", "2026-01-09 22:30") < "Sat 10 00:00"
    assert "Sat 10 20:00" <= first_of(late.replace(desk=desk), "call", "2026-01-09 23:00") < "Sat 10 21:00"


def test_agents_may_work_until_the_day_ends() -> None:
    scenario = worked(steps=None)
    workforce = described(scenario)["workforce"]
    for tier in workforce["tiers"].values():
        tier |= {"opens": "22:00", "closes": "24:00"}
    late = with_channels(scenario.replace(workforce=workforce), call={"hours": {"opens": "20:00", "closes": "24:00"}})
    world = run(late, PRACTICE, days=30)
    handed = np.concatenate([world.extra[name]["handed"] for name in ("cases", "cases_recent")])
    assert set((handed % DAY // HOUR).tolist()) == {22, 23}


def test_quiet_hours_that_end_with_the_day_are_those_that_end_at_midnight() -> None:
    contents = {"hello": {"kind": "education", "visit": 0.0}}
    steps = {"ask": {"send": {"push": "hello"}, "next": "exit"}}
    said = {"hello": {"kind": "education", "says": "hello"}}
    journey = a_journey(steps, entry={"at": "2026-01-09 22:30"}, contents=said)
    quiet = [{"quiet": {"start": "22:00", "end": end}} for end in ("24:00", "00:00")]
    worlds = [run(obliging(**contents).replace(contact_policy=each), under(journey), days=28) for each in quiet]
    came = [{story(world, key)[0] for key in keys_of(world) if story(world, key)} for world in worlds]
    assert came == [{"Sat 10 00:00"}] * 2
    with pytest.raises(ScenarioError, match="leaves no hour of the day; to stop such touches altogether"):
        obliging().replace(contact_policy={"quiet": {"start": "00:00", "end": "24:00"}})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hours": {"opens": "20:00", "closes": "09:00"}}, "closes: must be later than opens"),
        ({"by_hour": [1.0] * 23}, "by_hour: needs 24 numbers, one an hour; found 23"),
    ],
)
def test_what_is_wrong_with_hours_is_said(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        with_channels(obliging(), push=change)
    assert message in str(caught.value)


def many(**behaviour: Any) -> Scenario:
    """Customers of whom a fifth open a push, and more of them in the evening of their own day."""
    scenario = obliging(opened=0.2).replace(population={"branches": {"north": 2_000}, "segments": {"mainstream": 1.0}})
    return with_channels(scenario, behaviour, push={"by_hour": EVENING})


def pushed(scenario: Scenario, *hours: str) -> Any:
    """A world in which everyone gets a service message by push at some times of the day, every day."""
    campaigns: dict[str, Any] = {f"at {at}": Weekly("hello", "push", at, range(1, 8), 1.0) for at in hours}
    return run(scenario, Practice(orchestrations=campaigns), days=30)


def test_opening_follows_the_hour_of_delivery() -> None:
    world = pushed(many(), "10:00", "20:00")
    for name, odds in (("at 10:00", logit(0.2)), ("at 20:00", logit(0.2) + 2.0)):
        became, share = sent(world, name)["push", "hello"], 1 / (1 + np.exp(-odds))
        n = became["delivered"]
        # False failure of 1e-6 is 4.9 deviations.
        assert n > 10_000 and abs(became["opened"] - share * n) < 4.9 * np.sqrt(n * share * (1 - share))


def test_neutral_hours_change_nobody() -> None:
    plain = obliging(opened=0.2)
    a, b = (
        pushed(scenario, "10:00")
        for scenario in (plain, with_channels(plain, {"own_hours": 3.0}, push={"by_hour": [0.0] * 24}))
    )
    found = differences(lives(a), lives(b), ignore=("hours_seen.", "touches.hour"))
    assert found == []


def test_a_customers_own_hours_show_in_what_the_insurer_counts() -> None:
    """Whoever opens in the evening of a day of their own opens at other hours by the clock; the counts tell of it."""
    hours = [f"{hour:02}:00" for hour in range(3, 24, 4)]
    world = pushed(many(own_hours=6.0), *hours)
    columns, rows = observed_columns(world.scenario, world.seen), np.arange(count(world.state))
    delivered, opened = (
        np.array([columns[f"{what}_at_{hour[:2]}"](world.state, rows, world.now) for hour in hours], float)
        for what in ("delivered", "opened")
    )
    total = [sent(world, f"at {hour}")["push", "hello"] for hour in hours]
    assert [row.sum() for row in delivered] == [each["delivered"] for each in total]
    assert [row.sum() for row in opened] == [each["opened"] for each in total]
    # Those who open at 23:00 have their evening then, and not at 03:00.
    often = delivered.min(axis=0) >= 5
    keen, share = opened[-1][often] > np.median(opened[-1][often]), opened[0][often] / delivered[0][often]
    assert often.sum() > 1_000 and share[keen].mean() < share[~keen].mean() - 0.02
    alike = pushed(many(), *hours).state.hours_seen[rows][often].astype(float)
    keen, share = alike[:, 24 + 23] > np.median(alike[:, 24 + 23]), alike[:, 24 + 3] / alike[:, 3]
    assert share[keen].mean() == pytest.approx(share[~keen].mean(), abs=0.02)


def test_the_other_columns_are_what_they_are_without_hours() -> None:
    found = []
    for scenario in (obliging(), many()):
        world = run(scenario, days=1)
        columns, rows = observed_columns(world.scenario, world.seen), np.arange(10)
        found.append(set(columns))
        age = columns["age"](world.state, rows, world.now)
        trait = list(scenario.behaviour.traits).index("age")
        rule = scenario.behaviour.traits["age"]
        assert np.array_equal(age, world.state.traits[rows, trait] * rule.scale + rule.center)
    both = {f"{what}_at_{hour:02}" for what in ("delivered", "opened") for hour in range(24)}
    assert found[1] - found[0] == both


def test_without_hours_nothing_is_kept_of_them() -> None:
    world = run(obliging(), days=1)
    assert world.state.hours_seen.shape[1] == 0
    assert "opened_at_09" not in observed_columns(world.scenario, world.seen)
