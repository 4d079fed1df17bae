"""The same leads for every allocation: what comes to the desk of a world that serves nobody, and a replay of it.

In a world allocations change what comes: conversations move customers, and leads that nobody took come back. To hold
allocations against each other and against the bound of someone who knows everything beforehand, they are asked about
one stream of leads and places that none of them changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lifesim.experiment.unit import Experiment, Unit
from lifesim.scenario import Scenario
from lifesim.scenario.needs import FAMILIES
from lifesim.strategy import UNASSIGNED, AgentView, Allocation, LeadView, Luck, Practice
from lifesim.streams import Streams
from lifesim.workforce.answers import EVERY_BRANCH, complaint
from lifesim.workforce.bound import clairvoyant
from lifesim.workforce.staff import GRADES, NEVER_IDLE, RESULTS, Staff
from lifesim.world.desk import Desk
from lifesim.world.lead_views import true_value

#: Columns of leads that stay as they were when the lead was first seen.
OF_LEADS = ("branch", "family", "wished_tier", "asked_by_customer", "true_value")
SKILLS = ("skill", *(f"skill_{family}" for family in FAMILIES))


class Listening(Desk):
    """A desk that writes down who waits and who is there in every slot, and gives nobody anything."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.seen: list[dict[str, Any]] = []
        self.rounds._allocated = self._written  # type: ignore[method-assign]

    def _written(self, now: int, waiting: Any, grades: Any, shift: Any) -> Any:
        """Write the round down; nobody gets a lead."""
        rows = np.arange(len(waiting))
        owners = self.rounds._owners(waiting["customer"], shift.rows)
        given = (self.world.state, waiting, grades, None)
        columns = self.rounds.columns | true_value(self.world)
        self.seen.append(
            {"now": now, "luck": waiting["luck"], "asked": waiting["asked"], "grade": grades, "rows": shift.rows}
            | {"owner": np.where(owners >= 0, shift.rows[owners], UNASSIGNED)}
            | {name: np.array(columns[name](given, rows, now)) for name in OF_LEADS}
            | {name: np.array(shift[name]) for name in ("capacity", "on_duty", *SKILLS)}
        )
        return np.full(len(waiting), UNASSIGNED)


@dataclass(frozen=True)
class LeadStream:
    """Leads that wait, and people who could take them, round by round.

    Attributes
    ----------
    leads
        Columns, shape (leads,): those of ``OF_LEADS``, ``grade``, ``owner`` as a row of the staff, ``asked`` and
        ``luck``; in the order in which they are to be served.
    first, last
        Rounds in which each lead waits. Shape (leads,).
    times
        Of the rounds, seconds. Shape (rounds,).
    there, capacity
        Who is on duty, and how many leads each can take. Shape (rounds, staff).
    skill
        By name, of a conversation in each family. Shape (staff,).
    follow_up
        Time until it is known what became of a lead, seconds.
    """

    leads: dict[str, Any]
    first: Any
    last: Any
    times: Any
    there: Any
    capacity: Any
    skill: dict[str, Any]
    staff: Staff
    streams: Streams
    follow_up: int
    date: Callable[[int], Any]

    @property
    def values(self) -> Any:
        """Decisions that a conversation of each lead with each of the staff adds, in truth. Shape (leads, staff)."""
        by_family = np.stack([*(self.skill[f"skill_{family}"] for family in FAMILIES), self.skill["skill"]])
        return self.leads["true_value"][:, None] * np.exp(by_family[self.leads["family"]])

    def bound(self) -> float:
        """What nobody could exceed, branch by branch where the staff is of branches."""
        branches = self.leads["branch"]
        if np.any(self.staff.branch == EVERY_BRANCH):
            branches = np.full(len(branches), EVERY_BRANCH)
        return sum(self._bound_of(branches == branch, self.staff.branch == branch) for branch in np.unique(branches))

    def _bound_of(self, leads: Any, staff: Any) -> float:
        rounds = np.flatnonzero(self.capacity[:, staff].any(axis=1))
        first, last = (np.searchsorted(rounds, each[leads], side) for each, side in
                       ((self.first, "left"), (self.last, "right")))  # fmt: skip
        return clairvoyant(self.values[np.ix_(leads, staff)], first, last - 1, self.capacity[np.ix_(rounds, staff)])


def listen(scenario: Scenario, practice: Practice, replication: int) -> LeadStream:
    """The leads of a scenario under a practice that serves none of them, from the start of its world to the horizon."""
    experiment = Experiment(scenario, {"control": practice}, [])
    world = experiment.world(Unit(replication, tuple(scenario.population.branches)))
    desk = Listening(scenario, practice, world)
    others = [part for part in experiment.parts(world, practice) if not isinstance(part, Desk)]
    world.run(scenario.horizon, [*others, desk])
    return _stream(desk.seen, desk)


