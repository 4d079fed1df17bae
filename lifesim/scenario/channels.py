"""The channels by which touches travel."""

from __future__ import annotations

from typing import Literal, get_args

Channel = Literal["push", "sms", "call", "service_account"]
CHANNELS: tuple[str, ...] = get_args(Channel)
