"""The contract kit: whether a strategy keeps what every comparison of arms rests on.

``check_strategy`` checks one strategy, ``parametrize_with_checks`` makes a test of each check for pytest, and
``lifesim check strategies/`` does the same for the files of a workspace; see ``docs/testing_strategies.md``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["CHECKS", "Check", "Failure", "Report", "check_strategy", "examine", "parametrize_with_checks"]


def __getattr__(name: str) -> Any:
    """Import what checks need on first use: the process that only answers questions does without."""
    if name not in __all__:
        raise AttributeError(f"module 'lifesim.testing' has no attribute {name!r}")
    return getattr(import_module("lifesim.testing.contract"), name)
