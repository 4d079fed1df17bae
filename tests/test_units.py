"""Quantities: what is accepted, what is refused and why, and exact round trips."""

from __future__ import annotations

import datetime
import re
from contextlib import suppress
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from lifesim.scenario import units

DAY = 86_400
YEAR = 365 * DAY


def parse(kind: Any, value: object) -> Any:
    return TypeAdapter(kind).validate_python(value)


def refusal(kind: Any, value: object) -> str:
    with pytest.raises(ValidationError) as caught:
        parse(kind, value)
    return str(caught.value.errors()[0]["ctx"]["error"])


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        (units.Duration, "90d", 90 * DAY),
        (units.Duration, "2w", 14 * DAY),
        (units.Duration, "3y", 3 * YEAR),
        (units.Duration, "12h", 43_200),
        (units.Duration, "30min", 1_800),
        (units.Duration, "45s", 45),
        (units.Duration, "0d", 0),
        (units.Duration, "1.5h", 5_400),
        (units.PositiveDuration, "1s", 1),
        (units.Share, "60%", 0.6),
        (units.Share, 0.6, 0.6),
        (units.Share, 0, 0.0),
        (units.Share, "100%", 1.0),
        (units.Share, "0.07%", 0.0007),
        (units.Points, "0.5pp", 0.005),
        (units.Points, "-2pp", -0.02),
        (units.Limit, "0.5pp", 0.005),
        (units.Limit, 10, 10.0),
        (units.Money, 12, 1_200),
        (units.Money, 12.5, 1_250),
        (units.Money, "12.50", 1_250),
        (units.Money, "1_200 CNY", 120_000),
        (units.Money, "80万", 80_000_000),
        (units.Money, "0.29", 29),
        (units.Rate, "3/y", 3 / YEAR),
        (units.Rate, "0.4/month", 0.4 / (YEAR / 12)),
        (units.Rate, "2/w", 2 / (7 * DAY)),
        (units.Rate, "0.1/d", 0.1 / DAY),
        (units.ClockTime, "09:00", 9 * 3_600),
        (units.ClockTime, "19:30", 19 * 3_600 + 1_800),
        (units.EndTime, "09:00", 9 * 3_600),
        (units.EndTime, "24:00", DAY),
        (units.Count, "50_000", 50_000),
        (units.Count, 50_000, 50_000),
        (units.Real, 3, 3.0),
        (units.Real, -0.23, -0.23),
        (units.Name, "striving_youth", "striving_youth"),
        (units.Name, "奋斗青年", "奋斗青年"),
        (units.Date, "2026-01-05", datetime.date(2026, 1, 5)),
    ],
)
def test_accepts(kind: Any, written: object, value: object) -> None:
    result = parse(kind, written)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("kind", "written", "says"),
    [
        (units.Duration, 90, "90 has no unit; write 90d"),
        (units.Duration, "90", "write 90d"),
        (units.Duration, True, "true is not a duration"),
        (units.Duration, None, "an empty value is not a duration"),
        (units.Duration, "-3d", "negative"),
        (units.Duration, "0.3s", "whole number of seconds"),
        (units.Duration, "61y", "at most 60y"),
        (units.Duration, "1e999y", "at most 60y"),
        (units.Duration, "90 days", "write 90d, 2w"),
        (units.Duration, "９０d", "full-width characters; write 90d"),
        (units.PositiveDuration, "0d", "longer than 0s"),
        (units.Share, 60, "write '60%'"),
        (units.Share, "60", "write '60%'"),
        (units.Share, "130%", "outside 0% to 100%"),
        (units.Share, -0.1, "outside 0% to 100%"),
        (units.Share, True, "not a share"),
        (units.Share, float("nan"), "not a share"),
        (units.Share, 10**400, "not a share"),
        (units.Share, "６０％", "full-width characters; write 60%"),
        (units.Points, 0.5, "write 0.5pp"),
        (units.Points, "0.5%", "write 0.5pp"),
        (units.Points, "101pp", "beyond 100pp"),
        (units.Limit, "5%", "is a share; write 5pp"),
        (units.Limit, "x", "not a limit; write 0.5pp"),
        (units.Limit, True, "not a number"),
        (units.PositiveDuration, 0, "0 is zero; give a duration longer than 0s"),
        (units.Money, -1, "negative"),
        (units.Money, "-0.01 CNY", "negative"),
        (units.Money, "3 USD", "in USD; write the amount in CNY"),
        (units.Money, "12.345", "fraction of a fen"),
        (units.Money, 12.345, "fraction of a fen"),
        (units.Money, 1e20, "too large"),
        (units.Money, False, "not an amount"),
        (units.Money, float("inf"), "not an amount"),
        (units.Rate, 3, "write 3/y"),
        (units.Rate, "-1/y", "negative"),
        (units.Rate, "3/fortnight", "write 3/y, 0.4/month"),
        (units.Rate, "1e999/s", "too large"),
        (units.ClockTime, "24:00", "write 09:00"),
        (units.EndTime, "24:01", "'24:01' is not a time of day; write 19:30, or 24:00 for its end"),
        (units.ClockTime, 900, "write 09:00"),
        (units.Count, True, "true is not a whole number"),
        (units.Count, 3.0, "not a whole number"),
        (units.Count, "5万", "write 50000"),
        (units.Count, "5_000人", "write 5000"),
        (units.Count, "1.5人", "write 50000 or 50_000"),
        (units.Real, "25岁", "write 25"),
        (units.Real, "２５ years", "write 25"),
        (units.Real, "12.5%", "write 0.125"),
        (units.Real, "old", "write one such as 0.23"),
        (units.Count, -3, "negative"),
        (units.Count, 2**63, "too large"),
        (units.Real, "3", "not a number"),
        (units.Real, True, "not a number"),
        (units.Real, float("nan"), "not a finite number"),
        (units.Real, float("inf"), "not a finite number"),
        (units.Real, 10**400, "not a finite number"),
        (units.Name, "../x", "start with a letter"),
        (units.Name, "a/b", "start with a letter"),
        (units.Name, "a" * 61, "60 characters"),
        (units.Name, "", "start with a letter"),
        (units.Name, " a", "start with a letter"),
        (units.Name, 3, "start with a letter"),
        (units.Date, "2026-02-30", "not in the calendar"),
        (units.Date, "5.1.2026", "write 2026-01-05"),
    ],
)
def test_refuses_in_one_line_with_a_remedy(kind: Any, written: object, says: str) -> None:
    message = refusal(kind, written)
    assert says in message
    assert "\n" not in message
    assert len(message) < 160


