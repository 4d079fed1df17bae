"""How a channel carries a touch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, get_args

from lifesim.scenario.channels import Channel
from lifesim.scenario.model import Part, about
from lifesim.scenario.units import ClockTime, Count, Duration, EndTime, Money, Name, PathError, Real, Share

#: What a customer takes back who has had enough of a channel.
OptOut = Literal["consent", "follow", "contact"]
OPT_OUTS: tuple[str, ...] = get_args(OptOut)


class Hours(Part):
    """Hours of the day in which a channel carries anything."""

    opens: ClockTime = about("from")
    closes: EndTime = about("to, on the same day; a conversation has ended by then")

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.opens >= self.closes:
            yield PathError(("closes",), "must be later than opens")


class ChannelRules(Part):
    """How a channel carries a touch."""

    delay: Duration = about("from sending to delivery, on average")
    delivered: Share = about("touches sent that arrive; for a call or a visit, that find the customer")
    opened: Share = about("delivered touches that are opened where covariates are zero; 100% for a call or a visit")
    open_delay: Duration = about("from delivery to opening, on average")
    depends: dict[Name, Real] = about("coefficient by covariate on the log-odds of opening", default={})
    fatigue: Real = about("added to the state `fatigue` at delivery", unit="score")
    opt_out: Share = about("delivered marketing touches after which the customer takes back what `opt_out_ends` says")
    opt_out_fatigue: Real = about("coefficient of fatigue on the log-odds of opting out")
    opt_out_ends: OptOut = about(
        "what the customer takes back: the `consent` to marketing; the `follow` of an account, or the `contact` on "
        "WeCom, without which the channel, and what goes through it, does not reach them any more",
        default="consent",
    )
    opt_out_purpose: Share = about(
        "of those who take back their consent, share that take it back for the purpose of the message alone, whatever "
        "the channel; the others take back the channel",
        default=0.0,
    )
    adds_a_day: Count | None = about(
        "requests to be accepted as a contact that one seat or agent can send by it in a day; none: any number",
        default=None,
    )
    closing: Share | None = about(
        "share who buy of those who are advised by it while they shop, see `closing_power`; none: it advises nobody",
        default=None,
    )
    cost: Money = about("for each touch sent", unit="CNY")
    through: Channel | None = about(
        "channel whose contact it needs: it reaches nobody whom that one does not reach", default=None
    )
    takes: Duration = about(
        "time in which whoever makes it takes no further lead, for channels of agents alone", default="0s"
    )
    hours: Hours | None = about(
        "when it carries anything, marketing or not; what comes at another hour waits until it opens", default=None
    )
    by_hour: tuple[Real, ...] = about(
        "24 numbers added to the log-odds of opening, by the hour of delivery on the customer's own day; none: zeros",
        default=(),
    )

    def complaints(self) -> Iterator[PathError]:
        """See ``Part``."""
        if self.closing is not None and not 0.0 < self.closing < 1.0:
            yield PathError(("closing",), "must lie between 0% and 100%, both excluded")
        if self.opt_out_purpose > 0 and self.opt_out_ends != "consent":
            message = f"is about consents, and who has had enough takes back the {self.opt_out_ends}; leave it out"
            yield PathError(("opt_out_purpose",), message)
        if self.by_hour and len(self.by_hour) != 24:
            yield PathError(("by_hour",), f"needs 24 numbers, one an hour; found {len(self.by_hour)}")
