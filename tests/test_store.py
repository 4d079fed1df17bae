"""Run directories: whole or absent, and never read back different from what was written."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from lifesim.errors import InputError, RunError
from lifesim.experiment.store import RunWriter, latest, new_run_name, read_run, sweep_partials


def frame() -> pd.DataFrame:
    count = 500
    return pd.DataFrame(
        {
            "replication": np.arange(count),
            "arm": ["current", "新客"] * (count // 2),
            "amount_fen": np.arange(count, dtype=np.int64) * 7919,
            "share": np.linspace(0.0, 1.0, count),
        }
    )


def finished(out: Path, name: str = "run") -> Path:
    with RunWriter(out, name) as writer:
        writer.write_table("totals", frame())
        writer.write_text("report.html", "<p>你好</p>\n")
        return writer.commit({"scenario": "striving-youth", "seed": 7})


def everything_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def dead_process() -> int:
    """The id of a process that has ended and been waited for."""
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    return process.pid


def test_a_run_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    path = finished(tmp_path)
    assert path == tmp_path / "run"
    run = read_run(path)
    pd.testing.assert_frame_equal(run.table("totals"), frame())
    assert run.text("report.html") == "<p>你好</p>\n"
    assert run.tables == ["totals"]
    assert run.manifest["seed"] == 7
    assert run.manifest["format"] == 1
    assert everything_in(path) == ["manifest.json", "report.html", "totals.parquet"]
    assert everything_in(tmp_path) == ["run"]
    size = run.manifest["files"]["totals.parquet"]["bytes"]
    assert size == (path / "totals.parquet").stat().st_size


def test_index_is_not_kept(tmp_path: Path) -> None:
    with RunWriter(tmp_path, "run") as writer:
        writer.write_table("totals", frame().iloc[100:110])
        path = writer.commit({})
    assert list(read_run(path).table("totals").index) == list(range(10))


def test_every_flipped_byte_is_noticed(tmp_path: Path) -> None:
    path = finished(tmp_path)
    run = read_run(path)
    file = path / "totals.parquet"
    sound = file.read_bytes()
    for position in range(0, len(sound), max(1, len(sound) // 40)):
        damaged = bytearray(sound)
        damaged[position] ^= 0x10
        file.write_bytes(damaged)
        with pytest.raises(RunError, match=r"totals\.parquet: damaged"):
            run.table("totals")
    file.write_bytes(sound)
    assert len(run.table("totals")) == 500


def test_page_checksums_notice_damage_that_the_hash_was_told_to_accept(tmp_path: Path) -> None:
    """Pages carry their own checksums, so that other readers of the file can check them too."""
    path = finished(tmp_path)
    file = path / "totals.parquet"
    chunk = pq.ParquetFile(file).metadata.row_group(0).column(3)
    damaged = bytearray(file.read_bytes())
    damaged[chunk.dictionary_page_offset + chunk.total_compressed_size - 3] ^= 0x10
    file.write_bytes(damaged)
    manifest = json.loads((path / "manifest.json").read_text("utf-8"))
    manifest["files"]["totals.parquet"]["sha256"] = hashlib.sha256(damaged).hexdigest()
    (path / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(RunError, match=r"totals\.parquet: damaged.*CRC"):
        read_run(path).table("totals")


def test_truncated_missing_and_unknown_files(tmp_path: Path) -> None:
    path = finished(tmp_path)
    run = read_run(path)
    (path / "totals.parquet").write_bytes(b"PAR1")
    with pytest.raises(RunError, match=r"totals\.parquet: damaged"):
        run.table("totals")
    (path / "totals.parquet").unlink()
    with pytest.raises(RunError, match=r"totals\.parquet: cannot be read"):
        run.table("totals")
    with pytest.raises(InputError, match="no table 'sessions'; there are totals"):
        run.table("sessions")
    with pytest.raises(InputError, match=r"no table '\.\./totals'"):
        run.table("../totals")
    (path / "report.html").write_text("<p>edited</p>")
    with pytest.raises(RunError, match=r"report\.html: damaged or edited"):
        run.text("report.html")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_interrupted_run_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), RunWriter(tmp_path, "run") as writer:
        writer.write_table("totals", frame())
        raise error
    assert everything_in(tmp_path) == []


def test_a_run_that_is_not_committed_leaves_nothing(tmp_path: Path) -> None:
    with RunWriter(tmp_path / "deep" / "out", "run") as writer:
        writer.write_table("totals", frame())
        (partial,) = (tmp_path / "deep" / "out").iterdir()
        assert partial.name == f".partial-run-{os.getpid()}"
        assert everything_in(partial) == ["totals.parquet"]
    assert everything_in(tmp_path / "deep" / "out") == []


def test_names_that_are_taken_get_a_number(tmp_path: Path) -> None:
    (tmp_path / "run-2").mkdir()  # empty: a rename would silently replace it
    names = [finished(tmp_path).name for _ in range(3)]
    assert names == ["run", "run-3", "run-4"]
    assert everything_in(tmp_path / "run-2") == []


def test_manifest_is_strict_json(tmp_path: Path) -> None:
    with (
        pytest.raises(RunError, match=r"manifest\.json: not strict JSON"),
        RunWriter(tmp_path, "run") as writer,
    ):
        writer.commit({"seconds": float("nan")})
    assert everything_in(tmp_path) == []


def test_manifest_keys_of_the_store_are_not_taken(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="files"), RunWriter(tmp_path, "run") as writer:
        writer.commit({"files": []})


@pytest.mark.parametrize("name", ["Totals", "a b", "", "../x", "t1", "totals\n"])
def test_table_names(tmp_path: Path, name: str) -> None:
    with RunWriter(tmp_path, "run") as writer, pytest.raises(ValueError, match="table name"):
        writer.write_table(name, frame())


@pytest.mark.parametrize("name", ["manifest.json", "../x", ".hidden", "a/b", ""])
def test_text_names(tmp_path: Path, name: str) -> None:
    with RunWriter(tmp_path, "run") as writer, pytest.raises(ValueError, match="file name"):
        writer.write_text(name, "x")


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", ".."])
def test_run_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="run name"):
        RunWriter(tmp_path, name)


def full() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("what", ["table", "text", "manifest"])
def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, what: str) -> None:
    def fail(*_: object) -> None:
        raise full()

    with pytest.raises(RunError) as caught, RunWriter(tmp_path, "run") as writer:
        writer.write_table("occupancy", frame())
        monkeypatch.setattr(os, call, fail)
        if what == "table":
            writer.write_table("totals", frame())
        elif what == "text":
            writer.write_text("page.html", "x")
        else:
            writer.commit({})
    assert str(caught.value) == f"{tmp_path}: the disk is full; the unfinished run was removed"
    assert everything_in(tmp_path) == []


def test_a_full_disk_inside_the_parquet_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operating system's error must come through the writer of the file format."""
    from io import BufferedWriter, RawIOBase

    class FullDisk(RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            raise full()

        def flush(self) -> None:
            pass

    opened = BufferedWriter(FullDisk(), buffer_size=16)
    with (
        pytest.raises(RunError, match="the disk is full"),
        RunWriter(tmp_path, "run") as writer,
        monkeypatch.context() as patch,
    ):
        patch.setattr(Path, "open", lambda *_: opened)
        writer.write_table("totals", frame())
    assert everything_in(tmp_path) == []


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(InputError, match="cannot write runs here"),
        RunWriter(tmp_path / "file", "run"),
    ):
        pass


