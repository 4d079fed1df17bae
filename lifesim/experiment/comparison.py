"""Running an experiment: check, cut into units, run them, merge, infer, write."""

from __future__ import annotations

import datetime
import hashlib
import json
import pickle
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lifesim.errors import InputError, RunError, ScenarioError
from lifesim.experiment import checks, plugins, tasks
from lifesim.experiment.executor import UnitFailure, default_workers, run_units
from lifesim.experiment.work import UnitResult
from lifesim.metrics import METRICS, described
from lifesim.scenario import STAGES, Scenario
from lifesim.strategy import Practice
from lifesim.workspace import current_root, out_dir, source_hashes

if TYPE_CHECKING:
    import pandas as pd

DAY = 86_400


@dataclass
class Result:
    """What an experiment found.

    Attributes
    ----------
    effects
        Paired effects on the customers present at the fork, one row per metric, segment and arm.
    effects_everyone
        The same over everyone, those who joined later included.
    tables
        All tables of the run by name, see ``docs/architecture.md``.
    failures
        One line for each arm or unit that failed.
    path
        Run directory; none for a run that was not written.
    """

    scenario: Scenario
    effects: pd.DataFrame
    effects_everyone: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    failures: list[str]
    seconds: float
    timings: dict[str, float] = field(default_factory=dict)
    customer_days: float = 0.0
    path: Path | None = None

    def to_json(self) -> dict[str, Any]:
        """Everything of interest as plain data."""
        from lifesim.experiment.effects import to_records

        return {
            "scenario": self.scenario.name,
            "path": None if self.path is None else str(self.path),
            "seconds": round(self.seconds, 3),
            "replications": self.scenario.experiment.replications,
            "seed": self.scenario.experiment.seed,
            "effects": to_records(self.effects),
            "effects_everyone": to_records(self.effects_everyone),
            "failures": self.failures,
        }


