"""Small worlds for tests: build one, run it with cuts, and compare whole worlds customer by customer.

Rows, places in pools and numbers of campaigns are bookkeeping: two worlds are the same when every customer, known by
key, has the same columns, policies, touches and log. ``lives`` brings a world into that form, ``differences`` names
what differs, bit by bit.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import lifesim
from lifesim.experiment.unit import Experiment, Unit, UnitResult
from lifesim.population.columns import DAY, E_DELIVERED, E_FAILED, E_OPENED, GONE, NEVER, NONE
from lifesim.population.enrolled import enrolments_of
from lifesim.population.memory import count
from lifesim.scenario import Scenario
from lifesim.strategy import AgentView, CustomerView, IntArray, LeadView, Luck, Practice, Schedule, Touches
from lifesim.world.outcomes import begin_outcomes, outcomes_of
from lifesim.world.world import World

HOUR = 3_600
SEGMENTS = {"striving_youth": 0.4, "wealth_rising": 0.25, "mainstream": 0.35}
#: Customers' columns that hold places in pools, and the number of an account.
HEADS = ("first_touch", "first_policy", "first_enrolment", "account")
#: Columns of the pools that hold a row or a place.
PLACES = ("customer", "next", "course")


@cache
def _base() -> Scenario:
    return lifesim.load("striving_youth")


def small(branches: dict[str, int] | int = 300, **changes: Any) -> Scenario:
    """A small scenario: 20 days of warm-up, 60 days of horizon, one replication.

    It keeps every event, and what became of every customer.
    """
    sizes = {"north": branches} if isinstance(branches, int) else branches
    given: dict[str, Any] = {
        "name": "small",
        "population": {"branches": sizes, "segments": SEGMENTS},
        "warm_up": "20d",
        "horizon": "60d",
        "arms": {"control": {}},
        "experiment": {"replications": 1, "seed": 11, "event_share": 1.0, "twins": True},
    }
    return _base().replace(**(given | changes))


def described(scenario: Scenario) -> dict[str, Any]:
    """The scenario as plain data, to change a part of it and pass that part to ``replace``."""
    return scenario.model_dump(mode="json", by_alias=True)


def curious(scenario: Scenario, inquiry: float = 0.3) -> dict[str, Any]:
    """The behaviour of the scenario, as plain data, with many who form a need, and many inquiries of theirs."""
    behaviour: dict[str, Any] = described(scenario)["behaviour"]
    behaviour["sessions"]["inquiry"] = inquiry
    behaviour["transitions"]["AWARENESS.need_formed"]["rate"] = "4/y"
    return behaviour


def uncontended(scenario: Scenario) -> Scenario:
    """The scenario with one group of seats, enough for every customer at every slot."""
    desk = described(scenario)["desk"]
    return scenario.replace(desk=desk | {"seats": {"all": {"per_10k": 10_000, "calls_per_hour": 10, "skill": 0.1}}})


@dataclass(frozen=True)
class Weekly:
    """Touch a keyed share of all customers on some weekdays, whatever is known of them."""

    content: str = "newsletter"
    channel: str = "push"
    at: str = "10:00"
    weekdays: tuple[int, ...] = (1, 3, 5)
    share: float = 0.6
    lasting: bool = False

    @property
    def schedule(self) -> Schedule:
        return Schedule(at=self.at, weekdays=self.weekdays)

    def touch(self, customers: CustomerView, luck: Luck) -> Touches:
        return Touches(customers.where(luck.uniforms("who", self.lasting) < self.share), self.content, self.channel)


@dataclass(frozen=True)
class FirstSeat:
    """Give every lead the first group with seats left in its branch, in order."""

    def assign(self, leads: LeadView, agents: AgentView, luck: Luck) -> IntArray:
        answer = np.full(len(leads), -1)
        left = agents.capacity.astype(np.int64)
        for lead, branch in enumerate(leads.branch):
            free = np.flatnonzero((agents.branch == branch) & (left > 0))
            if len(free):
                answer[lead] = free[0]
                left[free[0]] -= 1
        return answer


SILENCE = Practice()


def busy(*, calls: bool = True, **more: Any) -> Practice:
    """A practice with campaigns by push, SMS and call, and a desk that answers."""
    campaigns: dict[str, Any] = {
        "news": Weekly(),
        "offers": Weekly("product_offer", "sms", "11:00", (2, 5), 0.4),
    }
    if calls:
        campaigns["care"] = Weekly("care_call", "call", "10:30", (1, 4), 0.05)
    return Practice(orchestrations=campaigns | more, allocation=FirstSeat())


def experiment(scenario: Scenario, practices: dict[str, Practice], mechanisms: Sequence[Any] = ()) -> Experiment:
    """An experiment of the scenario; arms by name."""
    return Experiment(scenario, practices, list(mechanisms))


def new_world(of: Experiment, branches: tuple[str, ...] | None = None) -> World:
    """A world of some branches (all when not given) at time 0."""
    return of.world(Unit(0, branches or tuple(of.scenario.population.branches)))


def run(
    scenario: Scenario,
    practice: Practice = SILENCE,
    *,
    days: float = 80,
    branches: tuple[str, ...] | None = None,
    mechanisms: Sequence[Any] = (),
    observers: Iterable[Any] = (),
) -> World:
    """A world from time 0 to a day, under one practice."""
    of = experiment(scenario, {"control": practice}, mechanisms)
    world = new_world(of, branches)
    world.run(int(days * DAY), [*of.parts(world, practice), *observers])
    return world


def forked(of: Experiment, practice: Practice = SILENCE) -> World:
    """A world that has been warmed up under a practice and whose outcomes count from now on."""
    world = new_world(of)
    world.run(of.scenario.warm_up, of.parts(world, practice))
    begin_outcomes(world)
    return world


def read_back(of: Experiment, world: World) -> World:
    """The world once more: written to disk, read, and restored into a new one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "world.npz"
        np.savez(path, **world.snapshot())
        again = new_world(of)
        with np.load(path) as saved:
            again.restore(dict(saved))
    return again


