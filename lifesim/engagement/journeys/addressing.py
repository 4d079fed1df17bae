"""By which kinds of content a journey addresses customers: it is one of service where all of them are."""

from __future__ import annotations

from typing import Final

from lifesim.scenario import Scenario
from lifesim.scenario.journeys import HandOver, Journey, Notify
from lifesim.scenario.journeys.checks import audiences_of
from lifesim.scenario.journeys.expressions import comparisons
from lifesim.scenario.journeys.parsing import parse_audience

#: Words of audiences that stand for what the insurer concludes of a customer.
ESTIMATES: Final = ("tag", "stage", "churn_score")


def says(journey: Journey, scenario: Scenario) -> frozenset[str]:
    """Kinds of content by which a journey addresses customers; none where it targets whatever it sends.

    What is said at its offline events counts. Whoever refuses automated targeting comes into journeys all of whose
    kinds are exempt from the contact policy, and into no others. A journey targets that selects customers by what the
    insurer takes them for, or that makes leads of them: agents sell.
    """
    if any(isinstance(step, HandOver | Notify) for step in journey.steps.values()):
        return frozenset()
    asked = (test.word for _, text in audiences_of(journey) for test in comparisons(parse_audience(text)))
    if not set(ESTIMATES).isdisjoint(asked):
        return frozenset()
    named = {step.content for _, step in journey.sends()}
    named |= {event.content for event in journey.events.values() if event.content is not None}
    return frozenset(scenario.contents[name].kind for name in named)
