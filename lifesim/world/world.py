"""One world: the clock, the arrays, the moving parts; run it, cut it, fork it.

SimPy keeps the appointments of the moving parts. Before a part acts, all customers are advanced to that moment;
between two appointments nobody but the kernel touches them. Parts hold nothing between yields, so that a world
is a time and a dictionary of arrays: a snapshot is a copy of both.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import simpy

from lifesim.engagement.journeys.enrolling import enrol
from lifesim.engagement.journeys.installing import entering, install
from lifesim.engagement.journeys.layout import NONE as NOTHING
from lifesim.engagement.journeys.observing import columns_of
from lifesim.engagement.policies import Policies
from lifesim.errors import RunError
from lifesim.lifecycle.candidates import DRAWN
from lifesim.lifecycle.clock_tables import slots, slots_lifted
from lifesim.lifecycle.layout import bind
from lifesim.lifecycle.mechanisms import CompiledMechanisms
from lifesim.lifecycle.mind import gaps_of
from lifesim.lifecycle.noting import W_BOUGHT
from lifesim.lifecycle.rules import Rules, compile_rules
from lifesim.population import memory
from lifesim.population.accounts import ARRIVED, NOBODY, REFERRED, assign
from lifesim.population.adding import add, add_policies
from lifesim.population.arrays import Log
from lifesim.population.columns import (
    DAY,
    EVENT,
    NONE,
    NOTE,
    NOTES,
    REQUEST,
)
from lifesim.population.consent import keeps_refusals, tightened
from lifesim.population.enrolled import came_in
from lifesim.population.state import State
from lifesim.population.synthesis import People
from lifesim.scenario import Scenario
from lifesim.scenario.contact import ContactPolicy
from lifesim.scenario.journeys import Journey
from lifesim.streams import Streams
from lifesim.workforce.leads import DESK_MEASURES
from lifesim.world import kernel
from lifesim.world.queues import HELD, empty_queues, enter
from lifesim.world.views import hidden_columns, lead_columns, observed_columns

#: What customers whom a shock hit earned before it, as the covariate says it.
INCOME = np.dtype([("customer", "i4"), ("income", "f4")])

_NOBODY = np.zeros(0, np.int64)

#: SimPy's own events use priorities 0 and 1.
_FIRST_PRIORITY = 2


class Part(Protocol):
    """A moving part: it keeps appointments and holds no state between them.

    Attributes
    ----------
    phase
        Order among parts with an appointment at the same second; ties go by name.
    name
        Unique among the parts of a world.
    local
        It looks at, and acts on, nobody but customers who are held for it: the others may run ahead.
    """

    phase: int
    name: str
    local: bool

    def next(self, now: int) -> int | None:
        """First appointment at or after ``now``; none when there are no more."""
        ...

    def act(self, world: World, now: int) -> None:
        """Keep an appointment; every customer stands at ``now``."""
        ...


class World:
    """A world with its luck, its arrays and its clock, without moving parts until ``run``.

    Parameters
    ----------
    scenario
        With mechanisms already entered, see ``lifecycle.mechanisms.extend``.
    streams
        Luck of the replication.
    branches
        Names of the branches that live in this world, by their number in the scenario.
    campaigns
        Names of everything that sends touches in any arm.
    mechanisms
        Compiled mechanisms.
    journeys
        Those of all arms, by name; they are among the campaigns.
    policies
        Contact policies of all arms; the first one holds until ``follow``. That of the scenario when not given.
    """

    def __init__(
        self,
        scenario: Scenario,
        streams: Streams,
        branches: dict[int, str],
        campaigns: list[str],
        mechanisms: CompiledMechanisms,
        journeys: Mapping[str, Journey] = MappingProxyType({}),
        policies: Sequence[ContactPolicy] = (),
    ) -> None:
        self.scenario, self.streams = scenario, streams
        self.branches, self.campaigns = branches, campaigns
        rules = compile_rules(scenario, streams, campaigns, mechanisms)
        policies = policies or (scenario.contact_policy,)
        self.policies = Policies(policies, scenario, streams, campaigns)
        self.journeys = install(journeys, scenario, streams, campaigns, self.policies.audiences)
        self.rules = Rules(rules.arrays | self.journeys.arrays, rules.numbers | self.journeys.numbers)
        self._bound: tuple[State, int] | None = None
        self.follow(policies[0])
        self.mechanisms = mechanisms
        self.observed = observed_columns(scenario, self.seen, self.journeys.recalled)
        self.observed_leads = lead_columns(self.observed)
        hidden = hidden_columns(scenario, self.state_of_mind, self.gap)
        self.everything = self.observed | hidden
        self.everything_of_leads = lead_columns(self.everything)
        widths = memory.Widths(
            slots(scenario, len(mechanisms.names)), slots_lifted(scenario), len(campaigns),
            self.journeys.marks, len(self.journeys.ways), len(self.policies.outcomes), self.policies.remembered,
            len(self.journeys.recalled),
        )  # fmt: skip
        self.state: State = memory.empty(scenario, widths)
        self.extra: dict[str, Any] = empty_queues() | {"incomes": np.zeros(0, INCOME), "learned": np.zeros(0, REQUEST)}
        measures = (len(scenario.population.branches), len(DESK_MEASURES))
        self.extra["desk"] = np.zeros(measures, np.int64)
        self.now = 0
        self.started_with: dict[int, int] = {}
        self.events = Log(EVENT)
        self._barriers: dict[str, int] = {}
        self.seconds: dict[str, float] = {}
        self._scratch = np.zeros(2 * self.rules.numbers["covariates"] + 8)
        self._drawn = np.zeros(1, DRAWN)
        self._drawn["first"] = NONE
        self._notes = np.zeros(NOTES, NOTE)
        self._first_day = scenario.start - datetime.timedelta(seconds=scenario.warm_up)

    @property
    def kernel_address(self) -> int:
        """Where the record is that compiled functions take; made anew when arrays have been replaced."""
        if self._bound is None or self._bound[0] is not self.state:
            self._record = bind(self.state, self.rules, self._scratch, self._drawn, self._notes)
            self._bound = (self.state, self._record.ctypes.data)
        return self._bound[1]

    @property
    def ahead(self) -> int:
        """Up to when customers may run ahead: the next appointment of a part that looks at everyone."""
        return min(self._barriers.values(), default=self.now)

    def state_of_mind(self, state: State, rows: Any, k: int, now: int) -> Any:
        """A state of mind of some customers at a time, without writing it. Shape (n,)."""
        rule = self.rules.arrays["state_rules"][k]
        base = rule["baseline"] + (state.traits[rows, rule["trait"]] if rule["trait"] >= 0 else 0.0)
        mind = state.mind[rows, k]
        return base + mind["offset"] * np.exp(-rule["fade"] * (now - mind["at"]))

    def seen(self, state: State, rows: Any, what: int, about: int, now: int) -> Any:
        """A column that the kernel computes customer by customer, see ``engagement.journeys.observing``. Shape (n,)."""
        if state is not self.state:
            raise ValueError("columns are those of the world as it is")
        out = np.zeros(len(rows))
        columns_of(np.asarray(rows, np.int64), int(what), about, now, self.kernel_address, out)
        return out

    def gap(self, state: State, rows: Any, family: int, now: int) -> Any:
        """Wanted cover that some customers do not hold, years of income. Shape (n,)."""
        if state is not self.state:
            raise ValueError("gaps are those of the world as it is")
        out = np.zeros(len(rows))
        gaps_of(np.asarray(rows, np.int64), family, now, self.kernel_address, out)
        return out

    def date(self, now: int) -> datetime.date:
        """Calendar date of a time."""
        return self._first_day + datetime.timedelta(days=now // DAY)

    def reserve(self, customers: int) -> None:
        """Make room for the life of a world that starts with ``customers``."""
        rows = memory.rows_to_reserve(self.scenario, customers)
        self.state = memory.reserve_pools(memory.make_room(self.state, rows), rows)

    def add(self, people: People, credited: Any = None) -> slice:
        """Add customers, whose lives begin when they join; returns their rows.

        Parameters
        ----------
        credited
            Of friends: the segments to which they count, see ``population.accounts``.
        """
        if self.scenario.market.consent_tightenings:
            people.consent[:] = tightened(self.scenario, self.streams, people.keys, people.consent, people.joined)
        self.state, rows = add(self.state, people)
        if keeps_refusals(self.scenario):
            self.state.refused[rows, 0] = people.refused
        segments = len(self.scenario.segments)
        friends = credited is not None
        to, kind = (credited, REFERRED) if friends else (NOBODY, ARRIVED)
        self.state = assign(self.state, rows, to, kind, segments)
        self.state = add_policies(self.scenario, self.streams, self.state, rows.start, people)
        if people.policies:
            self._recall_policies(rows)
        kernel.start(rows.start, rows.stop, self.now, self.kernel_address)
        return rows

    def _recall_policies(self, rows: slice) -> None:
        """Whoever holds policies already has bought them: the insurer knows when each was issued."""
        pool = self.state.policies
        theirs = pool[(pool["customer"] >= rows.start) & (pool["customer"] < rows.stop)]
        for event, about, column in self.rules.arrays["recall_rules"]:
            if event == W_BOUGHT:
                mine = theirs if about == NOTHING else theirs[theirs["product"] == about]
                np.maximum.at(self.state.recalled[:, column], mine["customer"], mine["issued"])

    def advance(self, until: int, ahead: int | None = None) -> None:
        """Advance every customer to ``until``.

        Customers who wait for nothing contended may run ahead, up to the next appointment at which somebody looks at
        them or acts on them; those who are held for a desk stop at ``until``.
        """
        began = time.perf_counter()
        self._finish(lambda: kernel.advance(until if ahead is None else ahead, _NOBODY, self.kernel_address))
        waiting = [each for name in ("inquiries", "calls", "leads", *HELD) if len(each := self.extra[name])]
        if waiting:
            held = np.concatenate([each["customer"] for each in waiting]).astype(np.int64)
            self._finish(lambda: kernel.advance(until, held, self.kernel_address))
        self._spent("kernel", began)

    def _finish(self, step: Callable[[], int]) -> None:
        """Repeat a step of the kernel until it is done, emptying buffers and growing pools as it asks."""
        while True:
            status = step()
            self.drain()
            if status == kernel.DONE:
                return
            if status == kernel.GROW_POLICIES:
                self.state = memory.grow_pool(self.state, "policies", 1)
            elif status == kernel.GROW_TOUCHES:
                self.state = memory.grow_pool(self.state, "touches", 1)
            elif status == kernel.GROW_ENROLMENTS:
                self.state = memory.grow_enrolments(self.state, len(self.journeys.names) + 1)
            elif status == kernel.ENDLESS:
                raise RunError(self._endless())

    def _endless(self) -> str:
        """Which journeys go round without a pause."""
        inside = came_in(self.state, 0, self.state.counts["busy_customer"])[1]
        names = ", ".join(sorted({f"'{self.journeys.names[number]}'" for number in inside}))
        return (
            f"a journey goes round without a pause: a customer of {names} came to more than {kernel.MOST_AT_ONCE:,} "
            f"steps and touches in one second; put a wait before the step that leads back"
        )

    def drain(self) -> None:
        """Empty the kernel's buffers: events to the log, requests to those who grant them."""
        counts = self.state.counts
        events, requests = int(counts["events"][0]), int(counts["requests"][0])
        if events:
            self.events.append(self.state.events[:events])
            counts["events"] = 0
        if requests:
            enter(self.extra, self.state.requests[:requests])
            counts["requests"] = 0

    def room_for_touches(self, more: int) -> None:
        """Make sure that ``more`` touches fit into the pool."""
        left = int(self.state.counts["touches_left"][0])
        if left < more:
            self.state = memory.grow_pool(self.state, "touches", more - left)

    def follow(self, policy: ContactPolicy) -> None:
        """From now on this contact policy holds, one of those that the world was made for."""
        contents = self.rules.arrays["content_rules"]
        arrays, numbers = self.policies.tables(policy, self.journeys.audiences, contents, self.journeys.says)
        self.policy = policy
        self.rules = Rules(self.rules.arrays | arrays, self.rules.numbers | numbers)
        self._bound = None

    def run_journeys(self, names: Iterable[str]) -> None:
        """From now on these journeys run, and no others; whoever is in another one leaves it."""
        numbers = [self.journeys.names.index(name) for name in names]
        self.state.counts["running"] = sum(1 << number for number in numbers)
        self.state.counts["entering"] = sum(1 << event for event in entering(self.journeys, numbers))

    def enrol(self, journey: str, audience: int, now: int, only: Any = None, granted: bool = False) -> None:
        """Let customers into a journey at an appointment: all whom its audience and its rules of re-entry let in.

        Parameters
        ----------
        only
            Rows of the customers whom it is about, shape (n,); everyone where not given.
        granted
            Their turn has come, where the journey takes so many and no more.
        """
        number, at = self.journeys.names.index(journey), 0
        customers = memory.count(self.state) if only is None else len(only)
        rows = _NOBODY if only is None else np.asarray(only, np.int64)
        while customers and (at := enrol(number, audience, rows, granted, at, now, self.kernel_address)) < customers:
            self.drain()
            self.state = memory.grow_enrolments(self.state, len(self.journeys.names) + 1)

    def change_service(self, rows: Any, change: int, now: int, cost: int = 0) -> None:
        """Tell customers what has become of their serving agent, see ``kernel.change_service``."""
        done = np.zeros(1, np.int64)
        self._finish(lambda: kernel.change_service(rows, done, change, cost, now, self.kernel_address))

    def answer_bookings(self, rows: Any, event: int, granted: Any, now: int) -> None:
        """Tell customers who asked for seats what has become of it, see ``kernel.answer_bookings``."""
        done = np.zeros(1, np.int64)
        self._finish(lambda: kernel.answer_bookings(rows, event, granted, done, now, self.kernel_address))

    def run(self, until: int, parts: list[Part]) -> None:
        """Let the moving parts keep their appointments before ``until``, and advance everyone to it."""
        clock = simpy.Environment(initial_time=self.now)
        self._barriers = {"end of the run": until}
        for rank, part in enumerate(sorted(parts, key=lambda part: (part.phase, part.name))):
            clock.process(self._appointments(clock, part, _FIRST_PRIORITY + rank))
        end = self.scenario.warm_up + self.scenario.horizon
        if not self.now <= until <= end:
            raise RunError(f"a world at {self.now} s of {end} s cannot run to {until} s")
        if until > self.now:
            clock.run(until)
        self.now = until
        self.advance(until)

    def _appointments(self, clock: simpy.Environment, part: Part, priority: int) -> Generator[simpy.Event, None, None]:
        """The SimPy process of one moving part."""
        at = part.next(self.now)
        while at is not None:
            if not part.local:
                self._barriers[part.name] = at
            event = simpy.Event(clock)
            event._ok, event._value = True, None
            clock.schedule(event, priority=priority, delay=at - clock.now)  # type: ignore[arg-type]
            yield event
            self.now = at
            self.advance(at, self.ahead if part.local else at)
            began = time.perf_counter()
            part.act(self, at)
            self._spent(type(part).__name__.lower(), began)
            at = part.next(at + 1)
        self._barriers.pop(part.name, None)

    def _spent(self, what: str, began: float) -> None:
        self.seconds[what] = self.seconds.get(what, 0.0) + time.perf_counter() - began

    def event_log(self) -> Any:
        """Events kept so far, in order of time, then of the customer's key."""
        log = self.events.records
        keys = self.state.customers["key"][log["customer"]]
        return log[np.lexsort((np.arange(len(log)), keys, log["time"]))]

    def release(self) -> None:
        """Let go of the memory of the customers, before a snapshot takes their place."""
        few = {name: array[:0].copy() for name, array in self.state._asdict().items()}
        self.state = State(**few)
        self._bound = None

    def snapshot(self) -> dict[str, Any]:
        """Everything that the world is, as a dictionary of arrays, the world's own: write or copy it at once."""
        arrays = memory.saved(self.state)
        arrays |= {f"extra.{name}": array for name, array in self.extra.items()}
        arrays["now"] = np.array(self.now)
        arrays["started_with"] = np.array(sorted(self.started_with.items()), np.int64).reshape(-1, 2)
        return arrays

    def restore(self, arrays: Mapping[str, Any]) -> None:
        """Go back to a snapshot; the log of events starts empty.

        Raises
        ------
        RunError
            When the snapshot was made by another model.
        """
        self.state = memory.read_back(self.state, arrays)
        extra = [name for name in arrays if name.startswith("extra.")]
        self.extra = {name.removeprefix("extra."): np.array(arrays[name]) for name in extra}
        self.now = int(arrays["now"])
        self.started_with = {int(k): int(v) for k, v in arrays["started_with"]}
        self.events = Log(EVENT)
