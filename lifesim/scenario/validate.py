"""Checks a scenario against a model and reports everything that is wrong, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from lifesim.errors import Problem, ScenarioError
from lifesim.scenario.model_types import models_at
from lifesim.scenario.placing import Found, gathered, told
from lifesim.scenario.plain_words import plain_words
from lifesim.scenario.units import ModelError, PathError
from lifesim.scenario.wording import full_width_hint, suggest
from lifesim.scenario.yaml_nodes import KeyPath
from lifesim.scenario.yaml_source import Source, read

__all__ = ["PathError", "complete", "load_model", "suggest", "validate"]

Model = TypeVar("Model", bound=BaseModel)


def load_model(path: Path, model: type[Model], search: Sequence[Path] = ()) -> tuple[Model, Source]:
    """Read the YAML file `path` and validate it as `model`.

    Parameters
    ----------
    path
        The file.
    model
        The pydantic model of the whole file.
    search
        Folders in which ``extends`` is looked up after the file's own.

    Raises
    ------
    ScenarioError
        With every problem of the file and of those that it extends.
    """
    source = read(path, search)
    return validate(source, model), source


def validate(source: Source, model: type[Model]) -> Model:
    """`source` as an instance of `model`.

    Raises
    ------
    ScenarioError
        With all problems, in the order of their places: those of reading first found in `source`,
        and those of the model.
    """
    return complete(source, model, ())


Check = Callable[[Any], Iterable[PathError]]


def complete(source: Source, model: type[Model], checks: Sequence[Check], own: Sequence[Check] = ()) -> Model:
    """As `validate`, with further checks that need an instance.

    Where the file is not valid the checks are made on what is, so that all problems come in one go.

    Parameters
    ----------
    checks
        Asked about the instance.
    own
        Checks that the model makes itself; asked again only where the instance is not complete.
    """
    problems = list(dict.fromkeys(source.problems))
    blamed = [problem.path for problem in problems]
    found: list[Found] = []
    try:
        instance = model.model_validate(source.data)
        found += [found for check in checks for found in map(_complaint, check(instance))]
    except ValidationError as error:
        located = [one for each in error.errors(include_url=False) for one in _located(each, source, model)]
        found += gathered(_without_other_branches(located), source)
        found += _of_partial(source, model, (*own, *checks))
    for each in found:
        problem = told(each, source)
        # What could not be read is already reported; that it does not fit is no news.
        if not any(_is_within(problem.path, path) for path in blamed):
            problems.append(problem)
    if problems:
        raise ScenarioError(sorted(dict.fromkeys(problems), key=lambda each: _order(each, source)))
    return instance


def _of_partial(source: Source, model: type[BaseModel], checks: Sequence[Check]) -> list[Found]:
    """What checks find in an instance that has only the fields that are valid on their own."""
    fields = {}
    for name, field in model.model_fields.items():
        key = field.alias or name
        if key not in source.data:
            if not field.is_required():
                fields[name] = field.get_default(call_default_factory=True)
            continue
        kind: Any = Annotated[(field.annotation, *field.metadata, "as in the model")]
        try:
            fields[name] = TypeAdapter(kind).validate_python(source.data[key])
        except ValidationError:
            named = _by_name(field.annotation, source.data[key])
            if named is not None:
                fields[name] = named
    partial = model.model_construct(**fields)
    for name in set(model.model_fields) - set(fields):
        partial.__dict__.pop(name, None)
    found: list[Found] = []
    for check in checks:
        try:
            found += map(_complaint, check(partial))
        except AttributeError:  # it needs a field that is not valid
            continue
    return found


def _by_name(annotation: Any, given: Any) -> dict[str, BaseModel] | None:
    """The entries under a key by their names, whatever is wrong with name or entry, because others may name them.

    An entry that is not valid is as if nothing was said in it; none where the model of entries has needed fields.
    """
    kind = get_args(annotation)[1] if get_origin(annotation) is dict else None
    if not (isinstance(kind, type) and issubclass(kind, BaseModel) and isinstance(given, dict)):
        return None
    if any(field.is_required() for field in kind.model_fields.values()):
        return None
    found: dict[str, BaseModel] = {}
    for name, entry in given.items():
        try:
            found[str(name)] = kind.model_validate(entry)
        except ValidationError:
            found[str(name)] = kind.model_construct()
    return found


def _complaint(error: PathError) -> Found:
    return Found(error.path, error.message, error.at_key, between=True, offset=error.offset)


def _located(error: Any, source: Source, model: type[BaseModel]) -> list[Found]:
    path, branches, at_key = _to_file(error["loc"], error["type"], source)
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, (PathError, ModelError)):
        errors = cause.errors if isinstance(cause, ModelError) else (cause,)
        return [
            Found((*path, *each.path), each.message, at_key or each.at_key, branches, between=True, offset=each.offset)
            for each in errors
        ]
    if error["type"] == "extra_forbidden":
        known = [name for each in models_at(model, error["loc"][:-1]) for name in _names(each)]
        message = f"unknown key '{path[-1]}'{suggest(str(path[-1]), known)}"
        return [Found(path, message + full_width_hint(path[-1]), True, branches)]
    return [Found(path, plain_words(error), at_key, branches, error["type"])]


def _to_file(
    loc: tuple[str | int, ...], kind: str, source: Source
) -> tuple[KeyPath, tuple[tuple[KeyPath, str], ...], bool]:
    """Path in the file of pydantic's `loc`, which also names members of unions and keys."""
    path: KeyPath = ()
    branches: list[tuple[KeyPath, str]] = []
    data: Any = source.data
    for index, key in enumerate(loc):
        last = index == len(loc) - 1
        if last and key == "[key]":
            return path, tuple(branches), True
        if _holds(data, key):
            data, path = data[key], (*path, key)
        elif last and kind == "missing":
            path = (*path, key)
        else:
            branches.append((path, str(key)))
    return path, tuple(branches), False


