"""How customers went through the journeys of an arm, as tables of a run."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from lifesim.engagement.journeys.layout import ABOUT_STEP, STEP
from lifesim.scenario.journeys.words import EVENTS
from lifesim.strategy import Practice
from lifesim.world.world import World

#: The way of those who are at a step at the end.
WAITING = "waiting"
#: What is told of a journey that has a goal.
GOAL = ("converted", "seconds_to_goal")


def journey_steps(world: World, practice: Practice) -> list[dict[str, Any]]:
    """Customers by step and way since the fork, once for each time they came to the step; every way, also at 0."""
    rows: list[dict[str, Any]] = [
        {"journey": journey, "step": step, "way": way, "customers": int(count)}
        for (journey, step, way), count in zip(world.journeys.ways, world.state.ways, strict=True)
        if step and journey in practice.journeys
    ]
    waiting = _waiting(world)
    steps = {(row["journey"], row["step"]): None for row in rows}
    return rows + [
        {"journey": journey, "step": step, "way": WAITING, "customers": waiting[journey, step]}
        for journey, step in steps
    ]


def journey_totals(world: World, practice: Practice) -> list[dict[str, Any]]:
    """Entries since the fork; where there is a goal, how many reached it since then, and the seconds that took.

    Where a rule of the contact policy keeps customers out, how often it did: whoever tries again counts again.
    """
    rules = world.policy.rules
    return [
        {"journey": journey, "measure": measure, "value": int(count)}
        for (journey, step, measure), count in zip(world.journeys.ways, world.state.ways, strict=True)
        if not step and journey in practice.journeys
        if measure == "entered"
        or (measure in GOAL and practice.journeys[journey].goal is not None)
        or (measure == "refused_entries" and journey in world.policy.entries)
        or (measure == "refused_journeys_at_once" and "journeys_at_once" in rules)
    ]


def prompts(world: World, practice: Practice) -> list[dict[str, Any]]:
    """Times since the fork that what a journey sends led straight to what it asks for; also at 0."""
    contents = world.scenario.contents
    events, places = list(EVENTS), list(contents)
    counts = world.state.prompted
    return [
        {"journey": name, "content": content, "event": event,
         "count": int(counts[world.campaigns.index(name), places.index(content), events.index(event)])}
        for name, journey in practice.journeys.items()
        for content in journey.contents
        for event in contents[content].prompts
    ]  # fmt: skip


def benefits(world: World, practice: Practice) -> list[dict[str, Any]]:
    """Of customers whom a benefit brings to the app, those who came within a week of its beginning and of its end.

    Of those whose week is over since the fork; whoever took it in twice counts twice. What a journey sends is there
    also at 0.
    """
    contents, counts = list(world.scenario.contents), world.state.benefits
    found = {(world.campaigns[k], contents[c]) for k, c in np.argwhere(counts.any(axis=2)).tolist()}
    found |= {
        (name, content) for name, journey in practice.journeys.items()
        for content in journey.contents if world.scenario.contents[content].activity
    }  # fmt: skip
    return [
        {"campaign": campaign, "content": content, "since": since,
         "customers": int(counts[world.campaigns.index(campaign), contents.index(content), first]),
         "came": int(counts[world.campaigns.index(campaign), contents.index(content), first + 1])}
        for campaign, content in sorted(found)
        for first, since in ((0, "beginning"), (2, "end"))
    ]  # fmt: skip


def _waiting(world: World) -> Counter[tuple[str, str]]:
    inside = world.state.courses[world.state.courses["inside"] == 1]
    steps = world.journeys.arrays["journey_steps"][inside["row"]]
    names = list(dict.fromkeys((journey, step) for journey, step, _ in world.journeys.ways if step))
    return Counter(names[number] for number in (steps[:, ABOUT_STEP] + steps[:, STEP]).tolist())
