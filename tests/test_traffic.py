"""What an arm buys of acquisition: more prospects, or fewer; those who come anyway notice nothing. And who decides."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from small_worlds import differences, experiment, forked, keys_of, lives, run_on, small

import lifesim
from lifesim.errors import ScenarioError
from lifesim.population.columns import DAY
from lifesim.population.memory import count
from lifesim.report.catalogue import Catalogue
from lifesim.report.readings import deciding
from lifesim.report.verdicts import whom
from lifesim.strategy import Practice
from lifesim.world.outcomes import outcomes_of
from lifesim.world.world import World


@cache
def after(factor: float) -> World:
    """Sixty days on from the fork, with so many times the prospects of advertising."""
    of = experiment(small(20_000), {"control": Practice()})
    return run_on(of, forked(of), Practice(traffic={"advertising": factor}), 80 * DAY)[0]


def joined(world: World) -> dict[int, int]:
    c = world.state.customers[: count(world.state)]
    mine = c["source"] == 1
    return dict(zip(c["key"][mine].tolist(), c["joined"][mine].tolist(), strict=True))


def test_more_traffic_adds_prospects_and_less_leaves_some_out() -> None:
    few, usual, many = (joined(after(factor)) for factor in (0.5, 1.0, 3.0))
    assert few.items() < usual.items() < many.items()
    at_fork = sum(at < 20 * DAY for at in usual.values())
    new, more, fewer = (len(each) - at_fork for each in (usual, many, few))
    assert new > 80 and 2.0 < more / new < 4.0 and 0.2 < fewer / new < 0.8


def test_who_was_there_notices_nothing_of_further_traffic() -> None:
    usual, many = after(1.0), after(3.0)
    there = keys_of(usual)
    assert differences(lives(usual, there), lives(many, there)) == []


def test_what_is_bought_is_paid_for() -> None:
    usual, many = after(1.0), after(3.0)
    price = usual.scenario.acquisition["advertising"].cost
    spent = [int(outcomes_of(world)[0]["acquisition"].sum(dtype=np.int64)) for world in (usual, many)]
    assert spent[1] - spent[0] == price * (len(joined(many)) - len(joined(usual)))


@pytest.mark.parametrize(
    ("traffic", "said"),
    [({"advertisin": 2}, "unknown source 'advertisin'"), ({"advertising": -1}, "must be 0 to 100")],
)
def test_wrong_traffic_is_named(traffic: dict[str, float], said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        small(50, arms={"control": {"traffic": traffic}})


@pytest.mark.parametrize(("scope", "table"), [("present", "effects"), ("everyone", "effects_everyone")])
def test_the_scope_says_whose_effects_answer(scope: str, table: str) -> None:
    measure = {"primary": "policies_per_10k", "scope": scope}
    arms = {"control": {}, "more": {"traffic": {"advertising": 30}}}
    scenario = small({"north": 300, "south": 200}, arms=arms, measure=measure, horizon="300d")
    result = lifesim.compare(scenario, workers=1)
    assert deciding({"scope": scope}) == table
    cost = getattr(result, table).set_index(["metric", "segment", "arm"]).loc[("cost_per_10k", "all", "more"), "effect"]
    assert (cost > 0) == (scope == "everyone")
    whole = result.returns.set_index("segment").loc["all", "cost_effect"]
    assert whole == cost


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_report_says_whom_it_counts(lang: str) -> None:
    t = Catalogue(lang)
    assert whom({"scope": "everyone"}, t) == [t("answer.everyone")] and whom({"scope": "present"}, t) == []