def compare(
    scenario: Scenario,
    arms: Mapping[str, Practice] | None = None,
    *,
    workers: int | None = None,
    events: str = "sample",
    on_progress: Callable[[int, int], None] | None = None,
) -> Result:
    """Run every arm in its own copy of the same worlds and estimate paired effects; writes nothing.

    Parameters
    ----------
    arms
        Plug-ins by arm, in place of the scenario's arms; must hold the scenario's control.
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
        described_arms: dict[str, dict[str, Any]] = {name: {} for name in arms}
        scenario = scenario.replace(arms=described_arms)
    found = checks.problems(scenario)
    if found:
        raise ScenarioError(found)
    practices = dict(arms) if arms is not None else plugins.practices(scenario)
    shared = tasks.pack(scenario, practices, plugins.mechanisms(scenario), events == "all")
    work = tasks.experiment(shared).units()
    payloads = [pickle.dumps((shared, unit)) for unit in work]
    workers = min(default_workers() if workers is None else workers, len(work))
    if workers > 1:
        _compile(shared)
    done = _Progress(len(work), on_progress)
    answers = run_units(tasks.run_unit, payloads, workers, tasks.prepare, (str(current_root()),), done)
    results, failures = _sort_out(scenario, work, answers)
    result = _merged(scenario, results, failures)
    result.seconds = time.perf_counter() - began
    return result


class _Progress:
    def __init__(self, total: int, tell: Callable[[int, int], None] | None) -> None:
        self.done, self.total, self.tell = 0, total, tell

    def __call__(self, index: int) -> None:
        self.done += 1
        if self.tell is not None:
            self.tell(self.done, self.total)


def _compile(shared: bytes) -> None:
    """Compile the kernel once, here, before workers load it from the cache."""
    from lifesim.experiment.warm import compile_kernel

    compile_kernel(shared)


def _sort_out(scenario: Scenario, work: list[Any], answers: list[Any]) -> tuple[list[UnitResult], list[str]]:
    """Results of units that succeeded, and one line for every failure."""
    results, failures = [], []
    for unit, answer in zip(work, answers, strict=True):
        if isinstance(answer, UnitFailure):
            where = f"replication {unit.replication}, {', '.join(unit.branches)}"
            failures.append(f"{where}: {answer.reason}")
            continue
        result = pickle.loads(answer)
        results.append(result)
        for arm, reason in result.failures.items():
            where = f"arm '{arm}', replication {unit.replication}, {', '.join(unit.branches)}"
            failures.append(f"{where}: {reason}")
    if not results:
        raise RunError(f"every unit of work failed; the first: {failures[0]}")
    control = scenario.experiment.control
    if all(control in result.failures for result in results):
        raise RunError(f"the control arm failed everywhere; the first: {failures[0]}")
    return results, failures


def _table(pieces: list[dict[str, Any]]) -> pd.DataFrame:
    """One table from the pieces of all units, in their order."""
    import pandas as pd

    return pd.DataFrame({name: list(chain.from_iterable(p[name] for p in pieces)) for name in pieces[0]})


def _merged(scenario: Scenario, results: list[UnitResult], failures: list[str]) -> Result:
    """Tables of all units in a fixed order, and the effects."""

    from lifesim.experiment.effects import effects

    names = list(dict.fromkeys(name for result in results for name in result.tables))
    tables = {name: _table([piece for result in results for piece in result.tables.get(name, [])]) for name in names}
    totals = tables["totals"]
    scales = {name: metric.scale for name, metric in METRICS.items()}
    control = scenario.experiment.control
    timings: dict[str, float] = {}
    for result in results:
        for what, seconds in result.seconds.items():
            timings[what] = timings.get(what, 0.0) + seconds
    return Result(
        scenario=scenario,
        effects=effects(totals, scales, control, "present"),
        effects_everyone=effects(totals, scales, control, "everyone"),
        tables=tables,
        failures=failures,
        seconds=0.0,
        timings=timings,
        customer_days=sum(result.customer_days for result in results),
    )


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
    from lifesim.experiment.store import RunWriter, new_run_name

    changes = {"replications": replications, "seed": seed}
    given = {name: value for name, value in changes.items() if value is not None}
    if given:
        scenario = scenario.replace(experiment=scenario.experiment.model_dump(mode="json") | given)
    out = out_dir(current_root()) if out is None else out
    created = datetime.datetime.now(datetime.UTC)
    # The writer comes first: a folder that cannot be written is found out before the work.
    with (
        RunWriter(out, new_run_name(scenario.name, created)) as writer,
        _bar(scenario.name, progress) as tell,
    ):
        result = compare(scenario, workers=workers, events=events, on_progress=tell)
        for name, table in result.tables.items():
            writer.write_table(name, table)
        writer.write_table("effects", result.effects)
        writer.write_table("effects_everyone", result.effects_everyone)
        writer.write_text("scenario.json", json.dumps(scenario.model_dump(mode="json", by_alias=True), indent=1))
        result.path = writer.commit(_manifest(result, created))
    return result


@contextmanager
def _bar(name: str, shown: bool) -> Iterator[Callable[[int, int], None] | None]:
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


def _manifest(result: Result, created: datetime.datetime) -> dict[str, Any]:
    scenario = result.scenario
    dumped = json.dumps(scenario.model_dump(mode="json", by_alias=True), sort_keys=True)
    customers = scenario.population.total
    return {
        "scenario": {
            "name": scenario.name,
            "question": scenario.question,
            "start": scenario.start.isoformat(),
            "warm_up_days": scenario.warm_up // DAY,
            "horizon_days": scenario.horizon // DAY,
            "size": customers,
            "control": scenario.experiment.control,
            "arms": list(scenario.arms),
            "primary": scenario.measure.primary,
            "guardrails": dict(scenario.measure.guardrails),
        },
        "scenario_hash": hashlib.sha256(dumped.encode()).hexdigest(),
        "plugins": source_hashes(),
        "replications": scenario.experiment.replications,
        "seed": scenario.experiment.seed,
        "versions": {name: version(name) for name in ("lifesim", "numpy", "numba", "pandas", "simpy")},
        "lifesim": version("lifesim"),
        "created": created.isoformat(timespec="seconds"),
        "seconds": round(result.seconds, 3),
        "timings": {what: round(seconds, 3) for what, seconds in result.timings.items()},
        "customer_days": round(result.customer_days),
        "failures": result.failures,
        "metrics": described(),
        "stages": list(STAGES),
    }