def test_latest_ignores_all_that_is_no_finished_run(tmp_path: Path) -> None:
    first = finished(tmp_path, "zebra")
    second = finished(tmp_path, "ape")
    (tmp_path / "zz-empty").mkdir()
    (tmp_path / "zz-file").write_text("x")
    for name, text in {"zz-junk": "{", "zz-list": "[]", "zz-other": '{"format": 99}'}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(text)
    hidden = tmp_path / ".partial-zz-1"
    hidden.mkdir()
    (hidden / "manifest.json").write_bytes((second / "manifest.json").read_bytes())
    assert latest(tmp_path) == second
    os.utime(first / "manifest.json")  # touching or copying files does not make a run newer
    assert latest(tmp_path) == second
    assert latest(tmp_path) != first


@pytest.mark.parametrize("folder", ["", "missing"])
def test_latest_without_runs(tmp_path: Path, folder: str) -> None:
    with pytest.raises(InputError, match=r"no finished run in .*; run one first"):
        latest(tmp_path / folder)


def test_read_run_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a finished run"):
        read_run(tmp_path)
    with pytest.raises(InputError, match="not a finished run"):
        read_run(tmp_path / "missing")
    (tmp_path / "manifest.json").write_text('{"format": 1}')
    with pytest.raises(RunError, match=r"manifest\.json: damaged, or not written by this version"):
        read_run(tmp_path)


def test_sweep_removes_only_what_the_dead_left(tmp_path: Path) -> None:
    kept = [finished(tmp_path).name]
    dead = tmp_path / f".partial-20260105-101500-x-{dead_process()}"
    reused = tmp_path / f".partial-other-{os.getpid()}"  # ours by number, but we never opened it
    alive = tmp_path / f".partial-y-{os.getppid()}"
    odd = tmp_path / ".partial-notes"
    for folder in (dead, reused, alive, odd):
        folder.mkdir()
        (folder / "totals.parquet").write_bytes(b"half")
    with RunWriter(tmp_path, "mine") as writer:
        assert sweep_partials(tmp_path) == sorted([dead, reused])
        writer.write_table("totals", frame())
        kept.append(writer.commit({}).name)
    assert everything_in(tmp_path) == sorted([*kept, alive.name, odd.name])
    assert sweep_partials(tmp_path / "missing") == []


def test_a_killed_writer_is_never_taken_for_a_run(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path\n"
        "from lifesim.experiment.store import RunWriter\n"
        "with RunWriter(Path(sys.argv[1]), 'run') as writer:\n"
        "    writer.write_text('page.html', 'half')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    root = Path(__file__).resolve().parents[1]
    process = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=root, check=False)
    assert process.returncode == -9
    assert len(everything_in(tmp_path)) == 1
    with pytest.raises(InputError, match="no finished run"):
        latest(tmp_path)
    assert len(sweep_partials(tmp_path)) == 1
    assert everything_in(tmp_path) == []


def test_run_names_sort_by_time_and_are_safe_file_names() -> None:
    now = datetime(2026, 1, 5, 10, 15, 0)
    assert new_run_name("striving-youth", now) == "20260105-101500-striving-youth"
    assert new_run_name("../奋斗青年 a/b", now) == "20260105-101500-奋斗青年-a-b"
    assert new_run_name("...", now) == "20260105-101500-run"
    assert len(new_run_name("奋" * 500, now).encode()) < 230
