"""What is simulated: validated, immutable descriptions, read from YAML with positions in errors."""

from __future__ import annotations

from lifesim.scenario.behaviour import STAGES, Clock, State
from lifesim.scenario.loading import facts_table, json_schema, load
from lifesim.scenario.models import Arm, PlugIn, Scenario

__all__ = [
    "STAGES",
    "Arm",
    "Clock",
    "PlugIn",
    "Scenario",
    "State",
    "facts_table",
    "json_schema",
    "load",
]
