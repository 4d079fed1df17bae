"""The facts file and the table of where every parameter comes from."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest
from pydantic import BaseModel, Field, TypeAdapter

from lifesim.errors import ScenarioError
from lifesim.scenario.facts import CONFIDENCES, listing, load_facts, read_facts
from lifesim.scenario.units import Duration, Money, Name, Points, Rate, Share
from lifesim.scenario.validate import load_model


def test_figures_ranges_and_sources_are_carried() -> None:
    facts = load_facts()
    assert len(facts) == 58
    opened = facts["messages.push_open"]
    assert (opened.value, opened.low, opened.high) == (0.07, 0.005, 0.11)
    assert (opened.unit, opened.confidence) == ("finance", "low")
    assert "few per mille" in opened.source
    surrender = facts["lapse_and_persistency.surrender_by_policy_year_infra_annual"]
    assert surrender.value == (0.0898, 0.0656, 0.0578, 0.0502, 0.0442)
    assert facts["agents.china_agent_count_millions"].value == {
        "2019": 9.12, "2020": 8.43, "2021": 5.91, "2023": 2.81,
    }  # fmt: skip
    assert facts["money.renewal_commission"].value is None


def test_every_fact_says_where_it_comes_from() -> None:
    for name, fact in load_facts().items():
        assert fact.name == name
        assert fact.confidence in CONFIDENCES
        # "same" would mean nothing once the entry is shown alone.
        assert fact.source, name
        assert not fact.source.startswith("same"), name


def test_ranges_hold_their_figures() -> None:
    for name, fact in load_facts().items():
        if fact.low is not None and fact.high is not None:
            assert fact.low <= fact.high, name
            if fact.value is not None:
                assert isinstance(fact.value, (int, float))
                assert fact.low <= fact.value <= fact.high, name


def test_units_of_facts_are_those_of_our_types() -> None:
    kinds = {"{}d": Duration, "{}y": Duration, "{}pp": Points, "{}/y": Rate, "{} CNY": Money}
    seen = set()
    for fact in load_facts().values():
        if fact.form not in ("{}", "{} USD"):
            seen.add(fact.form)
            TypeAdapter(kinds[fact.form]).validate_python(fact.form.format(fact.value))
    assert seen == set(kinds)


def test_facts_are_read_once_and_travel_to_workers() -> None:
    assert load_facts() is load_facts()
    fact = load_facts()["agents.china_agent_count_millions"]
    assert pickle.loads(pickle.dumps(fact)) == fact


GOOD = "value: 1, source: s, confidence: high"


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("3", "a fact is a mapping"),
        ("{value: 1, confidence: high}", "no source"),
        ("{source: s, confidence: high}", "no figure"),
        ("{value: 1, source: s, confidence: sure}", "confidence must be one of"),
        ("{value: x, source: s, confidence: high}", "'x' is not a number"),
        (f"{{{GOOD}, low: [1, 2]}}", "single numbers"),
        (f"{{{GOOD}, units: d}}", "unknown field 'units'; did you mean 'unit'?"),
        (f"{{{GOOD}, as: d}}", "must hold {} once"),
    ],
)
def test_a_fact_that_cannot_be_used(entry: str, says: str) -> None:
    with pytest.raises(ScenarioError, match=r"^f\.yaml:2:3: group\.entry: ") as caught:
        read_facts(f"group:\n  entry: {entry}\n", "f.yaml")
    assert says in str(caught.value)


class Product(BaseModel):
    premium: Money = Field(json_schema_extra={"unit": "CNY a year"}, description="first premium")
    grace: Duration = Field(description="time to pay late")


class Shop(BaseModel):
    name: Name
    open: Share
    hazard: list[Share]
    days: list[Duration]
    products: dict[Name, Product]
    shares: dict[Name, Share] = Field(json_schema_extra={"unit": "of customers"})
    arms: dict[Name, dict[str, int]]


def test_listing_has_a_row_for_each_figure_with_its_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("base.yaml").write_text(
        "products:\n"
        "  term: {premium: 1_200 CNY, grace: {fact: contract.grace_days, times: 0.5}}\n"
        "open: {fact: messages.push_open, pick: low}\n"
    )
    Path("shop.yaml").write_text(
        "extends: base.yaml\n"
        "name: shop\n"
        "hazard: {fact: sales.phone_sale_hazard_by_call}\n"
        "days: [1d, 2d]\n"
        "shares: {a: 60%}\n"
        "arms: {silence: {}}\n"
    )
    shop, source = load_model(Path("shop.yaml"), Shop)
    rows = {row["parameter"]: row for row in listing(source, shop)}
    assert set(rows) == {
        "open", "hazard", "days", "products.term.premium", "products.term.grace", "shares.a",
    }  # fmt: skip
    assert rows["products.term.premium"] == {
        "parameter": "products.term.premium",
        "value": "1_200 CNY",
        "unit": "CNY a year",
        "source": "assumption",
        "confidence": "assumption",
        "place": "base.yaml:2",
    }
    assert rows["products.term.grace"]["value"] == "30d"
    assert rows["products.term.grace"]["confidence"] == "high"
    assert rows["products.term.grace"]["unit"] == "time to pay late"
    assert rows["products.term.grace"]["source"] == ("fact contract.grace_days × 0.5 (high): Chinese insurance law")
    assert re.fullmatch(r"fact messages\.push_open low \(low\): contentbase; .*", rows["open"]["source"])
    assert rows["open"]["value"] == "0.005"
    assert rows["hazard"]["value"] == "[0.0195, 0.0206, 0.02, 0.0159, 0.0131]"
    assert rows["hazard"]["source"].startswith("fact sales.phone_sale_hazard_by_call (high): ")
    assert rows["days"]["value"] == "[1d, 2d]"
    assert rows["shares.a"] == {
        "parameter": "shares.a",
        "value": "60%",
        "unit": "of customers",
        "source": "assumption",
        "confidence": "assumption",
        "place": "shop.yaml:5",
    }
