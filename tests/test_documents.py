"""The documents say what is so: examples run, lists are complete, links lead somewhere."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

import lifesim
from lifesim import cli, workspace
from lifesim.world.views import AGENT_MEANINGS, OBSERVABLE, lead_columns, observed_columns, round_columns

CHECKOUT = Path(__file__).resolve().parents[1]
#: Orchestrations of arms beside current practice, such that a run has every table there is.
ARMS: dict[str, list[str]] = {"control": [], "journey": ["striving_youth"]}
PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]


def text(name: str) -> str:
    return (CHECKOUT / name).read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    """Code blocks of a page in a language."""
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def table(page: str, after: str) -> dict[str, str]:
    """First table behind a phrase: its first column, without code marks, and its last."""
    rows = re.search(r"(?:^\|.*\n)+", page[page.index(after) :], re.MULTILINE)
    assert rows is not None
    cells = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in rows[0].splitlines()[2:]]
    return {row[0].strip("`"): row[-1] for row in cells}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in a new workspace."""
    folder = tmp_path / "workspace"
    workspace.create(folder)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("LIFESIM_ROOT", raising=False)
    workspace.unmount()
    yield folder
    workspace.unmount()


def check(target: str) -> int | str | None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["check", target])
    return stop.value.code


def test_the_columns_of_customers() -> None:
    documented = table(text("docs/strategies.md"), "Columns of customers:")
    assert documented.pop("holds_<product>") and documented.pop("tag_<segment>")
    assert documented.pop("churn_score")
    assert documented == OBSERVABLE


def test_the_columns_that_there_are() -> None:
    scenario = lifesim.load(CHECKOUT / "scenarios" / "aa.yaml")
    columns = observed_columns(scenario, lambda *about: about)
    named = {f"holds_{product}" for product in scenario.products} | {f"tag_{name}" for name in scenario.segments}
    assert set(columns) == set(OBSERVABLE) | named
    of_leads = table(text("docs/strategies.md"), "Leads have the columns")
    assert set(of_leads) == set(lead_columns(columns)) - set(columns)
    assert set(table(text("docs/strategies.md"), "An allocation sees")) == set(round_columns(scenario))
    assert table(text("docs/strategies.md"), "Agents are those") == AGENT_MEANINGS


def test_every_allocation_is_listed(root: Path) -> None:
    workspace.mount(root)
    assert set(table(text("docs/strategies.md"), "| strategy | who")) == set(workspace.discover("allocation"))


@pytest.mark.parametrize(
    ("page", "file"),
    [("README.md", "orchestration/timely_offer.py"), ("docs/strategies.md", "orchestration/quiet_care.py")],
)
def test_an_example_of_a_strategy_runs(root: Path, page: str, file: str) -> None:
    (source,) = blocks(text(page), "python")
    assert f"strategies/{file}" in text(page)
    (root / "strategies" / file).write_text(source)
    assert check(f"strategies/{file}") == 0
    name = Path(file).stem
    small = lifesim.load("aa").replace(
        population={"size": 300, "segments": {"striving_youth": 1.0}},
        warm_up="0d",
        horizon="30d",
        experiment={"replications": 1},
    )
    arms = {"control": lifesim.Arm(), "example": lifesim.Arm(orchestration=(name,))}
    result = lifesim.compare(small, arms=arms, workers=1)
    assert result.failures == []
    touches = result.tables["touches"]
    assert set(touches.loc[touches["arm"] == "example", "campaign"]) >= {name}


def test_the_commands_of_the_readme_are_commands() -> None:
    page = text("README.md")
    lines = [line for block in blocks(page, "console") for line in block.splitlines() if line.startswith("$ lifesim ")]
    inline = re.findall(r"`(lifesim [a-z][^`]*)`", page)
    commands = [shlex.split(line.removeprefix("$ "), comments=True) for line in [*lines, *inline]]
    assert len(commands) >= 12
    assert "source .venv/bin/activate" in page
    known = typer.main.get_command(cli.app)
    assert isinstance(known, typer.core.TyperGroup)
    for _, name, *words in commands:
        words = words[: words.index(">")] if ">" in words else words
        words = words[: words.index("&&")] if "&&" in words else words
        known.commands[name].make_context(name, words)  # refuses unknown options and missing arguments


def test_the_first_scenario_and_the_extension_of_the_readme_are_valid(root: Path) -> None:
    arms, extension = blocks(text("README.md"), "yaml")
    shipped = (root / "scenarios" / "striving_youth.yaml").read_text()
    mine = re.sub(r"arms:\n(?:  .*\n)+", arms, shipped).replace("name: striving_youth", "name: mine")
    assert arms in mine
    (root / "scenarios" / "mine.yaml").write_text(mine)
    assert check("mine") == 0
    (root / "scenarios" / "mine.yaml").write_text(shipped + extension)
    assert check("mine") == 0


def test_the_tables_of_a_run(root: Path) -> None:
    team = lifesim.load("allocation").workforce
    assert team is not None
    small = lifesim.load("aa").replace(
        workforce=team.model_dump(mode="json", by_alias=True),
        leads={},
        population={"size": 2_000, "segments": {"mainstream": 1.0}},
        warm_up="5d",
        horizon="90d",
        arms={name: {"use": "current_practice", "orchestration": more} for name, more in ARMS.items()},
        experiment={"replications": 1, "twins": True},
        measure={"primary": "retention_rate", "ladder": list(ARMS)},
    )
    result = lifesim.compare(small, workers=1)
    names = ("effects", "effects_everyone", "effects_by_branch", "returns", "ladder")
    tables = result.tables | {name: getattr(result, name) for name in names}
    page = text("docs/architecture.md")
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", page[page.index("## Tables of a run") :], re.MULTILINE)
    assert {name for name, _ in rows} == set(tables)
    for name, columns in rows:
        if columns.strip() != "same":
            means = name.startswith(("effects", "returns", "ladder", "agent_metrics"))
            labels = set() if means else {"replication", "branch", "arm"}
            assert set(tables[name].columns) == labels | set(columns.strip().split(", ")), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(CHECKOUT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not link.startswith("http"):
            assert (page.parent / link).exists(), link


def test_every_decision_is_on_the_map_and_fits_a_page() -> None:
    page = text("docs/architecture.md")
    decisions = sorted((CHECKOUT / "docs" / "decisions").glob("*.md"))
    assert len(decisions) >= 7
    for decision in decisions:
        lines = decision.read_text(encoding="utf-8").splitlines()
        assert f"[{lines[0].removeprefix('# ')}](decisions/{decision.name})" in page
        assert len(lines) <= 50
        assert lines[2].startswith("**Why.**")


def test_the_folders_that_the_readme_names_exist() -> None:
    for folder in table(text("README.md"), "## Where things are"):
        if folder != "reports/out/":  # made by the first run
            assert (CHECKOUT / folder).is_dir(), folder
