"""Strategies that carry something from one question to the next."""

import datetime
from dataclasses import dataclass, field

import numpy as np

BEGAN: dict[str, datetime.date] = {}


@dataclass(frozen=True, kw_only=True)
class RemembersItsFirstDay:
    """In a variable of the module, which all arms of a process share."""

    def grade(self, leads, luck):
        began = BEGAN.setdefault("day", leads.date)
        return np.where((leads.date - began).days > 40, 0, 1) + np.zeros(len(leads), np.int64)


@dataclass(frozen=True, kw_only=True)
class CountsItsDays:
    """In a list of its own."""

    days: list[datetime.date] = field(default_factory=list)

    def grade(self, leads, luck):
        self.days.append(leads.date)
        return np.full(len(leads), min(len(self.days), 3))


class _Forgets:
    """Is empty when it is pickled."""

    def __init__(self):
        self.days = []

    def __eq__(self, other):
        return isinstance(other, _Forgets)

    def __reduce__(self):
        return _Forgets, ()


@dataclass(frozen=True, kw_only=True)
class HidesWhatItCounts:
    notes: _Forgets = field(default_factory=_Forgets)

    def grade(self, leads, luck):
        self.notes.days.append(leads.date)
        return np.full(len(leads), min(len(self.notes.days), 3))
