"""What must hold between the rules of channels and the other parts of a scenario."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from lifesim.scenario.behaviour import unknown
from lifesim.scenario.channel_rules import Hours
from lifesim.scenario.channels import BY_AGENTS, OFFLINE_EVENT
from lifesim.scenario.contact import ContactPolicy, Quiet
from lifesim.scenario.contact_checks import policies
from lifesim.scenario.quantities import DAY
from lifesim.scenario.units import PathError

if TYPE_CHECKING:
    from lifesim.scenario.models import Scenario

Found = Iterator[PathError]


def desks_can_call(scenario: Scenario) -> Found:
    """Whatever else a scenario leaves out, a desk answers by calls."""
    if "call" not in scenario.channels:
        yield PathError(("channels",), "needs an entry for call, by which the desk answers")


def channels_depend_on_what_exists(scenario: Scenario) -> Found:
    """Opening depends on covariates that exist."""
    for name, rules in scenario.channels.items():
        yield from unknown(rules.depends, scenario.behaviour.covariates, ("channels", name, "depends"), "covariate")


def channels_go_through_others(scenario: Scenario) -> Found:
    """A channel that needs the contact of another finds it, one step away."""
    for name, rules in scenario.channels.items():
        other = rules.through
        if other is None:
            continue
        if other not in scenario.channels:
            yield PathError(("channels", name, "through"), f"the scenario has no channel '{other}'")
        elif other == OFFLINE_EVENT or scenario.channels[other].through is not None:
            yield PathError(("channels", name, "through"), f"'{other}' keeps no contact of its own; name one that does")


def time_is_that_of_agents(scenario: Scenario) -> Found:
    """Only of agents is it known who is away for how long."""
    for name, rules in scenario.channels.items():
        if rules.takes and name not in BY_AGENTS:
            yield PathError(("channels", name, "takes"), f"is for {', '.join(BY_AGENTS)} alone; leave it out")


def hours_leave_time_for_marketing(scenario: Scenario) -> Found:
    """Marketing does not wait for ever: in no arm is a channel open in quiet hours alone."""
    for path, policy in policies(scenario):
        for name in shut_by_quiet(scenario, policy):
            if len(path) == 1:
                yield PathError(("channels", name, "hours"), "lie in the quiet hours of `contact_policy`")
            elif policy.quiet_of(name) != scenario.contact_policy.quiet_of(name):
                yield PathError(path, f"its quiet hours cover the hours in which {name} carries anything")


def shut_by_quiet(scenario: Scenario, policy: ContactPolicy) -> Iterator[str]:
    """Channels that are open in the quiet hours of a policy alone."""
    for name, rules in scenario.channels.items():
        quiet = policy.quiet_of(name)
        if rules.hours is not None and quiet is not None and not _leaves_time(quiet, rules.hours):
            yield name


def _leaves_time(quiet: Quiet, hours: Hours) -> bool:
    """Whether some of the hours are not quiet."""
    opens, over_night = hours.opens, quiet.start > quiet.end
    if opens >= quiet.start or opens < quiet.end if over_night else quiet.start <= opens < quiet.end:
        opens = DAY if over_night and opens >= quiet.start else quiet.end
    return opens < hours.closes


def contacts_are_of_people(scenario: Scenario) -> Found:
    """Only where somebody asks to be accepted can it be told how often in a day."""
    for name, rules in scenario.channels.items():
        if rules.adds_a_day is not None and name != "wecom":
            yield PathError(("channels", name, "adds_a_day"), "is for wecom alone; leave it out")


CHANNEL_CHECKS: tuple[Callable[[Scenario], Found], ...] = (
    desks_can_call, channels_depend_on_what_exists, channels_go_through_others, time_is_that_of_agents,
    hours_leave_time_for_marketing, contacts_are_of_people,
)  # fmt: skip
