"""Lines of a terminal, in which a Chinese character takes two columns."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

#: Punctuation that begins no line, and that ends none.
_NOT_FIRST, _NOT_LAST = "，。、：；）”！？ ", "（“"


def columns(text: str) -> int:
    """Columns that a text takes in a terminal: two for each Chinese character."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def folded(text: str, later: str, width: int) -> list[str]:
    """A text as lines of at most `width` columns, broken at spaces, or between Chinese characters."""
    found, line = [], ""
    for piece in _pieces(text):
        if line.strip() and columns((line + piece).rstrip()) > width:
            found.append(line.rstrip())
            line = later
            piece = piece.lstrip()
        while columns(line + piece.rstrip()) > width:  # one word longer than a line
            room = next(k for k in range(len(piece), 0, -1) if columns(line + piece[:k]) <= width)
            found.append(line + piece[:room])
            line, piece = later, piece[room:]
        line += piece
    return [*found, line.rstrip()]


def _pieces(text: str) -> Iterator[str]:
    """Parts of a text between which a line may break."""
    piece = ""
    for each in text:
        wide = piece and (columns(each) == 2 or columns(piece[-1]) == 2)
        spaced = piece and piece[-1] == " " and each != " "
        if spaced or (wide and each not in _NOT_FIRST and piece[-1] not in _NOT_LAST):
            yield piece
            piece = ""
        piece += each
    if piece:
        yield piece
