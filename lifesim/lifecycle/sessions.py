"""App sessions: what a customer does on a visit, and asking an adviser."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.compiled import compiled, compiled_inline
from lifesim.lifecycle.browsing import browse
from lifesim.lifecycle.candidates import active, drawn, next_session, place
from lifesim.lifecycle.events import ask
from lifesim.lifecycle.layout import counts, customer_row, outcome_row, rule_f8, rule_u8, stage_rule_at, tally
from lifesim.lifecycle.mind import feel
from lifesim.lifecycle.mining import B_PRODUCT_PAGE, mine
from lifesim.lifecycle.noting import note_event
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
    NONE,
)
from lifesim.streams import LOOK_AHEAD, uniform

I_SESSION, I_PRODUCT_PAGE, I_SERVICE_USE = 0, 1, 2
K_INQUIRY = 6
#: Sessions that fit into what one step may append to the buffers.
IN_A_ROW = 64
_DAY = np.uint64(DAY)


@compiled
def on_sessions(i: int, until: int, w: Any) -> int:
    """Sessions before ``until``, one after another, as long as nothing else can come between; when the last was.

    Stops after a session at which the customer is held, or of which journeys hear, and after ``IN_A_ROW``. Two
    candidates in the same second are one session.
    """
    c, d = customer_row(w, i), drawn(w)
    held, left, last = c.held, IN_A_ROW, c.session_at
    accepted = active(i, w)
    rule = stage_rule_at(w.stage_rules, c.stage)
    pages, services = rule.product_page, 1.0 - rule.service_use
    number, activity = c.candidate + 1, c.activity
    while True:
        k = place(i, number, activity, w)
        first = number - k
        while k < LOOK_AHEAD:
            now, doing = d.at[k], d.doing[k]
            takes_place = d.accept[k] < accepted and now != c.last_session
            if now >= until:
                if takes_place or now == NEVER:
                    c.session_at = now
                    outcome_row(w, i).sessions += IN_A_ROW - left
                    return last
            elif takes_place:
                c.candidate = first + k
                c.activity = d.activity[k + 1]
                arrive(i, now, w)
                if doing < pages or doing > services:
                    use(i, doing < pages, NONE, now, w)
                last = now
                left -= 1
                if left == 0 or c.held > held or counts(w).noted > 0:
                    next_session(i, now, w)
                    outcome_row(w, i).sessions += IN_A_ROW - left
                    return now
            k += 1
        number, activity = first + LOOK_AHEAD, d.activity[LOOK_AHEAD]


@compiled
def visit(i: int, doing: float, page: int, now: int, w: Any) -> None:
    """A session that something brought about.

    Parameters
    ----------
    page
        Product at whose page it begins, because a link led there; ``NONE`` for any other visit.
    """
    rule = stage_rule_at(w.stage_rules, customer_row(w, i).stage)
    outcome_row(w, i).sessions += 1
    arrive(i, now, w)
    looks = page != NONE or doing < rule.product_page
    if looks or doing > 1.0 - rule.service_use:
        use(i, looks, page, now, w)


@compiled_inline
def arrive(i: int, now: int, w: Any) -> None:
    """A session begins. Sessions are counted by day and segment; the log has them only where it holds everything."""
    c = customer_row(w, i)
    c.last_session = now
    # Without a sign, for which a division has to be mended.
    day = np.uint64(now - counts(w).fork) // _DAY
    tally(w.session_days, np.int64(day) * w.segments + c.segment, 1)
    feel(i, I_SESSION, now, w)
    reach_milestone(i, INTEREST, now, w)
    log_visit(i, E_SESSION, now, w)


@compiled
def use(i: int, looks: bool, page: int, now: int, w: Any) -> None:
    """What is done in a session: opening a product page, and while deciding asking an adviser; or using a service."""
    c = customer_row(w, i)
    if looks:
        feel(i, I_PRODUCT_PAGE, now, w)
        reach_milestone(i, ANALYSIS, now, w)
        log_visit(i, E_PRODUCT_PAGE, now, w)
        browse(i, page, now, w)
        share = w.inquiry * rule_f8(w.inquiry_factors, now // DAY)
        if c.stage == FIRST_PURCHASE and uniform(rule_u8(w.keys, K_INQUIRY), c.key, now) < share:
            inquire(i, now, w)
        else:
            mine(i, B_PRODUCT_PAGE, now, w)
    else:
        feel(i, I_SERVICE_USE, now, w)
        reach_milestone(i, INTERACTION, now, w)
        log_visit(i, E_SERVICE_USE, now, w)


@compiled
def log_visit(i: int, kind: int, now: int, w: Any) -> None:
    """As ``log``, where the log holds visits; journeys hear of them in any case."""
    if w.log_visits:
        log(i, kind, 0, 0, now, w)
    else:
        note_event(i, kind, 0, w)


@compiled
def inquire(i: int, now: int, w: Any) -> None:
    """Ask an adviser: a request to the desk, unless one waits already; the customer is held for the desk."""
    c = customer_row(w, i)
    reach_milestone(i, INTERACTION, now, w)
    log(i, E_INQUIRY, 0, 0, now, w)
    outcome_row(w, i).inquiries += 1
    if c.waits == 0:
        c.waits = 1
        c.held += 1
        ask(i, ASK_ADVISER, 0, now, w)
