"""Ages in rate tables: rows for spans of completed years, which together leave no gap and do not overlap."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lifesim.scenario.units import PathError

#: Ages of rate tables: from 0 to one less, in whole years; who is older counts as of the last.
AGES = 121
_BAND = re.compile(r"(\d{1,3})(?:-(\d{1,3})|\+)")


def span_of(ages: str) -> tuple[int, int]:
    """First age, and the first that no longer belongs; (0, 0) when the ages cannot be read."""
    found = _BAND.fullmatch(ages.replace(" ", ""))
    if found is None:
        return 0, 0
    return int(found[1]), AGES if found[2] is None else int(found[2]) + 1


def wrong_ages(ages: str) -> Iterator[PathError]:
    """What is wrong with the ages of one row."""
    first, after = span_of(ages)
    if after == 0:
        yield PathError(("ages",), f"'{ages}' is not a span of ages; write 30-44, or 60+ for the last row")
    elif first >= after or after > AGES:
        yield PathError(("ages",), f"'{ages}' must go from a lower to a higher age, up to {AGES - 1}")


def wrong_rows(rows: Sequence[str], key: str) -> Iterator[PathError]:
    """Gaps and overlaps between the ages of rows, which are the entries of ``key``."""
    expected = 0
    for k, ages in enumerate(rows):
        first, after = span_of(ages)
        if first > expected:
            missing = f"{expected}" if first == expected + 1 else f"{expected}-{first - 1}"
            yield PathError((key, k, "ages"), f"leaves a gap: no row has ages {missing}")
        elif first < expected:
            yield PathError((key, k, "ages"), f"overlaps the row before it, which goes up to {expected - 1}")
        expected = after
    if rows and expected < AGES:
        yield PathError((key, len(rows) - 1, "ages"), f"leaves a gap: no row has ages {expected}+; end with them")
