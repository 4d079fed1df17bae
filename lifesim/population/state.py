"""The arrays of a world, as the kernel takes them."""

from __future__ import annotations

from typing import Any, NamedTuple


class State(NamedTuple):
    """The arrays of a world, as the kernel takes them.

    Attributes
    ----------
    due
        Shape (capacity,): when each customer wakes next, seconds; means nothing in unused rows.
    wake
        Shape (capacity / BLOCK,): earliest ``due`` of each block of customers.
    visible
        Shape (capacity,): from when strategies may see each customer, seconds; ``NEVER`` for those who refuse
        targeting and for the dead. By itself, because it is read for everyone at every campaign.
    customers
        Shape (capacity,).
    accounts, outcomes
        Shape (accounts,): what each stands for, and what became of its customers since the fork. In a world of twins
        outcomes have shape (capacity,).
    traits
        Shape (capacity, traits): covariate of each trait, already centred and scaled.
    mind
        Shape (capacity, states).
    clocks
        Shape (capacity, stage slots + processes).
    lifts
        Shape (capacity, slots up to the last that can be lifted).
    hours_seen
        Shape (capacity, 48): touches delivered in each hour of the day, then those of them that were opened, of
        channels whose opening depends on the hour; without such channels (capacity, 0).
    policies, touches, enrolments, courses
        Pools of linked records; free places are linked from ``counts``.
    marks
        Shape (places for courses, width): what a journey remembers of a customer who is in it, see
        ``engagement.journeys.layout``.
    events, requests
        Buffers that the kernel appends to and Python empties.
    occupied
        Shape (segments, stages, stages + 1): completed episodes begun before the cut-off, by stage and
        next stage; the last column holds the seconds spent in them.
    policy_life
        Shape (products, policy years, 7): exposure since the fork in seconds; lapses, surrenders, deaths; months of
        the instalments that were settled; matured; ended by a claim.
    months
        Shape (products, calendar months since time 0, 3): new policies, their annual premium, premium received.
    applications
        Shape (products, outcomes): applications since the fork that have come to an end.
    session_days
        Shape (days, segments): app sessions.
    touched
        Shape (campaigns, channels, contents, outcomes): what became of touches.
    prompted
        Shape (campaigns, contents, events): times that a touch of a journey led straight to what it asks for.
    benefits
        Shape (campaigns, contents, 4): of those whom a content brings to the app, who could have come within a week of
        taking it in, and came; likewise within a week of the end of its benefit.
    ways
        Shape (ways,): customers who went each way out of each step of each journey.
    recent
        Shape (capacity, remembered): times of the latest marketing touches that named caps count, see
        ``engagement.policies``; of width 0 without such caps.
    signals
        Shape (capacity, 1 or 0): what a score of early warning is made of; of width 0 where nobody is scored.
    refused
        Shape (capacity, 1 or 0): purposes for which each customer does not consent to marketing, and whether health
        data may not be used for it, bits; of width 0 where nobody consents by purpose or withholds health data.
    counts
        Shape (1,): numbers that the kernel keeps.
    recalled
        Shape (capacity, events): when each customer last did what some audience asks about; of width 0 where none asks.
    """

    due: Any
    wake: Any
    visible: Any
    customers: Any
    accounts: Any
    outcomes: Any
    traits: Any
    mind: Any
    clocks: Any
    lifts: Any
    hours_seen: Any
    policies: Any
    touches: Any
    enrolments: Any
    courses: Any
    marks: Any
    events: Any
    requests: Any
    occupied: Any
    policy_life: Any
    months: Any
    applications: Any
    session_days: Any
    touched: Any
    prompted: Any
    benefits: Any
    ways: Any
    recent: Any
    signals: Any
    refused: Any
    counts: Any
    recalled: Any
