"""What a plug-in implements, and what it sees.

Strategies are of three kinds with one method each; a plug-in is a frozen dataclass in the workspace's ``strategies/``
folder whose fields are its parameters:

- ``Orchestration.touch``: who gets which touch, at the times of its ``schedule``;
- ``Grading.grade``: how good is a lead;
- ``Allocation.assign``: which agent, or group of seats, gets a lead.

A strategy sees what the insurer would see: read-only copies of observable columns at one moment, for customers who
have not refused automated targeting. It draws luck only through ``Luck``. A plug-in with ``oracle = True`` sees hidden
columns too (true stage, traits, states of mind) and is marked as such in every report. One with ``ordered = True``
serves rows in the order in which they come; of all others that order changes no answer.
"""

from __future__ import annotations

from lifesim.strategy.luck import Luck
from lifesim.strategy.plug_ins import (
    UNASSIGNED,
    Allocation,
    Grading,
    Mechanism,
    NobodyAnswers,
    NoGrades,
    Orchestration,
    Practice,
)
from lifesim.strategy.schedule import REST_DAYS, Schedule, Touches
from lifesim.strategy.views import BECAME, REMEMBERED, AgentView, BoolArray, CustomerView, IntArray, LeadView, View

__all__ = [
    "BECAME",
    "REMEMBERED",
    "REST_DAYS",
    "UNASSIGNED",
    "AgentView",
    "Allocation",
    "BoolArray",
    "CustomerView",
    "Grading",
    "IntArray",
    "LeadView",
    "Luck",
    "Mechanism",
    "NoGrades",
    "NobodyAnswers",
    "Orchestration",
    "Practice",
    "Schedule",
    "Touches",
    "View",
]
