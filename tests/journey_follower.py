"""One customer through a journey by the model that a strategist writes, from what the log says that the customer did.

Knows the steps as they are written, the log and the clock; nothing of tables, rows or the kernel. Touches arrive at
once, and are taken in within the second or never, as the content says. A journey is ahead of the touches of the same
second: a step asks about answers to touches of earlier seconds only.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lifesim.scenario.journeys.calendar import Calendar, parse_every, parse_time
from lifesim.scenario.journeys.entries import DidNot, Once, OnEvent
from lifesim.scenario.journeys.expressions import AllOf, Comparison, Expression, Not
from lifesim.scenario.journeys.model import Journey
from lifesim.scenario.journeys.parsing import parse_audience, parse_triggers
from lifesim.scenario.journeys.steps import (
    Condition,
    EngagementSplit,
    ExperimentPath,
    GoTo,
    Pause,
    RandomSplit,
    Repeat,
    Responding,
    Send,
    Wait,
)
from lifesim.scenario.journeys.texts import parse_until

DAY = 86_400
WAITING = "waiting"
#: What a channel shows of a touch that is taken in.
TAKEN_IN = {"push": "opened", "sms": "clicked", "service_account": "opened"}

#: When a customer did what, and with what.
Did = tuple[int, str, str]
#: The way out of a step, the step it leads to, and when.
Gone = tuple[str, str, int]


class Heard:
    """Events that are listened for, with the days in a row on which each has happened so far."""

    def __init__(self, text: str) -> None:
        self.triggers = parse_triggers(text)
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.runs: dict[int, tuple[int, int]] = {}

    def hears(self, at: int, event: str, about: str) -> bool:
        """Whether something that happens now is one of them."""
        found = False
        for k, trigger in enumerate(self.triggers):
            if trigger.event == event and trigger.argument in ("", about):
                last, days = self.runs.get(k, (-2, 0))
                if at // DAY != last:
                    self.runs[k] = at // DAY, days + 1 if at // DAY == last + 1 else 1
                found |= self.runs[k][1] >= trigger.days
        return found


def holds(audience: Expression, did: Sequence[Did], now: int) -> bool:
    """Whether an audience about what was done holds a customer."""
    if isinstance(audience, Comparison):
        asked = Heard(audience.word + (f"({audience.argument})" if audience.argument else ""))
        return any(0 <= now - each[0] <= audience.value * DAY and asked.hears(*each) for each in did)
    if isinstance(audience, Not):
        return not holds(audience.part, did, now)
    parts = [holds(part, did, now) for part in audience.parts]
    return all(parts) if isinstance(audience, AllOf) else any(parts)


def comes_in(entry: Any, did: Sequence[Did], joined: int, zero: datetime.date, end: int) -> int | None:
    """When a customer comes in by an entry for the first time; None for never."""
    if isinstance(entry, OnEvent):
        asked = Heard(entry.on)
        return next((each[0] for each in did if asked.hears(*each)), None)
    if isinstance(entry, DidNot):
        return left_undone(entry, did, end)
    midnight = datetime.datetime.combine(zero, datetime.time())
    if isinstance(entry, Once):
        moments = [int((parse_time(entry.at) - midnight).total_seconds())]
    else:
        calendar, moments = parse_every(entry.every), [0]
        while moments[-1] < end:
            moments.append(calendar.next_after(moments[-1], zero))
        del moments[0]
    who = None if entry.who is None else parse_audience(entry.who)
    return next((at for at in moments if joined <= at < end and (who is None or holds(who, did, at))), None)


def left_undone(entry: DidNot, did: Sequence[Did], end: int) -> int | None:
    """When the time is over in which what would keep a customer out has not followed what was done."""
    done, undone = Heard(entry.did), Heard(entry.but_not)
    waits: int | None = None
    for each in did:
        if waits is not None and each[0] >= waits:
            break
        if waits is not None and undone.hears(*each):
            waits = None
        if done.hears(*each) and waits is None:
            waits = each[0] + entry.within
            undone.forget()
    return None if waits is None or waits >= end else waits


@dataclass
class Follower:
    """A customer on the way.

    Attributes
    ----------
    did
        In the order of time.
    answers
        By audience: whether the customer is in it, the same for ever.
    draw
        From the name of a step to a number on (0, 1).
    taken_in
        By content: whether it is.
    zero, end
        The date of second 0, and the second before which everything happens.
    """

    journey: Journey
    did: Sequence[Did]
    answers: Mapping[str, bool]
    draw: Callable[[str], float]
    taken_in: Mapping[str, bool]
    zero: datetime.date
    end: int
    ways: Counter[tuple[str, str]] = field(default_factory=Counter)
    touches: list[int] = field(default_factory=list)
    repeated: Counter[str] = field(default_factory=Counter)
    responses: dict[str, tuple[str | None, int]] = field(default_factory=dict)

    def walk(self, now: int) -> None:
        """Go from the first step to an exit, or to where the customer waits at the end."""
        name = self.journey.start
        while name != "exit":
            gone = self.step(name, self.journey.steps[name], now)
            if gone is None or gone[2] >= self.end:
                self.ways[name, WAITING] += 1
                return
            way, to, now = gone
            self.ways[name, way] += 1
            name = to

    def step(self, name: str, step: Any, now: int) -> Gone | None:
        """What a step leads to; None for somebody who waits beyond the end."""
        if isinstance(step, Responding):
            return self.respond(name, step, now)
        if isinstance(step, Wait):
            return "next", step.next, self.over(step.wait, now)
        if isinstance(step, Condition):
            return ("then", step.then, now) if self.answers[step.audience] else ("else", step.otherwise, now)
        if isinstance(step, EngagementSplit):
            answer, sent_at = self.responses.get(step.engagement, (None, now))
            for text, to in step.on.items():
                if sent_at < now and any(each.event == answer for each in parse_triggers(text)):
                    return text, to, now
            return "else", step.otherwise, now
        if isinstance(step, RandomSplit | ExperimentPath):
            return self.by_chance(name, step, now)
        if isinstance(step, Repeat):
            enough = step.until is not None and self.answers[step.until]
            if enough or (step.times is not None and self.repeated[name] >= step.times):
                return "next", step.next, now
            self.repeated[name] += 1
            return "repeat", step.repeat, now
        assert isinstance(step, GoTo)
        return "next", step.go, now

    def by_chance(self, name: str, step: RandomSplit | ExperimentPath, now: int) -> Gone:
        shares = step.split if isinstance(step, RandomSplit) else {**step.experiment, **step.control}
        up_to, chosen = 0.0, list(shares)[-1]
        for path, share in shares.items():
            up_to += share
            if self.draw(name) < up_to:
                chosen = path
                break
        control = isinstance(step, ExperimentPath) and chosen in step.control
        return "control" if control else chosen, chosen, now

    def respond(self, name: str, step: Responding, now: int) -> Gone | None:
        if isinstance(step, Send) and step.at is not None:
            now = self.later(parse_until(f"{step.at // 3600:02d}:{step.at % 3600 // 60:02d}"), now)
            if now >= self.end:
                return None
        sends = isinstance(step, Send) and step.daily is None
        if sends:
            self.send(name, step, now)
        if step.next is not None:
            return "next", step.next, now
        assert step.within is not None and step.otherwise is not None
        until = now + step.within
        answer: Did | None = (now, self.responses[name][0] or "", name) if sends else None
        if isinstance(step, Send) and step.daily is not None:
            answer = self.first_answer(name, step, now, until)
        heard = self.first_heard(step, now, until)
        if answer is not None and answer[1] and (heard is None or answer[0] <= heard[2]):
            for text, to in step.on.items():
                if any(each.event == answer[1] for each in parse_triggers(text)):
                    heard = text, to, answer[0]
                    break
        gone = heard or ("else", step.otherwise, until)
        if isinstance(step, Send) and step.daily is not None:
            # At the second in which something happens the day's touch is sent first.
            for at in self.days(step.daily, now, min(gone[2] + (heard is not None), self.end)):
                self.send(name, step, at)
        return gone

    def first_answer(self, name: str, step: Send, now: int, until: int) -> Did | None:
        """The first answer to one of the touches of every day."""
        assert step.daily is not None
        at = next(iter(self.days(step.daily, now, until)), None)
        return (at, TAKEN_IN[step.channel], name) if at is not None and self.taken_in[step.content] else None

    def days(self, second: int, now: int, until: int) -> list[int]:
        """The times of day after now and before the end of a wait."""
        first = now // DAY * DAY + second
        return [at for at in range(first, until, DAY) if at > now]

    def send(self, name: str, step: Any, now: int) -> None:
        self.touches.append(now)
        self.responses[name] = TAKEN_IN[step.channel] if self.taken_in[step.content] else None, now

    def first_heard(self, step: Responding, now: int, until: int) -> Gone | None:
        """The first thing that the customer does while the step waits, and the way that it opens."""
        triggers = [(text, to, each) for text, to in step.on.items() for each in parse_triggers(text)]
        runs: dict[int, tuple[int, int]] = {}
        for at, event, about in self.did:
            if not now < at < until:
                continue
            found: Gone | None = None
            for k, (text, to, trigger) in enumerate(triggers):
                if trigger.event != event or (trigger.argument and trigger.argument != about):
                    continue
                today, (last, days) = at // DAY, runs.get(k, (-2, 0))
                if today != last:
                    runs[k] = today, days + 1 if today == last + 1 else 1
                if found is None and runs[k][1] >= trigger.days:
                    found = text, to, at
            if found is not None:
                return found
        return None

    def over(self, wait: int | Pause, now: int) -> int:
        """When a wait is over."""
        if isinstance(wait, int):
            return now + wait
        if wait.until is not None:
            until = parse_until(wait.until)
            return self.later(until, now) if isinstance(until, Calendar) else max(now, self.seconds(until))
        anchor = wait.before or wait.after
        assert anchor is not None
        moment = self.seconds(parse_time(self.journey.events[anchor].date))
        moment += wait.by if wait.after else -wait.by
        return max(now, moment if wait.at is None else moment // DAY * DAY + wait.at)

    def later(self, calendar: Any, now: int) -> int:
        return int(calendar.next_after(now, self.zero))

    def seconds(self, moment: datetime.datetime) -> int:
        return int((moment - datetime.datetime.combine(self.zero, datetime.time())).total_seconds())
