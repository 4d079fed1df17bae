"""The words of an expression, each with its position."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

from lifesim.scenario.units import PathError
from lifesim.scenario.wording import suggest

Kind = Literal["name", "quantity", "sign", "end"]

MAX_LENGTH: Final = 2_000
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_\u4e00-\u9fff][A-Za-z0-9_\-\u4e00-\u9fff]*)"
    r"|(?P<quantity>[0-9][0-9_]*(?:\.[0-9]+)?(?:[A-Za-z万元%]+)?)"
    r"|(?P<sign><=|>=|!=|==|[<>=(),]))"
)


@dataclass(frozen=True)
class Token:
    """A word, a quantity or a sign; `at` counts the characters before it."""

    kind: Kind
    text: str
    at: int


def wrong(at: int, message: str) -> PathError:
    """A complaint about the part of an expression that begins at a character."""
    return PathError((), message, offset=at)


def tokens(text: str) -> list[Token]:
    """The words of an expression, with an end.

    Raises
    ------
    PathError
        At a character that no expression has.
    """
    if len(text) > MAX_LENGTH:
        raise wrong(0, f"has {len(text):,} characters; an expression has at most {MAX_LENGTH:,}")
    found, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise _foreign(text, at + len(text[at:]) - len(text[at:].lstrip()))
        kind: Kind = "name" if match["name"] else "quantity" if match["quantity"] else "sign"
        found.append(Token(kind, match[kind], match.start(kind)))
        at = match.end()
    return [*found, Token("end", "", len(text.rstrip()))]


def _foreign(text: str, at: int) -> PathError:
    narrow = unicodedata.normalize("NFKC", text[at])
    if narrow != text[at]:
        return wrong(at, f"full-width '{text[at]}'; write {narrow!r}")
    hint = {"&": "; write and", "|": "; write or", "!": "; write not", "-": "; numbers here are 0 or more",
            "≤": "; write <=", "≥": "; write >=", "≠": "; write !="}  # fmt: skip
    return wrong(at, f"'{text[at]}' has no meaning here{hint.get(text[at], '')}")


class Reader:
    """Walks over the words of an expression."""

    def __init__(self, text: str) -> None:
        self._tokens = tokens(text)
        self._next = 0

    @property
    def token(self) -> Token:
        """The word that comes next."""
        return self._tokens[self._next]

    def take(self) -> Token:
        """The next word; the reader moves on."""
        token = self.token
        self._next += token.kind != "end"
        return token

    def skip(self, *texts: str) -> bool:
        """Whether the next words are these; if so, the reader moves on."""
        following = [each.text for each in self._tokens[self._next : self._next + len(texts)]]
        if following != list(texts):
            return False
        self._next += len(texts)
        return True

    def expect(self, text: str, why: str) -> None:
        """Move on over a word that must come; raises PathError where another does."""
        if not self.skip(text):
            raise self.refusal(f"'{text}'", why)

    def name(self, what: str) -> Token:
        """The next word, which must be a name; raises PathError where it is not."""
        if self.token.kind != "name" or self.token.text in KEYWORDS:
            raise self.refusal(what)
        return self.take()

    def refusal(self, wanted: str, why: str = "") -> PathError:
        """A complaint that something else was expected here."""
        found = f"'{self.token.text}'" if self.token.text else "the end"
        return wrong(self.token.at, f"expected {wanted}, found {found}{'; ' + why if why else ''}")


KEYWORDS: Final = frozenset(("and", "or", "not", "is", "in", "within", "between"))


def unknown(token: Token, kind: str, known: tuple[str, ...]) -> PathError:
    """A complaint about a name that nobody knows."""
    return wrong(token.at, f"unknown {kind} '{token.text}'{suggest(token.text, known)}")
