"""Every problem of a scenario in one go, each with place, path and remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from lifesim.errors import ScenarioError
from lifesim.scenario.units import (
    ClockTime,
    Count,
    Duration,
    Money,
    Name,
    PathError,
    PositiveDuration,
    Share,
)
from lifesim.scenario.validate import load_model, suggest


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Product(Part):
    premium: Money
    grace: Duration = 0
    family: Literal["health", "wealth"] = "health"


class Weekly(Part):
    kind: Literal["weekly"]
    day: Count


class Daily(Part):
    kind: Literal["daily"]
    at: ClockTime


class Every(Part):
    every: PositiveDuration


class Once(Part):
    at: ClockTime
    day: Count


class Arm(Part):
    orchestration: tuple[Name | dict[Name, dict[str, Any]], ...] = ()
    live: bool = True


class Scenario(Part):
    name: Name
    horizon: PositiveDuration
    question: str = ""
    warm_up: Duration | None = None
    limit: int = Field(default=1, ge=1)
    segments: dict[Name, Share] = {}
    products: dict[Name, Product] = {}
    arms: dict[Name, Arm] = {}
    when: Every | Once | None = None
    slot: Annotated[Weekly | Daily, Field(discriminator="kind")] | None = None
    names: list[Name] = []

    @model_validator(mode="after")
    def _sums(self) -> Scenario:
        if self.segments and sum(self.segments.values()) != 1.0:
            raise PathError(("segments",), "shares must sum to 100%")
        for product in self.products:
            if product == "forbidden":
                raise PathError(("products", product, "premium"), "must not be sold")
        if self.name == "bad":
            raise ValueError("a bad\nname")
        return self


MINIMAL = "name: a\nhorizon: 1d\n"


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def load(text: str) -> Scenario:
    Path("s.yaml").write_text(text, encoding="utf-8")
    return load_model(Path("s.yaml"), Scenario)[0]


def lines(text: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load(text)
    assert caught.value.exit_code == 2
    return str(caught.value).split("\n")


def test_a_good_file_gives_the_model_and_its_source() -> None:
    Path("s.yaml").write_text(MINIMAL + "products: {term: {premium: 80万}}\n", encoding="utf-8")
    scenario, source = load_model(Path("s.yaml"), Scenario)
    assert scenario.horizon == 86_400
    assert scenario.products["term"].premium == 80_000_000
    assert source.position(("products", "term", "premium")) == "s.yaml:3:28"


def test_all_problems_at_once_in_the_order_of_the_files() -> None:
    Path("base.yaml").write_text("products: {x: {premium: -3, grace: {fact: contract.grace}}}\n")
    text = (
        "extends: base.yaml\n"
        "name: two words\n"
        "horizn: 365d\n"
        "warm_up: 90\n"
        "segments: {a: 60%, a: 30%, b: 50}\n"
        "products: {y: {premium: 3, family: helth}}\n"
    )
    assert lines(text) == [
        "s.yaml:1:1: horizon: missing key 'horizon'; add it",
        "s.yaml:2:7: name: 'two words' is not a name; start with a letter, then letters, digits, "
        "_ or - (60 characters at most)",
        "s.yaml:3:1: horizn: unknown key 'horizn'; did you mean 'horizon'?",
        "s.yaml:4:10: warm_up: 90 has no unit; write 90d for days",
        "s.yaml:5:20: segments.a: key 'a' is given twice, first on line 5; remove one",
        "s.yaml:5:31: segments.b: 50 is above 1; write '50%' for a percentage",
        "s.yaml:6:36: products.y.family: 'helth' is unknown; did you mean 'health'?",
        "base.yaml:1:25: products.x.premium: -3 is negative; write an amount of 0 or more",
        "base.yaml:1:36: products.x.grace: unknown fact 'contract.grace'; did you mean 'contract.grace_days'?",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("products:\n  x: {}", "4:3: products.x.premium: missing key 'premium'; add it"),
        ("products: 3", "3:11: products: 3 is not a mapping of 'key: value' lines"),
        ("arms:", "3:1: arms: an empty value is not a mapping of 'key: value' lines"),
        ("arms: {x: {live: 3x}}", "3:18: arms.x.live: '3x' is not true or false"),
        ("question: 3", "3:11: question: 3 is not text; put it in quotes"),
        ("question: [a]", "3:1: question: a list is not text"),
        ("limit: 0", "3:8: limit: 0 must be at least 1"),
        ("limit: x", "3:8: limit: 'x' is not a whole number"),
        ("names: [a, b c]", "3:12: names[1]: 'b c' is not a name; start with"),
        ("names: x", "3:8: names: 'x' is not a list such as [a, b]"),
        ("segments: {a b: 100%}", "3:12: segments.a b: 'a b' is not a name; start with"),
        ("“names”: [a]", "3:1: “names”: unknown key '“names”'; did you mean 'names'?; full-width"),
        ("names:  a，b", "3:9: names: 'a，b' is not a list such as [a, b]; full-width '，'"),
        ("arms: {x: {speed: 3}}", "3:12: arms.x.speed: unknown key 'speed'; known: live, orch"),
        ("products: {x: {premum: 3, premium: 3}}", "3:16: products.x.premum: unknown key 'premum'; "
         "did you mean 'premium'?"),
    ],
)  # fmt: skip
def test_one_problem(text: str, problem: str) -> None:
    (line,) = lines(MINIMAL + text + "\n")
    assert line.startswith("s.yaml:" + problem)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("when: {every: 0d}", "3:15: when.every: '0d' is zero"),
        ("when: {evry: 1d}", "3:8: when.evry: unknown key 'evry'; did you mean 'every'?"),
        ("when: {at: 9am, day: 1}", "3:12: when.at: '9am' is not a time of day"),
        ("when: 3", "3:7: when: 3 is not a mapping of 'key: value' lines"),
        ("arms: {x: {orchestration: [a, 4]}}", "3:31: arms.x.orchestration[1]: 4 is not a name"),
        ("arms: {x: {orchestration: [{b: 3}]}}", "3:32: arms.x.orchestration[0].b: 3 is not a map"),
        ("slot: {kind: daily, at: 9am}", "3:25: slot.at: '9am' is not a time of day"),
        (
            "slot: {kind: daily, att: 9:00, at: 9:00}",
            "3:21: slot.att: unknown key 'att'; did you m",
        ),
        ("slot: {kind: dayly, at: 9:00}", "3:1: slot: 'dayly' is unknown; did you mean 'daily'?"),
        ("slot: {at: 9:00}", "3:1: slot: missing key 'kind'; add it"),
    ],
)
def test_of_a_union_only_the_likeliest_member_complains(text: str, problem: str) -> None:
    found = lines(MINIMAL + text + "\n")
    assert any(line.startswith("s.yaml:" + problem) for line in found)
    assert len(found) <= 2


def test_validators_point_at_a_key_or_at_their_model() -> None:
    assert lines(MINIMAL + "segments: {a: 60%}\n") == ["s.yaml:3:1: segments: shares must sum to 100%"]
    assert lines(MINIMAL + "products:\n  forbidden: {premium: 3}\n") == [
        "s.yaml:4:24: products.forbidden.premium: must not be sold"
    ]
    assert lines("name: bad\nhorizon: 1d\n") == ["s.yaml:1:1: a bad name"]


def _no_x(text: str) -> str:
    if "x" in text:
        raise PathError((), "no x here", offset=text.index("x"))
    return text


class Texts(Part):
    text: Annotated[str, AfterValidator(_no_x)] = ""
    by: dict[Annotated[str, AfterValidator(_no_x)], int] = {}


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("text: abx", "1:9: text"),
        ("text: 'abx'", "1:10: text"),
        ("text: xab", "1:7: text"),
        ("text: ab\n  cx", "1:7: text"),  # over several lines nothing inside has a column
        ("text: |\n  cx", "1:7: text"),
        ("by: {abx: 1}", "1:8: by.abx"),
    ],
)
def test_what_is_wrong_inside_of_a_text_has_a_column(written: str, place: str) -> None:
    Path("t.yaml").write_text(written)
    with pytest.raises(ScenarioError) as caught:
        load_model(Path("t.yaml"), Texts)
    assert str(caught.value) == f"t.yaml:{place}: no x here"


def test_what_could_not_be_read_is_reported_once() -> None:
    assert lines("name: a\nhorizon: {fact: contract.grace_day}\n") == [
        "s.yaml:2:10: horizon: unknown fact 'contract.grace_day'; did you mean 'contract.grace_days'?"
    ]


def test_a_value_of_the_wrong_kind_from_a_fact_names_the_scenario() -> None:
    (line,) = lines(MINIMAL + "products: {x: {premium: {fact: money.phone_contact_cost_usd, pick: low}}}")
    assert line == ("s.yaml:3:25: products.x.premium: '8 USD' is in USD; write the amount in CNY")


def test_long_values_are_shortened() -> None:
    (line,) = lines(MINIMAL + f"warm_up: {'x' * 5_000}\n")
    assert len(line) < 200


def test_suggest() -> None:
    assert suggest("horizn", ["horizon", "name"]) == "; did you mean 'horizon'?"
    assert suggest("qqq", ["b", "a"]) == "; known: a, b"
    assert suggest("qqq", []) == "; nothing is known here"
    assert suggest("qqq", [f"n{i:02d}" for i in range(25)]).endswith("n19 and 5 more")
