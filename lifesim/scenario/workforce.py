"""The workforce: agents of the branches by tier, their hours, turnover and interests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lifesim.scenario.agent_levers import Cooperation, Lever
from lifesim.scenario.market import MOST_PER_10K, Seats
from lifesim.scenario.model import Part, about
from lifesim.scenario.needs import Family
from lifesim.scenario.operation import Operation, Reaching
from lifesim.scenario.people import sums_to_one
from lifesim.scenario.quantities import format_clock_time
from lifesim.scenario.units import (
    ClockTime,
    Count,
    Duration,
    EndTime,
    Money,
    Name,
    PathError,
    PositiveDuration,
    Rate,
    Real,
    Share,
)
from lifesim.scenario.wording import suggest

if TYPE_CHECKING:
    from lifesim.scenario.models import Scenario

#: The 13 months over which the trade counts the retention of recruits; a month is a twelfth of 365 days.
RECRUIT_SECONDS = 13 * 365 * 86_400 // 12
#: How often a lead has come back is stored in a byte.
_MOST_RETURNS = 250
_MOST_SLOTS_A_DAY = 10_000


class Tier(Part):
    """Agents of one tier, in every branch."""

    per_10k: Real = about("agents for 10,000 customers of the branch at the start, rounded to whole agents")
    skill: dict[Family, Real] = about(
        "added to the effect of a conversation, by family of needs on which they may advise; 0 is average",
        unit="log factor",
    )
    skill_spread: Real = about("standard deviation of an agent's own skill around that", unit="log factor", default=0.0)
    opens: ClockTime = about("first slot of a working day")
    closes: EndTime = about("end of the last slot")
    workdays: tuple[int, ...] = about("days of the week they work, 1 Monday to 7 Sunday")
    slots: Count = about("conversations that an agent has time for on a working day, own business included")
    own_business: Share = about("of that time, taken by the agent's own business")
    willing: Share = about("head-office leads that an agent takes up; the others are ignored")
    tenure: PositiveDuration = about("mean time served by the agents of the start")
    serves: Real = about(
        "policyholders whom an agent serves, relative to other tiers; 0: those alone who are re-assigned to the tier",
        default=1.0,
    )
    regions: dict[Name, Share] = about("shares of region tags; must sum to one", default={})
    wage: Money = about("for each agent", unit="CNY a month")
    commission: Share = about("of the commission of a product, paid for a policy from a head-office lead")
    looks_after: Count | None = about(
        "policyholders whom an agent serves before no more orphans are re-assigned to the agent; none: any number",
        default=None,
    )

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        for name in ("per_10k", "skill_spread", "serves"):
            if getattr(self, name) < 0:
                yield PathError((name,), "must not be negative")
        for name, most in (("per_10k", MOST_PER_10K), ("slots", _MOST_SLOTS_A_DAY)):
            if getattr(self, name) > most:
                yield PathError((name,), f"must be {most:,} at most")
        if not self.skill:
            yield PathError(("skill",), "needs at least one family on which the tier may advise")
        if self.opens >= self.closes:
            yield PathError(("closes",), "must be later than opens")
        if not self.workdays or not set(self.workdays) <= set(range(1, 8)):
            yield PathError(("workdays",), "takes days 1 (Monday) to 7 (Sunday), at least one")
        if self.regions:
            yield from sums_to_one(self.regions, ("regions",))

    @property
    def leads_a_day(self) -> float:
        """Slots of an agent's working day that are left for head-office leads."""
        return self.slots * (1 - self.own_business)


class Turnover(Part):
    """How agents leave, and how their places are filled again."""

    retained_13_months: Share = about("recruits who are still there after 13 months")
    veterans_leave: Rate = about("agents past 13 months who leave", unit="per agent and time")
    refilled: Share = about("places of agents who left that are filled again")
    vacant: PositiveDuration = about("mean time until the recruit starts")
    recruit_skill: Real = about("added to the skill in the first 13 months", unit="log factor", default=0.0)

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.retained_13_months == 0:
            yield PathError(("retained_13_months",), "must be above 0%; nobody would stay for a day")


class Departures(Part):
    """What the customers do whose serving agent leaves."""

    follow: Share = about("of them, those who follow the agent to a competitor, if nothing keeps them")
    within: PositiveDuration = about("mean time until they do; theirs is exponential")
    kept: Share = about("of those who would, whom being told in time of a new agent keeps")


class Reassignment(Part):
    """What a practice does about customers whose serving agent has left."""

    to: Name = about("tier of agents, or group of seats, who serve them from then on")
    after: Duration = about("time from the departure until they are told; the rest of the week comes on top")
    cost: Money = about("for each customer who is told", unit="CNY", default=0)


class Recycling(Part):
    """What becomes of leads of which no policy came in the `follow_up` of the desk."""

    cool_down: Duration = about("time until the lead may be claimed again; the rest of the week comes on top")
    times: Count = about("how often a lead may come back")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if not 1 <= self.times <= _MOST_RETURNS:
            yield PathError(("times",), f"must be 1 to {_MOST_RETURNS}; leave recycling out for leads that are lost")


