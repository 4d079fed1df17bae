"""A scenario as tables: what the kernel reads, compiled once for a replication."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from lifesim.dates import first_day
from lifesim.lifecycle.candidates import HOUR_BINS
from lifesim.lifecycle.clock_tables import Rows, band_edges, clock_rows, clock_tables, keys_of, stage_slots, table
from lifesim.lifecycle.need_tables import (
    cover_predictors,
    gap_stages,
    life_predictors,
    need_numbers,
    need_tables,
)
from lifesim.lifecycle.offers import appeals, difficulties, price_cuts
from lifesim.lifecycle.rule_records import HOUR_RULE, PREDICTOR, PRODUCT_RULE, STAGE_RULE, STATE_RULE, TERM
from lifesim.lifecycle.season import hazard_factors, inquiry_factors, spell_factors
from lifesim.lifecycle.touch_tables import channel_rules, logit, touch_tables
from lifesim.population.columns import DAY, N_STAGES
from lifesim.population.consent import by_purpose
from lifesim.population.memory import months_of
from lifesim.population.tags import mix_up_to
from lifesim.scenario import Scenario
from lifesim.scenario.ages import AGES
from lifesim.scenario.behaviour import IMPULSE_EVENTS, LAPSE_CAUSES, STAGES, Unpaid
from lifesim.scenario.journeys.words import EVENTS
from lifesim.scenario.leads import BEHAVIOURS
from lifesim.scenario.needs import FAMILIES
from lifesim.scenario.products import TIMES, Product
from lifesim.streams import Streams

#: Names of the decisions whose luck the kernel draws; places are the K_ constants beside their use.
DECISIONS = (
    "premium", "renewal", "complaint", "claim", "mechanism", "session", "inquiry", "delivery", "opening",
    "visit", "delay", "travel", "frequency", "reinstatement", "cure",
    *(f"unpaid {cause}" for cause in LAPSE_CAUSES), "cooling off", "sum assured", "underwriting",
    "browsing", "tag", "reminded of an event", "birthday", "own hours", "comes for a benefit",
)  # fmt: skip


class Rules(NamedTuple):
    """Tables of one replication, see ``lifecycle.rule_fields``: hazards per second, money in fen."""

    arrays: dict[str, Any]
    numbers: dict[str, Any]


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
        "keys": keys_of(streams, list(DECISIONS)),
        "choice_keys": keys_of(streams, [f"choice {name}" for name in alternatives]),
        "campaign_keys": keys_of(streams, [f"campaign {name}" for name in campaigns]),
        "market": hazard_factors(scenario, names, streams),
        "spells": spell_factors(scenario, names),
        "appeals": appeals(scenario),
        "difficulty": difficulties(scenario),
        "price_cuts": price_cuts(scenario),
        "inquiry_factors": inquiry_factors(scenario),
        "month_of": months_of(scenario)[1],
        "tag_mix": mix_up_to(scenario),
        **_hours(scenario),
        **clock_tables(scenario, streams, rows, names),
        **_mind(scenario),
        **need_tables(scenario, streams),
        **_stages(scenario, rows),
        **_products(scenario),
        **_unpaid(scenario),
        "underwriting": _underwriting(scenario),
        **touch_tables(scenario, names),
        **mechanisms.tables(scenario),
        "prompt_keys": keys_of(streams, [f"prompted {event}" for event in EVENTS]),
    }
    groups = _predictors(scenario, rows, len(mechanisms.names))
    arrays |= _linear(scenario, [predictor for group in groups for predictor in group])
    first = [int(place) for place in np.cumsum([len(group) for group in groups])]
    numbers = {
        "segments": len(segments),
        "days": arrays["market"].shape[1],
        # Hours that begin within one bin of the guess, at most.
        "hour_steps": int(np.diff(arrays["hour_guess"]).max()),
        "has_spells": len(arrays["spells"]),
        "has_cuts": len(arrays["price_cuts"]),
        "months_all": len(months_of(scenario)[0]),
        "clocks_all": len(names),
        "stage_slots": stage_slots(rows),
        "first_process": sum(1 for _, stage, _ in rows if stage),
        "covariates": len(scenario.behaviour.covariates),
        "parameters": arrays["mechanism_parameters"].shape[1],
        "products": len(scenario.products),
        "contents": arrays["lifted_by"].shape[0],
        **dict(zip(_GROUPS, first, strict=False)),
        **_numbers(scenario),
        **need_numbers(scenario),
        "gap_stages": gap_stages(scenario, arrays, len(rows)),
    }
    return Rules({name: np.ascontiguousarray(array) for name, array in arrays.items()}, numbers)


Predictor = tuple[float, dict[str, float]]
#: Groups of predictors behind those of clocks.
_GROUPS = ("alternative", "renewal", "recovery", "opening", "unpaid", "life", "cover", "pull")


def _predictors(scenario: Scenario, rows: Rows, extra: int) -> list[list[Predictor]]:
    """Linear predictors in groups: those of clocks, then those of ``_GROUPS``."""
    products = list(scenario.products.values())
    decision = scenario.behaviour.decision
    closing = [(p.choice.appeal, _understood(p, scenario.closing)) for p in products]
    others = [(a.appeal, a.depends) for a in (decision.competitor, decision.put_off)]
    channels = channel_rules(scenario)
    return [
        [(0.0, clock.depends) for _, _, clock in rows] + [(0.0, {})] * extra,
        [*closing, *others],
        [(way.appeal, way.depends) if way else (0.0, {}) for way in (p.renewal for p in products)],
        [(way.appeal, way.depends) if way else (0.0, {}) for way in (p.recovery for p in products)],
        [(logit(channel.opened), channel.depends) for channel in channels],
        [(0.0, each.depends if each else {}) for each in _causes(scenario)],
        life_predictors(scenario),
        cover_predictors(scenario),
        [(0.0, each.activity.depends if each.activity else {}) for each in scenario.contents.values()],
    ]


def _understood(product: Product, closing: dict[str, float]) -> dict[str, float]:
    """What a product's utility depends on: the more complex it is, the more what helps to understand it counts."""
    depends = dict(product.choice.depends)
    for covariate, value in closing.items():
        depends[covariate] = depends.get(covariate, 0.0) + product.complexity * value
    return depends


