"""Benefits that bring customers to the app: visits while one runs and fewer once it has stopped; who still comes.

A touch whose content brings visits stays in the inbox when it has been taken in, and wakes the customer for each.
Visits are a Poisson process of their own beside the customer's candidate sessions, at a rate that is even while the
benefit runs and then fades; the next one is drawn by the luck of the touch and the time of the one before.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lifesim.compiled import compiled
from lifesim.engagement.inbox import drop
from lifesim.lifecycle.candidates import active
from lifesim.lifecycle.layout import content_rule_at, customer_row, rule_u8, tally, touch_row
from lifesim.lifecycle.mind import covariates, linear
from lifesim.lifecycle.sessions import visit
from lifesim.population.columns import CAUSE_DIED, DAY, FADING, NEVER, NONE
from lifesim.streams import exponential, uniform

K_COMES = 28  # place in rules.DECISIONS
WEEK = 7 * DAY
#: Seconds that the time at which a benefit began is rounded up to: it then fits into 24 bits.
GRAIN = 64
#: Columns of ``State.benefits``: who could have come within a week, and came; of taking it in, and of its end.
COULD, CAME, COULD_AFTER, CAME_AFTER = range(4)
#: What has been looked at, bits.
_FIRST, _LAST = 1, 2


@compiled
def begin_benefit(i: int, place: int, now: int, w: Any) -> bool:
    """Let a touch that has just been taken in bring visits; false where its content brings none."""
    touch = touch_row(w, place)
    if content_rule_at(w.content_rules, touch.content).visits <= 0.0:
        return False
    touch.status = FADING
    touch.step = 0
    touch.lead = 0
    touch.skill = (now + GRAIN - 1) // GRAIN
    touch.at = next_time(i, place, now, w)
    return True


@compiled
def on_benefit(i: int, place: int, now: int, w: Any) -> None:
    """A customer comes for a benefit; or a week has passed since it began, or stopped, and it shows who came."""
    touch = touch_row(w, place)
    began = int(touch.skill) * GRAIN
    stopped = began + content_rule_at(w.content_rules, touch.content).lasts
    if customer_row(w, i).cause == CAUSE_DIED:
        drop(i, place, w)
        return
    if not touch.step & _FIRST and now >= began + WEEK:
        look(i, touch, began, COULD, w)
        touch.step |= _FIRST
    elif not touch.step & _LAST and now >= stopped + WEEK:
        look(i, touch, stopped, COULD_AFTER, w)
        touch.step |= _LAST
    else:
        # Not a number: no page is opened and no service used.
        visit(i, np.nan, NONE, now, w)
    touch.at = next_time(i, place, now, w)
    if touch.at == NEVER:
        drop(i, place, w)


@compiled
def look(i: int, touch: Any, since: int, column: int, w: Any) -> None:
    """Count a customer, and whether there was any session since a time."""
    cells = (touch.campaign * w.contents + touch.content) * 4 + column
    tally(w.benefits, cells, 1)
    tally(w.benefits, cells + 1, int(customer_row(w, i).last_session > since))


@compiled
def next_time(i: int, place: int, now: int, w: Any) -> int:
    """When something is next: a visit, or the end of one of the two weeks; ``NEVER`` after all of them."""
    touch = touch_row(w, place)
    began = int(touch.skill) * GRAIN
    stopped = began + content_rule_at(w.content_rules, touch.content).lasts
    at = next_visit(i, touch, stopped, now, w)
    if not touch.step & _FIRST:
        at = min(at, max(now, began + WEEK))
    if not touch.step & _LAST:
        at = min(at, max(now, stopped + WEEK))
    return at


@compiled
def next_visit(i: int, touch: Any, stopped: int, now: int, w: Any) -> int:
    """The next visit after ``now``: where the integrated rate reaches a unit exponential; ``NEVER`` if it does not."""
    rule = content_rule_at(w.content_rules, touch.content)
    covariates(i, now, w)
    rate = rule.visits * math.exp(linear(w.pull + touch.content, w)) * active(i, w)
    if rate <= 0.0:
        return NEVER
    left = exponential(uniform(rule_u8(w.keys, K_COMES), customer_row(w, i).key, touch.luck + np.uint64(now)))
    even = max(0, stopped - now)
    if left < rate * even:
        return now + 1 + int(left / rate)
    # What is left of the rate once the benefit has stopped, which has happened or is still ahead.
    rate_then = rate * math.exp(-rule.fades * max(0, now - stopped))
    share = (left - rate * even) * rule.fades / rate_then
    if share >= 1.0:
        return NEVER
    wait = even - math.log(1.0 - share) / rule.fades
    return now + 1 + int(wait) if wait < 1e9 else NEVER