def run_on(of: Experiment, world: World, practice: Practice, until: int, cuts: Iterable[int] = ()) -> tuple[World, Any]:
    """Run on to a time; cut, write, read back and go on in a new world at ``cuts``. The final world, the whole log."""
    logs = []
    for at in sorted(cuts):
        world.run(at, of.parts(world, practice))
        logs.append(log_of(world))
        world = read_back(of, world)
    world.run(until, of.parts(world, practice))
    logs.append(log_of(world))
    return world, {name: np.concatenate([log[name] for log in logs]) for name in logs[0]}


def cut_alike(scenario: Scenario, practice: Practice, until: int, cuts: Iterable[int]) -> World:
    """The world at a time; one that was cut on the way, written, and read back is the same to the last bit."""
    of = experiment(scenario, {"control": practice})
    whole, log = run_on(of, new_world(of), practice, until)
    cut, log_again = run_on(of, new_world(of), practice, until, cuts)
    assert differences(lives(whole), lives(cut), ignore=("log.",)) == []
    assert differences(log, log_again) == []
    return whole


def table(result: UnitResult, name: str) -> list[dict[str, Any]]:
    """A table of a unit's result as rows."""
    return [
        dict(zip(piece, values, strict=True))
        for piece in result.tables[name]
        for values in zip(*piece.values(), strict=True)
    ]


def keys_of(world: World) -> Any:
    """Keys of all customers, by row."""
    return world.state.customers["key"][: count(world.state)].copy()


def log_of(world: World) -> dict[str, Any]:
    """The event log as columns: customers by key, campaigns by name."""
    log = world.event_log()
    of_touch = np.isin(log["kind"], (E_DELIVERED, E_FAILED, E_OPENED))
    names = np.array([*world.campaigns, ""], "U40")
    return {
        "key": world.state.customers["key"][log["customer"]],
        "time": log["time"].copy(),
        "kind": log["kind"].copy(),
        "detail": np.where(of_touch, 0, log["detail"]),
        "campaign": names[np.where(of_touch, log["detail"], len(names) - 1)],
        "amount": log["amount"].copy(),
    }


def enrolled(world: World) -> Any:
    """All enrolments, in the order of their places, with the row of the customer and when they left, -1 before."""
    state = world.state
    owner = np.full(len(state.enrolments), NONE)
    for rows, places in enrolments_of(state, np.arange(count(state))):
        owner[places] = rows
    places = np.flatnonzero(owner != NONE)
    records = state.enrolments[places]
    of = state.courses[np.maximum(records["course"], 0)]
    left = GONE - np.where(records["course"] >= 0, of["until"], records["course"])
    inside = (records["course"] >= 0) & (of["inside"] > 0)
    return _widened(records, customer=owner[places], left=np.where(inside, -1, left))


def courses(world: World) -> Any:
    """How far customers are in journeys, with the row of each customer."""
    enrolments = enrolled(world)
    taken = enrolments[enrolments["course"] >= 0]
    return _widened(world.state.courses[taken["course"]], customer=taken["customer"])


def _widened(records: Any, **columns: Any) -> Any:
    """Records with further columns."""
    old = [(name, records.dtype[name]) for name in records.dtype.names]
    out = np.zeros(len(records), [*old, *((name, column.dtype) for name, column in columns.items())])
    for name in out.dtype.names:
        out[name] = columns[name] if name in columns else records[name]
    return out


