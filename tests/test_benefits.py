"""Benefits that bring customers to the app: as many visits as they should, and what is left a week after they stop."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from journey_worlds import obliging
from small_worlds import Weekly, described, differences, keys_of, lives, new_world, run, run_on
from small_worlds import experiment as of_scenario

from lifesim.engagement.benefits import CAME, CAME_AFTER, COULD, COULD_AFTER
from lifesim.errors import ScenarioError
from lifesim.experiment.passages import benefits
from lifesim.population.columns import DAY, E_SESSION, TOUCH
from lifesim.population.memory import count
from lifesim.scenario import Scenario
from lifesim.strategy import CustomerView, Luck, Practice, Touches

ONCE = 7 * DAY + 10 * 3_600
#: Customers who are there then; friends may join later.
PEOPLE = 1_500


def gifts(rate: float = 3.5, people: int = PEOPLE, quiet: bool = True, **activity: Any) -> Scenario:
    """A scenario in which a gift brings visits for two weeks, and nothing else brings any."""
    brought = {"visits": rate, "lasts": "14d", "half_life": "4d"} | activity
    contents = {name: {"kind": "service", "visit": 0.0} for name in ("token", "present")}
    scenario = obliging(token=contents["token"], present=contents["present"] | {"activity": brought})
    behaviour = described(scenario)["behaviour"]
    if quiet:
        behaviour["sessions"]["rate"] = "0/y"
    behaviour["sessions"]["active"] = dict.fromkeys(behaviour["sessions"]["active"], 1.0)
    return scenario.replace(
        behaviour=behaviour, acquisition={}, market={"luck": 0.0, "season": {}},
        population={"branches": {"north": people}, "segments": {"mainstream": 1.0}},
    )  # fmt: skip


class Once(Weekly):
    """Touches everybody, one time."""

    def touch(self, customers: CustomerView, luck: Luck) -> Touches:
        everyone = np.arange(len(customers) if customers.now == ONCE else 0)
        return Touches(everyone, self.content, self.channel)


def giving(content: str = "present") -> Practice:
    """A practice that gives something to everybody."""
    return Practice(orchestrations={"gift": Once(content, "push", "10:00", tuple(range(1, 8)), 1.0)})


def sessions(world: Any) -> Any:
    """Days since the gift at which customers visited the app."""
    log = world.event_log()
    return (log["time"][log["kind"] == E_SESSION] - ONCE) / DAY


def test_visits_are_even_while_a_benefit_runs_and_fade_when_it_has_stopped() -> None:
    """3.5 a week for two weeks; then half as many with every four days: in a week 2/ln 2 x (1 - 2^-1.75)."""
    world = run(gifts(), giving(), days=40)
    n, at = PEOPLE, sessions(world)
    tail = 0.5 * 4 / math.log(2)
    expected = {(0, 7): 3.5, (7, 14): 3.5, (14, 21): tail * (1 - 2**-1.75), (21, 28): tail * (2**-1.75 - 2**-3.5)}
    assert at.min() > 0
    for (first, last), mean in expected.items():
        found = np.count_nonzero((at >= first) & (at < last))
        # False failure of 1e-6 is 4.9 deviations of a Poisson count.
        assert abs(found - n * mean) < 4.9 * math.sqrt(n * mean), (first, last)


def test_who_came_in_the_week_after_it_began_and_after_it_stopped_is_counted() -> None:
    world = run(gifts(), giving(), days=75)
    place = world.campaigns.index("gift"), list(world.scenario.contents).index("present")
    seen, n = world.state.benefits[place], PEOPLE
    assert world.state.benefits.sum() == seen.sum() and seen[COULD] == n == seen[COULD_AFTER]
    tail = 0.5 * 4 / math.log(2) * (1 - 2**-1.75)
    for column, mean in ((CAME, 3.5), (CAME_AFTER, tail)):
        share = 1 - math.exp(-mean)
        assert abs(seen[column] - n * share) < 4.9 * math.sqrt(n * share * (1 - share))
    assert benefits(world, giving()) == [
        {"campaign": "gift", "content": "present", "since": since, "customers": n, "came": seen[column]}
        for since, column in (("beginning", CAME), ("end", CAME_AFTER))
    ]
    assert not (world.state.touches["customer"] >= 0).any(), "a benefit that is over lies in no inbox"


def test_benefits_alone_raise_no_need_and_open_no_page() -> None:
    scenario = gifts()
    given, plain = run(scenario, giving(), days=40), run(scenario, giving("token"), days=40)
    need = list(scenario.behaviour.states).index("need")
    rows, now = np.arange(count(given.state)), 40 * DAY
    felt = [w.state_of_mind(w.state, rows, need, now) for w in (given, plain)]
    assert len(sessions(given)) > 5_000 and len(sessions(plain)) == 0
    # Trust grows with every visit, and what trust moves may move a few of 1,500; their need is moved by nothing else.
    assert np.count_nonzero(felt[0] != felt[1]) < 40
    assert given.state.customers["milestones"][:, 2].tolist() == plain.state.customers["milestones"][:, 2].tolist()


def test_whoever_likes_benefits_comes_more_often() -> None:
    """One more of the trait is exp(0.5) as many visits; without the coefficient it is nothing."""
    found = []
    for value in (0.0, 0.5):
        scenario = gifts(depends={"benefit_sensitivity": value})
        segments = described(scenario)["segments"]
        segments["mainstream"]["traits"]["benefit_sensitivity"] = {"mean": 1.0, "sd": 0.0, "low": -3, "high": 3}
        world = run(scenario.replace(segments=segments), giving(), days=22)
        found.append(len(sessions(world)))
    assert found[1] / found[0] == pytest.approx(math.exp(0.5), rel=0.05)


def test_a_higher_rate_brings_everybody_at_least_as_soon() -> None:
    """Under the same luck the first visit of nobody comes later."""
    first = []
    for rate in (1.0, 3.0):
        log = run(gifts(rate), giving(), days=60).event_log()
        visits = log[log["kind"] == E_SESSION]
        _, place = np.unique(visits["customer"], return_index=True)
        first.append(dict(zip(visits["customer"][place].tolist(), visits["time"][place].tolist(), strict=True)))
    assert set(first[0]) <= set(first[1]) and len(first[0]) > 1_000
    assert all(first[1][who] <= at for who, at in first[0].items())


def test_a_run_may_be_cut_while_benefits_run_and_whoever_has_none_does_not_notice() -> None:
    scenario, practice = gifts(people=200, quiet=False), giving()
    of = of_scenario(scenario, {"control": practice})
    whole = new_world(of)
    whole.run(30 * DAY, of.parts(whole, practice))
    cut, _ = run_on(of, new_world(of), practice, 30 * DAY, cuts=[12 * DAY + 5_000, 23 * DAY])
    assert differences(lives(whole), lives(cut), ignore=("log.",)) == []
    some = Practice(orchestrations={"gift": Weekly("present", "push", weekdays=(1,), share=0.3, lasting=True)})
    a, b = run(scenario, some, days=40), run(scenario, days=40)
    others = keys_of(a)[a.state.outcomes["sent"][: count(a.state)] == 0]
    assert 50 < len(others) < 180
    assert differences(lives(a, others), lives(b, others), ignore=("extra.",)) == []


def test_without_a_benefit_the_inbox_is_as_it_was() -> None:
    assert TOUCH.itemsize == 32
    world = run(gifts(), giving("token"), days=20)
    assert not world.state.benefits.any() and benefits(world, giving("token")) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"visits": 0}, "visits: must be above zero"),
        ({"depends": {"greed": 1}}, "contents.present.activity.depends.greed: unknown covariate 'greed'"),
    ],
)
def test_what_is_wrong_with_a_benefit_is_said(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        gifts(**change)
    assert message in str(caught.value)
