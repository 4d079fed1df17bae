"""A second process, in another folder and with another hash seed, where strategies are asked afresh.

It is started once and lives as long as this process. For every request it imports the strategy's module anew, so that
nothing of an earlier request is left in it.
"""

from __future__ import annotations

import atexit
import functools
import os
import pickle
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import IO, Any, cast

from lifesim import workspace
from lifesim.testing.asking import Answer, RaisedError, ask, comparable, raised
from lifesim.testing.question import Question

#: Names of the folders that libraries are installed in.
_INSTALLED = {"site-packages", "dist-packages"}


def answers(pickled: bytes, kind: str, questions: list[Question]) -> list[Answer]:
    """Answers to questions in the order given, by a process with another hash seed that imports the strategy anew.

    Raises
    ------
    RaisedError
        When the strategy cannot be imported there, raises, or ends the process.
    """
    process = _process()
    if process.poll() is not None:
        _process.cache_clear()
        process = _process()
    assert process.stdin is not None and process.stdout is not None
    try:
        pickle.dump((str(workspace.current_root()), pickled, kind, pickle.dumps(questions)), process.stdin)
        process.stdin.flush()
        found = pickle.load(process.stdout)
    except (OSError, EOFError) as error:
        _process.cache_clear()
        raise RaisedError("ends the process") from error
    if isinstance(found, RaisedError):
        raise found
    return cast(list[Answer], found)


def start() -> None:
    """Start the process, so that it is ready when it is needed."""
    _process()


@functools.cache
def _process() -> subprocess.Popen[bytes]:
    other = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    environment = os.environ | {"PYTHONHASHSEED": other, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
    command = [sys.executable, "-c", "from lifesim.testing.elsewhere import serve; serve()"]
    # In a session of its own, so that an interrupt ends this process alone, which then ends the other.
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        cwd=tempfile.gettempdir(),
        start_new_session=True,
    )
    atexit.register(_end, process)
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def serve() -> None:
    """Answer requests on the standard input until it is closed."""
    # What a strategy prints must not get between the answers.
    requests, replies = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    while (request := _next(requests)) is not None:
        known = set(sys.modules)
        try:
            found: Any = _answered(*request)
        except RaisedError as error:
            found = error
        except Exception as error:  # it cannot be imported here, or its answer is none
            found = raised(error)
        _forget(set(sys.modules) - known)
        pickle.dump(found, replies)
        replies.flush()


def _forget(names: set[str]) -> None:
    """Drop the user's own modules; a library with compiled parts cannot be imported twice."""
    workspace.unmount()
    standard = sysconfig.get_path("stdlib")
    for name in names & sys.modules.keys():
        file = getattr(sys.modules[name], "__file__", None)
        # Libraries may lie beside those of this environment, in folders that it was pointed to.
        library = file is None or file.startswith(standard) or not _INSTALLED.isdisjoint(Path(file).parts)
        if not library and name.partition(".")[0] != "lifesim":
            del sys.modules[name]


def _next(requests: IO[bytes]) -> Any:
    try:
        return pickle.load(requests)
    except EOFError:
        return None


def _answered(root: str, pickled: bytes, kind: str, questions: bytes) -> list[Answer]:
    workspace.mount(Path(root))
    # A copy for each: only what the module remembers is there at the next question.
    return [comparable(kind, ask(pickle.loads(pickled), kind, each), each) for each in pickle.loads(questions)]
