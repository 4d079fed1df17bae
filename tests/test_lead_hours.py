"""Hours from behaviour to grade, and from grade to agent, from two records: the event log, and the sums of the run."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_worlds import FirstSeat, busy, experiment, new_world, small, table
from test_lead_mining import PAGE, Graded, mining, staffed

from lifesim.experiment.agent_metrics import agent_metrics
from lifesim.experiment.gather import gather
from lifesim.experiment.unit import Unit, UnitResult
from lifesim.population.columns import DAY, E_DELIVERED, E_FAILED, E_INQUIRY, E_PRODUCT_PAGE
from lifesim.strategy import Practice
from lifesim.world.desk import Desk
from lifesim.world.outcomes import begin_outcomes
from lifesim.world.parts import Observer, occupancy

HOUR, BRANCHES = 3_600, ("north", "south")
#: What the log says of a conversation: it was held, or did not come about.
HEARD = (E_DELIVERED, E_FAILED)


class Firsts(Desk):
    """A desk that writes down in which slot each lead was graded first, and taken first, with whom it is about."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        assert self.pipeline is not None
        #: By luck of the lead: slot of the first grading; branch, what made it, customer, when it was asked for.
        self.graded: dict[int, int] = {}
        self.about: dict[int, tuple[int, ...]] = {}
        self.taken: dict[int, int] = {}
        grade, call = self.pipeline._grade, self.rounds._call

        def grading(waiting: Any, due: Any, now: int) -> None:
            grade(waiting, due, now)
            branches = self.world.state.customers["branch"]
            for lead in waiting[due][waiting["returned"][due] == 0]:
                customer, luck = int(lead["customer"]), int(lead["luck"])
                self.graded.setdefault(luck, now)
                self.about[luck] = (int(branches[customer]), int(lead["source"]), customer, int(lead["asked"]))

        def calling(now: int, granted: Any, *given: Any) -> None:
            for lead in granted[granted["returned"] == 0]:
                self.taken.setdefault(int(lead["luck"]), now)
            call(now, granted, *given)

        self.pipeline._grade, self.rounds._call = grading, calling  # type: ignore[method-assign]


@cache
def watched() -> tuple[Firsts, pd.DataFrame, pd.DataFrame, dict[tuple[int, int], list[int]]]:
    """A desk's diary, the tables of desks and metrics of its run, and times in the event log by customer and kind."""
    scenario = staffed(mining(small({"north": 300, "south": 200})))
    practice = Practice(busy(calls=False).orchestrations, grading=Graded(), allocation=FirstSeat())
    of = experiment(scenario, {"control": practice})
    world, end = new_world(of), scenario.warm_up + scenario.horizon
    firsts, observer = Firsts(scenario, practice, world), Observer(scenario.warm_up, end)
    parts = [part for part in of.parts(world, practice) if not isinstance(part, Desk)]
    world.run(scenario.warm_up, [*parts, firsts])
    warm = world.event_log()
    begin_outcomes(world)
    world.run(end, [*parts, firsts, observer])
    observer.counted[scenario.horizon // DAY] = occupancy(world, end)
    result = UnitResult(Unit(0, BRANCHES))
    log, found = np.concatenate([warm, world.event_log()]), {}
    # What others send is heard in the same hour at times.
    others = np.isin(log["kind"], HEARD) & (log["detail"] != world.campaigns.index("desk"))
    for customer, kind, time in log[~others][["customer", "kind", "time"]].tolist():
        found.setdefault((customer, kind), []).append(time)
    gather(world, "control", practice, observer, result)
    tables = [pd.DataFrame(table(result, name)) for name in ("agents", "desks", "leads")]
    return firsts, tables[2], agent_metrics(tables[0], tables[1], "control", BRANCHES), found


def hours(what: str, branch: int) -> list[float]:
    """Hours of every lead of a branch since the fork: its behaviour and conversation from the event log."""
    firsts, _, _, log = watched()
    found = []
    for luck, (of, source, customer, asked) in firsts.about.items():
        graded, taken = firsts.graded[luck], firsts.taken.get(luck, -1)
        if of != branch:
            continue
        if what == "hours_to_grade" and graded >= 20 * DAY:
            behaviour = [t for t in log[customer, E_PRODUCT_PAGE if source == PAGE else E_INQUIRY] if t == asked]
            assert len(behaviour) == 1, "a lead that comes of nothing in the log"
            found.append((graded - behaviour[0]) / HOUR)
        if what == "hours_to_agent" and taken >= 20 * DAY:
            heard = [t for kind in HEARD for t in log.get((customer, kind), []) if taken <= t < taken + HOUR]
            assert len(heard) == 1, "a lead that was taken, and no conversation in that slot"
            found.append((heard[0] - graded) / HOUR)
    return found


@pytest.mark.parametrize("metric", ["hours_to_grade", "hours_to_agent"])
def test_hours_from_behaviour_to_grade_and_to_agent_are_those_of_the_log(metric: str) -> None:
    """In each branch and together; and as the sums of the table of leads have them."""
    _, leads, metrics, _ = watched()
    of = metrics[(metrics["metric"] == metric) & (metrics["tier"] == "all")].set_index("branch")["mean"]
    each = [hours(metric, branch) for branch in range(len(BRANCHES))]
    assert min(map(len, each)) > 30
    for name, values in (*zip(BRANCHES, each, strict=True), ("all", [*each[0], *each[1]])):
        assert of[name] == pytest.approx(np.mean(values), rel=1e-9), name
    assert set(metrics["tier"][metrics["metric"] == metric]) == {"all"}, "no tier has leads that nobody took yet"
    top, bottom = {"hours_to_grade": ("grade_seconds", "graded"), "hours_to_agent": ("agent_seconds", "taken")}[metric]
    sums = leads.groupby("measure")["value"].sum()
    assert of["all"] == pytest.approx(sums[top] / sums[bottom] / HOUR, rel=1e-9)
