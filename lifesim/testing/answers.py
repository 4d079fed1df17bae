"""Checks of answers: their shape and type, and what they ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from lifesim.scenario import Scenario
from lifesim.scenario.channels import SENDING
from lifesim.strategy import UNASSIGNED, Touches
from lifesim.testing import global_random
from lifesim.testing.asking import RaisedError, ask, touches_in
from lifesim.testing.case import Case, CheckFailedError
from lifesim.testing.question import Question
from lifesim.workspace import suggest
from lifesim.world.lead_views import MAX_GRADE


def answers_any_number_of_rows(case: Case) -> None:
    """The answer has the right shape and type for nobody, for one, and for many."""
    for question in case.questions:
        n = len(question)
        for rows in ([], [0], [n // 2], [n - 1], range(n)):
            part = question.part([row for row in rows if 0 <= row < n])
            try:
                answer = ask(case.copy(), case.kind, part)
            except RaisedError as error:
                raise CheckFailedError(
                    f"{part}, it {error}; it must answer for any number of rows, none and one included"
                ) from error
            for problem in PROBLEMS[case.kind](answer, part, case.stage.scenario):
                raise CheckFailedError(f"{part}, {problem}")


def touch_problems(answer: Any, question: Question, scenario: Scenario) -> Iterator[str]:
    """What is wrong with an orchestration's answer."""
    touches = [answer] if isinstance(answer, Touches) else answer
    if touches is not None and not isinstance(touches, list | tuple):
        yield f"touch() answers {answer!r:.60}; answer Touches(customers.where(mask), content, channel), or a list"
        return
    seen: dict[tuple[str, str], Any] = {}
    for each in touches or []:
        if not isinstance(each, Touches):
            yield f"touch() answers {each!r:.60} in its list; each must be Touches(who, content, channel)"
            return
        yield from _unknown_names(each, scenario)
        yield from integer_problems("who", each.who, None, 0, len(question) - 1, "positions: customers.where(mask)")
        kind = (each.content, each.channel)
        seen[kind] = np.concatenate([seen.get(kind, np.zeros(0, np.int64)), np.asarray(each.who, dtype=np.int64)])
        if len(np.unique(seen[kind])) < len(seen[kind]):
            yield (
                f"who names a row twice for '{each.content}' by {each.channel}; "
                f"each may get it once: combine masks with | or use np.unique(who)"
            )


def _unknown_names(touches: Touches, scenario: Scenario) -> Iterator[str]:
    for what, name, known in (
        ("content", touches.content, list(scenario.contents)),
        ("channel", touches.channel, SENDING),
    ):
        if name not in known:
            where = f" of scenario {scenario.name} (name another with --scenario)" if what == "content" else ""
            yield f"'{name}' is no {what}{where}{suggest(str(name), known)}"


def grade_problems(answer: Any, question: Question, scenario: Scenario) -> Iterator[str]:
    """What is wrong with grades."""
    right = f"a grade per lead from 0 (best) to {MAX_GRADE}: np.where(mask, 0, 1)"
    yield from integer_problems("the answer of grade()", answer, len(question), 0, MAX_GRADE, right)


def assign_problems(answer: Any, question: Question, scenario: Scenario) -> Iterator[str]:
    """What is wrong with an allocation."""
    right = "a row of agents per lead, or UNASSIGNED: np.full(len(leads), UNASSIGNED)"
    agents = len(question.others[0].rows)
    yield from integer_problems("the answer of assign()", answer, len(question), UNASSIGNED, agents - 1, right)


#: What is wrong with an answer, by kind of strategy.
PROBLEMS: dict[str, Callable[[Any, Question, Scenario], Iterator[str]]] = {
    "orchestration": touch_problems,
    "grading": grade_problems,
    "allocation": assign_problems,
}


def integer_problems(what: str, values: Any, n: int | None, low: int, high: int, right: str) -> Iterator[str]:
    """What keeps values from being n whole numbers (any number of them without n) from ``low`` to ``high``."""
    try:
        array = np.asarray(values)
    except ValueError:  # rows of several lengths
        yield f"{what} is no array; answer {right}"
        return
    if array.ndim != 1 or n not in (None, len(array)):
        wanted = "n" if n is None else n
        yield f"{what} has shape {array.shape} where ({wanted},) is wanted; answer {right}"
    elif array.dtype.kind not in "iu" and len(array):
        yield f"{what} is of type {array.dtype} where whole numbers are wanted; answer {right}"
    elif len(array) and (array.min() < low or array.max() > high):
        yield f"{what} lies between {array.min()} and {array.max()} where {low} to {high} is wanted; answer {right}"


def marketing_reaches_those_who_consent(case: Case) -> None:
    """Of the marketing touches of a kind, some go to customers who consent to the channel."""
    asked: dict[tuple[str, str], list[int]] = {}
    for question in case.questions:
        for touches in touches_in(ask(case.copy(), case.kind, question)):
            consent = question.rows.columns.get(f"consents_{touches.channel}")
            if (
                consent is None
                or case.stage.scenario.contents[touches.content].kind in case.stage.scenario.contact_policy.exempt
            ):
                continue
            total = asked.setdefault((touches.content, touches.channel), [0, 0])
            total[0] += len(touches.who)
            total[1] += int(np.count_nonzero(consent[np.asarray(touches.who, dtype=np.int64)]))
    for (content, channel), (touched, consenting) in asked.items():
        if touched and not consenting:
            raise CheckFailedError(
                f"it asks for '{content}' by {channel} {touched} times, and never for a customer who consents to it: "
                f"the contact policy stops them all; keep to customers.consents_{channel} == 1"
            )


def capacity_is_kept(case: Case) -> None:
    """No group of seats gets more leads than its capacity, however small, nor leads of another branch's customers."""
    for question in case.questions:
        for tried in (question, *_scarce(question)):
            answer = np.asarray(ask(case.copy(), case.kind, tried), dtype=np.int64)
            agents = tried.others[0].columns
            used = np.bincount(answer[answer >= 0], minlength=len(agents["capacity"]))
            over = np.flatnonzero(used > agents["capacity"])
            if len(over):
                raise CheckFailedError(
                    f"{tried}, it gives {used[over[0]]} of them to group {over[0]} of seats, which can take "
                    f"{agents['capacity'][over[0]]}; count agents.capacity down, and leave the rest UNASSIGNED"
                )
            own = tried.rows.columns["branch"][answer >= 0] == agents["branch"][answer[answer >= 0]]
            if case.stage.scenario.desk.scope == "branch" and not own.all():
                raise CheckFailedError(
                    f"{tried}, it gives {np.count_nonzero(~own)} of them to seats of another branch; "
                    f"match leads.branch with agents.branch"
                )


def _scarce(question: Question) -> Iterator[Question]:
    """The question with a single free call: in the first group, in the last."""
    agents, *rest = question.others
    for group in (0, len(agents.rows) - 1):
        capacity = np.zeros_like(agents.columns["capacity"])
        capacity[group] = 1
        yield replace(question, others=(agents.with_columns(capacity=capacity), *rest))


def a_whole_run(case: Case) -> None:
    """Months in the small world, warm-up included, without a failure."""
    practice = case.stage.practice(case.kind, case.name, case.copy())
    with global_random.fixed():
        failures = case.stage.run(practice).failures
    if failures:
        said = next(iter(failures.values()))
        raise CheckFailedError(f"in the small world, {said}; it must answer whatever the date and whoever is there")
