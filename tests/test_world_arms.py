"""Arms share luck: identical ones differ by nothing, and neither order nor company changes what happens to anybody."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small_worlds import (
    SILENCE,
    Weekly,
    busy,
    described,
    differences,
    experiment,
    forked,
    lives,
    log_of,
    new_world,
    run,
    run_on,
    small,
    table,
    uncontended,
)

from lifesim.experiment.unit import Unit
from lifesim.population.columns import DAY, E_DELIVERED, E_FAILED, E_OPENED
from lifesim.strategy import Practice
from lifesim.world.parts import Observer

pytestmark = pytest.mark.metamorphic

END = 80 * DAY


@pytest.mark.parametrize(
    "practice",
    [SILENCE, busy(), Practice(orchestrations=busy().orchestrations)],
    ids=["silence", "busy", "busy without a desk"],
)
def test_identical_arms_differ_by_nothing(practice: Practice) -> None:
    """Every column, table and queue, in worlds that were warmed up under another practice."""
    of = experiment(small(), {"control": busy(), "copy": practice})
    arms = [run_on(of, forked(of, busy()), practice, END)[0] for _ in range(2)]
    assert differences(lives(arms[0]), lives(arms[1])) == []


def test_different_arms_differ() -> None:
    """The comparison sees a difference where there is one, and still finds what no strategy can move."""
    of = experiment(small(), {"control": SILENCE, "busy": busy()})
    a, b = (lives(run_on(of, forked(of), practice, END)[0]) for practice in (SILENCE, busy()))
    found = differences(a, b)
    assert {"outcomes.sent", "outcomes.sessions", "customers.last_session", "mind.need.offset"} <= set(found)
    assert not [name for name in found if name.startswith(("traits.", "customers.reach", "customers.session_rate"))]


def tables(practices: dict[str, Practice]) -> dict[str, list[tuple[Any, ...]]]:
    """All tables of a unit with the arms in some order, each as a sorted list of rows."""
    scenario = small({"north": 150, "south": 100}, arms={name: {} for name in practices})
    result = experiment(scenario, practices).run(Unit(0, ("north", "south")))
    assert result.failures == {}
    return {name: sorted(tuple(map(str, row.values())) for row in table(result, name)) for name in result.tables}


def test_the_order_of_arms_changes_no_table() -> None:
    practices = {"control": SILENCE, "busy": busy(), "quiet": Practice(allocation=busy().allocation)}
    backwards = dict(reversed(practices.items()))
    assert list(backwards) != list(practices)
    assert tables(practices) == tables(backwards)


@pytest.mark.parametrize("name", ["alms", "zeal"])
def test_the_company_of_another_arm_changes_no_table(name: str) -> None:
    """Whether its campaign comes before or after the others in the alphabet, by which campaigns are numbered."""
    alone = tables({"control": busy()})
    beside = tables({"control": busy(), "another": busy(**{name: Weekly("care_message", "sms")})})
    for what, rows in alone.items():
        assert rows == [row for row in beside[what] if "another" not in row], what


def test_the_table_of_events_names_the_campaigns() -> None:
    behaviour = described(small())["behaviour"]
    behaviour["sessions"]["inquiry"] = 1.0  # so that the desk calls back
    scenario = uncontended(small(behaviour=behaviour))
    events = table(experiment(scenario, {"control": busy()}).run(Unit(0, ("north",))), "events")
    sent_by = {row["campaign"] for row in events if row["kind"] in ("delivered", "failed", "opened")}
    assert sent_by == {"care", "desk", "news", "offers"}
    assert {row["campaign"] for row in events if row["kind"] not in ("delivered", "failed", "opened")} == {""}


def test_the_order_of_campaigns_changes_nothing() -> None:
    """Two campaigns at the same second compete for one cap; their names decide, not their order."""
    rivals = {"gifts": Weekly("sign_in_gift", share=0.9), "offers": Weekly("product_offer", share=0.9)}
    worlds = [run(small(), busy(**dict(order))) for order in (rivals.items(), reversed(rivals.items()))]
    suppressed = worlds[0].state.touched[:, :, :, 7].sum(axis=(1, 2))
    assert suppressed[worlds[0].campaigns.index("offers")] > 0, "nothing was at stake"
    assert differences(lives(worlds[0]), lives(worlds[1])) == []


def test_the_order_of_moving_parts_changes_nothing() -> None:
    of = experiment(small(), {"control": busy()})
    worlds = []
    for turn in (1, -1):
        world = new_world(of)
        parts = [*of.parts(world, busy()), Observer(0, END)]
        world.run(END, parts[::turn])
        worlds.append(world)
    assert differences(lives(worlds[0]), lives(worlds[1])) == []


def test_a_second_campaign_leaves_every_draw_of_the_first_in_place() -> None:
    """Both campaigns send to everyone, lots of luck is in play; the second comes first in the alphabet.

    The desk has seats for all, and neither campaign looks at the other's touches. Whoever the second one never wrote
    to lives the same life to the last bit. To the others the same touches of the first arrive, or fail, at the same
    second, as long as the cap lets them go.
    """
    scenario = uncontended(small(400))
    second = Weekly("product_offer", "sms", "11:00", (2, 5), 0.5, lasting=True)
    one = Practice(orchestrations={"news": Weekly(share=0.7)}, allocation=busy().allocation)
    both = Practice(orchestrations={"alms": second, **one.orchestrations}, allocation=one.allocation)
    alone, beside = run(scenario, one), run(scenario, both)
    log, log_beside = log_of(alone), log_of(beside)
    asked_twice = log_beside["key"][log_beside["campaign"] == "alms"]
    spared = np.setdiff1d(alone.state.customers["key"], asked_twice)
    assert 100 < len(spared) < 300
    assert differences(lives(alone, only=spared), lives(beside, only=spared)) == []
    fates, fates_beside = fates_of(log, "news"), fates_of(log_beside, "news")
    common = fates.keys() & fates_beside.keys()
    assert len(common) > 0.5 * len(fates)
    assert {at: fates[at] for at in common} == {at: fates_beside[at] for at in common}


def fates_of(log: dict[str, Any], campaign: str) -> dict[tuple[int, int], int]:
    """Whether each touch of a campaign was delivered or failed, by customer and time of arrival."""
    rows = (log["campaign"] == campaign) & np.isin(log["kind"], (E_DELIVERED, E_FAILED))
    return {
        (int(key), int(time)): int(kind)
        for key, time, kind in zip(log["key"][rows], log["time"][rows], log["kind"][rows], strict=True)
    }


def test_opening_keeps_its_draw_beside_a_second_campaign() -> None:
    """Where nothing tires and opening depends on nothing, each touch is opened or not as if it were alone."""
    data = described(small())
    channels = data["channels"]
    for name in ("push", "sms"):
        channels[name] |= {"depends": {}, "fatigue": 0.0, "opt_out": 0.0}
    policy = data["contact_policy"] | {"marketing_cap": {"touches": 4, "within": "1h"}}
    scenario = small(channels=channels, contact_policy=policy)
    one = Practice(orchestrations={"news": Weekly(share=0.7)})
    both = Practice(orchestrations={"alms": Weekly("care_message", "sms", "12:00"), **one.orchestrations})
    logs = [log_of(run(scenario, practice)) for practice in (one, both)]
    opened = []
    for log in logs:
        rows = (log["campaign"] == "news") & np.isin(log["kind"], (E_DELIVERED, E_FAILED, E_OPENED))
        opened.append({name: log[name][rows] for name in ("key", "time", "kind")})
    assert len(opened[0]["key"]) > 1_000
    assert differences(*opened) == []
