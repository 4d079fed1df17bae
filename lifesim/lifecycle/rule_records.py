"""What one record of each table of rules holds, as the kernel reads it.

`rule_fields.py` says which arrays of the rules consist of these records; `layout.py` has the pointers to them.
"""

from __future__ import annotations

import numpy as np

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
