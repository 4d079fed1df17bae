"""Journeys as data: who comes in, which steps, how it ends. YAML in, positions in errors; the same from Python."""

from __future__ import annotations

from lifesim.scenario.journeys.entries import (
    ByCron,
    ByDate,
    DidNot,
    Enters,
    Goal,
    Leaves,
    Once,
    OnEvent,
    OnLifeEvent,
    Recurring,
    Reentry,
)
from lifesim.scenario.journeys.loading import load_journey, misfits, read_journey, refuse_misfits, vocabulary
from lifesim.scenario.journeys.model import ContentNeeded, Journey, OfflineEvent
from lifesim.scenario.journeys.steps import (
    Condition,
    EngagementSplit,
    ExperimentPath,
    GoTo,
    HandOver,
    Notify,
    Pause,
    RandomSplit,
    Repeat,
    Send,
    ToAgent,
    Wait,
    WaitFor,
)
from lifesim.scenario.journeys.words import Vocabulary
from lifesim.scenario.labels import Label

__all__ = [
    "ByCron",
    "ByDate",
    "Condition",
    "ContentNeeded",
    "DidNot",
    "EngagementSplit",
    "Enters",
    "ExperimentPath",
    "GoTo",
    "Goal",
    "HandOver",
    "Journey",
    "Label",
    "Leaves",
    "Notify",
    "OfflineEvent",
    "OnEvent",
    "OnLifeEvent",
    "Once",
    "Pause",
    "RandomSplit",
    "Recurring",
    "Reentry",
    "Repeat",
    "Send",
    "ToAgent",
    "Vocabulary",
    "Wait",
    "WaitFor",
    "load_journey",
    "misfits",
    "read_journey",
    "refuse_misfits",
    "vocabulary",
]