def _linear(scenario: Scenario, predictors: list[Predictor]) -> dict[str, Any]:
    columns = {name: k for k, name in enumerate(scenario.behaviour.covariates)}
    terms = [(columns[name], value) for _, depends in predictors for name, value in depends.items()]
    ends = np.cumsum([len(depends) for _, depends in predictors])
    return {
        "predictors": table(
            PREDICTOR,
            {
                "intercept": [intercept for intercept, _ in predictors],
                "term_from": np.concatenate([[0], ends[:-1]]),
                "term_to": ends,
            },
        ),
        "terms": table(TERM, {"column": [c for c, _ in terms], "value": [v for _, v in terms]}),
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
        "most": [math.inf if state.most is None else state.most for state in states],
        "trait": [-1 if state.trait is None else traits.index(state.trait) for state in states],
    }
    return {"state_rules": table(STATE_RULE, columns), "impulses": impulses}


def _stages(scenario: Scenario, rows: Rows) -> dict[str, Any]:
    sessions = scenario.behaviour.sessions
    ends = [sum(1 for _, stage, _ in rows if stage in STAGES[: k + 1]) for k in range(N_STAGES)]
    edges = np.cumsum([0, *(len(band_edges(rows, stage)) for stage in STAGES)])
    columns: dict[str, Any] = {
        name: [getattr(sessions, name).get(stage, 0.0) for stage in STAGES]
        for name in ("active", "product_page", "service_use")
    }
    columns |= {
        "clock_from": [0, *ends[:-1]],
        "clock_to": ends,
        "refresh": [scenario.behaviour.refresh[stage] for stage in STAGES],  # type: ignore[index]
        "edge_from": edges[:-1],
        "edge_to": edges[1:],
    }
    return {"stage_rules": table(STAGE_RULE, columns)}