def _holds(data: Any, key: str | int) -> bool:
    if isinstance(data, list):
        return isinstance(key, int) and 0 <= key < len(data)
    return isinstance(data, dict) and key in data


def _names(model: type[BaseModel]) -> Iterable[str]:
    return (field.alias or name for name, field in model.model_fields.items())


def _without_other_branches(found: list[Found], level: int = 0) -> list[Found]:
    """`found`, where of every union only the member that the writer most likely meant is left."""
    kept = [each for each in found if len(each.branches) <= level]
    unions: dict[KeyPath, dict[str, list[Found]]] = {}
    for each in found:
        if len(each.branches) > level:
            at, member = each.branches[level]
            unions.setdefault(at, {}).setdefault(member, []).append(each)
    for at, members in unions.items():
        settled = [_without_other_branches(each, level + 1) for each in members.values()]
        kept += _likeliest(at, settled)
    return kept


def _likeliest(at: KeyPath, members: list[list[Found]]) -> list[Found]:
    """Of the errors of each member of a union at `at`, those to report."""
    if len(members) == 1:
        return members[0]
    # A member that complains about something inside had the right shape.
    shaped = [each for each in members if all(len(one.path) > len(at) for one in each)]
    if shaped:
        return min(shaped, key=len)
    whole = [one for each in members for one in each if one.path == at]
    messages = list(dict.fromkeys(one.message for one in whole))
    return [Found(at, "; or ".join(messages), whole[0].at_key)] if whole else members[0]


def _is_within(path: str, outer: str) -> bool:
    return path == outer or path.startswith((outer + ".", outer + "["))


def _order(problem: Problem, source: Source) -> tuple[bool, str, tuple[int, ...]]:
    """Sort key: the scenario before what it extends, then line and column."""
    file, *numbers = problem.place.rsplit(":", 2)
    return file != source.root.place.file, file, tuple(int(each) for each in numbers)
