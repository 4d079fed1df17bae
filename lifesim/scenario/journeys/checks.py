"""What is wrong with a journey whose parts are right on their own, before anything runs."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from lifesim.scenario.journeys.calendar import parse_time
from lifesim.scenario.journeys.entries import ByDate, Once
from lifesim.scenario.journeys.expressions import Trigger, comparisons
from lifesim.scenario.journeys.graph import before, instant_circle, reachable, ways
from lifesim.scenario.journeys.parsing import parse_audience, parse_triggers
from lifesim.scenario.journeys.steps import (
    Condition,
    EngagementSplit,
    HandOver,
    Notify,
    Pause,
    Repeat,
    Responding,
    Send,
    StepBase,
    Wait,
)
from lifesim.scenario.journeys.texts import CUSTOMER_DATES, EXIT, parse_until
from lifesim.scenario.journeys.words import CHANNEL_WORDS, EVENTS, asked_about
from lifesim.scenario.units import PathError
from lifesim.scenario.wording import suggest

if TYPE_CHECKING:
    from lifesim.scenario.journeys.model import Journey

Path = tuple[str | int, ...]
MAX_STEPS: Final = 200
#: Names that a step cannot have, and what they stand for.
RESERVED: Final = {
    EXIT: "where ways end",
    "full": "the way out of a full split",
    "control": "the way of an experiment's control",
}


def no_steps(journey: Journey) -> Iterator[PathError]:
    """A journey needs a step, not too many, and none called like a way."""
    if len(journey.steps) > MAX_STEPS:
        yield PathError(("steps",), f"has {len(journey.steps)} steps; make several journeys of at most {MAX_STEPS}")
    if not journey.steps:
        yield PathError(("steps",), "has no step; write one such as hello: {send: {push: CONTENT}, next: exit}")
    for name, meaning in RESERVED.items():
        if name in journey.steps:
            yield PathError(("steps", name), f"'{name}' is {meaning}; give the step another name", at_key=True)


def unknown_steps(journey: Journey) -> Iterator[PathError]:
    """Ways, and splits by engagement, that lead to no step."""
    known = [*journey.steps, EXIT]
    for name, way in ways(journey.steps):
        if way.to not in known:
            yield PathError(("steps", name, *way.path), f"unknown step '{way.to}'{suggest(way.to, known)}", way.at_key)
    for name, step in journey.steps.items():
        if isinstance(step, Repeat) and step.repeat == EXIT:
            yield PathError(("steps", name, "repeat"), "takes a step to go back to, and exit is none")


def unreachable_steps(journey: Journey) -> Iterator[PathError]:
    """Steps that nobody can come to; one line for all that hang on one of them."""
    if any(unknown_steps(journey)):  # the way may be there, and its name misspelt
        return
    found = reachable(journey.steps)
    for name in journey.steps:
        if name not in found:
            yield PathError(("steps", name), "no way leads here; name it in another step, or remove it", at_key=True)
            found |= reachable(journey.steps, name)


def circles(journey: Journey) -> Iterator[PathError]:
    """Steps that go round without any time passing."""
    circle = instant_circle(journey.steps)
    if circle:
        round_trip = " -> ".join([*circle, circle[0]])
        message = f"goes round without a wait ({round_trip}); put a step such as {{wait: 1d, next: ...}} in between"
        yield PathError(("steps", circle[0]), message, at_key=True)


def contents(journey: Journey) -> Iterator[PathError]:
    """Contents that are sent and not described, or described and never sent."""
    sent = set()
    for name, step in journey.sends():
        sent.add(step.content)
        if step.content not in journey.contents:
            hint = suggest(step.content, journey.contents) if journey.contents else ""
            message = f"content '{step.content}' is not described under contents{hint}"
            yield PathError(("steps", name, "send", step.channel), message)
    for name, event in journey.events.items():
        if event.content is not None:
            sent.add(event.content)
            if event.content not in journey.contents:
                hint = suggest(event.content, journey.contents) if journey.contents else ""
                message = f"content '{event.content}' is not described under contents{hint}"
                yield PathError(("events", name, "content"), message)
    for content in journey.contents:
        if content not in sent:
            yield PathError(("contents", content), "no step sends it; send it, or remove it", at_key=True)


def responses(journey: Journey) -> Iterator[PathError]:
    """Responses that no touch can bring, or whose channel does not show them."""
    for path, trigger, own in triggers_of(journey):
        if not EVENTS[trigger.event].response:
            continue
        step = journey.steps.get(trigger.argument) if trigger.argument else own
        if trigger.argument and trigger.argument not in journey.steps:
            message = f"unknown step '{trigger.argument}'{suggest(trigger.argument, journey.steps)}"
        elif step is None or not (shown := _shown_by(step)):
            sending = next((name for name, _ in journey.sends()), "STEP")
            whose = f"step '{trigger.argument}' sends nothing" if trigger.argument else "nothing is sent here"
            message = f"{whose}, so nobody can have '{trigger.event}' it; name the touch: {trigger.event}({sending})"
        elif trigger.event not in shown[1]:
            message = f"{shown[0]} the insurer never learns who {trigger.event}; it sees {', '.join(sorted(shown[1]))}"
        else:
            continue
        yield PathError(path, message, at_key=_is_key(path), offset=trigger.at)


def _shown_by(step: StepBase) -> tuple[str, frozenset[str]] | None:
    """By what a step addresses somebody, and what the insurer sees of it; None of a step that addresses nobody.

    A hand-over begins with a call. Of a notice the customer learns nothing: it can only come to nobody.
    """
    if isinstance(step, Send):
        return f"by {step.channel}", CHANNEL_WORDS[step.channel].shows
    if isinstance(step, HandOver):
        return "by a hand-over", CHANNEL_WORDS["call"].shows
    return ("by a notice", frozenset({"failed"})) if isinstance(step, Notify) else None


def engagement(journey: Journey) -> Iterator[PathError]:
    """Splits by a touch that cannot have been sent."""
    for name, step in journey.steps.items():
        if not isinstance(step, EngagementSplit):
            continue
        path = ("steps", name, "engagement")
        sending = [each for each, _ in journey.sends()]
        if step.engagement not in sending:
            yield PathError(path, f"'{step.engagement}' is no step that sends{suggest(step.engagement, sending)}")
        elif step.engagement not in before(journey.steps, name):
            yield PathError(path, f"nobody who comes here has been to '{step.engagement}'; name an earlier step")


def dates(journey: Journey) -> Iterator[PathError]:
    """Dates to count from that nobody knows, and waits for what is over before anybody can come in."""
    known = [*journey.events, *CUSTOMER_DATES]
    for path, anchor in _anchors(journey):
        if anchor not in known:
            yield PathError(path, f"unknown date '{anchor}'{suggest(anchor, known)}; offline events stand under events")
    for path, trigger, _ in triggers_of(journey):
        name = trigger.argument
        if EVENTS[trigger.event].takes == "offline event" and name and name not in journey.events:
            message = f"unknown offline event '{name}'{suggest(name, journey.events)}"
            yield PathError(path, message, at_key=_is_key(path), offset=trigger.at)
    for path, text in audiences_of(journey):
        for test in comparisons(parse_audience(text)):
            takes = asked_about(test.word) if test.word in EVENTS else ""
            if takes == "offline event" and test.argument and test.argument not in journey.events:
                message = f"unknown offline event '{test.argument}'{suggest(test.argument, journey.events)}"
                yield PathError(path, message, offset=test.at)


def over_before_entry(journey: Journey) -> Iterator[PathError]:
    """Moments that are over when the first customer comes in."""
    opens = first_entry(journey)
    if opens is None:
        return
    for path, moment in moments(journey):
        if path[0] == "steps" and moment < opens:
            message = f"{moment:%Y-%m-%d %H:%M} is past when the first customer comes in ({opens:%Y-%m-%d %H:%M})"
            yield PathError(path, message)


def exit_and_goal(journey: Journey) -> Iterator[PathError]:
    """Ends that contradict each other."""
    goal = set() if journey.goal is None else {_what(each) for each in parse_triggers(journey.goal.reached)}
    leaving = {}
    if journey.goal is not None and journey.goal.leave:
        leaving = dict.fromkeys(
            goal, f"'{journey.goal.reached}' is the goal, which ends the journey first by leave: true"
        )
    for k, text in enumerate(journey.exit_on):
        for trigger in parse_triggers(text):
            leaving[_what(trigger)] = f"'{text}' is under exit_on and ends the journey first"
            if _what(trigger) in goal:
                message = (
                    f"'{text}' is the goal too; whoever reaches it would count as lost: write leave: true at the goal"
                )
                yield PathError(("exit_on", k), message)
    for path, trigger, _ in triggers_of(journey):
        if path[0] != "steps" or EVENTS[trigger.event].response:
            continue
        first = leaving.get(_what(trigger)) or leaving.get((trigger.event, "", trigger.days))
        if first:
            yield PathError(path, f"nobody goes this way: {first}", at_key=_is_key(path), offset=trigger.at)
    for k, entry in enumerate(journey.entries):
        if journey.exit_if is not None and entry.who == journey.exit_if:
            yield PathError(
                (*_entry_path(journey, k), "who"), "whoever this lets in leaves at once: it is also exit_if"
            )


OWN_CHECKS: tuple[Callable[[Journey], Iterator[PathError]], ...] = (
    no_steps, unknown_steps, unreachable_steps, circles, contents, responses, engagement, dates, over_before_entry,
    exit_and_goal,
)  # fmt: skip


def first_entry(journey: Journey) -> datetime.datetime | None:
    """The earliest moment at which anybody comes in, where every entry has one; None where some come at any time."""
    moments = [_opens(journey, entry) for entry in journey.entries]
    known = [each for each in moments if each is not None]
    return min(known) if len(known) == len(moments) and known else None


def moments(journey: Journey) -> Iterator[tuple[Path, datetime.datetime]]:
    """Every moment that the file fixes: of entries, of offline events, and of waits; with its place."""
    for k, entry in enumerate(journey.entries):
        moment = _opens(journey, entry)
        if moment is not None:
            yield (*_entry_path(journey, k), "at" if isinstance(entry, Once) else "before"), moment
    for name, event in journey.events.items():
        yield ("events", name, "date"), parse_time(event.date)
    for name, step in journey.steps.items():
        if isinstance(step, Wait) and not isinstance(step.wait, int):
            yield from (((*("steps", name, "wait"), key), moment) for key, moment in _ends(journey, step.wait))


def _opens(journey: Journey, entry: object) -> datetime.datetime | None:
    if isinstance(entry, Once):
        return parse_time(entry.at)
    if isinstance(entry, ByDate) and entry.before in journey.events:
        return parse_time(journey.events[entry.before].date) - datetime.timedelta(seconds=entry.by)
    return None


def _ends(journey: Journey, pause: Pause) -> Iterator[tuple[str, datetime.datetime]]:
    """The key and the moment of a wait that ends for everyone at once."""
    until = None if pause.until is None else parse_until(pause.until)
    if isinstance(until, datetime.datetime):
        yield "until", until
    shift = datetime.timedelta(seconds=pause.by)
    if pause.before is not None and pause.before in journey.events:
        yield "before", parse_time(journey.events[pause.before].date) - shift
    if pause.after is not None and pause.after in journey.events:
        yield "after", parse_time(journey.events[pause.after].date) + shift


def _entry_path(journey: Journey, k: int) -> Path:
    return ("entry", k) if isinstance(journey.entry, tuple) else ("entry",)


def _what(trigger: Trigger) -> tuple[str, str, int]:
    return trigger.event, trigger.argument, trigger.days


def _anchors(journey: Journey) -> Iterator[tuple[Path, str]]:
    """Names of dates that are counted from, with their places."""
    for k, entry in enumerate(journey.entries):
        if isinstance(entry, ByDate):
            yield (*_entry_path(journey, k), "before"), entry.before
    for name, step in journey.steps.items():
        if isinstance(step, Wait) and not isinstance(step.wait, int):
            for key, anchor in (("before", step.wait.before), ("after", step.wait.after)):
                if anchor is not None:
                    yield ("steps", name, "wait", key), anchor


def triggers_of(journey: Journey) -> Iterator[tuple[Path, Trigger, StepBase | None]]:
    """Every event that is waited for: place, event, and the step whose touch a response answers."""
    texts: list[tuple[Path, str, StepBase | None]] = []
    for name, step in journey.steps.items():
        if isinstance(step, Responding):
            texts += [(("steps", name, "on", text), text, step) for text in step.on]
        elif isinstance(step, EngagementSplit):
            texts += [(("steps", name, "on", text), text, journey.steps.get(step.engagement)) for text in step.on]
    texts += [(("exit_on", k), text, None) for k, text in enumerate(journey.exit_on)]
    if journey.goal is not None:
        texts.append((("goal", "reached"), journey.goal.reached, None))
    for k, entry in enumerate(journey.entries):
        base = _entry_path(journey, k)
        texts += [((*base, key), text, None) for key in ("on", "did", "but_not") if (text := getattr(entry, key, None))]
    for path, text, own in texts:
        for trigger in parse_triggers(text):
            yield path, trigger, own


def audiences_of(journey: Journey) -> Iterator[tuple[Path, str]]:
    """Every audience with its place."""
    for k, entry in enumerate(journey.entries):
        for key in ("who", "enters", "leaves"):
            if (text := getattr(entry, key, None)) is not None:
                yield (*_entry_path(journey, k), key), text
    if journey.exit_if is not None:
        yield ("exit_if",), journey.exit_if
    for name, step in journey.steps.items():
        if isinstance(step, Condition):
            yield ("steps", name, "if"), step.audience
        elif isinstance(step, Repeat) and step.until is not None:
            yield ("steps", name, "until"), step.until


def _is_key(path: Path) -> bool:
    """Whether a trigger at a place is the key there: under the ``on`` of a step."""
    return path[0] == "steps"
