"""Audiences as the kernel evaluates them: what a column of a view is to it, and the programs one after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from lifesim.engagement.journeys.audience import compile_audience
from lifesim.engagement.journeys.layout import COMPARE, NONE, RECALL_WIDTH, Seen
from lifesim.engagement.journeys.registers import EVENT_NUMBERS
from lifesim.errors import InputError
from lifesim.population.consent import withholds_health_data
from lifesim.scenario import Scenario
from lifesim.scenario.contents import PURPOSES
from lifesim.scenario.journeys.expressions import Comparison, column_of, comparisons
from lifesim.scenario.journeys.parsing import parse_audience
from lifesim.scenario.journeys.words import EVENTS, HEALTH_EVENTS, SINCE, Vocabulary, asked_about
from lifesim.scenario.market import CHANNELS
from lifesim.scenario.wording import suggest

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
        named = {"consents": (*CHANNELS, *PURPOSES), "holds": tuple(scenario.products), "tag": tuple(scenario.segments)}
        codes = {"consents": Seen.CONSENTS, "holds": Seen.HOLDS, "tag": Seen.TAG}
        self._seen: dict[str, tuple[int, int]] = {name: (code, 0) for name, code in _PLAIN.items()}
        self._seen |= {f"{word}_{name}": (codes[word], k) for word in named for k, name in enumerate(named[word])}
        if "age" not in scenario.behaviour.traits:
            del self._seen["age"]
        if scenario.inference.churn is None:
            del self._seen["churn_score"]
        self._scenario = scenario
        #: By column, what audiences ask about when it last happened: event, and what it is about.
        self.recalled: dict[str, tuple[str, str]] = {}
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
            for test in comparisons(parse_audience(text)):
                if test.word in EVENTS and test.word not in SINCE:
                    self._recall(test, names)
            if len(program.rows) > MOST_COMPARISONS:
                raise InputError(f"an audience of more than {MOST_COMPARISONS} parts is too long: {text:.60}")
            for (what, column, comparison), value in zip(program.rows, program.values, strict=True):
                code, about = self._code(program.columns[column], text) if what == COMPARE else (0, 0)
                self._rows.append((int(what), code, about, int(comparison)))
                self._values.append(float(value))
            self._first.append(len(self._rows))
        return self._numbers[text]

    def _recall(self, test: Comparison, names: Vocabulary) -> None:
        """Have a column for an event that an audience asks about."""
        takes, contents = asked_about(test.word), self._scenario.contents
        if takes == "content" and test.argument and test.argument not in contents:
            raise InputError(f"unknown content '{test.argument}'{suggest(test.argument, contents)}")
        if takes == "product" and test.argument and not names.held(test.argument):
            raise InputError(f"no product of the scenario is '{test.argument}', so nobody has {test.word} one")
        column = column_of(test)
        if column not in self.recalled:
            withheld = test.word in HEALTH_EVENTS and withholds_health_data(self._scenario)
            self._seen[column] = Seen.SINCE_HEALTH if withheld else Seen.SINCE, len(self.recalled)
            self.recalled[column] = test.word, test.argument

    def recall_rules(self, names: Vocabulary, seats: Mapping[str, Sequence[int]]) -> Any:
        """Rows of what is remembered, see ``layout.RECALL_WIDTH``.

        Parameters
        ----------
        seats
            Numbers of the offline events of all journeys, by name.

        Raises
        ------
        InputError
            When no journey has an offline event that is asked about.
        """
        rows = [
            (EVENT_NUMBERS[event], about, column)
            for column, (event, argument) in enumerate(self.recalled.values())
            for about in self._about(event, argument, names, seats)
        ]
        return np.array(rows, np.int64).reshape(-1, RECALL_WIDTH)

    def _about(self, event: str, argument: str, names: Vocabulary, seats: Mapping[str, Sequence[int]]) -> Sequence[int]:
        """Numbers of what an event may be about; ``NONE`` where it may be anything."""
        takes = asked_about(event)
        if not argument:
            return (NONE,)
        if takes == "offline event":
            if argument not in seats:
                raise InputError(
                    f"no journey has an offline event '{argument}' that can be booked{suggest(argument, seats)}"
                )
            return seats[argument]
        if takes == "product":
            return [list(self._scenario.products).index(name) for name in names.held(argument)]
        return (list(self._scenario.contents).index(argument),)

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
