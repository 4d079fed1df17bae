"""One customer through a journey twice: by the model that a strategist writes, and by the tables made from it.

Both walkers know only their own form of the journey and ask the same `Luck` what happens. They are written for
reading, and share nothing but that.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lifesim.engagement.journeys.layout import (
    B_BOUND,
    B_CAP,
    B_NEXT,
    COUNT,
    EXIT,
    FIRST,
    KIND,
    M_DAYS,
    M_EITHER,
    M_HOURS,
    M_MINUTES,
    M_MONTHS,
    M_WEEKDAYS,
    NEXT,
    NONE,
    OTHER,
    STEP,
    T_ABOUT,
    T_DAYS,
    T_EVENT,
    T_NEXT,
    WHOLE,
    A,
    B,
    C,
    Clock,
    D,
    Kind,
)
from lifesim.engagement.journeys.tables import Tables
from lifesim.scenario.journeys.calendar import Calendar, parse_time
from lifesim.scenario.journeys.model import Journey
from lifesim.scenario.journeys.parsing import parse_triggers
from lifesim.scenario.journeys.steps import (
    Condition,
    EngagementSplit,
    ExperimentPath,
    GoTo,
    HandOver,
    Notify,
    Pause,
    RandomSplit,
    Repeat,
    Responding,
    Send,
    Wait,
)
from lifesim.scenario.journeys.texts import CUSTOMER_DATES, parse_until
from lifesim.scenario.journeys.words import CHANNEL_WORDS, EVENTS
from lifesim.scenario.labels import labelled

DAY = 86_400
MOST_VISITS = 60
ZERO = datetime.date(2026, 1, 5)


@dataclass(frozen=True)
class Happening:
    """Something the customer does while a step waits; `about` is what the event takes, for responses a step."""

    delay: int
    event: str
    about: str
    days: int


@dataclass
class Luck:
    """What happens to the customer.

    Attributes
    ----------
    happenings
        By the number of the visit: what the customer does after it, in the order of time.
    answers
        By audience: true or false, the same for the whole walk.
    draws
        By step: 32 bits.
    full
        Whether capped branches are full.
    """

    happenings: Mapping[int, tuple[Happening, ...]]
    answers: Mapping[str, bool]
    draws: Mapping[str, int]
    full: bool
    dates: Mapping[str, int] = field(default_factory=dict)


Trace = list[tuple[int, str, Any]]


def walk_model(journey: Journey, luck: Luck, now: int) -> Trace:
    """What the customer goes through, from the steps as they are written."""
    return _ModelWalk(journey, luck, now).walk()


class _ModelWalk:
    def __init__(self, journey: Journey, luck: Luck, now: int) -> None:
        self.journey, self.luck, self.now = journey, luck, now
        self.trace: Trace = []
        self.visits = 0
        self.repeated: dict[str, int] = {}
        self.responses: dict[str, set[str]] = {}

    def walk(self) -> Trace:
        name = self.journey.start
        while name != "exit" and self.visits < MOST_VISITS:
            self.visits += 1
            self.trace.append((self.now, name, "visit"))
            name = self.step(name, self.journey.steps[name])
        return self.trace

    def step(self, name: str, step: Any) -> str:
        if isinstance(step, Responding):
            return self.respond(name, step)
        if isinstance(step, Wait):
            self.now = self.end_of(step.wait)
            return step.next
        if isinstance(step, Condition):
            return step.then if self.luck.answers[step.audience] else step.otherwise
        if isinstance(step, EngagementSplit):
            seen = self.responses.get(step.engagement, set())
            for text, to in step.on.items():
                if any(each.event in seen for each in parse_triggers(text)):
                    return to
            return step.otherwise
        if isinstance(step, RandomSplit | ExperimentPath):
            return self.chance(name, step)
        if isinstance(step, Repeat):
            done = self.repeated.get(name, 0)
            enough = step.until is not None and self.luck.answers[step.until]
            if enough or (step.times is not None and done >= step.times):
                return step.next
            self.repeated[name] = done + 1
            return step.repeat
        assert isinstance(step, GoTo)
        return step.go

    def respond(self, name: str, step: Responding) -> str:
        if isinstance(step, Send) and step.at is not None:
            self.now = _next(parse_until(f"{step.at // 3600:02d}:{step.at % 3600 // 60:02d}"), self.now)
        if isinstance(step, Send) and step.daily is None:
            self.send(name, step)
        elif isinstance(step, HandOver | Notify):
            message = step.hand_over if isinstance(step, HandOver) else step.notify
            self.trace.append((self.now, name, (type(step).__name__, labelled(message.reason, "en", ""))))
        if step.next is not None:
            return step.next
        assert step.within is not None and step.otherwise is not None
        began = self.now
        to, delay = self.first(name, step.on, step.within)
        if isinstance(step, Send) and step.daily is not None:
            moment = parse_until(f"{step.daily // 3600:02d}:{step.daily % 3600 // 60:02d}")
            self.now = _next(moment, began)
            while self.now < began + delay:
                self.send(name, step)
                self.now = _next(moment, self.now)
        self.now = began + delay
        return to or step.otherwise

    def send(self, name: str, step: Send) -> None:
        self.responses[name] = set()
        self.trace.append((self.now, name, ("Send", step.channel, step.content)))

    def first(self, name: str, on: Mapping[str, str], within: int) -> tuple[str | None, int]:
        for happening in self.luck.happenings.get(self.visits, ()):
            if happening.delay > within:
                break
            if EVENTS[happening.event].response:
                self.responses.setdefault(happening.about, set()).add(happening.event)
            if any(_matches(each, happening, None) for text in self.journey.exit_on for each in parse_triggers(text)):
                return "exit", happening.delay
            for text, to in on.items():
                if any(_matches(each, happening, name) for each in parse_triggers(text)):
                    return to, happening.delay
        return None, within

    def chance(self, name: str, step: RandomSplit | ExperimentPath) -> str:
        shares = step.split if isinstance(step, RandomSplit) else {**step.experiment, **step.control}
        total, chosen = 0.0, list(shares)[-1]
        for path, share in shares.items():
            total += share
            if self.luck.draws[name] < round(total * WHOLE):
                chosen = path
                break
        if isinstance(step, RandomSplit) and chosen in step.cap and self.luck.full:
            assert step.full is not None
            return step.full
        return chosen

    def end_of(self, wait: int | Pause) -> int:
        if isinstance(wait, int):
            return self.now + wait
        if wait.until is not None:
            until = parse_until(wait.until)
            return _next(until, self.now) if isinstance(until, Calendar) else max(self.now, _seconds(until))
        anchor = wait.before or wait.after
        assert anchor is not None
        date = self.luck.dates.get(anchor)
        moment = _seconds(parse_time(self.journey.events[anchor].date)) if date is None else date
        moment += wait.by if wait.after else -wait.by
        return max(self.now, moment if wait.at is None else moment // DAY * DAY + wait.at)


def _matches(trigger: Any, happening: Happening, own: str | None) -> bool:
    if trigger.event != happening.event or happening.days < trigger.days:
        return False
    wanted = trigger.argument or (own if EVENTS[trigger.event].response else None)
    return not wanted or wanted == happening.about


def _next(calendar: Any, now: int) -> int:
    return int(calendar.next_after(now, ZERO))


def _seconds(moment: datetime.datetime) -> int:
    return int((moment - datetime.datetime.combine(ZERO, datetime.time())).total_seconds())


def walk_tables(tables: Tables, luck: Luck, now: int) -> Trace:
    """What the customer goes through, from rows of whole numbers alone."""
    return _TableWalk(tables, luck, now).walk()


class _TableWalk:
    def __init__(self, tables: Tables, luck: Luck, now: int) -> None:
        self.t, self.luck, self.now = tables, luck, now
        self.trace: Trace = []
        self.visits = 0
        self.repeated: dict[int, int] = {}
        self.responses: dict[int, set[int]] = {}
        self.events = list(EVENTS)

    def walk(self) -> Trace:
        at = 0
        while at != EXIT:
            row = self.t.steps[at]
            if self.t.starts[row[STEP]] == at:
                if self.visits == MOST_VISITS:
                    break
                self.visits += 1
                self.trace.append((self.now, self.t.names[row[STEP]], "visit"))
            at = int(self.row(row))
        return self.trace

    def row(self, row: Any) -> int:
        kind = row[KIND]
        if kind == Kind.SEND:
            self.send(row)
        elif kind == Kind.WAIT:
            self.now = self.end_of(row)
        elif kind in (Kind.HAND_OVER, Kind.NOTIFY):
            action = "HandOver" if kind == Kind.HAND_OVER else "Notify"
            self.trace.append(
                (self.now, self.t.names[row[STEP]], (action, labelled(self.t.messages[row[A]].reason, "en", "")))
            )
        elif kind in (Kind.AWAIT, Kind.DAILY):
            return self.wait(row)
        elif kind == Kind.TEST:
            return int(row[NEXT] if self.luck.answers[self.t.audiences[row[A]]] else row[OTHER])
        elif kind == Kind.ENGAGED:
            seen = self.responses.get(int(row[A]), set())
            for trigger in self.t.triggers[row[FIRST] : row[FIRST] + row[COUNT]]:
                if int(trigger[T_EVENT]) in seen:
                    return int(trigger[T_NEXT])
            return int(row[OTHER])
        elif kind == Kind.CHANCE:
            return self.chance(row)
        elif kind == Kind.REPEAT:
            return self.repeat(row)
        return int(row[NEXT])

    def send(self, row: Any) -> None:
        self.responses[int(row[STEP])] = set()
        action = ("Send", list(CHANNEL_WORDS)[row[A]], self.t.contents[row[B]])
        self.trace.append((self.now, self.t.names[row[STEP]], action))

    def wait(self, row: Any) -> int:
        began = self.now
        to, delay = self.first(row)
        if row[KIND] == Kind.DAILY:
            self.now = began // DAY * DAY + int(row[C])
            self.now += DAY if self.now <= began else 0
            while self.now < began + delay:
                self.send(row)
                self.now += DAY
        self.now = began + delay
        return to

    def first(self, row: Any) -> tuple[int, int]:
        within = int(row[D])
        blocks = (self.t.leaving, (row[FIRST], row[COUNT]))
        for happening in self.luck.happenings.get(self.visits, ()):
            if happening.delay > within:
                break
            event, about = self.events.index(happening.event), self.about(happening)
            if EVENTS[happening.event].response:
                self.responses.setdefault(about, set()).add(event)
            for first, count in blocks:
                for trigger in self.t.triggers[first : first + count]:
                    wanted = int(trigger[T_ABOUT])
                    if trigger[T_EVENT] == event and wanted in (NONE, about) and happening.days >= trigger[T_DAYS]:
                        return int(trigger[T_NEXT]), happening.delay
        return int(row[OTHER]), within

    def about(self, happening: Happening) -> int:
        """What a happening is about as the tables number it; a number of nothing for what they do not name."""
        names = self.t.names if EVENTS[happening.event].response else self.t.arguments
        return names.index(happening.about) if happening.about in names else len(names)

    def chance(self, row: Any) -> int:
        draw = self.luck.draws[self.t.names[row[STEP]]]
        for branch in self.t.branches[row[FIRST] : row[FIRST] + row[COUNT]]:
            if draw < branch[B_BOUND]:
                return int(row[OTHER] if branch[B_CAP] != NONE and self.luck.full else branch[B_NEXT])
        raise AssertionError("no branch takes the draw")

    def repeat(self, row: Any) -> int:
        step = int(row[STEP])
        done = self.repeated.get(step, 0)
        enough = row[B] != NONE and self.luck.answers[self.t.audiences[row[B]]]
        if enough or (row[A] != NONE and done >= row[A]):
            return int(row[NEXT])
        self.repeated[step] = done + 1
        return int(row[OTHER])

    def end_of(self, row: Any) -> int:
        if row[A] == Clock.SPAN:
            return self.now + int(row[B])
        if row[A] == Clock.CALENDAR:
            return self.appointment(self.t.calendars[row[B]])
        if row[A] == Clock.MOMENT:
            return max(self.now, int(row[B]))
        moment = self.luck.dates[CUSTOMER_DATES[row[B]]] + int(row[C])
        return max(self.now, moment if row[D] == NONE else moment // DAY * DAY + int(row[D]))

    def appointment(self, calendar: Any) -> int:
        for minute in range(self.now // 60 + 1, self.now // 60 + 3 * 366 * 1440):
            date = ZERO + datetime.timedelta(days=minute // 1440)
            by_month = calendar[M_DAYS] >> date.day & 1
            by_week = calendar[M_WEEKDAYS] >> date.isoweekday() & 1
            day = by_month | by_week if calendar[M_EITHER] else by_month & by_week
            hour = calendar[M_HOURS] >> (minute // 60 % 24) & calendar[M_MINUTES] >> (minute % 60) & 1
            if day & calendar[M_MONTHS] >> date.month & hour & 1:
                return minute * 60
        raise AssertionError("no appointment within three years")
