"""What touches say, by kind."""

from __future__ import annotations

from typing import Literal, get_args

ContentKind = Literal[
    "education", "claim_story", "public_talk", "risk_test", "benefit", "sign_in_game", "lottery", "product_offer",
    "proposal", "care", "health_service", "service", "reminder", "invitation", "retention_offer",
]  # fmt: skip

CONTENT_KINDS: tuple[str, ...] = get_args(ContentKind)

#: What a content can ask its readers to do, by the names of journeys' events.
Prompted = Literal["replied", "signed_in", "took_part", "left_contact", "booked", "added_wecom", "gap_assessed"]
PROMPTED: frozenset[str] = frozenset(get_args(Prompted))
