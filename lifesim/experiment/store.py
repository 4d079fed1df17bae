"""Run directories: written out of sight, complete or not there at all.

A run is written into a hidden directory and renamed once its manifest, the last file, is on disk.
Every file is hashed in the manifest and every Parquet page carries a checksum, so a damaged file is
an error and never a slightly different result.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from lifesim.errors import InputError, RunError

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 1
"""Version of the layout of a run directory."""

MANIFEST = "manifest.json"
_WRITTEN_HERE = ("format", "committed", "files")
_PARTIAL = re.compile(r"\.partial-.+-(\d+)")
_LONGEST_NAME = 60  # three bytes a Chinese character, 255 bytes a file name, and room for more

_open_partials: set[Path] = set()
"""Directories this process is writing: a process id alone cannot tell them from another boot's."""


def new_run_name(scenario_name: str, now: datetime) -> str:
    """Directory name of a run: time first, so that a listing is in order, then the scenario."""
    slug = re.sub(r"[^\w]+", "-", scenario_name).strip("-_")[:_LONGEST_NAME] or "run"
    return f"{now:%Y%m%d-%H%M%S}-{slug}"


class RunWriter:
    """Writes one run directory; a context manager that leaves either a finished run or nothing.

    Parameters
    ----------
    out
        Folder of run directories, created if need be. One machine at a time should write to it.
    name
        Name wished for the run; `commit` appends ``-2``, ``-3``, … when it is taken.

    Raises
    ------
    InputError
        The folder cannot be created or written to, or the name is not a plain file name.
    RunError
        The disk is full, or writing failed for another reason.
    """

    def __init__(self, out: Path, name: str) -> None:
        if not name or name.startswith(".") or re.search(r"[/\\\0]", name):
            raise InputError(f"run name {name!r}: must be a plain directory name")
        self.out = out.absolute()
        self.name = name
        self._partial = self.out / f".partial-{name}-{os.getpid()}"
        self._files: set[str] = set()

    def __enter__(self) -> Self:
        if self._partial in _open_partials:
            raise RunError(f"{self.out}: this process is already writing a run named {self.name!r}")
        try:
            self.out.mkdir(parents=True, exist_ok=True)
            if self._partial.exists():  # left by an earlier process that had the same id
                shutil.rmtree(self._partial)
            self._partial.mkdir()
        except OSError as error:
            kind = RunError if error.errno == errno.ENOSPC else InputError
            raise kind(f"{self.out}: cannot write runs here: {error.strerror}") from error
        _open_partials.add(self._partial)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self._partial, ignore_errors=True)  # gone already when committed
        _open_partials.discard(self._partial)

    def write_table(self, name: str, table: pd.DataFrame) -> None:
        """Write a table as Parquet; its index is not kept. Names are made of a-z and _."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        file = _table_file(name)
        columns = pa.Table.from_pandas(table, preserve_index=False)
        with self._replacing(file) as stream:
            pq.write_table(columns, stream, compression="zstd", write_page_checksum=True)

    def write_text(self, name: str, text: str) -> None:
        """Write a text file in UTF-8, such as the page of the run."""
        if not re.fullmatch(r"\w[\w.-]*", name) or name == MANIFEST:
            raise ValueError(f"file name {name!r}: must be a plain name other than {MANIFEST}")
        with self._replacing(name) as stream:
            stream.write(text.encode("utf-8"))

    def commit(self, manifest: Mapping[str, Any]) -> Path:
        """Write the manifest, give the directory its name, and return its path.

        Parameters
        ----------
        manifest
            What the run was: strict JSON values, no NaN. The keys ``format``, ``committed`` (UTC
            time) and ``files`` (SHA-256 and size in bytes by file name) are added here.
        """
        with self._reporting():
            text = _manifest_text(manifest, self._partial, sorted(self._files))
            with self._replacing(MANIFEST) as stream:
                stream.write(text.encode("utf-8"))
            _sync_folder(self._partial)
            final = _rename_to_free_name(self._partial, self.out / self.name)
            _sync_folder(self.out)
        return final

    @contextmanager
    def _replacing(self, file: str) -> Iterator[BinaryIO]:
        """A stream whose content appears under its name only when it is whole and on disk."""
        temporary = self._partial / f".{file}.tmp"
        with self._reporting():
            with temporary.open("wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, self._partial / file)
        self._files.add(file)

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        """Turn an error of the file system into one line that names the folder."""
        try:
            yield
        except OSError as error:
            if error.errno == errno.ENOSPC:
                message = f"{self.out}: the disk is full; the unfinished run was removed"
            else:
                message = f"{self.out}: cannot write the run: {error.strerror or error}"
            raise RunError(message) from error


@dataclass(frozen=True)
class StoredRun:
    """A finished run.

    Attributes
    ----------
    path
        The run directory.
    manifest
        Content of its ``manifest.json``.
    """

    path: Path
    manifest: dict[str, Any]

    @property
    def tables(self) -> list[str]:
        """Names of the tables of the run, sorted."""
        files = sorted(self.manifest["files"])
        return [file.removesuffix(".parquet") for file in files if file.endswith(".parquet")]

    def table(self, name: str) -> pd.DataFrame:
        """Read a table, checked against the hash of its file and the checksums of its pages.

        Raises
        ------
        InputError
            The run has no such table.
        RunError
            The file is missing, unreadable or not the one that was written.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        if name not in self.tables:
            raise InputError(f"{self.path}: no table {name!r}; there are {', '.join(self.tables)}")
        file = _table_file(name)
        content = pa.BufferReader(self._verified(file))
        try:
            read = pq.read_table(content, page_checksum_verification=True)
        except (OSError, pa.ArrowException) as error:
            raise RunError(f"{self.path / file}: damaged: {error}") from error
        frame: pd.DataFrame = read.to_pandas()
        return frame

    def text(self, name: str) -> str:
        """Read a text file of the run, checked against its hash; raises as `table` does."""
        if name not in self.manifest["files"]:
            raise InputError(f"{self.path}: no file {name!r} in this run")
        return self._verified(name).decode("utf-8")

    def _verified(self, file: str) -> bytes:
        path = self.path / file
        try:
            content = path.read_bytes()
        except OSError as error:
            raise RunError(f"{path}: cannot be read: {error.strerror}") from error
        if self.manifest["files"][file] != _fingerprint(content):
            raise RunError(f"{path}: damaged or edited: it is not the file that {MANIFEST} lists")
        return content