def _stream(seen: list[dict[str, Any]], desk: Listening) -> LeadStream:
    """Rounds of a slot as one stream: leads as they were at first, the staff with the skill of their first day."""
    number = np.repeat(np.arange(len(seen)), [len(each["luck"]) for each in seen])
    columns = {name: np.concatenate([each[name] for each in seen]) for name in seen[0] if name not in _OF_STAFF}
    _, at, back = np.unique(columns["luck"], return_index=True, return_inverse=True)
    last = np.zeros(len(at), np.int64)
    np.maximum.at(last, back, number)
    order = np.lexsort((columns["luck"][at], columns["asked"][at]))
    n = len(desk.staff)
    there, capacity = np.zeros((len(seen), n), np.int64), np.zeros((len(seen), n), np.int64)
    skill = {name: np.zeros(n) for name in SKILLS}
    for k, each in reversed(list(enumerate(seen))):
        there[k, each["rows"]], capacity[k, each["rows"]] = each["on_duty"], each["capacity"]
        for name in SKILLS:
            skill[name][each["rows"]] = each[name]
    return LeadStream(
        {name: values[at][order] for name, values in columns.items()}, number[at][order], last[order],
        np.array([each["now"] for each in seen]), there, capacity, skill, desk.staff, desk.world.streams,
        desk.desk.follow_up, desk.world.date,
    )  # fmt: skip


_OF_STAFF = ("now", "rows", "capacity", "on_duty", *SKILLS)


class Replay:
    """One allocation over a stream: who has taken what, and what has become known of it."""

    def __init__(self, stream: LeadStream, allocation: Allocation) -> None:
        self.stream, self.allocation = stream, allocation
        n = len(stream.staff)
        self.taken_by = np.full(len(stream.first), UNASSIGNED)
        self.concluded = np.zeros(len(stream.first), bool)
        self.taken_at = np.zeros(len(stream.first), np.int64)
        self.load, self.latest = np.zeros(n, np.int64), np.full(n, -NEVER_IDLE)
        self.known = np.zeros((n, len(GRADES), len(RESULTS)), np.int64)
        # What becomes of a lead is its own luck, and who took it enters through the probability.
        self.threshold = -np.log(stream.streams.uniforms("what becomes of a lead", stream.leads["luck"], again=True))
        self.values = stream.values

    def value(self) -> float:
        """Decisions that all conversations add."""
        for number, now in enumerate(self.stream.times.tolist()):
            self._learn(now)
            self._take(number, now)
        taken = np.flatnonzero(self.taken_by != UNASSIGNED)
        return float(self.values[taken, self.taken_by[taken]].sum())

    def _learn(self, now: int) -> None:
        """Of leads taken long enough ago it is known what they became."""
        over = (self.taken_by != UNASSIGNED) & ~self.concluded & (self.taken_at + self.stream.follow_up <= now)
        leads, rows = np.flatnonzero(over), self.taken_by[over]
        won = self.threshold[leads] <= self.values[leads, rows]
        grades = self.stream.leads["grade"][leads]
        np.add.at(self.known, (rows, grades, 0), 1)
        np.add.at(self.known, (rows[won], grades[won], 1), 1)
        np.add.at(self.load, rows, -1)
        self.concluded[over] = True

    def _take(self, number: int, now: int) -> None:
        """Ask about those who wait, the best grades first."""
        stream = self.stream
        waiting = np.flatnonzero((stream.first <= number) & (number <= stream.last) & (self.taken_by == UNASSIGNED))
        staff = np.flatnonzero(stream.there[number])
        if not len(waiting) or not len(staff):
            return
        waiting = waiting[np.argsort(stream.leads["grade"][waiting], kind="stable")]
        leads, agents = self._shown(waiting, staff, now), self._shown_of(staff, number, now)
        keys = stream.leads["luck"][waiting]
        name = f"allocation {type(self.allocation).__name__}"
        luck = Luck(stream.streams, name, lambda: keys, now, keys, stream.staff.key[staff])
        answer = np.asarray(self.allocation.assign(leads, agents, luck))
        wrong = complaint(answer, stream.leads["branch"][waiting], agents)
        if wrong is not None:
            raise ValueError(f"{name}: {wrong}")
        taken, rows = waiting[answer != UNASSIGNED], staff[answer[answer != UNASSIGNED]]
        self.taken_by[taken], self.taken_at[taken], self.latest[rows] = rows, now, now
        np.add.at(self.load, rows, 1)

    def _shown(self, waiting: Any, staff: Any, now: int) -> LeadView:
        of = self.stream.leads
        columns = {name: of[name][waiting] for name in ("grade", *OF_LEADS)}
        place = np.searchsorted(staff, of["owner"][waiting]) % len(staff)
        columns["owner"] = np.where(staff[place] == of["owner"][waiting], place, UNASSIGNED)
        columns["waiting_seconds"] = now - of["asked"][waiting]
        return LeadView(np.arange(len(waiting)), _readers(columns), columns, now, self.stream.date(now))

    def _shown_of(self, staff: Any, number: int, now: int) -> AgentView:
        of = self.stream
        columns = {name: of.skill[name][staff] for name in SKILLS}
        columns |= {"branch": of.staff.branch[staff], "tier": of.staff.tier[staff], "load": self.load[staff]}
        columns |= {"capacity": of.capacity[number, staff], "on_duty": of.there[number, staff]}
        columns["idle_seconds"] = np.minimum(now - self.latest[staff], NEVER_IDLE)
        for g, grade in enumerate(GRADES):
            columns |= {f"{what}_{grade}": self.known[staff, g, k] for k, what in enumerate(RESULTS)}
        return AgentView(np.arange(len(staff)), _readers(columns), columns, now, of.date(now), of.staff.tiers)


def _readers(columns: dict[str, Any]) -> dict[str, Callable[[Any, Any, int], Any]]:
    return {name: (lambda given, rows, now, name=name: given[name][rows]) for name in columns}  # type: ignore[misc]