def test_ten_cents_are_exact_where_floats_are_not() -> None:
    assert parse(units.Money, 0.1) + parse(units.Money, 0.2) == parse(units.Money, 0.3)
    assert parse(units.Money, "90071992547409.93") == 9_007_199_254_740_993


class Everything(BaseModel):
    duration: units.Duration = 0
    share: units.Share = 0.0
    points: units.Points = 0.0
    money: units.Money = 0
    rate: units.Rate = 0.0
    clock: units.ClockTime = 0
    end: units.EndTime = 0
    count: units.Count = 0
    real: units.Real = 0.0
    name: units.Name = "a"
    date: units.Date = datetime.date(2026, 1, 5)


FINITE = st.floats(allow_nan=False, allow_infinity=False)

EVERYTHING = st.builds(
    Everything.model_construct,
    duration=st.integers(0, 60 * YEAR),
    share=st.floats(0.0, 1.0),
    points=st.floats(-1.0, 1.0),
    money=st.integers(0, 2**63 - 1),
    rate=st.floats(0.0, 1e300),
    clock=st.integers(0, 24 * 60 - 1).map(lambda minutes: minutes * 60),
    end=st.integers(0, 24 * 60).map(lambda minutes: minutes * 60),
    count=st.integers(0, 2**63 - 1),
    real=FINITE,
    name=st.from_regex(r"[A-Za-z\u4e00-\u9fff][A-Za-z0-9_\-\u4e00-\u9fff]{0,59}", fullmatch=True),
    date=st.dates(),
)


@settings(deadline=None)
@given(EVERYTHING)
def test_a_dump_validates_to_the_same_value(model: Everything) -> None:
    assert Everything.model_validate(model.model_dump(mode="json")) == model
    assert Everything.model_validate(model.model_dump()) == model
    assert Everything.model_validate_json(model.model_dump_json()) == model


@settings(deadline=None)
@given(st.one_of(st.text(max_size=30), st.integers(), st.floats(), st.booleans(), st.none()))
def test_any_input_is_refused_or_round_trips(value: object) -> None:
    for name in Everything.model_fields:
        with suppress(ValidationError):
            model = Everything.model_validate({name: value})
            assert Everything.model_validate(model.model_dump(mode="json")) == model


def test_dumps_are_written_as_people_write_them() -> None:
    dumped = Everything(
        duration="90d",
        points="0.5pp",
        money="12.50",
        clock="9:00",  # type: ignore[arg-type]
    ).model_dump(mode="json")
    assert dumped["duration"] == "90d"
    assert dumped["points"] == "0.5pp"
    assert dumped["money"] == "12.50 CNY"
    assert dumped["clock"] == "09:00"


class Unions(BaseModel):
    wait: units.Duration | Literal["forever"]
    limit: units.Points | units.Real
    until: units.Duration | None = None


@pytest.mark.parametrize(
    "given",
    [
        {"wait": "forever", "limit": "0.5pp"},
        {"wait": "5400s", "limit": 7.0, "until": "3d"},
        {"wait": "1d", "limit": -0.25},
    ],
)
def test_members_of_unions_round_trip(given: dict[str, Any]) -> None:
    model = Unions.model_validate(given)
    assert Unions.model_validate(model.model_dump(mode="json")) == model


def test_schema_describes_each_type_and_its_pattern_holds_its_examples() -> None:
    for name, schema in Everything.model_json_schema()["properties"].items():
        assert schema["description"], name
        members = schema.get("anyOf", [schema])
        assert all(each["type"] in ("string", "integer", "number") for each in members)
        patterns = [each["pattern"] for each in members if "pattern" in each]
        for example in schema["examples"]:
            Everything.model_validate({name: example})
            if isinstance(example, str) and patterns:
                assert re.search(patterns[0], example)


def test_path_error_keeps_path_and_message() -> None:
    error = units.PathError(("arms", 0), "wrong")
    assert isinstance(error, ValueError)
    assert (error.path, error.message, str(error)) == (("arms", 0), "wrong", "wrong")
