"""Products: premiums, payment, commission, and what decides about buying and paying."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from lifesim.scenario.behaviour import Alternative
from lifesim.scenario.claims import ProductClaims
from lifesim.scenario.model import Part, about
from lifesim.scenario.needs import Family
from lifesim.scenario.people import sums_to_one
from lifesim.scenario.underwriting import Underwriting
from lifesim.scenario.units import Count, Duration, Money, PathError, Real, Share, wrong_spread

Frequency = Literal["yearly", "half_yearly", "quarterly", "monthly"]
#: Instalments a year.
TIMES: dict[Frequency, int] = {"yearly": 1, "half_yearly": 2, "quarterly": 4, "monthly": 12}
_DAY = 86_400
_LONGEST_PAYMENT = 60
_MOST_ELASTIC = 5
#: Cash value over the premiums paid, at most: more is a slip.
_MOST_CASH = 10
#: A share, or, above 1, a number.
Times = Annotated[Share | Real, Field(union_mode="left_to_right")]


class Premium(Part):
    """First annual premium: lognormal around a median that grows with income."""

    median: Money = about("median at the reference income; 0 makes it free cover (赠险)", unit="CNY a year")
    spread: Real = about("standard deviation of the natural logarithm")
    income_elasticity: Real = about("relative change for a relative change of income")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        yield from wrong_spread(self.spread)
        if not -_MOST_ELASTIC <= self.income_elasticity <= _MOST_ELASTIC:
            message = (
                f"must lie between {-_MOST_ELASTIC} and {_MOST_ELASTIC}: 1 for a premium in proportion to the income"
            )
            yield PathError(("income_elasticity",), message)


class Payment(Part):
    """How the premiums of a long-term policy fall due, and who stops paying them (续期)."""

    years: Count = about("years in which premiums are paid; then the policy is paid up")
    frequency: dict[Frequency, Share] = about("policies by how often they are paid; must sum to one")
    unpaid: tuple[Real, ...] = about(
        "factor on the chances of `behaviour.unpaid` by the policy year that the premium ends; the last one stays"
    )
    instalments: Real = about("factor on a year's chances for those who pay more often than yearly", default=1.0)
    reinstated: Share = about("suspended policies that are reinstated, with arrears")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        yield from sums_to_one(self.frequency, ("frequency",))
        if not 1 <= self.years <= _LONGEST_PAYMENT:
            yield PathError(("years",), f"must be 1 to {_LONGEST_PAYMENT}")
        if not self.unpaid:
            yield PathError(("unpaid",), "needs a factor for the first policy year, such as [1]")
        for place, factor in enumerate((*self.unpaid, self.instalments)):
            if factor < 0:
                path = ("unpaid", place) if place < len(self.unpaid) else ("instalments",)
                yield PathError(path, "a factor must not be negative")

    @property
    def interval(self) -> int:
        """Seconds of the shortest interval between two premiums, about."""
        return 365 * _DAY // max(TIMES[each] for each, share in self.frequency.items() if share > 0)


class Value(Part):
    """What a policy is worth to the insurer; a premium never is."""

    margin: Share = about("value of new business over the annualised premium")
    renewal_margin: Share = about("value of later premiums over those premiums", default="0%")


class ClawBack(Part):
    """Commission that goes back when a policy ends early, whose new business then counts for nothing."""

    within: Duration = about("time since issue", default="395d")
    share: Share = about("of the commission paid on the policy", default="100%")


class Valuation(Part):
    """How amounts of later years are valued at the fork."""

    discount: Share = about("rate of interest a year at which later value and cost are discounted")
    leaves: Share = about(
        "policies in force at the end that are expected to end a year otherwise than for want of payment", default=0.0
    )

    @property
    def force(self) -> float:
        """Force of interest, per second of a year of 365 days."""
        return math.log1p(self.discount) / (365 * _DAY)


class CoolingOff(Part):
    """The first days of a long-term policy (犹豫期), in which it can be given back for a full refund."""

    within: Duration = about("time since issue", default="0d")
    returned: Share = about("policies given back", default="0%")


class SumAssured(Part):
    """What a policy insures (保额): its annual premium times a lognormal multiple, drawn once for the policy."""

    multiple: Real = about("mean sum assured over the annual premium", default=0.0)
    spread: Real = about("standard deviation of its natural logarithm", default=0.0)

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.multiple < 0:
            yield PathError(("multiple",), "cover must not be negative")
        yield from wrong_spread(self.spread)


class Payout(Part):
    """What a policy pays when it ends."""

    pays: Real = about("multiple of what `of` says")
    of: Literal["sum_assured", "premiums"] = about("the sum assured, or all premiums paid", default="sum_assured")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.pays < 0:
            yield PathError(("pays",), "must not be negative; write 0 for an end without payment")


class Maturity(Payout):
    """The end of the term of a long-term policy (满期), and what it pays then."""

    after: Count = about("years from the issue to the end of the term")


class Product(Part):
    """An insurance product."""

    family: Family = about("family of needs it serves")
    term: Literal["short", "long"] = about("short: bought again each year (续保); long: premiums fall due (续期)")
    needs_person: bool = about("cannot be closed online: needs an adviser")
    premium: Premium = about("first annual premium")
    commission: Share = about("of the premiums of the first policy year")
    renewal_commission: Share = about("of later premiums")
    value: Value = about("margins")
    claw_back: ClawBack = about("commission of policies that end early", default=ClawBack())
    cooling_off: CoolingOff = about("giving back a new policy", default=CoolingOff())
    cash_value: tuple[Times, ...] = about(
        "over the premiums paid, what a surrender pays out, by completed policy years; the last one stays",
        default=("0%",),
    )
    claims: ProductClaims = about("how often there is a claim on a policy, and how much")
    gift: Money = about("cost of giving free cover away, such as a reinsurer's price", default=0)
    sum_assured: SumAssured = about("what a policy insures", default=SumAssured())
    maturity: Maturity | None = about(
        "end of the term of a long-term policy; without it cover is for life", default=None
    )
    death_benefit: Payout | None = about("what the customer's death pays while the policy is in force", default=None)
    underwriting: Underwriting | None = about(
        "who may have it, and after what time; without it policies are issued at once", default=None
    )
    complexity: Real = about(
        "what it takes to close it: how much `closing` counts in a decision; 0 for none", default=0.0
    )
    recording: Count = about(
        "slots that recording the sale takes an agent who sold it from a lead (双录); for long-term products alone",
        default=0,
    )
    choice: Alternative = about("utility at the end of a decision")
    grace: Duration = about("time after the due date until cover ends for want of payment")
    payment: Payment | None = about("premiums of a long-term product", default=None)
    renewal: Alternative | None = about("log-odds of buying again, for a short-term product", default=None)
    recovery: Alternative | None = about(
        "log-odds of buying again within the grace period when it was not bought at once, for a short-term product",
        default=None,
    )

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.claims.severity.of == "sum_assured" and self.sum_assured.multiple == 0:
            message = "there is no sum assured; write `sum_assured: {multiple: …}`, or `of: premium`"
            yield PathError(("claims", "severity", "of"), message)
        yield from self._free()
        if self.complexity < 0:
            yield PathError(("complexity",), "must not be negative")
        for place, share in enumerate(self.cash_value):
            if not 0 <= share <= _MOST_CASH:
                message = f"{share:g} is not between 0 and {_MOST_CASH} times the premiums paid; write 60% or 0.6"
                yield PathError(("cash_value", place), message)
        if self.recording and self.term == "short":
            yield PathError(("recording",), "sales of short cover are not recorded; remove it, or write `term: long`")
        again = {name: getattr(self, name) for name in ("renewal", "recovery")}
        if self.term == "long":
            if self.payment is None:
                yield PathError((), "a long-term product needs `payment:`")
            for name, given in again.items():
                if given is not None:
                    yield PathError((name,), "is for short-term products; remove it, or write `term: short`")
        else:
            if self.payment is not None:
                yield PathError(("payment",), "is for long-term products; remove it, or write `term: long`")
            for name, given in again.items():
                if given is None and self.premium.median > 0:
                    yield PathError((), f"a short-term product needs `{name}:`")
        yield from self._wrong_ends()
        limit = self.underwriting.max_sum_assured if self.underwriting else None
        if limit is not None and self.sum_assured.multiple == 0:
            path = ("underwriting", "max_sum_assured")
            yield PathError(path, "there is no sum assured; write `sum_assured: {multiple: …}`")
        if not self.cash_value:
            yield PathError(("cash_value",), "needs a share for the first policy year, such as [0%]")
        interval = 365 * _DAY if self.payment is None else self.payment.interval
        if self.grace >= interval:
            message = f"must be shorter than the payment interval, which is {interval / _DAY:.0f} days at the shortest"
            yield PathError(("grace",), message)

    def _free(self) -> Iterator[PathError]:
        """Free cover is short; only free cover is given away."""
        if self.premium.median > 0:
            if self.gift:
                yield PathError(("gift",), "is for free cover; remove it, or write a premium with median 0")
        elif self.term == "long":
            yield PathError(("premium", "median"), "a long-term product needs a premium above zero")

    def _wrong_ends(self) -> Iterator[PathError]:
        for name, end in (("maturity", self.maturity), ("death_benefit", self.death_benefit)):
            if end and end.of == "sum_assured" and end.pays > 0 and self.sum_assured.multiple == 0:
                message = "there is no sum assured; write `sum_assured: {multiple: …}`, or `of: premiums`"
                yield PathError((name,), message)
        if self.maturity is None:
            return
        if self.payment is None:
            yield PathError(("maturity",), "is for long-term products; remove it, or write `term: long`")
        elif not self.payment.years <= self.maturity.after <= _LONGEST_PAYMENT:
            message = f"must be {self.payment.years}, the years in which premiums are paid, to {_LONGEST_PAYMENT}"
            yield PathError(("maturity", "after"), message)
