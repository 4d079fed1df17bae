"""Leads: customers who wait for an adviser, as columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.population.columns import State
from lifesim.scenario import Scenario
from lifesim.scenario.channels import CHANNELS
from lifesim.streams import Streams

LEAD = np.dtype(
    [
        ("luck", "u8"),  # of the request, by where it comes from: customer, campaign, content, time
        ("customer", "i4"),
        ("asked", "i4"),
        ("gives_up", "i4"),
        ("campaign", "u2"),
        ("content", "u1"),
        ("step", "u1"),  # of the journey that asks for the call, counted from 1; 0 of anything else
        ("inquiry", "u1"),  # 1 when the customer asked, 0 when a campaign wants to call
        ("channel", "u1"),  # by which the customer is answered or addressed
        ("returned", "u1"),  # how often it has come back from an agent
    ],
    align=True,
)

#: What is counted at a desk, by branch.
DESK_MEASURES = ("requests", "granted", "gave_up", "wait_seconds")
REQUESTS, GRANTED, GAVE_UP, WAIT_SECONDS = range(len(DESK_MEASURES))

CALL = CHANNELS.index("call")

#: Name of the desk among everything that sends touches.
DESK = "desk"


def luck(streams: Streams, keys: Any, campaign: str, content: str, asked: Any) -> Any:
    """Luck of requests: names, and no number that another campaign or content could shift. Shape (n,)."""
    return streams.hashes(f"request of {campaign} for {content}", keys, asked)


def inquiries(scenario: Scenario, streams: Streams, state: State, requests: Any, desk: int) -> Any:
    """Leads from the kernel's requests; patience is exponential, drawn once for the request.

    Parameters
    ----------
    requests
        Those that ask an adviser. Shape (n,).
    desk
        Place of the desk among the campaigns.
    """
    leads = np.zeros(len(requests), LEAD)
    leads["customer"], leads["asked"] = requests["customer"], requests["time"]
    keys = state.customers["key"][requests["customer"]]
    leads["luck"] = luck(streams, keys, DESK, scenario.desk.content, requests["time"])
    u = streams.uniforms("patience", leads["luck"])
    leads["gives_up"] = requests["time"] - np.log(u) * scenario.desk.patience
    leads["campaign"], leads["inquiry"], leads["channel"] = desk, 1, CALL
    leads["content"] = list(scenario.contents).index(scenario.desk.content)
    return leads


def campaign_calls(rows: Any, lucks: Any, campaign: int, content: int, channel: int, now: int, patience: int) -> Any:
    """Leads of customers whom a campaign wants to address, each with its luck; dropped when no seat is free in time."""
    leads = np.zeros(len(rows), LEAD)
    leads["customer"], leads["luck"] = rows, lucks
    leads["asked"], leads["gives_up"] = now, now + patience
    leads["campaign"], leads["content"], leads["channel"] = campaign, content, channel
    return leads


def journey_calls(requests: Any, patience: int) -> Any:
    """Leads from the calls and chats that journeys ask for; dropped when no seat was free in time."""
    leads = np.zeros(len(requests), LEAD)
    for name in ("customer", "luck", "campaign", "content", "step"):
        leads[name] = requests[name]
    leads["channel"] = requests["detail"]
    leads["asked"], leads["gives_up"] = requests["time"], requests["time"] + patience
    return leads


def in_order(leads: Any, state: State) -> Any:
    """Leads by time asked, then by the customer's key: an order that no row number enters."""
    return leads[np.lexsort((state.customers["key"][leads["customer"]], leads["asked"]))]
