"""The `lifesim` command.

Whatever the commands need is imported when they run, so that `lifesim --help` answers at once.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import tempfile
import textwrap
import threading
import traceback
from collections.abc import Sequence
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Annotated, TextIO

import typer

from lifesim import __version__, cli_journey, workspace
from lifesim.errors import InputError, LifesimError, RunError

DEBUG_VARIABLE = "LIFESIM_DEBUG"
INTERRUPTED = 130  # 128 + SIGINT, as shells have it

app = typer.Typer(
    name="lifesim",
    help="Simulate customer lifecycles and compare strategies on them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(cli_journey.app)


class Lang(StrEnum):
    """Languages of tables and pages."""

    en = "en"
    zh = "zh"


class Events(StrEnum):
    """Whose business events are kept."""

    sample = "sample"
    all = "all"


class What(StrEnum):
    """Names that scenario files use."""

    strategies = "strategies"
    metrics = "metrics"
    contents = "contents"
    segments = "segments"
    products = "products"
    channels = "channels"


LangOption = Annotated[Lang, typer.Option("--lang", help="Language of the table and the page.")]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Where run directories go [default: reports/out]."),
]


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"lifesim {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    root: Annotated[
        Path | None,
        typer.Option("--root", metavar="DIR", help="The workspace [default: the nearest]."),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    context.obj = root


@app.command()
def run(
    context: typer.Context,
    scenario: Annotated[str, typer.Argument(help="Name or path of a scenario.")],
    out: OutOption = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes [default: one a core].")] = None,
    replications: Annotated[int | None, typer.Option(min=1, help="Instead of the scenario's.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Instead of the scenario's.")] = None,
    events: Annotated[Events, typer.Option(help="Whose events to keep.")] = Events.sample,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    lang: LangOption = Lang.en,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Run a scenario: every arm in its own copy of the same world."""
    if out is not None and out.exists() and not out.is_dir():
        raise InputError(f"--out {out} is a file; name a folder")
    root = _mount(context, near=scenario)
    from lifesim.experiment import CHECKS
    from lifesim.experiment import run as run_scenario
    from lifesim.scenario import load

    result = run_scenario(
        load(scenario, root=root, checks=CHECKS),
        out=(out or workspace.out_dir(root)).absolute(),
        workers=workers,
        events=events.value,
        replications=replications,
        seed=seed,
        progress=not quiet,
    )
    assert result.path is not None  # it has been written
    if as_json:
        _write_page(result.path, lang)
        typer.echo(json.dumps(result.to_json(), ensure_ascii=False, allow_nan=False))
    else:
        page = _write_page(result.path, lang)  # first: a reader of the table may leave early
        _print_effects(result.path, lang)
        typer.echo(f"took {result.seconds:.1f} s")
        typer.echo(f"run  {workspace.shown(result.path)}")
        typer.echo(f"page {workspace.shown(page)}")
    if result.failures:
        raise RunError("\n".join(result.failures))


@app.command()
def rules(
    context: typer.Context,
    scenario: Annotated[str, typer.Argument(help="Name or path of a scenario.")],
    arm: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose contact policy [default: the control].")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes [default: one a core].")] = None,
    replications: Annotated[int | None, typer.Option(min=1, help="Instead of the scenario's.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    lang: LangOption = Lang.en,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Say what each rule of the contact policy costs an arm."""
    root = _mount(context, near=scenario)
    from lifesim.experiment import CHECKS, rule_costs
    from lifesim.experiment.comparison import progress_bar
    from lifesim.report.rule_costs import lines
    from lifesim.scenario import load

    loaded = load(scenario, root=root, checks=CHECKS)
    if replications is not None:
        described = loaded.experiment.model_dump(mode="json")
        loaded = loaded.replace(experiment=described | {"replications": replications})
    with progress_bar(loaded.name, not quiet) as tell:
        costs = rule_costs(loaded, arm, workers=workers, on_progress=tell)
    if as_json:
        typer.echo(json.dumps(costs.to_json(), ensure_ascii=False, allow_nan=False))
    else:
        for line in lines(costs, lang.value):
            typer.echo(line)
    if costs.failures:
        raise RunError("\n".join(costs.failures))


@app.command()
def report(
    context: typer.Context,
    run_directory: Annotated[str, typer.Argument(metavar="[latest|DIR]", help="Which run.")] = "latest",
    out: OutOption = None,
    lang: LangOption = Lang.en,
) -> None:
    """Show the effects of a finished run and write its page."""
    path = _run_directory(run_directory, out or workspace.out_dir(_mount(context)))
    page = _write_page(path, lang)  # first: a reader of the table may leave early
    _print_effects(path, lang)
    typer.echo(f"run  {workspace.shown(path)}")
    typer.echo(f"page {workspace.shown(page)}")


@app.command()
def check(
    context: typer.Context,
    target: Annotated[str, typer.Argument(help="A scenario, a strategy file, or a folder.")],
    scenario: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="In whose small world strategies are asked [default: one that names them]."),
    ] = None,
) -> None:
    """Check scenarios and strategies before they are run."""
    from lifesim.testing.files import files_in, findings, oracles

    path = Path(target)
    if not path.exists():
        path = workspace.scenario_path(target, workspace.find_root(context.obj))
    _mount(context, near=target)
    problems = 0
    for file in files_in(path):
        found, cautions = findings(file, scenario)
        problems += len(found)
        for line in found:
            _complain(line)
        for line in cautions:
            _say(f"warning: {line}")
        if not found:
            typer.echo(f"{workspace.shown(file)}: ok")
            for line in oracles(file):
                typer.echo(f"{workspace.shown(file)}: {line}")
    if problems:
        raise typer.Exit(InputError.exit_code)


