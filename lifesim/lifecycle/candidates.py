"""Candidate sessions on the customer's own calendar, which no strategy moves.

Candidate times form a Poisson process with the customer's own rate and the day's hourly profile; each candidate is
keyed by its own time. The stage only thins candidates (it never adds one), so that whatever a strategy
does, the candidates of every customer stay where they are.
"""

from __future__ import annotations

from typing import Any

from lifesim.compiled import compiled
from lifesim.lifecycle.layout import customer_row, f8, i4, stage_rule_at, u8
from lifesim.population.columns import DAY, NEVER
from lifesim.streams import exponential, look_again

K_SESSION = 5
#: Bins of the table that guesses the hour from the share of the day's activity.
HOUR_BINS = 96


@compiled
def later(now: int, days: float, w: Any) -> int:
    """``now`` moved by ``days`` of activity time, in which every hour counts by its share of the day."""
    hours = w.hours
    day = now // DAY
    second = now - day * DAY
    hour = second // 3600
    before = f8(hours, hour)
    target = day + before + (second - hour * 3600) / 3600.0 * (f8(hours, hour + 1) - before) + days
    if target >= w.days:
        return NEVER
    day = int(target)
    rest = target - day
    hour = i4(w.hour_guess, int(rest * HOUR_BINS))
    while hour < 23 and f8(hours, hour + 1) <= rest:
        hour += 1
    before = f8(hours, hour)
    share = (rest - before) / (f8(hours, hour + 1) - before)
    return max(now + 1, day * DAY + int(3600.0 * (hour + min(share, 0.9999))))


@compiled
def next_session(i: int, now: int, w: Any) -> None:
    """Find the first candidate after ``now`` that takes place if the customer stays in the stage.

    Goes on from the latest candidate up to ``now``; called again when the stage changes, and then looks at the same
    candidates with the same luck.
    """
    c = customer_row(w, i)
    gap, _, _ = look_again(u8(w.keys, K_SESSION), c.key, c.session_from)
    scan(i, c.session_from, gap, now, w)


@compiled
def scan(i: int, at: int, gap: float, now: int, w: Any) -> None:
    """Look at candidate after candidate from the one at ``at``, whose gap to the next is given."""
    c = customer_row(w, i)
    active = stage_rule_at(w.stage_rules, c.stage).active
    key = u8(w.keys, K_SESSION)
    while True:
        at = later(at, exponential(gap) / c.session_rate, w)
        if at == NEVER:
            c.session_at = NEVER
            return
        gap, accept, _ = look_again(key, c.key, at)
        if at <= now:
            c.session_from = at
        elif accept < active:
            c.session_at = at
            return
