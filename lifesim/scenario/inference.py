"""What the insurer makes of what it observes: estimated stages, tags, a score of early warning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, get_args

from lifesim.scenario.model import Part, about
from lifesim.scenario.quantities import DAY
from lifesim.scenario.units import PathError, PositiveDuration, Real, Share

#: What a score of early warning is made of, all of it observed: see ``world.warning_score``.
Signal = Literal[
    "quiet_weeks", "activity_drop", "complained", "in_grace", "orphan", "policy_years", "unanswered", "opt_outs"
]
SIGNALS: Final[tuple[Signal, ...]] = get_args(Signal)


class Learning(Part):
    """Life events that the insurer learns of: from claims, changes of address, agents."""

    share: Share = about("life events that it learns of")
    delay: PositiveDuration = about("mean time until it does; exponential")


class WarningScore(Part):
    """A logistic score of early warning for policyholders, from what the insurer observes."""

    intercept: Real = about("log-odds where all signals are zero")
    depends: dict[Signal, Real] = about("coefficient by signal on the log-odds", default={})
    alarm: Share = about("score from which a customer counts as about to leave", default=0.5)
    fitted_within: PositiveDuration | None = about(
        "coefficients on all signals are fitted at the fork: in the warm-up the insurer looks at all policyholders so "
        "far apart, and sees who has been lost by the next time; each branch has its own, and they take the place of "
        "those given; none: those given hold",
        default=None,
    )


class Inference(Part):
    """What the insurer makes of what it observes: an estimated stage, late and not always right."""

    recall: Share = about("customers in a new stage whom the insurer recognises; the others keep the earlier estimate")
    every: PositiveDuration = about("time between two estimates, whole days")
    recognised: Share = about(
        "customers whose segment the insurer recognises; it tags the others with one of the mix", default=1.0
    )
    life_events: Learning | None = about("life events that it learns of; none where not given", default=None)
    churn: WarningScore | None = about("score of early warning; nobody is scored where not given", default=None)
    from_observables: bool = about(
        "whether the stage follows by rules from policies, behaviour and the score alone, and the tag from age, "
        "contracts and visits, without regard to recall and recognised",
        default=False,
    )

    @property
    def keeps_signals(self) -> bool:
        """Whether something of every customer is kept for estimates."""
        return self.churn is not None or self.from_observables

    @property
    def between_looks(self) -> int | None:
        """Seconds between the looks that the score is fitted on, a whole number of estimates; none if it is not."""
        if self.churn is None or self.churn.fitted_within is None:
            return None
        return -(-self.churn.fitted_within // self.every) * self.every

    def complaints(self) -> Iterator[PathError]:
        """Estimates are made at midnight."""
        if self.every % DAY:
            yield PathError(("every",), "takes whole days")
