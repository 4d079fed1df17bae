"""Texts in two languages."""

from __future__ import annotations

from lifesim.scenario.model import Part, about


class Label(Part):
    """A text in two languages."""

    en: str = about("in English")
    zh: str = about("in Chinese")

    def of(self, lang: str) -> str:
        """The text in a language, ``en`` or ``zh``."""
        return self.zh if lang == "zh" else self.en


def labelled(label: Label | str | None, lang: str, otherwise: str) -> str:
    """A label in a language; a text stands for itself."""
    if isinstance(label, Label):
        return label.of(lang)
    return label or otherwise
