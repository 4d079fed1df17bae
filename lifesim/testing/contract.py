"""The contract of strategies: which checks there are, for which kind, and what came of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lifesim.errors import ContractError
from lifesim.scenario import Scenario
from lifesim.testing import answers, conduct, construction, elsewhere, repeating
from lifesim.testing.asking import RaisedError
from lifesim.testing.case import Case, CheckFailedError
from lifesim.workspace import METHODS, shown


@dataclass(frozen=True)
class Check:
    """One check of a strategy.

    Attributes
    ----------
    run
        Raises `CheckFailedError`, or `RaisedError` when the strategy raises; its name is the check's.
    gate
        The checks after it mean nothing when it fails.
    """

    run: Callable[[Case], None]
    gate: bool = False

    @property
    def name(self) -> str:
        return self.run.__name__

    def failure(self, case: Case) -> Failure | None:
        """What the check finds wrong."""
        try:
            self.run(case)
        except (CheckFailedError, RaisedError) as error:
            return Failure(case.cls, self.name, str(error))
        return None


@dataclass(frozen=True)
class Failure:
    """What one check found wrong with one strategy."""

    cls: type[Any]
    check: str
    message: str

    def __str__(self) -> str:
        return f"{_place(self.cls)}: {self.cls.__name__}: {self.check}: {self.message}"


_BEFORE = (
    Check(construction.frozen_dataclass, gate=True),
    Check(construction.every_field_has_a_default, gate=True),
    Check(construction.pickles_and_equals_itself, gate=True),
)
_ANY = (
    Check(conduct.view_is_not_written_to, gate=True),
    Check(conduct.only_what_can_be_seen, gate=True),
    Check(answers.answers_any_number_of_rows, gate=True),
    Check(repeating.same_luck_same_answer, gate=True),
    Check(conduct.nothing_later_than_now),
    Check(repeating.global_random_state),
    Check(repeating.no_memory, gate=True),
    Check(repeating.another_process),
    Check(repeating.order_of_rows),
)
_RUN = (Check(answers.a_whole_run),)

#: The checks of each kind of strategy, in their order.
CHECKS: dict[str, tuple[Check, ...]] = {
    "orchestration": (
        *_BEFORE,
        Check(construction.schedule_has_appointments, gate=True),
        *_ANY,
        Check(answers.marketing_reaches_those_who_consent),
        *_RUN,
    ),
    "grading": (*_BEFORE, *_ANY, *_RUN),
    "allocation": (*_BEFORE, *_ANY, Check(answers.capacity_is_kept, gate=True), *_RUN),
}


@dataclass
class Report:
    """What the checks of one strategy found.

    Attributes
    ----------
    cautions
        What limits the checks, a line each.
    """

    failures: list[Failure] = field(default_factory=list)
    cautions: list[str] = field(default_factory=list)


def examine(strategy: Any, scenario: str | Path | Scenario | None = None) -> Report:
    """Run every check of a strategy, up to a failure that leaves the others without meaning.

    Parameters
    ----------
    strategy
        An instance, or a class to be made with its defaults.
    scenario
        In whose small world the strategy is asked; where not given, one of the workspace that names the strategy, else
        its first.
    """
    elsewhere.start()
    report = Report()
    for case in cases(strategy, scenario):
        failed = False
        for check in CHECKS[case.kind]:
            failure = check.failure(case)
            if failure is not None:
                report.failures.append(failure)
                failed = True
                if check.gate:
                    break
        if not failed and _idle(case):
            report.cautions.append(
                f"{_place(case.cls)}: {case.cls.__name__} does nothing in {len(case.questions)} answers in the small "
                f"world of {case.stage.scenario.name}, so that little was checked; try another scenario"
            )
    return report


def cases(strategy: Any, scenario: str | Path | Scenario | None = None) -> list[Case]:
    """A strategy as each of the kinds that it is.

    Raises
    ------
    ContractError
        When it is none.
    """
    kinds = [kind for kind in CHECKS if callable(getattr(strategy, METHODS[kind], None))]
    if not kinds:
        methods = ", ".join(f"{METHODS[kind]}()" for kind in CHECKS)
        raise ContractError(f"{strategy!r:.60} is no strategy: it has none of the methods {methods}")
    return [Case(strategy, kind, scenario) for kind in kinds]


def _idle(case: Case) -> bool:
    """Whether no question has an answer that does anything, or there was no question."""
    if case.kind == "grading":
        return not case.questions
    return not any(what != (-1,) for question in case.questions for what in case.answer(question))


def check_strategy(strategy: Any, scenario: str | Path | Scenario | None = None) -> None:
    """Check that a strategy keeps the contract of its kind.

    Parameters
    ----------
    strategy
        An instance, or a class to be made with its defaults.
    scenario
        Name or path of a scenario, or a scenario, in whose small world the strategy is asked; where not given, one of
        the workspace that names the strategy, else its first.

    Raises
    ------
    ContractError
        With a line for each check that fails: where, which check, what is wrong and what to do.
    """
    failures = examine(strategy, scenario).failures
    if failures:
        raise ContractError("\n".join(map(str, failures)))


def parametrize_with_checks(strategies: Iterable[Any], scenario: str | Path | Scenario | None = None) -> Any:
    """Decorator that makes of a test one for each check of each strategy; its arguments: ``strategy`` and ``check``.

    Examples
    --------
    >>> @parametrize_with_checks([MyJourney(), MyGrades()])
    ... def test_contract(strategy, check):
    ...     check(strategy)
    """
    import pytest

    return pytest.mark.parametrize(
        ("strategy", "check"),
        [
            pytest.param(strategy, _Single(case, check), id=f"{case.name}-{case.kind}-{check.name}")
            for strategy in strategies
            for case in cases(strategy, scenario)
            for check in CHECKS[case.kind]
        ],
    )


@dataclass(frozen=True)
class _Single:
    """One check of one strategy as a test calls it."""

    case: Case
    check: Check

    def __call__(self, strategy: Any) -> None:
        case = Case(strategy, self.case.kind, self.case.scenario)
        for check in CHECKS[case.kind]:
            if check.gate or check is self.check:
                failure = check.failure(case)
                if failure is not None:
                    first = "" if check is self.check else f"{self.check.name} cannot be checked: "
                    raise ContractError(f"{first}{failure}")
            if check is self.check:
                return


def _place(cls: type[Any]) -> str:
    try:
        return f"{shown(Path(inspect.getfile(cls)))}:{inspect.getsourcelines(cls)[1]}"
    except (OSError, TypeError):  # typed in, not read from a file
        return cls.__module__
