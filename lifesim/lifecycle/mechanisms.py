"""Mechanisms: behaviour that a researcher adds from outside, compiled and entered into the rules."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from lifesim.errors import InputError
from lifesim.lifecycle.foreign import interpreted
from lifesim.lifecycle.rule_records import MECHANISM_RULE
from lifesim.scenario import Scenario, State


class CompiledMechanisms:
    """Mechanisms of a scenario: addresses of their compiled functions, and the tables they add.

    Parameters
    ----------
    mechanisms
        Instances with ``reads``, ``rate(x, p)`` and ``apply(x, p, u)``, see ``lifesim.Mechanism``.

    Raises
    ------
    InputError
        When a function does not compile; names the mechanism and the compiler's reason.
    """

    def __init__(self, mechanisms: list[Any]) -> None:
        self.mechanisms = mechanisms
        self.names = [type(mechanism).__name__ for mechanism in mechanisms]
        # The compiled objects own the machine code behind the addresses.
        self._functions = [_compile(mechanism) for mechanism in mechanisms]

    def tables(self, scenario: Scenario) -> dict[str, Any]:
        """Arrays of the rules that belong to mechanisms."""
        columns = {name: k for k, name in enumerate(scenario.behaviour.covariates)}
        reads = [[columns[name] for name in mechanism.reads] for mechanism in self.mechanisms]
        parameters = [_parameters(mechanism) for mechanism in self.mechanisms]
        padded = np.zeros((len(parameters), max([1, *map(len, parameters)])))
        for k, values in enumerate(parameters):
            padded[k, : len(values)] = values
        rules = np.zeros(len(reads), MECHANISM_RULE)
        ends = np.cumsum([len(read) for read in reads])
        for k, (rate, apply) in enumerate(self._functions):
            rules[k] = (_address(rate), _address(apply), ends[k] - len(reads[k]), ends[k])
        return {
            "mechanism_rules": rules,
            "mechanism_parameters": padded,
            "reads": np.array([column for read in reads for column in read], np.int32),
        }


def _parameters(mechanism: Any) -> list[float]:
    return [float(getattr(mechanism, field.name)) for field in dataclasses.fields(mechanism)]


def _address(function: Any) -> int:
    """What the kernel calls a function by."""
    return int(function.address) if hasattr(function, "address") else interpreted(function)


def _compile(mechanism: Any) -> tuple[Any, Any]:
    """Compile both functions for pointers to covariates and parameters; as they are where nothing is compiled."""
    from numba import cfunc, config, types
    from numba.core.errors import NumbaError

    if config.DISABLE_JIT:
        return type(mechanism).rate, type(mechanism).apply
    pointer = types.CPointer(types.float64)
    try:
        rate = cfunc(types.float64(pointer, pointer))(type(mechanism).rate)
        apply = cfunc(types.void(pointer, pointer, types.float64))(type(mechanism).apply)
    except NumbaError as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(f"mechanism {type(mechanism).__name__} does not compile: {reason}") from error
    return rate, apply


def extend(scenario: Scenario, mechanisms: list[Any]) -> Scenario:
    """The scenario with the states and coefficients that mechanisms declare.

    Raises
    ------
    InputError
        When a mechanism declares a state that exists, or reads or moves what does not exist.
    """
    if not mechanisms:
        return scenario
    behaviour = scenario.behaviour.model_dump(mode="json", exclude_defaults=True)
    for mechanism in mechanisms:
        name = type(mechanism).__name__
        for state, described in mechanism.states.items():
            if state in scenario.behaviour.covariates:
                raise InputError(f"mechanism {name}: the covariate '{state}' exists already; rename the state")
            behaviour["states"][state] = State.model_validate(described).model_dump(mode="json")
        for clock, depends in mechanism.coefficients.items():
            group = behaviour["transitions" if "." in clock else "processes"]
            if clock not in group:
                raise InputError(f"mechanism {name}: unknown transition or process '{clock}'")
            group[clock].setdefault("depends", {}).update(depends)
    extended = scenario.replace(behaviour=behaviour)
    for mechanism in mechanisms:
        unknown = [read for read in mechanism.reads if read not in extended.behaviour.covariates]
        if unknown:
            raise InputError(f"mechanism {type(mechanism).__name__} reads '{unknown[0]}', which does not exist")
    return extended
