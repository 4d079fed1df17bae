"""Compiling functions that are only ever parts of others: kept as intermediate code until an entry point needs them.

Numba optimises every function as soon as it is compiled, together with all that it calls, and turns it into machine
code; whoever calls it does all of that again. For a tree of functions of which Python calls the root alone, this is
work for nothing at every node. A part is neither optimised nor turned into machine code: an entry point takes its
code, and that of the parts it calls, into a module of its own, and optimises that once.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from numba import types
from numba.core.codegen import CPUCodeLibrary, JITCodeLibrary
from numba.core.compiler import Compiler

#: Numba puts the arguments of a function into words at every pass over it, whether anybody listens or not; the record
#: that every part of the kernel takes has hundreds of fields.
types.Record.__repr__ = cache(types.Record.__repr__)


class _NoMachineCode:
    """In place of the generator of machine code, where a part's environment would be entered into that code."""

    @staticmethod
    def set_env(name: str, environment: Any) -> None:
        """Nothing: a part has no place for it, and code that cannot raise never looks at it."""


class _Part(JITCodeLibrary):  # type: ignore[misc]
    """The intermediate code of one function."""

    codegen = _NoMachineCode()

    def finalize(self) -> None:
        """Nothing is left to be done: what it calls is linked by whoever takes it in."""
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """No machine code, no address."""
        return 0

    def _get_module_for_linking(self) -> Any:
        """The code of this function and of everything that it calls."""
        whole = self._alone().clone()
        for library in _called(self):
            module = library._alone() if isinstance(library, _Part) else library._get_module_for_linking()
            whole.link_in(module, preserve=True)
        return whole

    def _alone(self) -> Any:
        """The code of this function, which any number of modules may hold a copy of."""
        for function in self._final_module.functions:
            if not function.is_declaration and function.linkage.name == "external":
                function.linkage = "linkonce_odr"
        return self._final_module


def _called(part: _Part) -> list[CPUCodeLibrary]:
    """Libraries of all that a part calls, and that the parts among them call; each once."""
    found: dict[CPUCodeLibrary, None] = {}
    todo = list(part._linking_libraries)
    while todo:
        library = todo.pop()
        if library in found or library is part:
            continue
        found[library] = None
        if isinstance(library, _Part):
            todo += library._linking_libraries
    return list(found)


class PartCompiler(Compiler):  # type: ignore[misc]
    """Numba's compiler with a ``_Part`` to put the code into; for `njit(pipeline_class=...)`."""

    def compile_extra(self, func: Any) -> Any:
        """Compile a function."""
        self.state.library = _Part(self.state.targetctx.codegen(), func.__qualname__)
        return super().compile_extra(func)
