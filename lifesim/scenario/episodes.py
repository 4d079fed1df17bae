"""Episodes of the market: what happens at a date, on top of the season."""

from __future__ import annotations

import calendar
import datetime
from abc import abstractmethod
from collections.abc import Iterator
from typing import Literal

from lifesim.scenario.channels import Channel
from lifesim.scenario.model import Part, about
from lifesim.scenario.quantities import DAY
from lifesim.scenario.units import Date, Duration, Name, PathError, PositiveDuration, Real, Share


class Conditions(Part):
    """What is different while an episode lasts."""

    hazards: dict[str, Real] = about("factor on hazards by STAGE.cause or process", default={})
    arrivals: dict[Name, Real] = about("factor on arrivals by source", default={})
    inquiries: Real = about(
        "factor on the share of product-page sessions while deciding that ask an adviser", default=1.0
    )
    desk: Real = about("factor on the calls that the desk can make", default=1.0)

    @property
    @abstractmethod
    def begins(self) -> datetime.date:
        """First day."""

    @property
    @abstractmethod
    def end(self) -> datetime.date:
        """The day after the last one."""

    def occurrences(self, last: datetime.date) -> Iterator[tuple[datetime.date, datetime.date]]:
        """First day and day after the last, of every time that it happens up to ``last``."""
        if self.begins <= last:
            yield self.begins, self.end

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        for table in ("hazards", "arrivals"):
            for name, factor in getattr(self, table).items():
                if factor < 0:
                    yield PathError((table, name), "a factor must not be negative")
        for name in ("inquiries", "desk"):
            if getattr(self, name) < 0:
                yield PathError((name,), "a factor must not be negative")


class Spell(Conditions):
    """Conditions that hold for some days."""

    start: Date = about("first day")
    lasts: PositiveDuration = about("duration; the last day counts in full")

    @property
    def begins(self) -> datetime.date:
        """First day."""
        return self.start

    @property
    def days(self) -> int:
        """Number of days."""
        return -(-self.lasts // DAY)

    @property
    def end(self) -> datetime.date:
        """The day after the last one."""
        return self.start + datetime.timedelta(days=self.days)


class Shock(Spell):
    """A spell of changed conditions."""


class Opening(Spell):
    """An opening campaign (开门红): for some weeks people want more, and the insurer tries harder."""

    appeal: dict[Name, Real] = about("added to the utility of products that it puts forward", unit="logit", default={})
    yearly: bool = about("comes back on the same date of every later year", default=False)

    def occurrences(self, last: datetime.date) -> Iterator[tuple[datetime.date, datetime.date]]:
        """See ``Spell``; 29 February is the 28th in other years."""
        if not self.yearly:
            yield from super().occurrences(last)
            return
        for year in range(self.start.year, last.year + 1):
            start = _in_year(self.start, year)
            if start <= last:
                yield start, start + datetime.timedelta(days=self.days)

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        yield from super().complaints()
        if self.yearly and self.days > 365:
            yield PathError(("lasts",), "is longer than a year, after which it comes back")


def _in_year(date: datetime.date, year: int) -> datetime.date:
    leap_day = (date.month, date.day) == (2, 29) and not calendar.isleap(year)
    return date.replace(year=year, day=28) if leap_day else date.replace(year=year)


class Withdrawal(Conditions):
    """A product is withdrawn: announced, bought in a rush, then not sold any more; its policies go on."""

    product: Name = about("product that is withdrawn")
    announced: Date = about("day of the announcement; the conditions hold from it to the last day of sale")
    last_day: Date = about("last day on which it is sold")
    rush: Real = about("added to the utility of the product from the announcement on", unit="logit", default=0.0)

    @property
    def begins(self) -> datetime.date:
        """First day of the rush."""
        return self.announced

    @property
    def end(self) -> datetime.date:
        """First day without the product."""
        return self.last_day + datetime.timedelta(days=1)

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        yield from super().complaints()
        if self.last_day < self.announced:
            yield PathError(("last_day",), f"{self.last_day} is before the announcement on {self.announced}")


class PriceWar(Spell):
    """New policies become cheaper for some time: a competitor's, or ours, which a competitor may copy."""

    by: Literal["competitor", "us"] = about("who cuts prices")
    cut: Share = about("off the premium of new policies")
    weight: Real = about("utility of the whole price: a cut of 10% adds a tenth of it", unit="logit")
    products: tuple[Name, ...] = about("products of ours that become cheaper", default=())
    copied_after: Duration | None = about("time until the competitor copies our cut; none: never", default=None)
    copied: Share = about("share of our cut that it copies", default="100%")

    @property
    def copied_from(self) -> datetime.date:
        """First day on which the competitor has copied our cut; the end if it never does."""
        if self.copied_after is None:
            return self.end
        return self.start + datetime.timedelta(days=-(-self.copied_after // DAY))

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        yield from super().complaints()
        if self.cut >= 1.0:
            yield PathError(("cut",), "must be below 100%: nothing would be left of the premium")
        if self.weight < 0:
            yield PathError(("weight",), "must not be negative: a lower price would put people off")
        for place, name in enumerate(self.products):
            if name in self.products[:place]:
                yield PathError(("products", place), f"'{name}' is listed twice; keep one of them")
        if self.by == "us":
            if not self.products:
                yield PathError(("by",), "needs `products:`, those of ours that become cheaper")
            if self.copied_after is not None and self.copied_from >= self.end:
                yield PathError(
                    ("copied_after",), "is not shorter than `lasts`: the competitor would never copy the cut"
                )
        else:
            for name in ("products", "copied_after"):
                if getattr(self, name):
                    yield PathError((name,), "is for a cut of our own; remove it, or write `by: us`")


class IncomeShock(Part):
    """For some time a part of the customers earn less: they pay, and buy, as people of that income do."""

    start: Date = about("first day; those who join later are not hit")
    lasts: PositiveDuration = about("duration; the last day counts in full")
    segments: dict[Name, Share] = about("share of the customers of a segment who are hit, keyed by customer")
    income: Share = about("part of the income that is lost")

    @property
    def end(self) -> datetime.date:
        """The day after the last one."""
        return self.start + datetime.timedelta(days=-(-self.lasts // DAY))

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.income >= 1.0:
            yield PathError(("income",), "must be below 100%: nothing would be left of the income")


class ConsentTightening(Part):
    """Consents to marketing that are withdrawn on a day, by rule or by distrust."""

    day: Date = about("day on which they are withdrawn; those who join later bring as few")
    withdrawn: dict[Channel, Share] = about("share of the consents to a channel that are withdrawn, keyed by customer")
