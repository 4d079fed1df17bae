"""The peak memory of a command and of every process it starts, as Linux accounts for it.

The kernel keeps the peak of every process itself (``VmHWM`` in ``/proc/PID/status``), so that reading
it now and then misses no peak but one in the last moments of a process. `resource.getrusage` will not
do: for children it knows the largest only, not their sum, and a process that was just started inherits
the figure of the one it was copied from.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

INTERVAL_SECONDS = 0.05
_PROC = Path("/proc")


@dataclass(frozen=True)
class Finished:
    """What became of a command.

    Attributes
    ----------
    code
        Its exit code.
    output
        What it printed on standard output.
    seconds
        Wall-clock time from before it was started until it had ended.
    peak_bytes
        Peaks of resident memory, added up over the command and the processes it started; none
        where the system does not tell. They need not have been at one moment, so that the sum is an
        upper bound of what was in use.
    worker_bytes
        The largest peak among the processes that the command started.
    """

    code: int
    output: str
    seconds: float
    peak_bytes: int | None
    worker_bytes: int | None = None


def watch(command: Sequence[str], env: Mapping[str, str] | None = None) -> Finished:
    """Run `command`, in the surroundings `env`, and watch its memory; its output must be short."""
    peaks: dict[int, int] = {}
    begun = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
        code = None
        while code is None:
            # The latest figure counts: a process that was only just started still has that of its parent.
            peaks.update(_peaks(process.pid))
            try:
                code = process.wait(INTERVAL_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        seconds = time.perf_counter() - begun
        assert process.stdout is not None
        output = process.stdout.read()
    workers = [peak for process_id, peak in peaks.items() if process_id != process.pid]
    return Finished(code, output, seconds, sum(peaks.values()) or None, max(workers, default=None))


def _peaks(root: int) -> Iterator[tuple[int, int]]:
    """Peak of every process of a tree that is alive, in bytes by process id."""
    waiting = [root]
    while waiting:
        process = waiting.pop()
        try:
            status = (_PROC / str(process) / "status").read_text()
            lists = [path.read_text() for path in (_PROC / str(process) / "task").glob("*/children")]
        except OSError:  # it has ended meanwhile, or there is no /proc
            continue
        waiting += [int(child) for line in lists for child in line.split()]
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                yield process, int(line.split()[1]) * 1024
