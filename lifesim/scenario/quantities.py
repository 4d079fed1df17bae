"""Parse and print quantities; the types built from them are in `lifesim.scenario.units`.

Parsers raise ValueError with one line that says what would be right. Printed text is exact: parsing
it again gives the same value.
"""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from decimal import Context, Decimal
from typing import Final

from lifesim.scenario.wording import shown

MINUTE: Final = 60
HOUR: Final = 3_600
DAY: Final = 86_400
WEEK: Final = 7 * DAY
YEAR: Final = 365 * DAY

#: Times are 32-bit seconds from 60 years before the start of a world to 60 years after it.
LONGEST_YEARS: Final = 60
_INT64_MAX: Final = 2**63 - 1
_NUMBER: Final = r"[-+]?[0-9][0-9_]*(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3})?"
_TEXT_LIMIT: Final = 60
# Wide enough that no product or quotient of a text within the limit is rounded unnoticed.
_EXACT: Final = Context(prec=200)

_DURATION_SECONDS: Final = {"s": 1, "min": MINUTE, "h": HOUR, "d": DAY, "w": WEEK, "y": YEAR}
_RATE_SECONDS: Final = _DURATION_SECONDS | {
    "day": DAY,
    "week": WEEK,
    "month": YEAR // 12,
    "year": YEAR,
}
_SCALES: Final = {
    "": Decimal(1),
    "%": Decimal("0.01"),
    "千": Decimal(1_000),
    "万": Decimal(10_000),
    "亿": Decimal(100_000_000),
}
_MONEY_FEN: Final = {"": 100, "万": 1_000_000}


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace("_", ""))


