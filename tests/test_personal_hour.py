"""Schedules with several times a day, and the strategy that learns at which of them a customer opens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from quiet_world import REPO
from small_worlds import described, log_of, run, small

from lifesim import workspace
from lifesim.experiment.plugins import check_schedule
from lifesim.population.columns import E_DELIVERED
from lifesim.population.memory import count
from lifesim.scenario.units import PathError
from lifesim.strategy import CustomerView, Luck, Practice, Schedule, Touches
from lifesim.world.views import observed_columns

HOUR = 3_600


@dataclass(frozen=True)
class AtEach:
    """One customer in three at each time."""

    at: Any = ("09:00", "20:30", "14:00")

    @property
    def schedule(self) -> Schedule:
        return Schedule(at=self.at, weekdays=(2,))

    def touch(self, customers: CustomerView, luck: Luck) -> Touches:
        turn = [9 * HOUR, 14 * HOUR, 20 * HOUR + HOUR // 2].index(customers.now % 86_400)
        return Touches(customers.where(np.floor(customers.age) % 3 == turn), "premium_notice", "sms")


def at_once(people: int = 300, **changes: Any) -> Any:
    data = described(small())
    for channel in data["channels"].values():
        channel |= {"delay": "0s", "delivered": 1.0}
    return small(people, channels=data["channels"], **changes)


def test_an_orchestration_is_asked_at_each_of_its_times() -> None:
    log = log_of(run(at_once(), Practice(orchestrations={"each": AtEach()}), days=30))
    sent = log["time"][(log["kind"] == E_DELIVERED) & (log["campaign"] == "each")]
    assert set(np.unique(sent % 86_400 // 60).tolist()) == {9 * 60, 14 * 60, 20 * 60 + 30}


@pytest.mark.parametrize("at", [(), ("09:00", "09:00"), ("09:00", "25:00")])
def test_times_are_there_distinct_and_of_the_day(at: Any) -> None:
    with pytest.raises(PathError, match="schedule: "):
        check_schedule("each", AtEach(at))


@pytest.fixture(autouse=True, scope="module")
def _workspace() -> Iterator[None]:
    """Work with the strategies of the checkout."""
    workspace.unmount()
    workspace.mount(REPO)
    yield
    workspace.unmount()


def personal(**parameters: Any) -> Any:
    return workspace.discover("orchestration")["personal_hour"].cls(**parameters)


def owls(spread: float) -> Any:
    """Everyone opens in the evening alone."""
    data = described(small())
    by_hour = [0.0] * 18 + [5.0] * 5 + [0.0]
    data["channels"]["push"] |= {"delay": "0s", "delivered": 1.0, "by_hour": by_hour, "depends": {}}
    for segment in data["segments"].values():
        segment |= {"reach": {"push": 1.0}, "consent": {"push": 1.0}}
    changed = {name: data[name] for name in ("channels", "segments")}
    return small(300, **changed, behaviour=data["behaviour"] | {"own_hours": spread})


def test_the_hour_at_which_everyone_opens_is_learned() -> None:
    world = run(owls(0.0), Practice(orchestrations={"mine": personal(weekdays=(1, 3, 5))}), days=80)
    log = log_of(world)
    mine = (log["kind"] == E_DELIVERED) & (log["campaign"] == "mine")
    hours, late = log["time"][mine] % 86_400 // HOUR, log["time"][mine] > 60 * 86_400
    assert (hours[late] >= 18).mean() > 0.9 > (hours[~late] >= 18).mean()


def test_ages_are_ages_where_hours_are_counted() -> None:
    world = run(owls(1.0), Practice(), days=1)
    columns, rows = observed_columns(world.scenario, world.seen), np.arange(count(world.state))
    ages = columns["age"](world.state, rows, world.now)
    assert ages.min() >= 18 and ages.max() <= 70
