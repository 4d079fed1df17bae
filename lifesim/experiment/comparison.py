"""Running an experiment: check, cut into units, run them, merge, infer, write."""

from __future__ import annotations

import datetime
import json
import pickle
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lifesim.errors import InputError, RunError, ScenarioError
from lifesim.experiment import checks, plugins, tasks
from lifesim.experiment.executor import UnitFailure, default_workers, run_units
from lifesim.experiment.manifest import manifest
from lifesim.experiment.result import Result
from lifesim.experiment.work import Unit, UnitResult
from lifesim.metrics import METRICS
from lifesim.scenario import Arm, Scenario
from lifesim.strategy import Practice
from lifesim.workspace import current_root, out_dir

if TYPE_CHECKING:
    import pandas as pd


def compare(
    scenario: Scenario,
    arms: Mapping[str, Arm | Practice] | None = None,
    *,
    workers: int | None = None,
    events: str = "sample",
    on_progress: Callable[[int, int], None] | None = None,
) -> Result:
    """Run every arm in its own copy of the same worlds and estimate paired effects; writes nothing.

    Parameters
    ----------
    arms
        In place of the scenario's arms; must hold its control. An ``Arm`` names plug-ins, as a scenario file does; a
        ``Practice`` holds plug-ins themselves.
    workers
        Processes; all processors when not given.
    events
        ``"sample"`` keeps the events of a keyed share of customers, ``"all"`` of everyone.
    on_progress
        Called with units done and units in all.

    Raises
    ------
    ScenarioError
        When the scenario names what does not exist.
    RunError
        When no unit of work succeeded.
    """
    began = time.perf_counter()
    if arms is not None:
        if scenario.experiment.control not in arms:
            raise InputError(f"arms must hold the control arm '{scenario.experiment.control}'")
        named = {name: arm if isinstance(arm, Arm) else Arm() for name, arm in arms.items()}
        scenario = scenario.replace(arms=named)
    found = checks.problems(scenario)
    if found:
        raise ScenarioError(found)
    practices = plugins.practices(scenario)
    practices |= {name: arm for name, arm in (arms or {}).items() if isinstance(arm, Practice)}
    shared = tasks.pack(scenario, practices, plugins.mechanisms(scenario), events == "all")
    work = tasks.experiment(shared).units()
    payloads = [pickle.dumps((shared, unit)) for unit in work]
    workers = min(default_workers() if workers is None else workers, len(work))
    if workers > 1:
        _compile(shared)
    done = _Progress(len(work), on_progress)
    with _scratch() as scratch:
        setup = (str(current_root()), scratch)
        answers = run_units(tasks.run_unit, payloads, workers, tasks.prepare, setup, done)
    results, failures = _sort_out(scenario, work, answers)
    branches = {branch for unit in work for branch in unit.branches}
    result = _merged(scenario, results, failures, branches)
    result.seconds = time.perf_counter() - began
    result.oracles = {arm: practice.oracles for arm, practice in practices.items() if practice.oracles}
    result.practices = practices
    return result


class _Progress:
    def __init__(self, total: int, tell: Callable[[int, int], None] | None) -> None:
        self.done, self.total, self.tell = 0, total, tell

    def __call__(self, index: int) -> None:
        self.done += 1
        if self.tell is not None:
            self.tell(self.done, self.total)


