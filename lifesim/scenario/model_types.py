"""Which models can stand at a place inside a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel


def models_at(model: type[BaseModel], loc: Sequence[str | int]) -> list[type[BaseModel]]:
    """Models that pydantic may have tried at its error location `loc` inside `model`."""
    types: list[Any] = [model]
    for key in loc:
        types = _below(types, key)
    return [each for each in types if _is_model(each)]


def _below(types: list[Any], key: str | int) -> list[Any]:
    inner = [found for each in types for found in _step(each, key)]
    if inner:
        return inner
    # Not a key but pydantic's name of a member of the union: keep that member, if it is there.
    return [each for each in types if getattr(each, "__name__", None) == key] or types


def _step(annotation: Any, key: str | int) -> Iterator[Any]:
    if _is_model(annotation):
        for name, field in annotation.model_fields.items():
            if key in (name, field.alias):
                yield from _members(field.annotation)
        return
    origin, arguments = get_origin(annotation), get_args(annotation)
    if not isinstance(origin, type) or not arguments:
        return
    if issubclass(origin, Mapping) and isinstance(key, str):
        yield from _members(arguments[-1])
    elif issubclass(origin, Sequence) and isinstance(key, int):
        several = origin is tuple and arguments[-1] is not Ellipsis
        if not several or key < len(arguments):
            yield from _members(arguments[key if several else 0])


def _members(annotation: Any) -> Iterator[Any]:
    """Members of a union, or the annotation itself, without ``Annotated``."""
    if hasattr(annotation, "__metadata__"):
        yield from _members(annotation.__origin__)
    elif get_origin(annotation) in (Union, UnionType):
        for each in get_args(annotation):
            yield from _members(each)
    else:
        yield annotation


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
