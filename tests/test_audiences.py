"""Audiences and triggers: what is read, what is refused and where, and who is in an audience."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from quiet_world import base

from lifesim.engagement.journeys.audience import compile_audience
from lifesim.errors import InputError
from lifesim.scenario.journeys import Vocabulary, vocabulary
from lifesim.scenario.journeys.expressions import (
    COMPARISONS,
    Trigger,
    column_of,
    comparisons,
    unknown_names,
)
from lifesim.scenario.journeys.parsing import parse_audience, parse_triggers
from lifesim.scenario.journeys.words import CALLS, EVENTS, FLAGS, NUMBERS, SINCE
from lifesim.scenario.units import PathError
from lifesim.strategy import CustomerView
from lifesim.world.views import OBSERVABLE

SHOP = Vocabulary(
    products={"accident": ("protection", False), "illness": ("health", True), "annuity": ("wealth", True)},
    tags=("young", "rich"),
    branches=("north", "south"),
)
COLUMNS: dict[str, list[float]] = {
    "age": [20, 30, 31, 60],
    "policies": [0, 1, 2, 3],
    "orphan": [0, 1, 0, 1],
    "stage": [0, 1, 2, 4],
    "branch": [0, 1, 1, 0],
    "tag_young": [1, 1, 0, 0],
    "tenure_days": [10, 400, 365, 5000],
    "days_since_session": [0.5, 7, 7.5, 10_000],
    "days_since_browsed_annuity": [10_000, 2, 10_000, 3],
    "sum_assured_cny": [0, 800_000, 900_000, 100],
    "holds_accident": [False, True, False, True],
    "holds_illness": [False, False, True, False],
    "holds_annuity": [False, False, False, True],
    "consents_push": [1, 0, 1, 0],
}


def view(columns: dict[str, Any] = COLUMNS) -> CustomerView:
    rows = np.arange(len(next(iter(columns.values()))))
    given = {name: lambda world, rows, now, name=name: np.asarray(columns[name])[rows] for name in columns}
    return CustomerView(rows, given, None, 0, datetime.date(2026, 1, 5))


def who(text: str, names: Vocabulary | None = SHOP) -> list[int]:
    return np.flatnonzero(compile_audience(text, names)(view())).tolist()


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("age <= 30", [0, 1]),
        ("age == 30", [1]),
        ("age != 30y", [0, 2, 3]),
        ("age between 30 and 31", [1, 2]),
        ("tenure >= 1y", [1, 2, 3]),
        ("tenure < 365", [0]),
        ("policies = 0", [0]),
        ("orphan", [1, 3]),
        ("not orphan", [0, 2]),
        ("tag is young", [0, 1]),
        ("tag is not young", [2, 3]),
        ("stage is HOLDING", [2]),
        ("stage in (AWARENESS, CHURN_WARNING)", [0, 3]),
        ("stage not in (AWARENESS, CHURN_WARNING)", [1, 2]),
        ("branch is south", [1, 2]),
        ("launched_app within 7d", [0, 1]),
        ("not launched_app within 1w", [2, 3]),
        ("browsed(annuity) within 30d", [1, 3]),
        ("sum_assured <= 80万", [0, 1, 3]),
        ("sum_assured > 800_000", [2]),
        ("holds(accident)", [1, 3]),
        ("holds(health)", [2]),
        ("holds(long_term)", [2, 3]),
        ("consents(push)", [0, 2]),
        ("orphan or tag is young and policies = 0", [0, 1, 3]),
        ("(orphan or tag is young) and policies = 0", [0]),
        ("not (orphan or policies = 0)", [2]),
        ("not orphan and policies = 0", [0]),
        ("tag is young and launched_app within 7d and not holds(accident)", [0]),
    ],
)
def test_who_is_in_an_audience(text: str, rows: list[int]) -> None:
    assert who(text) == rows


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("", 0, "expected who, such as 'age <= 30', found the end"),
        ("age <= 7d", 7, "age is in years; write 7 or 7y"),
        ("age < old", 6, "expected a number of years"),
        ("age is 7", 4, "expected a comparison of age, such as 'age <= 30'"),
        ("age between 30 and 20", 0, "put the smaller number first"),
        ("tenure > 3 CNY", 11, "expected 'and', 'or' or the end, found 'CNY'"),
        ("tenure > 3x", 9, "is not a duration"),
        ("policies > 2d", 11, "policies is a count and has no unit; write 2"),
        ("sum_assured > 3d", 14, "'3d' is not an amount in CNY"),
        ("trust > 1", 0, "'trust' is hidden from the insurer"),
        ("orphan and segment is rich", 11, "'segment' is hidden from the insurer; write tag"),
        ("gap_health > 1", 0, "'gap_health' is hidden from the insurer"),
        ("trait_income > 1", 0, "'trait_income' is hidden from the insurer"),
        ("lauched_app within 7d", 0, "'lauched_app' cannot be observed; did you mean 'launched_app'?"),
        ("launched_app", 12, "expected 'within', found the end; say since when: launched_app within 7d"),
        ("launched_app within 7", 20, "has no unit"),
        ("launched_app(push) within 7d", 12, "'launched_app' takes nothing in parentheses"),
        ("opened in 3d", 7, "expected 'within', found 'in'; say since when: opened within 7d"),
        ("opened( within 3d", 8, "expected the name of a content"),
        ("holds accident", 6, "write holds(PRODUCT)"),
        ("holds(accident", 14, "a parenthesis is not closed"),
        ("consents(psh)", 9, "unknown channel or purpose 'psh'; did you mean 'push'?"),
        ("consents(offer)", 9, "unknown channel or purpose 'offer'; did you mean 'offers'?"),
        ("stage is HOLDNG", 9, "unknown stage 'HOLDNG'; did you mean 'HOLDING'?"),
        ("tag young", 4, "write tag is NAME"),
        ("age <= 30 an orphan", 10, "expected 'and', 'or' or the end, found 'an'"),
        ("age <= 30 and", 13, "expected what is known of a customer"),
        ("age ≤ 3", 4, "'≤' has no meaning here; write <="),
        ("（orphan", 0, "full-width '（'; write '('"),
        ("age >= -3", 7, "numbers here are 0 or more"),
        ("(" * 30 + "orphan" + ")" * 30, 21, "nested deeper than 20 levels"),
        ("not " * 30 + "orphan", 88, "nested deeper than 20 levels"),
        ("x" * 3_000, 0, "has 3,000 characters"),
    ],
)
def test_what_is_refused_and_where(text: str, at: int, said: str) -> None:
    with pytest.raises(PathError) as caught:
        parse_audience(text)
    assert said in str(caught.value)
    assert caught.value.offset == at


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("opened", [Trigger("opened")]),
        ("opened(invite)", [Trigger("opened", "invite", 1, 7)]),
        ("signed_in 7 days running", [Trigger("signed_in", "", 7)]),
        ("browsed(life) or bought", [Trigger("browsed", "life", 1, 8), Trigger("bought", "", 1, 17)]),
    ],
)
def test_triggers(text: str, found: list[Trigger]) -> None:
    assert list(parse_triggers(text)) == found


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("opned", 0, "unknown event 'opned'; did you mean 'opened'?"),
        ("signed_in 7 days", 16, "write signed_in 7 days running"),
        ("signed_in 1 days running", 10, "write a whole number from 2 to 365"),
        ("signed_in 7d days running", 10, "write a whole number from 2 to 365"),
        ("opened and clicked", 7, "expected 'and', 'or' or the end"),
        ("claimed(x)", 7, "takes nothing in parentheses"),
    ],
)
def test_triggers_that_are_refused(text: str, at: int, said: str) -> None:
    with pytest.raises(PathError) as caught:
        parse_triggers(text)
    assert said in str(caught.value) and caught.value.offset == at


def test_names_that_the_scenario_does_not_know() -> None:
    text = "tag is yung and holds(accidnt) and branch in (north, suth) and browsed(annuty) within 3d"
    assert unknown_names(parse_audience(text), SHOP) == [
        (7, "unknown tag 'yung'; did you mean 'young'?"),
        (22, "unknown product 'accidnt'; did you mean 'accident'?"),
        (53, "unknown branch 'suth'; did you mean 'south'?"),
        (71, "unknown product 'annuty'; did you mean 'annuity'?"),
    ]
    assert unknown_names(parse_audience(text), Vocabulary()) == []


def test_a_column_that_the_world_does_not_observe_is_named() -> None:
    with pytest.raises(InputError, match=r"does not observe: 'days_since_signed_in' cannot be observed"):
        who("signed_in within 7d")
    with pytest.raises(InputError, match=r"no product of the scenario is 'life'"):
        who("holds(life)")
    with pytest.raises(InputError, match=r"branch 'west' has no number"):
        who("branch is west")


def test_words_for_columns_of_today_are_those_of_the_world() -> None:
    """Every column that a world computes today has a word, so that an audience can ask about it."""
    told = {each.column for each in NUMBERS.values()} | set(FLAGS.values()) | set(SINCE.values())
    told |= {"stage", "branch"} | {name for name in OBSERVABLE if name.startswith("consents_")}
    assert set(OBSERVABLE) <= told
    assert set(CALLS) == {"holds", "consents"}


def test_the_vocabulary_of_a_scenario() -> None:
    names = vocabulary(base())
    assert names.held("long_term") == tuple(name for name, each in base().products.items() if each.term == "long")
    assert set(names.held("wealth")) < set(base().products)
    assert names.tags == tuple(base().segments)


# What holds for every audience


def _texts() -> st.SearchStrategy[tuple[str, Any]]:
    """Audiences with what they mean: a function from a row to true or false, written without the parser."""
    compared = {
        "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, "=": lambda a, b: a == b,
        "!=": lambda a, b: a != b, ">=": lambda a, b: a >= b, ">": lambda a, b: a > b,
    }  # fmt: skip
    assert tuple(compared) == COMPARISONS
    number = st.tuples(st.sampled_from(["age", "policies"]), st.sampled_from(COMPARISONS), st.integers(0, 60)).map(
        lambda t: (f"{t[0]} {t[1]} {t[2]}", lambda row: compared[t[1]](COLUMNS[t[0]][row], t[2]))
    )
    happened = st.integers(1, 12).map(
        lambda days: (f"launched_app within {days}d", lambda row: COLUMNS["days_since_session"][row] <= days)
    )
    flag = st.just(("orphan", lambda row: COLUMNS["orphan"][row] == 1))

    def longer(inner: Any) -> Any:
        pair = st.tuples(inner, inner)
        return (
            pair.map(lambda p: (f"({p[0][0]}) and ({p[1][0]})", lambda row: p[0][1](row) and p[1][1](row)))
            | pair.map(lambda p: (f"({p[0][0]}) or ({p[1][0]})", lambda row: p[0][1](row) or p[1][1](row)))
            | inner.map(lambda p: (f"not ({p[0]})", lambda row: not p[1](row)))
        )

    return st.recursive(number | happened | flag, longer, max_leaves=8)


@given(_texts())
def test_an_audience_is_who_it_says(case: tuple[str, Any]) -> None:
    text, meant = case
    assert who(text) == [row for row in range(4) if meant(row)]


@given(st.text("()=<>, ageorphntwid7!and ", max_size=40))
def test_any_text_is_an_audience_or_refused_at_a_place_in_it(text: str) -> None:
    at = 0
    try:
        found = parse_audience(text)
    except PathError as error:
        at = error.offset
    else:
        assert all(column_of(each) for each in comparisons(found))
    assert 0 <= at <= len(text)


def test_every_event_is_named_in_two_languages() -> None:
    for name, each in EVENTS.items():
        assert all(each.meaning), name
