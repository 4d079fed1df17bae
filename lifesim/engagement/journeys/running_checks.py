"""What a journey asks for that no world does so far, or that the scenario leaves out: found before anything runs."""

from __future__ import annotations

from collections.abc import Iterator

from lifesim.engagement.journeys.programs import Programs
from lifesim.errors import InputError, Problem, ScenarioError
from lifesim.lifecycle.noting import HAPPENS, OF_AGENTS
from lifesim.scenario import Scenario
from lifesim.scenario.channels import BY_AGENTS
from lifesim.scenario.contents import PROMPTED
from lifesim.scenario.journeys import Journey, misfits, vocabulary
from lifesim.scenario.journeys.checks import audiences_of, triggers_of
from lifesim.scenario.journeys.entries import OnLifeEvent
from lifesim.scenario.journeys.expressions import Trigger, comparisons
from lifesim.scenario.journeys.parsing import parse_audience
from lifesim.scenario.journeys.steps import HandOver, Notify
from lifesim.scenario.journeys.words import EVENTS, Vocabulary
from lifesim.scenario.market import Content
from lifesim.scenario.units import PathError
from lifesim.scenario.wording import suggest
from lifesim.scenario.yaml_nodes import dotted

Path = tuple[str | int, ...]
#: What becomes of a content of kind proposal.
PROPOSALS = frozenset({"proposal_made", "proposal_read"})
#: Whose contents a trigger of a journey depends on; an audience asks about those of all.
BY_JOURNEY = " that the journey sends"


def cannot_run(journey: Journey, scenario: Scenario) -> Iterator[PathError]:
    """Everything that keeps a world of the scenario from running a journey that fits it otherwise."""
    yield from _entries(journey, scenario)
    yield from _visits(journey, scenario)
    yield from _events(journey, scenario)
    programs, names = Programs(scenario), vocabulary(scenario)
    for path, text in audiences_of(journey):
        try:
            programs.number(text, names)
        except InputError as error:
            yield PathError(path, str(error))


def refuse(journey: Journey, scenario: Scenario) -> None:
    """Raise ScenarioError with everything that keeps a world of the scenario from running a journey."""
    problems = [
        Problem(journey.place(*each.path), dotted(each.path), each.message)
        for each in (*misfits(journey, scenario), *cannot_run(journey, scenario))
    ]
    if problems:
        raise ScenarioError(problems)


def _entries(journey: Journey, scenario: Scenario) -> Iterator[PathError]:
    several = isinstance(journey.entry, tuple)
    for k, entry in enumerate(journey.entries):
        path: Path = ("entry", k) if several else ("entry",)
        if isinstance(entry, OnLifeEvent):
            message = _unlearned(entry.life_event, scenario)
            if message is not None:
                yield PathError((*path, "life_event"), message)


def _unlearned(kind: str, scenario: Scenario) -> str | None:
    """Why the insurer never learns of a kind of life event; None where it does."""
    if kind not in scenario.behaviour.life_events:
        return f"the scenario has no life event '{kind}'{suggest(kind, scenario.behaviour.life_events)}"
    if scenario.inference.life_events is None:
        return "the insurer learns of no life event; write inference.life_events: {share: 30%, delay: 30d}"
    return None


def _visits(journey: Journey, scenario: Scenario) -> Iterator[PathError]:
    for name, step in journey.sends():
        if step.channel in BY_AGENTS and scenario.workforce is None:
            message = "only agents come, and the scenario has no workforce; describe one, as in markets/agents.yaml"
            yield PathError(("steps", name, "send", step.channel), message, at_key=True)


def _events(journey: Journey, scenario: Scenario) -> Iterator[PathError]:
    """Events that do not happen: to a trigger through what the journey sends, to an audience through anything."""
    named = {step.content for _, step in journey.sends()} | {each.content for each in journey.events.values()}
    contents = [content for name, content in scenario.contents.items() if name in named]
    if any("booked" in content.prompts for content in contents) and journey.events:
        yield from _bookable(journey)
    names, happens = vocabulary(scenario), _happening(contents, journey, scenario)
    for path, trigger, _ in triggers_of(journey):
        message = _unheard(trigger, happens, BY_JOURNEY) or _about_nothing(trigger, contents, names, BY_JOURNEY)
        if message is not None:
            yield PathError(path, message, at_key=path[0] == "steps", offset=trigger.at)
    all_contents = list(scenario.contents.values())
    happens = _happening(all_contents, journey, scenario)
    for path, text in audiences_of(journey):
        for test in comparisons(parse_audience(text)):
            if test.word in EVENTS:
                asked = Trigger(test.word, test.argument)
                message = _unheard(asked, happens) or _about_nothing(asked, all_contents, names)
                if message is not None:
                    yield PathError(path, message, offset=test.at)


def _happening(contents: list[Content], journey: Journey, scenario: Scenario) -> set[str]:
    """Events that happen where some contents are sent."""
    prompted = {event for content in contents for event in content.prompts}
    happens = set(HAPPENS | prompted)
    if scenario.workforce is not None:
        happens |= OF_AGENTS
    if any(isinstance(step, HandOver | Notify) for step in journey.steps.values()):
        happens |= {"agent_assigned"}
    if "booked" in prompted and journey.events:
        happens |= {"attended"}
        if any(event.seats is not None for event in journey.events.values()):
            happens |= {"turned_away"}
    if any(content.kind == "proposal" for content in contents):
        happens |= PROPOSALS
    return happens


def _unheard(trigger: Trigger, happens: set[str], sent: str = "") -> str | None:
    """Why nothing in a world of the scenario sets off a trigger; None where something does."""
    event = trigger.event
    if event in happens:
        return None
    if event in PROMPTED:
        return f"nothing{sent} leads to '{event}'; give one of the contents prompts: {{{event}: 30%}}"
    if event == "attended":
        return "nobody can book an offline event of this journey; give one of its contents prompts: {booked: 30%}"
    if event == "turned_away":
        return "an offline event has room for everybody who books; write seats: how many it has in each branch"
    if event in OF_AGENTS:
        more = ", or write a step with hand_over" if event == "agent_assigned" else ""
        why = f"without a workforce nobody has a serving agent, and '{event}' does not happen"
        return f"{why}; describe the workforce, as in markets/agents.yaml{more}"
    if event in PROPOSALS:
        return f"nothing{sent} leads to '{event}'; send a content of kind proposal"
    return f"no world has '{event}' so far"


def _about_nothing(trigger: Trigger, contents: list[Content], names: Vocabulary, sent: str = "") -> str | None:
    """Why no proposal is about what a trigger asks for; None where one is, or it asks for any."""
    if trigger.event not in PROPOSALS or not trigger.argument:
        return None
    products = names.held(trigger.argument)
    if any(content.kind == "proposal" and content.page in products for content in contents):
        return None
    page = products[0] if products else trigger.argument
    return f"no proposal{sent} is about '{trigger.argument}'; give its content page: {page}"


def _bookable(journey: Journey) -> Iterator[PathError]:
    """Whoever books comes to the next offline event of the journey, and takes something in there."""
    for name, event in journey.events.items():
        if event.content is None:
            yield PathError(("events", name), "can be booked; write content: what those who come take in")
