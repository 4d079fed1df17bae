"""Moving parts that a strategy drives: campaigns and the desk. What a plug-in answers is checked here."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np

from lifesim.engagement import granting
from lifesim.engagement.sending import send
from lifesim.errors import RunError, StrategyError
from lifesim.population.columns import DAY, T_WITHDRAWN
from lifesim.scenario import Scenario
from lifesim.scenario.market import CHANNELS
from lifesim.strategy import UNASSIGNED, Luck, Orchestration, Practice, Touches
from lifesim.workforce import leads as pool
from lifesim.world.kernel import hold
from lifesim.world.parts import every
from lifesim.world.views import agent_view, customer_view, lead_view
from lifesim.world.world import World

DESK = "desk"
MAX_GRADE = 3


def _asked(world: World, name: str, now: int, question: Any, *given: Any) -> Any:
    """Ask a plug-in; whatever it raises becomes one line with its name and the world's time."""
    try:
        return question(*given)
    except RunError:
        raise
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else "no message"
        raise StrategyError(f"{_at(world, name, now)}: raised {type(error).__name__}: {reason}") from error


def _at(world: World, name: str, now: int) -> str:
    moment = datetime.datetime.combine(world.date(now), datetime.time()) + datetime.timedelta(seconds=now % DAY)
    return f"strategy '{name}' at {moment:%Y-%m-%d %H:%M}"


def integers(world: World, name: str, now: int, what: str, values: Any, n: int, low: int, high: int) -> Any:
    """``values`` as n integers from ``low`` to ``high``; anything else is the plug-in's failure."""
    array = np.asarray(values)
    if array.shape != (n,):
        raise StrategyError(f"{_at(world, name, now)}: {what} must have shape ({n},), not {array.shape}")
    if array.dtype.kind not in "iu" and n:
        raise StrategyError(f"{_at(world, name, now)}: {what} must be integers, not {array.dtype}")
    if n and (array.min() < low or array.max() > high):
        raise StrategyError(
            f"{_at(world, name, now)}: {what} must lie between {low} and {high}; found {array.min()} to {array.max()}"
        )
    return array.astype(np.int64)


class Campaign:
    """An orchestration and its schedule: asks it, and sends what the contact policy allows."""

    phase, local = 4, False

    def __init__(self, name: str, orchestration: Orchestration, world: World) -> None:
        self.name, self.orchestration = name, orchestration
        self._date = world.date
        self._end = world.scenario.warm_up + world.scenario.horizon

    def next(self, now: int) -> int | None:
        """Next appointment of the schedule."""
        schedule = self.orchestration.schedule
        at = every(1, now, schedule.second)
        while at < self._end:
            if schedule.includes(self._date(at)):
                return at
            at += DAY
        return None

    def act(self, world: World, now: int) -> None:
        """Ask for touches and send them."""
        view, rows = customer_view(world.scenario, world.state, (now, world.date(now)))
        luck = Luck(world.streams, self.name, world.state.customers["key"][rows], now)
        answer = _asked(world, self.name, now, self.orchestration.touch, view, luck)
        for touches in [answer] if isinstance(answer, Touches) else answer or []:
            if not isinstance(touches, Touches):
                raise StrategyError(f"{_at(world, self.name, now)}: touch() must return Touches, not {touches!r:.60}")
            who = integers(world, self.name, now, "who", touches.who, len(touches.who), 0, len(view) - 1)
            if len(np.unique(who)) != len(who):
                raise StrategyError(f"{_at(world, self.name, now)}: a customer appears twice in who")
            self._send(world, rows[who], touches, now)

    def _send(self, world: World, rows: Any, touches: Touches, now: int) -> None:
        contents = list(world.scenario.contents)
        if touches.content not in contents:
            raise StrategyError(f"{_at(world, self.name, now)}: unknown content '{touches.content}'")
        if touches.channel not in CHANNELS:
            raise StrategyError(f"{_at(world, self.name, now)}: unknown channel '{touches.channel}'")
        campaign, content = world.campaigns.index(self.name), contents.index(touches.content)
        channel = CHANNELS.index(touches.channel)
        by_desk = touches.channel == "call"
        reasons = np.zeros(len(rows), np.int64)
        if not by_desk:
            world.room_for_touches(len(rows))
        rows = np.ascontiguousarray(rows, dtype=np.int64)
        send(rows, campaign, content, channel, now, int(by_desk), now, world.kernel_record, reasons)
        if by_desk:
            allowed = rows[reasons == 0]
            calls = pool.campaign_calls(allowed, campaign, content, now, world.scenario.desk.patience)
            hold(allowed, 1, world.kernel_record)
            world.extra["leads"] = np.concatenate([world.extra["leads"], calls])


