"""Claims: how often by product and age, how much, and how they are settled; requests for policy changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from lifesim.scenario.ages import AGES, span_of, wrong_ages, wrong_rows
from lifesim.scenario.model import Part, about
from lifesim.scenario.units import PathError, PositiveDuration, Real, Share, wrong_spread

#: Claims a year on a policy, at most: more is a slip.
_MOST_CLAIMS = 20


class AgeBand(Part):
    """A row of a rate table: a factor on the incidence for some ages."""

    ages: str = about("first and last age, such as 30-44; 60+ for the last row", unit="completed years")
    factor: Real = about("factor on the incidence")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        yield from wrong_ages(self.ages)
        if self.factor < 0:
            yield PathError(("factor",), "a factor must not be negative")


class Severity(Part):
    """What is claimed, over the annual premium or the sum assured: lognormal with a spread, exponential without."""

    mean: Real = about("mean claim over what `of` says")
    spread: Real | None = about("standard deviation of the natural logarithm; without it, exponential", default=None)
    of: Literal["premium", "sum_assured"] = about("what claims are multiples of", default="premium")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.mean <= 0:
            yield PathError(("mean",), "must be above zero")
        yield from wrong_spread(self.spread or 0.0)


class ProductClaims(Part):
    """Claims on policies of a product."""

    incidence: Real = about("claims a year on a policy in force, where the factor of the age is one")
    by_age: tuple[AgeBand, ...] = about("factors by age at the start; without it one for every age", default=())
    severity: Severity = about("what is claimed")
    ends_policy: bool = about("a claim that is paid, in full or in part, ends the policy", default=False)

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.incidence < 0:
            yield PathError(("incidence",), "must not be negative; write 0 for a product without claims")
        elif self.incidence > _MOST_CLAIMS:
            message = f"must be at most {_MOST_CLAIMS} claims a year; write 0.05 for one in twenty years"
            yield PathError(("incidence",), message)
        yield from wrong_rows([band.ages for band in self.by_age], "by_age")

    def factors(self) -> list[float]:
        """Claims a year on a policy by completed years of age, 0 to ``AGES`` - 1."""
        if not self.by_age:
            return [self.incidence] * AGES
        return [self.incidence * band.factor for band in self.by_age for _ in range(*span_of(band.ages))]


class TimeTaken(Part):
    """How long something takes: lognormal."""

    median: PositiveDuration = about("median")
    spread: Real = about("standard deviation of the natural logarithm")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        yield from wrong_spread(self.spread)


class Settlement(Part):
    """How claims are settled: paid in full, reduced, or refused.

    The impulses `claim_paid`, `claim_reduced` and `claim_refused` are felt on the day of settlement; `claim_waited`
    with them, times the doublings of the time taken over its median: negative when it was faster.
    """

    disappointed: Share = about("share of claims that are reduced or refused")
    refused: Share = about("of those, refused")
    reduced_to: Share = about("share of a reduced claim that is paid")
    takes: TimeTaken = about("time from claim to settlement")


class Requests(Part):
    """Requests for changes of a policy: address, beneficiary, payment (保全).

    `request_answered` is felt when the answer comes, and `request_waited` with it, times the doublings of the time
    taken over its median. The clock of such a process counts answers: a Poisson process of which every point is moved
    by a time of its own is one of the same rate.
    """

    takes: TimeTaken = about("time from request to answer")
