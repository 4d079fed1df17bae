"""Life events: they come by the customer's own calendar and move needs.

A kind of event is a Poisson process whose rate is constant within a year of the simulation; the times in a year are a
pure function of the customer, the kind and the year. Nothing is stored but when to wake next, no strategy moves an
event, and more events of one kind leave those of the others where they are.
"""

from __future__ import annotations

import math
from typing import Any

from lifesim.compiled import compiled
from lifesim.lifecycle.events import ask
from lifesim.lifecycle.layout import band_at, customer_row, life_rule_at, predictor_at, rule_f4, rule_f8, term_at
from lifesim.lifecycle.mind import move
from lifesim.lifecycle.stages import log, refresh
from lifesim.population.columns import CAUSE_DIED, E_LIFE_EVENT, HAPPENED, NEVER, YEAR
from lifesim.streams import exponential, look_again

#: Years before the start have numbers below zero; luck wants them above.
_YEARS_BEFORE = 256


@compiled
def age_in(i: int, year: int, w: Any) -> float:
    """Age of a customer in the middle of a year; the trait is that at the start."""
    if w.age_column < 0:
        return 0.0
    return w.age_center + w.age_scale * rule_f4(w.traits, i * w.traits_each + w.age_column) + year + 0.5


@compiled
def expected(i: int, kind: int, year: int, w: Any) -> float:
    """Events of a kind to be expected in a year."""
    rule = life_rule_at(w.life_rules, kind)
    factor, age = 1.0, age_in(i, year, w)
    for j in range(rule.band_from, rule.band_to):
        if age >= band_at(w.life_bands, j).edge:
            factor = band_at(w.life_bands, j).factor
    if rule.rate * factor == 0.0:
        return 0.0
    total = 0.0
    predictor = predictor_at(w.predictors, w.life + kind)
    for j in range(predictor.term_from, predictor.term_to):
        term = term_at(w.terms, j)
        total += term.value * rule_f4(w.traits, i * w.traits_each + term.column)
    return rule.rate * YEAR * factor * math.exp(total)


@compiled
def first_in(i: int, kind: int, year: int, since: int, w: Any) -> int:
    """When an event of a kind first happens in a year at or after ``since``; ``NEVER`` if it does not."""
    rate = expected(i, kind, year, w)
    if rate <= 0.0:
        return NEVER
    rule, key = life_rule_at(w.life_rules, kind), customer_row(w, i).key
    place, number = 0.0, 0
    while True:
        u, _, _ = look_again(rule.key, key, (year + _YEARS_BEFORE) * 65536 + number)
        place += exponential(u) / rate
        if place >= 1.0:
            return NEVER
        at = year * YEAR + int(place * YEAR)
        if at >= since:
            return at
        number += 1


@compiled
def happened(i: int, kind: int, now: int, w: Any) -> bool:
    """Whether an event of a kind has happened in the life of a customer before ``now``."""
    year = -int(age_in(i, 0, w))
    while year * YEAR < now and first_in(i, kind, year, year * YEAR, w) >= now:
        year += 1
    return year * YEAR < now


@compiled
def find_life_event(i: int, begun: int, since: int, w: Any) -> None:
    """When something happens next in the year of ``begun``, at or after ``since``; else the year's end."""
    c = customer_row(w, i)
    if w.life_kinds == 0 or c.cause == CAUSE_DIED:
        c.life_at = NEVER
        return
    year = begun // YEAR
    soonest = (year + 1) * YEAR
    for kind in range(w.life_kinds):
        soonest = min(soonest, first_in(i, kind, year, since, w))
    c.life_at = soonest


@compiled
def on_life_event(i: int, now: int, w: Any) -> None:
    """What happens now moves states of mind, and the hazards follow; or a new year begins."""
    moved = False
    if customer_row(w, i).cause != CAUSE_DIED:
        for kind in range(w.life_kinds):
            if first_in(i, kind, now // YEAR, now, w) != now:
                continue
            if life_rule_at(w.life_rules, kind).once and happened(i, kind, now, w):
                continue
            for k in range(w.states):
                move(i, k, rule_f8(w.life_impulses, kind * w.states + k), now, w)
            log(i, E_LIFE_EVENT, kind, 0, now, w)
            if w.learns:
                ask(i, HAPPENED, kind, now, w)
            moved = True
    if moved:
        refresh(i, now, w)
    find_life_event(i, now, now + 1, w)
