"""Agents as columns: places in the branches, who fills them from when to when, and what each can do.

A branch has a fixed number of places in each tier. An agent fills a place for the time that their own luck and tenure
give; the place may then stay vacant for a while and be filled by a recruit. Everything is keyed by branch, tier, number
of the place and how many filled it before, so that one more place changes nothing about the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from lifesim.population.columns import DAY
from lifesim.scenario.needs import FAMILIES
from lifesim.scenario.workforce import RECRUIT_SECONDS, Tier, Turnover, Workforce
from lifesim.streams import Streams

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: When agents leave whom nothing makes leave.
NEVER_LEAVES = np.int64(2**62)


@dataclass(frozen=True)
class Agents:
    """Everyone who is an agent at some time of the horizon, one row each.

    Attributes
    ----------
    key
        Identity, of which all luck of the agent is made. Shape (n,), as all but ``skill``.
    branch, tier, region
        Numbers in the order of the scenario; region is -1 where the tier has no tags.
    place
        Number of the place within branch and tier.
    joined
        When the agent started, seconds; before 0 for those of the start.
    since, until
        From when to when the agent is there within the horizon, seconds; ``until`` itself is past.
    phase
        Share of a slot that the agent is ahead of others in the tier, so that spare slots do not fall together.
    skill
        Log factor by family of needs, shape (n, families); minus infinity where the agent may not advise.
    """

    key: npt.NDArray[np.uint64]
    branch: Ints
    tier: Ints
    region: Ints
    place: Ints
    joined: Ints
    since: Ints
    until: Ints
    phase: Floats
    skill: Floats

    def __len__(self) -> int:
        return len(self.key)

    def take(self, rows: Any) -> Agents:
        """Some of them."""
        return Agents(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def present(self, now: int) -> Ints:
        """Rows of those who are there at a time."""
        return np.flatnonzero((self.since <= now) & (now < self.until))


def agents(
    workforce: Workforce, streams: Streams, branches: Mapping[int, str], sizes: Mapping[int, int], horizon: int
) -> Agents:
    """All agents of some branches up to a time, in the order of branch, tier, place and time.

    Parameters
    ----------
    branches
        Names of the branches by their number.
    sizes
        Customers at the start by number of the branch.
    horizon
        Seconds from the start of the warm-up.
    """
    parts = [
        _of_tier(workforce, streams, (number, name), (k, tier), workforce.number(tier, sizes[number]), horizon)
        for number, name in branches.items()
        for k, tier in enumerate(workforce.tiers)
    ]
    together = {field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Agents)}
    return Agents(**together)


def _of_tier(
    workforce: Workforce, streams: Streams, branch: tuple[int, str], tier: tuple[int, str], places: int, horizon: int
) -> Agents:
    """Agents of one tier in one branch: those of the start, then those who fill their places, and so on."""
    of, turnover = workforce.tiers[tier[1]], workforce.turnover
    place = np.arange(places)
    since = np.zeros(places, np.int64)
    found: list[dict[str, Any]] = []
    while len(place) or not found:
        filled_before = len(found)
        key = streams.hashes(f"agents of {tier[1]} in {branch[1]}", place, filled_before)
        served = np.zeros(len(place))
        if not filled_before:
            served = -np.log(streams.uniforms("agent tenure", key)) * of.tenure
        until = since + leaves_after(turnover, served, -np.log(streams.uniforms("agent leaves", key)))
        found.append({"key": key, "place": place, "joined": since - served.astype(np.int64), "since": since,
                      "until": until})  # fmt: skip
        refilled = streams.uniforms("place refilled", key) < turnover.refilled
        vacant = -np.log(streams.uniforms("place vacant", key)) * turnover.vacant
        starts = np.where(until < horizon, until, horizon) + np.ceil(vacant).astype(np.int64)
        again = refilled & (starts < horizon)
        place, since = place[again], starts[again]
    columns = {name: np.concatenate([each[name] for each in found]) for name in found[0]}
    order = np.lexsort((columns["since"], columns["place"]))
    columns = {name: values[order] for name, values in columns.items()}
    n = len(order)
    columns |= {"branch": np.full(n, branch[0]), "tier": np.full(n, tier[0])}
    return Agents(**columns, **_abilities(workforce, streams, of, columns["key"]))


def _abilities(workforce: Workforce, streams: Streams, tier: Tier, key: Any) -> dict[str, Any]:
    """Region, phase and skill of agents of a tier."""
    names = [name for each in workforce.tiers.values() for name in each.regions]
    tags = list(dict.fromkeys(names))
    region = np.full(len(key), -1)
    if tier.regions and len(key):
        chosen = streams.choose("agent region", key, list(tier.regions.values()), list(tier.regions))
        region = np.array([tags.index(name) for name in tier.regions])[chosen]
    own = tier.skill_spread * streams.normals("agent skill", key)
    by_family = np.array([tier.skill.get(family, -np.inf) for family in FAMILIES])
    return {
        "region": region,
        "phase": streams.uniforms("agent phase", key),
        "skill": by_family[None, :] + own[:, None],
    }


def leaves_after(turnover: Turnover, served: Floats, threshold: Floats) -> Ints:
    """Seconds until agents leave: when the hazard summed from now on reaches a unit-exponential threshold.

    The hazard is constant over the first 13 months, at the rate that retains the declared share of recruits, and
    constant after them.

    Parameters
    ----------
    served
        Tenure now, seconds. Shape (n,).
    threshold
        Unit exponentials. Shape (n,).
    """
    recruit, veteran = -np.log(turnover.retained_13_months) / RECRUIT_SECONDS, turnover.veterans_leave
    left = np.maximum(RECRUIT_SECONDS - served, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        early = threshold / recruit
        late = left + (threshold - recruit * left) / veteran
    seconds = np.where(threshold < recruit * left, early, late)
    return np.where(seconds < NEVER_LEAVES // 2, np.ceil(np.nan_to_num(seconds)), NEVER_LEAVES // 2).astype(np.int64)


def skill_now(turnover: Turnover, of: Agents, now: int) -> Floats:
    """Skill by family at a time: recruits are not yet what they will be. Shape (n, families)."""
    return of.skill + np.where(now - of.joined < RECRUIT_SECONDS, turnover.recruit_skill, 0.0)[:, None]


def affinity(workforce: Workforce, streams: Streams, customers: Any, agent_keys: Any) -> Floats:
    """What customers and agents make of each other, log factor that lasts. Shape (n,), a pair each.

    Parameters
    ----------
    customers, agent_keys
        Keys of the pairs. Shape (n,).
    """
    if workforce.affinity == 0 or not len(customers):
        return np.zeros(len(customers))
    return workforce.affinity * streams.normals("affinity", customers, agent_keys, again=True)


def on_duty(workforce: Workforce, slot: int, of: Agents, now: int, works: Sequence[bool]) -> npt.NDArray[np.bool_]:
    """Whose working hours hold the whole slot that begins now. Shape (n,).

    Parameters
    ----------
    slot
        Length of a slot, seconds.
    now
        Start of the slot, seconds.
    works
        Whether each tier works on the day.
    """
    second = now % DAY
    tiers = [
        each and tier.opens <= second <= tier.closes - slot
        for each, tier in zip(works, workforce.tiers.values(), strict=True)
    ]
    return np.array(tiers, bool)[of.tier]


def room(workforce: Workforce, slot: int, of: Agents, now: int, works: Sequence[bool]) -> Ints:
    """Leads that agents can take in the slot that begins now; 0 for those who are off duty. Shape (n,)."""
    hours = np.array([tier.closes - tier.opens for tier in workforce.tiers.values()])
    a_day = np.array([tier.leads_a_day for tier in workforce.tiers.values()])
    per_slot = (a_day * slot / hours)[of.tier]
    number = now // slot
    leads = np.floor(per_slot * (number + 1) + of.phase) - np.floor(per_slot * number + of.phase)
    return np.where(on_duty(workforce, slot, of, now, works), leads, 0).astype(np.int64)


def leads_between(
    workforce: Workforce,
    slot: int,
    of: Agents,
    span: tuple[int, int],
    first: int,
    works: Sequence[Any],
    own: bool = False,
) -> Ints:
    """Leads that agents could take from one midnight to another: ``room`` summed over all slots. Shape (n,).

    Parameters
    ----------
    span
        The two midnights, seconds.
    first
        Second of the day at which slots begin to be counted.
    works
        Whether each tier works on each day. Shape (tiers, days).
    own
        Count the time of their own business too.
    """
    total = np.zeros(len(of), np.int64)
    for k, tier in enumerate(workforce.tiers.values()):
        rows = np.flatnonzero(of.tier == k)
        opens = first + -(-(tier.opens - first) // slot) * slot
        slots = (tier.closes - opens) // slot
        days = np.flatnonzero(works[k][: span[1] // DAY])
        begins = (days[days >= span[0] // DAY] * DAY + opens)[:, None]
        comes, goes = (np.clip(-((begins - at) // slot), 0, slots) for at in (of.since[rows], of.until[rows]))
        a_day = tier.slots if own else tier.leads_a_day
        per_slot, number = a_day * slot / (tier.closes - tier.opens), begins // slot
        so_far = [np.floor(per_slot * (number + at) + of.phase[rows]) for at in (comes, goes)]
        total[rows] = (so_far[1] - so_far[0]).sum(axis=0)
    return total
