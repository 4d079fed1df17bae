"""What must hold between the script of the market and the rest of a scenario."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from lifesim.scenario.behaviour import unknown
from lifesim.scenario.units import PathError
from lifesim.scenario.workdays import span

if TYPE_CHECKING:
    from lifesim.scenario.episodes import Spell
    from lifesim.scenario.market import Season
    from lifesim.scenario.models import Scenario

Found = Iterator[PathError]
_ONE_DAY = datetime.timedelta(days=1)


def spells_exist(scenario: Scenario) -> Found:
    """Season and spells act on hazards, sources and products that exist."""
    hazards = [*scenario.behaviour.transitions, *scenario.behaviour.processes]
    market = scenario.market
    conditions: list[tuple[tuple[str, ...], Season | Spell]] = [(("market", "season"), market.season), *market.spells()]
    for path, spell in conditions:
        yield from unknown(spell.hazards, hazards, (*path, "hazards"), "transition or process")
        yield from unknown(spell.arrivals, scenario.acquisition, (*path, "arrivals"), "source")
    for name, opening in market.openings.items():
        yield from unknown(opening.appeal, scenario.products, ("market", "openings", name, "appeal"), "product")


def episodes_are_in_the_world(scenario: Scenario) -> Found:
    """Every episode happens, at least in part, between the start of the warm-up and the end."""
    first, last = span(scenario)
    for path, spell in scenario.market.spells():
        if not any(end > first for _, end in spell.occurrences(last)):
            yield PathError((*path, "start"), outside(spell.start, spell.end - _ONE_DAY, first, last))


def outside(start: datetime.date, end: datetime.date, first: datetime.date, last: datetime.date) -> str:
    """What to say of an episode that nobody lives to see."""
    when = f"{start} to {end}" if end > start else f"{start}"
    return f"{when} is outside of the world, which goes from {first} to {last}, warm-up included"


EPISODE_CHECKS: tuple[Callable[[Scenario], Found], ...] = (spells_exist, episodes_are_in_the_world)
