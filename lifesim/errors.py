"""What can go wrong, each in one line that names the place and the remedy."""

from __future__ import annotations

from dataclasses import dataclass


class LifesimError(Exception):
    """Base of every error that a user is meant to read; the command prints it without a traceback."""

    exit_code = 1


class InputError(LifesimError):
    """The user's input cannot be used: scenario, book, plug-in file, command-line value."""

    exit_code = 2


class RunError(LifesimError):
    """Something failed while a run was under way."""


class StrategyError(RunError):
    """A plug-in raised, or answered with something the world cannot use."""


class ContractError(InputError):
    """A strategy does not keep the contract of its kind; a line for each check that fails."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a file.

    Attributes
    ----------
    place
        ``file:line:col`` or as much of it as is known.
    path
        Dotted path of the value inside the file, empty for the file as a whole.
    message
        What is wrong, and what would be right.
    """

    place: str
    path: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.place, self.path, self.message) if part)


class ScenarioError(InputError):
    """A scenario file with problems; all of them at once, one line each."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))
