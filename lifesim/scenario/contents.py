"""What touches say, by kind."""

from __future__ import annotations

from typing import Literal, get_args

ContentKind = Literal[
    "education", "claim_story", "public_talk", "risk_test", "benefit", "sign_in_game", "lottery", "product_offer",
    "proposal", "care", "health_service", "service", "reminder", "invitation", "retention_offer",
]  # fmt: skip

CONTENT_KINDS: tuple[str, ...] = get_args(ContentKind)

#: What a consent to marketing can be about, beside the channel.
Purpose = Literal["offers", "education", "activities", "care"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
#: What the consent for a content is about that does not say otherwise, by kind.
PURPOSE_OF: dict[ContentKind, Purpose] = {
    "education": "education", "claim_story": "education", "public_talk": "education", "risk_test": "education",
    "benefit": "activities", "sign_in_game": "activities", "lottery": "activities", "invitation": "activities",
    "product_offer": "offers", "proposal": "offers", "retention_offer": "offers",
    "care": "care", "health_service": "care", "service": "care", "reminder": "care",
}  # fmt: skip

#: What a content can ask its readers to do, by the names of journeys' events.
Prompted = Literal["replied", "signed_in", "took_part", "left_contact", "booked", "added_wecom", "gap_assessed"]
PROMPTED: frozenset[str] = frozenset(get_args(Prompted))
