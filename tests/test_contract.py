"""The contract kit: every check catches the strategies that are broken in its way, and they fail no other."""

from __future__ import annotations

import importlib
import os
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lifesim import workspace
from lifesim.errors import ContractError
from lifesim.scenario import load
from lifesim.strategy import IntArray, LeadView, Luck
from lifesim.testing import CHECKS, check_strategy, examine, global_random, parametrize_with_checks
from lifesim.testing.stage import KEPT

CHECKOUT = Path(__file__).resolve().parents[1]
BROKEN = sorted((CHECKOUT / "tests" / "broken_strategies").glob("*.py"))
SHIPPED = [file for kind in CHECKS for file in sorted((CHECKOUT / "strategies" / kind).glob("[a-z]*.py"))]

#: What each broken strategy is told: what is wrong, and what to do.
TOLD = {
    "Changeable": ("can be changed", "write @dataclass(frozen=True, kw_only=True) above it"),
    "Undecorated": ("is not a dataclass", "write @dataclass(frozen=True, kw_only=True) above it"),
    "NoDefault": ("parameter 'threshold' has no default", "give it a sensible one: threshold: ... = ..."),
    "RefusesItsDefault": ("ValueError: threshold must not be negative", "choose defaults that are valid"),
    "HoldsAFunction": ("cannot be sent to a worker", "keep functions, open files and generators out of its fields"),
    "HoldsAnArray": ("cannot be compared", "hold numbers, text and tuples in fields, not arrays"),
    "EqualsNobody": ("is not equal to it", "leave __eq__ to the dataclass"),
    "EighthDay": ("weekdays go from 1 to 7; found 8",),
    "RareDay": ("has no appointment within 150 days", "leave out weekdays or days"),
    "Restless": ("its schedule is another each time", "make it from parameters alone"),
    "LooksUpTheStack": ("by sys._getframe()", "decide from columns"),
    "PinsItsLuck": ("by Luck._occasion", "luck.uniforms() and luck.take() alone"),
    "ReadsWhereItStands": ("FileNotFoundError", "find other files from Path(__file__)"),
    "CapsAges": ("read-only (tests/broken_strategies/view_is_not_written_to.py:12)", "leads.age.copy()"),
    "UnlocksAges": ("it writes into column 'age' of the view", "leads.age.copy()"),
    "GivesConsent": ("it changes the world behind the view", "acts by its answer alone"),
    "ReadsTheTrueStage": ("'true_stage', which no insurer sees", "or write oracle = True into the class"),
    "TakesAPeek": ("'true_stage', which no insurer sees", "or write oracle = True into the class"),
    "MisspellsAColumn": ("'polices', which is no column in scenario aa", "--scenario", "did you mean 'policies'?"),
    "ReachesBehindTheView": ("LeadView._world", "decide from columns"),
    "DrawsTheLuckOfOthers": ("Luck._streams", "luck.uniforms() and luck.take() alone"),
    "AnswersAMask": ("who is of type bool", "positions: customers.where(mask)"),
    "AnswersPositions": ("touch() answers array(", "answer Touches(customers.where(mask), content, channel)"),
    "TouchesTwice": ("names a row twice for 'newsletter' by push", "combine masks with |"),
    "UnknownContent": ("'news_letter' is no content of scenario", "--scenario", "did you mean 'newsletter'?"),
    "NeedsSomebody": ("with 0 rows, it raises ValueError", "any number of rows, none and one included"),
    "GradesInHalves": ("of type float64 where whole numbers are wanted", "np.where(mask, 0, 1)"),
    "GradesFromOneToFive": ("between 1 and 5 where 0 to 3 is wanted", "np.where(mask, 0, 1)"),
    "OneForAll": ("has shape (1,) where (0,) is wanted", "np.full(len(leads), UNASSIGNED)"),
    "OwnGenerator": ("asked twice with the same luck", 'luck.uniforms("coin")'),
    "KnowsTheNextVisit": ("such as what will happen later", "decide from the view's columns alone"),
    "LooksAtTheCalendarOnTheWall": ("the clock of the machine, date.today()", "the date leads.date"),
    "TossesACoin": ("moves the global state", 'luck.uniforms("coin")'),
    "SeedsEverybody": ("moves the global state", 'luck.uniforms("coin")'),
    "TossesAndPutsBack": ("with the seed of random or numpy.random", 'luck.uniforms("coin")'),
    "RemembersItsFirstDay": ("its module or class remembers", "what happened to a customer is in the columns"),
    "CountsItsDays": ("changes while it answers", "what happened to a customer is in the columns"),
    "HidesWhatItCounts": ("in another order it answers differently", "what happened to a customer is in the columns"),
    "AsksForAHash": ("another hash seed answers differently", "do not use hash(), id()"),
    "EverySecond": ("in another order get another answer", "or write ordered = True into the class"),
    "SeededByItself": ("in another order get another answer", "use columns and luck in place of positions"),
    "TurnsConsentAround": ("never for a customer who consents", "keep to customers.consents_sms == 1"),
    "OverloadsTheFirst": ("to group 0 of seats, which can take", "count agents.capacity down"),
    "IgnoresBranches": ("to seats of another branch", "match leads.branch with agents.branch"),
    "PlannedForAQuarter": ("2026-04-06 10:00: raised KeyError: 4", "whatever the date"),
}


