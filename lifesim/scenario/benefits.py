"""Benefits that bring customers to the app for as long as they run, and a while longer."""

from __future__ import annotations

from collections.abc import Iterator

from lifesim.scenario.model import Part, about
from lifesim.scenario.units import Duration, Name, PathError, PositiveDuration, Real


class Activity(Part):
    """Visits to the app that a benefit brings, beside the customer's own: for the benefit alone, looking at nothing.

    Whoever takes the content in visits at an even rate while the benefit runs; when it has stopped, the rate fades.
    """

    visits: Real = about("visits a week while it runs, where covariates are zero", unit="per week")
    depends: dict[Name, Real] = about("coefficient by covariate on the logarithm of the rate", default={})
    lasts: Duration = about("how long it runs, from when the content is taken in")
    half_life: PositiveDuration = about("in which the rate halves once it has stopped")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.visits <= 0:
            yield PathError(("visits",), "must be above zero; a content that brings nobody has no `activity`")
