"""App sessions: what a customer does on a visit, and asking an adviser."""

from __future__ import annotations

from typing import Any

from lifesim.compiled import compiled
from lifesim.lifecycle.browsing import browse
from lifesim.lifecycle.candidates import active, drawn, next_session, place
from lifesim.lifecycle.events import ask
from lifesim.lifecycle.layout import counts, customer_row, f8, outcome_row, stage_rule_at, tally, u8
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


@compiled
def on_sessions(i: int, until: int, w: Any) -> int:
    """Sessions before ``until``, one after another, as long as nothing else can come between; when the last was.

    Stops after a session at which the customer is held, or of which journeys hear, and after ``IN_A_ROW``. Two
    candidates in the same second are one session.
    """
    c = customer_row(w, i)
    held, left, last = c.held, IN_A_ROW, c.session_at
    accepted = active(i, w)
    number, activity = c.candidate + 1, c.activity
    while True:
        k = place(i, number, activity, w)
        first = number - k
        while k < LOOK_AHEAD:
            now = drawn(w).at[k]
            takes_place = drawn(w).accept[k] < accepted and now != c.last_session
            if now >= until:
                if takes_place or now == NEVER:
                    c.session_at = now
                    return last
            elif takes_place:
                c.candidate = first + k
                c.activity = drawn(w).activity[k + 1]
                visit(i, drawn(w).doing[k], NONE, now, w)
                last = now
                left -= 1
                if left == 0 or c.held > held or counts(w).noted > 0:
                    next_session(i, now, w)
                    return now
            k += 1
        number, activity = first + LOOK_AHEAD, drawn(w).activity[LOOK_AHEAD]


@compiled
def visit(i: int, doing: float, page: int, now: int, w: Any) -> None:
    """A session: it may open a product page or use a service, and while deciding ask an adviser.

    Visits are counted by day and segment; the log holds them only where it holds everything of everyone.

    Parameters
    ----------
    page
        Product at whose page it begins, because a link led there; ``NONE`` for any other visit.
    """
    c = customer_row(w, i)
    c.last_session = now
    outcome_row(w, i).sessions += 1
    tally(w.session_days, (now - counts(w).fork) // DAY * w.segments + c.segment, 1)
    feel(i, I_SESSION, now, w)
    reach_milestone(i, INTEREST, now, w)
    log_visit(i, E_SESSION, now, w)
    if page != NONE or doing < stage_rule_at(w.stage_rules, c.stage).product_page:
        feel(i, I_PRODUCT_PAGE, now, w)
        reach_milestone(i, ANALYSIS, now, w)
        log_visit(i, E_PRODUCT_PAGE, now, w)
        browse(i, page, now, w)
        share = w.inquiry * f8(w.inquiry_factors, now // DAY)
        if c.stage == FIRST_PURCHASE and uniform(u8(w.keys, K_INQUIRY), c.key, now) < share:
            inquire(i, now, w)
        else:
            mine(i, B_PRODUCT_PAGE, now, w)
    elif doing > 1.0 - stage_rule_at(w.stage_rules, c.stage).service_use:
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
