"""Notes calls that a strategy has no need of: to clocks, and to what finds other parts of the program."""

from __future__ import annotations

import datetime
import gc
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_PARTS = ("stdlib", "platlib", "purelib")
_LIBRARIES = (*(sysconfig.get_paths()[part] for part in _PARTS), str(Path(__file__).parents[1]), "<")
_TIMES = ("time", "time_ns", "monotonic", "perf_counter", "localtime", "gmtime", "ctime")


def _clock(owner: Any, name: str) -> bool:
    if isinstance(owner, type) and issubclass(owner, datetime.date):
        return name in ("now", "today", "utcnow")
    return owner is time and name in _TIMES


def _behind(owner: Any, name: str) -> bool:
    if owner is gc:
        return name in ("get_objects", "get_referrers", "get_referents")
    return owner is sys and name in ("_getframe", "_current_frames")


#: Tests of built-in functions by what they belong to and their name.
Calls = Callable[[Any, str], bool]
CLOCKS: Calls = _clock
BEHIND: Calls = _behind


@contextmanager
def calls_of(wanted: Calls) -> Iterator[list[str]]:
    """Note which built-in functions of a sort the strategy's own files call meanwhile, by name."""
    found: list[str] = []

    def note(frame: Any, event: str, called: Any) -> None:
        if event == "c_call":
            owner: Any = getattr(called, "__self__", None)
            name = getattr(called, "__name__", "")
            if wanted(owner, name) and _is_own(frame):
                found.append(f"{owner.__name__}.{name}()")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(before)


def _is_own(frame: Any) -> bool:
    """Whether a call is in a file of the user; `inspect` is asked on somebody's behalf."""
    while frame is not None and frame.f_globals.get("__name__") == "inspect":
        frame = frame.f_back
    return frame is not None and not frame.f_code.co_filename.startswith(_LIBRARIES)
