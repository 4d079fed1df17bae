"""The channels by which touches travel."""

from __future__ import annotations

from typing import Final, Literal, get_args

Channel = Literal[
    "push", "sms", "call", "service_account", "wecom", "offline_event", "article", "mini_program", "email", "online_qa",
    "wecom_group", "moments", "ai_call", "visit", "short_video",
]  # fmt: skip
CHANNELS: tuple[str, ...] = get_args(Channel)
#: Where people meet. Nothing is sent by it: whoever has booked an event comes to it, or does not.
OFFLINE_EVENT: Final = "offline_event"
#: Channels by which a strategy can send.
SENDING: tuple[str, ...] = tuple(name for name in CHANNELS if name != OFFLINE_EVENT)
#: Of those, the ones whose touches seats and agents make themselves, in their slots.
BY_PEOPLE: tuple[str, ...] = ("call", "wecom", "visit")
#: Of those, the ones that agents alone make: the seats of a desk stay where they are.
BY_AGENTS: tuple[str, ...] = ("visit",)
