"""Simulated figures beside their sources: what is out of range is marked, and nothing is not 0."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from quiet_world import base, described

import lifesim
from lifesim.experiment.figures import compare_facts
from lifesim.experiment.store import RunWriter
from lifesim.report import listings


def a_run(folder: Path, touches: list[tuple[str, str, str, int]]) -> Path:
    """A run whose control arm sent these: channel, content, outcome, count."""
    contents = {"offer": {"kind": "product_offer"}, "notice": {"kind": "service"}}
    rows = [
        {"replication": 0, "branch": "a", "arm": arm, "campaign": "c", "channel": channel, "content": content,
         "outcome": outcome, "count": count}
        for arm in ("control", "other") for channel, content, outcome, count in touches
    ]  # fmt: skip
    persistency = {"arm": "control", "metric": "persistency_13", "scope": "everyone", "numerator": 9, "denominator": 10}
    complaints = {**persistency, "metric": "complaints_per_10k", "numerator": 1}
    products = {"by_month": {"payment": {"frequency": {"monthly": 1.0}}}, "by_year": {"payment": None}}
    years = [
        {
            "arm": "control",
            "product": name,
            "policy_year": 2,
            "lapsed": lapsed,
            "due_months": 1200,
            "surrendered": 10,
            "exposure_years": 100.0,
        }
        for name, lapsed in (("by_month", 7), ("by_year", 90))
    ]
    episodes = {"arm": "control", "stage": "FIRST_PURCHASE", "to": "all", "completed": 0, "seconds": 0}
    scenario = {"contents": contents, "products": products, "horizon": "91d", "behaviour": {"processes": {}}}
    with RunWriter(folder, "a-run") as writer:
        writer.write_table("touches", pd.DataFrame(rows))
        writer.write_table("totals", pd.DataFrame([persistency, complaints]))
        writer.write_table("policy_years", pd.DataFrame(years))
        writer.write_table("episodes", pd.DataFrame([episodes]))
        writer.write_table("products", pd.DataFrame([{"arm": "control", "policies": 1000}]))
        writer.write_text("scenario.json", json.dumps(scenario))
        return writer.commit({"scenario": {"control": "control", "start": "2026-01-05", "horizon_days": 91}})


def rows_of(folder: Path, touches: list[tuple[str, str, str, int]]) -> dict[str, dict[str, Any]]:
    return {row["fact"].removeprefix("messages."): row for row in compare_facts(a_run(folder, touches))}


def test_surrenders_are_those_of_long_term_policies_in_half_a_year(tmp_path: Path) -> None:
    """10 of 100 policy years, in half a year."""
    sent = [("sms", "notice", "delivered", 1)]
    row = rows_of(tmp_path, sent)["lapse_and_persistency.china_surrender_rate"]
    assert row["simulated"] == round(1 - math.exp(-0.05), 4)


def test_nobody_opts_out_of_what_was_never_sent(tmp_path: Path) -> None:
    """Service notices are no marketing: a run that sent nothing else has no share of opt-outs."""
    rows = rows_of(tmp_path, [("sms", "notice", "delivered", 100), ("sms", "notice", "opened", 3)])
    assert rows["sms_opt_out_per_message"]["simulated"] is None
    assert rows["sms_opt_out_per_message"]["note"] == "no marketing SMS sent"
    assert rows["sms_click"]["simulated"] == 0.03
    assert rows["push_open"]["note"] == "no push sent"
    assert not any(row["outside"] for row in rows.values())
    assert "stages.decision_days_mean" not in rows


def test_persistency_and_lapses_by_policy_year_by_hand(tmp_path: Path) -> None:
    """Seven lapses in 1,200 months of instalments are 0.07 a year, of products paid by the month alone."""
    rows = rows_of(tmp_path, [("push", "offer", "delivered", 1)])
    assert rows["lapse_and_persistency.china_13_month_persistency"]["simulated"] == 0.9
    lapses = "lapse_and_persistency.surrender_by_policy_year_infra_annual"
    second = rows[f"{lapses}[2]"]
    assert second["simulated"] == round(1 - math.exp(-0.07), 4) and not second["outside"]
    assert (second["source_value"], second["low"], second["high"]) == (0.0656, 0.056, 0.075)
    assert f"{lapses}[1]" not in rows


@pytest.mark.parametrize(("count", "outside"), [(5, False), (13, False), (14, True), (3, True)])
def test_what_is_out_of_range_is_marked(tmp_path: Path, count: int, outside: bool) -> None:
    """The source says 0.4% to 1.3%; notices do not thin the share out."""
    sent = [
        ("sms", "offer", "delivered", 1000),
        ("sms", "offer", "opted_out", count),
        ("sms", "notice", "delivered", 9),
    ]
    row = rows_of(tmp_path, sent)["sms_opt_out_per_message"]
    assert (row["simulated"], row["outside"]) == (count / 1000, outside)
    lines = "\n".join(listings.comparison([row]))
    assert ("OUT OF RANGE; opted out over delivered" in lines) == outside


def test_complaints_of_both_levels_and_the_referral_lift_are_shown(tmp_path: Path) -> None:
    """Over the policies in force at the end and the quarters of the horizon, in the control arm."""
    data = described(3_000, 182, {"CHURN_WARNING": 1.0})
    data["behaviour"]["warning"] |= {"complaint": 0.4, "regulator": 0.5}
    data |= {"arms": {"control": {"use": "current_practice"}}, "measure": {"primary": "retention_rate"}}
    data["experiment"] |= {"replications": 1, "control": "control", "event_share": 1.0}
    result = lifesim.run(base().replace(**data), out=tmp_path, workers=1, progress=False)
    assert result.path is not None
    rows = {row["fact"].partition(".")[2]: row for row in compare_facts(result.path)}
    kinds, policies = result.tables["events"]["kind"], result.tables["products"]["policies"].sum()
    for level, kind in (("insurer", "complaint"), ("regulator", "regulator")):
        counted = (kinds == kind).sum()
        per_quarter = counted / policies / (182 / (365 / 4)) * 10_000
        found = rows[f"{level}_complaints_per_10k_policies_quarter"]
        assert counted > 50 and found["simulated"] == pytest.approx(per_quarter, rel=1e-4)
    assert rows["referral_lift_per_10pt_claim_satisfaction"]["simulated"] == pytest.approx(0.23, abs=1e-3)