def release(world: World, rows: Any) -> None:
    """Customers who left the pool go on with their lives, unless a newer inquiry of theirs waits already."""
    if len(rows):
        rows = np.setdiff1d(rows, world.extra["inquiries"]["customer"]).astype(np.int64)
        hold(rows, 0, world.kernel_record)


class Desk:
    """The desk of every branch: at each slot leads are graded, allocated and called, up to its capacity."""

    phase, name, local = 5, DESK, True

    def __init__(self, scenario: Scenario, practice: Practice, world: World) -> None:
        self.desk, self.practice = scenario.desk, practice
        self._date = world.date
        self.groups = _groups(scenario, world)

    def next(self, now: int) -> int | None:
        """Next slot of a working day."""
        desk, slot = self.desk, self.desk.slot
        for day in range(now // DAY, now // DAY + 8):
            opens = day * DAY + desk.opens
            if self._date(opens).isoweekday() not in desk.workdays:
                continue
            at = opens if now <= opens else opens + -(-(now - opens) // slot) * slot
            if at + slot <= day * DAY + desk.closes:
                return int(at)
        return None

    def act(self, world: World, now: int) -> None:
        """One slot: new requests in, impatient customers out, the rest graded, allocated, called."""
        measures = world.extra.setdefault(
            "desk",
            np.zeros((len(world.scenario.population.branches), len(pool.DESK_MEASURES)), np.int64),
        )
        capacity = self._capacity(now)
        by_branch = np.bincount(self.groups["branch"], weights=capacity, minlength=len(measures))
        measures[:, pool.CAPACITY] += by_branch.astype(np.int64)
        if not len(world.extra["leads"]) and not np.any(world.extra["inquiries"]["time"] < now):
            return
        waiting = self._collect(world, now, measures)
        before = waiting["customer"]
        if len(waiting):
            waiting = self._serve(world, now, waiting, capacity, measures)
        world.extra["leads"] = waiting
        release(world, np.setdiff1d(before, waiting["customer"]))

    def _capacity(self, now: int) -> Any:
        """Calls that each group can make in this slot; fractions carry over from slot to slot."""
        slot = now // self.desk.slot
        per_slot = self.groups["calls"]
        return np.floor(per_slot * (slot + 1)).astype(np.int64) - np.floor(per_slot * slot).astype(np.int64)

    def _collect(self, world: World, now: int, measures: Any) -> Any:
        """Waiting leads with new inquiries, without those who gave up."""
        inquiries = world.extra["inquiries"]
        requests = inquiries[inquiries["time"] < now]
        desk = world.campaigns.index(DESK)
        new = pool.inquiries(world.scenario, world.streams, world.state, requests, desk)
        world.extra["inquiries"] = inquiries[inquiries["time"] >= now]
        waiting = pool.in_order(np.concatenate([world.extra["leads"], new]), world.state)
        branch = world.state.customers["branch"]
        np.add.at(measures, (branch[new["customer"]], pool.REQUESTS), 1)
        gone = waiting["gives_up"] <= now
        lost = waiting[gone]
        np.add.at(measures, (branch[lost["customer"]], pool.GAVE_UP), 1)
        calls = lost[lost["inquiry"] == 0]
        np.add.at(
            world.state.touched,
            (calls["campaign"], CHANNELS.index("call"), calls["content"], T_WITHDRAWN),
            1,
        )
        inquiries = np.ascontiguousarray(lost["customer"][lost["inquiry"] == 1], dtype=np.int64)
        granting.give_up(inquiries, now, world.kernel_record)
        release(world, np.setdiff1d(lost["customer"], waiting["customer"][~gone]))
        return waiting[~gone]

    def _serve(self, world: World, now: int, waiting: Any, capacity: Any, measures: Any) -> Any:
        """Grade and allocate; put the calls on their way; returns the leads that go on waiting."""
        moment = (now, world.date(now))
        view = lead_view(world.scenario, world.state, waiting, moment)
        agents = agent_view({**self.groups["seen"], "capacity": capacity}, moment)
        keys = world.state.customers["key"][waiting["customer"]]
        grading, allocation = self.practice.grading, self.practice.allocation
        names = [type(plug_in).__name__ for plug_in in (grading, allocation)]
        grades = _asked(world, names[0], now, grading.grade, view, Luck(world.streams, names[0], keys, now))
        grades = integers(world, names[0], now, "grades", grades, len(waiting), 0, MAX_GRADE)
        order = np.argsort(grades, kind="stable")
        waiting, view = (
            waiting[order],
            lead_view(world.scenario, world.state, waiting[order], moment),
        )
        luck = Luck(world.streams, names[1], keys[order], now)
        given = _asked(world, names[1], now, allocation.assign, view, agents, luck)
        given = integers(world, names[1], now, "assignments", given, len(waiting), UNASSIGNED, len(capacity) - 1)
        self._check(world, names[1], now, given, capacity, waiting)
        self._call(world, now, waiting[given >= 0], given[given >= 0], measures)
        return waiting[given < 0]

    def _check(self, world: World, name: str, now: int, given: Any, capacity: Any, waiting: Any) -> None:
        """No group takes more than its capacity, nor customers of another branch."""
        used = np.bincount(given[given >= 0], minlength=len(capacity))
        if np.any(used > capacity):
            group = int(np.argmax(used - capacity))
            raise StrategyError(
                f"{_at(world, name, now)}: gives {used[group]} leads to group {group}, which can take {capacity[group]}"
            )
        if self.desk.scope == "branch":
            taken = given >= 0
            branch = world.state.customers["branch"][waiting["customer"][taken]]
            if np.any(branch != self.groups["branch"][given[taken]]):
                raise StrategyError(f"{_at(world, name, now)}: gives a lead to seats of another branch")

    def _call(self, world: World, now: int, granted: Any, groups: Any, measures: Any) -> None:
        """Put the calls on their way, at times within the slot that are the customer's own luck."""
        if not len(granted):
            return
        world.room_for_touches(len(granted))
        c = world.state.customers
        u = world.streams.uniforms("time in slot", c["key"][granted["customer"]], granted["asked"].astype(np.uint64))
        times = now + (u * self.desk.slot).astype(np.int64)
        branch = c["branch"][granted["customer"]]
        np.add.at(measures, (branch, pool.GRANTED), 1)
        np.add.at(measures, (branch, pool.WAIT_SECONDS), times - granted["asked"])
        skill = self.groups["seen"]["skill"][groups]
        channel = CHANNELS.index("call")
        granting.call(granted, times, skill, channel, self.desk.cost, world.kernel_record)


def _groups(scenario: Scenario, world: World) -> dict[str, Any]:
    """Groups of seats as columns: one row per branch and group, or per group for a national desk."""
    desk = scenario.desk
    sizes = world.started_with if desk.scope == "branch" else {0: sum(world.started_with.values())}
    rows = [(number, group, size) for number, size in sizes.items() for group in desk.seats]
    seats = [desk.seats[group] for _, group, _ in rows]
    branch = np.array([number for number, _, _ in rows])
    calls = [s.per_10k * size / 1e4 * s.calls_per_hour * desk.slot / 3600 for s, (_, _, size) in zip(seats, rows)]
    skill = np.array([s.skill for s in seats])
    return {"branch": branch, "calls": np.array(calls), "seen": {"branch": branch, "skill": skill}}