def read_run(path: Path) -> StoredRun:
    """Open a finished run.

    Raises
    ------
    InputError
        There is no finished run at `path`.
    RunError
        The manifest is damaged or of another version.
    """
    file = path / MANIFEST
    try:
        text = file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{path}: not a finished run (it has no {MANIFEST})") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{file}: cannot be read: {error}") from error
    manifest = _parse_manifest(text)
    if manifest is None:
        raise RunError(f"{file}: damaged, or not written by this version (format {FORMAT})")
    return StoredRun(path, manifest)


def latest(out: Path) -> Path:
    """The run directory in `out` that was committed last.

    Raises
    ------
    InputError
        `out` holds no finished run.
    """
    found: list[tuple[str, str]] = []
    for file in out.glob(f"*/{MANIFEST}"):
        if file.parent.name.startswith("."):
            continue
        try:
            manifest = _parse_manifest(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            continue
        if manifest is not None:
            found.append((manifest["committed"], file.parent.name))
    if not found:
        raise InputError(f"no finished run in {out}; run one first")
    return out / max(found)[1]


def run_named(name: str, out: Path) -> Path:
    """The run directory that a command line means: `latest` is that of `out` which was committed last."""
    return latest(out.absolute()) if name == "latest" else Path(name).absolute()


def sweep_partials(out: Path) -> list[Path]:
    """Remove what runs of dead processes left in `out`, and return the directories removed."""
    removed = []
    for folder in sorted(out.absolute().glob(".partial-*")):
        match = _PARTIAL.fullmatch(folder.name)
        if match is None or folder.is_symlink() or not folder.is_dir():
            continue
        if not _being_written(folder, int(match[1])):
            shutil.rmtree(folder, ignore_errors=True)
            removed.append(folder)
    return removed


def _being_written(folder: Path, process: int) -> bool:
    if process == os.getpid():
        return folder in _open_partials
    if os.name == "nt":  # there, signal 0 would end the process instead of asking for it
        return True
    try:
        os.kill(process, 0)
    except PermissionError:  # someone else's, and alive
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


def _table_file(name: str) -> str:
    if not re.fullmatch(r"[a-z_]+", name):
        raise ValueError(f"table name {name!r}: must be made of a-z and _ only")
    return f"{name}.parquet"


def _manifest_text(manifest: Mapping[str, Any], folder: Path, files: list[str]) -> str:
    taken = [key for key in _WRITTEN_HERE if key in manifest]
    if taken:
        raise ValueError(f"manifest: {', '.join(taken)} would be overwritten by the store")
    complete = {
        "format": FORMAT,
        "committed": datetime.now(UTC).isoformat(timespec="microseconds"),
        **manifest,
        "files": {file: _fingerprint((folder / file).read_bytes()) for file in files},
    }
    try:
        return json.dumps(complete, ensure_ascii=False, allow_nan=False, indent=2) + "\n"
    except (TypeError, ValueError) as error:
        raise RunError(f"{MANIFEST}: not strict JSON: {error}") from error


def _parse_manifest(text: str) -> dict[str, Any] | None:
    """The manifest, or None when this version cannot have written it."""
    try:
        manifest = json.loads(text)
    except ValueError:
        return None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        return None
    committed, files = manifest.get("committed"), manifest.get("files")
    return manifest if isinstance(committed, str) and isinstance(files, dict) else None


def _fingerprint(content: bytes) -> dict[str, str | int]:
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def _sync_folder(folder: Path) -> None:
    """Put a directory's entries on disk; systems without O_DIRECTORY do so by themselves."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _rename_to_free_name(source: Path, wished: Path) -> Path:
    """Rename to the wished name or the first free numbered one, whoever else does so meanwhile."""
    target, number = wished, 1
    while True:
        try:
            if not os.path.lexists(target):  # a rename would replace an empty directory
                os.rename(source, target)
                return target
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
        number += 1
        target = wished.with_name(f"{wished.name}-{number}")
