"""Journeys as tables: walked by one customer, they are the journey that was written."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journey_walkers import ZERO, Happening, Luck, Trace, walk_model, walk_tables
from quiet_world import REPO
from random_journeys import AUDIENCES, journeys

from lifesim.engagement.journeys.layout import (
    COUNT,
    EXIT,
    FIRST,
    KIND,
    NEXT,
    NONE,
    OTHER,
    STEP,
    A,
    B,
    C,
    D,
    Kind,
    Way,
)
from lifesim.engagement.journeys.tables import compile_journey
from lifesim.scenario.journeys import Journey, Vocabulary, load_journey
from lifesim.scenario.journeys.parsing import parse_triggers
from lifesim.scenario.journeys.words import EVENTS as WORDS

DAY = 86_400
DATES = {"premium_due": 100 * DAY, "policy_anniversary": 40 * DAY, "birthday": 7 * DAY, "maturity": 900 * DAY}


@st.composite
def lucks(draw: st.DrawFn, journey: Journey) -> Luck:
    """What may happen on a walk: events that steps wait for and others, soon and late."""
    waited = [text for step in journey.steps.values() for text in getattr(step, "on", {})]
    events = [each for text in (*waited, *waited, "complained", "browsed(life)") for each in parse_triggers(text)]
    touches = [name for name, _ in journey.sends()] or list(journey.steps)
    steps = st.sampled_from(touches)

    def happening(delay: int, k: int, step: str, days: int) -> Happening:
        trigger = events[k]
        response = WORDS[trigger.event].response
        return Happening(delay, trigger.event, step if response else trigger.argument, days)

    delays = st.sampled_from([1, 600, 1_800, 21_600, DAY, DAY + 1, 5 * DAY, 9 * DAY])
    one = st.builds(happening, delays, st.integers(0, len(events) - 1), steps, st.sampled_from([1, 2, 3]))
    several = st.lists(one, max_size=4).map(lambda many: tuple(sorted(many, key=lambda each: each.delay)))
    visits = draw(st.lists(several, min_size=8, max_size=8))
    return Luck(
        happenings=dict(enumerate(visits, 1)),
        answers={text: draw(st.booleans()) for text in AUDIENCES},
        draws={name: draw(st.integers(0, 2**32 - 1)) for name in journey.steps},
        full=draw(st.booleans()),
        dates=DATES,
    )


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_both_walkers_go_the_same_way(data: st.DataObject) -> None:
    journey = data.draw(journeys())
    luck = data.draw(lucks(journey))
    now = data.draw(st.integers(0, 30 * DAY))
    assert walk_tables(compile_journey(journey, ZERO), luck, now) == walk_model(journey, luck, now)


@settings(max_examples=80, deadline=None)
@given(journeys())
def test_every_number_in_the_tables_refers_to_something(journey: Journey) -> None:
    tables = compile_journey(journey, ZERO)
    rows = len(tables.steps)
    assert set(tables.steps[:, STEP]) == set(range(len(journey.steps)))
    assert np.all((tables.steps[:, NEXT] >= EXIT) & (tables.steps[:, NEXT] < rows))
    assert np.all((tables.steps[:, OTHER] >= NONE) & (tables.steps[:, OTHER] < rows))
    assert np.all(tables.triggers[:, 3] < rows)
    for row in tables.steps:
        table = tables.branches if row[KIND] == Kind.CHANCE else tables.triggers
        assert 0 <= row[FIRST] <= row[FIRST] + row[COUNT] <= len(table)
        if row[KIND] in (Kind.SEND, Kind.DAILY):
            assert 0 <= row[B] < len(tables.contents)
        elif row[KIND] == Kind.TEST:
            assert 0 <= row[A] < len(tables.audiences)
        elif row[KIND] == Kind.CHANCE:
            bounds = tables.branches[row[FIRST] : row[FIRST] + row[COUNT], 0]
            assert np.all(np.diff(bounds) >= 0) and bounds[-1] == 2**32


def luck(happenings: dict[int, tuple[Happening, ...]], **answers: bool) -> Luck:
    return Luck(happenings, {"launched_app within 3d": True} | answers, {}, False, DATES)


def sent(trace: Trace) -> list[tuple[str, str, str]]:
    """Weekday and hour of what is done, with the step and what it is."""
    start = datetime.datetime.combine(ZERO, datetime.time())
    return [
        (f"{start + datetime.timedelta(seconds=time):%a %H:%M}", step, " ".join(action))
        for time, step, action in trace
        if action != "visit"
    ]


WEEK = ("Sat", "Sun", "Mon", "Tue", "Wed", "Thu", "Fri")
FRIDAY = 4 * DAY + 19 * 3_600

YOUTH = {
    1: (Happening(7_200, "opened", "invite", 1),),
    2: (Happening(6 * DAY + 18 * 3_600, "signed_in", "", 7),),
    3: (Happening(3_600, "took_part", "sign_in_lottery", 1),),
    6: (Happening(60, "opened", "knowledge", 1),),
    7: (Happening(60, "bought", "accident", 1),),
    8: (Happening(60, "browsed", "term_life", 1),),
}


def test_striving_youth_step_by_step() -> None:
    """One customer who does everything: channel, content, weekday and hour of each touch."""
    tables = compile_journey(load_journey("striving_youth", REPO), ZERO)
    trace = walk_tables(tables, luck(YOUTH), FRIDAY)
    assert sent(trace) == [
        ("Fri 19:00", "invite", "Send push sign_in_gift"),
        *((f"{day} 09:00", "remind", "Send push sign_in_reminder") for day in WEEK),
        ("Fri 15:00", "lottery", "Send push sign_in_lottery"),
        ("Mon 16:00", "knowledge", "Send service_account insurance_basics"),
        ("Mon 16:01", "offer", "Send service_account accident_product_page"),
        ("Mon 16:03", "hand_over", "HandOver Bought accident cover and looked at critical illness or life products"),
    ]  # fmt: skip
    assert [step for _, step, action in trace if action == "visit"] == list(tables.names)


@pytest.mark.parametrize("missing", [1, 2, 3, 6, 7, 8])
def test_striving_youth_ends_where_the_customer_does_not_follow(missing: int) -> None:
    journey = load_journey("striving_youth", REPO)
    happenings = {visit: each for visit, each in YOUTH.items() if visit != missing}
    trace = walk_tables(compile_journey(journey, ZERO), luck(happenings), FRIDAY)
    assert [step for _, step, action in trace if action == "visit"] == list(journey.steps)[:missing]
    reminders = sum(step == "remind" and action != "visit" for _, step, action in trace)
    assert reminders == (0 if missing == 1 else 14 if missing == 2 else 7)


def test_striving_youth_ends_for_those_who_are_no_longer_active() -> None:
    journey = load_journey("striving_youth", REPO)
    asleep = luck(YOUTH, **{"launched_app within 3d": False})
    trace = walk_tables(compile_journey(journey, ZERO), asleep, FRIDAY)
    assert trace[-1][1:] == ("active", "visit")


def test_wealth_rising_step_by_step() -> None:
    """Clicked, booked nothing, called, added on WeCom, came, looked at annuities, got a proposal, bought."""
    tables = compile_journey(load_journey("wealth_rising", REPO), ZERO)
    began = (datetime.date(2026, 3, 12) - ZERO).days * DAY + 10 * 3_600
    did = {
        1: ("agent_assigned", ""), 3: ("clicked", "invite"), 5: ("connected", "call"), 6: ("added_wecom", ""),
        7: ("booked", "salon"), 9: ("attended", "salon"), 10: ("browsed", "annuity"), 12: ("gap_assessed", ""),
        13: ("proposal_made", ""), 14: ("bought", "annuity"),
    }  # fmt: skip
    happenings = {visit: (Happening(3_600, event, about, 1),) for visit, (event, about) in did.items()}
    trace = walk_tables(tables, luck(happenings), began)
    assert [step for _, step, action in trace if action == "visit"] == list(tables.names)
    assert sent(trace)[:6] == [
        ("Thu 10:00", "assign", "HandOver Orphan with long-term cover - take over before the salon"),
        ("Thu 10:00", "invite", "Send sms salon_invitation"),
        ("Sat 10:00", "call", "Send call salon_call"),
        ("Sat 11:00", "wecom", "Send wecom wecom_add"),
        ("Sat 12:00", "chat", "Send wecom salon_chat"),
        ("Fri 09:00", "reminder", "Send sms salon_reminder"),
    ]
    booked_at_once = happenings | {3: (Happening(60, "booked", "salon", 1),), 4: ()}
    steps = [step for _, step, action in walk_tables(tables, luck(booked_at_once), began) if action == "visit"]
    assert steps[:5] == ["assign", "month_before", "invite", "before_salon", "reminder"]


@pytest.mark.parametrize(("about", "end"), [("first", "yes"), ("second", "no")])
def test_a_split_by_engagement_asks_about_the_touch_that_it_names(about: str, end: str) -> None:
    steps = {
        "first": {"send": {"push": "hello"}, "next": "second"},
        "second": {"send": {"sms": "hello"}, "next": "pause"},
        "pause": {"on": {"launched_app": "exit"}, "within": "1d", "else": "split"},
        "split": {"engagement": "first", "on": {"clicked": "yes"}, "else": "no"},
        "yes": {"go": "exit"},
        "no": {"go": "exit"},
    }
    contents = {"hello": {"kind": "care", "says": "Hello"}}
    journey = Journey.model_validate({"name": "any", "entry": {"on": "claimed"}, "contents": contents, "steps": steps})
    clicked = luck({3: (Happening(60, "clicked", about, 1),)})
    for trace in (walk_tables(compile_journey(journey, ZERO), clicked, 0), walk_model(journey, clicked, 0)):
        assert trace[-1][1] == end


@pytest.mark.parametrize(
    ("entry", "way", "parameters"),
    [
        ({"at": "2026-01-06 10:00"}, Way.MOMENT, (DAY + 36_000, 0, 0, 0)),
        ({"every": "fri 19:00"}, Way.CALENDAR, (0, 0, 0, 0)),
        ({"cron": "0 19 * * 5"}, Way.CALENDAR, (0, 0, 0, 0)),
        ({"on": "claim_paid"}, Way.TRIGGER, (0, 0, 0, 0)),
        ({"life_event": "child"}, Way.LIFE_EVENT, (1, 0, 0, 0)),
        ({"enters": "age <= 30"}, Way.ENTERS, (0, 0, 0, 0)),
        ({"leaves": "age <= 30"}, Way.LEAVES, (0, 0, 0, 0)),
        ({"did": "browsed", "but_not": "bought or claimed", "within": "3d"}, Way.DID_NOT, (3 * DAY, 1, 2, 0)),
        ({"before": "fair", "by": "1d", "at": "09:00"}, Way.MOMENT, (DAY + 9 * 3_600, 0, 0, 0)),
        ({"before": "premium_due", "by": "60d"}, Way.CUSTOMER_DATE, (NONE, 0, -60 * DAY, NONE)),
    ],
)
def test_every_way_in_has_its_row(entry: dict[str, str], way: Way, parameters: tuple[int, ...]) -> None:
    data = {
        "name": "any",
        "entry": entry,
        "events": {"fair": {"date": "2026-01-07 14:00"}},
        "steps": {"a": {"go": "exit"}},
    }
    tables = compile_journey(Journey.model_validate(data), ZERO)
    (row,) = tables.entries
    assert row[KIND] == way
    assert (row[A], row[B], row[C], row[D]) == parameters
    if way in (Way.ENTERS, Way.LEAVES):
        assert tables.audiences == ("age <= 30",)


def test_a_family_is_all_its_products_where_the_scenario_is_known() -> None:
    data = {
        "name": "any", "entry": {"on": "browsed(wealth)"}, "steps": {"a": {"go": "exit"}},
        "goal": {"reached": "bought", "within": "30d", "leave": True}, "reentry": {"after": "3d"},
    }  # fmt: skip
    names = Vocabulary(
        products={"annuity": ("wealth", True), "savings": ("wealth", True), "life": ("protection", True)}
    )
    tables = compile_journey(Journey.model_validate(data), ZERO, names)
    assert tables.arguments == ("annuity", "savings")
    assert tables.triggers[:, 1].tolist() == [0, 1, NONE]
    assert (tables.goal, tables.goal_seconds, tables.goal_leaves) == ((2, 1), 30 * DAY, True)
    assert (tables.reentry_after, tables.reentry_times, tables.exit_if) == (3 * DAY, NONE, NONE)
