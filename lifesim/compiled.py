"""Numba set-up: compiled functions whose cache notices every edit.

Numba keys its cache on the file of the function it stores and does not notice an edited callee in
another file, nor an edited constant. The cache directory is therefore named after a hash of every
source file of the package that holds compiled functions, of those that they import from, of the versions
that generate code, and of the processor; an edit anywhere starts a fresh directory. A directory that
cannot be written falls back to a private temporary one.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

Function = TypeVar("Function", bound=Callable[..., Any])

_PACKAGE = Path(__file__).parent
_MARK = "@compiled"
_FROM = re.compile(r"^\s*from\s+([\w.]+)\s+import\s+(\([^)]*\)|[^\n]*)", re.MULTILINE)
_IMPORT = re.compile(r"^\s*import\s+([\w.]+)", re.MULTILINE)


def _fingerprint() -> str:
    """Hash of everything that decides the machine code: sources, versions, processor."""
    from importlib.metadata import version

    digest = hashlib.blake2b(digest_size=12)
    for name in ("numba", "llvmlite", "numpy"):
        digest.update(f"{name} {version(name)};".encode())
    digest.update(f"{sys.version};{platform.machine()};{_processor()};".encode())
    for name, source in sorted(_sources().items()):
        digest.update(name.encode() + b"\0" + source)
    return digest.hexdigest()


def _sources() -> dict[str, bytes]:
    """Sources that compiled functions are made of, by path: files that hold some, and files these import from."""
    files = {path: path.read_bytes() for path in _PACKAGE.rglob("*.py")}
    found = {path for path, source in files.items() if _MARK.encode() in source}
    todo = list(found)
    while todo:
        more = _imported(files[todo.pop()]) & set(files) - found
        found |= more
        todo += more
    return {path.relative_to(_PACKAGE).as_posix(): files[path] for path in found}


def _imported(source: bytes) -> set[Path]:
    """Files of the package that may stand behind the names that a source imports."""
    names = set()
    # A pattern, as parsing all sources would take longer than most of the imports.
    for module, imported in _FROM.findall(source.decode()):
        names |= {module, *(f"{module}.{name}" for name in re.findall(r"\w+", imported))}
    names |= set(_IMPORT.findall(source.decode()))
    inside = [name.split(".")[1:] for name in names if name.split(".")[0] == _PACKAGE.name]
    modules = [_PACKAGE.joinpath(*parts) for parts in inside]
    return {path for module in modules for path in (module.with_suffix(".py"), module / "__init__.py")}


def _processor() -> str:
    """Name and features of the processor, so that a shared home directory serves several machines."""
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return ";".join(sorted({line for line in lines if line.startswith(("model name", "flags"))}))


def _writable(directory: Path) -> bool:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            return True
    except OSError:
        return False


def cache_directory() -> Path:
    """Folder of compiled code for exactly these sources on exactly this machine.

    ``LIFESIM_CACHE`` names another parent folder; a parent that cannot be written is passed over.
    """
    parents = [os.environ.get("LIFESIM_CACHE"), os.environ.get("XDG_CACHE_HOME"), "~/.cache"]
    fingerprint = _fingerprint()
    for parent in parents:
        if parent:
            directory = Path(parent).expanduser() / "lifesim" / fingerprint
            if _writable(directory):
                return directory
    return Path(tempfile.mkdtemp(prefix="lifesim-cache-"))


def _set_up() -> None:
    from numba import config

    config.CACHE_DIR = str(cache_directory())


_set_up()

# The cache directory must be set before anything compiles.
from llvmlite import ir  # noqa: E402
from numba import config, from_dtype, njit, types  # noqa: E402
from numba.extending import intrinsic  # noqa: E402

from lifesim.numba_parts import PartCompiler  # noqa: E402
from lifesim.read_only import ReadOnly, constant  # noqa: E402

_OPTIONS: dict[str, Any] = {"error_model": "numpy", "fastmath": False, "nogil": True}


def compiled(function: Function) -> Function:
    """Compile ``function`` as a part of the entry points that call it; neither cached nor callable from Python.

    Every integer argument is taken as a 64-bit one, so that a function is compiled once and not again for every
    width of a column that it is called with; that halves the time to compile the kernel.
    """
    return _part(function, no_cpython_wrapper=True, pipeline_class=PartCompiler)


def compiled_open(function: Function) -> Function:
    """Compile ``function`` as ``compiled`` does, callable from Python as well."""
    return _part(function)


def compiled_inline(function: Function) -> Function:
    """Compile ``function`` as ``compiled_open`` does, always as a part of its callers.

    For what stands in a loop that is to be vectorised, which a call would prevent.
    """
    return _part(function, forceinline=True)


def _part(function: Function, **options: Any) -> Function:
    dispatcher = njit(no_cfunc_wrapper=True, **_OPTIONS, **options)(function)
    if not config.DISABLE_JIT:
        resolve = dispatcher.get_call_template
        dispatcher.get_call_template = lambda args, kws: resolve(
            tuple(map(_widened, args)), {name: _widened(kind) for name, kind in kws.items()}
        )
    return dispatcher  # type: ignore[no-any-return]


def _widened(kind: Any) -> Any:
    kind = types.unliteral(kind)
    if isinstance(kind, types.Integer) and kind != types.uint64:
        return types.int64
    return kind


def compiled_entry(function: Function) -> Function:
    """Compile ``function``, which Python calls, and keep the machine code in the cache."""
    return njit(cache=True, **_OPTIONS)(function)  # type: ignore[no-any-return]


def pointer(dtype: Any, read_only: bool = False) -> Any:
    """A compiled ``f(address, index)``: the record of ``dtype`` at a place of an array given by its address.

    Nothing is checked and nothing is kept alive; see ``lifecycle.layout``. A ``read_only`` record cannot be
    assigned to, and must stay as it is until the function that Python called returns.
    """
    record = ReadOnly.of(from_dtype(dtype)) if read_only else from_dtype(dtype)

    @intrinsic  # type: ignore[untyped-decorator]
    def record_at(typingctx: Any, address: Any, index: Any) -> Any:
        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            place = _place(context, builder, sig, args, dtype.itemsize)
            return builder.bitcast(place, context.get_value_type(record))

        return record(address, index), codegen

    if not config.DISABLE_JIT:
        return record_at

    def interpreted(address: int, index: int) -> Any:
        memory = (ctypes.c_char * dtype.itemsize).from_address(int(address) + int(index) * dtype.itemsize)
        return _Record(np.frombuffer(memory, dtype))

    return interpreted


def _wide(value: Any) -> Any:
    """A scalar as wide as compiled code takes it: narrow integers do not wrap, 32-bit floats compute in 64 bits."""
    return value if isinstance(value, np.uint64) else value.item()


class _Cells:
    """The cells of a field that is a small array, for the interpreter."""

    def __init__(self, cells: Any) -> None:
        self._cells = cells

    def __len__(self) -> int:
        return len(self._cells)

    def __getitem__(self, k: int) -> Any:
        return _wide(self._cells[k])

    def __setitem__(self, k: int, value: Any) -> None:
        self._cells[k] = value


class _Record:
    """One record of an array, for the interpreter."""

    __slots__ = ("_array",)

    def __init__(self, array: Any) -> None:
        object.__setattr__(self, "_array", array)

    def __getattr__(self, name: str) -> Any:
        value = self._array[name][0]
        return _Cells(value) if isinstance(value, np.ndarray) else _wide(value)

    def __setattr__(self, name: str, value: Any) -> None:
        self._array[name][0] = value


def scalars(kind: Any) -> tuple[Any, Any]:
    """Compiled ``get(address, index)`` and ``set(address, index, value)`` for an array of plain numbers."""
    element = from_dtype(np.dtype(kind))
    size = np.dtype(kind).itemsize

    @intrinsic  # type: ignore[untyped-decorator]
    def get(typingctx: Any, address: Any, index: Any) -> Any:
        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            place = _place(context, builder, sig, args, size)
            return builder.load(builder.bitcast(place, context.get_value_type(element).as_pointer()))

        return element(address, index), codegen

    @intrinsic  # type: ignore[untyped-decorator]
    def put(typingctx: Any, address: Any, index: Any, value: Any) -> Any:
        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            place = _place(context, builder, sig, args, size)
            given = context.cast(builder, args[2], sig.args[2], element)
            builder.store(given, builder.bitcast(place, context.get_value_type(element).as_pointer()))
            return context.get_dummy_value()

        return types.void(address, index, value), codegen

    if not config.DISABLE_JIT:
        return get, put

    def _array(address: int, index: int) -> Any:
        memory = (ctypes.c_char * size).from_address(int(address) + int(index) * size)
        return np.frombuffer(memory, kind)

    def interpreted_put(address: int, index: int, value: Any) -> None:
        _array(address, index)[0] = value

    return lambda address, index: _wide(_array(address, index)[0]), interpreted_put


def constants(kind: Any) -> Any:
    """Compiled ``get(address, index)`` for an array of plain numbers that stay as they are while compiled code runs."""
    element = from_dtype(np.dtype(kind))
    size = np.dtype(kind).itemsize

    @intrinsic  # type: ignore[untyped-decorator]
    def get(typingctx: Any, address: Any, index: Any) -> Any:
        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            place = _place(context, builder, sig, args, size)
            return constant(builder, builder.bitcast(place, context.get_value_type(element).as_pointer()))

        return element(address, index), codegen

    return scalars(kind)[0] if config.DISABLE_JIT else get


@intrinsic  # type: ignore[untyped-decorator]
def _bits(typingctx: Any, number: Any) -> Any:

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.IntType(64))

    return types.int64(types.float64), codegen


@intrinsic  # type: ignore[untyped-decorator]
def _from_bits(typingctx: Any, bits: Any) -> Any:

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.int64), codegen


#: Compiled ``f(float)`` and ``f(int)``: the 64 bits of a floating-point number as an integer, and back.
bits: Any = (lambda number: int(np.float64(number).view(np.int64))) if config.DISABLE_JIT else _bits
from_bits: Any = (lambda word: float(np.int64(word).view(np.float64))) if config.DISABLE_JIT else _from_bits


@intrinsic  # type: ignore[untyped-decorator]
def _prefetch(typingctx: Any, address: Any) -> Any:

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointer_type = ir.IntType(8).as_pointer()
        flag = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer_type, flag, flag, flag])
        call = builder.module.declare_intrinsic("llvm.prefetch.p0", fnty=kind)
        builder.call(call, [builder.inttoptr(args[0], pointer_type), flag(0), flag(3), flag(1)])
        return context.get_dummy_value()

    return types.void(address), codegen


#: Compiled ``f(address)``: ask the processor to bring a line of memory near, without waiting for it. Changes nothing.
fetch: Any = (lambda address: None) if config.DISABLE_JIT else _prefetch


def _place(context: Any, builder: Any, sig: Any, args: Any, size: int) -> Any:
    """Pointer to an element: base + index x size; as a step from the base, so that loops over it can be vectorised."""
    index = context.cast(builder, args[1], sig.args[1], types.int64)
    base = builder.inttoptr(args[0], ir.IntType(8).as_pointer())
    return builder.gep(base, [builder.mul(index, index.type(size))])
