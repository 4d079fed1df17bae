"""Underwriting: what becomes of applications for a policy, and how long that takes (投保, 核保)."""

from __future__ import annotations

from collections.abc import Iterator

from lifesim.scenario.ages import span_of, wrong_ages, wrong_rows
from lifesim.scenario.claims import TimeTaken
from lifesim.scenario.model import Part, about
from lifesim.scenario.units import Duration, PathError, Real, Share


class UnderwritingBand(Part):
    """A row of the table of outcomes: shares for some ages; what is left is accepted as standard."""

    ages: str = about("first and last age, such as 30-44; 60+ for the last row", unit="completed years")
    health_declaration: Share = about("applications given up at the health declaration (健康告知)", default="0%")
    declined: Share = about("of the others, refused for good (拒保)", default="0%")
    postponed: Share = about("of the others, put off to a later time (延期)", default="0%")
    excluded: Share = about("of the others, accepted without some of the risks (除外)", default="0%")
    loaded: Share = about("of the others, accepted at a higher premium (加费)", default="0%")

    @property
    def decided(self) -> tuple[float, float, float, float]:
        """Shares of the applications that are decided: declined, postponed, excluded, loaded."""
        return self.declined, self.postponed, self.excluded, self.loaded

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        yield from wrong_ages(self.ages)
        if sum(self.decided) > 1.0 + 1e-9:
            total = f"{100 * sum(self.decided):g}%"
            yield PathError((), f"declined, postponed, excluded and loaded add up to {total}; at most 100% can be")


class Underwriting(Part):
    """Who may have a product: applications take their time and are accepted, with or without conditions, or not."""

    takes: TimeTaken = about("time from the application to the decision, at which a policy is issued")
    by_age: tuple[UnderwritingBand, ...] = about("what becomes of applications, by age at the start")
    loading: Real = about("premium of a loaded policy over the standard one, for the same cover", default=1.0)
    exclusion: Share = about("incidence that is left with an exclusion, over the whole one", default="100%")
    again: Duration = about("time until who was postponed, or gave up, may apply again", default="365d")
    max_sum_assured: Real | None = about(
        "most that is insured; who applies for more gets this much", unit="years of income", default=None
    )

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if not self.by_age:
            yield PathError(("by_age",), "needs rows of shares by age, such as [{ages: 0+, declined: 5%}]")
        yield from wrong_rows([band.ages for band in self.by_age], "by_age")
        if self.loading < 1.0:
            yield PathError(("loading",), "must be 1 or more: it is a factor on the standard premium")
        elif self.loading == 1.0 and any(band.loaded > 0.0 for band in self.by_age):
            yield PathError((), "some are loaded, so it needs `loading:` above 1, such as 1.25")
        if self.max_sum_assured is not None and self.max_sum_assured <= 0.0:
            yield PathError(("max_sum_assured",), "must be above zero")

    def table(self) -> list[tuple[float, float, float, float, float]]:
        """By completed years of age: given up, then shares up to declined, postponed, excluded and loaded."""
        rows = []
        for band in self.by_age:
            up_to = tuple(sum(band.decided[: k + 1]) for k in range(4))
            first, after = span_of(band.ages)
            rows += [(band.health_declaration, *up_to)] * (after - first)
        return rows  # type: ignore[return-value]
