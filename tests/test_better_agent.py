"""A better agent never hurts, and another agent moves nobody's luck: the same world with one agent changed.

Every customer is called once at most, by agents with time for all, about something that only hastens a decision.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
from quiet_world import begin, described, events
from small_worlds import Weekly, differences, keys_of, lives
from teams import SENIORS, TURNOVER
from teams import described as team_described

from lifesim.population.columns import DAY
from lifesim.strategy import AgentView, CustomerView, IntArray, LeadView, Luck, Practice, Touches
from lifesim.workforce import cases
from lifesim.workforce.staff import staff
from lifesim.world.world import World

SIZE, CALLED, DAYS = 2_000, 7 * DAY, 60
#: Agents beside the one whose skill is changed.
FEW, MORE = 4, 5


@dataclass(frozen=True)
class Once(Weekly):
    """Calls a share of everyone in the first week, and nobody later."""

    def touch(self, customers: CustomerView, luck: Luck) -> Touches:
        chosen = luck.uniforms("who", lasting=True) < (self.share if customers.now < CALLED else 0.0)
        return Touches(customers.where(chosen), self.content, self.channel)


@dataclass(frozen=True)
class ByLot:
    """Each lead goes to the agent with the highest lot of the two: whoever joins takes leads, and moves none."""

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        lots = (luck.uniforms("lead")[:, None] + luck.of_agents("agent")[None, :]) % 1.0
        lots[:, agents.capacity == 0] = -1.0
        return np.argmax(lots, axis=1)


def people(star: float, crew: int) -> dict[str, Any]:
    """One agent of a tier, with the skill given, and ``crew`` of another; all of them stay."""
    free: dict[str, Any] = SENIORS | {
        "slots": 3_000, "own_business": "0%", "willing": "100%", "skill_spread": 0.0, "opens": "09:00",
        "closes": "18:00", "workdays": [1, 2, 3, 4, 5, 6, 7],
    }  # fmt: skip
    tiers = {
        "star": free | {"per_10k": 10_000 / SIZE, "skill": {"protection": star, "health": star, "wealth": star}},
        "crew": free | {"per_10k": crew * 10_000 / SIZE, "serves": 0},
    }
    return team_described(tiers=tiers, turnover=TURNOVER | {"retained_13_months": 1.0, "veterans_leave": "0/y"})


@cache
def ended(star: float = 0.0, crew: int = FEW) -> World:
    """Customers who compare offers, and live on with all else that happens to customers, after calls by agents."""
    data = described(SIZE, DAYS, "FIRST_PURCHASE")
    data["behaviour"]["sessions"]["inquiry"] = 0.0
    # What somebody chooses is luck alone, and so the same whenever it is chosen.
    data["behaviour"]["decision"]["put_off"] = {"appeal": 0.0, "depends": {}}
    for product in data["products"].values():
        product["choice"] = {"appeal": 0.0, "depends": {}}
    data["contents"]["talk"] = {"kind": "care", "lifts": {"FIRST_PURCHASE.decide": 2.0}, "visit": 0.0}
    data["desk"]["seats"] = {"nobody": {"per_10k": 0, "calls_per_hour": 1, "skill": 0.0}}
    # Of leads that are never concluded it stays known who has them.
    data["desk"] |= {"patience": "1d", "follow_up": f"{2 * DAYS}d"}
    data["workforce"] = people(star, crew)
    calls = Once("talk", "call", "10:30", (2,), 0.5, lasting=True)
    world, parts = begin(data, Practice({"calls": calls}, allocation=ByLot()))
    world.run(DAYS * DAY, parts)
    return world


def called(world: World) -> dict[int, tuple[int, int]]:
    """By key of the customer: key of the agent who called, and when."""
    held = np.concatenate([world.extra[name] for name in (cases.IN_HAND, cases.RECENT, cases.WON_EARLY)])
    keys = keys_of(world)[held["customer"]].tolist()
    return dict(zip(keys, zip(held["agent"].tolist(), held["handed"].tolist(), strict=True), strict=True))


def first(world: World, kind: str) -> dict[int, int]:
    """By key of the customer: when the first event of a kind was after the calls began."""
    keys, found = keys_of(world), {}
    for event in events(world, kind):
        if event["time"] > DAY:
            found.setdefault(int(keys[event["customer"]]), int(event["time"]))
    return found


def the_star(world: World) -> int:
    """Key of the agent whose skill is changed."""
    of = staff(world.scenario, world.streams, world.branches, world.started_with)
    (row,) = np.flatnonzero(of.tier == of.tiers.index("star"))
    return int(of.key[row])


@pytest.mark.parametrize(("worse", "better"), [(-1.0, 0.0), (0.0, 2.0)])
def test_nobody_who_bought_from_an_agent_stays_away_from_a_better_one(worse: float, better: float) -> None:
    """Under the same luck: all who decided, and all who bought, do so with the better agent too, and none later."""
    one, other = ended(worse), ended(better)
    assert called(one) == called(other), "the same customers are called by the same agents at the same times"
    star = the_star(one)
    mine = {key for key, (agent, _) in called(one).items() if agent == star}
    for kind in ("decision", "purchase"):
        before, after = ({key: at for key, at in first(world, kind).items() if key in mine} for world in (one, other))
        assert before.keys() < after.keys() and len(before) > 50, kind
        assert all(after[key] <= before[key] for key in before), kind
    decided, sooner = first(one, "decision"), first(other, "decision")
    assert sum(sooner[key] < decided[key] for key in mine & decided.keys()) > 20


def test_customers_of_the_others_do_not_notice_a_better_agent() -> None:
    """Every column, policy, touch and event of those who were there from the start is the same, to the bit."""
    one, other = ended(), ended(2.0)
    mine = [key for key, (agent, _) in called(one).items() if agent == the_star(one)]
    others = np.setdiff1d(keys_of(one)[:SIZE], np.array(mine, np.uint64))
    assert len(others) == SIZE - len(mine) and len(set(called(one)) - set(mine)) > 200
    assert differences(lives(one, only=others), lives(other, only=others)) == []
    assert differences(lives(one, only=np.array(mine, np.uint64)), lives(other, only=np.array(mine, np.uint64))) != []


def test_another_agent_reshuffles_nobodys_luck() -> None:
    """Who joins takes leads from others; all other customers live the same lives to the bit, with the same agents."""
    fewer, more = called(ended(crew=FEW)), called(ended(crew=MORE))
    assert fewer.keys() == more.keys()
    moved = {key for key in fewer if fewer[key] != more[key]}
    assert len({more[key][0] for key in moved}) == 1 and more[next(iter(moved))][0] not in {
        a for a, _ in fewer.values()
    }
    assert 50 < len(moved) < len(fewer) / 3
    assert all(fewer[key][1] == more[key][1] for key in moved), "the slot is the same with whoever calls"
    others = np.setdiff1d(keys_of(ended())[:SIZE], np.array(list(moved), np.uint64))
    assert differences(lives(ended(crew=FEW), only=others), lives(ended(crew=MORE), only=others)) == []
