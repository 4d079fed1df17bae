"""Metrics of agents by branch and tier: ratios of sums, intervals over replications, and the page that shows them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from made_up_run import made_up_run

from lifesim.experiment.agent_metrics import agent_metrics
from lifesim.metrics.agents import AGENT_METRICS, MONTH_DAYS, described_of_agents
from lifesim.report import render_page
from lifesim.report.agents import tier_tables
from lifesim.report.catalogue import Catalogue

BRANCHES, ARMS, REPLICATIONS = ("north", "south"), ("control", "tiered"), 4

#: Metrics of scenarios that say how leads are made, and of practices whose seats clean them.
OF_LEADS = (
    "service_level", "connect_rate", "effective_rate", "qualified_share", "dialling_utilisation", "hours_to_grade",
    "hours_to_agent",
)  # fmt: skip


def measures(tier: str, luck: np.random.Generator) -> dict[str, float]:
    """Made-up measures of a tier in a branch."""
    if tier == "online":
        return {"policies": 30.0, "ape_fen": 9e6, "nbv_fen": 2e6}
    taken = float(luck.integers(50, 90))
    found = {
        "taken": taken, "ripe_won": float(luck.integers(5, 20)), "ripe": 40.0, "lost": 30.0, "used_slots": 90.0,
        "wait_seconds": taken * 7_200, "capacity": 100.0, "service_due": 8.0, "contacted_in_time": 6.0,
        "policies": 12.0, "ape_fen": 4e6, "nbv_fen": 1e6, "own_policies": 1.0, "bypassed": 2.0,
        "ignored": 10.0, "taken_again": 3.0, "commission_fen": 5e5 if tier == "agents" else 0.0,
        "recycled_ape_fen": 1e6, "recycled_nbv_fen": 2e5,
    }  # fmt: skip
    found |= {f"{what}_{grade}": n for what, n in (("ripe_won", 2.0), ("ripe", 4.0)) for grade in "abc"}
    found |= {"ripe_won_d": 0.0, "ripe_d": 0.0}
    if tier == "agents":
        found |= {
            "agent_days": 3 * MONTH_DAYS, "wages_fen": 1.8e6, "levers_fen": 1e5, "agent_months": 6.0,
            "active_months": 4.0,
            "orphaned": 20.0, "followed": 2.0, "assigned": 15.0, "waiting": 3.0,
            "activities": 60.0, "try_slots": 12.0, "steps_done": 9.0,
            "past": 8.0, "cannibalised": 2.0,
            "uneven_days": 9 * MONTH_DAYS, "good_days": 30 * MONTH_DAYS, "recruits": 0.0, "retained": 0.0,
        }  # fmt: skip
    return found


def tables(replications: int = REPLICATIONS) -> tuple[pd.DataFrame, pd.DataFrame]:
    luck = np.random.default_rng(3)
    places = [(r, branch, arm) for r in range(replications) for branch in BRANCHES for arm in ARMS]
    agents = [
        {"replication": r, "branch": branch, "arm": arm, "tier": tier, "measure": measure, "value": value}
        for r, branch, arm in places
        for tier in ("seats", "agents", "online")
        for measure, value in measures(tier, luck).items()
    ]
    desks = [
        {"replication": r, "branch": branch, "arm": arm, "desk": "desk", "measure": measure, "value": value}
        for r, branch, arm in places
        for measure, value in (("requests", 20), ("gave_up", 30 + r), ("granted", 170 - r))
    ]
    return pd.DataFrame(agents), pd.DataFrame(desks)


def found(of: pd.DataFrame, metric: str, branch: str = "all", tier: str = "all", arm: str = "tiered") -> Any:
    rows = of[(of["metric"] == metric) & (of["branch"] == branch) & (of["tier"] == tier) & (of["arm"] == arm)]
    assert len(rows) == 1, (metric, branch, tier, arm)
    return rows.iloc[0]


def test_a_metric_is_a_ratio_of_sums_over_tiers_and_branches() -> None:
    agents, desks = tables()
    metrics = agent_metrics(agents, desks, "control", BRANCHES)
    mine = agents[(agents["arm"] == "tiered") & agents["measure"].isin(["ripe_won", "ripe"])]
    sums = mine.groupby(["replication", "measure"])["value"].sum().unstack()
    each = sums["ripe_won"] / sums["ripe"]
    row = found(metrics, "conversion")
    assert row["mean"] == pytest.approx(each.mean())
    assert row["low"] < row["mean"] < row["high"]
    reach = 3.182446 * each.std(ddof=1) / 2  # Student's t with 3 degrees of freedom
    assert row["high"] - row["mean"] == pytest.approx(reach, rel=1e-6)
    one = mine[(mine["branch"] == "south") & (mine["tier"] == "seats")]
    sums = one.groupby(["replication", "measure"])["value"].sum().unstack()
    expected = (sums["ripe_won"] / sums["ripe"]).mean()
    assert found(metrics, "conversion", "south", "seats")["mean"] == pytest.approx(expected)


def test_effects_are_paired_and_the_control_has_none() -> None:
    agents, desks = tables()
    agents.loc[(agents["measure"] == "ape_fen") & (agents["arm"] == "tiered"), "value"] *= 1.5
    metrics = agent_metrics(agents, desks, "control", BRANCHES)
    row, base = found(metrics, "premium"), found(metrics, "premium", arm="control")
    assert row["effect"] == pytest.approx(0.5 * base["mean"])
    assert row["effect_low"] == row["effect_high"] == row["effect"]
    assert np.isnan(base["effect"])


def test_values_by_hand() -> None:
    """Money in CNY, times in hours, months of 365/12 days; what nobody sold is in the premium of all, in no slot."""
    agents, desks = tables()
    of = agent_metrics(agents, desks, "control", BRANCHES)
    assert found(of, "first_contact_hours", tier="agents")["mean"] == pytest.approx(2.0)
    assert found(of, "premium")["mean"] == pytest.approx(2 * 170_000)
    assert found(of, "recycled_premium")["mean"] == pytest.approx(2 * 20_000)
    assert found(of, "recycled_nbv", "north", "agents")["mean"] == pytest.approx(2_000)
    assert found(of, "premium_per_slot")["mean"] == pytest.approx(80_000 / 200)
    assert found(of, "premium_per_agent", tier="agents")["mean"] == pytest.approx(40_000 / 3)
    assert found(of, "policies_per_agent")["mean"] == pytest.approx(4.0)
    of_kinds = [found(of, f"activity{kind}", tier="agents")["mean"] for kind in ("", "_tries", "_steps")]
    assert of_kinds == pytest.approx([20, 4, 3])
    assert found(of, "cost_per_policy")["mean"] == pytest.approx(24_000 / 12)
    assert found(of, "activity_rate")["mean"] == pytest.approx(4 / 6)
    assert found(of, "unevenness")["mean"] == pytest.approx(0.3)
    assert found(of, "utilisation")["mean"] == pytest.approx(0.9)
    assert found(of, "overflow")["mean"] == pytest.approx((30 + 1.5) / 200)
    assert found(of, "cannibalised_share")["mean"] == pytest.approx(2 / 8)
    assert found(of, "conversion_a")["mean"] == pytest.approx(0.5)


def test_what_has_no_meaning_has_no_row() -> None:
    agents, desks = tables()
    of = agent_metrics(agents, desks, "control", BRANCHES)
    for metric, tier in (("retention_13_months", "agents"), ("conversion_d", "all"), ("premium_per_agent", "seats"),
                         ("conversion", "online"), ("overflow", "seats")):  # fmt: skip
        assert of[(of["metric"] == metric) & (of["tier"] == tier)].empty, metric
    assert set(of["metric"]) == set(AGENT_METRICS) - {"retention_13_months", "conversion_d", *OF_LEADS[1:]}
    assert set(of["tier"][of["metric"] == "service_level"]) == {"seats", "agents"}


def test_wages_without_a_policy_are_not_left_out_of_the_cost_per_policy() -> None:
    """An arm that sold nothing in one replication has no cost per policy; what others have of it stays."""
    agents, desks = tables()
    nothing = (agents["replication"] == 1) & (agents["branch"] == "south") & (agents["arm"] == "tiered")
    agents.loc[nothing & agents["measure"].isin(["policies", "ripe", "ripe_won"]), "value"] = 0.0
    of = agent_metrics(agents, desks, "control", BRANCHES)
    costs = of[of["metric"] == "cost_per_policy"].set_index(["branch", "tier", "arm"])["replications"]
    assert ("south", "agents", "tiered") not in costs.index
    assert costs["north", "agents", "tiered"] == costs["south", "agents", "control"] == REPLICATIONS
    assert costs["all", "agents", "tiered"] == REPLICATIONS, "the other branch sold some"
    assert found(of, "conversion", "south", "agents")["replications"] == REPLICATIONS - 1, "no lead, no share"


def test_leads_that_are_cleaned_have_metrics() -> None:
    agents, desks = tables()
    counted = {"service_due": 40, "contacted_in_time": 30, "dials": 100, "connected": 50, "effective": 20,
               "qualified": 15, "dropped": 45, "dial_capacity": 400,
               "graded": 40, "grade_seconds": 40 * 5_400, "taken_first": 20, "agent_seconds": 20 * 36_000}  # fmt: skip
    more = [desks[desks["measure"] == "requests"].assign(measure=name, value=value) for name, value in counted.items()]
    of = agent_metrics(agents, pd.concat([desks, *more]), "control", BRANCHES)
    expected = dict(zip(OF_LEADS, (0.75, 0.5, 0.4, 0.25, 0.25, 1.5, 10), strict=True))
    assert {name: found(of, name)["mean"] for name in OF_LEADS} == pytest.approx(expected)
    assert found(of, "connect_rate", "north")["mean"] == pytest.approx(0.5)
    assert found(of, "service_level", tier="agents")["mean"] == pytest.approx(6 / 8)


def test_a_replication_that_lacks_a_branch_says_nothing_about_the_market() -> None:
    agents, desks = tables()
    lost = (agents["replication"] == 2) & (agents["branch"] == "south") & (agents["arm"] == "tiered")
    desk_lost = (desks["replication"] == 2) & (desks["branch"] == "south") & (desks["arm"] == "tiered")
    of = agent_metrics(agents[~lost], desks[~desk_lost], "control", BRANCHES)
    assert found(of, "conversion")["replications"] == 3
    assert found(of, "conversion", arm="control")["replications"] == 4
    assert found(of, "conversion", "north")["replications"] == 4


@pytest.mark.parametrize(("lang", "words"), [
    ("en", ("Agents and desks", "All tiers together", "online: what nobody sold", "Time to first contact (hours)",
            "All tiers together, branch south", "clearly higher than the control")),
    ("zh", ("代理人与坐席", "人均产能", "活动率", "线索跟进率", "首次跟进时长", "坐席利用率",
            "全部层级，分公司 south")),
])  # fmt: skip
def test_the_page_shows_every_tier_and_branch(lang: str, words: tuple[str, ...]) -> None:
    run = made_up_run(arms=("tiered",))
    assert words[0] not in render_page(run, lang)
    agents, desks = tables(5)
    agents.loc[(agents["measure"] == "ape_fen") & (agents["arm"] == "tiered"), "value"] *= 1.5
    run.tables["agent_metrics"] = agent_metrics(agents, desks, "control", BRANCHES)
    run.manifest["agent_metrics"] = described_of_agents()
    page = render_page(run, lang)
    for word in words:
        assert word in page, word
    assert page.count("▲") > 2
    assert page.count("<summary>agents</summary>") == 1


def test_where_few_replications_differ_nothing_is_marked() -> None:
    """The interval of a few differences may exclude 0; a mark needs five that differ, as a verdict does."""

    def marked(replications: int, differing: int) -> str:
        agents, desks = tables(replications)
        mine = (agents["measure"] == "policies") & (agents["arm"] == "tiered") & (agents["tier"] == "agents")
        agents.loc[mine & (agents["replication"] < differing), "value"] += 10.0
        metrics = agent_metrics(agents, desks, "control", BRANCHES)
        row = found(metrics, "policies_per_agent", tier="agents")
        assert row["differing"] == differing and row["replications"] == replications
        assert row["effect_low"] > 0 or differing < replications - 1
        described = described_of_agents()
        (table,) = [each for each in tier_tables(metrics, described, list(ARMS), Catalogue("en"))
                    if (each.tier, each.branch) == ("agents", "")]  # fmt: skip
        (cells,) = [row.cells for row in table.rows if row.label == "Policies per agent and month"]
        assert cells[0].differs == "", "the control differs from nobody"
        return cells[1].differs

    assert marked(5, 5) == marked(6, 5) == "higher"
    assert marked(4, 4) == marked(5, 4) == marked(6, 0) == ""


@pytest.mark.parametrize(("lang", "thousand", "million"), [
    ("en", ("Premium (CNY)", "5,000", "4,000 to 6,000"), ("Premium (million CNY)", "5.0", "4.0 to 6.0")),
    ("zh", ("Premium（元）", "5,000", "4,000 至 6,000"), ("Premium（万元）", "500", "400 至 600")),
])  # fmt: skip
def test_amounts_are_legible_and_intervals_possible(
    lang: str, thousand: tuple[str, ...], million: tuple[str, ...]
) -> None:
    """Millions, in Chinese 万, where amounts are large; a share of a few is not said to be below 0% or above 100%."""
    what = {"premium": "CNY", "retained": "share", "policies": "count", "lost": "count"}
    metrics = {
        name: {"unit": unit, "label_en": name.capitalize(), "label_zh": name.capitalize()}
        for name, unit in what.items()
    }
    values = {"premium": (5e3, 4e3, 6e3), "retained": (0.5, -0.42, 1.42), "policies": (0.0,) * 3, "lost": (9.0, -1, 19)}
    rows = [
        {"metric": name, "branch": "all", "tier": "all", "arm": "control", "control": "control", "mean": mean,
         "low": low, "high": high, "effect": np.nan, "effect_low": np.nan, "effect_high": np.nan, "replications": 4}
        for name, (mean, low, high) in values.items()
    ]  # fmt: skip
    table, t = pd.DataFrame(rows), Catalogue(lang)
    shown = {row.label: row.cells[0] for row in tier_tables(table, metrics, ["control"], t)[0].rows}
    assert (shown[thousand[0]].value, shown[thousand[0]].interval) == thousand[1:]
    to = " to " if lang == "en" else " 至 "
    assert (shown["Retained"].value, shown["Retained"].interval) == ("50%", f"0{to}100")
    assert (shown["Policies"].value, shown["Policies"].interval) == ("0", "")
    assert shown["Lost"].interval == f"0{to}19"
    table.loc[table["metric"] == "premium", ["mean", "low", "high"]] *= 1_000
    shown = {row.label: row.cells[0] for row in tier_tables(table, metrics, ["control"], t)[0].rows}
    assert (shown[million[0]].value, shown[million[0]].interval) == million[1:]
