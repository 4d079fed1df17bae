"""What strategies answer: whatever is not an array of integers, or edits what it sees, is refused in one clear line."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from small_worlds import FirstSeat, Weekly, busy, run, small, uncontended

from lifesim.errors import StrategyError
from lifesim.strategy import NoGrades, Practice, Schedule, Touches

Answer = Callable[[Any, Any], Any]


def to(who: Any, content: Any = "newsletter", channel: Any = "push") -> Touches:
    return Touches(who, content, channel)


def edited(view: Any, name: str) -> Touches:
    setattr(view, name, 3)
    return to([])


def overwritten(view: Any) -> Touches:
    view.age[:] = 3
    return to([])


#: What is answered by a campaign, and what the line says.
TOUCHES: dict[str, tuple[Answer, str]] = {
    "NumPy scalar": (lambda view, luck: to(np.int64(3)), "who must have shape (n,), not ()"),
    "NumPy bool": (lambda view, luck: to(np.bool_(True)), "who must have shape (n,), not ()"),
    "one number": (lambda view, luck: to(3), "who must have shape (n,), not ()"),
    "nothing": (lambda view, luck: to(None), "who must have shape (n,), not ()"),
    "table": (lambda view, luck: to([[1], [2]]), "who must have shape (n,), not (2, 1)"),
    "rows of several lengths": (lambda view, luck: to([[1], [2, 3]]), "who must be an array of integers: "),
    "mask": (lambda view, luck: to(view.age > 0), "who must be integers, not bool"),
    "floats": (lambda view, luck: to(np.array([1.0])), "who must be integers, not float64"),
    "names": (lambda view, luck: to(["1"]), "who must be integers, not <U1"),
    "beyond the view": (lambda view, luck: to([len(view)]), "who must lie between 0 and "),
    "before the view": (lambda view, luck: to([-1]), "who must lie between 0 and "),
    "twice": (lambda view, luck: to([2, 2]), "a customer appears twice in who for 'newsletter' by push"),
    "content by number": (lambda view, luck: to([1], content=np.int64(0)), "content must be a name, not np.int64(0)"),
    "contents": (lambda view, luck: to([1], content=np.array(["newsletter"] * 2)), "content must be a name, not array"),
    "no channel": (lambda view, luck: to([1], channel=None), "channel must be a name, not None"),
    "unknown channel": (lambda view, luck: to([1], channel="fax"), "unknown channel 'fax'"),
    "new column": (lambda view, luck: edited(view, "age"), "raised AttributeError: cannot set 'age': a view is read"),
    "other time": (lambda view, luck: edited(view, "now"), "raised AttributeError: cannot set 'now': a view is read"),
    "overwritten": (lambda view, luck: overwritten(view), "raised ValueError: assignment destination is read-only"),
    "short mask": (lambda view, luck: to(view.where([True])), "raised ValueError: where() takes a mask of shape ("),
    "positions as mask": (lambda view, luck: to(view.where([3, 5])), "raised ValueError: where() takes a mask"),
    "among a mask": (
        lambda view, luck: to(luck.take("few", 2, view.age > 0)),
        "raised TypeError: take() takes positions among the rows, not bool",
    ),
}  # fmt: skip

#: What is answered for leads, and what the line says after the name of what was asked for.
ABOUT_LEADS: dict[str, tuple[Answer, str]] = {
    "NumPy scalar": (lambda view, luck: np.int64(0), " must have shape ("),
    "bool": (lambda view, luck: True, " must have shape ("),
    "bools": (lambda view, luck: np.ones(len(view), bool), " must be integers, not bool"),
    "floats": (lambda view, luck: np.zeros(len(view)), " must be integers, not float64"),
    "one too many": (lambda view, luck: np.zeros(len(view) + 1, int), " must have shape ("),
    "beyond": (lambda view, luck: np.full(len(view), 99), " must lie between "),
}


@dataclass(frozen=True)
class Says:
    """Answers as it was told to."""

    how: str

    schedule = Schedule(at="10:00")

    def touch(self, customers: Any, luck: Any) -> Any:
        return TOUCHES[self.how][0](customers, luck)

    def grade(self, leads: Any, luck: Any) -> Any:
        return ABOUT_LEADS[self.how][0](leads, luck)

    def assign(self, leads: Any, agents: Any, luck: Any) -> Any:
        return ABOUT_LEADS[self.how][0](leads, luck)


@pytest.mark.parametrize("how", TOUCHES)
def test_a_campaign_answers_with_touches(how: str) -> None:
    with pytest.raises(StrategyError) as refused:
        run(small(60), Practice({"odd": Says(how)}), days=1)
    line = str(refused.value)
    assert re.match(r"strategy 'odd' at 20\d\d-\d\d-\d\d 10:00: ", line)
    assert TOUCHES[how][1] in line
    assert "\n" not in line


@pytest.mark.parametrize("how", ABOUT_LEADS)
@pytest.mark.parametrize("what", ["grades", "assignments"])
def test_a_lead_gets_one_integer(what: str, how: str) -> None:
    calls = {"care": Weekly("care_call", "call", "10:30", share=1.0)}
    grading, allocation = (Says(how), FirstSeat()) if what == "grades" else (NoGrades(), Says(how))
    with pytest.raises(StrategyError) as refused:
        run(uncontended(small(60)), Practice(calls, grading, allocation), days=3)
    line = str(refused.value)
    assert re.match(rf"strategy 'Says' at 20\d\d-\d\d-\d\d \d\d:\d\d: {what}", line)
    assert ABOUT_LEADS[how][1] in line
    assert "\n" not in line


def test_nobody_may_be_named_in_any_way() -> None:
    """An empty answer has no type worth a complaint."""
    for nobody in ([], np.zeros(0), np.zeros(0, bool), np.zeros(0, np.int8)):
        assert run(small(60), busy(nobody=_Sends(nobody)), days=2).state.touched.sum() > 0


@dataclass(frozen=True)
class _Sends:
    who: Any

    schedule = Schedule(at="10:00")

    def touch(self, customers: Any, luck: Any) -> Touches:
        return to(self.who)
