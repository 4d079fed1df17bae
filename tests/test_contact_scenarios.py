"""The scenarios about the contact policy, in small: frequency against opt-outs, and hours in which nothing arrives."""

from __future__ import annotations

from functools import cache

import pytest

import lifesim
from lifesim.experiment.result import Result


@cache
def small(name: str, days: int = 90, size: int = 1_500) -> Result:
    scenario = lifesim.load(name)
    population = scenario.population.model_dump(mode="json", by_alias=True) | {"size": size}
    run_with = scenario.experiment.model_dump(mode="json") | {"replications": 1, "event_share": 1.0}
    return lifesim.compare(
        scenario.replace(population=population, warm_up="14d", horizon=f"{days}d", experiment=run_with), workers=1
    )


def means(result: Result, metric: str) -> dict[str, float]:
    """A metric by arm, the control among them."""
    rows = result.effects[(result.effects["metric"] == metric) & (result.effects["segment"] == "all")]
    return {"control": float(rows["control_mean"].iloc[0]), **dict(zip(rows["arm"], rows["arm_mean"], strict=True))}


def test_more_touches_a_month_reach_customers_more_often_and_cost_more_consents() -> None:
    result = small("contact_frequency")
    assert not result.failures
    order = ["monthly", "fortnightly", "weekly", "twice_a_week", "daily"]
    touches, opt_outs = means(result, "touches_per_customer"), means(result, "opt_out_rate")
    assert sorted(order, key=lambda arm: touches[arm]) == sorted(order, key=lambda arm: opt_outs[arm]) == order
    # Four windows of thirty days begin within ninety days, one of them at the fork.
    assert touches["monthly"] < 4 and touches["daily"] > 20
    sent = result.tables["touches"]
    delivered = sent[sent["outcome"] == "delivered"].groupby("arm")["count"].sum()
    assert delivered.min() > 100


@pytest.mark.parametrize(("arm", "some"), [("control", True), ("discard", False)])
def test_nothing_of_the_evening_arrives_before_the_morning(arm: str, some: bool) -> None:
    """With quiet hours the evening's messages come at 08:30, all at once, or never; without, they come at night."""
    events = small("quiet_hours").tables["events"]
    mine = events[(events["kind"] == "delivered") & (events["campaign"] == "steady_content")]
    second = {name: rows["time"] % 86_400 for name, rows in mine.groupby("arm")}
    assert ((second["at_any_hour"] > 77_400) | (second["at_any_hour"] < 30_600)).mean() > 0.9
    assert (second["control"] == 30_600).mean() > 0.9
    # What is on its way for longer than the night arrives by day.
    held_back = small("quiet_hours").tables["touches"]
    dropped = held_back[(held_back["arm"] == arm) & (held_back["outcome"] == "suppressed_quiet")]["count"].sum()
    assert (dropped == 0) == some
