"""The world as the kernel sees it: one record of addresses and settings, and typed access to what is there.

Passing dozens of arrays between compiled functions by value costs minutes of compilation and most of the running
time. The kernel therefore gets one record, ``w``; ``customer_row(w, i)`` and its relatives are pointers into
the arrays of ``State`` and ``Rules``, which Python keeps alive and which nobody may resize while the kernel runs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.compiled import compiled, pointer, scalars
from lifesim.population.columns import (
    CLOCK,
    COUNTS,
    COURSE,
    CUSTOMER,
    ENROLMENT,
    EVENT,
    LIFT,
    MIND,
    NONE,
    NOTE,
    OUTCOME,
    POLICY,
    REQUEST,
    SIGNAL,
    TOUCH,
)
from lifesim.population.state import State

CLOCK_RULE = np.dtype(
    [
        ("key", "u8"),
        ("fade", "f8"),  # decay of the excess, per second
        ("band_from", "i4"),
        ("band_to", "i4"),
        ("mechanism", "i4"),  # -1 none
        ("to_stage", "u1"),
        ("event", "u1"),
        ("cause", "u1"),
        ("runs", "u1"),  # bit per stage
    ],
    align=True,
)
HOUR_RULE = np.dtype(
    [
        ("before", "f8"),  # share of the day's activity before the hour
        ("per_second", "f8"),  # share of the day's activity in a second of the hour
        ("seconds_per", "f8"),  # its inverse; 0 in an hour without activity
        ("second", "i4"),  # at which the hour begins
    ],
    align=True,
)
BAND = np.dtype([("edge", "i4"), ("factor", "f8")], align=True)
LIFE_RULE = np.dtype(
    [("key", "u8"), ("rate", "f8"), ("band_from", "i4"), ("band_to", "i4"), ("once", "u1")],  # bands: ages in years
    align=True,
)
PREDICTOR = np.dtype([("intercept", "f8"), ("term_from", "i4"), ("term_to", "i4")], align=True)
TERM = np.dtype([("column", "i4"), ("value", "f8")], align=True)
STATE_RULE = np.dtype([("fade", "f8"), ("baseline", "f8"), ("most", "f8"), ("trait", "i4")], align=True)
STAGE_RULE = np.dtype(
    [
        ("active", "f8"),
        ("product_page", "f8"),
        ("service_use", "f8"),
        ("clock_from", "i4"),
        ("clock_to", "i4"),
        ("refresh", "i4"),
        ("edge_from", "i4"),
        ("edge_to", "i4"),
    ],
    align=True,
)
PRODUCT_RULE = np.dtype(
    [
        ("premium_log", "f8"),  # logarithm of the median in fen
        ("premium_spread", "f8"),
        ("premium_income", "f8"),
        ("commission", "f8"),
        ("renewal_commission", "f8"),
        ("instalments", "f8"),  # factor on chances of not paying for more than one instalment a year
        ("reinstated", "f8"),
        ("frequency", "f8", (3,)),  # shares up to yearly, half-yearly, quarterly payment
        ("margin", "f8"),  # value of new business over annualised premium
        ("renewal_margin", "f8"),
        ("claw_back_share", "f8"),
        ("returned", "f8"),  # share that is given back in the cooling-off period
        ("claw_back_within", "i4"),
        ("cooling_off", "i4"),
        ("payments_years", "i4"),  # 0 for a product that is bought again
        ("severity", "f8"),  # mean claim over the annual premium, or the sum assured
        ("severity_spread", "f8"),  # below zero: exponential
        ("cover_multiple", "f8"),  # mean sum assured over the annual premium
        ("cover_spread", "f8"),
        ("gift", "i8"),  # cost of giving it away
        ("loading", "f8"),  # premium of a loaded policy over the standard one
        ("exclusion", "f8"),  # share of the incidence that an exclusion leaves
        ("most_insured", "f8"),  # years of income; 0 without a limit
        ("decided_within", "f8"),  # median time of underwriting, seconds
        ("decided_spread", "f8"),
        ("again", "i4"),  # from an application that came to nothing to the next, seconds
        ("maturity_pays", "f8"),
        ("death_pays", "f8"),
        ("matures_after", "i4"),  # years; 0 never
        ("grace", "i4"),
        ("maturity_of_sum", "u1"),  # of the sum assured, not of the premiums paid
        ("death_of_sum", "u1"),
        ("ends_policy", "u1"),  # a claim that is paid does
        ("underwritten", "u1"),
        ("needs_person", "u1"),
        ("family", "u1"),
        ("severity_of_sum", "u1"),  # claims are multiples of the sum assured
    ],
    align=True,
)
CHANNEL_RULE = np.dtype(
    [
        ("delay", "f8"),
        ("failure", "f8"),
        ("open_delay", "f8"),
        ("lost", "f8"),  # of the utility of a product of difficulty 1; infinite where it advises nobody
        ("fatigue", "f8"),
        ("opened", "f8"),  # log-odds where covariates are zero
        ("opt_out", "f8"),  # log-odds
        ("opt_out_fatigue", "f8"),
        ("cost", "i8"),
        ("opens", "i4"),  # second of the day from which it carries anything, and to which; 0 and a day: always
        ("closes", "i4"),
        ("opt_out_ends", "u1"),  # place in scenario.channel_rules.OPT_OUTS
        ("by_hour", "u1"),  # whether opening depends on the hour
        ("needs", "u2"),  # bits of reach without which it reaches nobody
        ("opt_out_purpose", "f8"),  # share that take back the purpose alone
        ("response", "u1"),  # what the insurer sees when a touch is taken in, place in scenario.journeys.words.EVENTS
        ("shows", "u1"),  # bit per answer that the insurer sees, by the same places
    ],
    align=True,
)
CONTENT_RULE = np.dtype(
    [
        ("key", "u8"),  # of its name, which luck is about
        ("visit", "f8"),
        ("opened", "f8"),  # log-odds in place of the channel's; not a number for the channel's own
        ("benefit", "i8"),
        ("visits", "f8"),  # that it brings while its benefit runs, per second; 0 for none
        ("fades", "f8"),  # of their rate once it has stopped, per second
        ("lasts", "i4"),
        ("gap", "f8"),  # from which on it is to the point, years of income
        ("brings", "f8"),  # share of those who would miss an offline event
        ("family", "i4"),  # -1 none
        ("page", "i4"),  # product at whose page visits begin; -1 none
        ("marketing", "u1"),
        ("cures", "u1"),
        ("prompts", "u1"),  # whether any
        ("proposal", "u1"),
        ("adds", "u1"),  # asks to be accepted as a contact on WeCom
        ("kind", "u1"),
        ("purpose", "u1"),  # place in scenario.contents.PURPOSES
    ],
    align=True,
)
JOURNEY_RULE = np.dtype(
    [
        ("campaign", "i4"),  # its place among everything that sends touches
        ("first_row", "i4"),  # of the steps of all journeys
        ("first_step", "i4"),  # of the names of all steps
        ("first_way", "i4"),  # of the counts: entered, converted, then the steps
        ("leaving_from", "i4"),  # triggers that end it, and triggers that it is for
        ("leaving_to", "i4"),
        ("goal_from", "i4"),
        ("goal_to", "i4"),
        ("goal_seconds", "i4"),
        ("goal_leaves", "i4"),
        ("exit_if", "i4"),  # audience
        ("reentry_after", "i4"),
        ("reentry_times", "i4"),
        ("entries_from", "i4"),
        ("entries_to", "i4"),
        ("steps", "i4"),
        ("counts_days", "i4"),  # whether a run of days is its goal or lets customers in: it counts outside it too
    ],
    align=True,
)
#: A rule of the contact policy about some touches: what `place`, `within` and `outcome` are depends on the rule.
POLICY_RULE = np.dtype(
    [
        ("channels", "i8"),  # bits
        ("kinds", "i8"),  # bits, of kinds of content
        ("place", "i4"),  # among the times remembered of a customer; of an audience
        ("within", "i4"),  # rolling window, seconds; how many times are remembered
        ("outcome", "i4"),  # of a touch that the rule holds back
    ],
    align=True,
)
MECHANISM_RULE = np.dtype([("rate", "i8"), ("apply", "i8"), ("reads_from", "i4"), ("reads_to", "i4")], align=True)

#: Arrays of the rules by name, with what one element is.
RULE_ARRAYS: dict[str, Any] = {
    "keys": "u8",  # luck key of each decision
    "choice_keys": "u8",  # of each alternative
    "campaign_keys": "u8",
    "clock_rules": CLOCK_RULE,
    "bands": BAND,
    "edges": "i4",  # times in a stage at which a factor changes, in ascending order, stage by stage
    "predictors": PREDICTOR,  # clocks, alternatives, renewals, recoveries, channels, causes, life events, wanted cover
    "terms": TERM,
    "state_rules": STATE_RULE,
    "life_rules": LIFE_RULE,
    "life_bands": BAND,
    "life_impulses": "f8",  # (kinds of life events, states)
    "stage_rules": STAGE_RULE,
    "product_rules": PRODUCT_RULE,
    "incidence": "f8",  # (products, ages): claims a year on a policy in force
    "underwriting": "f8",  # (products, ages, 5): given up, then shares up to four outcomes
    "unpaid_factor": "f8",  # (products, policy years)
    "cash_value": "f8",  # (products, policy years)
    "unpaid_chance": "f8",  # by cause
    "unpaid_recovers": "f8",
    "cures": "f8",  # (contents, causes)
    "channel_rules": CHANNEL_RULE,
    "content_rules": CONTENT_RULE,
    "hour_odds": "f8",  # (channels, hours of the day): added to the log-odds of opening
    "mechanism_rules": MECHANISM_RULE,
    "reads": "i4",
    "mechanism_parameters": "f8",  # (mechanisms, longest)
    "rate": "f8",  # (clocks, segments) per second
    "market": "f4",  # (clocks, days): season and luck
    "spells": "f4",  # (clocks, days): episodes; empty where none moves a hazard
    "difficulty": "f8",  # of closing each product
    "appeals": "f8",  # (alternatives, days)
    "price_cuts": "f8",  # (products, days); empty where nothing becomes cheaper
    "inquiry_factors": "f8",  # by day
    "impulses": "f8",  # (events, states)
    "content_impulses": "f8",  # (contents, states)
    "content_harm": "f8",  # (contents, states)
    "lifted_by": "f8",  # (contents, clocks)
    "fit": "f8",  # (contents, stages)
    "prompts": "f8",  # (contents, observed events): share of those who take it in
    "prompt_keys": "u8",
    "month_of": "i4",  # place of each day's calendar month
    "hour_guess": "i4",  # hour that a share of the day's activity cannot precede
    "hour_rules": HOUR_RULE,
    # Journeys, see engagement.journeys.layout.
    "journey_rules": JOURNEY_RULE,
    "journey_steps": "i8",
    "journey_triggers": "i8",
    "journey_branches": "i8",
    "journey_calendars": "i8",
    "journey_entries": "i8",
    "seats": "i8",  # (events_all, 4): offline events, see engagement.prompting
    "step_keys": "u8",  # (steps of all journeys, 2): of what is sent, of a split
    "audience_from": "i8",  # first row of each audience, and the end of the last
    "audience_rows": "i8",
    "audience_values": "f8",
    "recall_rules": "i8",  # (recall_rows, 3): event, what it is about, column of State.recalled
    "tag_mix": "f8",  # shares of segments up to each
    # The contact policy of an arm, see engagement.policies.
    "policy_keys": "u8",
    "quiet_hours": "i8",  # (channels, 3): from, to, whether what would arrive is dropped
    "fallback": "i8",  # by channel the next one; or -1
    "ranks": "i8",  # of everything that sends touches, 0 first
    "cap_rules": POLICY_RULE,
    "cap_windows": POLICY_RULE,
    "suppressions": POLICY_RULE,
    "limit_rules": POLICY_RULE,
}

#: Settings that are single numbers.
RULE_NUMBERS: dict[str, str] = {
    "segments": "i8",
    "days": "i8",
    "hour_steps": "i8",
    "months_all": "i8",
    "has_spells": "i8",
    "has_cuts": "i8",
    "clocks_all": "i8",
    "stage_slots": "i8",
    "first_process": "i8",
    "covariates": "i8",
    "parameters": "i8",
    "products": "i8",
    "contents": "i8",
    "alternative": "i8",  # first predictor of each group
    "renewal": "i8",
    "recovery": "i8",
    "unpaid": "i8",
    "opening": "i8",
    "life": "i8",
    "life_kinds": "i8",
    "cover": "i8",
    "pull": "i8",
    "families": "i8",
    "words": "i8",  # observed events
    "journeys": "i8",
    "marks_each": "i8",
    "desk_content": "i8",
    "events_all": "i8",  # offline events of all journeys
    "recalled_events": "i8",  # bit per observed event that some audience asks about
    "recall_rows": "i8",
    "learns": "i8",  # whether a journey is entered when the insurer learns of a life event
    "scored": "i8",  # whether there is a score of early warning
    "recognised": "f8",  # share of customers whose segment the insurer recognises
    "tags_observed": "i8",  # 1: the tag is the one that follows from observables
    "wanting": "i8",  # whether cover is wanted at all
    "gap_stages": "i8",  # bit per stage in which a hazard depends on a gap
    "age_column": "i8",  # -1 none
    "fatigue_state": "i8",  # -1 none
    "income_column": "i8",  # -1 none
    "first_day": "i8",  # day of second 0, days since 1970-01-01
    "policy_years": "i8",
    "suspension": "i8",
    "cutoff": "i8",
    "end": "i8",
    "cap_touches": "i8",
    "cap_within": "i8",
    "caps": "i8",
    "windows": "i8",
    "suppressed_who": "i8",
    "holdout": "f8",
    "ranked": "i8",
    "at_once": "i8",  # 0 for any number
    "limits": "i8",
    "taken_by_turns": "i8",  # bit per journey that takes so many customers and no more
    "reason_quiet": "i8",
    "reason_holdout": "i8",
    "reason_priority": "i8",
    "purposed": "i8",  # whether customers consent by purpose
    "reason_purpose": "i8",
    "log_visits": "i8",
    "lost_online": "f8",  # of the utility of a product of difficulty 1
    "lost_served": "f8",
    "own_hours": "f8",  # standard deviation of the shift of customers' days
    "income_scale": "f8",
    "income_log": "f8",  # logarithm of the reference income in fen
    "age_center": "f8",
    "age_scale": "f8",
    "inquiry": "f8",
    "mined": "i8",  # bits by behaviour and estimated stage, see `lifecycle.mining`
    "discount": "f8",  # force of interest, per second
    "upsell_potential": "f8",
    "upsell_maturity": "f8",
    "complaint": "f8",
    "regulator": "f8",
    "regulator_at_once": "f8",
    "silent_start": "f8",
    "claims_disappointed": "f8",
    "claims_refused": "f8",
    "claims_reduced_to": "f8",
    "settled_within": "f8",  # median, seconds
    "settled_spread": "f8",
    "answered_within": "f8",
    "answered_spread": "f8",
}

#: Sizes of the state that the kernel needs.
_SIZES = {
    "slots": "i8", "slots_lifted": "i8", "no_lift": "i8",
    "states": "i8", "traits_each": "i8", "events_room": "i8", "requests_room": "i8",
    "channels": "i8", "outcomes_each": "i8", "remembered": "i8", "scratch": "i8", "drawn": "i8", "notes": "i8",
    "recall_width": "i8",
}  # fmt: skip

WORLD = np.dtype(
    [(name, "i8") for name in (*State._fields, *RULE_ARRAYS)] + list(RULE_NUMBERS.items()) + list(_SIZES.items())
)

customer_at, outcome_at, clock_at, mind_at = (pointer(d) for d in (CUSTOMER, OUTCOME, CLOCK, MIND))
lift_at = pointer(LIFT)
policy_at, touch_at, event_at, request_at = (pointer(d) for d in (POLICY, TOUCH, EVENT, REQUEST))
counts_at, clock_rule_at, band_at = pointer(COUNTS), pointer(CLOCK_RULE), pointer(BAND)
life_rule_at, journey_rule_at = pointer(LIFE_RULE), pointer(JOURNEY_RULE)
policy_rule_at = pointer(POLICY_RULE)
enrolment_at, course_at, note_at, signal_at = pointer(ENROLMENT), pointer(COURSE), pointer(NOTE), pointer(SIGNAL)
predictor_at, term_at, state_rule_at = pointer(PREDICTOR), pointer(TERM), pointer(STATE_RULE)
stage_rule_at, product_rule_at, channel_rule_at = (
    pointer(STAGE_RULE), pointer(PRODUCT_RULE), pointer(CHANNEL_RULE))  # fmt: skip
content_rule_at, mechanism_rule_at, hour_rule_at = pointer(CONTENT_RULE), pointer(MECHANISM_RULE), pointer(HOUR_RULE)
world_at = pointer(WORLD)
f8, set_f8 = scalars(np.float64)
f4, _ = scalars(np.float32)
i4, set_i4 = scalars(np.int32)
i8, set_i8 = scalars(np.int64)
u8, _ = scalars(np.uint64)
u2, set_u2 = scalars(np.uint16)
u1, set_u1 = scalars(np.uint8)


@compiled
def customer_row(w: Any, i: int) -> Any:
    """The record of customer ``i``; assignments go to the column."""
    return customer_at(w.customers, i)


@compiled
def outcome_row(w: Any, i: int) -> Any:
    """Where it is added up what becomes of customer ``i`` since the fork."""
    return outcome_at(w.outcomes, i if counts(w).twins else customer_row(w, i).account)


@compiled
def clock_row(w: Any, i: int, slot: int) -> Any:
    """One hazard clock of customer ``i``."""
    return clock_at(w.clocks, i * w.slots + slot)


@compiled
def lift_row(w: Any, i: int, slot: int) -> Any:
    """The extra hazard of a clock; clocks that nothing lifts share one that stays zero."""
    return lift_at(w.lifts, i * w.slots_lifted + slot) if slot < w.slots_lifted else lift_at(w.no_lift, 0)


@compiled
def mind_row(w: Any, i: int, k: int) -> Any:
    """One state of mind of customer ``i``."""
    return mind_at(w.mind, i * w.states + k)


@compiled
def policy_row(w: Any, place: int) -> Any:
    """A policy in the pool."""
    return policy_at(w.policies, place)


@compiled
def touch_row(w: Any, place: int) -> Any:
    """A touch in the pool."""
    return touch_at(w.touches, place)


@compiled
def enrolment_row(w: Any, place: int) -> Any:
    """An enrolment in the pool."""
    return enrolment_at(w.enrolments, place)


@compiled
def course_row(w: Any, place: int) -> Any:
    """How far the customer of an enrolment, given by its place, is in the journey; the caller knows that it is said."""
    return course_at(w.courses, enrolment_row(w, place).course)


@compiled
def under_way(w: Any, place: int) -> bool:
    """Whether the customer of an enrolment is in the journey."""
    return enrolment_row(w, place).course != NONE and course_row(w, place).inside


@compiled
def signal_row(w: Any, i: int) -> Any:
    """What the insurer keeps of customer ``i`` for its estimates; only where it keeps something."""
    return signal_at(w.signals, i)


@compiled
def event_row(w: Any, place: int) -> Any:
    """A place in the event buffer."""
    return event_at(w.events, place)


@compiled
def request_row(w: Any, place: int) -> Any:
    """A place in the request buffer."""
    return request_at(w.requests, place)


@compiled
def counts(w: Any) -> Any:
    """The numbers that the kernel keeps."""
    return counts_at(w.counts, 0)


@compiled
def tally(address: int, index: int, amount: int) -> None:
    """Add to one cell of a table of counts."""
    set_i8(address, index, i8(address, index) + amount)


_NO_LIFT = np.zeros(1, LIFT)


def bind(state: State, rules: Any, scratch: Any, drawn: Any, notes: Any) -> Any:
    """The record of a world, shape (1,); valid while none of the arrays is replaced.

    What Python calls takes its address, because a record of so many fields is slow to pass on.

    Parameters
    ----------
    scratch
        Room for one vector of covariates, shape (covariates,).
    drawn
        Room for candidate sessions, one ``lifecycle.candidates.DRAWN``.
    notes
        Room for what is noticed in one step, shape (NOTES,).
    """
    w = np.zeros(1, WORLD)
    for name, array in {**state._asdict(), **rules.arrays}.items():
        if not array.flags.c_contiguous:
            raise ValueError(f"{name} is not contiguous")
        w[name] = array.ctypes.data
    for name, value in rules.numbers.items():
        w[name] = value
    w["slots"], w["slots_lifted"] = state.clocks.shape[1], state.lifts.shape[1]
    w["states"], w["no_lift"] = state.mind.shape[1], _NO_LIFT.ctypes.data
    w["traits_each"] = state.traits.shape[1]
    w["events_room"], w["requests_room"] = len(state.events), len(state.requests)
    w["remembered"], w["recall_width"] = state.recent.shape[1], state.recalled.shape[1]
    w["channels"], w["outcomes_each"] = state.touched.shape[1], state.touched.shape[3]
    w["scratch"], w["drawn"], w["notes"] = scratch.ctypes.data, drawn.ctypes.data, notes.ctypes.data
    return w
