"""What head office does with agents: who earns on sales past them, and levers on skill, time and follow-up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lifesim.scenario.model import Part, about
from lifesim.scenario.units import Duration, Money, Name, PathError, PositiveDuration, Real, Share
from lifesim.scenario.wording import suggest

if TYPE_CHECKING:
    from lifesim.scenario.models import Scenario
    from lifesim.scenario.workforce import Workforce


class Cooperation(Part):
    """How agents answer when somebody else, or nobody, sells to a customer whom they serve."""

    bypassed: Share = about(
        "willingness to take up head-office leads that each policy sold past an agent takes away, where the agent "
        "earns nothing on it"
    )
    recovers: PositiveDuration = about("time in which half of that is forgotten")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.bypassed == 1:
            yield PathError(("bypassed",), "must be below 100%; an agent bypassed once would never forgive it")


class Lever(Part):
    """Training, scorecards, a knowledge base: something head office pays for each agent, and what it does."""

    tiers: tuple[Name, ...] = about("tiers of agents that get it; none named: all", default=())
    skill: Real = about("added to the skill once it has its full effect", unit="log factor", default=0.0)
    within: Duration = about("time in which the skill grows to that, evenly", default="0d")
    time: Share = about("of the time of a conversation, saved; the agent has room for more leads", default=0.0)
    follow_up: Share = about("of the leads that an agent would ignore, taken up", default=0.0)
    cost: Money = about(
        "for each agent who gets it; a cost of the customers present at the fork, all alike", unit="CNY a month"
    )

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.time == 1:
            yield PathError(("time",), "must be below 100%; a conversation takes some time")
        if not (self.skill or self.time or self.follow_up):
            yield PathError(("cost",), "buys nothing; a lever needs skill, time or follow_up", at_key=True)


class AgentPractice(Part):
    """What a practice does with the agents."""

    credit: Share = about(
        "of an agent's commission, paid to the serving agent when others, or nobody, sell to the customer", default=0.0
    )
    levers: tuple[Name, ...] = about("levers of the workforce that are used, from the start of the arm on", default=())


def levers_are_known(scenario: Scenario) -> Iterator[PathError]:
    """Levers name tiers that there are, and practices levers that there are."""
    workforce = scenario.workforce
    if workforce is not None:
        yield from _tiers_are_known(workforce)
    known = list(workforce.levers) if workforce else []
    for where in ("practices", "arms"):
        for name, arm in getattr(scenario, where).items():
            if arm.agents is None:
                continue
            if workforce is None:
                yield PathError((where, name, "agents"), "there are no agents; describe the workforce, or leave it out")
                continue
            for k, lever in enumerate(arm.agents.levers):
                if lever not in known:
                    message = f"the workforce has no lever called '{lever}'{suggest(lever, known)}"
                    yield PathError((where, name, "agents", "levers", k), message)


def _tiers_are_known(workforce: Workforce) -> Iterator[PathError]:
    for name, lever in workforce.levers.items():
        for k, tier in enumerate(lever.tiers):
            if tier not in workforce.tiers:
                message = f"no tier of agents is called '{tier}'{suggest(tier, list(workforce.tiers))}"
                yield PathError(("workforce", "levers", name, "tiers", k), message)
