"""The seats that clean leads: dial those that are due, qualify, call again later, drop."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.engagement import granting
from lifesim.population.arrays import picked
from lifesim.population.columns import CONNECTED, FIRST_PURCHASE, RENEWAL_UPSELL, T_FAILED, T_REQUESTED
from lifesim.scenario.channels import CHANNELS
from lifesim.scenario.leads import Cleaning, Dialling
from lifesim.workforce.cleaning import (
    CLEANED_LEADS,
    CLEANING_MEASURES,
    CONNECTIONS,
    DIALS,
    DROPPED,
    EFFECTIVE,
    LATER,
    QUALIFIED,
    Dialled,
    dialled,
    seats_of,
)
from lifesim.workforce.leads import CALL
from lifesim.workforce.service import meet
from lifesim.workforce.staff import BY_TIER, DIAL_SLOTS, Staff
from lifesim.world.call_rules import CallRules
from lifesim.world.outcomes import at_fork, book
from lifesim.world.world import World


class Dialler:
    """Groups of seats that dial leads under a practice."""

    def __init__(self, dialling: Dialling, cleaning: Cleaning, staff: Staff, rules: CallRules, world: World) -> None:
        self.dialling, self.cleaning, self.staff, self.rules, self.world = dialling, cleaning, staff, rules, world
        names = [staff.tiers[tier] for tier in staff.tier[: len(staff.calls)]]
        self.groups = np.flatnonzero(np.isin(names, cleaning.seats))
        self.content = list(world.scenario.contents).index(dialling.content)
        measures = (len(world.scenario.population.branches), len(CLEANING_MEASURES))
        world.extra.setdefault(CLEANED_LEADS, np.zeros(measures, np.int64))

    def dial(self, waiting: Any, dirty: Any, calls: Any, now: int) -> tuple[Any, Any]:
        """Dial as many of the leads as seats can, the best grades first; those that go on waiting, and those dropped.

        Parameters
        ----------
        dirty
            Which leads are to be dialled. Shape (n,).
        calls
            See ``Pipeline.worked``.
        """
        able, mine = calls[self.groups], np.flatnonzero(dirty & (waiting["due"] <= now))
        calls[self.groups] = np.minimum(able, 0)
        if not (able > 0).any() or not len(mine):
            return waiting, waiting[:0]
        mine = mine[self.rules.free(picked(waiting, mine), now, self.dialling.cost)]
        mine = mine[np.argsort(waiting["grade"][mine], kind="stable")]
        branches = self.world.state.customers["branch"][waiting["customer"][mine]]
        seats = seats_of(branches, self.staff.branch[self.groups], able, self.staff.skill[self.groups])
        dials = self.rules.within(picked(waiting, mine), seats >= 0, now, self.dialling.cost)
        mine, seats = mine[dials], seats[dials]
        skill, tiers = self.staff.skill[self.groups][seats], self.staff.tier[self.groups][seats]
        leads = picked(waiting, mine)
        self.rules.count(leads, self.dialling.cost)
        found = dialled(self.dialling, self.world.streams, leads, self._decides(leads), skill)
        self._call(leads, found, skill, tiers, now)
        dropped = self._note(leads, found, now)
        waiting[mine] = leads
        left = np.ones(len(waiting), bool)
        left[mine[dropped]] = False
        return picked(waiting, left), picked(waiting, ~left)

    def _decides(self, leads: Any) -> Any:
        """Whose customers are deciding, in truth. Shape (n,)."""
        stage = self.world.state.customers["stage"][leads["customer"]]
        return (stage == FIRST_PURCHASE) | (stage == RENEWAL_UPSELL)

    def _note(self, leads: Any, found: Dialled, now: int) -> Any:
        """Write down what came of the dials, and count it; which leads are dropped. Shape (n,)."""
        leads["dials"] += 1
        last = leads["dials"] >= self.cleaning.dials
        later = found.later & ~last
        dropped = ~found.qualified & np.where(found.connected, ~later, last)
        leads["qualified"] = found.qualified
        leads["due"] = now + np.where(later, self.cleaning.again, self.cleaning.apart)
        branch = self.world.state.customers["branch"][leads["customer"]]
        counted = self.world.extra[CLEANED_LEADS]
        for measure, which in (
            (DIALS, np.ones(len(leads), bool)), (CONNECTIONS, found.connected), (EFFECTIVE, found.qualified | later),
            (QUALIFIED, found.qualified), (DROPPED, dropped), (LATER, later),
        ):  # fmt: skip
            counted[:, measure] += np.bincount(branch[which], minlength=len(counted))
        return dropped

    def _call(self, leads: Any, found: Dialled, skill: Any, tiers: Any, now: int) -> None:
        """Every dial costs; one that connects is a conversation, which the customer takes in and may be tired of."""
        world, streams = self.world, self.world.streams
        luck = streams.hashes("dial of a lead", leads["luck"], leads["dials"].astype(np.int64))
        times = now + (streams.uniforms("time in slot", luck) * world.scenario.desk.slot).astype(np.int64)
        # Of whoever made the lead, as the conversation will be.
        for of, outcome in ((leads, T_REQUESTED), (picked(leads, ~found.connected), T_FAILED)):
            np.add.at(world.state.touched, (of["campaign"], CALL, self.content, outcome), 1)
        self._charge(leads["customer"], times, np.where(found.connected, 0, 1))
        of = found.connected
        calls = picked(leads, of)
        self._count(leads, tiers, of, times)
        calls["luck"], calls["content"], calls["channel"], calls["step"] = luck[of], self.content, CALL, 0
        world.room_for_touches(len(calls))
        granting.call(
            calls["customer"], calls["luck"], calls["campaign"], calls["content"], calls["step"],
            np.full(len(calls), CONNECTED), calls["channel"], times[of], skill[of], np.zeros(len(CHANNELS), np.int64),
            world.kernel_address,
        )  # fmt: skip

    def _count(self, leads: Any, tiers: Any, connected: Any, times: Any) -> None:
        """Count the time of the seats, and the leads whose customers they talk to."""
        extra, branches, leads_of = self.world.extra, self.world.state.customers["branch"], self.world.scenario.leads
        assert leads_of is not None
        if BY_TIER in extra:
            np.add.at(extra[BY_TIER], (branches[leads["customer"]], tiers, DIAL_SLOTS), 1)
        met = picked(leads, connected)
        meet(extra, branches, met, tiers[connected], times[connected], leads_of.contacted)
        leads["settled"][connected] = met["settled"]

    def _charge(self, customers: Any, times: Any, sent: Any) -> None:
        """Book the cost of dials, and those of them that no call counts as sent."""
        policies = self.world.state.customers["policies"]
        cost = np.full(len(customers), self.dialling.cost)
        amounts = {
            "contact": cost, "sent": sent, "worth": -at_fork(self.world, cost, times),
            "prospecting": np.where(policies[customers] == 0, cost, 0),
        }  # fmt: skip
        for outcome, each in amounts.items():
            book(self.world, outcome, customers, each)
