"""Checks that ask a question more than once: what should not matter does not."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np

from lifesim.strategy import IntArray
from lifesim.testing import elsewhere, global_random
from lifesim.testing.asking import RaisedError, ask, comparable, differing
from lifesim.testing.case import Case, CheckFailedError

_DRAW = 'draw from the luck that is given: luck.uniforms("coin") < 0.5'
_DECIDE = "decide from parameters, columns and luck alone; what happened to a customer is in the columns"


def same_luck_same_answer(case: Case) -> None:
    """Asked twice, a strategy answers twice the same."""
    for question in case.questions:
        rows = differing(case.answer(question), case.answer(question))
        if rows:
            raise CheckFailedError(
                f"{question}, asked twice with the same luck its answers differ in {rows} of them: "
                f"it has random numbers of its own, or remembers; {_DRAW}"
            )


def global_random_state(case: Case) -> None:
    """The global generators are neither moved nor listened to."""
    for question in case.questions:
        views, strategy = [each.shown() for each in (question.rows, *question.others)], case.copy()
        with global_random.fixed():
            before = global_random.state()
            getattr(strategy, case.method)(*views, question.luck.given())
            moved = global_random.state() != before
        if moved:
            raise CheckFailedError(
                f"{question}, it moves the global state of random or numpy.random, which everybody shares; {_DRAW}"
            )
        first, *others = (case.answer(question, seed=seed) for seed in global_random.SEEDS)
        rows = max(differing(first, other) for other in others)
        if rows:
            raise CheckFailedError(
                f"{question}, its answer changes in {rows} of them with the seed of random or numpy.random; {_DRAW}"
            )


def no_memory(case: Case) -> None:
    """Nothing is carried from question to question: their order is irrelevant, and the strategy stays what it was."""
    forward, backward = case.copy(), case.copy()
    before = pickle.dumps(forward)
    there = [ask(forward, case.kind, each) for each in case.questions]
    if pickle.dumps(forward) != before:
        raise CheckFailedError(f"it changes while it answers, and so remembers; {_DECIDE}")
    back = [ask(backward, case.kind, each) for each in case.questions[::-1]][::-1]
    for question, one, two in zip(case.questions, there, back, strict=True):
        if comparable(case.kind, one, question) != comparable(case.kind, two, question):
            raise CheckFailedError(f"asked in another order it answers differently, and so remembers; {_DECIDE}")
    # Its module's memory is that of everybody in this process, and is empty in another.
    try:
        afresh = elsewhere.answers(case.pickled, case.kind, case.questions)
        turned = elsewhere.answers(case.pickled, case.kind, case.questions[::-1])[::-1]
    except RaisedError:
        return  # for the check of another process
    if afresh != turned:
        raise CheckFailedError(
            f"asked in another order it answers differently: its module or class remembers, "
            f"which ties arms and replications together; {_DECIDE}"
        )


def another_process(case: Case) -> None:
    """A process with another hash seed gives the same answers."""
    try:
        theirs = elsewhere.answers(case.pickled, case.kind, case.questions)
    except RaisedError as error:
        raise CheckFailedError(
            f"in another process, which works in another folder, it {error}; define it at the top level of a file "
            f"that can be imported there, and find other files from Path(__file__)"
        ) from error
    for question, answer in zip(case.questions, theirs, strict=True):
        rows = differing(case.answer(question), answer)
        if rows:
            raise CheckFailedError(
                f"{question}, a process with another hash seed answers differently in {rows} of them; "
                f"put sets in order with sorted(), and do not use hash(), id() or anything of the process"
            )


def order_of_rows(case: Case) -> None:
    """The same rows in another order get the same answer, unless the class says that it goes by their order."""
    if getattr(case.strategy, "ordered", False):
        return
    for question in case.questions:
        answer = case.answer(question)
        for order in _orders(len(question)):
            rows = differing(answer, case.answer(question.part(order)))
            if rows:
                raise CheckFailedError(
                    f"{question}, the same rows in another order get another answer, in {rows} of them; use columns "
                    f"and luck in place of positions, break ties by luck, or write ordered = True into the class if "
                    f"it serves rows in turn"
                )


def _orders(n: int) -> list[Any]:
    """Two orders of n rows: reversed, and in no order at all."""
    positions: IntArray = np.arange(n)
    # Multiplication by a large odd number, of which the low digits are kept, shuffles well enough.
    return [positions[::-1], np.argsort(positions * 2_654_435_761 % 2**32, kind="stable")]
