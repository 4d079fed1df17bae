"""What becomes of customers is added up by whom it counts to; a world of twins keeps every customer apart besides."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from small_worlds import SILENCE, busy, described, experiment, forked, keys_of, run_on, small, table

from lifesim.experiment.unit import Unit
from lifesim.population.accounts import ARRIVED, NOBODY, PRESENT_AT_FORK, REFERRED
from lifesim.population.columns import DAY, E_REFER, OUTCOME, PRESENT
from lifesim.population.memory import count
from lifesim.world.outcomes import outcomes_of

BRANCHES = {"north": 300, "south": 200}


def scenario_of(twins: bool) -> Any:
    """Two branches whose customers recommend often, so that there are friends of friends."""
    scenario = small(BRANCHES, horizon="120d")
    data = described(scenario)
    data["behaviour"]["processes"]["refer"] |= {"rate": "4/y", "stages": ["AWARENESS", "HOLDING", "RENEWAL_UPSELL"]}
    return scenario.replace(behaviour=data["behaviour"], experiment=data["experiment"] | {"twins": twins})


@cache
def result_of(twins: bool) -> Any:
    result = experiment(scenario_of(twins), {"control": busy(), "silence": SILENCE}).run(Unit(0, tuple(BRANCHES)))
    assert result.failures == {}
    return result


@cache
def ended(twins: bool) -> Any:
    of = experiment(scenario_of(twins), {"control": busy()})
    world = forked(of, busy())
    return run_on(of, world, busy(), 140 * DAY, cuts=(60 * DAY,))[0]


def test_tables_do_not_depend_on_whether_customers_are_kept_apart() -> None:
    apart, together = result_of(True), result_of(False)
    for name in together.tables:
        if name != "harm":
            assert table(together, name) == table(apart, name), name
    # Kept apart, customers are compared in value and complaints too.
    lost = [row for row in table(apart, "harm") if row["reason"] == "lost"]
    assert lost == [row for row in table(together, "harm") if row["reason"] == "lost"] != []


def test_accounts_hold_the_sums_of_their_customers() -> None:
    apart, together = ended(True), ended(False)
    assert np.array_equal(keys_of(apart), keys_of(together))
    n, sums = count(apart.state), np.zeros(len(together.state.outcomes), OUTCOME)
    for name in OUTCOME.names or ():
        np.add.at(sums[name], together.state.customers["account"][:n], apart.state.outcomes[name][:n])
    assert np.array_equal(sums, together.state.outcomes)
    assert sums["sessions"].sum() > 1_000 and sums["purchases"].sum() > 10


def test_customers_count_to_who_was_present_at_the_fork() -> None:
    """Those present to themselves; friends, and their friends, to whom the chain goes out from; others to none."""
    world = ended(True)
    c = world.state.customers[: count(world.state)]
    _, (branch, segment, credited, kind) = outcomes_of(world)
    assert np.array_equal(branch, c["branch"]) and np.array_equal(segment, c["segment"])
    assert np.array_equal(kind == PRESENT_AT_FORK, (c["marks"] & PRESENT) > 0)
    assert np.array_equal(kind == REFERRED, (kind != PRESENT_AT_FORK) & (c["source"] > len(world.scenario.acquisition)))
    assert np.all(credited[kind == ARRIVED] == NOBODY) and np.all(credited[kind == PRESENT_AT_FORK] != NOBODY)
    log = world.event_log()
    said = log[log["kind"] == E_REFER]
    friends = world.streams.hashes("friend", c["key"][said["customer"]], said["detail"])
    row_of = {int(key): row for row, key in enumerate(c["key"])}
    pairs = [(row_of[int(friend)], who) for friend, who in zip(friends, said["customer"], strict=True)
             if int(friend) in row_of]  # fmt: skip
    assert len(pairs) > 50 and all(credited[friend] == credited[who] for friend, who in pairs)
    assert any(kind[who] == REFERRED for _, who in pairs)
