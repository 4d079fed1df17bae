"""Units on several processes. Tasks are functions of this module because workers import them."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import time
from multiprocessing import connection
from pathlib import Path

import pytest

from lifesim.errors import StrategyError
from lifesim.experiment.executor import UnitFailure, default_workers, run_units

_prepared = ""


def double(payload: bytes) -> bytes:
    return payload * 2


def first_waits_for_last(payload: bytes) -> bytes:
    """The unit called 0 ends after the unit called 5, so that it ends last."""
    folder, _, number = payload.decode().rpartition("/")
    (Path(folder) / number).touch()
    deadline = time.monotonic() + 60
    while number == "0" and not (Path(folder) / "5").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    return payload


def fussy(payload: bytes) -> bytes:
    if payload == b"bad":
        raise ValueError("two\nlines")
    if payload == b"strategy":
        raise StrategyError("mine.py: assign returned floats; integers are needed")
    if payload == b"exit":
        sys.exit("gone")
    return payload


def deadly(payload: bytes) -> bytes:
    """Does what the payload says; each way of dying is one that has been seen in practice."""
    order = payload.decode()
    if order == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif order.startswith("exit"):
        os._exit(int(order.removeprefix("exit")))
    elif order == "abort":
        os.abort()
    elif order == "kill while sending":
        connection.Connection._send_bytes = _send_half_and_die  # type: ignore[method-assign]
    return payload


def _send_half_and_die(self: connection.Connection, data: memoryview) -> None:
    os.write(self.fileno(), (1_000_000).to_bytes(4, "big") + b"half a message")
    os.kill(os.getpid(), signal.SIGKILL)


def die_once(payload: bytes) -> bytes:
    """Kill the worker the first time, leaving a file to know it by."""
    mark = Path(payload.decode())
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return b"second time"


def count_and_raise(payload: bytes) -> bytes:
    with Path(payload.decode()).open("a") as file:
        file.write("x")
    raise RuntimeError("again")


def prepare(word: str) -> None:
    global _prepared
    _prepared = word


def refuse(word: str) -> None:
    raise ImportError(f"cannot mount {word}")


def tell(payload: bytes) -> bytes:
    return f"{_prepared} {payload.decode()}".encode()


def environment(payload: bytes) -> bytes:
    """Process id, disposition of SIGINT and number of threads, as a worker sees them."""
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    threads = os.environ.get("OMP_NUM_THREADS"), os.environ.get("NUMBA_NUM_THREADS")
    return repr((os.getpid(), ignored, *threads)).encode()


def sleep_long(payload: bytes) -> bytes:
    Path(payload.decode()).write_text(str(os.getpid()))
    time.sleep(60)
    return b""


def failure(result: bytes | UnitFailure) -> UnitFailure:
    assert isinstance(result, UnitFailure)
    return result


def test_results_come_in_the_order_of_the_payloads(tmp_path: Path) -> None:
    payloads = [f"{tmp_path}/{index}".encode() for index in range(6)]
    done: list[int] = []
    assert run_units(first_waits_for_last, payloads, 2, on_done=done.append) == payloads
    assert sorted(done) == list(range(6))
    assert done.index(0) >= 4  # the others were reported while the first was busy


def test_one_worker_is_this_process() -> None:
    done: list[int] = []
    assert run_units(double, [b"a", b"b"], 1, on_done=done.append) == [b"aa", b"bb"]
    assert done == [0, 1]
    (result,) = run_units(environment, [b""], 1)
    assert isinstance(result, bytes)
    assert ast.literal_eval(result.decode())[0] == os.getpid()


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_exceptions_cost_their_own_unit(workers: int) -> None:
    payloads = [b"a", b"bad", b"b", b"strategy", b"exit", b"c"]
    done: list[int] = []
    results = run_units(fussy, payloads, workers, on_done=done.append)
    assert [results[index] for index in (0, 2, 5)] == [b"a", b"b", b"c"]
    bad = failure(results[1])
    assert (bad.index, bad.reason) == (1, "ValueError: two lines")
    assert "in fussy" in bad.traceback
    assert 'raise ValueError("two\\nlines")' in bad.traceback
    reason = "mine.py: assign returned floats; integers are needed"
    assert failure(results[3]).reason == reason
    assert failure(results[4]).reason == "SystemExit: gone"
    assert sorted(done) == list(range(6))


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ("kill", "worker killed (out of memory?)"),
        ("kill while sending", "worker killed (out of memory?)"),
        ("exit3", "worker ended with exit code 3"),
        ("exit0", "worker ended before its unit did"),
        ("abort", "worker killed by signal 6 (Aborted)"),
    ],
)
def test_a_dead_worker_costs_its_own_unit(order: str, reason: str) -> None:
    payloads = [b"1", order.encode(), b"2", b"3", b"4"]
    done: list[int] = []
    results = run_units(deadly, payloads, 2, on_done=done.append, retries=0)
    # A worker that dies before its pool noticed that it had begun leaves no exit code behind.
    dead = failure(results.pop(1))
    assert dead.index == 1
    assert dead.reason in (reason, "worker ended before its unit did")
    assert dead.traceback == ""
    assert results == [b"1", b"2", b"3", b"4"]
    assert sorted(done) == list(range(5))


def test_a_killed_unit_is_tried_again_in_a_new_worker(tmp_path: Path) -> None:
    payloads = [str(tmp_path / "one").encode(), str(tmp_path / "two").encode()]
    done: list[int] = []
    results = run_units(die_once, payloads, 2, on_done=done.append, retries=1)
    assert results == [b"second time"] * 2
    assert sorted(done) == [0, 1]


def test_retries_are_counted_and_exceptions_are_not_retried(tmp_path: Path) -> None:
    (result,) = run_units(die_once, [str(tmp_path / "one").encode()], 2, retries=0)
    assert failure(result).reason.startswith("worker ")
    mark = tmp_path / "calls"
    (result,) = run_units(count_and_raise, [str(mark).encode()], 2, retries=3)
    assert failure(result).reason == "RuntimeError: again"
    assert mark.read_text() == "x"


@pytest.mark.parametrize("workers", [1, 2])
def test_initializer_runs_before_the_first_task(workers: int) -> None:
    results = run_units(tell, [b"a", b"b", b"c"], workers, prepare, ("mounted",))
    assert results == [b"mounted a", b"mounted b", b"mounted c"]
    prepare("")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failing_initializer_says_why(workers: int) -> None:
    done: list[int] = []
    results = run_units(tell, [b"a", b"b"], workers, refuse, ("here",), done.append)
    reasons = [failure(result).reason for result in results]
    assert reasons == ["ImportError: cannot mount here"] * 2
    assert "in refuse" in failure(results[0]).traceback
    assert sorted(done) == [0, 1]


def test_workers_are_other_processes_with_one_thread_and_no_interrupts() -> None:
    before = {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS")}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, set())
    for result in run_units(environment, [b""] * 3, 2):
        assert isinstance(result, bytes)
        process, ignored, omp, numba = ast.literal_eval(result.decode())
        assert process != os.getpid()
        assert (ignored, omp, numba) == (True, "1", "1")
    assert {name: os.environ.get(name) for name in before} == before
    assert signal.pthread_sigmask(signal.SIG_BLOCK, set()) == mask


def test_a_task_that_does_not_pickle_fails_its_unit() -> None:
    results = run_units(lambda payload: payload, [b"a"], 2)
    assert "pickle" in failure(results[0]).reason.lower()


def test_nothing_to_do() -> None:
    assert run_units(double, [], 4) == []


def test_large_payloads_and_results() -> None:
    payload = os.urandom(3_000_000)
    assert run_units(double, [payload, payload], 2) == [payload * 2] * 2


def gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def test_an_error_in_on_done_stops_the_workers(tmp_path: Path) -> None:
    def fail(index: int) -> None:
        raise ZeroDivisionError

    begun = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        run_units(mixed, [b"", str(tmp_path / "pid").encode()], 2, on_done=fail)
    assert time.monotonic() - begun < 30
    mark = tmp_path / "pid"
    assert not mark.exists() or gone(int(mark.read_text()))


def mixed(payload: bytes) -> bytes:
    return sleep_long(payload) if payload else b""


def test_ctrl_c_stops_everything_promptly_and_quietly(tmp_path: Path) -> None:
    """An interrupt goes to the whole process group, as from a terminal."""
    marks = [tmp_path / "one", tmp_path / "two"]
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\n"
        "from lifesim.experiment.executor import run_units\n"
        "from test_executor import sleep_long\n"
        "if __name__ == '__main__':\n"
        "    try:\n"
        "        run_units(sleep_long, [word.encode() for word in sys.argv[1:]], 2)\n"
        "    except KeyboardInterrupt:\n"
        "        print('interrupted')\n"
    )
    here = Path(__file__).resolve().parent
    path = os.pathsep.join([str(here), str(here.parent)])
    process = subprocess.Popen(
        [sys.executable, str(script), *map(str, marks)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path},
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not all(mark.exists() and mark.read_text() for mark in marks):
        assert time.monotonic() < deadline, process.stderr
        time.sleep(0.05)
    begun = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    out, error = process.communicate(timeout=30)
    assert (out, error) == (b"interrupted\n", b"")
    assert time.monotonic() - begun < 5
    assert all(gone(int(mark.read_text())) for mark in marks)


def test_a_script_without_a_guard_is_told_so(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from lifesim.experiment.executor import run_units\n"
        "from test_executor import double\n"
        "print(run_units(double, [b'a'], 2, retries=0)[0].reason)\n"
    )
    here = Path(__file__).resolve().parent
    path = os.pathsep.join([str(here), str(here.parent)])
    process = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
        timeout=60,
        check=False,
    )
    assert "worker could not start" in process.stdout
    assert "__main__" in process.stdout


def test_default_workers_is_what_this_process_may_use() -> None:
    assert 1 <= default_workers() <= (os.cpu_count() or 1)
