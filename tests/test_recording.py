"""Recording of sales (双录): long-term policies that agents sell take slots, short cover takes none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small_worlds import described, run
from teams import TURNOVER
from test_sales import PRACTICE, market

from lifesim.errors import ScenarioError
from lifesim.population.columns import DAY
from lifesim.scenario import Scenario
from lifesim.workforce.recording import OWED, forget_leavers, owe, work_off
from lifesim.workforce.shift import Shift
from lifesim.workforce.sold import BY_MONTH, OWN, SOLD_BY
from lifesim.workforce.staff import BY_TIER, RECORDING_SLOTS, Staff, staff
from lifesim.world.world import World


def selling(term: str, slots: int = 2, days_there: str = "0/month") -> Scenario:
    """The market of sales, in which customers want products of one term alone; sales of long-term ones are recorded."""
    data = described(market())
    for product in data["products"].values():
        if product["term"] != term:
            product["choice"]["appeal"] = -60.0
        if product["term"] == "long":
            product["recording"] = slots
    turnover = TURNOVER | {"retained_13_months": 1.0, "veterans_leave": days_there}
    team = data["workforce"] | {"turnover": turnover}
    return market().replace(products=data["products"], workforce=team)


def people_of(world: World) -> Staff:
    return staff(world.scenario, world.streams, world.branches, world.started_with)


def from_leads(world: World) -> int:
    """Policies that agents have sold, but for those of their own business."""
    agents = world.extra[BY_MONTH][len(people_of(world).calls) :]
    return int(agents.sum()) - int(world.extra[SOLD_BY][..., OWN].sum())


def test_long_term_policies_sold_from_leads_take_their_slots() -> None:
    """What was worked off and what is owed are two slots for each; owed slots come before new leads."""
    world = run(selling("long"), PRACTICE, days=60)
    recorded = int(world.extra[BY_TIER][..., RECORDING_SLOTS].sum())
    assert recorded + int(world.extra[OWED].sum()) == 2 * from_leads(world) > 10
    assert recorded > 0 and not world.extra[OWED][: len(people_of(world).calls)].any(), "seats record nothing"


def test_short_cover_takes_none() -> None:
    world = run(selling("short"), PRACTICE, days=60)
    assert from_leads(world) > 5
    assert not world.extra[OWED].any() and not world.extra[BY_TIER][..., RECORDING_SLOTS].any()


def test_nothing_is_kept_where_nothing_is_recorded() -> None:
    assert OWED not in run(selling("long", slots=0), PRACTICE, days=2).extra


def test_slots_are_worked_off_as_far_as_they_fit_and_leavers_owe_nothing() -> None:
    world = run(selling("long", days_there="0.5/month"), PRACTICE, days=1)
    team = people_of(world)
    assert team.agents is not None
    first = len(team.calls)
    kept: dict[str, Any] = world.extra | {OWED: np.zeros(len(team), np.int64)}
    rows, own = np.array([first, first, first + 1, 0, -1]), np.array([False, False, True, False, False])
    owe(kept, team, rows, own, np.array([2, 1, 2, 2, 2]))
    assert kept[OWED][: first + 2].tolist() == [0] * first + [3, 0]
    shift = Shift(team, kept, DAY + 10 * 3_600, np.zeros(first, np.int64), (True, True))
    shift = shift.with_capacity(np.full(len(shift.rows), 2))
    before = kept[BY_TIER][..., RECORDING_SLOTS].sum()
    assert [work_off(kept, team, shift)[first] for _ in range(3)] == [2, 1, 0]
    assert kept[BY_TIER][..., RECORDING_SLOTS].sum() - before == 3
    kept[OWED][first:] = 5
    now = int(np.median(team.agents.until))
    forget_leavers(kept, team, now)
    assert np.array_equal(kept[OWED][first:] == 0, team.agents.until <= now)


def test_recording_of_short_cover_is_refused() -> None:
    data = described(market())
    name = next(name for name, product in data["products"].items() if product["term"] == "short")
    data["products"][name]["recording"] = 1
    with pytest.raises(ScenarioError, match="sales of short cover are not recorded"):
        market().replace(products=data["products"])
