"""Stages: entering one, re-evaluating its hazards, finding what happens next."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lifesim.compiled import compiled, compiled_entry, compiled_inline
from lifesim.lifecycle import clocks
from lifesim.lifecycle.candidates import next_session
from lifesim.lifecycle.foreign import call_rate
from lifesim.lifecycle.incidence import incidence_of_all
from lifesim.lifecycle.layout import (
    band_at,
    clock_row,
    clock_rule_at,
    counts,
    customer_row,
    event_row,
    lift_row,
    outcome_row,
    rule_f4,
    rule_f8,
    rule_i4,
    set_i4,
    stage_rule_at,
    tally,
    world_at,
)
from lifesim.lifecycle.mind import all_but_gaps, covariates, linear
from lifesim.lifecycle.noting import note_event
from lifesim.population.columns import (
    CAUSE_DIED,
    CHURN_WARNING,
    DAY,
    DISSATISFIED,
    E_STAGE,
    FIRST_PURCHASE,
    KEPT,
    LEFT_IN_ORDER,
    LOST,
    MARKS_BELOW,
    N_STAGES,
    NEED_CLEAR,
    NEVER,
    NO_DAY,
    SILENT,
)

#: What is left of a key to offset the customer's own grid of refreshes: 26 bits, two years in seconds.
GRID_BITS = np.uint64(38)
ESCALATE, CLAIM = 3, 5  # places in clock_tables.CLOCK_EVENTS


@compiled
def log(i: int, kind: int, detail: int, amount: Any, now: int, w: Any) -> None:
    """Append to the event buffer, for customers whose story is kept; journeys hear of it after the step."""
    note_event(i, kind, detail, w)
    if customer_row(w, i).marks & KEPT:
        event = event_row(w, counts(w).events)
        event.time = now
        event.customer = i
        event.kind = kind
        event.detail = detail
        event.amount = amount
        counts(w).events += 1


@compiled
def reach_milestone(i: int, milestone: int, now: int, w: Any) -> None:
    """Stamp a milestone of the journey the first time it is reached."""
    if customer_row(w, i).milestones[milestone] == NO_DAY:
        customer_row(w, i).milestones[milestone] = now // DAY


@compiled
def row_of(i: int, slot: int, w: Any) -> int:
    """Row of the rules for a clock slot of a customer; -1 for a slot that the stage does not use."""
    if slot >= w.stage_slots:
        return w.first_process + slot - w.stage_slots
    rule = stage_rule_at(w.stage_rules, customer_row(w, i).stage)
    row = rule.clock_from + slot
    return row if row < rule.clock_to else -1


@compiled_inline
def background(i: int, row: int, now: int, w: Any) -> float:
    """Background hazard per second of one cause, with the covariates in the scratch."""
    c = customer_row(w, i)
    rule = clock_rule_at(w.clock_rules, row)
    if not rule.runs & (1 << c.stage) or c.cause == CAUSE_DIED or (rule.event == ESCALATE and c.phase == SILENT):
        return 0.0
    day = min(now // DAY, w.days - 1)
    hazard = rule_f8(w.rate, row * w.segments + c.segment) * rule_f4(w.market, row * w.days + day)
    if rule.mechanism >= 0:
        return hazard * call_rate(rule.mechanism, w)
    if rule.event == CLAIM:
        hazard *= incidence_of_all(i, w)
    factor = 1.0
    for j in range(rule.band_from, rule.band_to):
        if now - c.stage_since >= band_at(w.bands, j).edge:
            factor = band_at(w.bands, j).factor
    return hazard * factor * math.exp(linear(row, w))


@compiled
def spell(row: int, now: int, w: Any) -> float:
    """Factor of the market's episodes on a hazard: that of ``now``, because nobody acts on what has not begun."""
    return rule_f4(w.spells, row * w.days + now // DAY) if w.has_spells else 1.0


@compiled
def next_refresh(i: int, now: int, w: Any) -> int:
    """The next point of the customer's own grid, or the time in the stage at which a factor changes."""
    c = customer_row(w, i)
    rule = stage_rule_at(w.stage_rules, c.stage)
    # A key is as good as a draw, and costs no column.
    grid = np.int64(c.key >> GRID_BITS)
    at = now - (now - grid) % rule.refresh + rule.refresh
    for j in range(rule.edge_from, rule.edge_to):
        edge = c.stage_since + rule_i4(w.edges, j)
        if edge > now:
            return min(at, edge)
    return at


@compiled
def refresh(i: int, now: int, w: Any) -> None:
    """Bring all thresholds up to ``now``, and evaluate all background hazards from there to the next refresh.

    They are those of the middle of the time between: with states that decay smoothly, an interval of a month is then
    as exact as one of days that takes the hazards of its beginning. Finds the clock that fires first before that on the
    way.
    """
    c = customer_row(w, i)
    since, c.rated_at = c.rated_at, now
    c.refresh_at = next_refresh(i, now, w)
    middle = (now + c.refresh_at) // 2
    if w.gap_stages & (1 << c.stage):
        covariates(i, middle, w)
    else:
        all_but_gaps(i, middle, w)
    soonest, first = NEVER, c.clock
    for slot in range(w.slots):
        row = row_of(i, slot, w)
        if row >= 0:
            clock, lifted, fade = clock_row(w, i, slot), lift_row(w, i, slot), clock_rule_at(w.clock_rules, row).fade
            clocks.settle(clock, lifted, since, now, fade)
            clock.rate = background(i, row, middle, w) * spell(row, now, w)
            if clocks.may_fire(clock, lifted, c.refresh_at - now):
                at = clocks.crossing(clock, lifted, now, fade)
                first = slot if at < soonest else first
                soonest = min(soonest, at)
    c.clock = first
    c.clock_at = soonest


@compiled
def find_clock(i: int, w: Any) -> None:
    """Find the clock that fires first before the next refresh."""
    c = customer_row(w, i)
    soonest = NEVER
    for slot in range(w.slots):
        row = row_of(i, slot, w)
        clock, lifted = clock_row(w, i, slot), lift_row(w, i, slot)
        if row >= 0 and clocks.may_fire(clock, lifted, c.refresh_at - c.rated_at):
            at = clocks.crossing(clock, lifted, c.rated_at, clock_rule_at(w.clock_rules, row).fade)
            if at < soonest:
                soonest = at
                c.clock = slot
    c.clock_at = soonest


@compiled
def episode_of(i: int, slot: int, w: Any) -> int:
    """Which episode of a clock it is, as luck is keyed by it.

    A recurring clock counts its firings. A clock of a stage counts them above the number of the visit, so that the
    second firing of one visit has other luck than the first of the next.
    """
    episode: Any = clock_row(w, i, slot).episode
    if slot >= w.stage_slots:
        return episode
    visit = customer_row(w, i).visits[customer_row(w, i).stage]
    firings = (np.int64(episode) - visit) & 65535
    return visit + (firings << 16)


@compiled
def rearm(i: int, slot: int, now: int, w: Any) -> None:
    """The next threshold of a clock that fired without leaving the stage."""
    c, clock = customer_row(w, i), clock_row(w, i, slot)
    rule = clock_rule_at(w.clock_rules, row_of(i, slot, w))
    clock.episode += 1
    episode = episode_of(i, slot, w)
    clocks.arm_again(clock, lift_row(w, i, slot), rule.key, c.key, episode, c.rated_at, now, rule.fade)
    find_clock(i, w)


@compiled
def enter(i: int, stage: int, cause: int, now: int, w: Any) -> None:
    """Move a customer to a stage; every exit of the new stage gets a fresh threshold."""
    c = customer_row(w, i)
    if counts(w).fork <= c.stage_since < w.cutoff:
        cells = (c.segment * N_STAGES + c.stage) * (N_STAGES + 1)
        tally(w.occupied, cells + stage, 1)
        tally(w.occupied, cells + N_STAGES, now - c.stage_since)
    if stage == LOST and c.stage != LOST:
        count_loss(i, cause, w)
    if stage == CHURN_WARNING and c.stage != CHURN_WARNING:
        outcome_row(w, i).warnings += 1
    log(i, E_STAGE, c.stage * 256 + stage * 16 + cause, 0, now, w)
    if cause == CAUSE_DIED:
        set_i4(w.visible, i, NEVER)
    begin(i, stage, cause, now, w)
    next_session(i, now, w)
    if stage == FIRST_PURCHASE:
        reach_milestone(i, NEED_CLEAR, now, w)
    refresh(i, now, w)


@compiled
def count_loss(i: int, cause: int, w: Any) -> None:
    """A customer is lost: churn, or an end that was bound to come or that the policy is for."""
    c = customer_row(w, i)
    if cause >= CAUSE_DIED:
        c.marks |= LEFT_IN_ORDER
    else:
        c.marks &= ~LEFT_IN_ORDER
        outcome_row(w, i).losses += 1


@compiled
def begin(i: int, stage: int, cause: int, now: int, w: Any) -> None:
    """Set the columns of a new stage and arm its clocks."""
    c = customer_row(w, i)
    c.stage = stage
    c.cause = cause
    c.phase = DISSATISFIED if stage == CHURN_WARNING else 0
    c.stage_since = now
    c.marks &= MARKS_BELOW
    c.visits[stage] += 1
    rule = stage_rule_at(w.stage_rules, stage)
    for row in range(rule.clock_from, rule.clock_to):
        slot = row - rule.clock_from
        key = clock_rule_at(w.clock_rules, row).key
        clocks.arm(clock_row(w, i, slot), lift_row(w, i, slot), key, c.key, c.visits[stage])


@compiled
def arm_processes(i: int, w: Any) -> None:
    """Arm the recurring clocks of a new customer."""
    for slot in range(w.stage_slots, w.slots):
        key = clock_rule_at(w.clock_rules, row_of(i, slot, w)).key
        clocks.arm(clock_row(w, i, slot), lift_row(w, i, slot), key, customer_row(w, i).key, 1)


@compiled_entry
def count_stages(now: int, world: int, out: Any) -> None:
    """Add customers who have joined to ``out``, shape (branches, segments, stages)."""
    w = world_at(world, 0)
    for i in range(counts(w).customers):
        c = customer_row(w, i)
        if c.joined <= now:
            out[c.branch, c.segment, c.stage] += 1
