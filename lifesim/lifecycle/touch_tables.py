"""What touches travel by and what they say, as tables: channels and contents."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from lifesim.lifecycle.clock_tables import table
from lifesim.lifecycle.need_tables import content_harm
from lifesim.lifecycle.rule_records import CHANNEL_RULE, CONTENT_RULE
from lifesim.population.columns import DAY, N_STAGES
from lifesim.scenario import Scenario
from lifesim.scenario.behaviour import STAGES
from lifesim.scenario.channel_rules import OPT_OUTS, ChannelRules
from lifesim.scenario.channels import CHANNELS, OFFLINE_EVENT
from lifesim.scenario.contents import CONTENT_KINDS, PURPOSES
from lifesim.scenario.journeys.words import CHANNEL_WORDS, EVENTS
from lifesim.scenario.needs import FAMILIES
from lifesim.streams import name_key

_LEFT_OUT = ChannelRules.model_validate({
    "delay": "0s", "delivered": 0.0, "opened": 0.0, "open_delay": "0s", "fatigue": 0.0, "opt_out": 0.0,
    "opt_out_fatigue": 0.0, "cost": "0 CNY",
})  # fmt: skip


def logit(share: float) -> float:
    """Log-odds of a share; infinite at 0 and 1."""
    if share <= 0.0:
        return -math.inf
    if share >= 1.0:
        return math.inf
    return math.log(share / (1.0 - share))


def touch_tables(scenario: Scenario, clocks: list[str]) -> dict[str, Any]:
    """Tables of channels and contents.

    Parameters
    ----------
    clocks
        Names of all hazard clocks.
    """
    contents = list(scenario.contents.values())
    states = list(scenario.behaviour.states)
    tables = {
        "content_impulses": np.zeros((len(contents), len(states))),
        "content_harm": content_harm(scenario),
        "lifted_by": np.zeros((len(contents), len(clocks))),
        "fit": np.ones((len(contents), N_STAGES)),
        "prompts": np.zeros((len(contents), len(EVENTS))),
    }
    for n, content in enumerate(contents):
        for name, amount in content.impulses.items():
            tables["content_impulses"][n, states.index(name)] = amount
        for name, amount in content.lifts.items():
            tables["lifted_by"][n, clocks.index(name)] = amount
        for event, share in content.prompts.items():
            tables["prompts"][n, list(EVENTS).index(event)] = share
        for stage, factor in content.fit.items():
            tables["fit"][n, STAGES.index(stage)] = factor
    tables["hour_odds"] = np.array([each.by_hour or (0.0,) * 24 for each in channel_rules(scenario)])
    return {"channel_rules": _channels(scenario), "content_rules": _contents(scenario), **tables}


def _channels(scenario: Scenario) -> Any:
    channels, power = channel_rules(scenario), scenario.closing_power
    columns = {
        "delay": [c.delay for c in channels],
        "failure": [1.0 - c.delivered for c in channels],
        "open_delay": [c.open_delay for c in channels],
        "lost": [math.inf if power is None or c.closing is None else power.lost(c.closing) for c in channels],
        "fatigue": [c.fatigue for c in channels],
        "opened": [logit(c.opened) for c in channels],
        "opt_out": [logit(c.opt_out) for c in channels],
        "opt_out_fatigue": [c.opt_out_fatigue for c in channels],
        "opt_out_ends": [OPT_OUTS.index(c.opt_out_ends) for c in channels],
        "opt_out_purpose": [c.opt_out_purpose for c in channels],
        "cost": [c.cost for c in channels],
        "opens": [c.hours.opens if c.hours else 0 for c in channels],
        "closes": [c.hours.closes if c.hours else DAY for c in channels],
        "by_hour": [bool(c.by_hour) for c in channels],
        "needs": [reach_needed(name, each.through) for name, each in zip(CHANNELS, channels, strict=True)],
        "response": [_response(name) for name in CHANNELS],
        "shows": [_shows(name) for name in CHANNELS],
    }
    return table(CHANNEL_RULE, columns)


def _contents(scenario: Scenario) -> Any:
    contents = list(scenario.contents.values())
    columns = {
        "key": [name_key(name) for name in scenario.contents],
        "visit": [c.visit for c in contents],
        "benefit": [c.benefit for c in contents],
        "visits": [c.activity.visits / (7 * DAY) if c.activity else 0.0 for c in contents],
        "fades": [math.log(2) / c.activity.half_life if c.activity else 0.0 for c in contents],
        "lasts": [c.activity.lasts if c.activity else 0 for c in contents],
        "marketing": [c.kind not in scenario.contact_policy.exempt for c in contents],
        "cures": [bool(c.cures) for c in contents],
        "opened": [math.nan if c.opened is None else logit(c.opened) for c in contents],
        "prompts": [bool(c.prompts) for c in contents],
        "brings": [c.brings for c in contents],
        "proposal": [c.kind == "proposal" for c in contents],
        "adds": ["added_wecom" in c.prompts for c in contents],
        "kind": [CONTENT_KINDS.index(c.kind) for c in contents],
        "purpose": [PURPOSES.index(c.consent_for) for c in contents],
        "page": [-1 if c.page is None else list(scenario.products).index(c.page) for c in contents],
        "family": [FAMILIES.index(c.aim.family) if c.aim else -1 for c in contents],
        "gap": [c.aim.gap if c.aim else 1.0 for c in contents],
    }
    return table(CONTENT_RULE, columns)


def channel_rules(scenario: Scenario) -> list[ChannelRules]:
    """Rules of all channels, in the order of their numbers; nothing goes by one that the scenario leaves out."""
    given: Mapping[str, ChannelRules] = {str(name): rules for name, rules in scenario.channels.items()}
    return [given.get(name, _LEFT_OUT) for name in CHANNELS]


def reach_needed(channel: str, through: str | None) -> int:
    """Bits of reach that a customer needs to be reached by a channel."""
    return sum(1 << CHANNELS.index(name) for name in {channel, through or channel})


def _response(channel: str) -> int:
    """What the insurer sees when a touch by a channel is taken in; of an event, that the customer is there, before."""
    if channel == OFFLINE_EVENT:
        return list(EVENTS).index("attended")
    shown = CHANNEL_WORDS[channel].shows
    return next(k for k, word in enumerate(EVENTS) if word in ("opened", "clicked", "connected") and word in shown)


def _shows(channel: str) -> int:
    """Bits of the answers to touches by a channel that the insurer sees; of an event it sees who attends."""
    way = CHANNEL_WORDS.get(channel)
    return 0 if way is None else sum(1 << list(EVENTS).index(answer) for answer in way.shows)
