"""When leads are given out: whenever somebody is free, or in rounds at set hours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small_worlds import FirstSeat, Weekly, described, run, small

from lifesim.errors import ScenarioError
from lifesim.population.columns import DAY, E_DELIVERED
from lifesim.strategy import Practice

HOUR = 3_600
CALLS = Practice({"care": Weekly("care_call", "call", "08:30", share=0.6)}, allocation=FirstSeat())


def hours_of_calls(practice: Practice) -> set[int]:
    """Hours of the day at which customers were called by the campaign."""
    scenario = small({"north": 200, "south": 150})
    seats = {"seats": {"per_10k": 100, "calls_per_hour": 5, "skill": 0.0}}
    world = run(scenario.replace(desk=described(scenario)["desk"] | {"seats": seats}), practice, days=40)
    log = world.event_log()
    mine = (log["kind"] == E_DELIVERED) & (log["detail"] == world.campaigns.index("care"))
    assert mine.sum() > 100
    return set(np.unique(log["time"][mine] % DAY // HOUR).tolist())


def test_in_rounds_leads_are_given_out_then_and_at_no_other_time() -> None:
    """Whoever is given out at half past two is called in the slot that begins next, at three."""
    assert len(hours_of_calls(CALLS)) > 2
    assert hours_of_calls(replace(CALLS, rounds=(10 * HOUR, 14 * HOUR + 1_800))) == {10, 15}


def test_a_round_outside_working_hours_is_named() -> None:
    with pytest.raises(ScenarioError, match="nobody would get a lead; slots begin from 09:00 to 17:00"):
        small(50, arms={"control": {"rounds": ["10:00", "23:00"]}})


def test_rounds_hold_beside_a_practice_and_those_of_a_practice_without_them() -> None:
    practices = {"plain": {"allocation": "round_robin"}, "twice": {"rounds": ["10:00", "15:00"]}}
    arms = {
        "control": {}, "own": {"use": "plain", "rounds": ["11:00"]}, "practice": {"use": "twice"},
        "both": {"use": "twice", "rounds": ["11:00"]},
    }  # fmt: skip
    scenario = small(50, practices=practices, arms=arms)
    found = {name: [time // HOUR for time in scenario.arm(name).rounds] for name in arms}
    assert found == {"control": [], "own": [11], "practice": [10, 15], "both": [11]}
    assert scenario.arm("own").allocation == "round_robin" and scenario.arm("own").use is None
