"""Finding a workspace, mounting it, and discovering its plug-ins."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import pickle
import subprocess
import sys
import traceback
import typing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import EntryPoint
from multiprocessing import get_context
from pathlib import Path

import pytest

from lifesim import workspace
from lifesim.errors import InputError
from lifesim.workspace import discovery

Write = Callable[[str, str], Path]

TIERED = """
from dataclasses import dataclass

@dataclass(frozen=True, kw_only=True)
class BestFirst:
    grades: tuple[str, ...] = ("A",)

    def assign(self, leads, agents, luck):
        return leads + len(self.grades)
"""


@pytest.fixture(autouse=True)
def _outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start outside any workspace, and leave nothing mounted."""
    outside = tmp_path / "outside"
    outside.mkdir()
    monkeypatch.chdir(outside)
    monkeypatch.delenv("LIFESIM_ROOT", raising=False)
    workspace.unmount()
    yield
    workspace.unmount()


def _new_root(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / workspace.MARKER).write_text("")
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return _new_root(tmp_path / "root")


@pytest.fixture
def write(root: Path) -> Write:
    def write(name: str, text: str) -> Path:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def entry(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Pretend that an installed package registers a class."""

    def register(value: str) -> None:
        found = [EntryPoint("theirs", value, discovery.ENTRY_POINT_GROUP)]
        monkeypatch.setattr(discovery, "entry_points", lambda group: found)

    return register


# Root


def test_explicit_root_wins_over_variable_and_parents(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, third = _new_root(tmp_path / "other"), _new_root(tmp_path / "third")
    (third / "deep").mkdir()
    monkeypatch.chdir(third / "deep")
    assert workspace.find_root() == third
    assert workspace.find_root(near=other / "scenarios" / "x.yaml") == other
    monkeypatch.setenv("LIFESIM_ROOT", str(other))
    assert workspace.find_root() == other
    assert workspace.find_root(root) == root


def test_without_a_workspace_the_bundle_is_the_root() -> None:
    assert workspace.find_root() == workspace.bundled_root()
    assert (workspace.bundled_root() / workspace.MARKER).is_file()


def test_a_named_root_without_marker_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"--root is .*outside.*holds no lifesim\.toml"):
        workspace.find_root(tmp_path / "outside")
    monkeypatch.setenv("LIFESIM_ROOT", str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match=r"LIFESIM_ROOT is .*nowhere"):
        workspace.find_root()


def test_runs_never_go_into_the_installation(root: Path, tmp_path: Path) -> None:
    assert workspace.out_dir(root) == root / "reports/out"
    assert workspace.out_dir(workspace.bundled_root()) == tmp_path / "outside/reports/out"


# Mounting


def test_ordinary_and_relative_imports(root: Path, write: Write) -> None:
    write("strategies/_shared.py", "LIMIT = 3\n")
    write("strategies/grading/_own.py", "from .._shared import LIMIT\nTWICE = 2 * LIMIT\n")
    write("strategies/grading/score.py", "from lifesim_ext.strategies.grading._own import TWICE\n")
    write("reports/page.py", "from lifesim_ext.strategies.grading import score\n")
    workspace.mount(root)
    assert importlib.import_module("lifesim_ext.reports.page").score.TWICE == 6


def test_mounting_again_is_a_no_op_and_another_root_replaces_the_first(
    root: Path, tmp_path: Path, write: Write
) -> None:
    write("strategies/allocation/one.py", TIERED)
    write("strategies/allocation/two.py", TIERED.replace("BestFirst", "Other"))
    workspace.mount(root)
    first = workspace.discover("allocation")["best_first"].cls
    workspace.mount(root)
    assert workspace.discover("allocation")["best_first"].cls is first
    workspace.mount(_new_root(tmp_path / "empty"))
    assert workspace.discover("allocation") == {}
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("lifesim_ext.strategies.allocation.one")


def test_an_edited_file_is_read_anew_even_within_the_same_second(root: Path, write: Write) -> None:
    for size in (1, 2, 3):
        path = write("strategies/_shared.py", f"SIZE = {size}\n")
        workspace.mount(root)
        assert size == importlib.import_module("lifesim_ext.strategies._shared").SIZE
        workspace.unmount()
    assert not (path.parent / "__pycache__").exists()


def test_dataclasses_with_postponed_annotations_know_their_types(root: Path, write: Write) -> None:
    write("strategies/allocation/tiered.py", "from __future__ import annotations\n" + TIERED)
    workspace.mount(root)
    cls = workspace.discover("allocation")["best_first"].cls
    assert typing.get_type_hints(cls)["grades"] == tuple[str, ...]
    assert [field.name for field in dataclasses.fields(cls)] == ["grades"]


def test_tracebacks_show_the_line(root: Path, write: Write) -> None:
    path = write("strategies/_shared.py", "def fail():\n    return 1 / 0  # here\n")
    workspace.mount(root)
    try:
        importlib.import_module("lifesim_ext.strategies._shared").fail()
    except ZeroDivisionError:
        text = traceback.format_exc()
    assert f'"{path}", line 2' in text
    assert "# here" in text


def test_plug_ins_travel_to_spawned_workers(root: Path, write: Write) -> None:
    write("strategies/allocation/tiered.py", TIERED)
    workspace.mount(root)
    strategy = workspace.discover("allocation")["best_first"].cls(grades=("A", "B"))
    assert pickle.loads(pickle.dumps(strategy)) == strategy
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=workspace.mount, initargs=(root,)) as pool:
        assert pool.submit(strategy.assign, 5, None, None).result(timeout=60) == 7


# Discovery


@pytest.mark.parametrize(("kind", "method"), [(kind, method) for kind, method in workspace.METHODS.items()])
def test_every_kind_is_found_by_its_method(root: Path, write: Write, kind: str, method: str) -> None:
    text = TIERED.replace("def assign", f"def {method}")
    path = write(f"strategies/{kind}/mine.py", text)
    workspace.mount(root)
    (plugin,) = workspace.discover(kind).values()
    assert (plugin.name, plugin.path) == ("best_first", path)
    assert plugin.source_hash == hashlib.sha256(text.encode()).hexdigest()
    assert all(not workspace.discover(other) for other in workspace.METHODS if other != kind)


@pytest.mark.parametrize(
    ("class_name", "name"),
    [("StrivingYouth", "striving_youth"), ("ABTest", "ab_test"), ("Top3Agents", "top3_agents")],
)
def test_names_are_the_class_names_in_snake_case(root: Path, write: Write, class_name: str, name: str) -> None:
    write("strategies/allocation/mine.py", TIERED.replace("BestFirst", class_name))
    workspace.mount(root)
    assert list(workspace.discover("allocation")) == [name]


def test_private_aliased_and_imported_classes_are_no_further_plug_ins(root: Path, write: Write) -> None:
    write("strategies/allocation/_base.py", TIERED.replace("BestFirst", "Base"))
    write(
        "strategies/allocation/mine.py",
        "from ._base import Base\n" + TIERED.replace("BestFirst", "_Hidden") + TIERED + "\nSame = BestFirst\n",
    )
    workspace.mount(root)
    assert list(workspace.discover("allocation")) == ["best_first"]


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("x = 1\ndef f(:\n", "mine.py:2", "SyntaxError: invalid syntax"),
        ("\nimport no_such_module\n", "mine.py:2", "No module named 'no_such_module'"),
        ("\n\n1 / 0\n", "mine.py:3", "ZeroDivisionError: division by zero"),
        ("import json\njson.loads('{')\n", "mine.py:2", "JSONDecodeError"),
        ("raise SystemExit\n", "mine.py:1", "SystemExit"),
        ("x = 1\nraise ValueError('one\\ntwo')\n", "mine.py:2", "ValueError: one two"),
        ("from ._helper import x\n", "_helper.py:2", "NameError"),
    ],
)
def test_a_broken_file_stops_discovery_and_is_named(root: Path, write: Write, text: str, place: str, said: str) -> None:
    write("strategies/grading/_helper.py", "y = 1\nx = z\n")
    write("strategies/grading/mine.py", text)
    write("strategies/grading/sound.py", TIERED.replace("assign", "grade"))
    workspace.mount(root)
    with pytest.raises(InputError) as caught:
        workspace.discover("grading")
    message = str(caught.value)
    assert f"strategies/grading/{place}: " in message
    assert said in message
    assert "\n" not in message


def test_a_file_in_another_encoding_is_named(root: Path, write: Write) -> None:
    path = write("strategies/grading/mine.py", "")
    path.write_bytes("名字 = 1\n".encode("gbk"))
    workspace.mount(root)
    with pytest.raises(InputError, match=r"strategies/grading/mine\.py.*utf-8"):
        workspace.discover("grading")


@pytest.mark.parametrize("decorator", ["", "@dataclass", "@dataclass(kw_only=True)"])
def test_a_plug_in_must_be_a_frozen_dataclass(root: Path, write: Write, decorator: str) -> None:
    text = TIERED.replace("@dataclass(frozen=True, kw_only=True)", decorator)
    write("strategies/allocation/mine.py", text)
    workspace.mount(root)
    with pytest.raises(InputError, match=r"mine\.py:\d: BestFirst .*@dataclass\(frozen=True, kw_o"):
        workspace.discover("allocation")


def test_a_subclass_needs_the_decorator_too(root: Path, write: Write) -> None:
    write("strategies/allocation/_base.py", TIERED)
    write(
        "strategies/allocation/mine.py",
        "from ._base import BestFirst\nclass Better(BestFirst):\n    cap: int = 3\n",
    )
    workspace.mount(root)
    with pytest.raises(InputError, match=r"mine\.py:2: Better .* is not a frozen dataclass"):
        workspace.discover("allocation")


def test_a_misspelt_method_does_not_vanish(root: Path, write: Write) -> None:
    write("strategies/allocation/mine.py", TIERED.replace("assign", "asign"))
    workspace.mount(root)
    with pytest.raises(InputError, match=r"mine\.py: no public class here has a method `assign`"):
        workspace.discover("allocation")


def test_two_plug_ins_with_one_name_are_both_named(root: Path, write: Write) -> None:
    write("strategies/allocation/first.py", TIERED)
    write("strategies/allocation/second.py", TIERED)
    workspace.mount(root)
    with pytest.raises(InputError, match=r"'best_first': .*first\.py:\d and .*second\.py:\d"):
        workspace.discover("allocation")


def test_a_file_name_that_is_no_identifier(root: Path, write: Write) -> None:
    write("strategies/allocation/mine-2.py", TIERED)
    workspace.mount(root)
    with pytest.raises(InputError, match=r"mine-2\.py: .* call it mine_2\.py"):
        workspace.discover("allocation")


def test_what_a_file_prints_stays_off_the_standard_output(
    root: Path, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write("strategies/allocation/mine.py", TIERED + "\nprint('loading')\n")
    workspace.mount(root)
    workspace.discover("allocation")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "loading\n")


def test_installed_packages_register_plug_ins(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: Callable[[str], None]
) -> None:
    (tmp_path / "their_package_1.py").write_text(TIERED)
    monkeypatch.syspath_prepend(tmp_path)
    entry("their_package_1:BestFirst")
    workspace.mount(root)
    assert workspace.discover("allocation")["best_first"].path == tmp_path / "their_package_1.py"
    assert workspace.discover("grading") == {}


@pytest.mark.parametrize(
    ("value", "said"),
    [("no_such_package:Strategy", "No module named"), ("json:loads", "this is not a class")],
)
def test_a_broken_entry_point_is_named(root: Path, entry: Callable[[str], None], value: str, said: str) -> None:
    entry(value)
    workspace.mount(root)
    with pytest.raises(InputError, match=f"entry point theirs = {value}: .*{said}"):
        workspace.discover("allocation")


def test_source_hashes_cover_plug_ins_and_the_helpers_they_import(root: Path, write: Write) -> None:
    write("strategies/_shared.py", "LIMIT = 3\n")
    write("strategies/_unused.py", "LIMIT = 4\n")
    write("strategies/allocation/mine.py", "from .._shared import LIMIT\n" + TIERED)
    workspace.mount(root)
    before = workspace.source_hashes()
    assert list(before) == ["_shared.py", "allocation/best_first"]
    write("strategies/_shared.py", "LIMIT = 5\n")
    workspace.unmount()
    workspace.mount(root)
    after = workspace.source_hashes()
    assert after["allocation/best_first"] == before["allocation/best_first"]
    assert after["_shared.py"] != before["_shared.py"]


# Scenarios


def test_a_scenario_is_found_by_name_and_by_path(root: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("scenarios/striving_youth.yaml", "")
    assert workspace.scenario_path("striving_youth", root) == path
    assert workspace.scenario_path(path, root) == path
    assert workspace.scenario_path("scenarios/striving_youth.yaml", root) == path
    monkeypatch.chdir(root / "scenarios")
    assert workspace.scenario_path("striving_youth.yaml").resolve() == path


def test_an_unknown_scenario_gets_a_suggestion(root: Path, write: Write) -> None:
    write("scenarios/striving_youth.yaml", "")
    with pytest.raises(InputError, match="did you mean 'striving_youth'"):
        workspace.scenario_path("striving-yuoth", root)
    with pytest.raises(InputError, match="known: striving_youth"):
        workspace.scenario_path("x", root)
    assert workspace.suggest("x", [f"n{k}" for k in range(20)]).count("n") == 1 + 20 + 1
    assert workspace.suggest("value of it", [*(f"n{k}" for k in range(30)), "of_value", "lapse"]).startswith(
        "; the nearest of 32 known: of_value, lapse, n"
    )
    with pytest.raises(InputError, match=r"no scenario file 'scenarios/x\.yaml'"):
        workspace.scenario_path("scenarios/x.yaml", root)


@pytest.mark.parametrize(
    "name", ["", "..", "../x", "/etc/passwd", "a b", "a\nb", "a\x00.yaml", "~", "a*", "-x", "a.py"]
)
def test_what_is_no_name_is_refused_in_one_line(root: Path, name: str) -> None:
    with pytest.raises(InputError, match="neither the name of a scenario") as caught:
        workspace.scenario_path(name, root)
    assert str(caught.value).isprintable()


# A new workspace


def _files(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def test_create_copies_the_users_files_and_nothing_generated(
    root: Path, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("strategies/allocation/a.py", "scenarios/markets/b.yaml", "reports/c.py"):
        write(name, name)
    for name in ("reports/out/run/page.html", "strategies/__pycache__/a.pyc", "scenarios/.b.swp"):
        write(name, name)
    monkeypatch.setattr("lifesim.workspace.files.bundled_root", lambda: root)
    empty = tmp_path / "empty"
    empty.mkdir()
    for target in (tmp_path / "new" / "deep", empty):
        workspace.create(target)
        assert _files(target) == {
            "lifesim.toml",
            "strategies/allocation/a.py",
            "scenarios/markets/b.yaml",
            "reports/c.py",
        }
        assert {path.name for path in target.iterdir()} == {
            "lifesim.toml",
            "strategies",
            "scenarios",
            "reports",
        }
        assert workspace.find_root(target) == target
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"deep"}


def test_create_refuses_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("precious")
    for target, said in (("full", "not empty"), ("full/mine.txt", "is a file")):
        with pytest.raises(InputError, match=said):
            workspace.create(tmp_path / target)
    assert _files(tmp_path / "full") == {"mine.txt"}


def test_a_failed_create_leaves_nothing_behind(
    root: Path, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("strategies/a.py", "")

    def fail(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr("lifesim.workspace.files.bundled_root", lambda: root)
    monkeypatch.setattr("shutil.copyfile", fail)
    parent = tmp_path / "parent"
    with pytest.raises(OSError, match="No space left"):
        workspace.create(parent / "new")
    assert list(parent.iterdir()) == []


def test_the_workspace_needs_no_heavy_imports() -> None:
    heavy = ["numpy", "pandas", "numba", "pydantic", "scipy", "matplotlib"]
    code = f"import lifesim.workspace, sys; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
