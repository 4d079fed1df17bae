"""Leads: customers who wait for an adviser, as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lifesim.population.arrays import picked
from lifesim.population.columns import CALL as CALLED
from lifesim.population.columns import NEVER
from lifesim.population.state import State
from lifesim.scenario import Scenario
from lifesim.scenario.channels import BY_AGENTS as AGENTS_ALONE
from lifesim.scenario.channels import CHANNELS
from lifesim.scenario.journeys import ToAgent
from lifesim.scenario.leads import BEHAVIOURS
from lifesim.scenario.needs import FAMILIES
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
        ("told", "u1"),  # what a journey asks for beside a call: see below
        ("tier", "u1"),  # wished, place in ``Staff.tiers`` counted from 1; 0 for any
        ("family", "u1"),  # in which skill is wished, place in ``FAMILIES`` counted from 1; 0 for that of the content
        ("source", "u1"),  # what made it, place in ``SOURCES``
        ("grade", "u1"),  # at the latest grading, counted from 1 for A; 0 before any
        ("graded", "i4"),  # when it was graded first, and at the latest; 0 before any
        ("looked", "i4"),
        ("chance", "f4"),  # that it becomes a policy, as predicted at the latest grading; -1 where nothing was
        ("behaviours", "u1"),  # of the customer, since the first of which it came; and when the latest was
        ("latest", "i4"),
        ("dials", "u1"),  # by seats that clean leads
        ("qualified", "u1"),  # by one of them
        ("due", "i4"),  # when it may be dialled next
        ("fed", "i4"),  # when it was nurtured last; 0 before
        ("back", "i4"),  # when it was last graded so that it is nurtured no more; 0 before
        ("settled", "u1"),  # whether it was contacted in time, see ``workforce.service``
    ],
    align=True,
)

#: What makes a lead: behaviours from ``MINED`` on, and the grading of customers who did something lately.
SOURCES = ("inquiry", "journey", "campaign", *BEHAVIOURS, "grading")
BY_JOURNEY, BY_CAMPAIGN, MINED, BY_GRADING = 1, 2, 3, SOURCES.index("grading")

#: Nothing; somebody takes the customer over, and calls; an agent is told something, and calls nobody.
_, HANDED, TOLD = range(3)

#: What a step of a journey wishes: tier and family as in a lead, and for how long it waits for somebody, seconds.
Wish = tuple[int, int, int]

#: What is counted at a desk, by branch.
DESK_MEASURES = ("requests", "granted", "gave_up", "wait_seconds")
REQUESTS, GRANTED, GAVE_UP, WAIT_SECONDS = range(len(DESK_MEASURES))

CALL, WECOM = CHANNELS.index("call"), CHANNELS.index("wecom")
#: Whether a channel is one of agents alone. Shape (channels,).
BY_AGENTS = np.isin(CHANNELS, AGENTS_ALONE)

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
    if not len(requests):
        return leads
    leads["customer"], leads["asked"] = requests["customer"], requests["time"]
    keys = state.customers["key"][rows_of(requests)]
    leads["luck"] = luck(streams, keys, DESK, scenario.desk.content, requests["time"])
    u = streams.uniforms("patience", leads["luck"])
    # Who waits beyond the end of the calendar never gives up.
    leads["gives_up"] = np.minimum(requests["time"] - np.log(u) * scenario.desk.patience, NEVER)
    leads["campaign"], leads["inquiry"], leads["channel"] = desk, 1, CALL
    leads["content"] = list(scenario.contents).index(scenario.desk.content)
    leads["behaviours"], leads["latest"] = 1, requests["time"]
    return leads


def campaign_calls(rows: Any, lucks: Any, campaign: int, content: int, channel: int, now: int, patience: int) -> Any:
    """Leads of customers whom a campaign wants to address, each with its luck; dropped when no seat is free in time."""
    leads = np.zeros(len(rows), LEAD)
    leads["customer"], leads["luck"] = rows, lucks
    leads["asked"], leads["gives_up"] = now, now + patience
    leads["campaign"], leads["content"], leads["channel"] = campaign, content, channel
    leads["source"], leads["latest"] = BY_CAMPAIGN, now
    return leads


def journey_calls(requests: Any, wishes: Mapping[tuple[int, int], Wish], patience: int) -> Any:
    """Leads from what journeys ask for; dropped when nobody was free in time.

    Parameters
    ----------
    wishes
        By place of the journey among the campaigns and number of the step, of those that hand over or notify.
    patience
        How long all others wait, seconds.
    """
    leads = np.zeros(len(requests), LEAD)
    if not len(requests):
        return leads
    for name in ("customer", "luck", "campaign", "content", "step"):
        leads[name] = requests[name]
    leads["asked"], leads["gives_up"] = requests["time"], requests["time"] + patience
    leads["channel"], leads["told"] = requests["detail"], requests["kind"] - CALLED
    leads["source"], leads["latest"] = BY_JOURNEY, requests["time"]
    for (campaign, step), (tier, family, waits) in wishes.items():
        mine = (leads["campaign"] == campaign) & (leads["step"] == step)
        leads["tier"][mine], leads["family"][mine] = tier, family
        leads["gives_up"][mine] = leads["asked"][mine] + waits
    return leads


def wishes_of(
    told: Mapping[tuple[int, int], tuple[ToAgent, int | None]], scenario: Scenario, tiers: Sequence[str]
) -> dict[tuple[int, int], Wish]:
    """What steps of journeys wish of agents, as numbers: see ``journey_calls``."""
    found = {}
    for place, (message, within) in told.items():
        product = scenario.products.get(message.skill or "")
        family = product.family if product else message.skill
        found[place] = (
            tiers.index(message.tier) + 1 if message.tier in tiers else 0,
            FAMILIES.index(family) + 1 if family in FAMILIES else 0,
            scenario.desk.patience if within is None else within,
        )
    return found


def in_order(leads: Any, state: State) -> Any:
    """Leads by time asked, then by the customer's key: an order that no row number enters."""
    if len(leads) < 2:
        return leads
    return picked(leads, np.lexsort((state.customers["key"][rows_of(leads)], leads["asked"])))


def rows_of(leads: Any) -> Any:
    """Rows of the customers, as compiled functions take them, and arrays sooner than narrower ones. Shape (n,)."""
    return leads["customer"].astype(np.int64)


def count(measures: Any, branch: Any, measure: int, amounts: Any = None) -> None:
    """Add to a measure of each branch: amounts of its leads, whole numbers, or how many they are.

    Parameters
    ----------
    measures
        By branch and place in ``DESK_MEASURES``.
    branch
        Of each lead. Shape (n,).
    """
    measures[:, measure] += np.bincount(branch, amounts, minlength=len(measures)).astype(np.int64)


def count_touches(touched: Any, leads: Any, outcome: int, times: Any = 1) -> None:
    """Count the calls that leads are for, or so many of each, in the table of what became of touches."""
    if len(leads):
        np.add.at(touched, (leads["campaign"], leads["channel"], leads["content"], outcome), times)