def lives(world: World, only: Any = None, at: int | None = None) -> dict[str, Any]:
    """Everything that a world is, as named arrays in which no row, place or number of a campaign appears.

    Parameters
    ----------
    only
        Keys of the customers to keep; without it the tables of the whole world are included.
    """
    keys = keys_of(world)
    order = np.argsort(keys)
    order = order if only is None else order[np.isin(keys[order], only)]
    out = _columns(world, order)
    for name in ("policies", "touches"):
        pool = getattr(world.state, name)
        out |= _records(world, name, pool[pool["customer"] >= 0], keys[order])
    out |= _records(world, "enrolments", enrolled(world), keys[order])
    out |= _records(world, "courses", courses(world), keys[order])
    for name, array in world.extra.items():
        if array.dtype.names is not None:
            out |= _records(world, f"extra.{name}", array, keys[order])
        elif only is None:
            out[f"extra.{name}"] = array
    log = log_of(world)
    mine = np.isin(log["key"], keys[order])
    out |= {f"log.{name}": values[mine] for name, values in log.items()}
    return out | (_tables(world) if only is None else {})


def _columns(world: World, order: Any) -> dict[str, Any]:
    """Columns of customers in a given order of rows, one name for each."""
    state, behaviour = world.state, world.scenario.behaviour
    out = {"due": state.due[order]}
    for group, dtype in (("customers", state.customers), ("outcomes", state.outcomes)):
        out |= {f"{group}.{name}": dtype[name][order] for name in dtype.dtype.names if name not in HEADS}
    accounts = outcomes_of(world)[1]
    out |= {f"accounts.{name}": getattr(accounts, name)[order] for name in accounts._fields}
    out |= {f"traits.{name}": state.traits[order, k] for k, name in enumerate(behaviour.traits)}
    for k, name in enumerate(behaviour.states):
        out |= {f"mind.{name}.{field}": state.mind[field][order, k] for field in state.mind.dtype.names}
    recalled = enumerate(world.journeys.recalled)
    out |= {f"recalled.{name}": state.recalled[order, k] for k, name in recalled}
    out |= {f"refused.{k}": state.refused[order, k] for k in range(state.refused.shape[1])}
    out |= {f"hours_seen.{k}": state.hours_seen[order, k] for k in range(state.hours_seen.shape[1])}
    for name, table in (("clocks", state.clocks), ("lifts", state.lifts)):
        for k in range(table.shape[1]):
            out |= {f"{name}.{k}.{field}": table[field][order, k] for field in table.dtype.names}
    return out


def _records(world: World, name: str, records: Any, keys: Any) -> dict[str, Any]:
    """Records of a pool or queue by the key of their customer, in the order of all that they say."""
    of_key = world.state.customers["key"][records["customer"]]
    mine = np.isin(of_key, keys)
    columns = {field: records[field][mine] for field in records.dtype.names if field not in PLACES}
    if "campaign" in columns:
        columns["campaign"] = np.array(world.campaigns, "U40")[columns["campaign"]]
    columns["key"] = of_key[mine]
    order = np.lexsort(list(columns.values()))
    return {f"{name}.{field}": values[order] for field, values in columns.items()}


def _tables(world: World) -> dict[str, Any]:
    """Counts of the whole world, by names."""
    state = world.state
    out = {"counts.customers": state.counts["customers"], "counts.fork": state.counts["fork"]}
    for k, name in enumerate(world.scenario.segments):
        out |= {f"occupied.{name}": state.occupied[k], f"session_days.{name}": state.session_days[:, k]}
    contents = list(world.scenario.contents)
    for campaign, channel, content in zip(*np.nonzero(state.touched.any(axis=3)), strict=True):
        name = f"touched.{world.campaigns[campaign]}.{channel}.{contents[content]}"
        out[name] = state.touched[campaign, channel, content]
    return out


def differences(a: dict[str, Any], b: dict[str, Any], ignore: Sequence[str] = (), more: bool = False) -> list[str]:
    """Names of arrays that differ in any bit, or that only one has; those that begin with ``ignore`` do not count.

    Parameters
    ----------
    more
        ``b`` may have arrays that ``a`` does not have.
    """
    names = set(a) if more else set(a) | set(b)
    return sorted(name for name in names if not name.startswith(tuple(ignore)) and not _same(a, b, name))


def _same(a: dict[str, Any], b: dict[str, Any], name: str) -> bool:
    if name not in a or name not in b:
        return False
    x, y = np.ascontiguousarray(a[name]), np.ascontiguousarray(b[name])
    return x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes()


def without_calendar_end(world_lives: dict[str, Any], end: int) -> dict[str, Any]:
    """Lives in which what would happen at or after ``end`` is ``NEVER``: a world makes no sessions beyond its days.

    Premiums whose grace ends beyond the horizon are not settled: a longer horizon settles more of them.
    """
    at = world_lives["customers.session_at"]
    cut = world_lives | {"customers.session_at": np.where(at >= end, NEVER, at)}
    ahead = ("_settled", "_month_", "_premium_13", "_premium_25", "outcomes.short_")
    for name in ("due", *(name for name in world_lives if any(part in name for part in ahead))):
        del cut[name]
    return cut
