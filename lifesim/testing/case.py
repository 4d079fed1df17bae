"""One strategy under check: its questions, copies of it, and how it is asked."""

from __future__ import annotations

import dataclasses
import functools
import pickle
from pathlib import Path
from typing import Any

from lifesim.scenario import Scenario
from lifesim.strategy import Schedule
from lifesim.testing.asking import Answer, ask, comparable
from lifesim.testing.question import Question
from lifesim.testing.stage import Stage, stage_for
from lifesim.workspace import METHODS, plugin_name


class CheckFailedError(Exception):
    """A check failed; the message says what is wrong and what to do."""


@dataclasses.dataclass(frozen=True)
class Case:
    """A strategy, or its class, as one of the kinds that it is.

    Attributes
    ----------
    scenario
        In whose small world it is asked; see `lifesim.testing.stage.stage_for`.
    """

    given: Any
    kind: str
    scenario: str | Path | Scenario | None = None

    @property
    def cls(self) -> type[Any]:
        return self.given if isinstance(self.given, type) else type(self.given)

    @property
    def name(self) -> str:
        """What scenarios call the strategy."""
        return plugin_name(self.cls)

    @property
    def method(self) -> str:
        """The method that makes it a strategy of its kind."""
        return METHODS[self.kind]

    @property
    def view(self) -> str:
        """What its first argument is called."""
        return "customers" if self.kind == "orchestration" else "leads"

    @functools.cached_property
    def strategy(self) -> Any:
        """The strategy; of a class, the one with its defaults."""
        return self.cls() if isinstance(self.given, type) else self.given

    @functools.cached_property
    def pickled(self) -> bytes:
        return pickle.dumps(self.strategy)

    def copy(self) -> Any:
        """A copy of the strategy as it was given."""
        return pickle.loads(self.pickled)

    @functools.cached_property
    def stage(self) -> Stage:
        return stage_for(self.name, self.scenario)

    @property
    def questions(self) -> list[Question]:
        """What the small world asks it."""
        schedule: Schedule | None = self.strategy.schedule if self.kind == "orchestration" else None
        service = bool(getattr(self.strategy, "service", False))
        return self.stage.questions(self.kind, self.name, self.oracle, schedule, service)

    @property
    def oracle(self) -> bool:
        return bool(getattr(self.strategy, "oracle", False))

    def answer(self, question: Question, **how: Any) -> Answer:
        """What a copy of the strategy answers, in comparable form; ``how`` as in `lifesim.testing.asking.ask`."""
        return comparable(self.kind, ask(self.copy(), self.kind, question, **how), question)
