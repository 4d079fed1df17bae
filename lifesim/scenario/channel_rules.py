"""How a channel carries a touch."""

from __future__ import annotations

from lifesim.scenario.channels import Channel
from lifesim.scenario.model import Part, about
from lifesim.scenario.units import Duration, Money, Name, Real, Share


class ChannelRules(Part):
    """How a channel carries a touch."""

    delay: Duration = about("from sending to delivery, on average")
    delivered: Share = about("touches sent that arrive; for a call or a visit, that find the customer")
    opened: Share = about("delivered touches that are opened where covariates are zero; 100% for a call or a visit")
    open_delay: Duration = about("from delivery to opening, on average")
    depends: dict[Name, Real] = about("coefficient by covariate on the log-odds of opening", default={})
    fatigue: Real = about("added to the state `fatigue` at delivery", unit="score")
    opt_out: Share = about("delivered marketing touches that withdraw the channel's consent")
    opt_out_fatigue: Real = about("coefficient of fatigue on the log-odds of opting out")
    cost: Money = about("for each touch sent", unit="CNY")
    through: Channel | None = about(
        "channel whose contact it needs: it reaches nobody whom that one does not reach", default=None
    )
    takes: Duration = about(
        "time in which whoever makes it takes no further lead, for channels of agents alone", default="0s"
    )
