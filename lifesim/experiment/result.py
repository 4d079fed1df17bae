"""What an experiment found, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lifesim.errors import InputError
from lifesim.scenario import Scenario
from lifesim.strategy import Practice

if TYPE_CHECKING:
    import pandas as pd

    from lifesim.experiment.twins import Twins


@dataclass
class Result:
    """What an experiment found.

    Attributes
    ----------
    effects
        Paired effects on the customers present at the fork, one row per metric, segment and arm.
    effects_everyone
        The same over everyone, those who joined later included.
    effects_by_branch
        Effects on the primary metric in each branch, with a column ``branch``; of whom ``measure.scope`` says.
    returns
        Incremental return on the cost that an arm adds, by segment, see ``experiment.effects.returns``.
    ladder
        What each arm of ``measure.ladder`` adds to the one before, see ``experiment.ladder``; no rows without one.
    tables
        All tables of the run by name, see ``docs/architecture.md``.
    failures
        One line for each arm or unit that failed.
    path
        Run directory; none for a run that was not written.
    oracles
        By arm, the plug-ins that saw what no insurer sees.
    practices
        By arm, its plug-ins with their parameters.
    """

    scenario: Scenario
    effects: pd.DataFrame
    effects_everyone: pd.DataFrame
    effects_by_branch: pd.DataFrame
    returns: pd.DataFrame
    ladder: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    failures: list[str]
    seconds: float
    timings: dict[str, float] = field(default_factory=dict)
    customer_days: float = 0.0
    path: Path | None = None
    oracles: dict[str, list[str]] = field(default_factory=dict)
    practices: dict[str, Practice] = field(default_factory=dict)

    def twins(self, arm: str) -> Twins:
        """Customers of an arm beside themselves in the control: who was worse off, and why.

        Raises
        ------
        InputError
            The run kept no twins, or has no such arm.
        """
        from lifesim.experiment.twins import pair

        control = self.scenario.experiment.control
        if "twins" not in self.tables:
            raise InputError("this run kept no twins; write experiment: {twins: true} in the scenario")
        arms = [str(name) for name in self.tables["twins"]["arm"].unique() if name != control]
        if arm not in arms:
            raise InputError(
                f"no twins of arm '{arm}' and the control; there are those of {', '.join(arms) or 'no arm'}"
            )
        return pair(self.tables["twins"], arm, control)

    def to_json(self) -> dict[str, Any]:
        """Everything of interest as plain data."""
        from lifesim.experiment.effects import to_records

        return {
            "scenario": self.scenario.name,
            "path": None if self.path is None else str(self.path),
            "seconds": round(self.seconds, 3),
            "replications": self.scenario.experiment.replications,
            "seed": self.scenario.experiment.seed,
            "effects": to_records(self.effects),
            "effects_everyone": to_records(self.effects_everyone),
            "returns": to_records(self.returns),
            "ladder": to_records(self.ladder),
            "oracles": self.oracles,
            "failures": self.failures,
        }
