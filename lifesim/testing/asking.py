"""Asking a strategy, and bringing its answer into a form that does not depend on the order of rows."""

from __future__ import annotations

import contextlib
import sys
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from lifesim.strategy import Luck, Touches, View
from lifesim.testing import global_random
from lifesim.testing.question import Question
from lifesim.workspace import METHODS, shown

#: Answer in comparable form: pairs of what is done, and the labels of the rows for which it is done.
Answer = dict[tuple[object, ...], frozenset[int]]


class RaisedError(Exception):
    """A strategy did not answer; says what it did instead, as in ``raises ValueError: ... (mine.py:12)``."""


def raised(error: BaseException) -> RaisedError:
    """What a strategy raised, in a line that names the place."""
    said = " ".join(str(error).split())
    what = ": ".join(part for part in (type(error).__name__, said) if part)
    return RaisedError(f"raises {what}{_place(error)}")


def ask(
    strategy: Any,
    kind: str,
    question: Question,
    seed: int = global_random.SEEDS[0],
    view: Any = None,
    luck: type[Luck] = Luck,
) -> Any:
    """Ask a strategy; its answer as it gave it.

    Parameters
    ----------
    seed
        Of the global random state while it is asked.
    view
        Function from a class of views to the class to show instead; the class itself without one.
    luck
        Class of the luck it is given.

    Raises
    ------
    RaisedError
        When it raises.
    """
    views = [seen.shown(view and view(seen.kind)) for seen in (question.rows, *question.others)]
    return asked_of(strategy, kind, views, question.luck.given(luck), seed)


def asked_of(strategy: Any, kind: str, views: list[View], luck: Luck, seed: int = global_random.SEEDS[0]) -> Any:
    """Ask a strategy about views that were made before; see `ask`."""
    try:
        # What a strategy prints must not get between the lines of a command's own output.
        with global_random.fixed(seed), contextlib.redirect_stdout(sys.stderr):
            return getattr(strategy, METHODS[kind])(*views, luck)
    except (Exception, SystemExit) as error:
        raise raised(error) from error


def _place(error: BaseException) -> str:
    """The innermost line of a file that is not part of any library: the strategy's own."""
    libraries = (str(Path(__file__).resolve().parents[1]), "site-packages", "<", sys.base_prefix)
    frames = traceback.extract_tb(error.__traceback__)
    mine = [frame for frame in frames if not any(part in frame.filename for part in libraries)]
    return f" ({shown(Path(mine[-1].filename))}:{mine[-1].lineno})" if mine else ""


def comparable(kind: str, answer: Any, question: Question) -> Answer:
    """An answer by labels of rows, so that answers to one question in two orders can be compared."""
    if kind != "orchestration":
        values = np.asarray(answer)
        return {(int(value),): frozenset(question.labels[values == value].tolist()) for value in np.unique(values)}
    by_kind: Answer = {}
    for touches in touches_in(answer):
        who = frozenset(question.labels[np.asarray(touches.who, dtype=np.int64)].tolist())
        what = (touches.content, touches.channel)
        if who:
            by_kind[what] = by_kind.get(what, frozenset()) | who
    return by_kind


def touches_in(answer: Any) -> list[Touches]:
    """The touches of an orchestration's answer, whichever of its forms it has."""
    if answer is None:
        return []
    return [answer] if isinstance(answer, Touches) else list(answer)


def differing(one: Answer, other: Answer) -> int:
    """In how many rows two answers differ."""
    rows: set[int] = set()
    for what in one.keys() | other.keys():
        rows |= one.get(what, frozenset()) ^ other.get(what, frozenset())
    return len(rows)
