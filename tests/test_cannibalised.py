"""Cannibalised sales: what was sold past the serving agent, who sold the same in the control under the same luck."""

from __future__ import annotations

from typing import Any

import numpy as np
from small_worlds import experiment, table
from test_sales import PRACTICE, market

from lifesim.experiment.cannibalised import cannibalised, cannibalised_rows
from lifesim.experiment.unit import Unit
from lifesim.population.columns import DAY
from lifesim.strategy import Practice
from lifesim.workforce.sold import SERVED_SALE

PROTECTION, HEALTH = 0, 1
OWN, PAST = 1, 0


def sales(*of: tuple[int, int, int, int]) -> Any:
    """Customer, day, family, and whether the serving agent sold it; customers below 50 have an agent of tier 3."""
    found = np.zeros(len(of), SERVED_SALE)
    for k, (customer, day, family, own) in enumerate(of):
        found[k] = (customer, day * DAY, family, 3 if customer < 50 else 4, own)
    return found


CONTROL = sales(
    (1, 5, HEALTH, OWN), (2, 5, HEALTH, OWN), (2, 90, HEALTH, OWN), (3, 8, HEALTH, OWN), (4, 9, HEALTH, PAST),
    (5, 3, PROTECTION, OWN), (60, 40, PROTECTION, OWN), (7, 12, HEALTH, OWN),
)  # fmt: skip
ARM = sales(
    (60, 2, PROTECTION, PAST),  # the agent would have sold it later
    (1, 5, HEALTH, OWN), (1, 30, HEALTH, PAST),  # sold beside what the agent sells all the same
    (2, 80, HEALTH, PAST), (2, 20, HEALTH, PAST), (2, 60, HEALTH, PAST),  # the agent misses two of them
    (3, 8, PROTECTION, PAST),  # of another family
    (4, 9, HEALTH, PAST),  # past the agent in the control too
    (8, 9, HEALTH, PAST),  # nothing in the control
)  # fmt: skip


def test_what_the_agent_would_have_sold_by_hand() -> None:
    taken = cannibalised(ARM, CONTROL)
    assert [(int(c), int(t) // DAY) for c, t in zip(ARM["customer"][taken], ARM["issued"][taken], strict=True)] == [
        (60, 2), (2, 20), (2, 60),
    ]  # fmt: skip
    rows = cannibalised_rows(ARM, CONTROL, ("a", "b", "c", "agents", "others"))
    assert {(row["tier"], row["measure"]): row["value"] for row in rows if row["value"]} == {
        ("agents", "past"): 7.0, ("agents", "cannibalised"): 2.0,
        ("others", "past"): 1.0, ("others", "cannibalised"): 1.0,
    }  # fmt: skip


def test_nothing_is_cannibalised_where_nothing_is_sold_or_nothing_differs() -> None:
    assert not cannibalised(CONTROL, CONTROL).any()
    assert not cannibalised(ARM, ARM).any()
    assert cannibalised(sales(), CONTROL).shape == (0,)
    assert not cannibalised(ARM, sales()).any()


def test_a_tier_past_which_nothing_was_sold_is_counted_with_0() -> None:
    """The mean over replications is over all of them, not over those alone in which something was sold."""
    rows = [cannibalised_rows(sold, CONTROL, ("a", "b", "c", "agents", "others")) for sold in (ARM, sales())]
    assert [row["value"] for row in rows[1]] == [0.0] * 10
    places = [[(row["tier"], row["measure"]) for row in of] for of in rows]
    assert places[0] == places[1] and len(set(places[0])) == 10


def test_the_order_of_records_does_not_matter() -> None:
    turned, taken = np.random.default_rng(4).permutation(len(ARM)), cannibalised(ARM, CONTROL)
    assert np.array_equal(cannibalised(ARM[turned], CONTROL[::-1]), taken[turned])


def test_a_run_counts_them_against_the_control() -> None:
    """No rows of the control, none cannibalised by an arm that does the same, and some by calls of the desk."""
    scenario = market(warm_up="30d", horizon="150d")
    arms = {"control": Practice(allocation=PRACTICE.allocation), "same": Practice(allocation=PRACTICE.allocation)}
    of = experiment(scenario, arms | {"calls": PRACTICE})
    result = of.run(Unit(0, ("north", "south")))
    assert result.failures == {}
    sums: dict[tuple[str, str], float] = {}
    for row in table(result, "agents"):
        if row["measure"] in ("past", "cannibalised", "bypassed"):
            place = (row["arm"], row["measure"])
            sums[place] = sums.get(place, 0.0) + row["value"]
            assert row["measure"] == "bypassed" or not row["value"] or row["tier"].endswith("agents")
    assert not {("control", "past"), ("control", "cannibalised")} & sums.keys()
    assert sums["same", "cannibalised"] == 0 < sums["same", "past"] <= sums["same", "bypassed"]
    assert 0 < sums["calls", "cannibalised"] < sums["calls", "past"] <= sums["calls", "bypassed"]