def broken(file: Path) -> list[type[Any]]:
    """Public strategies of a file."""
    module = importlib.import_module(f"broken_strategies.{file.stem}")
    return [
        value
        for name, value in vars(module).items()
        if isinstance(value, type) and value.__module__ == module.__name__ and not name.startswith("_")
    ]


EXAMPLES = [(file.stem, cls) for file in BROKEN for cls in broken(file)]


@pytest.fixture(autouse=True, scope="module")
def _mounted() -> Any:
    """Work with the strategies and scenarios of the checkout."""
    workspace.unmount()
    workspace.mount(CHECKOUT)
    yield
    workspace.unmount()


def test_every_check_has_a_strategy_that_it_catches() -> None:
    names = {check.name for checks in CHECKS.values() for check in checks}
    assert {file.stem for file in BROKEN} == names
    assert {cls.__name__ for _, cls in EXAMPLES} == set(TOLD)


@pytest.mark.parametrize(("check", "cls"), EXAMPLES, ids=lambda value: getattr(value, "__name__", None))
def test_a_broken_strategy_fails_its_own_check_and_is_told_what_to_do(
    check: str, cls: type[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CHECKOUT)
    report = examine(cls)
    assert [failure.check for failure in report.failures] == [check], [*map(str, report.failures)]
    said = str(report.failures[0])
    assert said.startswith(f"tests/broken_strategies/{check}.py:")
    assert f": {cls.__name__}: {check}: " in said
    assert "\n" not in said
    for words in TOLD[cls.__name__]:
        assert words in said


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_shipped_strategies_keep_the_contract(file: Path) -> None:
    for plugin in workspace.plugins_in(file):
        report = examine(plugin.cls)
        assert (report.failures, report.cautions) == ([], [])


@dataclass(frozen=True, kw_only=True)
class TwoFaults:
    """Moves the global generator, and grades every second lead."""

    best: int = 0
    faults: int = 2
    oracle: bool = False
    hidden: str = "true_stage"

    def grade(self, leads: LeadView, luck: Luck) -> IntArray:
        if self.faults == 2:
            random.seed(1)
        if self.oracle:
            return np.where(leads.column(self.hidden) > 0, self.best, 1)
        grades = np.ones(len(leads), np.int64)
        grades[:: 2 if self.faults else 1] = self.best
        return grades


def test_one_error_names_every_check_that_fails() -> None:
    check_strategy(TwoFaults(faults=0))
    with pytest.raises(ContractError) as refused:
        check_strategy(TwoFaults)
    lines = str(refused.value).splitlines()
    assert [line.split(": ")[2] for line in lines] == ["global_random_state", "order_of_rows"]


def test_an_instance_is_checked_with_its_own_parameters() -> None:
    check_strategy(TwoFaults(faults=0, best=3))
    with pytest.raises(ContractError, match=r"answers_any_number_of_rows: .* between 4 and 4 where 0 to 3"):
        check_strategy(TwoFaults(best=4))


def test_an_oracle_may_see_what_is_hidden() -> None:
    check_strategy(TwoFaults(faults=0, oracle=True))
    stressed = load("aa", root=CHECKOUT).replace(mechanisms=["financial_stress"])
    check_strategy(TwoFaults(faults=0, oracle=True, hidden="state_stress"), stressed)


def test_what_is_no_strategy_is_told_what_makes_one() -> None:
    with pytest.raises(ContractError, match=r"3 is no strategy: .* touch\(\), grade\(\), assign\(\)"):
        check_strategy(3)


@parametrize_with_checks([TwoFaults(faults=0)])
def test_each_check_as_a_test(strategy: Any, check: Any) -> None:
    check(strategy)


def test_parametrized_checks_fail_one_by_one() -> None:
    parameters = parametrize_with_checks([TwoFaults()]).args[1]
    assert [parameter.id for parameter in parameters] == [f"two_faults-grading-{e.name}" for e in CHECKS["grading"]]
    failed = []
    for parameter in parameters:
        strategy, check = parameter.values
        try:
            check(strategy)
        except ContractError:
            failed.append(parameter.id.rpartition("-")[2])
    assert failed == ["global_random_state", "order_of_rows"]


def test_a_check_behind_a_closed_gate_says_so() -> None:
    strategy, check = parametrize_with_checks([grades_in_halves()]).args[1][-1].values
    with pytest.raises(ContractError, match=r"^a_whole_run cannot be checked: .*: answers_any_number_of_rows: "):
        check(strategy)


def grades_in_halves() -> Any:
    return importlib.import_module("broken_strategies.answers_any_number_of_rows").GradesInHalves()


def test_the_global_random_state_is_given_back() -> None:
    random.seed(3)
    np.random.seed(3)
    before = global_random.state()
    examine(TwoFaults)
    assert global_random.state() == before


@dataclass(frozen=True, kw_only=True)
class EndsOthers:
    """Ends every process but the one in which it was made."""

    home: int = field(default_factory=os.getpid)

    def grade(self, leads: LeadView, luck: Luck) -> IntArray:
        if os.getpid() != self.home:
            os._exit(3)
        return np.zeros(len(leads), np.int64)


def test_a_strategy_that_ends_the_other_process_is_told_so_and_the_next_is_checked() -> None:
    (failure,) = examine(EndsOthers()).failures
    assert failure.check == "another_process"
    assert "it ends the process" in failure.message
    check_strategy(TwoFaults(faults=0))


def test_what_one_strategy_breaks_is_whole_for_the_next() -> None:
    gives_consent = importlib.import_module("broken_strategies.view_is_not_written_to").GivesConsent
    for _ in range(KEPT + 1):  # it is stopped at the first question that it breaks
        (failure,) = examine(gives_consent).failures
        assert "it changes the world behind the view" in failure.message


def test_a_world_that_asks_nothing_is_said_to_have_checked_little() -> None:
    scenario = load("aa", root=CHECKOUT)
    desk = scenario.model_dump(mode="json", by_alias=True)["desk"]
    nobody = {"nobody": {"per_10k": 1, "calls_per_hour": 0, "skill": 0}}
    report = examine(TwoFaults(faults=0), scenario.replace(desk=desk | {"seats": nobody}))
    (caution,) = report.cautions
    assert "does nothing in 0 answers in the small world of aa" in caution


def test_a_strategy_is_checked_in_three_seconds_of_work() -> None:
    examine(TwoFaults(faults=0))  # compiles, and builds the world
    newsletter = importlib.import_module("broken_strategies.a_whole_run").PlannedForAQuarter
    began = time.process_time()
    examine(newsletter)
    assert time.process_time() - began < 3