class Workforce(Part):
    """Agents to whom head office gives leads, and who serve the policyholders."""

    tiers: dict[Name, Tier] = about("agents by tier")
    turnover: Turnover = about("how agents leave and are replaced")
    departures: Departures = about("what becomes of the customers of agents who leave")
    recycling: Recycling | None = about("how leads of agents return to the pool; none: they are lost", default=None)
    operation: Operation | None = about(
        "what agents do about a lead after the first conversation; none: nothing", default=None
    )
    reaching: Reaching | None = about(
        "how agents reach customers whom they call, and try again; none: a call arrives as the channel delivers it",
        default=None,
    )
    affinity: Real = about(
        "standard deviation of what a customer and an agent make of each other, added to the skill; 0 for none",
        unit="log factor",
        default=0.0,
    )
    cooperation: Cooperation | None = about(
        "how agents answer to sales past them; none: they do not mind", default=None
    )
    levers: dict[Name, Lever] = about("what a practice can pay for to make agents better", default={})

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.affinity < 0:
            yield PathError(("affinity",), "must not be negative")
        if not self.tiers:
            yield PathError(("tiers",), "needs at least one tier")
        elif not any(tier.per_10k * tier.leads_a_day * tier.willing for tier in self.tiers.values()):
            yield PathError(
                ("tiers",), "no agent has a slot for head-office leads; raise per_10k, slots or willing, or lower "
                "own_business",
            )  # fmt: skip
        if self.tiers and not any(tier.per_10k * tier.serves for tier in self.tiers.values()):
            yield PathError(("tiers",), "nobody serves the policyholders; raise serves of a tier that has agents")

    def number(self, tier: str, customers: int) -> int:
        """Agents of a tier in a branch of so many customers at the start."""
        return int(self.tiers[tier].per_10k * customers / 10_000 + 0.5)


def agents_advise_on_what_is_sold(scenario: Scenario) -> Iterator[PathError]:
    """Every family with a product that needs a person has a tier that may advise on it."""
    if scenario.workforce is None:
        return
    able = {family for tier in scenario.workforce.tiers.values() if tier.per_10k for family in tier.skill}
    lacking: dict[Family, str] = {}
    for name, product in scenario.products.items():
        if product.needs_person and product.family not in able:
            lacking.setdefault(product.family, name)
    for family, name in lacking.items():
        message = f"no agent has skill in {family}, which product '{name}' needs; add {family} to the skill of a tier"
        yield PathError(("workforce", "tiers"), message)


def branches_have_agents(scenario: Scenario) -> Iterator[PathError]:
    """Every branch with customers has an agent who takes leads, as far as sizes are known before the run."""
    workforce = scenario.workforce
    if workforce is None:
        return
    able = [name for name, tier in workforce.tiers.items() if tier.per_10k * tier.leads_a_day * tier.willing > 0]
    for branch, customers in scenario.population.branch_sizes().items():
        if customers and able and not any(workforce.number(name, customers) for name in able):
            message = (
                f"branch '{branch}' with {customers:,} customers gets no agent who takes leads; raise per_10k, or "
                "population.size"
            )
            yield PathError(("workforce", "tiers"), message)


def agents_work_beside_the_desk(scenario: Scenario) -> Iterator[PathError]:
    """Agents and seats take leads from one pool in the same slots, and are told apart by name."""
    workforce, desk = scenario.workforce, scenario.desk
    if workforce is None:
        return
    if desk.scope == "national":
        yield PathError(("desk", "scope"), "must be branch where the branches have agents")
    for name, tier in workforce.tiers.items():
        if name in desk.seats:
            yield PathError(
                ("workforce", "tiers", name), "is the name of a group of seats too; choose another", at_key=True
            )
        if tier.closes - tier.opens < desk.slot:
            yield PathError(("workforce", "tiers", name, "closes"), "leaves a working day shorter than the desk's slot")


def rounds_are_in_hours(scenario: Scenario) -> Iterator[PathError]:
    """Leads are given out while somebody works; one round a slot."""
    desk, tiers = scenario.desk, list(scenario.workforce.tiers.values()) if scenario.workforce else []
    first = min([desk.opens, *(tier.opens for tier in tiers)])
    last = max([desk.closes, *(tier.closes for tier in tiers)]) - desk.slot
    for group in ("arms", "practices"):
        for name, arm in getattr(scenario, group).items():
            for k, time in enumerate(arm.rounds):
                if not first <= time <= last:
                    hours = f"{format_clock_time(first)} to {format_clock_time(last)}"
                    message = f"nobody would get a lead; slots begin from {hours}"
                    yield PathError((group, name, "rounds", k), message)


def orphans_go_to_somebody(scenario: Scenario) -> Iterator[PathError]:
    """Re-assignment names a tier of agents or a group of seats, with somebody in it."""
    for where in ("practices", "arms"):
        for name, arm in getattr(scenario, where).items():
            if arm.reassign is not None:
                message = _no_such_servers(scenario, arm.reassign.to)
                if message:
                    yield PathError((where, name, "reassign", "to"), message)


def _no_such_servers(scenario: Scenario, to: str) -> str:
    """What is wrong with those to whom customers are re-assigned; nothing where all is right."""
    if scenario.workforce is None:
        return "without a workforce nobody has a serving agent; leave reassign out, or describe the workforce"
    who: dict[str, Tier | Seats] = {**scenario.workforce.tiers, **scenario.desk.seats}
    if to not in who:
        return f"no tier of agents or group of seats is called '{to}'{suggest(to, list(who))}"
    if not who[to].per_10k:
        return f"there is nobody in '{to}'; raise its per_10k"
    if who[to].looks_after == 0:
        return f"those in '{to}' may look after nobody; raise their looks_after, or leave it out for any number"
    return ""