def _hours(scenario: Scenario) -> dict[str, Any]:
    shares = np.asarray(scenario.behaviour.sessions.hours) / sum(scenario.behaviour.sessions.hours)
    before = np.concatenate([[0.0], np.cumsum(shares)[:-1]])
    with np.errstate(divide="ignore"):
        inverse = np.where(shares > 0, 3600.0 / shares, 0.0)
    columns = {"before": before, "per_second": shares / 3600.0, "seconds_per": inverse}
    columns = {name: np.append(values, 0.0) for name, values in columns.items()}
    columns["before"][24] = math.inf  # no hour follows the last
    return {
        "hour_rules": table(HOUR_RULE, columns | {"second": np.arange(25) * 3600}),
        "hour_guess": _hour_guess(before),
    }


def _hour_guess(before: Any) -> Any:
    """Hour that begins before each bin of the day's activity. Shape (``HOUR_BINS`` + 1,)."""
    guess = np.searchsorted(before, np.arange(HOUR_BINS + 1) / HOUR_BINS, side="right") - 1
    return np.clip(guess, 0, 23).astype(np.int32)


def _products(scenario: Scenario) -> dict[str, Any]:
    products = list(scenario.products.values())
    columns = {
        "premium_log": [math.log(p.premium.median) if p.premium.median else -math.inf for p in products],
        "premium_spread": [p.premium.spread for p in products],
        "premium_income": [p.premium.income_elasticity for p in products],
        "commission": [p.commission for p in products],
        "renewal_commission": [p.renewal_commission for p in products],
        "margin": [p.value.margin for p in products],
        "renewal_margin": [p.value.renewal_margin for p in products],
        "claw_back_share": [p.claw_back.share for p in products],
        "claw_back_within": [p.claw_back.within for p in products],
        "returned": [p.cooling_off.returned for p in products],
        "cooling_off": [p.cooling_off.within for p in products],
        "instalments": [p.payment.instalments if p.payment else 1.0 for p in products],
        "reinstated": [p.payment.reinstated if p.payment else 0.0 for p in products],
        "frequency": [_up_to(p) for p in products],
        "payments_years": [p.payment.years if p.payment else 0 for p in products],
        "severity": [p.claims.severity.mean for p in products],
        "severity_spread": [-1.0 if p.claims.severity.spread is None else p.claims.severity.spread for p in products],
        "cover_multiple": [p.sum_assured.multiple for p in products],
        "cover_spread": [p.sum_assured.spread for p in products],
        "underwritten": [p.underwriting is not None for p in products],
        "loading": [p.underwriting.loading if p.underwriting else 1.0 for p in products],
        "exclusion": [p.underwriting.exclusion if p.underwriting else 1.0 for p in products],
        "most_insured": [(p.underwriting and p.underwriting.max_sum_assured) or 0.0 for p in products],
        "decided_within": [p.underwriting.takes.median if p.underwriting else 0 for p in products],
        "decided_spread": [p.underwriting.takes.spread if p.underwriting else 0.0 for p in products],
        "again": [p.underwriting.again if p.underwriting else 0 for p in products],
        "matures_after": [p.maturity.after if p.maturity else 0 for p in products],
        "maturity_pays": [p.maturity.pays if p.maturity else 0.0 for p in products],
        "maturity_of_sum": [bool(p.maturity and p.maturity.of == "sum_assured") for p in products],
        "death_pays": [p.death_benefit.pays if p.death_benefit else 0.0 for p in products],
        "death_of_sum": [bool(p.death_benefit and p.death_benefit.of == "sum_assured") for p in products],
        "ends_policy": [p.claims.ends_policy for p in products],
        "severity_of_sum": [p.claims.severity.of == "sum_assured" for p in products],
        "gift": [p.gift for p in products],
        "family": [FAMILIES.index(p.family) for p in products],
        "grace": [p.grace for p in products],
        "needs_person": [p.needs_person for p in products],
    }
    return {
        "product_rules": table(PRODUCT_RULE, columns),
        "incidence": np.array([p.claims.factors() for p in products]),
    }


def _underwriting(scenario: Scenario) -> Any:
    """Outcomes of applications by product and age, shape (products, ages, 5); zero where issued at once."""
    none = np.zeros((AGES, 5))
    return np.array([p.underwriting.table() if p.underwriting else none for p in scenario.products.values()])


def _up_to(product: Product) -> list[float]:
    """Shares of policies that are paid at most yearly, half-yearly and quarterly."""
    shares = product.payment.frequency if product.payment else {"yearly": 1.0}
    return np.cumsum([shares.get(name, 0.0) for name in TIMES])[:-1].tolist()


