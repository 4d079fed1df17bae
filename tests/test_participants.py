"""Journeys on the page: the figures of the trade, and participants against everyone and against themselves."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import pytest
from journey_worlds import a_journey, obliging, under

import lifesim
from lifesim.experiment.result import Result
from lifesim.report.catalogue import Catalogue
from lifesim.report.journeys.rates import journey_rates
from lifesim.report.journeys.selection import selection

ENTRY = {"at": "2026-01-09 19:00", "who": "policies < 1 and launched_app within 10d"}
GAME = {"kind": "service", "visit": 0.0, "prompts": {"took_part": 0.5, "left_contact": 0.25}}


@cache
def result(lift: float) -> Result:
    """Those without a policy who use the app play a game that moves the hazard of a need by ``lift``."""
    moving = GAME | {"lifts": {"AWARENESS.need_formed": lift}} if lift else GAME
    scenario = obliging(game=moving)
    steps = {"play": {"send": {"push": "game"}, "on": {"took_part(game)": "exit"}, "within": "2d", "else": "exit"}}
    goal = {"reached": "launched_app", "within": "20d"}
    walk = a_journey(steps, entry=ENTRY, goal=goal)
    population = {"branches": {"north": 900}, "segments": {"mainstream": 1.0}}
    experiment = {"replications": 2, "seed": 3, "event_share": 1.0}
    scenario = scenario.replace(
        population=population, experiment=experiment, acquisition={}, market={"luck": 0, "season": {}}
    )
    return lifesim.compare(scenario, {"control": under(), "played": under(walk)}, workers=1)


class Stored:
    """The result as a stored run, as far as reports ask."""

    def __init__(self, of: Result) -> None:
        self.tables, self.of = list(of.tables), of
        self.extra: dict[str, Any] = {}
        described = {name: {"label_en": name, "unit": "share"} for name in ("first_purchase_rate", "retention_rate")}
        contents = {name: {"kind": each.kind} for name, each in of.scenario.contents.items()}
        self.manifest: dict[str, Any] = {
            "metrics": described, "contents": contents, "scenario": {"primary": "first_purchase_rate"},
        }  # fmt: skip

    def table(self, name: str) -> Any:
        return self.extra[name] if name in self.extra else self.of.tables[name]


def sums(of: Result) -> dict[str, int]:
    rows = of.tables["participants"]
    mine = rows[rows["metric"] == "first_purchase_rate"]
    assert set(mine["arm"]) == {"played"} and set(mine["journey"]) == {"walk"}
    return {str(name): int(n) for name, n in mine.select_dtypes("number").sum().items()}


def test_a_journey_without_effect_has_none_on_participants_whoever_they_are() -> None:
    found = sums(result(0.0))
    assert found["numerator"] == found["control_numerator"] > 0
    assert found["denominator"] == found["control_denominator"]
    naive = found["numerator"] / found["denominator"] - found["everyone_numerator"] / found["everyone_denominator"]
    assert naive != 0


def test_a_journey_with_effect_has_it_on_those_who_took_part() -> None:
    found = sums(result(400.0))
    assert found["numerator"] > 1.5 * found["control_numerator"]


def test_participants_are_those_who_came_in() -> None:
    of = result(0.0)
    entered = of.tables["journeys"].set_index("measure").loc["entered", "value"].sum()
    # A few who came in joined after the fork, or bought before it.
    assert 0.9 * entered < sums(of)["denominator"] <= entered


def test_prompts_count_what_customers_were_asked_for() -> None:
    of = result(0.0)
    counts = of.tables["prompts"].groupby("event")["count"].sum()
    ways = of.tables["journey_steps"].set_index("way")["customers"]
    assert counts["took_part"] == ways["took_part(game)"].sum() > 0
    assert counts["left_contact"] < counts["took_part"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_has_the_figures_of_the_trade(lang: str) -> None:
    of, t = result(0.0), Catalogue(lang)
    shown = {rate.label: rate for rate in journey_rates(Stored(of), t)}
    entered = of.tables["journeys"].set_index("measure").loc["entered", "value"].sum()
    assert shown[t("rate.reach")].value == "100.0%"
    assert shown[t("rate.part")].bottom == f"{entered:,}"
    assert t("rate.booked") not in shown, "nobody was invited"
    assert shown[t("rate.cycle")].value.startswith(("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"))
    first = selection(Stored(of), t)[0]
    assert first.naive != first.effect and first.effect.startswith("0")


def test_participants_are_judged_by_the_rules_of_all_effects() -> None:
    """No verdict below five replications, nor where fewer than five differ, whatever the interval excludes."""

    def judged(*differences: int) -> str:
        stored = Stored(result(0.0))
        rows = [
            {
                "arm": "played", "journey": "walk", "metric": "first_purchase_rate", "replication": k,
                "numerator": 10 + more, "denominator": 100, "control_numerator": 10, "control_denominator": 100,
                "everyone_numerator": 30, "everyone_denominator": 900,
            }
            for k, more in enumerate(differences)
        ]  # fmt: skip
        stored.extra["participants"] = pd.DataFrame(rows)
        stored.manifest["metrics"]["first_purchase_rate"]["better"] = "higher"
        (row,) = selection(stored, Catalogue("en"))
        return row.verdict

    assert judged(2, 3, 2, 3, 2) == "better" and judged(-2, -3, -2, -3, -2) == "worse"
    assert judged(2, 3, 2, 3) == "hint" and judged(0, 2, 2, 2, 2) == "too few"
    assert judged(0, 0, 0, 0, 0, 0) == "none seen" and judged(1, -1, 1, -1, 1, -1) == "unclear"
    assert judged(4) == "unclear", "one replication has no interval"


def test_the_time_to_the_goal_is_that_since_entry() -> None:
    of = result(0.0)
    totals = of.tables["journeys"].groupby("measure")["value"].sum()
    assert 0 < totals["seconds_to_goal"] / totals["converted"] < 20 * 86_400


def test_a_journey_without_a_goal_converts_nobody_and_does_not_say_so() -> None:
    walk = a_journey({"wait": {"wait": "1d", "next": "exit"}}, entry=ENTRY)
    of = lifesim.compare(obliging().replace(horizon="10d"), {"control": under(), "walk": under(walk)}, workers=1)
    assert set(of.tables["journeys"]["measure"]) == {"entered"}
    labels = [rate.label for rate in journey_rates(Stored(of), Catalogue("en"))]
    assert Catalogue("en")("rate.converted") not in labels


def test_retention_during_a_benefit_and_after_it_stand_apart() -> None:
    weeks = [(campaign, since, customers, came)
             for campaign in ("walk", "other")
             for since, customers, came in (("beginning", 200, 150), ("end", 100, 20))]  # fmt: skip
    table = pd.DataFrame(weeks, columns=["campaign", "since", "customers", "came"]).assign(arm="played")
    stored, t = Stored(result(0.0)), Catalogue("zh")
    stored.tables = [*stored.tables, "benefits"]
    stored.extra = {"benefits": table}
    shown = {rate.label: (rate.top, rate.bottom, rate.value) for rate in journey_rates(stored, t)}
    assert shown[t("rate.week_beginning")] == ("150", "200", "75.0%")
    assert shown[t("rate.week_end")] == ("20", "100", "20.0%")


def test_a_run_without_journeys_shows_neither() -> None:
    of = lifesim.compare(obliging().replace(horizon="5d"), {"control": under(), "same": under()}, workers=1)
    assert "participants" not in of.tables
    assert journey_rates(Stored(of), Catalogue("en")) == [] and selection(Stored(of), Catalogue("en")) == []