@app.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from lifesim.scenario import json_schema

    typer.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


@app.command()
def facts(
    context: typer.Context,
    scenario: Annotated[str | None, typer.Argument(help="Name or path of a scenario.")] = None,
    compare: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="Compare with a run: latest, or its directory."),
    ] = None,
    sourced: Annotated[bool, typer.Option("--sourced", help="Only figures that have a source.")] = False,
    arm: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only figures that the arm's plug-ins and contents touch.")
    ] = None,
) -> None:
    """List every figure behind a scenario: a source or an assumption.

    Without a scenario: all figures that scenarios can refer to.
    """
    root = _mount(context, near=scenario)
    from lifesim.report import listings

    if compare is not None:
        from lifesim.experiment import compare_facts

        lines = listings.comparison(compare_facts(_run_directory(compare, workspace.out_dir(root))))
    else:
        from lifesim.experiment import CHECKS, figures_behind
        from lifesim.scenario import load

        loaded = None if scenario is None else load(scenario, root=root, checks=CHECKS)
        heading, rows = figures_behind(loaded, arm, sourced)
        lines = chain(textwrap.wrap(heading, listings.WIDTH), listings.figures(rows))
    for line in lines:
        typer.echo(line)


@app.command("list")
def list_names(
    context: typer.Context,
    what: Annotated[What, typer.Argument(help="Of which kind.")],
    scenario: Annotated[str | None, typer.Argument(help="Name or path of a scenario.")] = None,
) -> None:
    """List the names that a scenario may use, with what they mean.

    Strategies and metrics are listed without a scenario too; with one, only those that it uses.
    """
    root = _mount(context, near=scenario)
    from lifesim.experiment import CHECKS, known_names
    from lifesim.report import listings
    from lifesim.scenario import load

    loaded = None if scenario is None else load(scenario, root=root, checks=CHECKS)
    for line in listings.figures(known_names(what.value, loaded)):
        typer.echo(line)


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
) -> None:
    """Make a new workspace with example strategies, scenarios, guides."""
    workspace.create(directory)
    typer.echo(f"a new workspace is in {workspace.shown(directory.absolute())}")


# What the commands share ------------------------------------------------------------------------


def _mount(context: typer.Context, near: str | None = None) -> Path:
    """Mount the workspace: the one named, else that of the file in question, else the nearest."""
    file = Path(near) if near is not None and Path(near).exists() else None
    root = workspace.find_root(context.obj, near=file)
    workspace.mount(root)
    return root


def _print_effects(run_directory: Path, lang: Lang) -> None:
    from lifesim.experiment.store import read_run
    from lifesim.report import print_findings

    print_findings(read_run(run_directory), lang.value)


def _write_page(run_directory: Path, lang: Lang) -> Path:
    from lifesim.report import write_page

    return write_page(run_directory, lang.value)


def _run_directory(name: str, out: Path) -> Path:
    from lifesim.experiment.store import run_named

    return run_named(name, out)


# Errors -----------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and leave with its exit code: 0, 1 for failures, 2 for unusable input."""
    for stream in (sys.stdout, sys.stderr):
        # Output must not fail on a terminal that knows few characters.
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    if threading.current_thread() is threading.main_thread():
        # Asked to end, a run stops its workers and removes what it has written, as on Ctrl-C.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words or bool(os.environ.get(DEBUG_VARIABLE))
    words = [word for word in words if word != "--debug"]  # it may stand anywhere
    sys.exit(_exit_code(words, debug))


def _exit_code(words: list[str], debug: bool) -> int:
    try:
        typer.main.get_command(app)(args=words, prog_name="lifesim")
        return 0
    except SystemExit as stop:  # how typer ends, also after a usage error or an interrupt
        code = stop.code if isinstance(stop.code, int) else 1
        if code == INTERRUPTED:
            _say("interrupted: nothing was kept of the unfinished run")
        return code
    except KeyboardInterrupt:
        _say("interrupted: nothing was kept of the unfinished run")
        return INTERRUPTED
    except Exception as error:
        if debug:
            traceback.print_exc()
        for line in _lines(error):
            _complain(line)
        return error.exit_code if isinstance(error, LifesimError) else 1
    finally:
        _flush()


def _lines(error: Exception) -> list[str]:
    if isinstance(error, LifesimError):
        return str(error).splitlines()
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        place = error.filename or f"{Path.cwd()} or {tempfile.gettempdir()}"
        return [f"the disk that holds {place} is full"]
    if isinstance(error, OSError) and error.filename:
        return [f"{error.filename}: {error.strerror}"]
    said = " ".join(str(error).split())
    return [f"unexpected {type(error).__name__}: {said}; run again with --debug"]


def _complain(line: str) -> None:
    _say(f"error: {line}")


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _flush() -> None:
    """Write what is left; a reader that has gone away is no error."""
    stream: TextIO
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