def policy_years(scenario: Scenario) -> int:
    """Length of the tables by policy year, of which the last entry holds for all later years."""
    products = scenario.products.values()
    return max(max(len(p.payment.unpaid) if p.payment else 1, len(p.cash_value)) for p in products)


def _stays(by_year: tuple[float, ...], years: int) -> list[float]:
    return [*by_year, *[by_year[-1]] * (years - len(by_year))]


def _causes(scenario: Scenario) -> list[Unpaid | None]:
    """Causes of not paying in the order of the tables; none for one that the scenario leaves out."""
    return [scenario.behaviour.unpaid.get(cause) for cause in LAPSE_CAUSES]


def _unpaid(scenario: Scenario) -> dict[str, Any]:
    """Chances of not paying, by cause and policy year, and what contents do about it."""
    factors = [product.payment.unpaid if product.payment else (1.0,) for product in scenario.products.values()]
    cash = [product.cash_value for product in scenario.products.values()]
    longest = policy_years(scenario)
    causes = _causes(scenario)
    cures = [content.cures for content in scenario.contents.values()]
    return {
        "unpaid_factor": np.array([_stays(each, longest) for each in factors]),
        "cash_value": np.array([_stays(each, longest) for each in cash]),
        "unpaid_chance": np.array([each.chance if each else 0.0 for each in causes]),
        "unpaid_recovers": np.array([each.recovers if each else 0.0 for each in causes]),
        "cures": np.array([[each.get(cause, 0.0) for cause in LAPSE_CAUSES] for each in cures]),
    }


def _numbers(scenario: Scenario) -> dict[str, float]:
    behaviour = scenario.behaviour
    traits, states, power = list(behaviour.traits), list(behaviour.states), scenario.closing_power
    income = behaviour.traits.get("income")
    return {
        "fatigue_state": states.index("fatigue") if "fatigue" in states else -1,
        "income_column": traits.index("income") if income is not None and income.log else -1,
        "income_scale": income.scale if income is not None else 0.0,
        "first_day": first_day(scenario.start, scenario.warm_up),
        "policy_years": policy_years(scenario),
        "suspension": behaviour.suspension.within,
        "cutoff": scenario.warm_up + scenario.horizon - 120 * DAY,
        "end": scenario.warm_up + scenario.horizon,
        "log_visits": int(scenario.experiment.event_share >= 1.0),
        "lost_online": power.lost(power.online) if power else 0.0,
        "lost_served": power.lost(power.served) if power else 0.0,
        "own_hours": behaviour.own_hours,
        "inquiry": behaviour.sessions.inquiry,
        "mined": _mined(scenario),
        "discount": scenario.valuation.force,
        "upsell_potential": behaviour.upsell.potential,
        "upsell_maturity": behaviour.upsell.maturity,
        "complaint": behaviour.warning.complaint,
        "regulator": behaviour.warning.regulator,
        "regulator_at_once": behaviour.warning.regulator_at_once,
        "silent_start": behaviour.warning.silent_start,
        "purposed": int(by_purpose(scenario)),
        "scored": int(scenario.inference.churn is not None),
        "recognised": scenario.inference.recognised,
        "tags_observed": int(scenario.inference.from_observables),
        "words": len(EVENTS),
    } | _claims(scenario)


def _mined(scenario: Scenario) -> int:
    """What makes a lead, as bits: see ``lifecycle.mining``."""
    bits = 0
    for behaviour, mined in scenario.leads.mined.items() if scenario.leads else ():
        for stage in mined.stages or STAGES:
            bits |= 1 << (8 * BEHAVIOURS.index(behaviour) + STAGES.index(stage))
    return bits


def _claims(scenario: Scenario) -> dict[str, float]:
    claims, answers = scenario.behaviour.claims, scenario.behaviour.requests.takes
    return {
        "claims_disappointed": claims.disappointed,
        "claims_refused": claims.refused,
        "claims_reduced_to": claims.reduced_to,
        "settled_within": claims.takes.median,
        "settled_spread": claims.takes.spread,
        "answered_within": answers.median,
        "answered_spread": answers.spread,
    }
