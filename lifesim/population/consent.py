"""Consents by purpose, and those that customers withdraw on a day because rules or tempers change.

What messages cost of both is a matter of ``engagement.touches``.
"""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np

from lifesim.population.columns import DAY
from lifesim.scenario import Scenario
from lifesim.scenario.contents import PURPOSES
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


def by_purpose(scenario: Scenario) -> bool:
    """Whether customers consent by purpose, too; otherwise the consent to a channel covers everything."""
    given = any(segment.purposes for segment in scenario.segments.values())
    return given or any(rules.opt_out_purpose > 0.0 for rules in scenario.channels.values())


def refused(scenario: Scenario, streams: Streams, keys: Any, segment: Any) -> Any:
    """Purposes for which customers do not consent when they join, a bit each. Shape (n,)."""
    answer = np.zeros(len(keys), np.uint8)
    for bit, purpose in enumerate(PURPOSES):
        shares = np.array([each.purposes.get(purpose, 1.0) for each in scenario.segments.values()])
        consents = streams.uniforms(f"consent for {purpose}", keys) < shares[segment]
        answer |= np.where(consents, 0, 1 << bit).astype(np.uint8)
    return answer
