"""Who answers in a world: groups of seats, and agents where there are any, one row each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lifesim.population.columns import DAY
from lifesim.scenario import Scenario
from lifesim.streams import Streams
from lifesim.workforce.agents import Agents, Ints, agents
from lifesim.workforce.answers import EVERY_BRANCH

GRADES = "abcd"
#: What the insurer has seen of leads whose follow-up is over, by grade.
RESULTS = ("concluded", "won")
#: Room of those whom the scenario does not limit; sums of it stay whole numbers.
ANY_NUMBER = 2**40
#: Time since the latest lead of those who had none.
NEVER_IDLE = 10_000 * DAY

#: What is kept of each row between appointments, as arrays of the world: when it last got a lead, leads in hand,
#: results by grade, and until when it is on the way to a customer and takes nothing else.
LAST, LOAD, SEEN, AWAY = "staff_last", "staff_load", "staff_results", "staff_away"
#: What is counted from the fork on where there are agents, by branch of the customer, place in ``tiers`` and measure:
#: leads taken, won and lost, seconds until the conversation; customers who became orphans, and who followed, by the
#: agent who left; customers who were told of another, by that one; leads lost that are to come back to the pool, and
#: leads taken that had; slots spent on steps of work on leads in hand, on the way to and from visits, and by seats on
#: dials that clean leads; leads whose customers the tier talked to before anybody else, and those of them within the
#: service level; slots spent on further tries to reach customers, and on recording sales; steps of work done.
BY_TIER = "by_tier"
TIER_MEASURES = (
    "taken", "won", "lost", "wait_seconds", "orphaned", "followed", "assigned", "returned", "taken_again",
    "step_slots", "way_slots", "dial_slots", "service_due", "contacted_in_time",
    "try_slots", "recording_slots", "steps_done",
)  # fmt: skip
(TAKEN_BY, WON_BY, LOST_BY, WAITED_FOR, ORPHANED_BY, FOLLOWED_BY, ASSIGNED_TO, RETURNED_BY,
 TAKEN_AGAIN, STEP_SLOTS, WAY_SLOTS, DIAL_SLOTS, SETTLED_BY, IN_TIME_BY,
 TRY_SLOTS, RECORDING_SLOTS, STEPS_DONE) = range(len(TIER_MEASURES))  # fmt: skip
#: Of these, slots that are spent: a conversation about a lead takes one.
WORKED = (TAKEN_BY, STEP_SLOTS, WAY_SLOTS, DIAL_SLOTS, TRY_SLOTS, RECORDING_SLOTS)
#: Of these, what agents do, whatever time it takes: first conversations, further tries, steps of work.
ACTIVITIES = (TAKEN_BY, TRY_SLOTS, STEPS_DONE)
#: Leads of the best grades that each row has taken since the fork; how many grades these are.
GOOD, GOOD_GRADES = "staff_good", 2


@dataclass(frozen=True)
class Staff:
    """Everyone who answers at some time of the horizon: seats in front, then agents.

    Attributes
    ----------
    key, branch, tier
        Identity; number of the branch, -1 for seats that serve all; place in ``tiers``. Shape (n,).
    tiers
        Names of the groups of seats, then of the tiers of agents.
    calls
        Conversations of each group of seats in a slot. Shape (groups,).
    skill
        Of the groups of seats. Shape (groups,).
    looks_after
        Policyholders whom each row serves before no more orphans are re-assigned to it; ``ANY_NUMBER``. Shape (n,).
    agents
        Those who are no seats; none where the scenario has no workforce.
    """

    scenario: Scenario
    key: Any
    branch: Ints
    tier: Ints
    tiers: tuple[str, ...]
    calls: Any
    skill: Any
    looks_after: Ints
    agents: Agents | None

    def __len__(self) -> int:
        return len(self.key)

    def kept(self) -> dict[str, Any]:
        """What is kept of each row, at the start of a world."""
        n = len(self)
        kept = {
            LAST: np.full(n, -NEVER_IDLE), LOAD: np.zeros(n, np.int64),
            SEEN: np.zeros((n, len(GRADES), len(RESULTS)), np.int64), AWAY: np.zeros(n, np.int64),
        }  # fmt: skip
        if self.agents is None:
            return kept
        cells = (len(self.scenario.population.branches), len(self.tiers), len(TIER_MEASURES))
        return kept | {BY_TIER: np.zeros(cells, np.int64), GOOD: np.zeros(n, np.int64)}

    def rows_of(self, keys: Any) -> Ints:
        """Rows of those with some keys, all of them known. Shape (n,)."""
        order, ascending = self._by_key
        return np.asarray(order[np.searchsorted(ascending, keys)])

    @cached_property
    def _by_key(self) -> tuple[Ints, Any]:
        """Rows in the order of their keys, and these."""
        order = np.argsort(self.key)
        return order, self.key[order]

    def present(self, now: int) -> Ints:
        """Rows of the seats, and of the agents who are there."""
        seats = np.arange(len(self.calls))
        return seats if self.agents is None else np.concatenate([seats, len(seats) + self.agents.present(now)])


def staff(scenario: Scenario, streams: Streams, branches: Mapping[int, str], sizes: Mapping[int, int]) -> Staff:
    """Everyone who answers in some branches.

    Parameters
    ----------
    branches
        Names of the branches by their number.
    sizes
        Customers at the start by number of the branch.
    """
    desk, workforce = scenario.desk, scenario.workforce
    groups = {EVERY_BRANCH: "every branch"} if desk.scope == "national" else branches
    of = {EVERY_BRANCH: sum(sizes.values())} if desk.scope == "national" else sizes
    seats = [(number, k, name) for number in groups for k, name in enumerate(desk.seats)]
    key = [streams.hashes(f"seats {name} of {groups[number]}", 0, 0) for number, _, name in seats]
    branch, tier = (np.array([each[k] for each in seats], np.int64) for k in (0, 1))
    tiers = tuple(desk.seats)
    people = None
    if workforce is not None:
        people = agents(workforce, streams, branches, sizes, scenario.warm_up + scenario.horizon)
        key.append(people.key)
        branch, tier = np.concatenate([branch, people.branch]), np.concatenate([tier, len(tiers) + people.tier])
        tiers += tuple(workforce.tiers)
    rules = [(desk.seats[name], of[number]) for number, _, name in seats]
    calls = [seat.number(size) * seat.calls_per_hour * desk.slot / 3600 for seat, size in rules]
    skill = np.array([seat.skill for seat, _ in rules])
    limits = [_most(seat.looks_after, seat.number(size)) for seat, size in rules]
    if workforce is not None:
        of_tier = [_most(each.looks_after) for each in workforce.tiers.values()]
        limits += [of_tier[k - len(desk.seats)] for k in tier[len(limits) :].tolist()]
    return Staff(
        scenario, np.concatenate(key), branch, tier, tiers, np.array(calls), skill, np.array(limits, np.int64), people
    )


def _most(each: int | None, number: float = 1.0) -> int:
    """Policyholders whom so many serve, as the scenario limits each of them."""
    return ANY_NUMBER if each is None else int(number * each)
