"""What the rules of a world consist of: arrays by name, and settings that are single numbers.

The names become fields of the record that the kernel takes, see `layout.py`, in this order.
"""

from __future__ import annotations

from typing import Any

from lifesim.lifecycle.rule_records import (
    BAND,
    CHANNEL_RULE,
    CLOCK_RULE,
    CONTENT_RULE,
    HOUR_RULE,
    JOURNEY_RULE,
    LIFE_RULE,
    MECHANISM_RULE,
    POLICY_RULE,
    PREDICTOR,
    PRODUCT_RULE,
    STAGE_RULE,
    STATE_RULE,
    TERM,
)

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
    "heeds_failure": "i8",  # whether a journey asks whether something that it sends does not arrive
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
    "service_journeys": "i8",  # bit per journey that sends service alone
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
