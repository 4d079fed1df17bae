"""Checks of what a strategy looks at and leaves behind while it answers."""

from __future__ import annotations

import copy
from contextlib import suppress
from typing import Any

import numpy as np

from lifesim.testing.asking import RaisedError, ask, asked_of, differing
from lifesim.testing.case import Case, CheckFailedError
from lifesim.testing.guard import Trespasses
from lifesim.testing.question import Question, arrays_in, elsewise
from lifesim.testing.watching import BEHIND, CLOCKS, calls_of
from lifesim.workspace import suggest


def view_is_not_written_to(case: Case) -> None:
    """What is seen, and what is behind it, is the same afterwards."""
    advice = f"work on a copy: ages = {case.view}.age.copy()"
    for kept in case.questions:
        question = kept.with_behind(copy.deepcopy)  # what it changes is not there when the next strategy is asked
        seen = (question.rows, *question.others)
        views = [each.shown() for each in seen]
        behind = [array.tobytes() for each in seen for array in arrays_in(each.behind)]
        try:
            asked_of(case.copy(), case.kind, views, question.luck.given())
        except RaisedError as error:
            if "read-only" in str(error):
                raise CheckFailedError(f"{error}; {advice}") from error
        for view, each in zip(views, seen, strict=True):
            for name, values in each.columns.items():
                if not _same(view.column(name), values):
                    raise CheckFailedError(f"{question}, it writes into column '{name}' of the view; {advice}")
        if behind != [array.tobytes() for each in seen for array in arrays_in(each.behind)]:
            raise CheckFailedError(
                f"{question}, it changes the world behind the view; a strategy acts by its answer alone"
            )


def _same(one: Any, other: Any) -> bool:
    return bool(np.asarray(one).tobytes() == np.asarray(other).tobytes())


def only_what_can_be_seen(case: Case) -> None:
    """No hidden column, no column that there is not, nothing private of a view or of luck."""
    for question in case.questions:
        found = Trespasses()
        # What it raises is for the check of answers, unless it is because of what it reaches for.
        with suppress(RaisedError), calls_of(BEHIND) as called:
            ask(case.copy(), case.kind, question, view=found.view, luck=found.luck())
        if found.columns:
            raise CheckFailedError(_of_column(case, found.columns[0], question))
        if reached := [*found.private, *called]:
            raise CheckFailedError(
                f"it reaches around what it is given, by {reached[0]}; decide from columns and from "
                f"luck.uniforms() and luck.take() alone (what an oracle needs, oracle = True shows as columns)"
            )


def _of_column(case: Case, name: str, question: Question) -> str:
    if name in case.stage.hidden:
        return (
            f"it asks for '{name}', which no insurer sees; decide from what can be observed, "
            f"or write oracle = True into the class to make it an upper bound"
        )
    where = f"in scenario {case.stage.scenario.name} (name another with --scenario)"
    return f"it asks for '{name}', which is no column {where}{suggest(name, question.rows.columns)}"


def nothing_later_than_now(case: Case) -> None:
    """Another future behind the same view changes nothing, and no clock but the view's is read."""
    for question in case.questions:
        with calls_of(CLOCKS) as clocks:
            answer = case.answer(question)
        if clocks:
            raise CheckFailedError(
                f"it reads the clock of the machine, {clocks[0]}; "
                f"the time is {case.view}.now, the date {case.view}.date"
            )
        rows = differing(answer, case.answer(question.with_behind(elsewise)))
        if rows:
            raise CheckFailedError(
                f"{question}, its answer changes in {rows} of them with things that the view does not show, "
                f"such as what will happen later; decide from the view's columns alone"
            )
