"""What moves the needs of customers, and how much cover they want: life events, families of needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, get_args

from lifesim.scenario.model import Part, about
from lifesim.scenario.units import Count, Name, PathError, Rate, Real

#: Families of needs, which products serve; the order is that of the kernel's codes.
Family = Literal["protection", "health", "wealth"]
FAMILIES: tuple[Family, ...] = get_args(Family)
#: Kinds of life events; the order is that of the kernel's codes and of the details in the event log.
LifeEventKind = Literal["marriage", "child", "home", "income", "retirement"]
LIFE_EVENTS: tuple[LifeEventKind, ...] = get_args(LifeEventKind)


class LifeEvent(Part):
    """A kind of life event: it comes by the customer's own calendar, which no strategy moves."""

    rate: Rate = about("how often, where factor by age and covariates are neutral", unit="per customer and time")
    ages: dict[Count, Real] = about("factor by age in years, from each age on", default={})
    depends: dict[Name, Real] = about("coefficient by trait on the logarithm of the rate", default={})
    impulses: dict[Name, Real] = about("added to states of mind when it happens", default={})
    once: bool = about("happens once in a life, at most", default=False)

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.ages and min(self.ages) != 0:
            yield PathError(("ages",), "the first band must start at 0")
        for age, factor in self.ages.items():
            if factor < 0:
                yield PathError(("ages", age), "a factor must not be negative")


class Cover(Part):
    """How much cover a customer wants in a family of needs."""

    years: Real = about("sum assured wanted where covariates are zero", unit="years of income")
    depends: dict[Name, Real] = about("coefficient by trait or state on the logarithm of it", default={})

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.years < 0:
            yield PathError(("years",), "wanted cover must not be negative")


class Aim(Part):
    """The family of needs that a content speaks to: it helps whoever lacks such cover, and annoys the others."""

    family: Family = about("family of needs")
    gap: Real = about("gap from which on the content is wholly to the point", unit="years of income")
    harm: dict[Name, Real] = about("taken from states of mind when opened by somebody without a gap", default={})

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.gap <= 0:
            yield PathError(("gap",), "must be above zero")
        for name, amount in self.harm.items():
            if amount < 0:
                yield PathError(("harm", name), "harm is taken away; write it without the minus")
