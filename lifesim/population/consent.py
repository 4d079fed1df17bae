"""Consents by purpose, and those that customers withdraw on a day because rules or tempers change.

What messages cost of both is a matter of ``engagement.touches``.
"""

from __future__ import annotations

import datetime
from typing import Any, Final

import numpy as np

from lifesim.population.columns import DAY
from lifesim.scenario import Scenario
from lifesim.scenario.contents import PURPOSES
from lifesim.scenario.market import CHANNELS
from lifesim.streams import Streams

#: Place of the bit of who does not let the insurer use health data, after those of the purposes.
HEALTH_DATA: Final = len(PURPOSES)


def tightened(scenario: Scenario, streams: Streams, keys: Any, consent: Any, at: Any) -> Any:
    """Consents of customers after all tightenings up to a time; who has joined since brings none that was withdrawn.

    Parameters
    ----------
    keys, consent
        Of the customers, shape (n,); consent has a bit for each channel.
    at
        Seconds since the start of the warm-up; one for all, or shape (n,).
    """
    first = scenario.start - datetime.timedelta(seconds=scenario.warm_up)
    left = consent.copy()
    for name, tightening in scenario.market.consent_tightenings.items():
        since = (tightening.day - first).days * DAY
        for channel, share in tightening.withdrawn.items():
            u = streams.uniforms(f"consent to {channel} withdrawn in {name}", keys, again=True)
            left[(u < share) & (at >= since)] &= ~left.dtype.type(1 << CHANNELS.index(channel))
    return left


def by_purpose(scenario: Scenario) -> bool:
    """Whether customers consent by purpose, too; otherwise the consent to a channel covers everything."""
    given = any(segment.purposes for segment in scenario.segments.values())
    return given or any(rules.opt_out_purpose > 0.0 for rules in scenario.channels.values())


def withholds_health_data(scenario: Scenario) -> bool:
    """Whether there may be customers who do not let the insurer use health data for marketing.

    A book may name them where the segments have ``health_data``, everyone's consent included.
    Health data is what it knows of their claims, see ``scenario.journeys.words.HEALTH_EVENTS``: in views and audiences
    these customers have never had one. What answers the claim itself is service, and goes on: a journey that is entered
    by ``on: claim_paid``, or waits for it, hears it of everyone.
    """
    shares = [segment.health_data for segment in scenario.segments.values() if segment.health_data is not None]
    return any(share < 1.0 for share in shares) or (scenario.population.book is not None and bool(shares))


def keeps_refusals(scenario: Scenario) -> bool:
    """Whether there is anything to keep of each customer in ``State.refused``."""
    return by_purpose(scenario) or withholds_health_data(scenario)


def refused(scenario: Scenario, streams: Streams, keys: Any, segment: Any) -> Any:
    """What customers do not consent to when they join, a bit for each purpose and ``HEALTH_DATA``. Shape (n,)."""
    answer = np.zeros(len(keys), np.uint8)
    for bit, purpose in enumerate(PURPOSES):
        shares = np.array([each.purposes.get(purpose, 1.0) for each in scenario.segments.values()])
        consents = streams.uniforms(f"consent for {purpose}", keys) < shares[segment]
        answer |= np.where(consents, 0, 1 << bit).astype(np.uint8)
    if withholds_health_data(scenario):
        given = [1.0 if each.health_data is None else each.health_data for each in scenario.segments.values()]
        withheld = streams.uniforms("consent to use health data", keys) >= np.array(given)[segment]
        answer |= np.where(withheld, 1 << HEALTH_DATA, 0).astype(np.uint8)
    return answer