def _as_text(value: object) -> str | None:
    """The text of a text or a number; None for what is neither."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return shown(value, _TEXT_LIMIT + 1)
    return None


def _match(pattern: str, value: object, wanted: str) -> re.Match[str]:
    """Match the whole of `value`, or say what would be right."""
    text = _as_text(value)
    if text is not None and len(text) <= _TEXT_LIMIT:
        found = re.fullmatch(pattern, text)
        if found:
            return found
        narrow = unicodedata.normalize("NFKC", text)
        if narrow != text and re.fullmatch(pattern, narrow):
            raise ValueError(f"{shown(value)} has full-width characters; write {narrow}")
    raise ValueError(f"{shown(value)} is not {wanted}")


def _refuse_bare(value: object, unit: str, meaning: str) -> None:
    text = _as_text(value)
    if text is not None and re.fullmatch(_NUMBER, text):
        raise ValueError(f"{shown(value)} has no unit; write {text}{unit} {meaning}")


def bare_number(value: object) -> str:
    """The plain number in a text such as ``25岁``, ``5万`` or ``5%``; empty where there is none."""
    text = unicodedata.normalize("NFKC", value).strip() if isinstance(value, str) else ""
    found = re.fullmatch(rf"({_NUMBER}) ?([千万亿%]?)[^0-9]*", text[:_TEXT_LIMIT])
    if found is None:
        return ""
    return f"{_EXACT.multiply(_decimal(found[1]), _SCALES[found[2]]).normalize(_EXACT):f}"


DURATION_PATTERN: Final = rf"({_NUMBER}) ?(s|min|h|d|w|y)"
_DURATION_WANTED: Final = "a duration; write 90d, 2w, 3y, 12h, 30min or 45s"


def parse_duration(value: object) -> int:
    """Seconds of a text such as ``90d``; a year is 365 days.

    Raises
    ------
    ValueError
        When the unit is missing or unknown, the duration negative, longer than 60 years or not
        a whole number of seconds.
    """
    _refuse_bare(value, "d", "for days")
    found = _match(DURATION_PATTERN, value, _DURATION_WANTED)
    seconds = _EXACT.multiply(_decimal(found[1]), Decimal(_DURATION_SECONDS[found[2]]))
    if seconds < 0:
        raise ValueError(f"{shown(value)} is negative; a duration is 0s or longer")
    if seconds > LONGEST_YEARS * YEAR:
        raise ValueError(f"{shown(value)} is too long; at most {LONGEST_YEARS}y")
    if seconds != seconds.to_integral_value():
        raise ValueError(f"{shown(value)} is not a whole number of seconds; round it")
    return int(seconds)


def parse_positive_duration(value: object) -> int:
    """Seconds of a duration longer than zero; raises ValueError for ``0d``."""
    seconds = 0 if value == 0 or value == "0" else parse_duration(value)
    if seconds == 0:
        raise ValueError(f"{shown(value)} is zero; give a duration longer than 0s, such as 90d")
    return seconds


def format_duration(seconds: int) -> str:
    """Text in the longest unit of which `seconds` is a whole number, up to days: ``90d``."""
    for unit in ("d", "h", "min"):
        if seconds % _DURATION_SECONDS[unit] == 0:
            return f"{seconds // _DURATION_SECONDS[unit]}{unit}"
    return f"{seconds}s"


SHARE_PATTERN: Final = rf"({_NUMBER}) ?(%?)"
_SHARE_WANTED: Final = "a share; write 60% or 0.6"
POINTS_PATTERN: Final = rf"({_NUMBER}) ?pp"
_POINTS_WANTED: Final = "a difference in percentage points; write 0.5pp"


def parse_share(value: object) -> float:
    """Share in [0, 1] of ``60%`` or ``0.6``; raises ValueError outside that range."""
    found = _match(SHARE_PATTERN, value, _SHARE_WANTED)
    share = float(_EXACT.divide(_decimal(found[1]), Decimal(100 if found[2] else 1)))
    if 0.0 <= share <= 1.0:
        return share
    if not found[2] and 1.0 < share <= 100.0:
        raise ValueError(f"{shown(value)} is above 1; write '{found[1]}%' for a percentage")
    raise ValueError(f"{shown(value)} is outside 0% to 100%; write a share such as 60% or 0.6")


def parse_points(value: object) -> float:
    """Difference of two shares, 0.005 for ``0.5pp``; raises ValueError beyond ±100pp."""
    _refuse_bare(value, "pp", "for percentage points")
    found = _match(POINTS_PATTERN, value, _POINTS_WANTED)
    points = float(_EXACT.divide(_decimal(found[1]), Decimal(100)))
    if not -1.0 <= points <= 1.0:
        raise ValueError(f"{shown(value)} is beyond 100pp; write a difference such as 0.5pp")
    return points


def parse_limit(value: object) -> float:
    """Largest change of a metric: ``0.5pp`` of a share, or a number in the metric's own unit."""
    if not isinstance(value, str):
        return parse_real(value)
    share = re.fullmatch(rf"({_NUMBER}) ?%", value.strip())
    if share:
        raise ValueError(f"{shown(value)} is a share; write {share[1]}pp for a difference in percentage points")
    if re.fullmatch(POINTS_PATTERN, value.strip()):
        return parse_points(value)
    raise ValueError(f"{shown(value)} is not a limit; write 0.5pp for a metric that is a share, else a number")


def format_points(points: float) -> str:
    """Exact text of a difference in percentage points; raises ValueError beyond ±100pp."""
    if not -1.0 <= points <= 1.0:
        raise ValueError(f"{points} is not a difference of two shares")
    hundredths = _EXACT.multiply(Decimal(repr(points)), Decimal(100))
    return f"{hundredths.normalize(_EXACT)}pp"


MONEY_PATTERN: Final = rf"({_NUMBER}) ?(万?) ?(CNY|元|[A-Z]{{3}}|[$€£¥])?"
_MONEY_WANTED: Final = "an amount in CNY; write 12.50, 1_200 CNY or 80万"


def parse_money(value: object) -> int:
    """Fen of an amount in CNY, exact.

    Raises
    ------
    ValueError
        When the amount is negative, in another currency or has a fraction of a fen.
    """
    found = _match(MONEY_PATTERN, value, _MONEY_WANTED)
    if found[3] not in (None, "CNY", "元"):
        raise ValueError(f"{shown(value)} is in {found[3]}; write the amount in CNY")
    fen = _EXACT.multiply(_decimal(found[1]), Decimal(_MONEY_FEN[found[2]]))
    if fen < 0:
        raise ValueError(f"{shown(value)} is negative; write an amount of 0 or more")
    if fen > _INT64_MAX:
        raise ValueError(f"{shown(value)} is too large for an amount in CNY")
    if fen != fen.to_integral_value():
        raise ValueError(f"{shown(value)} has a fraction of a fen; write two decimals at most")
    return int(fen)


