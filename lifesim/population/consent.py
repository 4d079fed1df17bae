"""Consents that customers withdraw on a day because rules or tempers change, beside those that messages cost."""

from __future__ import annotations

import datetime
from typing import Any

from lifesim.population.columns import DAY
from lifesim.scenario import Scenario
from lifesim.scenario.market import CHANNELS
from lifesim.streams import Streams


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
