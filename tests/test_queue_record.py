"""The queue of a desk from two independent records: marks of those who wait, and when each lead came and went."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small_worlds import FirstSeat, described, experiment, small

from lifesim.experiment.unit import Unit
from lifesim.population.columns import DAY
from lifesim.population.memory import count
from lifesim.scenario import Scenario
from lifesim.strategy import Practice
from lifesim.world.desk import Desk
from lifesim.world.world import World

DAYS = 30
#: Looked at every half hour, at a second of its own.
STEP, SECOND = 1_800, 7


class Marks:
    """Counts the customers who are marked as waiting: a record that knows of no leads."""

    phase, name, local = 9, "marks", False

    def __init__(self) -> None:
        self.counted: dict[int, int] = {}

    def next(self, now: int) -> int:
        return -(-(now - SECOND) // STEP) * STEP + SECOND

    def act(self, world: World, now: int) -> None:
        self.counted[now] = int(world.state.customers["waits"][: count(world.state)].sum())


class Recording(Desk):
    """A desk that writes down when each inquiry came and went, and knows of no marks."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._enter = self.rounds._call
        self.rounds._call = self._noted  # type: ignore[method-assign]
        self.came: list[Any] = []
        self.went: list[Any] = []

    def _lose(self, waiting: Any, now: int, measures: Any) -> Any:
        left = super()._lose(waiting, now, measures)
        gone = waiting[(waiting["gives_up"] <= now) & (waiting["inquiry"] == 1)]
        self._write(gone, np.full(len(gone), now))
        return left

    def _noted(self, now: int, granted: Any, *given: Any) -> None:
        u = self.world.streams.uniforms("time in slot", granted["luck"], again=True)
        asked = granted["inquiry"] == 1
        self._write(granted[asked], (now + (u * self.desk.slot).astype(np.int64))[asked])
        self._enter(now, granted, *given)

    def _write(self, leads: Any, times: Any) -> None:
        self.came.append(leads["asked"].astype(np.int64))
        self.went.append(times)


def curious(seats: float) -> Scenario:
    """Many inquiries, impatient customers."""
    data = described(small(1_500))
    data["behaviour"]["sessions"]["inquiry"] = 1.0
    data["behaviour"]["transitions"]["AWARENESS.need_formed"]["rate"] = "6/y"
    desk = data["desk"] | {
        "seats": {"all": {"per_10k": seats, "calls_per_hour": 1, "skill": 0.0}}, "patience": "8h",
    }  # fmt: skip
    return small(1_500, behaviour=data["behaviour"], desk=desk)


def recorded(scenario: Scenario) -> tuple[dict[int, int], Any, Any]:
    """Customers waiting by time, and when each inquiry came and went: never, where it waits at the end."""
    practice = Practice(allocation=FirstSeat())
    of = experiment(scenario, {"control": practice})
    world = of.world(Unit(0, ("north",)))
    desk, marks = Recording(scenario, practice, world), Marks()
    parts = [part for part in of.parts(world, practice) if not isinstance(part, Desk)]
    world.run(DAYS * DAY, [*parts, desk, marks])
    waiting = [world.extra[name] for name in ("leads", "inquiries")]
    asked = [waiting[0]["asked"][waiting[0]["inquiry"] == 1], waiting[1]["time"]]
    still = np.concatenate(asked).astype(np.int64)
    came = np.concatenate([*desk.came, still])
    return marks.counted, came, np.concatenate([*desk.went, np.full(len(still), DAYS * DAY)])


@pytest.mark.parametrize("seats", [0.7, 7.0, 70.0])
def test_the_number_waiting_adds_up_to_the_time_that_each_waits(seats: float) -> None:
    """The sum of the number in the queue over all looks is the sum of the looks that each inquiry lives through.

    It holds at every look, and so for the time-integral cut to any window.
    """
    counted, came, went = recorded(curious(seats))
    looks = np.array(sorted(counted))
    number = np.array([counted[at] for at in looks.tolist()])
    lived = np.searchsorted(looks, went) - np.searchsorted(looks, came)
    assert len(came) > 100
    assert number.sum() == lived.sum() > 0
    inside = ((came[:, None] <= looks) & (looks < went[:, None])).sum(axis=0)
    assert np.array_equal(number, inside)
    # Little's law: mean number = rate of arrival x mean time, where times are counted in looks.
    assert number.mean() == pytest.approx(len(came) / len(looks) * lived.mean())
