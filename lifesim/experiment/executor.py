"""Units of work on several processes; one that dies costs its own unit and nobody else's.

Payloads and results are bytes and the task is a function of an installed module: whatever is
unpickled on the way is unpickled inside the task, and a failure there is reported under its unit.
"""

from __future__ import annotations

import os
import signal
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context, resource_tracker
from typing import Any, ParamSpec, TypeVar

from lifesim.errors import LifesimError

P = ParamSpec("P")
T = TypeVar("T")
Task = Callable[[bytes], bytes]
Initializer = Callable[..., object]

_WATCH_SECONDS = 0.2
"""How often workers are checked for an end that no future reports."""

_THREAD_LIMITS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)
_KILLED = "worker killed (out of memory?)"
_ENDED = "worker ended before its unit did"
_NOT_STARTED = "worker could not start (does the script guard its runs with `if __name__ == '__main__':`?)"


@dataclass(frozen=True)
class UnitFailure:
    """A unit that has no result.

    Attributes
    ----------
    index
        Position of its payload.
    reason
        What happened, in one line.
    traceback
        Where in the task it was raised; empty when the worker died.
    """

    index: int
    reason: str
    traceback: str = ""


@dataclass(frozen=True)
class _Raised:
    """What a task or an initializer raised, in a form that always travels between processes."""

    reason: str
    traceback: str


@dataclass(frozen=True)
class _Died:
    """The worker is gone and the unit may be tried in another."""

    reason: str


@dataclass(frozen=True)
class _Job:
    index: int
    deaths: int = 0


def default_workers() -> int:
    """Number of processors this process may use."""
    if hasattr(os, "process_cpu_count"):  # Python 3.13
        available = os.process_cpu_count()
    elif hasattr(os, "sched_getaffinity"):
        available = len(os.sched_getaffinity(0))
    else:
        available = os.cpu_count()
    return available or 1


def run_units(
    task: Task,
    payloads: Sequence[bytes],
    workers: int,
    initializer: Initializer | None = None,
    initargs: tuple[Any, ...] = (),
    on_done: Callable[[int], None] = lambda index: None,
    retries: int = 1,
) -> list[bytes | UnitFailure]:
    """Run a task on every payload and return the results in the order of the payloads.

    Parameters
    ----------
    task
        A function of an importable module. What it raises becomes the unit's `UnitFailure`; the
        unit is not tried again, since the same payload would raise again.
    payloads
        Input of each unit.
    workers
        Number of processes. With one or fewer everything runs in this process.
    initializer, initargs
        Called once in every process before its first task. If it raises, its units fail with that.
    on_done
        Called in this process with the index of each unit that succeeded, or failed for good.
    retries
        How often a unit is given to a new worker after its worker died.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C, after the workers were stopped.
    """
    results: dict[int, bytes | UnitFailure] = {}

    def settle(index: int, answer: bytes | _Raised | _Died) -> None:
        results[index] = answer if isinstance(answer, bytes) else _failure(index, answer)
        on_done(index)

    if workers <= 1:
        ready = _attempt(_initialise, initializer, initargs)
        for index, payload in enumerate(payloads):
            settle(index, ready if isinstance(ready, _Raised) else _attempt(task, payload))
    else:
        waiting = deque(_Job(index) for index in range(len(payloads)))
        lanes = [_Lane(initializer, initargs) for _ in range(min(workers, len(payloads)))]
        with _single_threaded_children(), _closing(lanes):
            _run_on(lanes, waiting, task, payloads, retries, settle)
    return [results[index] for index in range(len(payloads))]


def _run_on(
    lanes: list[_Lane],
    waiting: deque[_Job],
    task: Task,
    payloads: Sequence[bytes],
    retries: int,
    settle: Callable[[int, bytes | _Raised | _Died], None],
) -> None:
    """Keep every lane busy until nothing waits.

    A unit whose worker died goes to the end of the queue, when the memory that was short is more
    likely to be free.
    """
    busy: dict[_Lane, _Job] = {}
    while waiting or busy:
        for lane in lanes:
            if waiting and lane not in busy:
                busy[lane] = waiting.popleft()
                lane.submit(task, payloads[busy[lane].index])
        wait([lane.future for lane in busy], timeout=_WATCH_SECONDS, return_when=FIRST_COMPLETED)
        for lane, job in list(busy.items()):
            answer = lane.answer()
            if answer is None:
                continue
            del busy[lane]
            if isinstance(answer, _Died) and job.deaths < retries:
                waiting.append(_Job(job.index, job.deaths + 1))
            else:
                settle(job.index, answer)


