"""How customers behave: traits, states of mind, hazards, sessions and decisions.

Nothing here has a behavioural default: every number stands in a scenario file (usually the market it
extends), with a source or as an assumption.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Literal, get_args

from lifesim.scenario.claims import Requests, Settlement
from lifesim.scenario.model import Part, about
from lifesim.scenario.needs import Cover, Family, LifeEvent, LifeEventKind
from lifesim.scenario.units import Duration, Name, PathError, PositiveDuration, Rate, Real, Share, wrong_spread
from lifesim.scenario.wording import suggest

Stage = Literal[
    "AWARENESS", "FIRST_PURCHASE", "HOLDING", "RENEWAL_UPSELL", "CHURN_WARNING", "LOST"
]  # fmt: skip
STAGES: tuple[str, ...] = (
    "AWARENESS", "FIRST_PURCHASE", "HOLDING", "RENEWAL_UPSELL", "CHURN_WARNING", "LOST",
)  # fmt: skip

#: What the world derives for every customer, beside traits and states of mind; the gaps come last.
DERIVED: dict[str, str] = {
    "policies": "policies in force, count",
    "orphan": "1 when the serving agent has left, else 0",
    "comparer": "1 when the customer compares several insurers before deciding, else 0",
    "tenure_years": "years since the customer joined",
    "years_in_stage": "years since the stage was entered",
    "phase": "phase of the churn warning: 0 none, 1 dissatisfied, 2 complained to us, 3 silent, 4 to the regulator",
    "answered": "1 when an adviser answered within the current stage, else 0",
    "gap_protection": "accident and life cover wanted but not held, years of income; 0 where enough is held",
    "gap_health": "health cover wanted but not held, likewise",
    "gap_wealth": "savings and pension wanted but not held, likewise",
}

#: What can happen to a customer and move a state of mind, besides contents and life events.
IMPULSE_EVENTS: tuple[str, ...] = (
    "session", "product_page", "service_use", "need_formed", "purchase", "claim_paid", "claim_refused",
    "renewed", "unpaid", "complaint", "saved", "returned", "adviser_answered", "inquiry_unanswered",
    "referred_friend", "claim_reduced", "claim_waited", "request_answered", "request_waited", "regulator_complaint",
)  # fmt: skip

#: Why a premium of a long-term policy is not paid; the order is that in which a lapse is put down to one of several.
LapseCause = Literal["agent_left", "replaced", "dissatisfied", "cannot_pay", "forgotten"]
LAPSE_CAUSES: tuple[LapseCause, ...] = get_args(LapseCause)

#: What a clock does when it fires, besides moving the customer to the stage in ``to``.
Event = Literal["move", "decide", "upsell", "escalate", "win_back", "claim", "refer", "request"]


class Normal(Part):
    """A trait that is normal within a segment, cut at ``low`` and ``high``."""

    mean: Real = about("mean before cutting, in the unit of the trait")
    sd: Real = about("standard deviation before cutting")
    low: Real = about("lowest value")
    high: Real = about("highest value")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.sd < 0:
            yield PathError(("sd",), "must not be negative")
        yield from _outside_its_range("mean", self.mean, self.low, self.high)


class Lognormal(Part):
    """A trait whose logarithm is normal within a segment, cut at ``low`` and ``high``."""

    median: Real = about("median before cutting, in the unit of the trait")
    spread: Real = about("standard deviation of the natural logarithm")
    low: Real = about("lowest value")
    high: Real = about("highest value")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.median <= 0 or self.low <= 0:
            yield PathError(("median",), "median and low must be above zero")
        yield from wrong_spread(self.spread)
        yield from _outside_its_range("median", self.median, self.low, self.high)

    def share_below(self, value: float) -> float:
        """Share of the distribution, before cutting, below a value."""
        if self.spread == 0.0:
            return float(value >= self.median)
        score = math.log(value / self.median) / self.spread
        return 0.5 * math.erfc(-score / math.sqrt(2.0))


def _outside_its_range(name: str, middle: float, low: float, high: float) -> Iterator[PathError]:
    """Complain about a range that is none, or a middle that is cut off: hardly anyone would be as described."""
    if low > high:
        yield PathError(("low",), f"must not exceed high ({high:g})")
    elif not low <= middle <= high:
        yield PathError((name,), f"{middle:g} lies outside low {low:g} to high {high:g}; move {name}, low or high")


class Trait(Part):
    """A lasting property of a customer, a covariate of hazards and choices."""

    meaning: str = about("what the trait is")
    unit: str = about("unit in which segments give it")
    center: Real = about("value at which the covariate is zero", unit="of the trait")
    scale: Real = about("covariate = (value - center) / scale", unit="of the trait")
    log: bool = about("take natural logarithms of value and center first", default=False)

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.scale <= 0:
            yield PathError(("scale",), "must be above zero")
        if self.log and self.center <= 0:
            yield PathError(("center",), "must be above zero when log is true")


class State(Part):
    """A state of mind that decays to its baseline in closed form."""

    meaning: str = about("what the state is")
    half_life: PositiveDuration = about("time in which the distance to the baseline halves")
    baseline: Real = about("value it decays to; what the state starts from", unit="score")
    trait: Name | None = about("trait whose covariate is added to the baseline", default=None)
    most: Real | None = about(
        "how far impulses move it from the baseline, at most; none: any distance", unit="score", default=None
    )

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.most is not None and self.most <= 0:
            yield PathError(("most",), "must be more than 0; leave it out for any distance")


class Clock(Part):
    """A cause with its own clock: hazard = rate x segment x time in stage x exp(coefficients)."""

    rate: Rate = about("hazard where all covariates are zero", unit="per customer and time")
    segments: dict[Name, Real] = about("factor by segment; 1 where not named", default={})
    depends: dict[Name, Real] = about("coefficient by covariate: trait, state or derived", default={})
    bands: dict[Duration, Real] = about("factor by time in the stage, from each duration on", default={})
    half_life: PositiveDuration = about("half-life of the extra hazard that a touch adds", default="7d")
    event: Event = about("what happens when the clock fires", default="move")
    note: str = about("where the figure comes from, or what it stands for", default="")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.bands and min(self.bands) != 0:
            yield PathError(("bands",), "the first band must start at 0d")
        for name, factor in self.segments.items():
            if factor < 0:
                yield PathError(("segments", name), "a factor must not be negative")
        for edge, factor in self.bands.items():
            if factor < 0:
                yield PathError(("bands", edge), "a factor must not be negative")


class Transition(Clock):
    """An exit from a stage."""

    to: Stage | None = about("stage entered; none where the event decides", default=None)

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        yield from super().complaints()
        if self.event == "move" and self.to is None:
            yield PathError(("event",), "a transition needs `to:` with a stage")


class Process(Clock):
    """Something that happens to a customer again and again, in some stages, without leaving them."""

    stages: tuple[Stage, ...] = about("stages in which the clock runs")


class Sessions(Part):
    """Visits to the insurer's own app; times are the customer's own and no strategy moves them."""

    rate: Rate = about("sessions where all covariates are zero", unit="per customer and time")
    depends: dict[Name, Real] = about("coefficient by trait on the logarithm of the rate", default={})
    hours: tuple[Real, ...] = about("relative activity in each of the 24 hours of the day")
    active: dict[Stage, Share] = about("share of the customer's visits that take place, by stage")
    product_page: dict[Stage, Share] = about("share of sessions that open a product page, by stage")
    service_use: dict[Stage, Share] = about("share of sessions that use a service, by stage")
    inquiry: Share = about("share of product-page sessions while deciding that ask an adviser")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if len(self.hours) != 24:
            yield PathError(("hours",), f"needs 24 numbers, one an hour; found {len(self.hours)}")
        elif min(self.hours) < 0 or sum(self.hours) <= 0:
            yield PathError(("hours",), "must not be negative, and not all zero")


class Alternative(Part):
    """One way a decision can end; the highest utility plus the customer's own noise wins."""

    appeal: Real = about("utility where all covariates are zero", unit="logit")
    depends: dict[Name, Real] = about("coefficient by covariate", default={})


