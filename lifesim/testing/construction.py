"""Checks of a strategy as an object: what it is made of, before anybody asks it."""

from __future__ import annotations

import dataclasses
import pickle

from lifesim.experiment.plugins import check_schedule
from lifesim.scenario.units import PathError
from lifesim.testing.case import Case, CheckFailedError
from lifesim.testing.stage import HORIZON


def frozen_dataclass(case: Case) -> None:
    """The class is itself a frozen dataclass."""
    # Looked up on the class itself: a subclass of a dataclass has fields only if decorated too.
    params = vars(case.cls).get("__dataclass_params__")
    if params is None or not params.frozen:
        what = "is a dataclass that can be changed" if params is not None else "is not a dataclass"
        raise CheckFailedError(f"the class {what}; write @dataclass(frozen=True, kw_only=True) above it")


def every_field_has_a_default(case: Case) -> None:
    """The class can be made without arguments, so that its name alone is a strategy."""
    bare = [
        field.name
        for field in dataclasses.fields(case.cls)
        if field.init and field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    if bare:
        raise CheckFailedError(
            f"parameter '{bare[0]}' has no default, so that scenarios cannot name the strategy alone; "
            f"give it a sensible one: {bare[0]}: ... = ..."
        )
    try:
        case.cls()
    except Exception as error:
        raise CheckFailedError(
            f"it refuses its own defaults: {type(error).__name__}: {error}; choose defaults that are valid"
        ) from error


def pickles_and_equals_itself(case: Case) -> None:
    """A copy that has been to another process is the same strategy."""
    try:
        copy = pickle.loads(pickle.dumps(case.strategy))
    except Exception as error:
        raise CheckFailedError(
            f"it cannot be sent to a worker: {error}; define the class at the top level of a file, "
            f"and keep functions, open files and generators out of its fields"
        ) from error
    try:
        same = bool(copy == case.strategy)
    except Exception as error:
        raise CheckFailedError(
            f"a copy cannot be compared with it: {error}; hold numbers, text and tuples in fields, not arrays"
        ) from error
    if not same:
        raise CheckFailedError(
            "a copy of it is not equal to it; hold numbers, text and tuples in fields, "
            "and leave __eq__ to the dataclass"
        )


def schedule_has_appointments(case: Case) -> None:
    """An orchestration has a schedule that a calendar has."""
    try:
        check_schedule(case.name, case.strategy)
    except PathError as error:
        raise CheckFailedError(error.message) from error
    if case.copy().schedule != case.copy().schedule:
        raise CheckFailedError("its schedule is another each time it is asked for; make it from parameters alone")
    if not case.questions:
        raise CheckFailedError(
            f"its schedule, {case.strategy.schedule}, has no appointment within {HORIZON} days; "
            f"leave out weekdays or days"
        )
