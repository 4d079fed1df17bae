"""An audience as a program: comparisons of columns and how they combine, in the order of a stack machine.

The same rows are evaluated here for all customers of a view at once, and can be evaluated for one customer by a
compiled loop: a comparison pushes its truth, ``NOT`` turns the topmost one round, ``AND`` and ``OR`` join two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from lifesim.engagement.journeys.layout import AND, COMPARE, NOT, OR
from lifesim.errors import InputError
from lifesim.scenario.journeys.expressions import (
    COMPARISONS,
    AllOf,
    Comparison,
    Expression,
    Not,
    column_of,
)
from lifesim.scenario.journeys.parsing import parse_audience
from lifesim.scenario.journeys.words import Vocabulary
from lifesim.strategy import BoolArray, IntArray, View

_COMPARE: Final = (np.less, np.less_equal, np.equal, np.not_equal, np.greater_equal, np.greater)
assert len(_COMPARE) == len(COMPARISONS)


@dataclass(frozen=True, eq=False)
class Program:
    """An audience, ready to be evaluated.

    Attributes
    ----------
    columns
        Columns that are read.
    rows
        Shape (n, 3): what to do (`COMPARE`, `NOT`, `AND`, `OR`), number of the column, number of the comparison in
        `lifesim.scenario.journeys.expressions.COMPARISONS`.
    values
        Shape (n,): what the column is compared with, in its unit.
    """

    columns: tuple[str, ...]
    rows: IntArray
    values: npt.NDArray[np.float64]

    def __call__(self, customers: View) -> BoolArray:
        """Who is in the audience, shape (n,).

        Raises
        ------
        InputError
            When the world does not observe a column that the audience reads.
        """
        stack: list[BoolArray] = []
        for (what, column, comparison), value in zip(self.rows, self.values, strict=True):
            if what == COMPARE:
                stack.append(_COMPARE[comparison](self._column(customers, column), value))
            elif what == NOT:
                stack.append(~stack.pop())
            else:
                right, left = stack.pop(), stack.pop()
                stack.append(left & right if what == AND else left | right)
        return stack.pop()

    def _column(self, customers: View, number: int) -> npt.NDArray[Any]:
        try:
            return customers.column(self.columns[number])
        except AttributeError as error:
            raise InputError(f"an audience asks for what this world does not observe: {error}") from None


def compile_audience(text: str, vocabulary: Vocabulary | None = None) -> Program:
    """The program of an audience.

    Parameters
    ----------
    text
        As in a journey.
    vocabulary
        Names of the scenario: numbers of branches, products of a family.

    Raises
    ------
    PathError
        When the audience cannot be read.
    InputError
        When it asks about a family without products, or about a branch and no scenario is given.
    """
    names = vocabulary or Vocabulary()
    columns: dict[str, int] = {}
    rows: list[tuple[int, int, int]] = []
    values: list[float] = []
    for what, comparison in _postfix(parse_audience(text), names):
        if comparison is None:
            rows.append((what, 0, 0))
            values.append(0.0)
            continue
        number = columns.setdefault(column_of(comparison), len(columns))
        rows.append((what, number, COMPARISONS.index(comparison.comparison)))
        values.append(_value(comparison, names))
    return Program(tuple(columns), np.array(rows, np.int64), np.array(values, np.float64))


def _postfix(expression: Expression, names: Vocabulary) -> Iterator[tuple[int, Comparison | None]]:
    if isinstance(expression, Comparison):
        yield from _compared(expression, names)
    elif isinstance(expression, Not):
        yield from _postfix(expression.part, names)
        yield NOT, None
    else:
        for k, part in enumerate(expression.parts):
            yield from _postfix(part, names)
            if k:
                yield AND if isinstance(expression, AllOf) else OR, None


def _compared(asked: Comparison, names: Vocabulary) -> Iterator[tuple[int, Comparison | None]]:
    if asked.word != "holds":
        yield COMPARE, asked
        return
    held = names.held(asked.argument)
    if not held:
        raise InputError(f"no product of the scenario is '{asked.argument}', so nobody can hold one")
    parts = tuple(Comparison("holds", each, asked.comparison, asked.value) for each in held)
    yield COMPARE, parts[0]
    for part in parts[1:]:
        yield COMPARE, part
        yield OR, None


def _value(asked: Comparison, names: Vocabulary) -> float:
    """What a column is compared with: stages and branches have numbers."""
    if asked.word not in ("stage", "branch"):
        return asked.value
    known = names.stages if asked.word == "stage" else names.branches
    if known is None or asked.argument not in known:
        raise InputError(f"{asked.word} '{asked.argument}' has no number; the scenario does not have it")
    return float(known.index(asked.argument))
