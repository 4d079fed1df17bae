"""What must hold between the contact policy, as it is and as arms change it, and the rest of a scenario."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import ValidationError

from lifesim.scenario.channels import BY_PEOPLE
from lifesim.scenario.contact import MAX_CAPS, MAX_RULES, ContactPolicy
from lifesim.scenario.units import ModelError, PathError
from lifesim.scenario.wording import suggest

if TYPE_CHECKING:
    from lifesim.scenario.models import Scenario

Found = Iterator[PathError]
Path = tuple[str | int, ...]


def changes_fit_the_policy(scenario: Scenario) -> Found:
    """Arms and practices leave out rules that hold, and contradict none."""
    for path in _changes(scenario):
        try:
            _changed(scenario, *path)
        except PathError as error:
            yield PathError((*path, "contact_policy", *error.path), error.message)
        except (ModelError, ValidationError) as error:
            yield PathError((*path, "contact_policy"), _first(error))


def _first(error: ModelError | ValidationError) -> str:
    if isinstance(error, ValidationError):
        return str(error.errors(include_url=False)[0]["msg"]).removeprefix("Value error, ")
    return str(error)


def _changes(scenario: Scenario) -> Iterator[tuple[str, str]]:
    for group, arms in (("practices", scenario.practices), ("arms", scenario.arms)):
        for name, arm in arms.items():
            if arm.contact_policy is not None:
                yield group, name


def _changed(scenario: Scenario, group: str, name: str) -> ContactPolicy:
    """The policy of an arm, or of a practice by itself."""
    if group == "arms":
        return scenario.policy(name)
    return scenario.contact_policy.changed(scenario.practices[name].contact_policy)


def policies(scenario: Scenario) -> Iterator[tuple[Path, ContactPolicy]]:
    """The policy of the scenario and of every arm that changes it, as far as they hold together."""
    yield ("contact_policy",), scenario.contact_policy
    for path in _changes(scenario):
        try:
            yield (*path, "contact_policy"), _changed(scenario, *path)
        except (PathError, ModelError, ValidationError):
            continue  # reported as a change that does not fit


def unknown_orchestrations(scenario: Scenario) -> Found:
    """Orchestrations that rules name and no arm or practice runs; rules of a market may be about more than one runs."""
    run = {_name(each) for arm in (*scenario.arms.values(), *scenario.practices.values()) for each in arm.orchestration}
    for path, policy in policies(scenario):
        named: dict[Path, str] = {("priority", place): name for place, name in enumerate(policy.priority)}
        named |= {("entries", name): name for name in policy.entries}
        for where, name in named.items():
            if name not in run:
                hint = suggest(name, run) if run else "; no arm runs any"
                yield PathError((*path, *where), f"no arm runs an orchestration '{name}'{hint}")


def _name(plug_in: object) -> str:
    return str(next(iter(plug_in), "")) if isinstance(plug_in, dict) else str(plug_in)


def no_time_for_calls(scenario: Scenario) -> Found:
    """Quiet hours that leave desks and agents no slot for what they do by a channel."""
    slot, tiers = scenario.desk.slot, scenario.workforce.tiers.values() if scenario.workforce else ()
    opens = min([scenario.desk.opens, *(tier.opens for tier in tiers)])
    closes = max([scenario.desk.closes, *(tier.closes for tier in tiers)])
    for path, policy in policies(scenario):
        for channel, rules in scenario.channels.items():
            quiet = policy.quiet_of(channel)
            if channel not in BY_PEOPLE or quiet is None:
                continue
            first, last = (rules.hours.opens, rules.hours.closes) if rules.hours else (opens, closes)
            slots = [at for at in range(opens, closes - slot + 1, slot) if first <= at and at + slot <= last]
            if slots and all(quiet.covers(at, at + slot) for at in slots):
                where = ("quiet_by_channel", channel) if channel in policy.quiet_by_channel else ("quiet",)
                message = f"leaves desks and agents no slot for marketing by {channel}; move one of the two"
                yield PathError((*path, *where), message)


def caps_fit(scenario: Scenario) -> Found:
    """There are no more named caps than customers have memory for."""
    names = {name: path for path, policy in policies(scenario) for name in policy.caps}
    reasons = {name for _, policy in policies(scenario) for name in policy.rules}
    if len(reasons) > MAX_RULES:
        yield PathError(("contact_policy",), f"and those of arms have {len(reasons)} rules; {MAX_RULES} are possible")
    if len(names) > MAX_CAPS:
        path = names[list(names)[MAX_CAPS]]
        yield PathError((*path, "caps"), f"makes {len(names)} named caps in all; {MAX_CAPS} are possible")


CONTACT_CHECKS = (changes_fit_the_policy, caps_fit)