class Decision(Part):
    """The end of a first-purchase episode: our products (see products), a competitor, or not now."""

    comparing: Share = about("share of customers who weigh several insurers again and again")
    competitor: Alternative = about("buying from a competitor; open to those who compare")
    put_off: Alternative = about("putting the decision off")


class WarningPhases(Part):
    """The churn warning and its phases: dissatisfied, complained to us, complained to the regulator (监管转办), silent.

    Each escalation leads on, and may skip what lies between.
    """

    complaint: Share = about("share of escalations from dissatisfaction that are voiced as a complaint")
    regulator: Share = about("share of escalations after a complaint that go to the regulator")
    regulator_at_once: Share = about("share of the other escalations from dissatisfaction that go to the regulator")
    silent_start: Share = about("share of unpaid premiums that lead straight to silence")


class Unpaid(Part):
    """One cause for which a premium of a long-term policy is not paid; its own luck, and its own levers."""

    chance: Share = about("premiums of a year not paid for this cause where covariates are zero")
    depends: dict[Name, Real] = about("coefficient by covariate on the log-odds", default={})
    recovers: Share = about("of those, overcome before the end of grace without anybody's doing")


class Suspension(Part):
    """After the grace period a long-term policy is suspended; it can be reinstated with arrears for some time."""

    within: PositiveDuration = about("time after the end of grace in which a policy can be reinstated")


