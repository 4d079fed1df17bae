"""Every sentence of the report by key, in the language of the reader.

Names given by the user are values of placeholders and are printed as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from lifesim.errors import InputError
from lifesim.report.texts import FINDINGS
from lifesim.report.texts_estimates import ESTIMATES
from lifesim.report.texts_journeys import JOURNEYS
from lifesim.report.texts_page import PAGE
from lifesim.report.texts_rules import RULES

LANGUAGES = ("en", "zh")
HTML_LANGUAGE = {"en": "en", "zh": "zh-CN"}

TEXTS: dict[str, tuple[str, str]] = FINDINGS | PAGE | JOURNEYS | ESTIMATES | RULES


class Catalogue:
    """The texts of one language; call it with a key and the values of its placeholders."""

    def __init__(self, lang: str) -> None:
        if lang not in LANGUAGES:
            close = get_close_matches(lang, LANGUAGES, n=1, cutoff=0.4)
            hint = f"did you mean '{close[0]}'?" if close else f"use {' or '.join(LANGUAGES)}"
            raise InputError(f"report language '{lang}' is unknown: {hint}")
        self.lang = lang
        self._column = LANGUAGES.index(lang)

    def __call__(self, key: str, **values: object) -> str:
        return TEXTS[key][self._column].format(**values)

    def stage(self, code: str) -> str:
        """Name of a stage; a code the catalogue does not know is printed as it is."""
        key = f"stage.{code}"
        return self(key) if key in TEXTS else printable(code)

    def joined(self, sentences: Sequence[str]) -> str:
        """Sentences one after another; Chinese leaves no space between them."""
        return ("" if self.lang == "zh" else " ").join(sentences)

    def has_stage(self, code: str) -> bool:
        """Whether the catalogue knows a stage."""
        return f"stage.{code}" in TEXTS

    def group(self, name: str) -> str:
        """Name of a group of metrics."""
        key = f"group.{name}"
        return self(key) if key in TEXTS else printable(name)

    def segment(self, name: str) -> str:
        """Name of a segment: the user's own, except for everyone."""
        return self("segment.all") if name == "all" else printable(name)


def printable(value: object) -> str:
    """User-given text in one line, without control or direction characters.

    Terminals obey escape sequences and browsers direction overrides: a name must hold neither.
    """
    line = " ".join(str(value).split())
    return "".join(char if char.isprintable() else "\ufffd" for char in line)
