"""What the contact policy says to those who call, chat and visit: in which hours not, and for how much in a time.

Consent, caps and the like are asked about when a call is asked for, as of all touches, see ``engagement.sending``. What
is left is about the moment in which it is made, and so a matter of the desk and of agents. It holds for marketing: who
has asked is answered, and an agent may be told of a customer. It holds for every conversation: further tries to reach a
customer, and the steps of work on a lead in hand, are conversations as the first one is.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.lifecycle.touch_tables import channel_rules
from lifesim.population.arrays import picked
from lifesim.population.columns import DAY, T_REQUESTED
from lifesim.scenario.channels import BY_PEOPLE, CHANNELS
from lifesim.scenario.contact import Budget, Throughput
from lifesim.scenario.contents import CONTENT_KINDS
from lifesim.workforce.leads import TOLD
from lifesim.workforce.passage import WITHDRAWN, pass_on
from lifesim.world.letting_go import let_go
from lifesim.world.turns import Turns
from lifesim.world.world import World


class CallRules:
    """Hours of channels, and quiet hours, budgets and rates of the policy that a world follows.

    Parameters
    ----------
    costs
        Of what is done by each channel, fen. Shape (channels,).
    turns
        Keeps what has been used of budgets and rates; none where no arm has any.
    """

    def __init__(self, world: World, costs: Any, turns: Turns | None) -> None:
        self.world, self.costs, self.turns, self._slot = world, costs, turns, world.scenario.desk.slot
        policy, contents = world.policy, world.scenario.contents.values()
        hours = [(rules.hours.opens, rules.hours.closes) if rules.hours else (0, DAY)
                 for rules in channel_rules(world.scenario)]  # fmt: skip
        self._opens, self._closes = np.array(hours).T
        self._all_open = int(self._opens.max()), int(self._closes.min())
        self._quiet = {CHANNELS.index(name): quiet for name in BY_PEOPLE if (quiet := policy.quiet_of(name))}
        self._marketing = np.array([each.kind not in policy.exempt for each in contents])
        kinds = np.array([CONTENT_KINDS.index(each.kind) for each in contents])
        self._limits: dict[str, tuple[Budget | Throughput, Any, Any]] = {}
        for name, limit in policy.limits.items() if turns is not None else ():
            by = np.isin(np.arange(len(CHANNELS)), [CHANNELS.index(each) for each in limit.channels])
            wanted = np.isin(kinds, [CONTENT_KINDS.index(each) for each in limit.kinds or CONTENT_KINDS])
            if any(each in BY_PEOPLE for each in limit.channels):
                self._limits[name] = limit, by, wanted

    def due(self, leads: Any, now: int) -> tuple[Any, Any]:
        """The leads whose customers may be called in the slot that begins now, and those that wait for another one.

        Some do neither: in quiet hours that discard, and when they have waited for money or their turn for as long as
        they may, leads are suppressed.
        """
        if not self._limits and not self._quiet_channels(now):
            return leads, leads[:0]
        held, gone = self.judge(leads, now, leads["asked"])
        if not np.count_nonzero(held):
            return leads, leads[:0]
        self._let_go(picked(leads, gone > 0), gone[gone > 0], now)
        return picked(leads, ~held), picked(leads, held & (gone == 0))

    def judge(self, leads: Any, now: int, since: Any) -> tuple[Any, Any]:
        """Whose customers may not be called in the slot that begins now, and what becomes of those who never may.

        Parameters
        ----------
        since
            When each began to wait for the call. Shape (n,).

        Returns
        -------
        tuple
            Whether a rule holds each lead back; the outcome of those that it suppresses, 0 of others. Shape (n,) each.
        """
        held = np.zeros(len(leads), bool)
        gone = np.zeros(len(leads), np.int64)
        quiet = self._quiet_now(leads, now)
        if quiet is not None:
            held |= quiet
            drops = [channel for channel, rule in self._quiet.items() if rule.discard]
            gone[quiet & np.isin(leads["channel"], drops)] = self._outcome("quiet") if drops else 0
        for name, (limit, short) in self._short(leads, now, None).items():
            held |= short
            gone[short & (gone == 0) & (now - since >= limit.waits)] = self._outcome(name)
        return held, gone

    def open_in(self, now: int) -> Any:
        """Which channels are open for the whole slot that begins now. Shape (channels,)."""
        second = now % DAY
        return (self._opens <= second) & (second + self._slot <= self._closes)

    def shut(self, leads: Any, now: int) -> Any:
        """Which leads have a channel that is closed for some of the slot that begins now. Shape (n,)."""
        since, until = self._all_open
        if since <= now % DAY <= until - self._slot:
            return np.zeros(len(leads), bool)
        return ~self.open_in(now)[leads["channel"]]

    def free(self, leads: Any, now: int, cost: int) -> Any:
        """Which leads may be dialled in the slot that begins now; the others wait. Shape (n,)."""
        held = np.zeros(len(leads), bool)
        quiet = self._quiet_now(leads, now)
        if quiet is not None:
            held |= quiet
        for _, short in self._short(leads, now, cost).values():
            held |= short
        return ~held

    def within(self, leads: Any, wanted: Any, now: int, cost: int | None = None) -> Any:
        """Which of the leads that somebody wants to call there is room for: by priority, then in their order.

        Parameters
        ----------
        wanted
            Shape (n,).
        cost
            Of each call, fen; that of its channel when not given.
        """
        of = {name: mask & wanted for name, mask in self._about(leads).items()}
        if not of:
            return wanted
        done, bounded = wanted.copy(), np.any(list(of.values()), axis=0)
        left = {name: self._left(name, now) for name in of}
        branch = self.world.state.customers["branch"][leads["customer"]]
        amounts = {name: self._amounts(name, leads, cost) for name in of}
        ranks = self.world.rules.arrays["ranks"][leads["campaign"]]
        order = np.argsort(ranks, kind="stable")
        for k in order[bounded[order]].tolist():
            mine = [name for name, mask in of.items() if mask[k]]
            done[k] &= all(amounts[name][k] <= left[name][branch[k]] for name in mine)
            for name in mine if done[k] else ():
                left[name][branch[k]] -= amounts[name][k]
        return done

    def count(self, leads: Any, cost: int | None = None) -> None:
        """Note that the customers of some leads are called."""
        for name, mask in self._about(leads).items():
            assert self.turns is not None
            branch = self.world.state.customers["branch"][leads["customer"][mask]]
            np.add.at(self.turns.used(name), branch, self._amounts(name, leads, cost)[mask])

    def suppress(self, leads: Any, outcomes: Any) -> None:
        """Count conversations about leads in hand that are asked for and suppressed at once."""
        for outcome in (T_REQUESTED, outcomes):
            place = (leads["campaign"], leads["channel"], leads["content"], outcome)
            np.add.at(self.world.state.touched, place, 1)

    def _of_marketing(self, leads: Any) -> Any:
        return self._marketing[leads["content"]] & (leads["inquiry"] == 0) & (leads["told"] != TOLD)

    def _quiet_channels(self, now: int) -> list[int]:
        """Channels that are quiet for some of the slot that begins now."""
        since = now % DAY
        until = since + self._slot
        return [channel for channel, rule in self._quiet.items() if rule.covers(since, until)]

    def _quiet_now(self, leads: Any, now: int) -> Any:
        """Which leads are not to be called because some of the slot is quiet; None where nothing is."""
        channels = self._quiet_channels(now)
        return np.isin(leads["channel"], channels) & self._of_marketing(leads) if channels else None

    def _about(self, leads: Any) -> dict[str, Any]:
        """By budget and rate, which leads it is about."""
        if not self._limits or not len(leads):
            return {}
        marketing = self._of_marketing(leads)
        return {
            name: marketing & by[leads["channel"]] & wanted[leads["content"]]
            for name, (_, by, wanted) in self._limits.items()
        }

    def _short(self, leads: Any, now: int, cost: int | None) -> dict[str, tuple[Budget | Throughput, Any]]:
        """By budget and rate, for which leads it leaves too little for a call."""
        about = self._about(leads)
        if not about:
            return {}
        branch = self.world.state.customers["branch"][leads["customer"]]
        return {
            name: (self._limits[name][0], mask & (self._amounts(name, leads, cost) > self._left(name, now)[branch]))
            for name, mask in about.items()
        }

    def _amounts(self, name: str, leads: Any, cost: int | None) -> Any:
        """What the call of each lead takes of a budget or a rate. Shape (n,)."""
        if not isinstance(self._limits[name][0], Budget):
            return np.ones(len(leads), np.int64)
        return self.costs[leads["channel"]] if cost is None else np.full(len(leads), cost)

    def _left(self, name: str, now: int) -> Any:
        """What a budget or a rate leaves in its present time, by branch. Shape (branches,)."""
        assert self.turns is not None
        return self.turns.left(name, now)

    def _outcome(self, rule: str) -> int:
        return self.world.policies.outcomes.index(f"suppressed_{rule}")

    def _let_go(self, leads: Any, outcomes: Any, now: int) -> None:
        """Suppress the calls of some leads; journeys that asked for them learn of it."""
        world = self.world
        np.add.at(world.state.touched, (leads["campaign"], leads["channel"], leads["content"], outcomes), 1)
        pass_on(world.extra, world.state.customers["branch"], leads, leads["grade"], WITHDRAWN)
        let_go(world, leads, now)