class Upsell(Part):
    """How much more a customer buys who has come to know insurance."""

    potential: Real = about("annualised premium potential at maturity over the first premium, at most")
    maturity: PositiveDuration = about("time as a customer until the potential is reached")


class Behaviour(Part):
    """Everything about customers that a strategy cannot change."""

    traits: dict[Name, Trait] = about("lasting properties")
    states: dict[Name, State] = about("decaying states of mind")
    impulses: dict[str, dict[Name, Real]] = about("what events add to states of mind, by event")
    refresh: dict[Stage, PositiveDuration] = about("how often background hazards are re-evaluated, by stage")
    transitions: dict[str, Transition] = about("exits, by STAGE.cause")
    processes: dict[Name, Process] = about("recurring causes")
    life_events: dict[LifeEventKind, LifeEvent] = about("what moves needs, by kind", default={})
    cover: dict[Family, Cover] = about("cover that customers want, by family of needs", default={})
    sessions: Sessions = about("app sessions")
    own_hours: Real = about(
        "standard deviation of how much later or earlier a customer's own day is, for good, than `by_hour` of channels",
        unit="hours", default=0.0,
    )  # fmt: skip
    decision: Decision = about("the choice at the end of a first-purchase episode")
    warning: WarningPhases = about("the churn warning")
    claims: Settlement = about("how claims are settled; how often and how much, `products` say")
    requests: Requests = about("how requests for changes of a policy are answered")
    upsell: Upsell = about("further purchases")
    unpaid: dict[LapseCause, Unpaid] = about("why premiums of long-term policies are not paid, by cause")
    suspension: Suspension = about("what follows the grace period")

    @property
    def covariates(self) -> tuple[str, ...]:
        """Names of all covariates: traits, states, derived; in the order of the compiled tables."""
        return (*self.traits, *self.states, *DERIVED)

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.own_hours < 0:
            yield PathError(("own_hours",), "must not be negative")
        for stage in STAGES:
            if stage not in self.refresh:
                yield PathError(("refresh",), f"needs an entry for {stage}")
        for name in self.transitions:
            stage, _, cause = name.partition(".")
            if stage not in STAGES or not cause:
                yield PathError(("transitions", name), "is named STAGE.cause" + suggest(stage, STAGES), at_key=True)
        yield from self._unknown_states()
        yield from self._unknown_covariates()

    def _unknown_states(self) -> Iterator[PathError]:
        for trait in self.traits:
            if trait in self.states or trait in DERIVED:
                message = "is the name of a state or derived covariate too"
                yield PathError(("traits", trait), message, at_key=True)
        for name, state in self.states.items():
            if state.trait is not None and state.trait not in self.traits:
                hint = suggest(state.trait, self.traits)
                yield PathError(("states", name, "trait"), f"unknown trait '{state.trait}'{hint}")
        yield from unknown(self.impulses, IMPULSE_EVENTS, ("impulses",), "event")
        for event, moved in self.impulses.items():
            yield from unknown(moved, self.states, ("impulses", event), "state")

    def _unknown_covariates(self) -> Iterator[PathError]:
        for group in ("transitions", "processes"):
            for name, clock in getattr(self, group).items():
                yield from unknown(clock.depends, self.covariates, (group, name, "depends"), "covariate")
        yield from unknown(self.sessions.depends, self.traits, ("sessions", "depends"), "trait")
        for cause, unpaid in self.unpaid.items():
            yield from unknown(unpaid.depends, self.covariates, ("unpaid", cause, "depends"), "covariate")
        for name in ("competitor", "put_off"):
            depends = getattr(self.decision, name).depends
            yield from unknown(depends, self.covariates, ("decision", name, "depends"), "covariate")


def unknown(given: Iterable[str], names: Iterable[str], path: tuple[str | int, ...], what: str) -> Iterator[PathError]:
    """Complain about each key in ``given``, at ``path``, that is not among ``names``."""
    names = list(names)
    for name in given:
        if name not in names:
            yield PathError((*path, name), f"unknown {what} '{name}'{suggest(name, names)}", at_key=True)
