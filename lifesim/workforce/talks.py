"""Seats whose conversations take a random time: a seat that talks takes nobody else until it is done."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import numpy as np

from lifesim.streams import Streams
from lifesim.workforce.staff import Staff

TALK = np.dtype([("customer", "i4"), ("seats", "i4"), ("until", "i8")], align=True)
#: Array of the world: conversations under way, by row of the seats; only where a group of seats has such.
TALKS = "talks"


class Talks:
    """The seats of every group that are free; the conversations themselves are an array of the world.

    A conversation is exponential with the mean of the group, 1 / ``calls_per_hour``. Its luck is that of the lead, so
    that faster seats never talk longer, and another seat changes no conversation of the others.
    """

    def __init__(self, staff: Staff) -> None:
        groups, slot = list(staff.scenario.desk.seats.values()), staff.scenario.desk.slot
        rules = [groups[tier] for tier in staff.tier[: len(staff.calls)]]
        self.mean = np.array([3600 / each.calls_per_hour if each.talks == "exponential" else 0.0 for each in rules])
        self.seats = np.rint(staff.calls * self.mean / slot)

    def none(self) -> dict[str, Any]:
        """No conversations yet; no array where no group of seats has such."""
        return {TALKS: np.zeros(0, TALK)} if self.mean.any() else {}

    def free(self, kept: MutableMapping[str, Any], calls: Any, factor: float, now: int) -> Any:
        """Calls that each group can make in the slot that begins now. Shape (groups,).

        Parameters
        ----------
        calls
            At an even pace; below 0 while the desk is closed.
        factor
            On the seats at work today, whose number is rounded.
        """
        if TALKS not in kept:
            return calls
        kept[TALKS] = kept[TALKS][kept[TALKS]["until"] > now]
        busy = np.bincount(kept[TALKS]["seats"], minlength=len(calls))
        able = np.maximum(np.rint(self.seats * factor).astype(np.int64) - busy, 0)
        return np.where((self.mean > 0) & (calls >= 0), able, calls)

    def begin(self, kept: MutableMapping[str, Any], streams: Streams, granted: Any, rows: Any, times: Any) -> None:
        """Conversations that begin at ``times`` keep the seats that took them.

        Parameters
        ----------
        granted
            Leads. Shape (n,).
        rows
            Of the staff, who took each. Shape (n,).
        """
        if TALKS not in kept:
            return
        talking = np.flatnonzero(rows < len(self.mean))
        talking = talking[self.mean[rows[talking]] > 0]
        new = np.zeros(len(talking), TALK)
        u = streams.uniforms("length of a conversation", granted["luck"][talking])
        new["customer"], new["seats"] = granted["customer"][talking], rows[talking]
        new["until"] = times[talking] - np.log(u) * self.mean[rows[talking]]
        kept[TALKS] = np.concatenate([kept[TALKS], new])
