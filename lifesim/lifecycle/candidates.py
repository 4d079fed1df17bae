"""Candidate sessions on the customer's own calendar, which no strategy moves.

Candidates form a Poisson process with the customer's own rate in *activity time*, of which the hours of a day hold
unequal shares. They are numbered; number, customer and nothing else decide the gap before a candidate and its
acceptance, so that several are drawn at once. The stage only thins them (it never adds one): whatever a strategy
does, the candidates of every customer stay where they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.compiled import compiled, pointer
from lifesim.lifecycle.layout import customer_row, hour_rule_at, rule_i4, rule_u8, stage_rule_at
from lifesim.population.columns import CAUSE_DIED, DAY, NEVER
from lifesim.streams import LOOK_AHEAD, look_ahead

K_SESSION = 5
#: Bins of the table that guesses the hour from the share of the day's activity.
HOUR_BINS = 512

#: Candidates of one customer that have been drawn: ``LOOK_AHEAD`` in a row. Derived, and drawn anew at will.
DRAWN = np.dtype(
    [
        ("gap", "f8", (LOOK_AHEAD,)),  # since the candidate before, in units of the mean
        ("accept", "f8", (LOOK_AHEAD,)),
        ("doing", "f8", (LOOK_AHEAD,)),  # what the customer does on the visit
        ("activity", "f8", (LOOK_AHEAD + 1,)),  # activity time of the one before them, then theirs
        ("at", "i4", (LOOK_AHEAD,)),  # seconds
        ("customer", "u8"),
        ("first", "i8"),  # number of the first of them; below zero when there are none
    ],
    align=True,
)
_drawn_at = pointer(DRAWN)


@compiled
def drawn(w: Any) -> Any:
    """The candidates that have been drawn."""
    return _drawn_at(w.drawn, 0)


@compiled
def place(i: int, number: int, activity: float, w: Any) -> int:
    """Where a candidate lies among those drawn; draws it, and the next ones, if it is not there.

    Parameters
    ----------
    activity
        Activity time of the candidate before it.
    """
    d, c = drawn(w), customer_row(w, i)
    k = number - d.first
    if d.customer != c.key or d.first < 0 or k < 0 or k >= LOOK_AHEAD or d.activity[k] != activity:
        look_ahead(rule_u8(w.keys, K_SESSION), c.key, number, w.drawn)
        d.customer = c.key
        d.first = number
        find_moments(activity, 1.0 / c.session_rate, w)
        k = 0
    return k


@compiled
def find_moments(activity: float, mean_gap: float, w: Any) -> None:
    """When those drawn are, all at once, so that none waits for the one before."""
    d = drawn(w)
    d.activity[0] = activity
    for k in range(LOOK_AHEAD):
        activity += d.gap[k] * mean_gap
        d.activity[k + 1] = activity
    for k in range(LOOK_AHEAD):
        d.at[k] = moment(d.activity[k + 1], w)


@compiled
def activity_time(now: int, w: Any) -> float:
    """Days of activity time up to ``now``."""
    second = now % DAY
    rule = hour_rule_at(w.hour_rules, second // 3600)
    return now // DAY + rule.before + (second - rule.second) * rule.per_second


@compiled
def moment(activity: float, w: Any) -> int:
    """The second at which activity time reaches ``activity`` days; ``NEVER`` after the end of the run."""
    inside = min(activity, float(w.days))
    day = int(inside)
    rest = inside - day
    hour = rule_i4(w.hour_guess, int(rest * HOUR_BINS))
    # Always as many steps as the worst guess needs: a loop whose length is known does not make the processor guess.
    for _ in range(w.hour_steps):
        hour += 1 if hour_rule_at(w.hour_rules, hour + 1).before <= rest else 0
    rule = hour_rule_at(w.hour_rules, hour)
    at = day * DAY + rule.second + int(min(3599.0, (rest - rule.before) * rule.seconds_per))
    return NEVER if activity >= w.days else at


@compiled
def active(i: int, w: Any) -> float:
    """Share of the candidates that take place."""
    c = customer_row(w, i)
    return 0.0 if c.cause == CAUSE_DIED else stage_rule_at(w.stage_rules, c.stage).active


@compiled
def next_session(i: int, now: int, w: Any) -> None:
    """Find the first candidate after ``now`` that takes place if the customer stays in the stage.

    Goes on from the latest candidate up to ``now``; called again when the stage changes, and then looks at the same
    candidates with the same luck.
    """
    c = customer_row(w, i)
    accepted = active(i, w)
    c.session_at = NEVER
    if accepted == 0.0:
        return
    number, activity = c.candidate, c.activity
    while True:
        number += 1
        k = place(i, number, activity, w)
        activity, at = drawn(w).activity[k + 1], drawn(w).at[k]
        if at <= now:
            c.candidate = number
            c.activity = activity
        elif at == NEVER or drawn(w).accept[k] < accepted:
            c.session_at = at
            return
