"""The base of every part of a scenario: immutable, closed to unknown keys, each field explained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lifesim.scenario.units import ModelError, PathError


class Part(BaseModel):
    """A part of a scenario."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    def complaints(self) -> Iterator[PathError]:
        """What is wrong between fields that are right on their own."""
        yield from ()

    def unsaid(self) -> Iterator[tuple[str, tuple[str, ...], str]]:
        """Figures that hold because nothing is said: field, path from here, and value as a scenario would write it."""
        yield from ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        found = list(self.complaints())
        if found:
            raise ModelError(found)
        return self


def about(meaning: str, *, unit: str = "", default: Any = ...) -> Any:
    """A field with its meaning and, where the type does not say it, its unit."""
    extra: dict[str, Any] | None = {"unit": unit} if unit else None
    return Field(default, description=meaning, json_schema_extra=extra)
