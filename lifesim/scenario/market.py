"""The market: channels, contents, contact policy, workforce, acquisition, season and episodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from lifesim.scenario.behaviour import LapseCause, Stage
from lifesim.scenario.benefits import Activity
from lifesim.scenario.channel_rules import ChannelRules as ChannelRules
from lifesim.scenario.channels import CHANNELS as CHANNELS
from lifesim.scenario.channels import Channel as Channel
from lifesim.scenario.contact import ContactPolicy as ContactPolicy
from lifesim.scenario.contact import PolicyChange as PolicyChange
from lifesim.scenario.contents import PURPOSE_OF, ContentKind, Prompted, Purpose
from lifesim.scenario.episodes import (
    Conditions,
    ConsentTightening,
    IncomeShock,
    Opening,
    PriceWar,
    Shock,
    Withdrawal,
)
from lifesim.scenario.model import Part, about
from lifesim.scenario.needs import Aim
from lifesim.scenario.units import (
    ClockTime,
    Count,
    EndTime,
    Money,
    Name,
    PathError,
    PositiveDuration,
    Rate,
    Real,
    Share,
)

#: Seats, or agents, for 10,000 customers at most: ten for each. A conversation takes a second or more.
MOST_PER_10K = 100_000
_MOST_CALLS_PER_HOUR = 3_600
#: Parts of the market that hold spells.
SPELLS = ("shocks", "openings", "withdrawals", "price_wars")


class Content(Part):
    """What a touch says."""

    kind: ContentKind = about("kind of content; service is exempt from marketing rules")
    purpose: Purpose | None = about(
        "what the consent is about that it needs where customers consent by purpose; none: as its kind", default=None
    )
    impulses: dict[Name, Real] = about("added to states of mind when opened", default={})
    lifts: dict[str, Real] = about(
        "extra hazard at opening by STAGE.cause, as a multiple of the background hazard", default={}
    )
    fit: dict[Stage, Real] = about(
        "factor by stage on impulses, and on lifts where it is above zero; 1 where not named", default={}
    )
    aim: Aim | None = about("family of needs it speaks to; none: everyone alike", default=None)
    cures: dict[LapseCause, Share] = about(
        "by cause, share of the premiums about to fall due, or in grace, that a touch saves when it arrives", default={}
    )
    visit: Share = about("opened touches that lead straight to an app session")
    page: Name | None = about(
        "product at whose page that session begins, and that a proposal is about; none: it may open any", default=None
    )
    opened: Share | None = about(
        "delivered touches that are opened where covariates are zero, in place of the channel's: of what is waited for",
        default=None,
    )
    prompts: dict[Prompted, Share] = about(
        "opened touches of a journey that lead straight to an event which its steps can wait for", default={}
    )
    brings: Share = about(
        "of those who have booked the offline event of the journey and would miss it, share that comes because a touch "
        "arrives",
        default=0.0,
    )
    benefit: Money = about("paid for each touch opened", unit="CNY", default="0 CNY")
    activity: Activity | None = about("visits to the app that it brings for some time; none: no more", default=None)

    @property
    def consent_for(self) -> Purpose:
        """What the consent is about that it needs."""
        return self.purpose or PURPOSE_OF[self.kind]


class Desk(Part):
    """An advisory and telesales desk; one in every branch."""

    scope: Literal["branch", "national"] = about("whose customers contend for it")
    opens: ClockTime = about("first slot of a working day")
    closes: EndTime = about("end of the last slot")
    workdays: tuple[int, ...] = about("days of the week it works, 1 Monday to 7 Sunday")
    holidays: Literal["closed", "open"] = about(
        "what it does by the scenario's calendar: closed on holidays and open on make-up workdays, or open regardless",
        default="closed",
    )
    slot: PositiveDuration = about("time between two appointments of the desk")
    content: Name = about("what an adviser says to a customer who asked")
    seats: dict[Name, Seats] = about("groups of seats")
    patience: PositiveDuration = about("mean time a customer waits for a call before giving up")
    cost: Money = about("for each conversation", unit="CNY")
    follow_up: PositiveDuration = about(
        "time after a conversation in which a new policy counts as its success", default="30d"
    )

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.opens >= self.closes:
            yield PathError(("closes",), "must be later than opens")
        elif self.slot > self.closes - self.opens:
            yield PathError(("slot",), "is longer than the working day")
        if not self.workdays or not set(self.workdays) <= set(range(1, 8)):
            yield PathError(("workdays",), "takes days 1 (Monday) to 7 (Sunday), at least one")
        if not self.seats:
            yield PathError(("seats",), "needs at least one group")


class Seats(Part):
    """A group of seats with the same skill."""

    per_10k: Real = about("seats for 10,000 customers at the start")
    calls_per_hour: Real = about("conversations or attempts of one seat in an hour")
    skill: Real = about("added to the effect of a conversation; 0 is average", unit="log factor")
    looks_after: Count | None = about(
        "policyholders whom one seat serves before no more orphans are re-assigned to it; none: any number",
        default=None,
    )
    talks: Literal["even", "exponential"] = about(
        "even: a seat makes its calls at an even pace, and groups have parts of seats; exponential: whole seats, each "
        "of which talks for a random time with the same mean and takes nobody else meanwhile",
        default="even",
    )

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        for name, most in (("per_10k", MOST_PER_10K), ("calls_per_hour", _MOST_CALLS_PER_HOUR)):
            if not 0 <= getattr(self, name) <= most:
                yield PathError((name,), f"must be 0 to {most:,}")
        if self.talks == "exponential" and self.calls_per_hour == 0:
            yield PathError(("calls_per_hour",), "must be above zero; its inverse is the mean time of a conversation")

    def number(self, customers: int) -> float:
        """Seats for so many customers at the start."""
        seats = self.per_10k * customers / 1e4
        return seats if self.talks == "even" else float(int(seats + 0.5))


class Source(Part):
    """A source of new prospects."""

    rate: Rate = about("arrivals for 10,000 customers at the start", unit="per time")
    cost: Money = about("for each arrival", unit="CNY")
    segments: dict[Name, Share] = about("mix of the arrivals; must sum to one")


class Season(Part):
    """Factors by month of the year."""

    hazards: dict[str, tuple[Real, ...]] = about("12 factors by STAGE.cause or process", default={})
    arrivals: dict[Name, tuple[Real, ...]] = about("12 factors by source", default={})
    inquiries: tuple[Real, ...] = about(
        "12 factors on the share of product-page sessions while deciding that ask an adviser", default=(1.0,) * 12
    )
    desk: tuple[Real, ...] = about("12 factors on the calls that the desk can make", default=(1.0,) * 12)

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        for table in ("hazards", "arrivals"):
            for name, factors in getattr(self, table).items():
                yield from by_month(factors, (table, name))
        for name in ("inquiries", "desk"):
            yield from by_month(getattr(self, name), (name,))


def by_month(factors: tuple[float, ...], path: tuple[str | int, ...]) -> Iterator[PathError]:
    """Complain about factors that are not one for each month, or below zero."""
    if len(factors) != 12:
        yield PathError(path, f"needs 12 factors; found {len(factors)}")
    elif min(factors) < 0:
        yield PathError(path, "a factor must not be negative")


class Market(Part):
    """The script of the market."""

    season: Season = about("factors by month")
    shocks: dict[Name, Shock] = about("spells of changed conditions", default={})
    openings: dict[Name, Opening] = about("opening campaigns", default={})
    withdrawals: dict[Name, Withdrawal] = about("products that are withdrawn", default={})
    price_wars: dict[Name, PriceWar] = about("price cuts, a competitor's or ours", default={})
    income_shocks: dict[Name, IncomeShock] = about("times in which some earn less", default={})
    consent_tightenings: dict[Name, ConsentTightening] = about("days on which consents are withdrawn", default={})
    luck: Real = about("standard deviation of the logarithm of the replication's demand factor")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.luck < 0:
            yield PathError(("luck",), "must not be negative")

    def spells(self) -> Iterator[tuple[tuple[str, ...], Conditions]]:
        """Every spell of changed conditions, with its path in the scenario."""
        for group in SPELLS:
            for name, spell in getattr(self, group).items():
                yield ("market", group, name), spell


Desk.model_rebuild()
