"""What the insurer notices of a customer who is in a journey, or may enter one: told to journeys after the step.

Journeys stand above the lifecycle and react to it. A step therefore leaves a list of what was noticed in it, by the
words of ``scenario.journeys.words``; the kernel hands the list over when the step is done, in the same second. Of a
customer whom no journey touches nothing is listed, but what an audience asks about (``browsed within 30d``).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.compiled import compiled
from lifesim.lifecycle.layout import channel_rule_at, counts, customer_row, note_at
from lifesim.population.columns import (
    CLAIM_REFUSED,
    E_AGENT_ASSIGNED,
    E_CLAIM,
    E_COMPLAINT,
    E_DELETED,
    E_INQUIRY,
    E_LAPSE,
    E_OPT_OUT,
    E_ORPHANED,
    E_PREMIUM,
    E_PURCHASE,
    E_REFER,
    E_SERVICE_USE,
    E_SESSION,
    E_SETTLED,
    E_SURRENDER,
    E_UNFOLLOWED,
    EVENTS,
    NONE,
    NOTES,
)
from lifesim.scenario.journeys.words import EVENTS as WORDS

(W_DELIVERED, W_FAILED, W_OPENED, W_CLICKED, W_CONNECTED, W_REPLIED, W_LAUNCHED_APP, W_SIGNED_IN, W_TOOK_PART,
 W_BROWSED) = range(10)  # fmt: skip
_NUMBERS = {word: number for number, word in enumerate(WORDS)}
(W_BOOKED, W_ATTENDED, W_ADDED_WECOM, W_PROPOSAL_MADE, W_PROPOSAL_READ, W_AGENT_ASSIGNED, W_TURNED_AWAY,
 W_GAP_ASSESSED) = (
    _NUMBERS[word]
    for word in (
        "booked", "attended", "added_wecom", "proposal_made", "proposal_read", "agent_assigned", "turned_away",
        "gap_assessed",
    )
)  # fmt: skip
#: What journeys call an event of the log; -1 for what they do not hear of, or hear of otherwise.
_WORD_OF = np.full(len(EVENTS), -1)
for _event, _word in {
    E_SESSION: "launched_app",
    E_INQUIRY: "asked_adviser",
    E_SERVICE_USE: "used_service",
    E_PURCHASE: "bought",
    E_REFER: "referred",
    E_PREMIUM: "premium_paid",
    E_LAPSE: "lapsed",
    E_SURRENDER: "surrendered",
    E_CLAIM: "claimed",
    E_SETTLED: "claim_paid",
    E_COMPLAINT: "complained",
    E_OPT_OUT: "opted_out",
    E_ORPHANED: "orphaned",
    E_AGENT_ASSIGNED: "agent_assigned",
    E_UNFOLLOWED: "unfollowed",
    E_DELETED: "contact_deleted",
}.items():
    _WORD_OF[_event] = _NUMBERS[_word]
W_BOUGHT = _NUMBERS["bought"]
_CLAIM_REFUSED = _NUMBERS["claim_refused"]
#: What happens where there are agents.
OF_AGENTS = frozenset({"orphaned", "agent_assigned"})
#: What happens in every world; the other words of journeys are of things that none has so far.
HAPPENS = (
    frozenset({"delivered", "failed", "opened", "clicked", "connected", "browsed", "claim_refused"})
    | {word for word, number in _NUMBERS.items() if number in _WORD_OF}
) - OF_AGENTS


@compiled
def watched(i: int, word: int, w: Any) -> bool:
    """Whether any journey hears of what a customer does, or an audience asks about it."""
    return customer_row(w, i).first_enrolment != NONE or ((counts(w).entering | w.recalled_events) >> word) & 1


@compiled
def note(i: int, word: int, about: int, w: Any) -> None:
    """List something for the journeys; what does not fit, they do not hear of."""
    if watched(i, word, w):
        enlist(word, about, w)


@compiled
def enlist(event: int, about: int, w: Any) -> None:
    """Put an entry on the list, if it fits."""
    if counts(w).noted < NOTES:
        entry = note_at(w.notes, counts(w).noted)
        entry.event = event
        entry.about = about
        counts(w).noted += 1


@compiled
def note_answer(response: int, content: int, channel: int, w: Any) -> None:
    """List an answer to a content for the audiences that ask about it, by a number below zero.

    Journeys hear of answers to their own touches alone, and by their steps. Of a touch by a channel that does not show
    such answers the insurer learns nothing.
    """
    if (w.recalled_events >> response) & 1 and (channel_rule_at(w.channel_rules, channel).shows >> response) & 1:
        enlist(-1 - response, content, w)


@compiled
def response_of(event: int) -> int:
    """The answer that a number below zero on the list stands for."""
    return -1 - event


@compiled
def note_event(i: int, kind: int, detail: int, w: Any) -> None:
    """As ``note``, of an event as the log calls it."""
    if customer_row(w, i).first_enrolment == NONE and (counts(w).entering | w.recalled_events) == 0:
        return
    word = _WORD_OF[kind]
    if word < 0:
        return
    if kind == E_SETTLED and detail // 256 == CLAIM_REFUSED:
        word = _CLAIM_REFUSED
    note(i, word, detail % 256, w)
