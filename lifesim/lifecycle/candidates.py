"""Candidate sessions on the customer's own calendar, which no strategy moves.

Candidate times form a Poisson process with the customer's own rate and the day's hourly profile; each candidate is
keyed by the time of the one before. The stage only thins candidates (it never adds one), so that whatever a strategy
does, the candidates of every customer stay where they are.
"""

from __future__ import annotations

from typing import Any

from lifesim.compiled import compiled
from lifesim.lifecycle.layout import customer_row, hour_rule_at, i4, stage_rule_at, u8
from lifesim.population.columns import CAUSE_DIED, DAY, NEVER
from lifesim.streams import exponential, look_again

K_SESSION = 5
#: Bins of the table that guesses the hour from the share of the day's activity.
HOUR_BINS = 512


@compiled
def later(now: int, days: float, w: Any) -> int:
    """``now`` moved by ``days`` of activity time, in which every hour counts by its share of the day."""
    day = now // DAY
    second = now - day * DAY
    rule = hour_rule_at(w.hour_rules, second // 3600)
    target = rule.before + (second - rule.second) * rule.per_second + days
    if target >= w.days - day:
        return NEVER
    whole = int(target)
    rest = target - whole
    hour = i4(w.hour_guess, int(rest * HOUR_BINS))
    while hour < 23 and hour_rule_at(w.hour_rules, hour + 1).before <= rest:
        hour += 1
    rule = hour_rule_at(w.hour_rules, hour)
    into = min(3599.0, (rest - rule.before) * rule.seconds_per)
    return max(now + 1, (day + whole) * DAY + rule.second + int(into))


@compiled
def next_session(i: int, now: int, w: Any) -> None:
    """Find the first candidate after ``now`` that takes place if the customer stays in the stage.

    Goes on from the latest candidate up to ``now``; called again when the stage changes, and then looks at the same
    candidates with the same luck.
    """
    c = customer_row(w, i)
    gap, accept, _ = look_again(u8(w.keys, K_SESSION), c.key, c.session_from)
    scan(i, c.session_from, gap, accept, now, w)


@compiled
def scan(i: int, at: int, gap: float, accept: float, now: int, w: Any) -> None:
    """Look at candidate after candidate from the one at ``at``, which gives the gap to the next and its acceptance."""
    c = customer_row(w, i)
    active = 0.0 if c.cause == CAUSE_DIED else stage_rule_at(w.stage_rules, c.stage).active
    if active == 0.0:
        c.session_at = NEVER
        return
    while True:
        at = later(at, exponential(gap) / c.session_rate, w)
        if at > now and accept < active:
            break
        if at == NEVER:
            break
        if at <= now:
            c.session_from = at
        gap, accept, _ = look_again(u8(w.keys, K_SESSION), c.key, at)
    c.session_at = at