class _Lane:
    """A place where one worker at a time does one unit at a time.

    Each lane has a pool of its own: the workers of one pool share a pipe and its lock, and a worker
    killed while it holds that lock, most likely sending a large result, would stall all the others.
    """

    future: Future[bytes | _Raised]

    def __init__(self, initializer: Initializer | None, initargs: tuple[Any, ...]) -> None:
        self._setup = (initializer, initargs)
        self._open()

    def _open(self) -> None:
        from pebble import ProcessPool

        context = get_context("spawn")
        self._starts = context.RawValue("i", 0)
        self._pool = ProcessPool(
            max_workers=1,
            initializer=_prepare,
            initargs=(self._starts, *self._setup),
            context=context,
        )

    def close(self) -> None:
        self._pool.stop()  # type: ignore[no-untyped-call]  # pebble leaves it unannotated
        self._pool.join()

    def submit(self, task: Task, payload: bytes) -> None:
        """Start a unit, in the lane's worker or, where there is none, in a new one."""
        with _interrupts_held():
            try:
                self.future = self._pool.schedule(_answer, args=(task, payload))
            except RuntimeError:  # the worker died between two units
                self.close()
                self._open()
                self.future = self._pool.schedule(_answer, args=(task, payload))

    def answer(self) -> bytes | _Raised | _Died | None:
        """What became of the unit, or None while it runs."""
        # The pool takes exit code 0 for a worker that was through, and only starts another. Asked
        # before the future is, because after any other death the future is told first.
        lost = self._starts.value > 1 or not self._pool.active
        answer: bytes | _Raised | _Died
        if not self.future.done():
            if not lost:
                return None
            answer = _Died(_ENDED)
        else:
            error = self.future.exception()
            answer = self.future.result() if error is None else self._verdict(error)
        if isinstance(answer, _Died):
            self.close()
            self._open()
        return answer

    def _verdict(self, error: BaseException) -> _Raised | _Died:
        from pebble import ProcessExpired

        if isinstance(error, ProcessExpired):
            return _Died(_cause_of_death(error.exitcode))
        if isinstance(error, BrokenProcessPool):
            return _Died(_ENDED if self._starts.value else _NOT_STARTED)
        return _Raised(_one_line(error), "".join(traceback.format_exception(error)))


_ready: object = None
"""In a worker: what its initializer returned, or the `_Raised` it ended in."""


def _prepare(starts: Any, initializer: Initializer | None, initargs: tuple[Any, ...]) -> None:
    """First thing in every worker."""
    global _ready
    starts.value += 1
    # Compiled code would keep a Python handler waiting, and Ctrl-C with it.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _ready = _attempt(_initialise, initializer, initargs)


def _answer(task: Task, payload: bytes) -> bytes | _Raised:
    return _ready if isinstance(_ready, _Raised) else _attempt(task, payload)


def _initialise(initializer: Initializer | None, initargs: tuple[Any, ...]) -> None:
    if initializer is not None:
        initializer(*initargs)


def _attempt(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | _Raised:
    try:
        return function(*args, **kwargs)
    except (Exception, SystemExit) as error:  # a plug-in that calls exit() must not end the run
        return _Raised(_one_line(error), traceback.format_exc())


def _failure(index: int, answer: _Raised | _Died) -> UnitFailure:
    where = answer.traceback if isinstance(answer, _Raised) else ""
    return UnitFailure(index, answer.reason, where)


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, LifesimError):  # worded for the user already
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _cause_of_death(exit_code: int) -> str:
    if exit_code >= 0:
        return f"worker ended with exit code {exit_code}"
    if exit_code == -9:
        return _KILLED
    return f"worker killed by signal {-exit_code} ({signal.strsignal(-exit_code)})"


@contextmanager
def _closing(lanes: list[_Lane]) -> Iterator[None]:
    try:
        yield
    finally:
        for lane in lanes:
            lane.close()


@contextmanager
def _single_threaded_children() -> Iterator[None]:
    """Let workers inherit one thread each; libraries read these variables once, when they load."""
    before = {name: os.environ.get(name) for name in _THREAD_LIMITS}
    os.environ.update(dict.fromkeys(_THREAD_LIMITS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back while a worker starts, which inherits the mask and never sees it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # otherwise its own start, later, would lift the mask
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