def format_money(fen: int) -> str:
    """Exact text of an amount: ``12.50 CNY``."""
    return f"{fen // 100}.{fen % 100:02d} CNY"


RATE_PATTERN: Final = rf"({_NUMBER}) ?/ ?(s|min|h|d|day|w|week|month|y|year)"
_RATE_WANTED: Final = "a rate; write 3/y, 0.4/month, 2/w or 0.1/d"


def parse_rate(value: object) -> float:
    """Events per second of ``3/y``; a year is 365 days, a month a twelfth of it.

    Raises
    ------
    ValueError
        When the unit of time is missing or unknown, or the rate negative.
    """
    _refuse_bare(value, "/y", "for a number a year")
    found = _match(RATE_PATTERN, value, _RATE_WANTED)
    rate = float(_decimal(found[1])) / _RATE_SECONDS[found[2]]
    if rate < 0:
        raise ValueError(f"{shown(value)} is negative; a rate is 0 or more")
    if not math.isfinite(rate):
        raise ValueError(f"{shown(value)} is too large for a rate")
    return rate


def format_rate(rate: float) -> str:
    """Exact text of a rate; per second, because any other unit could round the last bit."""
    return f"{rate!r}/s"


CLOCK_PATTERN: Final = r"([01]?[0-9]|2[0-3]):([0-5][0-9])"
_CLOCK_WANTED: Final = "a time of day; write 09:00 or 19:30"
END_PATTERN: Final = rf"{CLOCK_PATTERN}|24:00"
_END_WANTED: Final = "a time of day; write 19:30, or 24:00 for its end"
NAME_PATTERN: Final = r"[A-Za-z\u4e00-\u9fff][A-Za-z0-9_\-\u4e00-\u9fff]{0,59}"
_NAME_WANTED: Final = "a name; start with a letter, then letters, digits, _ or - (60 characters at most)"


def parse_clock_time(value: object) -> int:
    """Seconds of the day of ``19:30``; raises ValueError for anything else."""
    found = _match(CLOCK_PATTERN, value, _CLOCK_WANTED)
    return int(found[1]) * HOUR + int(found[2]) * MINUTE


def parse_end_time(value: object) -> int:
    """As ``parse_clock_time``, of a time at which something ends: ``24:00`` is the end of the day."""
    found = _match(END_PATTERN, value, _END_WANTED)
    return DAY if found[1] is None else int(found[1]) * HOUR + int(found[2]) * MINUTE


def format_clock_time(seconds: int) -> str:
    """Text of a time of day, ``09:00``."""
    return f"{seconds // HOUR:02d}:{seconds % HOUR // MINUTE:02d}"


def parse_count(value: object) -> int:
    """Whole number of at least 0; raises ValueError for fractions, truth values and negatives."""
    if isinstance(value, str) and re.fullmatch(r"[-+]?[0-9][0-9_]{0,30}", value.strip()):
        count = int(value.replace("_", ""))
    elif isinstance(value, int) and not isinstance(value, bool):
        count = value
    else:
        number = bare_number(value)
        better = number if number.isdecimal() else "50000 or 50_000"
        raise ValueError(f"{shown(value)} is not a whole number; write {better}")
    if not 0 <= count <= _INT64_MAX:
        problem = "negative" if count < 0 else "too large"
        raise ValueError(f"{shown(value)} is {problem}; write a whole number of 0 or more")
    return count


def parse_real(value: object) -> float:
    """Finite number; raises ValueError for text, truth values, NaN and infinity."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{shown(value)} is not a number; write {bare_number(value) or 'one such as 0.23'}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{shown(value)} is not a finite number; write one such as 0.23")
    return number


def parse_name(value: object) -> str:
    """Name given by a user, safe as a file name; raises ValueError for anything else."""
    if isinstance(value, str) and value != value.strip():
        raise ValueError(f"{shown(value)} is not {_NAME_WANTED}")
    return _match(NAME_PATTERN, value, _NAME_WANTED)[0]


def parse_date(value: object) -> datetime.date:
    """Calendar date of ``2026-01-05``; raises ValueError for a date that does not exist."""
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value
    found = _match(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", value, "a date; write 2026-01-05")
    try:
        return datetime.date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise ValueError(f"{shown(value)} is not in the calendar; write 2026-01-05") from None
