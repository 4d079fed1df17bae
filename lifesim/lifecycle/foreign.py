"""Calling the compiled functions of mechanisms through their addresses.

The kernel is compiled once and for all; a mechanism adds rows to tables and two addresses. A world without
mechanisms has empty tables and pays nothing.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import config, types
from numba.extending import intrinsic

from lifesim.compiled import compiled
from lifesim.lifecycle.layout import f8, mechanism_rule_at, rule_i4, set_f8

_DOUBLE = ir.DoubleType()
_POINTER = _DOUBLE.as_pointer()


def _call(builder: Any, result: Any, addresses: list[Any], luck: list[Any]) -> Any:
    """Call ``result function(double*, double*[, double])`` given the addresses of function and vectors."""
    kind = ir.FunctionType(result, [_POINTER, _POINTER, *[_DOUBLE] * len(luck)])
    function = builder.inttoptr(addresses[0], kind.as_pointer())
    vectors = [builder.inttoptr(address, _POINTER) for address in addresses[1:]]
    return builder.call(function, [*vectors, *luck])


@intrinsic  # type: ignore[untyped-decorator]
def _rate(typingctx: Any, function: Any, x: Any, p: Any) -> Any:
    """Call ``double rate(double* x, double* p)``."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _call(builder, _DOUBLE, args, [])

    return types.float64(function, x, p), codegen


@intrinsic  # type: ignore[untyped-decorator]
def _apply(typingctx: Any, function: Any, x: Any, p: Any, u: Any) -> Any:
    """Call ``void apply(double* x, double* p, double u)``."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        _call(builder, ir.VoidType(), args[:3], [args[3]])
        return context.get_dummy_value()

    return types.void(function, x, p, u), codegen


#: Functions of mechanisms for the interpreter, by what takes the place of their address.
_interpreted: dict[int, Callable[..., Any]] = {}


def interpreted(function: Callable[..., Any]) -> int:
    """Enter a function that the interpreter is to call; answers what stands for its address."""
    _interpreted[id(function)] = function
    return id(function)


def _vector(address: int) -> Any:
    """The numbers at an address, as compiled code takes them: nothing says how many there are."""
    return ctypes.cast(int(address), ctypes.POINTER(ctypes.c_double))


def _interpreted_rate(function: int, x: int, p: int) -> float:
    return float(_interpreted[function](_vector(x), _vector(p)))


def _interpreted_apply(function: int, x: int, p: int, u: float) -> None:
    _interpreted[function](_vector(x), _vector(p), u)


if config.DISABLE_JIT:
    _rate, _apply = _interpreted_rate, _interpreted_apply


@compiled
def gather(mechanism: int, w: Any) -> int:
    """Address of the covariates that a mechanism reads, in the order it declared, copied behind the scratch."""
    rule = mechanism_rule_at(w.mechanism_rules, mechanism)
    for j in range(rule.reads_from, rule.reads_to):
        set_f8(w.scratch, w.covariates + j - rule.reads_from, f8(w.scratch, rule_i4(w.reads, j)))
    return w.scratch + 8 * w.covariates


@compiled
def call_rate(mechanism: int, w: Any) -> float:
    """Events a year of a mechanism for the covariates in the scratch; never negative."""
    parameters = w.mechanism_parameters + 8 * mechanism * w.parameters
    return max(
        0.0,
        _rate(mechanism_rule_at(w.mechanism_rules, mechanism).rate, gather(mechanism, w), parameters),
    )


@compiled
def call_apply(mechanism: int, u: float, w: Any) -> int:
    """Address of what the declared covariates become when the mechanism's clock fires."""
    parameters = w.mechanism_parameters + 8 * mechanism * w.parameters
    x = gather(mechanism, w)
    _apply(mechanism_rule_at(w.mechanism_rules, mechanism).apply, x, parameters, u)
    return x
