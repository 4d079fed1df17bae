"""Twins and incremental return: who is worse off in an arm, and what the cost that it adds brings."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from small_worlds import SILENCE, Weekly, small

import lifesim
from lifesim.errors import InputError
from lifesim.experiment.effects import RETURN_COLUMNS, returns
from lifesim.experiment.twins import REASONS, pair
from lifesim.strategy import Practice

#: Customer, and in the control and in the arm: value, lost, complaints.
PEOPLE = {
    1: ((100, False, 0), (100, False, 0)),
    2: ((100, False, 0), (99, False, 0)),
    3: ((0, False, 0), (50, True, 0)),
    4: ((0, False, 1), (0, False, 2)),
    5: ((0, False, 0), (0, False, 1)),
    6: ((10, True, 1), (20, False, 0)),
}


def table() -> pd.DataFrame:
    """The table `twins` of a run with two arms; the arm has one customer whom the control has not."""
    rows = [
        {"replication": 0, "branch": "north", "arm": arm, "customer": customer, "segment": "young",
         "value_fen": value, "lost": lost, "complaints": complaints}
        for customer, both in (PEOPLE | {7: (None, (-5, True, 1))}).items()
        for arm, each in zip(("control", "mine"), both, strict=True) if each is not None
        for value, lost, complaints in (each,)
    ]  # fmt: skip
    return pd.DataFrame(rows).sample(frac=1.0, random_state=1)


def reasons(found: pd.DataFrame) -> dict[int, tuple[bool, bool, bool]]:
    columns = (found[name].tolist() for name in ("customer", "lower_value", "lost", "complained"))
    return {customer: tuple(why) for customer, *why in zip(*columns, strict=True)}


def test_harmed_are_those_worse_off_in_the_arm_alone_and_why() -> None:
    """More of what there was before is no new harm, and nobody is harmed who was in one of the worlds only."""
    twins = pair(table(), "mine", "control")
    assert reasons(twins.harmed()) == {2: (True, False, False), 3: (False, True, False), 5: (False, False, True)}
    assert reasons(twins.helped()) == {3: (True, False, False), 6: (True, True, True)}


def test_twins_of_a_run_are_its_customers_and_nobody_is_harmed_by_the_same() -> None:
    arms = {"control": {}, "copy": {}, "mail": {}}
    experiment = {"replications": 1, "seed": 11, "event_share": 0.0, "twins": True}
    scenario = small(800, arms=arms, experiment=experiment, horizon="240d")
    mail = Practice(orchestrations={"mail": Weekly("product_offer", "sms", share=1.0)})
    result = lifesim.compare(scenario, {"control": SILENCE, "copy": SILENCE, "mail": mail}, workers=1)
    assert result.twins("copy").harmed().empty and result.twins("copy").helped().empty
    twins = result.twins("mail")
    totals = result.tables["totals"].query("scope == 'present'")
    everyone = totals.query("metric == 'satisfaction' and arm == 'control'")["denominator"].sum()
    assert len(twins.pairs) == everyone == 800
    harmed = twins.harmed()
    assert 0 < len(harmed) < 400
    assert set(harmed["customer"]) <= set(twins.pairs["customer"])
    rows = result.tables["harm"].set_index(["arm", "reason"])
    assert (rows.loc["copy", ["harmed", "helped"]] == 0).all(axis=None)
    assert (rows["customers"] == 800).all()
    for which, found in (("harmed", harmed), ("helped", twins.helped())):
        assert rows.loc[("mail", "any"), which] == len(found)
        assert [rows.loc[("mail", reason), which] for reason in REASONS] == found[list(REASONS)].sum().tolist()
    with pytest.raises(InputError, match="no twins of arm 'control' and the control; there are those of copy, mail"):
        result.twins("control")


def test_a_run_without_twins_says_how_to_keep_them() -> None:
    experiment = {"replications": 1, "seed": 11, "event_share": 0.0, "twins": False}
    scenario = small(60, arms={"control": {}, "copy": {}}, experiment=experiment)
    result = lifesim.compare(scenario, {"control": SILENCE, "copy": SILENCE}, workers=1)
    assert "twins" not in result.tables
    assert result.tables["harm"]["reason"].tolist() == ["lost", "any"]
    with pytest.raises(InputError, match=r"write experiment: \{twins: true\}"):
        result.twins("copy")


def totals_of(arms: dict[str, list[tuple[int, int]]]) -> pd.DataFrame:
    """Totals of one branch: by arm, net value and cost of each replication, of 10 customers."""
    rows = [
        {"replication": r, "branch": "north", "arm": arm, "segment": "young", "scope": "present", "metric": metric,
         "numerator": amount, "denominator": 10}
        for arm, each in arms.items() for r, pair in enumerate(each)
        for metric, amount in zip(("nbv_per_10k", "cost_per_10k"), pair, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_incremental_return_is_value_gained_before_cost_over_cost_added() -> None:
    """By hand: the arm costs 10 and 30 more; net value rises by 20 and by 40, so before cost by 30 and by 70."""
    found = returns(
        totals_of({"control": [(100, 5), (100, 5)], "mine": [(120, 15), (140, 35)], "thrifty": [(110, 4), (90, 5)]}),
        10.0, "control",
    ).set_index(["arm", "segment"])  # fmt: skip
    assert list(found.reset_index().columns.difference(RETURN_COLUMNS)) == []
    row = found.loc[("mine", "all")]
    assert (row["value_effect"], row["cost_effect"], row["roi"], row["replications"]) == (50.0, 20.0, 2.5, 2)
    assert math.isnan(row["low"]) and math.isnan(row["high"])  # the cost of two replications bounds nothing
    thrifty = found.loc[("thrifty", "young")]
    assert thrifty["cost_effect"] == -0.5 and math.isnan(thrifty["roi"]), "who spends less has no return on it"


def test_incremental_return_has_an_interval_around_it() -> None:
    control = [(0, 0)] * 6
    mine = [(net, 100 + k) for k, net in enumerate((95, 110, 105, 90, 120, 100))]
    row = returns(totals_of({"control": control, "mine": mine}), 1.0, "control").iloc[0]
    assert row["low"] < row["roi"] < row["high"]
    assert row["roi"] == pytest.approx(sum(net + cost for net, cost in mine) / sum(cost for _, cost in mine))
    assert row["low"] > 1.8 and row["high"] < 2.2
    # Costs of 10 to 10.5 a customer, and Student's t with 5 degrees of freedom.
    reach = 2.570582 * math.sqrt(0.035 / 6)
    assert (row["cost_low"], row["cost_high"]) == pytest.approx((10.25 - reach, 10.25 + reach))
    assert row["differing"] == 6
    last = [*mine[:5], (-105, 105)]
    assert returns(totals_of({"control": control, "mine": last}), 1.0, "control").iloc[0]["differing"] == 5


def test_an_arm_that_only_costs_has_gained_nothing_before_cost() -> None:
    net, costs = 112_911_437, (41_231, 39_717, 43_373, 40_593, 42_021)
    control, mine = [(net, 0)] * 5, [(net - cost, cost) for cost in costs]
    assert any((net - cost) / 10 - net / 10 + cost / 10 != 0.0 for cost in costs), "rounding leaves something"
    row = returns(totals_of({"control": control, "mine": mine}), 1.0, "control").iloc[0]
    assert (row["value_effect"], row["roi"], row["low"], row["high"]) == (0.0, 0.0, 0.0, 0.0)
