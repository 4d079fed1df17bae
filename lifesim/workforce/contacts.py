"""Requests to be accepted as a contact: an account can send so many a day, and each seat and agent has one account."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import numpy as np

from lifesim.population.columns import DAY
from lifesim.scenario import Scenario
from lifesim.workforce.leads import WECOM
from lifesim.workforce.staff import Staff

#: Of each row of the staff, as an array of the world: the day of its latest requests, and how many it sent that day.
ADDS = "staff_adds"


class Contacts:
    """How many requests each row of the staff can send a day.

    Attributes
    ----------
    a_day
        Shape (n,); none where nothing limits them.
    """

    def __init__(self, scenario: Scenario, staff: Staff) -> None:
        rules = scenario.channels.get("wecom")
        limit = None if rules is None else rules.adds_a_day
        self.asks = np.array(["added_wecom" in content.prompts for content in scenario.contents.values()])
        self.a_day: Any = None
        if limit is not None and self.asks.any():
            self.a_day = limit * _accounts(scenario, staff)

    def kept(self) -> dict[str, Any]:
        """What is kept of each row, at the start of a world."""
        return {} if self.a_day is None else {ADDS: np.zeros((len(self.a_day), 2), np.int64)}

    def within(self, kept: MutableMapping[str, Any], leads: Any, wanted: Any, rows: Any, now: int) -> Any:
        """Which wanted leads can be done today: all but requests beyond what is left to who takes them. Shape (n,).

        Of several requests that one took, those in front go first; the rest stay in the pool for another day.

        Parameters
        ----------
        leads
            Records of ``leads.LEAD``, some of which ask to be accepted. Shape (n,).
        wanted
            Which of them somebody takes. Shape (n,).
        rows
            Of the staff, who takes each of those. Shape (n,).
        """
        if self.a_day is None:
            return wanted
        done = wanted.copy()
        asking = np.flatnonzero(done & (leads["channel"] == WECOM) & self.asks[leads["content"]])
        if not len(asking):
            return done
        today, mine = now // DAY, rows[asking]
        sent = np.where(kept[ADDS][mine, 0] == today, kept[ADDS][mine, 1], 0)
        by_row = np.argsort(mine, kind="stable")
        nth = np.empty(len(mine), np.int64)
        nth[by_row] = np.arange(len(mine)) - np.searchsorted(mine[by_row], mine[by_row])
        allowed = sent + nth < self.a_day[mine]
        done[asking[~allowed]] = False
        mine, sent, nth = mine[allowed], sent[allowed], nth[allowed]
        kept[ADDS][mine, 0] = today
        kept[ADDS][mine, 1] = sent
        np.add.at(kept[ADDS][:, 1], mine, 1)
        return done


def _accounts(scenario: Scenario, staff: Staff) -> Any:
    """Accounts of each row of the staff: one of an agent, as many as there are seats of a group of seats."""
    accounts = np.ones(len(staff), np.int64)
    slot = scenario.desk.slot / 3600
    of_seat = np.array([seats.calls_per_hour * slot for seats in scenario.desk.seats.values()])
    seats = staff.calls / np.maximum(of_seat[staff.tier[: len(staff.calls)]], 1e-9)
    accounts[: len(seats)] = np.maximum(1, np.ceil(seats - 1e-9))
    return accounts