@contextmanager
def _scratch() -> Iterator[str]:
    """A folder for the temporary files of all workers: it goes even when they are killed."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="lifesim-", ignore_cleanup_errors=True) as folder:
        try:
            yield folder
        finally:
            tempfile.tempdir = before


def _compile(shared: bytes) -> None:
    """Compile the kernel once, here, before workers load it from the cache."""
    from lifesim.experiment.warm import compile_kernel

    compile_kernel(shared)


def _sort_out(scenario: Scenario, work: list[Unit], answers: list[Any]) -> tuple[list[UnitResult], list[str]]:
    """Results of units that succeeded, and one line for every arm that failed and every way in which units did."""
    results: list[UnitResult] = []
    lost: dict[tuple[str, str], list[tuple[Unit, str]]] = {}
    for unit, answer in zip(work, answers, strict=True):
        if isinstance(answer, UnitFailure):
            lost.setdefault(("", answer.reason), []).append((unit, answer.reason))
            continue
        results.append(pickle.loads(answer))
        for arm, reason in results[-1].failures.items():
            lost.setdefault((arm, ""), []).append((unit, reason))
    failures = [_failure(arm, where, len(work)) for (arm, _), where in lost.items()]
    if not results:
        raise RunError("\n".join(failures))
    control = scenario.experiment.control
    if all(control in result.failures for result in results):
        raise RunError("\n".join([*failures, f"without the control arm '{control}' there is nothing to compare with"]))
    return results, failures


def _failure(arm: str, lost: list[tuple[Unit, str]], units: int) -> str:
    """One line about all units in which an arm failed, or that failed themselves in the same way."""
    unit, reason = lost[0]
    branches = "" if len(unit.branches) > 3 else f", {', '.join(unit.branches)}"
    who = f"arm '{arm}'" if arm else "every arm"
    where = f"failed in {len(lost)} of {units} units of work; first in replication {unit.replication}{branches}"
    return f"{who} {where}: {reason}"


def _table(pieces: list[dict[str, Any]]) -> pd.DataFrame:
    """One table from the pieces of all units, in their order."""
    import pandas as pd

    return pd.DataFrame({name: _column([piece[name] for piece in pieces]) for name in pieces[0]})


def _column(parts: list[Any]) -> Any:
    """One column from its parts: arrays, or lists."""
    import numpy as np

    return np.concatenate(parts) if isinstance(parts[0], np.ndarray) else list(chain.from_iterable(parts))


def whole_replications(totals: pd.DataFrame, branches: set[str]) -> pd.DataFrame:
    """Rows of arms and replications of which every planned branch is there; half a market is another market."""
    found = totals.groupby(["arm", "replication"])["branch"].transform("nunique")
    return totals[found == len(branches)]


def _merged(scenario: Scenario, results: list[UnitResult], failures: list[str], branches: set[str]) -> Result:
    """Tables of all units in a fixed order, and the effects."""

    from lifesim.experiment.agent_metrics import agent_metrics
    from lifesim.experiment.effects import effects, returns
    from lifesim.experiment.ladder import ladder

    names = list(dict.fromkeys(name for result in results for name in result.tables))
    tables = {name: _table([piece for result in results for piece in result.tables.get(name, [])]) for name in names}
    whole = whole_replications(tables["totals"], branches)
    if "agents" in tables:
        tables["agent_metrics"] = agent_metrics(
            tables["agents"], tables["desks"], scenario.experiment.control, branches
        )
    scales = {name: metric.scale for name, metric in METRICS.items()}
    control, scope = scenario.experiment.control, scenario.measure.scope
    if control not in set(whole["arm"]):
        why = f"no replication of the control arm '{control}' has all of its branches: {', '.join(sorted(branches))}"
        raise RunError("\n".join([*failures, why]))
    timings: dict[str, float] = {}
    for result in results:
        for what, seconds in result.seconds.items():
            timings[what] = timings.get(what, 0.0) + seconds
    return Result(
        scenario=scenario,
        effects=effects(whole, scales, control, "present"),
        effects_everyone=effects(whole, scales, control, "everyone"),
        effects_by_branch=_by_branch(whole, scenario),
        returns=returns(whole, METRICS["nbv_per_10k"].scale, control, scope),
        ladder=ladder(whole, scales, scenario.measure.ladder, scope),
        tables=tables,
        failures=failures,
        seconds=0.0,
        timings=timings,
        customer_days=sum(result.customer_days for result in results),
    )


def _by_branch(whole: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Effects on the primary metric in each branch."""
    import pandas as pd

    from lifesim.experiment.effects import EVERYONE, effects

    primary = scenario.measure.primary
    found = []
    for branch, mine in whole.groupby("branch", sort=False):
        scale = {primary: METRICS[primary].scale}
        rows = effects(mine, scale, scenario.experiment.control, scenario.measure.scope)
        found.append(rows[rows["segment"] == EVERYONE].assign(branch=branch))
    return pd.concat(found, ignore_index=True)


def run(
    scenario: Scenario,
    *,
    out: Path | None = None,
    workers: int | None = None,
    events: str = "sample",
    replications: int | None = None,
    seed: int | None = None,
    progress: bool = True,
) -> Result:
    """Run a scenario and write a run directory with its tables; see ``compare`` for what is raised.

    Parameters
    ----------
    out
        Folder of run directories; ``reports/out`` of the workspace when not given.
    replications, seed
        In place of the scenario's.
    progress
        Show a progress bar on standard error.
    """
    from lifesim.experiment.store import RunWriter, new_run_name, sweep_partials

    changes = {"replications": replications, "seed": seed}
    given = {name: value for name, value in changes.items() if value is not None}
    if given:
        scenario = scenario.replace(experiment=scenario.experiment.model_dump(mode="json") | given)
    out = out_dir(current_root()) if out is None else out
    created = datetime.datetime.now(datetime.UTC)
    sweep_partials(out)
    # The writer comes first: a folder that cannot be written is found out before the work.
    with (
        RunWriter(out, new_run_name(scenario.name, created)) as writer,
        progress_bar(scenario.name, progress) as tell,
    ):
        result = compare(scenario, workers=workers, events=events, on_progress=tell)
        for name, table in result.tables.items():
            writer.write_table(name, table)
        for name in ("effects", "effects_everyone", "effects_by_branch", "returns"):
            writer.write_table(name, getattr(result, name))
        if scenario.measure.ladder:
            writer.write_table("ladder", result.ladder)
        writer.write_text("effects.csv", _csv(result))
        writer.write_text("scenario.json", json.dumps(scenario.model_dump(mode="json", by_alias=True), indent=1))
        result.path = writer.commit(manifest(result, created))
    return result


def _csv(result: Result) -> str:
    """The effects for a spreadsheet; the mark at the start tells it that the text is UTF-8."""
    oracle = result.effects["arm"].isin(list(result.oracles))
    text: str = result.effects.assign(oracle=oracle).to_csv(index=False, lineterminator="\r\n")
    return "\ufeff" + text


@contextmanager
def progress_bar(name: str, shown: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar on standard error."""
    if not shown:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
