"""The scenario as a whole: what is simulated, with which arms, and what is measured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import PrivateAttr, ValidationError

from lifesim.errors import Problem, ScenarioError
from lifesim.scenario.agent_levers import AgentPractice
from lifesim.scenario.behaviour import Behaviour
from lifesim.scenario.closing_power import ClosingPower
from lifesim.scenario.consistency import CHECKS
from lifesim.scenario.inference import Inference
from lifesim.scenario.labels import Label
from lifesim.scenario.leads import Cleaning, Leads, Nurture
from lifesim.scenario.market import (
    Channel,
    ChannelRules,
    ContactPolicy,
    Content,
    Desk,
    Market,
    PolicyChange,
    Source,
    by_month,
)
from lifesim.scenario.model import Part, about
from lifesim.scenario.people import Correlation, Population, Segment
from lifesim.scenario.products import Product, Valuation
from lifesim.scenario.units import (
    ClockTime,
    Count,
    Date,
    Duration,
    Limit,
    Name,
    PathError,
    PositiveDuration,
    Real,
    Share,
)
from lifesim.scenario.workdays import Country, Workdays
from lifesim.scenario.workforce import Reassignment, Workforce
from lifesim.scenario.yaml_source import Source as SourceFile

PlugIn = Name | dict[Name, dict[str, Any]]

MAX_REPLICATIONS = 10_000
#: What an arm says itself or else takes from its practice, whole.
_OWN_OR_OF_PRACTICE = ("grading", "allocation", "rounds", "staffing", "reassign", "cleaning", "nurture", "agents")
#: Times as many prospects as a source brings by itself, at most.
MAX_TRAFFIC = 100


class Arm(Part):
    """One strategy to compare: what it adds to the null models of silence."""

    use: Name | None = about("practice that the arm starts from", default=None)
    orchestration: tuple[PlugIn, ...] = about("who gets which touch when", default=())
    grading: PlugIn | None = about("how good is a lead", default=None)
    allocation: PlugIn | None = about("which group of seats gets a lead", default=None)
    rounds: tuple[ClockTime, ...] = about(
        "times of day at which leads are given out, each in the slot that begins then or next; none: whenever somebody "
        "is free",
        default=(),
    )
    staffing: tuple[Real, ...] = about("12 factors by month on the calls that the desk can make; none: 1", default=())
    reassign: Reassignment | None = about("who takes over customers whose agent has left; none: nobody", default=None)
    traffic: dict[Name, Real] = about(
        "factor by source on the prospects that it brings, and so on what they cost; 1 where not named", default={}
    )
    cleaning: Cleaning | None = about("leads that are dialled before an agent gets them; none: no lead", default=None)
    nurture: Nurture | None = about("leads that get contents before anybody calls; none: no lead", default=None)
    agents: AgentPractice | None = about("what is done with the agents; none: nothing", default=None)
    contact_policy: PolicyChange | None = about(
        "what is different in the contact policy for this arm; none: nothing", default=None
    )

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.staffing:
            yield from by_month(self.staffing, ("staffing",))
        for name, factor in self.traffic.items():
            if not 0 <= factor <= MAX_TRAFFIC:
                yield PathError(("traffic", name), f"must be 0 to {MAX_TRAFFIC}")


class Measure(Part):
    """What decides."""

    primary: Name = about("metric that answers the question")
    guardrails: dict[Name, Limit] = about("largest change for the worse, by metric", default={})
    scope: Literal["present", "everyone"] = about(
        "whose outcomes decide: of customers present at the fork with the friends whom they refer, or of everyone, "
        "those whom acquisition brings too; per customer present at the fork",
        default="present",
    )
    ladder: tuple[Name, ...] = about(
        "arms from the control on, each of which adds a part to the one before: what each part adds is shown",
        default=(),
    )


class Experiment(Part):
    """How the arms are compared."""

    control: Name = about("arm the others are compared with", default="control")
    replications: Count = about("independent markets and populations", default=10)
    seed: Count = about("experiment seed", default=1)
    event_share: Share = about("keyed share of customers whose events are kept", default=0.01)

    twins: bool = about("keep what became of every customer, not only of kinds of customers", default=False)

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if not 1 <= self.replications <= MAX_REPLICATIONS:
            yield PathError(("replications",), f"must be 1 to {MAX_REPLICATIONS:,}")


def _problem(name: str, error: Any) -> Problem:
    """One error of pydantic about a scenario that came from no file."""
    path = ".".join(str(part) for part in error["loc"])
    return Problem(name, path, error["msg"].removeprefix("Value error, "))


class Scenario(Part):
    """A validated, immutable description of an experiment. Read one with ``lifesim.load``."""

    name: Name = about("name of the scenario")
    question: Label | str = about("what the experiment answers, one sentence; `{en: ..., zh: ...}` in both languages")
    start: Date = about("first day after the warm-up: the day the arms fork")
    calendar: Country | None = about("whose public holidays and make-up workdays count; without: none", default=None)
    warm_up: Duration = about("time the world runs before the arms fork")
    horizon: PositiveDuration = about("time the arms run")
    population: Population = about("how many customers of which kind")
    segments: dict[Name, Segment] = about("kinds of customers")
    correlations: tuple[Correlation, ...] = about("correlated traits", default=())
    behaviour: Behaviour = about("how customers behave")
    products: dict[Name, Product] = about("insurance products")
    valuation: Valuation = about("discounting")
    closing: dict[Name, Real] = about(
        "coefficient by covariate on the utility of products in a decision, for each unit of their `complexity`",
        default={},
    )
    closing_power: ClosingPower | None = about(
        "what a decision loses by who advised the customer; none: nothing, but for products that need a person",
        default=None,
    )
    channels: dict[Channel, ChannelRules] = about("how touches travel")
    contents: dict[Name, Content] = about("what touches say")
    contact_policy: ContactPolicy = about("rules that no strategy can exceed")
    inference: Inference = about("what the insurer makes of what it observes")
    desk: Desk = about("advisory and telesales desk")
    workforce: Workforce | None = about("agents who get leads from head office; none: the desk alone", default=None)
    leads: Leads | None = about(
        "how behaviour makes leads, and when they are graded; none: leads are inquiries and what campaigns and "
        "journeys ask for, graded whenever somebody is free",
        default=None,
    )
    acquisition: dict[Name, Source] = about("sources of new prospects", default={})
    market: Market = about("season and episodes")
    mechanisms: tuple[PlugIn, ...] = about("plug-ins that extend the world", default=())
    practices: dict[Name, Arm] = about("named strategies that arms start from", default={})
    arms: dict[Name, Arm] = about("strategies to compare")
    measure: Measure = about("what decides")
    experiment: Experiment = about("how the arms are compared", default=Experiment())

    _source: SourceFile | None = PrivateAttr(default=None)
    _folder: Path | None = PrivateAttr(default=None)

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        for check in CHECKS:
            yield from check(self)

    def arm(self, name: str) -> Arm:
        """The arm with the practice it uses filled in: the arm's own plug-ins replace or add."""
        arm = self.arms[name]
        if arm.use is None:
            return arm
        base = self.practices[arm.use]
        given = {name: getattr(arm, name) or getattr(base, name) for name in _OWN_OR_OF_PRACTICE}
        given |= {
            "orchestration": (*base.orchestration, *arm.orchestration),
            "traffic": {**base.traffic, **arm.traffic},
        }
        # A copy, not a new arm: what is validated once, as times of day are, is no text any more.
        return arm.model_copy(update={"use": None} | given)

    def policy(self, name: str) -> ContactPolicy:
        """The contact policy of an arm: that of the scenario as changed by the practice that it uses, then by the arm.

        Raises
        ------
        PathError, ModelError
            When the changes do not fit, see ``ContactPolicy.changed``.
        """
        arm, policy = self.arms[name], self.contact_policy
        if arm.use in self.practices:
            policy = policy.changed(self.practices[arm.use].contact_policy)
        return policy.changed(arm.contact_policy)

    @property
    def workdays(self) -> Workdays:
        """Which days are worked, by the scenario's calendar."""
        return Workdays(self.calendar)

    @property
    def folder(self) -> Path:
        """Folder of the scenario file; relative paths start here."""
        return self._folder or Path()

    def place(self, *path: str | int) -> str:
        """``file:line:col`` of a value, as far as it is known."""
        if self._source is None:
            return self.name
        while path:
            try:
                return self._source.position(path)
            except KeyError:
                path = path[:-1]
        return self.name

    def replace(self, **changes: Any) -> Scenario:
        """A validated copy with some parts changed; values as in a scenario file or as parts.

        A ladder goes with the arms that it is of.

        Raises
        ------
        ScenarioError
            With everything that is wrong with the changed scenario.
        """
        data = self.model_dump(mode="json", by_alias=True)
        if "arms" in changes:
            data["measure"]["ladder"] = []
        data |= changes
        try:
            scenario = Scenario.model_validate(data)
        except ValidationError as error:
            raise ScenarioError([_problem(self.name, each) for each in error.errors(include_url=False)]) from error
        scenario._source, scenario._folder = self._source, self._folder
        return scenario
