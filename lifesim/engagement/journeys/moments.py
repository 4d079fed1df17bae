"""When a wait is over: appointments of a calendar, spans from a date of the customer's own; compiled."""

from __future__ import annotations

from typing import Any

from lifesim.compiled import compiled
from lifesim.dates import due_date
from lifesim.engagement.journeys.layout import NONE as NOTHING
from lifesim.engagement.journeys.layout import Clock
from lifesim.engagement.journeys.observing import next_due
from lifesim.lifecycle.layout import customer_row, policy_row, product_rule_at, rule_i8, rule_u8
from lifesim.population.columns import DAY, NEVER, NONE, SUSPENDED
from lifesim.population.tags import K_BIRTHDAY
from lifesim.streams import look_again

#: A calendar of every 29 February has its next day within this many.
_LONGEST = 8 * 366 + 1
#: Days from 0000-03-01 to 1970-01-01; days of 400 years, see `lifesim.dates`.
_EPOCH, _ERA = 719_468, 146_097
_SPAN, _CALENDAR, _MOMENT = int(Clock.SPAN), int(Clock.CALENDAR), int(Clock.MOMENT)
#: Places in `scenario.journeys.texts.CUSTOMER_DATES`.
PREMIUM_DUE, ANNIVERSARY, BIRTHDAY, MATURITY, RENEWAL = range(5)


@compiled
def day_of_year(day: int) -> int:
    """Day of a year that begins on the first of March, from 0; ``day`` counts from 1970-01-01."""
    of_era = (day + _EPOCH) % _ERA
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    return of_era - (365 * year + year // 4 - year // 100)


@compiled
def month_and_day(day: int) -> int:
    """Month, 1 to 12, times 32 plus the day of the month; ``day`` counts from 1970-01-01."""
    of_year = day_of_year(day)
    month = (5 * of_year + 2) // 153
    of_month = of_year - (153 * month + 2) // 5
    return ((month + 2) % 12 + 1) * 32 + of_month + 1


@compiled
def includes(calendar: int, day: int, w: Any) -> bool:
    """Whether a calendar has appointments on a day, counted from 1970-01-01, a Thursday."""
    both = month_and_day(day)
    by_month = (rule_i8(w.journey_calendars, calendar * 6 + 2) >> (both % 32)) & 1
    by_week = (rule_i8(w.journey_calendars, calendar * 6 + 4) >> ((day + 3) % 7 + 1)) & 1
    if not (rule_i8(w.journey_calendars, calendar * 6 + 3) >> (both // 32)) & 1:
        return False
    if rule_i8(w.journey_calendars, calendar * 6 + 5):
        return by_month + by_week > 0
    return by_month + by_week == 2


@compiled
def appointment(calendar: int, now: int, w: Any) -> int:
    """The first appointment of a calendar later than ``now``; ``NEVER`` where no day matches."""
    minutes, hours = rule_i8(w.journey_calendars, calendar * 6), rule_i8(w.journey_calendars, calendar * 6 + 1)
    today = now // DAY
    for day in range(today, today + _LONGEST):
        if not includes(calendar, w.first_day + day, w):
            continue
        for minute in range((now % DAY) // 60 if day == today else 0, DAY // 60):
            if (hours >> (minute // 60)) & 1 and (minutes >> (minute % 60)) & 1 and day * DAY + minute * 60 > now:
                return day * DAY + minute * 60
    return NEVER


@compiled
def of_policies(i: int, what: int, now: int, w: Any) -> int:
    """The next anniversary, or maturity, of one of the policies that a customer holds; ``NEVER`` without any."""
    soonest = NEVER
    place = customer_row(w, i).first_policy
    while place != NONE:
        policy = policy_row(w, place)
        if policy.status < SUSPENDED:
            year = max(1, (now - policy.issued) // (366 * DAY))
            if what == MATURITY:
                year = product_rule_at(w.product_rules, policy.product).matures_after
            else:
                while due_date(policy.issued, year, 1, w.first_day) <= now:
                    year += 1
            if year > 0:
                soonest = min(soonest, due_date(policy.issued, year, 1, w.first_day))
        place = policy.next
    return soonest


@compiled
def birthday(i: int, now: int, w: Any) -> int:
    """Midnight of the customer's next birthday, see ``population.tags``; today's is over."""
    u, _, _ = look_again(rule_u8(w.keys, K_BIRTHDAY), customer_row(w, i).key, 0)
    day = w.first_day + now // DAY + 1
    while day_of_year(day) != int(u * 365):
        day += 1
    return (day - w.first_day) * DAY


@compiled
def own_date(i: int, what: int, now: int, w: Any) -> int:
    """The next date of a kind of the customer's own; a premium in grace was due. ``NEVER`` where there is none."""
    if what == BIRTHDAY:
        return birthday(i, now, w)
    if what in (PREMIUM_DUE, RENEWAL):
        return next_due(i, what == RENEWAL, w)
    return of_policies(i, what, now, w)


@compiled
def on_day(moment: int, second: int) -> int:
    """A moment, or a second of its day."""
    return moment if second == NOTHING else moment // DAY * DAY + second


@compiled
def over(i: int, row: int, now: int, w: Any) -> int:
    """When a wait that begins now is over, see ``layout.Clock``; at once where its moment is past or there is none."""
    first = row + 6
    clock, what = rule_i8(w.journey_steps, first), rule_i8(w.journey_steps, first + 1)
    if clock == _SPAN:
        return now + what
    if clock == _CALENDAR:
        return appointment(what, now, w)
    if clock == _MOMENT:
        return max(now, what)
    date = own_date(i, what, now, w)
    if date == NEVER:
        return now
    return max(now, on_day(date + rule_i8(w.journey_steps, first + 2), rule_i8(w.journey_steps, first + 3)))
