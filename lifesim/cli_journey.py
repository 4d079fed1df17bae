"""The commands about journeys: `lifesim journey list` and `lifesim journey show`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from lifesim import workspace

app = typer.Typer(
    name="journey",
    help="List journeys, and see one as a graph.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

LangOption = Annotated[Literal["en", "zh"], typer.Option("--lang", help="Language of the text and the drawing.")]


@app.command("list")
def list_journeys(context: typer.Context, lang: LangOption = "en") -> None:
    """List the journeys of the workspace, with what each is for."""
    workspace.mount(workspace.find_root(context.obj))
    files = workspace.journey_files()
    if not files:
        typer.echo("no journeys; write one as strategies/orchestration/NAME.yaml")
        return
    from lifesim.report.journeys import listing
    from lifesim.scenario.journeys import read_journey

    for path in files.values():
        for line in listing(read_journey(path), lang):
            typer.echo(line)


@app.command()
def show(
    context: typer.Context,
    journey: Annotated[str, typer.Argument(help="Name or path of a journey.")],
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw it into this file too.")] = None,
    counts: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Customers by step and way: a CSV file step,way,customers.")
    ] = None,
    run: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="Customers by step and way as a run counted them: latest, or its directory."),
    ] = None,
    arm: Annotated[str | None, typer.Option(metavar="NAME", help="Of this arm of the run.")] = None,
    scenario: Annotated[
        str | None, typer.Option(metavar="NAME", help="Check first that this scenario has all that it needs.")
    ] = None,
    lang: LangOption = "en",
) -> None:
    """Show a journey: who comes in, its steps and their ways, and with counts where it breaks."""
    file = Path(journey) if Path(journey).exists() else None
    root = workspace.find_root(context.obj, near=file)
    from lifesim.errors import InputError
    from lifesim.report.journeys import Counts, counts_of_run, draw, lines, read_counts
    from lifesim.scenario import load
    from lifesim.scenario.journeys import load_journey, refuse_misfits

    loaded = load_journey(journey, root)
    if scenario is not None:
        refuse_misfits(loaded, load(scenario, root=root))
    if counts is not None and run is not None:
        raise InputError("--counts and --run both say how many customers went which way; give one of them")
    numbers: Counts | None = None
    if counts is not None:
        numbers = read_counts(counts, loaded)
    elif run is not None:
        from lifesim.experiment.store import read_run, run_named

        numbers = counts_of_run(read_run(run_named(run, workspace.out_dir(root))), loaded, arm)
    if svg is not None:
        svg.write_text(draw(loaded, lang, numbers), encoding="utf-8")
    for line in lines(loaded, lang, numbers):
        typer.echo(line)
    if svg is not None:
        typer.echo(f"\ndrawn in {workspace.shown(svg.absolute())}")
