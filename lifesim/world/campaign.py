"""Campaigns: orchestrations at the times of their schedules."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.engagement.sending import send
from lifesim.errors import StrategyError
from lifesim.population.arrays import appended
from lifesim.population.columns import DAY
from lifesim.scenario.channels import BY_AGENTS, BY_PEOPLE, CHANNELS, SENDING
from lifesim.strategy import Luck, Orchestration, Touches
from lifesim.workforce import leads as pool
from lifesim.workforce.passage import CREATED, pass_on
from lifesim.world.asking import asked, at, integers
from lifesim.world.kernel import hold
from lifesim.world.parts import every
from lifesim.world.views import customer_view, without_estimates
from lifesim.world.world import World

#: Customers to whom a campaign writes at once, so that rows of everyone are not in memory once more.
_AT_ONCE = 65_536


class Campaign:
    """An orchestration and its schedule: asks it, and sends what the contact policy allows."""

    phase, local = 4, False

    def __init__(self, name: str, orchestration: Orchestration, world: World) -> None:
        self.name, self.orchestration = name, orchestration
        self.of_service = bool(getattr(orchestration, "service", False))
        self._date, self._works = world.date, world.scenario.workdays.works
        self._end = world.scenario.warm_up + world.scenario.horizon

    def next(self, now: int) -> int | None:
        """Next appointment of the schedule."""
        schedule = self.orchestration.schedule
        upcoming = sorted(every(1, now, second) for second in schedule.seconds)
        while upcoming[0] < self._end:
            for appointment in upcoming:
                if appointment < self._end and schedule.includes(self._date(appointment), self._works):
                    return appointment
            upcoming = [appointment + DAY for appointment in upcoming]
        return None

    def act(self, world: World, now: int) -> None:
        """Ask for touches and send them."""
        view, rows = customer_view(self._columns(world), world.state, now, world.date(now), self.of_service)
        luck = Luck(world.streams, self.name, lambda: world.state.customers["key"][rows], now)
        answer = asked(world, self.name, now, self.orchestration.touch, view, luck)
        answer = [] if answer is None else answer
        if not isinstance(answer, Touches | list | tuple):
            raise StrategyError(f"{at(world, self.name, now)}: touch() must return Touches, not {answer!r:.60}")
        wanted: dict[tuple[str, str], Any] = {}
        for touches in [answer] if isinstance(answer, Touches) else answer:
            if not isinstance(touches, Touches):
                raise StrategyError(f"{at(world, self.name, now)}: touch() must return Touches, not {touches!r:.60}")
            who = integers(world, self.name, now, "who", touches.who, None, 0, len(view) - 1)
            self._check(world, touches, now)
            kind = (touches.content, touches.channel)
            # Luck tells touches of one moment apart by content and channel: a second one would share the first's.
            told = wanted.setdefault(kind, np.zeros(len(view), bool))
            before = np.count_nonzero(told)
            told[who] = True
            if np.count_nonzero(told) < before + len(who):
                raise StrategyError(
                    f"{at(world, self.name, now)}: a customer appears twice in who for "
                    f"'{touches.content}' by {touches.channel}; at one moment each may get it once"
                )
            for first in range(0, len(who), _AT_ONCE):
                self._send(world, rows[who[first : first + _AT_ONCE]], touches, now)

    def _columns(self, world: World) -> Any:
        columns = world.everything if getattr(self.orchestration, "oracle", False) else world.observed
        return without_estimates(columns) if self.of_service else columns

    def _check(self, world: World, touches: Touches, now: int) -> None:
        """The scenario knows the content and the channel."""
        known = {
            "content": tuple(world.scenario.contents),
            "channel": tuple(name for name in SENDING if name in world.scenario.channels),
        }
        for what, names in known.items():
            given = getattr(touches, what)
            if not isinstance(given, str):
                raise StrategyError(f"{at(world, self.name, now)}: {what} must be a name, not {given!r:.60}")
            if given not in names:
                raise StrategyError(f"{at(world, self.name, now)}: unknown {what} '{given}'")
        kind = world.scenario.contents[touches.content].kind
        if self.of_service and kind not in world.policy.exempt:
            raise StrategyError(
                f"{at(world, self.name, now)}: is of service, and sends '{touches.content}', which is of kind {kind} "
                f"and not exempt from the contact policy; remove `service = True`, or send what is"
            )
        if touches.channel in BY_AGENTS and world.scenario.workforce is None:
            raise StrategyError(f"{at(world, self.name, now)}: channel '{touches.channel}' needs agents, and the "
                                "scenario has no workforce")  # fmt: skip

    def _send(self, world: World, rows: Any, touches: Touches, now: int) -> None:
        campaign, content = world.campaigns.index(self.name), list(world.scenario.contents).index(touches.content)
        channel = CHANNELS.index(touches.channel)
        by_desk = touches.channel in BY_PEOPLE
        reasons = np.zeros(len(rows), np.int8)
        if not by_desk:
            world.room_for_touches(len(rows))
        rows = np.ascontiguousarray(rows, dtype=np.int64)
        place, desk = 0, int(by_desk)
        while place < len(rows):
            place = send(rows, campaign, content, channel, now, desk, place, now, world.kernel_address, reasons)
            world.drain()
        if by_desk:
            allowed = rows[reasons == 0]
            keys = world.state.customers["key"][allowed]
            lucks = pool.luck(world.streams, keys, self.name, touches.content, now)
            patience = world.scenario.desk.patience
            calls = pool.campaign_calls(allowed, lucks, campaign, content, channel, now, patience)
            pass_on(world.extra, world.state.customers["branch"], calls, calls["grade"], CREATED)
            hold(allowed, 1, world.kernel_address)
            world.extra["leads"] = pool.in_order(appended(world.extra["leads"], calls), world.state)
