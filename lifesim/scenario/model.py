"""The base of every part of a scenario: immutable, closed to unknown keys, each field explained."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Part(BaseModel):
    """A part of a scenario."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


def about(meaning: str, *, unit: str = "", default: Any = ...) -> Any:
    """A field with its meaning and, where the type does not say it, its unit."""
    extra = {"unit": unit} if unit else None
    return Field(default, description=meaning, json_schema_extra=extra)
