"""Who the customers are: segments, the population, or the insurer's own book."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from lifesim.scenario.behaviour import Lognormal, Normal, Stage
from lifesim.scenario.contents import PURPOSES, Purpose
from lifesim.scenario.market import Channel
from lifesim.scenario.model import Part, about
from lifesim.scenario.units import Count, Name, PathError, Real, Share

_TOLERANCE = 1e-6


def sums_to_one(shares: Mapping[Any, float], path: tuple[str | int, ...]) -> Iterator[PathError]:
    """Complain about shares that do not add up; shows them all, because some may be inherited."""
    total = sum(shares.values())
    if abs(total - 1.0) > _TOLERANCE:
        entries = " + ".join(f"{name} {share * 100:.6g}%" for name, share in shares.items())
        hint = "; write ~ to remove one that is inherited" if total > 1.0 else ""
        yield PathError(path, f"shares must sum to 100%, and {entries or 'nothing'} is {total * 100:.6g}%{hint}")


class Segment(Part):
    """A kind of customer."""

    traits: dict[Name, Normal | Lognormal] = about("distribution of every trait")
    start: dict[Stage, Share] = about("stage at the start of the warm-up; must sum to one")
    book: dict[Name, Share] = about("product of a policyholder's first policy; must sum to one")
    second_policy: Share = about("policyholders at the start who hold two policies")
    policy_years: Lognormal = about("age of policies at the start, years")
    orphans: Share = about("policyholders at the start whose serving agent has left")
    reach: dict[Channel, Share] = about("customers whom a channel reaches")
    consent: dict[Channel, Share] = about("customers who consent to marketing over a channel")
    purposes: dict[Purpose, Share] = about(
        "customers who consent to marketing for a purpose, whatever the channel, which needs its own consent; those "
        "not named: everyone",
        default={},
    )
    health_data: Share | None = about(
        "customers who let the insurer use health data for marketing, which needs its own consent: of the others no "
        "strategy and no audience knows a claim; none: everyone",
        default=None,
    )
    refuses_targeting: Share = about("customers who refuse automated targeting")

    def unsaid(self) -> Iterator[tuple[str, tuple[str, ...], str]]:
        """See ``Part``: whom nobody asks for a consent beside that to the channel gives it."""
        for purpose in PURPOSES:
            if purpose not in self.purposes:
                yield "purposes", ("purposes", purpose), "100%"
        if self.health_data is None:
            yield "health_data", ("health_data",), "100%"


class Book(Part):
    """The insurer's own book of customers, a Parquet or CSV file: a row for each policy, or customer without one.

    Columns: customer, segment, branch, stage, orphan, refuses_targeting, consent_CHANNEL, reach_CHANNEL and traits by
    name; consent_PURPOSE and consent_health_data where segments have `purposes` and `health_data`; of a policy product,
    issued, due (the day of its next premium), premium (CNY a year). What is not there is drawn.
    """

    path: Path = Field(alias="from", description="file, relative to the scenario file")
    columns: dict[str, str] = about(
        "name in the file by name in lifesim, where they differ: `customer`, `segment`, `branch`, `stage`, `orphan`, "
        "`refuses_targeting`, `consent_CHANNEL`, `consent_PURPOSE`, `consent_health_data`, `reach_CHANNEL`, traits by "
        "name, and of a policy `product`, `issued`, `due`, `premium`; what the file does not give is drawn",
        default={},
    )
    segment: Name | None = about("segment of every row, where the file has no such column", default=None)


class Correlation(Part):
    """Correlation of two traits within a segment (of the normal scores behind them)."""

    traits: tuple[Name, Name] = about("the two traits")
    value: Real = about("correlation, -1 to 1")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if not -1.0 < self.value < 1.0:
            yield PathError(("value",), "must lie between -1 and 1")


class Population(Part):
    """How many customers of which kind live where."""

    size: Count | None = about("customers at the start; not with a book", default=None)
    segments: dict[Name, Share] | None = about("shares of segments; must sum to one", default=None)
    branches: dict[Name, Annotated[Count | Share, Field(union_mode="left_to_right")]] = about(
        "shares that sum to one, or counts of customers", default={"main": 1.0}
    )
    book: Book | None = about("take the customers from a file instead", default=None)

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.book is not None:
            if self.size is not None or self.segments is not None:
                yield PathError(("book",), "gives the customers; remove size and segments")
            return
        if self.segments is None:
            yield PathError(("segments",), "is needed where no book is given")
        else:
            yield from sums_to_one(self.segments, ("segments",))
        found = list(self._branches())
        yield from found
        if not found and self.total == 0:
            yield PathError(("size",), "must be at least 1")

    def _branches(self) -> Iterator[PathError]:
        counts = [isinstance(value, int) for value in self.branches.values()]
        if all(counts):
            if self.size is not None and self.size != sum(self.branches.values()):
                whole = f"{sum(self.branches.values()):,}, the sum of the branches"
                yield PathError(("size",), f"differs from {whole}; remove one of them, or write shares such as 100%")
        elif any(counts):
            yield PathError(("branches",), "are either all shares or all counts")
        else:
            yield from sums_to_one({k: float(v) for k, v in self.branches.items()}, ("branches",))
            if self.size is None:
                yield PathError(("size",), "is needed where branches are shares")

    @property
    def total(self) -> int:
        """Customers at the start; 0 where a book gives them."""
        return sum(self.branch_sizes().values())

    def branch_sizes(self) -> dict[str, int]:
        """Customers at the start by branch; shares are rounded by the largest remainder."""
        if self.book is not None:
            return {}
        values = list(self.branches.values())
        if all(isinstance(value, int) for value in values):
            return {name: int(value) for name, value in self.branches.items()}
        size = self.size or 0
        exact = {name: float(value) * size for name, value in self.branches.items()}
        sizes = {name: int(value) for name, value in exact.items()}
        by_remainder = sorted(exact, key=lambda name: (sizes[name] - exact[name], name))
        for name in by_remainder[: size - sum(sizes.values())]:
            sizes[name] += 1
        return sizes
