"""How many customers every step of every journey sees, in the scenarios that ship.

``python -m benchmarks.steps [SCENARIO ...] [--replications N] [--all]``; see `benchmarks/README.md`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.scenario import one_or_more
from lifesim.errors import LifesimError, RunError

if TYPE_CHECKING:
    from lifesim.experiment import Result
    from lifesim.scenario import Scenario

ENOUGH = 100
"""Customers that a step must see over the replications of its scenario."""


@dataclass(frozen=True)
class Passage:
    """What one step of a journey saw.

    Attributes
    ----------
    customers
        Who came to the step, over all replications of the scenario; an estimate where fewer were run.
    never
        Ways out of the step that nobody took.
    """

    arm: str
    journey: str
    step: str
    customers: int
    never: tuple[str, ...]


def journeys_of(scenario: Scenario) -> dict[str, set[str]]:
    """Return the journeys by arm, of arms that run any."""
    from lifesim.experiment.plugins import practices

    found = {arm: set(practice.journeys) for arm, practice in practices(scenario).items()}
    return {arm: journeys for arm, journeys in found.items() if journeys}


def without_the_others(scenario: Scenario, replications: int | None) -> Scenario:
    """Return a scenario with the control and the fewest arms that run all of its journeys.

    Parameters
    ----------
    replications
        How many to run; as many as the scenario has where none.
    """
    described = scenario.model_dump(mode="json", by_alias=True)
    wanted, kept = set[str](), [scenario.experiment.control]
    for arm, journeys in sorted(journeys_of(scenario).items(), key=lambda each: -len(each[1])):
        if journeys - wanted:
            wanted |= journeys
            kept.append(arm)
    return scenario.replace(
        arms={arm: described["arms"][arm] for arm in dict.fromkeys(kept)},
        measure=described["measure"] | {"ladder": []},
        experiment=described["experiment"] | {"replications": replications or scenario.experiment.replications},
    )


def passages(result: Result, times: float = 1.0) -> Iterator[Passage]:
    """Yield every step of every journey, in the order of the table of the run.

    Parameters
    ----------
    times
        How many times the replications that were run the scenario has.
    """
    from lifesim.report.journeys.counts import LEFT, WAITING

    table = result.tables["journey_steps"]
    ways = table.groupby(["arm", "journey", "step", "way"], sort=False)["customers"].sum()
    for (arm, journey, step), rows in ways.groupby(level=["arm", "journey", "step"], sort=False):
        taken = dict(zip(rows.index.get_level_values("way"), rows, strict=True))
        never = tuple(way for way, customers in taken.items() if not customers and way not in (WAITING, LEFT))
        yield Passage(arm, journey, step, round(sum(taken.values()) * times), never)


def smallest(found: Sequence[Passage]) -> list[Passage]:
    """Return the step of each journey of each arm that saw fewest."""
    by_journey: dict[tuple[str, str], Passage] = {}
    for each in sorted(found, key=lambda each: each.customers):
        by_journey.setdefault((each.arm, each.journey), each)
    return list(by_journey.values())


def as_text(scenario: Scenario, found: Sequence[Passage], every: bool) -> str:
    """Return a line for each journey, or with `every` for each of its steps."""
    size = f"{scenario.population.total:,} x {scenario.experiment.replications}"
    lines = []
    for each in found if every else smallest(found):
        few = "" if each.customers >= ENOUGH else "  fewer than 100"
        lines.append(
            f"{scenario.name:<18}{size:<14}{each.arm:<12}{each.journey:<19}{each.step:<15}{each.customers:>9,}{few}"
        )
    unused = [f"{each.arm}: {each.journey}.{each.step}: nobody went '{way}'" for each in found for way in each.never]
    return "\n".join([*lines, *(f"{'':<18}{line}" for line in unused)])


def counted(name: str, replications: int | None) -> tuple[Scenario, list[Passage]]:
    """Run what a scenario has of journeys; the scenario, and their steps, none where it has no journeys.

    Raises
    ------
    RunError
        When an arm failed.
    """
    from lifesim import compare, load

    scenario = load(name)
    if not journeys_of(scenario):
        return scenario, []
    small = without_the_others(scenario, replications)
    result = compare(small)
    if result.failures:
        raise RunError("\n".join(result.failures))
    return scenario, list(passages(result, scenario.experiment.replications / small.experiment.replications))


def shipped() -> list[str]:
    """Return the names of the scenarios of the workspace, in order."""
    from lifesim.workspace import current_root

    return sorted(path.stem for path in (current_root() / "scenarios").glob("*.yaml"))


def main(argv: Sequence[str] | None = None) -> int:
    """Print the steps; 0, or 1 if one sees too few, or the code of the error."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.steps", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="names or paths; all of the workspace if none")
    parser.add_argument("--replications", type=one_or_more, help="run so many, and estimate what all of them would see")
    parser.add_argument("--all", action="store_true", help="every step, not only that of each journey that saw fewest")
    options = parser.parse_args(argv)
    few = False
    try:
        for name in options.scenarios or shipped():
            scenario, found = counted(name, options.replications)
            few |= any(each.customers < ENOUGH for each in found)
            if found:
                print(as_text(scenario, found, options.all), flush=True)
    except LifesimError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return int(few)


if __name__ == "__main__":
    sys.exit(main())
