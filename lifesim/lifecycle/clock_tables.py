"""Tables of the hazard clocks: rates, bands, what a clock does when it fires."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lifesim.lifecycle.rule_records import BAND, CLOCK_RULE
from lifesim.population.columns import (
    CAUSE_COMPETITOR,
    CAUSE_DIED,
    CAUSE_DISAPPOINTED,
    CAUSE_DRIFTED,
    CAUSE_SURRENDERED,
    DAY,
    N_STAGES,
    YEAR,
)
from lifesim.scenario import Clock, Scenario
from lifesim.scenario.behaviour import STAGES, Process, Transition
from lifesim.streams import Streams

Rows = list[tuple[str, str, Clock]]

#: What a clock can do, in the order of the kernel's codes; the last one belongs to mechanisms.
CLOCK_EVENTS = (
    "move",
    "decide",
    "upsell",
    "escalate",
    "win_back",
    "claim",
    "refer",
    "request",
    "mechanism",
)

#: Reason to be lost by the name of the cause that leads there.
CAUSES = {
    "competitor": CAUSE_COMPETITOR,
    "surrender": CAUSE_SURRENDERED,
    "drift": CAUSE_DRIFTED,
    "death": CAUSE_DIED,
}


def clock_rows(scenario: Scenario) -> Rows:
    """All clocks of the scenario in the order of the tables: (name, stage or "", clock).

    Those of a stage that some content lifts come first, so that only the first slots need room for an excess.
    """
    behaviour = scenario.behaviour
    rows: Rows = []
    for stage in STAGES:
        own = [(name, stage, clock) for name, clock in behaviour.transitions.items() if name.startswith(f"{stage}.")]
        rows += sorted(own, key=lambda row: row[0] not in _lifted(scenario))
    rows += [(name, "", process) for name, process in behaviour.processes.items()]
    return rows


def stage_slots(rows: Rows) -> int:
    """Clock slots that stages share: the most exits of a stage."""
    return max(sum(1 for _, stage, _ in rows if stage == each) for each in STAGES)


def slots(scenario: Scenario, mechanisms: int) -> int:
    """Clock slots of a customer: the most exits of a stage, recurring processes, mechanisms."""
    return stage_slots(clock_rows(scenario)) + len(scenario.behaviour.processes) + mechanisms


def slots_lifted(scenario: Scenario) -> int:
    """How many of the first clock slots some content lifts, or might."""
    rows, lifted = clock_rows(scenario), _lifted(scenario)
    if any(name in lifted for name in scenario.behaviour.processes):
        return stage_slots(rows) + len(scenario.behaviour.processes)
    return max(sum(1 for name, stage, _ in rows if stage == each and name in lifted) for each in STAGES)


def _lifted(scenario: Scenario) -> set[str]:
    return {name for content in scenario.contents.values() for name in content.lifts}


def keys_of(streams: Streams, names: list[str]) -> Any:
    """Luck keys of named decisions."""
    return np.array([streams.key(name) for name in names], np.uint64)


def table(dtype: np.dtype[Any], columns: dict[str, Any]) -> Any:
    """A table of records from columns of the same length."""
    table = np.zeros(len(next(iter(columns.values()))), dtype)
    for name, values in columns.items():
        table[name] = values
    return table


def clock_tables(scenario: Scenario, streams: Streams, rows: Rows, names: list[str]) -> dict[str, Any]:
    """Everything that the rules say of clocks; ``names`` holds mechanisms after the rows."""
    return {
        "clock_rules": _clock_rules(streams, rows, names),
        "rate": _rates(scenario, rows, len(names) - len(rows)),
        "bands": _bands(rows),
        "edges": np.array([edge for stage in STAGES for edge in band_edges(rows, stage)], np.int32),
    }


def band_edges(rows: Rows, stage: str) -> list[int]:
    """Times in a stage at which the factor of one of its clocks changes, ascending, seconds."""
    bit = 1 << STAGES.index(stage)
    return sorted({edge for _, of, clock in rows if _runs(of, clock) & bit for edge in clock.bands if edge > 0})


def _clock_rules(streams: Streams, rows: Rows, names: list[str]) -> Any:
    extra = len(names) - len(rows)
    band_to = np.cumsum([len(clock.bands) for _, _, clock in rows]).tolist() or [0]
    band_from = [0, *band_to[:-1]][: len(rows)]
    clocks = [clock for _, _, clock in rows]
    last = len(CLOCK_EVENTS) - 1
    columns = {
        "key": keys_of(streams, [f"clock {name}" for name in names]),
        "fade": [math.log(2) / c.half_life for c in clocks] + [math.log(2) / DAY] * extra,
        "band_from": band_from + [0] * extra,
        "band_to": band_to[: len(rows)] + [0] * extra,
        "mechanism": [-1] * len(rows) + list(range(extra)),
        "to_stage": [_target(clock) for clock in clocks] + [0] * extra,
        "event": [CLOCK_EVENTS.index(c.event) for c in clocks] + [last] * extra,
        "cause": [_cause(name) for name, _, _ in rows] + [0] * extra,
        "runs": [_runs(stage, clock) for _, stage, clock in rows] + [2**N_STAGES - 1] * extra,
    }
    return table(CLOCK_RULE, columns)


def _runs(stage: str, clock: Clock) -> int:
    """Bits of the stages in which a clock runs."""
    stages = (stage,) if stage else clock.stages if isinstance(clock, Process) else ()
    return sum(1 << STAGES.index(each) for each in stages)


def _target(clock: Clock) -> int:
    if isinstance(clock, Transition) and clock.to is not None:
        return STAGES.index(clock.to)
    return 0


def _cause(name: str) -> int:
    return CAUSES.get(name.partition(".")[2], CAUSE_DISAPPOINTED)


def _rates(scenario: Scenario, rows: Rows, extra: int) -> Any:
    rates = [[clock.rate * clock.segments.get(name, 1.0) for name in scenario.segments] for _, _, clock in rows]
    # A mechanism gives events a year.
    return np.array(rates + [[1.0 / YEAR] * len(scenario.segments)] * extra)


def _bands(rows: Rows) -> Any:
    bands = [(edge, clock.bands[edge]) for _, _, clock in rows for edge in sorted(clock.bands)]
    edges, factors = [edge for edge, _ in bands], [factor for _, factor in bands]
    return table(BAND, {"edge": edges, "factor": factors})
