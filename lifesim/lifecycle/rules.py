"""A scenario as tables: what the kernel reads, compiled once for a replication."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from lifesim.lifecycle.candidates import HOUR_BINS
from lifesim.lifecycle.layout import (
    BAND,
    CHANNEL_RULE,
    CLOCK_RULE,
    CONTENT_RULE,
    HOUR_RULE,
    PREDICTOR,
    PRODUCT_RULE,
    STAGE_RULE,
    STATE_RULE,
    TERM,
)
from lifesim.lifecycle.season import hazard_factors
from lifesim.population.columns import (
    CAUSE_COMPETITOR,
    CAUSE_DIED,
    CAUSE_DISAPPOINTED,
    CAUSE_DRIFTED,
    CAUSE_SURRENDERED,
    DAY,
    N_STAGES,
    YEAR,
)
from lifesim.scenario import Clock, Scenario
from lifesim.scenario.behaviour import IMPULSE_EVENTS, STAGES, Process, Transition
from lifesim.scenario.market import CHANNELS
from lifesim.streams import Streams

#: Names of the decisions whose luck the kernel draws; places are the K_ constants beside their use.
DECISIONS = (
    "premium", "renewal", "complaint", "claim", "mechanism", "session", "inquiry", "delivery", "opening",
    "visit", "delay", "travel",
)  # fmt: skip

#: What a clock can do, in the order of the kernel's codes; the last one belongs to mechanisms.
CLOCK_EVENTS = (
    "move",
    "decide",
    "upsell",
    "escalate",
    "win_back",
    "claim",
    "refer",
    "life_event",
    "mechanism",
)

#: Reason to be lost by the name of the cause that leads there.
CAUSES = {
    "competitor": CAUSE_COMPETITOR,
    "surrender": CAUSE_SURRENDERED,
    "drift": CAUSE_DRIFTED,
    "death": CAUSE_DIED,
}


class Rules(NamedTuple):
    """Tables of one replication, see ``lifecycle.layout``: hazards per second, money in fen."""

    arrays: dict[str, Any]
    numbers: dict[str, Any]


def logit(share: float) -> float:
    """Log-odds of a share; infinite at 0 and 1."""
    if share <= 0.0:
        return -math.inf
    if share >= 1.0:
        return math.inf
    return math.log(share / (1.0 - share))


def clock_rows(scenario: Scenario) -> list[tuple[str, str, Clock]]:
    """All clocks of the scenario in the order of the tables: (name, stage or "", clock)."""
    behaviour = scenario.behaviour
    rows: list[tuple[str, str, Clock]] = []
    for stage in STAGES:
        for name, transition in behaviour.transitions.items():
            if name.partition(".")[0] == stage:
                rows.append((name, stage, transition))
    rows += [(name, "", process) for name, process in behaviour.processes.items()]
    return rows


def compile_rules(scenario: Scenario, streams: Streams, campaigns: list[str], mechanisms: Any) -> Rules:
    """Compile a scenario for one replication.

    Parameters
    ----------
    campaigns
        Names of everything that sends touches; a campaign's luck is keyed by its name.
    mechanisms
        Compiled mechanisms, see ``lifecycle.mechanisms.CompiledMechanisms``.
    """
    rows = clock_rows(scenario)
    names = [name for name, _, _ in rows] + [f"mechanism.{name}" for name in mechanisms.names]
    alternatives = [*scenario.products, "competitor", "put_off"]
    segments = list(scenario.segments.values())
    arrays: dict[str, Any] = {
        "keys": _keys(streams, list(DECISIONS)),
        "choice_keys": _keys(streams, [f"choice {name}" for name in alternatives]),
        "campaign_keys": _keys(streams, [f"campaign {name}" for name in campaigns]),
        "clock_rules": _clock_rules(streams, rows, names),
        "rate": _rates(scenario, rows, len(mechanisms.names)),
        "market": hazard_factors(scenario, names, streams),
        **_hours(scenario),
        **_bands(rows),
        **_mind(scenario),
        **_stages(scenario, rows),
        **_products(scenario),
        **_touches(scenario, names),
        **mechanisms.tables(scenario),
    }
    groups = _predictors(scenario, rows, len(mechanisms.names))
    arrays |= _linear(scenario, [predictor for group in groups for predictor in group])
    first = [int(place) for place in np.cumsum([len(group) for group in groups])]
    numbers = {
        "segments": len(segments),
        "days": arrays["market"].shape[1],
        "clocks_all": len(names),
        "stage_slots": stage_slots(rows),
        "first_process": sum(1 for _, stage, _ in rows if stage),
        "covariates": len(scenario.behaviour.covariates),
        "parameters": arrays["mechanism_parameters"].shape[1],
        "products": len(scenario.products),
        "contents": arrays["lifts"].shape[0],
        **dict(zip(("alternative", "renewal", "recovery", "opening"), first, strict=False)),
        **_numbers(scenario),
    }
    return Rules({name: np.ascontiguousarray(array) for name, array in arrays.items()}, numbers)


def _keys(streams: Streams, names: list[str]) -> Any:
    return np.array([streams.key(name) for name in names], np.uint64)


def stage_slots(rows: list[tuple[str, str, Clock]]) -> int:
    """Clock slots that stages share: the most exits of a stage."""
    return max(sum(1 for _, stage, _ in rows if stage == each) for each in STAGES)


def slots(scenario: Scenario, mechanisms: int) -> int:
    """Clock slots of a customer: the most exits of a stage, recurring processes, mechanisms."""
    return stage_slots(clock_rows(scenario)) + len(scenario.behaviour.processes) + mechanisms


def _table(dtype: np.dtype[Any], columns: dict[str, Any]) -> Any:
    """A table of records from columns of the same length."""
    table = np.zeros(len(next(iter(columns.values()))), dtype)
    for name, values in columns.items():
        table[name] = values
    return table


def _clock_rules(streams: Streams, rows: list[tuple[str, str, Clock]], names: list[str]) -> Any:
    extra = len(names) - len(rows)
    band_to = np.cumsum([len(clock.bands) for _, _, clock in rows]).tolist() or [0]
    band_from = [0, *band_to[:-1]][: len(rows)]
    clocks = [clock for _, _, clock in rows]
    last = len(CLOCK_EVENTS) - 1
    columns = {
        "key": _keys(streams, [f"clock {name}" for name in names]),
        "fade": [math.log(2) / c.half_life for c in clocks] + [math.log(2) / DAY] * extra,
        "band_from": band_from + [0] * extra,
        "band_to": band_to[: len(rows)] + [0] * extra,
        "mechanism": [-1] * len(rows) + list(range(extra)),
        "to_stage": [_target(clock) for clock in clocks] + [0] * extra,
        "event": [CLOCK_EVENTS.index(c.event) for c in clocks] + [last] * extra,
        "cause": [_cause(name) for name, _, _ in rows] + [0] * extra,
        "runs": [_runs(stage, clock) for _, stage, clock in rows] + [2**N_STAGES - 1] * extra,
    }
    return _table(CLOCK_RULE, columns)


def _runs(stage: str, clock: Clock) -> int:
    """Bits of the stages in which a clock runs."""
    stages = (stage,) if stage else clock.stages if isinstance(clock, Process) else ()
    return sum(1 << STAGES.index(each) for each in stages)


def _target(clock: Clock) -> int:
    if isinstance(clock, Transition) and clock.to is not None:
        return STAGES.index(clock.to)
    return 0


def _cause(name: str) -> int:
    return CAUSES.get(name.partition(".")[2], CAUSE_DISAPPOINTED)


def _rates(scenario: Scenario, rows: list[tuple[str, str, Clock]], extra: int) -> Any:
    rates = [[clock.rate * clock.segments.get(name, 1.0) for name in scenario.segments] for _, _, clock in rows]
    # A mechanism gives events a year.
    return np.array(rates + [[1.0 / YEAR] * len(scenario.segments)] * extra)


def _bands(rows: list[tuple[str, str, Clock]]) -> dict[str, Any]:
    bands = [(edge, clock.bands[edge]) for _, _, clock in rows for edge in sorted(clock.bands)]
    edges, factors = [edge for edge, _ in bands], [factor for _, factor in bands]
    return {"bands": _table(BAND, {"edge": edges, "factor": factors})}


Predictor = tuple[float, dict[str, float]]


def _predictors(scenario: Scenario, rows: list[tuple[str, str, Clock]], extra: int) -> list[list[Predictor]]:
    """Linear predictors in groups: clocks, alternatives, renewals, recoveries, openings."""
    products = list(scenario.products.values())
    decision = scenario.behaviour.decision
    alternatives = [*(p.choice for p in products), decision.competitor, decision.put_off]
    channels = [scenario.channels[name] for name in CHANNELS]  # type: ignore[index]
    return [
        [(0.0, clock.depends) for _, _, clock in rows] + [(0.0, {})] * extra,
        [(a.appeal, a.depends) for a in alternatives],
        [(p.renewal.appeal, p.renewal.depends) for p in products],
        [(p.recovery.appeal, p.recovery.depends) for p in products],
        [(logit(channel.opened), channel.depends) for channel in channels],
    ]


def _linear(scenario: Scenario, predictors: list[Predictor]) -> dict[str, Any]:
    columns = {name: k for k, name in enumerate(scenario.behaviour.covariates)}
    terms = [(columns[name], value) for _, depends in predictors for name, value in depends.items()]
    ends = np.cumsum([len(depends) for _, depends in predictors])
    return {
        "predictors": _table(
            PREDICTOR,
            {
                "intercept": [intercept for intercept, _ in predictors],
                "term_from": np.concatenate([[0], ends[:-1]]),
                "term_to": ends,
            },
        ),
        "terms": _table(TERM, {"column": [c for c, _ in terms], "value": [v for _, v in terms]}),
    }


def _mind(scenario: Scenario) -> dict[str, Any]:
    behaviour = scenario.behaviour
    names, traits = list(behaviour.states), list(behaviour.traits)
    states = behaviour.states.values()
    impulses = np.zeros((len(IMPULSE_EVENTS), len(names)))
    for event, moved in behaviour.impulses.items():
        for name, amount in moved.items():
            impulses[IMPULSE_EVENTS.index(event), names.index(name)] = amount
    columns = {
        "fade": [math.log(2) / state.half_life for state in states],
        "baseline": [state.baseline for state in states],
        "trait": [-1 if state.trait is None else traits.index(state.trait) for state in states],
    }
    return {"state_rules": _table(STATE_RULE, columns), "impulses": impulses}


def _stages(scenario: Scenario, rows: list[tuple[str, str, Clock]]) -> dict[str, Any]:
    sessions = scenario.behaviour.sessions
    ends = [sum(1 for _, stage, _ in rows if stage in STAGES[: k + 1]) for k in range(N_STAGES)]
    columns: dict[str, Any] = {
        name: [getattr(sessions, name).get(stage, 0.0) for stage in STAGES]
        for name in ("active", "product_page", "service_use")
    }
    columns |= {
        "clock_from": [0, *ends[:-1]],
        "clock_to": ends,
        "refresh": [scenario.behaviour.refresh[stage] for stage in STAGES],  # type: ignore[index]
    }
    return {"stage_rules": _table(STAGE_RULE, columns)}


def _hours(scenario: Scenario) -> dict[str, Any]:
    shares = np.asarray(scenario.behaviour.sessions.hours) / sum(scenario.behaviour.sessions.hours)
    before = np.concatenate([[0.0], np.cumsum(shares)[:-1]])
    with np.errstate(divide="ignore"):
        inverse = np.where(shares > 0, 3600.0 / shares, 0.0)
    columns = {"before": before, "per_second": shares / 3600.0, "seconds_per": inverse}
    guess = np.searchsorted(before, np.arange(HOUR_BINS + 1) / HOUR_BINS, side="right") - 1
    return {
        "hour_rules": _table(HOUR_RULE, columns | {"second": np.arange(24) * 3600}),
        "hour_guess": np.clip(guess, 0, 23).astype(np.int32),
    }


def _products(scenario: Scenario) -> dict[str, Any]:
    products = list(scenario.products.values())
    columns = {
        "premium_log": [math.log(p.premium.median) for p in products],
        "premium_spread": [p.premium.spread for p in products],
        "premium_income": [p.premium.income_elasticity for p in products],
        "commission": [p.commission for p in products],
        "renewal_commission": [p.renewal_commission for p in products],
        "claim_multiple": [p.claim_multiple for p in products],
        "grace": [p.grace for p in products],
        "needs_person": [p.needs_person for p in products],
    }
    return {"product_rules": _table(PRODUCT_RULE, columns)}


def _touches(scenario: Scenario, clocks: list[str]) -> dict[str, Any]:
    channels = [scenario.channels[name] for name in CHANNELS]  # type: ignore[index]
    contents = list(scenario.contents.values())
    states = list(scenario.behaviour.states)
    tables = {
        "content_impulses": np.zeros((len(contents), len(states))),
        "lifts": np.zeros((len(contents), len(clocks))),
        "fit": np.ones((len(contents), N_STAGES)),
    }
    for n, content in enumerate(contents):
        for name, amount in content.impulses.items():
            tables["content_impulses"][n, states.index(name)] = amount
        for name, amount in content.lifts.items():
            tables["lifts"][n, clocks.index(name)] = amount
        for stage, factor in content.fit.items():
            tables["fit"][n, STAGES.index(stage)] = factor
    channel_columns = {
        "delay": [c.delay for c in channels],
        "failure": [1.0 - c.delivered for c in channels],
        "open_delay": [c.open_delay for c in channels],
        "fatigue": [c.fatigue for c in channels],
        "opt_out": [logit(c.opt_out) for c in channels],
        "opt_out_fatigue": [c.opt_out_fatigue for c in channels],
        "cost": [c.cost for c in channels],
    }
    content_columns = {
        "visit": [c.visit for c in contents],
        "benefit": [c.benefit for c in contents],
        "marketing": [c.kind != "service" for c in contents],
    }
    return {
        "channel_rules": _table(CHANNEL_RULE, channel_columns),
        "content_rules": _table(CONTENT_RULE, content_columns),
        **tables,
    }


def _numbers(scenario: Scenario) -> dict[str, float]:
    behaviour, policy = scenario.behaviour, scenario.contact_policy
    traits, states = list(behaviour.traits), list(behaviour.states)
    income = behaviour.traits.get("income")
    return {
        "fatigue_state": states.index("fatigue") if "fatigue" in states else -1,
        "income_column": traits.index("income") if income is not None and income.log else -1,
        "income_scale": income.scale if income is not None else 0.0,
        "cutoff": scenario.warm_up + scenario.horizon - 120 * DAY,
        "cap_touches": policy.marketing_cap.touches,
        "cap_within": policy.marketing_cap.within,
        "quiet_start": policy.quiet.start,
        "quiet_end": policy.quiet.end,
        "log_visits": int(scenario.experiment.event_share >= 1.0),
        "inquiry": behaviour.sessions.inquiry,
        "upsell_potential": behaviour.upsell.potential,
        "upsell_maturity": behaviour.upsell.maturity,
        "complaint": behaviour.warning.complaint,
        "silent_start": behaviour.warning.silent_start,
        "claims_disappointed": behaviour.claims.disappointed,
    }
