"""App sessions: candidates on the customer's own calendar, which no strategy moves.

Candidate times form a Poisson process with the customer's own rate and the day's hourly profile; each candidate is
keyed by its own time. The stage only thins candidates (it never adds one), so that whatever a strategy
does, the candidates of every customer stay where they are.
"""

from __future__ import annotations

import math
from typing import Any

from lifesim.compiled import compiled
from lifesim.lifecycle.events import ask
from lifesim.lifecycle.layout import counts, customer_row, f8, outcome_row, stage_rule_at, tally, u8
from lifesim.lifecycle.mind import feel
from lifesim.lifecycle.stages import log, reach_milestone
from lifesim.population.columns import (
    ANALYSIS,
    ASK_ADVISER,
    DAY,
    E_INQUIRY,
    E_PRODUCT_PAGE,
    E_SERVICE_USE,
    E_SESSION,
    FIRST_PURCHASE,
    INTERACTION,
    INTEREST,
    NEVER,
)
from lifesim.streams import exponential, uniform, uniform_triple

I_SESSION, I_PRODUCT_PAGE, I_SERVICE_USE = 0, 1, 2
K_SESSION, K_INQUIRY = 5, 6


@compiled
def later(now: int, days: float, hours: Any) -> int:
    """``now`` moved by ``days`` of activity time, in which every hour counts by its share of the day."""
    day = now // DAY
    second = now - day * DAY
    hour = second // 3600
    share = (second - hour * 3600) / 3600.0
    before = f8(hours, hour)
    target = day + before + share * (f8(hours, hour + 1) - before) + days
    if target >= NEVER / DAY - 1.0:
        return NEVER
    day = int(math.floor(target))
    rest = target - day
    hour = 0
    while hour < 23 and f8(hours, hour + 1) <= rest:
        hour += 1
    share = (rest - f8(hours, hour)) / (f8(hours, hour + 1) - f8(hours, hour))
    return max(now + 1, day * DAY + int(3600.0 * (hour + min(share, 0.9999))))


@compiled
def on_session(i: int, now: int, w: Any) -> None:
    """A candidate session: it takes place or not, and the next candidate is found."""
    c = customer_row(w, i)
    gap, accept, doing = uniform_triple(u8(w.keys, K_SESSION), c.key, now)
    c.session_at = later(now, exponential(gap) / c.session_rate, w.hours)
    if accept < stage_rule_at(w.stage_rules, c.stage).active:
        visit(i, doing, now, w)


@compiled
def visit(i: int, doing: float, now: int, w: Any) -> None:
    """A session: it may open a product page or use a service, and while deciding ask an adviser."""
    c = customer_row(w, i)
    c.last_session = now
    outcome_row(w, i).sessions += 1
    tally(w.session_days, (now - counts(w).fork) // DAY * w.segments + c.segment, 1)
    feel(i, I_SESSION, now, w)
    reach_milestone(i, INTEREST, now, w)
    log(i, E_SESSION, 0, 0, now, w)
    if doing < stage_rule_at(w.stage_rules, c.stage).product_page:
        feel(i, I_PRODUCT_PAGE, now, w)
        reach_milestone(i, ANALYSIS, now, w)
        log(i, E_PRODUCT_PAGE, 0, 0, now, w)
        if c.stage == FIRST_PURCHASE and uniform(u8(w.keys, K_INQUIRY), c.key, now) < w.inquiry:
            inquire(i, now, w)
    elif doing > 1.0 - stage_rule_at(w.stage_rules, c.stage).service_use:
        feel(i, I_SERVICE_USE, now, w)
        reach_milestone(i, INTERACTION, now, w)
        log(i, E_SERVICE_USE, 0, 0, now, w)


@compiled
def inquire(i: int, now: int, w: Any) -> None:
    """Ask an adviser: a request to the desk, unless one waits already; the customer is held for the desk."""
    c = customer_row(w, i)
    reach_milestone(i, INTERACTION, now, w)
    log(i, E_INQUIRY, 0, 0, now, w)
    outcome_row(w, i).inquiries += 1
    if c.waits == 0:
        c.waits = 1
        c.held = 1
        ask(i, ASK_ADVISER, 0, now, w)
