"""The contact policy: what an insurer allows itself towards a customer, whatever a strategy asks for.

Every rule has a name: an arm leaves the rule out by it, and a touch that the rule held back is counted under it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from lifesim.scenario.channels import BY_PEOPLE, OFFLINE_EVENT, Channel
from lifesim.scenario.contents import ContentKind
from lifesim.scenario.model import Part, about
from lifesim.scenario.quantities import DAY
from lifesim.scenario.units import ClockTime, Count, Duration, EndTime, Money, Name, PathError, PositiveDuration, Share
from lifesim.scenario.wording import suggest

#: Touches of the cap that every world keeps in the record of a customer, and of a named cap.
MAX_CAP = 4
MAX_NAMED_CAP = 60
#: Named caps in all arms together: each takes memory of every customer.
MAX_CAPS = 16
#: Rules in all arms together: what became of a touch is told by a number of seven bits.
MAX_RULES = 100
#: Rules of which a policy has one each, by name.
SINGLE: Final = ("marketing_cap", "quiet", "holdout", "priority", "fallback", "journeys_at_once", "entries")
#: Fields that hold rules by a name of their own.
NAMED: Final = ("caps", "suppressions", "budgets", "rates")
#: What touches are held back for beside named rules, so that no rule can be called so.
REASONS: Final = ("consent", "reach", "cap", "targeting", "purpose", *SINGLE)

#: What to write instead of a limit of nothing.
_STOPPED: Final = "to stop such touches altogether, leave them out of the arm, or write a suppression"


class Cap(Part):
    """A limit on marketing touches to one customer over a rolling window."""

    touches: Count = about(f"at most, 1 to {MAX_CAP}")
    within: PositiveDuration = about("rolling window")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if not 1 <= self.touches <= MAX_CAP:
            yield PathError(("touches",), f"must be 1 to {MAX_CAP}; more touches take a named cap, under caps")


class NamedCap(Part):
    """A limit on marketing touches to one customer over a rolling window: on some, or on all where nothing is named."""

    touches: Count = about(f"at most, 1 to {MAX_NAMED_CAP}")
    within: PositiveDuration = about("rolling window")
    channels: tuple[Channel, ...] = about("channels whose touches count; none: all", default=())
    kinds: tuple[ContentKind, ...] = about("kinds of content that count; none: all", default=())

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if not 1 <= self.touches <= MAX_NAMED_CAP:
            yield PathError(("touches",), f"must be 1 to {MAX_NAMED_CAP}")


class Quiet(Part):
    """Hours of the day in which no marketing arrives."""

    start: ClockTime = about("from")
    end: EndTime = about("to, on the next day when earlier than start")
    discard: bool = about(
        "drop what would arrive in these hours; otherwise it waits, and all that has waited arrives at their end",
        default=False,
    )

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.start == self.end:
            yield PathError(("end",), "must differ from start: no hour would be quiet; leave the rule out for none")
        if self.start == 0 and self.end == DAY:
            yield PathError(("end",), f"leaves no hour of the day; {_STOPPED}")

    def covers(self, since: int, until: int) -> bool:
        """Whether any second of a day from one up to another is quiet."""
        if self.start < self.end:
            return since < self.end and self.start < until
        return since < self.end or self.start < until


class Suppression(Part):
    """Customers who get no marketing, or none of some kinds or by some channels."""

    who: str = about("audience, as in a journey: `tag is mainstream and policies > 0`")
    channels: tuple[Channel, ...] = about("channels by which they get none; none: all", default=())
    kinds: tuple[ContentKind, ...] = about("kinds of content that they do not get; none: all", default=())


class Limited(Part):
    """What marketing touches of all customers share; they take their turns at every full hour.

    The first in order of ``priority`` come first, then those who asked in an earlier hour, then a keyed lot decides.
    """

    each: PositiveDuration = about("time in which so much may be used, counted from the fork", default="1h")
    channels: tuple[Channel, ...] = about("channels it is about; none: all that need no person", default=())
    kinds: tuple[ContentKind, ...] = about("kinds of content it is about; none: all", default=())
    scope: Literal["branch", "national"] = about(
        "whether every branch has so much, or all together, by their share of customers at the start",
        default="national",
    )

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        for place, channel in enumerate(self.channels):
            if channel == OFFLINE_EVENT:
                yield PathError(("channels", place), f"nothing is sent by {channel}: seats of the event bound it")


class Budget(Limited):
    """Money for sending in a span of time; what is left over is not carried on."""

    amount: Money = about("at most, for the cost of touches sent", unit="CNY")
    waits: Duration = about("how long a touch waits for money; then it is suppressed", default="0s")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        yield from super().complaints()
        if self.amount <= 0:
            yield PathError(("amount",), f"must be above 0 CNY; {_STOPPED}")


class Throughput(Limited):
    """Touches sent in a span of time, at most."""

    touches: Count = about("at most")
    waits: Duration = about("how long a touch waits for its turn; then it is suppressed", default="1d")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        yield from super().complaints()
        if self.touches == 0:
            yield PathError(("touches",), f"must be 1 or more; {_STOPPED}")


class Places(Part):
    """Customers whom a journey takes; who comes in is decided at every full hour, by lot among those who may."""

    customers: Count = about("at most")
    each: PositiveDuration | None = about("in every such span, counted from the fork; none: in all", default=None)
    scope: Literal["branch", "national"] = about(
        "whether every branch has so many, or all together, by their share of customers at the start",
        default="national",
    )

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.customers == 0:
            yield PathError(("customers",), "must be 1 or more; a journey that takes nobody is left out of the arm")


class ContactPolicy(Part):
    """Rules that no strategy can exceed."""

    marketing_cap: Cap | None = about("limit per customer over all marketing", default=None)
    quiet: Quiet | None = about("quiet hours", default=None)
    quiet_by_channel: dict[Channel, Quiet] = about("quiet hours of a channel, in place of `quiet`", default={})
    exempt: tuple[ContentKind, ...] = about(
        "kinds of content that are no marketing: exempt from all these rules, and from consent", default=("service",)
    )
    caps: dict[Name, NamedCap] = about("further limits per customer", default={})
    holdout: Share = about("customers who get no marketing at all, the same in every arm", default=0.0)
    suppressions: dict[Name, Suppression] = about("who gets no marketing", default={})
    fallback: dict[Channel, Channel] = about(
        "channel that carries a touch when this one may not or does not: reach, consent, or delivery failed", default={}
    )
    priority: tuple[Name, ...] = about(
        "orchestrations, the first one first: while a customer is in a journey, marketing of those that stand after it "
        "is held back; those not named come last",
        default=(),
    )
    journeys_at_once: Count | None = about("journeys that a customer is in at a time, at most; none: any", default=None)
    budgets: dict[Name, Budget] = about("money for sending", default={})
    rates: dict[Name, Throughput] = about("touches sent in a time", default={})
    entries: dict[Name, Places] = about("customers whom a journey takes, by its name", default={})

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        names: dict[str, str] = {}
        for field in NAMED:
            for name in getattr(self, field):
                if name in REASONS:
                    yield PathError((field, name), f"'{name}' is the name of another rule; choose another", at_key=True)
                elif name in names:
                    yield PathError((field, name), f"{names[name]} has a rule '{name}' too", at_key=True)
                names[name] = field
        if len(set(self.priority)) < len(self.priority):
            yield PathError(("priority",), "names an orchestration twice")
        if self.holdout >= 1.0:
            message = "must be below 100%, or nobody gets marketing; compare with an arm without orchestration for that"
            yield PathError(("holdout",), message)
        if self.journeys_at_once == 0:
            yield PathError(("journeys_at_once",), "must be 1 or more")
        yield from self._wrong_fallbacks()

    def _wrong_fallbacks(self) -> Iterator[PathError]:
        for name, other in self.fallback.items():
            for channel in (name, other):
                if channel in BY_PEOPLE or channel == OFFLINE_EVENT:
                    message = f"nothing is sent by {channel}: falling back takes channels without people"
                    yield PathError(("fallback", name), message, at_key=channel == name)
            if other in self.fallback:
                message = f"{other} falls back on {self.fallback[other]} itself; a touch takes two channels at most"
                yield PathError(("fallback", name), message)

    def quiet_of(self, channel: str) -> Quiet | None:
        """The quiet hours of a channel."""
        own: dict[str, Quiet] = {str(name): quiet for name, quiet in self.quiet_by_channel.items()}
        return own.get(channel, self.quiet)

    @property
    def limits(self) -> dict[str, Budget | Throughput]:
        """Everything that touches take their turns for, by name."""
        return {**self.budgets, **self.rates}

    @property
    def rules(self) -> tuple[str, ...]:
        """Names of the rules that hold, those that every policy can have first."""
        single = [name for name in SINGLE if getattr(self, name) or (name == "quiet" and self.quiet_by_channel)]
        return (*single, *(name for field in NAMED for name in getattr(self, field)))

    def without(self, *names: str) -> ContactPolicy:
        """The policy with some of its rules left out.

        Raises
        ------
        PathError
            When there is no such rule.
        """
        given: dict[str, Any] = {field: getattr(self, field) for field in type(self).model_fields}
        for place, name in enumerate(names):
            if name not in self.rules:
                raise PathError(("without", place), f"no rule '{name}' holds here{suggest(name, self.rules)}")
            if name in SINGLE:
                given[name] = type(self).model_fields[name].default
                given |= {"quiet_by_channel": {}} if name == "quiet" else {}
            else:
                field = next(field for field in NAMED if name in given[field])
                given[field] = {other: rule for other, rule in given[field].items() if other != name}
        return ContactPolicy(**given)

    def changed(self, change: PolicyChange | None) -> ContactPolicy:
        """The policy with a change, which says only what differs.

        Raises
        ------
        PathError
            When it leaves out a rule that does not hold.
        ModelError
            When the rules contradict each other then.
        """
        if change is None:
            return self
        kept = self.without(*change.without)
        given: dict[str, Any] = {}
        for field in type(self).model_fields:
            old, new = getattr(kept, field), getattr(change, field)
            both = isinstance(old, Mapping) and new is not None
            given[field] = old if new is None else {**old, **new} if both else new
        return ContactPolicy(**given)


class PolicyChange(Part):
    """What is different in the contact policy of an arm; all that is not said stays."""

    without: tuple[Name, ...] = about("rules that do not hold, by name", default=())
    marketing_cap: Cap | None = about("limit per customer over all marketing", default=None)
    quiet: Quiet | None = about("quiet hours", default=None)
    quiet_by_channel: dict[Channel, Quiet] | None = about("quiet hours of channels, in place or beside", default=None)
    exempt: tuple[ContentKind, ...] | None = about("kinds of content that are no marketing", default=None)
    caps: dict[Name, NamedCap] | None = about("limits per customer, in place or beside", default=None)
    holdout: Share | None = about("customers who get no marketing at all", default=None)
    suppressions: dict[Name, Suppression] | None = about("who gets no marketing, in place or beside", default=None)
    fallback: dict[Channel, Channel] | None = about("channel that carries a touch when this one does not", default=None)
    priority: tuple[Name, ...] | None = about("orchestrations, the first one first", default=None)
    journeys_at_once: Count | None = about("journeys that a customer is in at a time, at most", default=None)
    budgets: dict[Name, Budget] | None = about("money for sending, in place or beside", default=None)
    rates: dict[Name, Throughput] | None = about("touches sent in a time, in place or beside", default=None)
    entries: dict[Name, Places] | None = about("customers whom a journey takes, in place or beside", default=None)
