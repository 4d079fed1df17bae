"""Audiences as the kernel evaluates them: what a column of a view is to it, and the programs one after another."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from lifesim.engagement.journeys.audience import compile_audience
from lifesim.engagement.journeys.layout import COMPARE, Seen
from lifesim.errors import InputError
from lifesim.scenario import Scenario
from lifesim.scenario.journeys.words import Vocabulary
from lifesim.scenario.market import CHANNELS

_PLAIN: Final = {
    "age": Seen.AGE, "branch": Seen.BRANCH, "stage": Seen.STAGE, "policies": Seen.POLICIES, "orphan": Seen.ORPHAN,
    "tenure_days": Seen.TENURE, "days_since_session": Seen.SINCE_SESSION, "days_since_touch": Seen.SINCE_TOUCH,
    "days_to_due": Seen.TO_DUE, "waits": Seen.WAITS, "sum_assured_cny": Seen.SUM_ASSURED,
    "annual_premium_cny": Seen.PREMIUM, "churn_score": Seen.CHURN_SCORE,
}  # fmt: skip
#: Comparisons of one program at most: what is still to be joined is kept in the bits of a number.
MOST_COMPARISONS: Final = 60


class Programs:
    """Programs of audiences, each once."""

    def __init__(self, scenario: Scenario) -> None:
        named = {"consents": CHANNELS, "holds": tuple(scenario.products), "tag": tuple(scenario.segments)}
        codes = {"consents": Seen.CONSENTS, "holds": Seen.HOLDS, "tag": Seen.TAG}
        self._seen: dict[str, tuple[int, int]] = {name: (code, 0) for name, code in _PLAIN.items()}
        self._seen |= {f"{word}_{name}": (codes[word], k) for word in named for k, name in enumerate(named[word])}
        if "age" not in scenario.behaviour.traits:
            del self._seen["age"]
        if scenario.inference.churn is None:
            del self._seen["churn_score"]
        self._numbers: dict[str, int] = {}
        self._first = [0]
        self._rows: list[tuple[int, int, int, int]] = []
        self._values: list[float] = []

    def number(self, text: str, names: Vocabulary) -> int:
        """Number of an audience, which is compiled when it is first asked for.

        Raises
        ------
        InputError
            When it asks for what no world observes.
        """
        if text not in self._numbers:
            self._numbers[text] = len(self._numbers)
            program = compile_audience(text, names)
            if len(program.rows) > MOST_COMPARISONS:
                raise InputError(f"an audience of more than {MOST_COMPARISONS} parts is too long: {text:.60}")
            for (what, column, comparison), value in zip(program.rows, program.values, strict=True):
                code, about = self._code(program.columns[column], text) if what == COMPARE else (0, 0)
                self._rows.append((int(what), code, about, int(comparison)))
                self._values.append(float(value))
            self._first.append(len(self._rows))
        return self._numbers[text]

    def _code(self, column: str, text: str) -> tuple[int, int]:
        if column not in self._seen:
            instead = "; describe inference.churn in the scenario" if column == "churn_score" else ""
            raise InputError(f"no world observes '{column}', which an audience asks for: {text:.80}{instead}")
        return self._seen[column]

    def arrays(self) -> dict[str, Any]:
        """First row of each program and the end of the last; rows; what columns are compared with."""
        return {
            "audience_from": np.array(self._first, np.int64),
            "audience_rows": np.array(self._rows, np.int64).reshape(-1, 4),
            "audience_values": np.array(self._values, np.float64),
        }
