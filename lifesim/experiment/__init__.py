"""Arms, units of work, paired effects, storage. Names are resolved lazily: some of them are heavy."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lifesim.experiment.checks import CHECKS as CHECKS
    from lifesim.experiment.checks import check_file as check_file
    from lifesim.experiment.checks import oracles_in as oracles_in
    from lifesim.experiment.comparison import compare as compare
    from lifesim.experiment.comparison import run as run
    from lifesim.experiment.figures import compare_facts as compare_facts
    from lifesim.experiment.result import Result as Result
    from lifesim.experiment.rules import rule_costs as rule_costs
    from lifesim.experiment.sources import figures_behind as figures_behind
    from lifesim.experiment.store import read_run as read_run
    from lifesim.experiment.vocabulary import known_names as known_names

_HOMES = {
    "CHECKS": "checks", "Result": "result", "compare": "comparison", "run": "comparison", "check_file": "checks",
    "compare_facts": "figures", "figures_behind": "sources", "read_run": "store",
    "known_names": "vocabulary", "rule_costs": "rules", "oracles_in": "checks",
}  # fmt: skip
__all__ = [
    "CHECKS",
    "Result",
    "check_file",
    "compare",
    "compare_facts",
    "figures_behind",
    "known_names",
    "oracles_in",
    "read_run",
    "rule_costs",
    "run",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'lifesim.experiment' has no attribute '{name}'")
    return getattr(import_module(f"lifesim.experiment.{_HOMES[name]}"), name)
