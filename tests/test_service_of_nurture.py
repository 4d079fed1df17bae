"""Leads in nurture and the service level: nobody is to contact them, and their time begins anew when they come back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from small_worlds import FirstSeat, described, run
from test_lead_mining import PAGE
from test_operation import HOUR, Nobody, worked

from lifesim.experiment.lead_table import contacted
from lifesim.population.columns import DAY
from lifesim.scenario.leads import Nurture
from lifesim.strategy import IntArray, LeadView, Luck, Practice
from lifesim.workforce.leads import CALL, LEAD
from lifesim.workforce.passage import CREATED, IN_TIME, PASSAGE, SERVICE_DUE
from lifesim.workforce.service import late
from lifesim.world.world import World

NURTURE = Nurture.model_validate({"bar": "B", "content": "newsletter", "channel": "push", "every": "3d"})


@dataclass(frozen=True)
class Warming:
    """D for so many days, and A from then on."""

    days: float

    def grade(self, leads: LeadView, luck: Luck) -> IntArray:
        return np.where(leads.waiting_seconds < self.days * DAY, 3, 0)


def lived(cold: float, allocation: Any = None, days: int = 40, **more: Any) -> tuple[World, Any, dict[str, int]]:
    """A world of agents with time for all, its leads of product pages by measure, and what its table says."""
    scenario = worked(steps=None, slots=50, contacted="1d", **more)
    # So that every lead is graded, and sent to nurture or to an agent, before its time is over.
    data = described(scenario)
    for people in (data["desk"], *data["workforce"]["tiers"].values()):
        people["workdays"] = [1, 2, 3, 4, 5, 6, 7]
    scenario = scenario.replace(desk=data["desk"], workforce=data["workforce"])
    practice = Practice(grading=Warming(cold), allocation=allocation or FirstSeat(), nurture=NURTURE)
    world = run(scenario, practice, days=days)
    said = dict.fromkeys(("service_due", "contacted_in_time"), 0)
    for row in (row for branch in (0, 1) for row in contacted(world, practice, branch)):
        said[row["measure"]] += row["value"]
    return world, world.extra[PASSAGE][:, PAGE].sum(axis=(0, 1)), said


def test_a_lead_that_is_nurtured_is_no_breach_neither_while_it_waits_nor_when_it_goes_cold() -> None:
    for waits in ("60d", "10d"):
        world, pages, said = lived(cold=90, waits=waits)
        assert pages[CREATED] > 50 and pages[SERVICE_DUE] == 0
        # Inquiries are answered whatever they are graded.
        assert said["service_due"] == world.extra[PASSAGE][:, 0].sum(axis=(0, 1))[SERVICE_DUE] > 5


def test_the_time_of_a_lead_that_comes_back_from_nurture_begins_then() -> None:
    """Graded A after five days and contacted within hours, it is in time; by nobody, it is a breach a day later."""
    _, pages, _ = lived(cold=5, waits="60d")
    assert pages[IN_TIME] == pages[SERVICE_DUE] > 30
    _, pages, said = lived(cold=5, allocation=Nobody(), waits="60d")
    assert pages[IN_TIME] == 0 < pages[SERVICE_DUE] and said["contacted_in_time"] == 0
    _, early, _ = lived(cold=5, allocation=Nobody(), waits="60d", days=6)
    assert early[CREATED] > 10 and early[SERVICE_DUE] == 0


def test_whose_time_is_over() -> None:
    leads = np.zeros(5, LEAD)
    leads["channel"], leads["asked"], leads["grade"] = CALL, 0, [1, 4, 1, 1, 4]
    leads["back"] = [0, 0, 30 * HOUR, 10 * HOUR, 10 * HOUR]
    leads["inquiry"] = [0, 0, 0, 0, 1]
    assert late(leads, DAY, 40 * HOUR, NURTURE).tolist() == [True, False, False, True, True]
    assert late(leads, DAY, 40 * HOUR, None).tolist() == [True, True, False, True, True]
