"""lifesim: customer lifecycles, and experiments on the strategies that shape them.

The public names are resolved when they are first used, so that `import lifesim` costs nothing and
the command line answers at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# Public name -> the module that defines it.
_HOMES = {
    "load": "lifesim.scenario",
    "Scenario": "lifesim.scenario",
    "Arm": "lifesim.scenario",
    "Journey": "lifesim.scenario.journeys",
    "load_journey": "lifesim.scenario.journeys",
    "check_file": "lifesim.experiment",
    "compare": "lifesim.experiment",
    "run": "lifesim.experiment",
    "Result": "lifesim.experiment",
    "CustomerView": "lifesim.strategy",
    "LeadView": "lifesim.strategy",
    "AgentView": "lifesim.strategy",
    "Luck": "lifesim.strategy",
    "Touches": "lifesim.strategy",
    "UNASSIGNED": "lifesim.strategy",
    "Mechanism": "lifesim.strategy",
    "Practice": "lifesim.strategy",
    "Schedule": "lifesim.strategy",
    "METRICS": "lifesim.metrics",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    """Import the module behind a public name on its first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'lifesim' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
