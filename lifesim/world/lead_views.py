"""What strategies are asked about leads, and with which luck."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.errors import StrategyError
from lifesim.strategy import REMEMBERED, Grading, LeadView, Luck, View
from lifesim.workforce.cases import PAST
from lifesim.world.asking import asked, at, integers
from lifesim.world.truth import added_decisions
from lifesim.world.views import HISTORY
from lifesim.world.world import World

MAX_GRADE = 3
#: Chance of a lead about which nothing was predicted.
UNFORESEEN = -1.0


def true_value(world: World) -> dict[str, Any]:
    """The column that gradings and allocations with ``oracle = True`` see beside all others."""
    return {"true_value": lambda given, rows, now: added_decisions(world, given[1][rows], now)}


def columns_for(world: World, plug_in: Any) -> dict[str, Any]:
    """Columns of leads that a grading or an allocation sees."""
    oracle = getattr(plug_in, "oracle", False)
    return world.everything_of_leads | true_value(world) if oracle else world.observed_leads


def shown(world: World, columns: dict[str, Any], given: tuple[Any, ...], now: int) -> LeadView:
    """Leads as a plug-in sees them, and what became of earlier ones; ``given`` begins with the state and the leads."""
    date, history = world.date(now), None
    if PAST in world.extra:
        past = world.extra[PAST]
        history = View(np.arange(len(past)), HISTORY, past, now, date)
    return LeadView(np.arange(len(given[1])), columns, given, now, date, history)


def luck_of(world: World, kind: str, name: str, leads: Any, now: int, agents: Any = None) -> Luck:
    """Luck about leads: a class may grade and allocate, and a customer may wait twice."""
    customers = world.state.customers

    def keys() -> Any:
        return customers["key"][leads["customer"]]

    return Luck(world.streams, f"{kind} {name}", keys, now, leads["luck"], agents)


def graded(world: World, grading: Grading, leads: Any, now: int) -> Any:
    """Grade of each lead, 0 to 3. Shape (n,)."""
    name, view, luck = _question(world, grading, leads, now)
    grades = asked(world, name, now, grading.grade, view, luck)
    return integers(world, name, now, "grades", grades, len(leads), 0, MAX_GRADE)


def foreseen(world: World, grading: Grading, leads: Any, now: int) -> Any:
    """Chance of each lead that a grading predicts, ``UNFORESEEN`` where it predicts nothing. Shape (n,).

    Raises
    ------
    StrategyError
        When what it answers are no chances.
    """
    predict = getattr(grading, "chances", None)
    if predict is None:
        return np.full(len(leads), UNFORESEEN)
    name, view, luck = _question(world, grading, leads, now)
    answer = asked(world, name, now, predict, view, luck)
    try:
        chances = np.asarray(answer, float)
    except (TypeError, ValueError):  # words, or rows of several lengths
        chances = np.full(1, np.nan)
    if chances.shape != (len(leads),) or not np.all((chances >= 0) & (chances <= 1)):
        raise StrategyError(f"{at(world, name, now)}: chances must be {len(leads)} numbers from 0 to 1")
    return chances


def _question(world: World, grading: Grading, leads: Any, now: int) -> tuple[str, LeadView, Luck]:
    """Name of a grading, and what it is given."""
    name = type(grading).__name__
    view = shown(world, columns_for(world, grading), (world.state, leads), now)
    return name, view, luck_of(world, "grading", name, leads, now)


def known(world: World, leads: Any, now: int) -> dict[str, Any]:
    """What is remembered of leads that somebody takes, and what a conversation adds in truth. Shape (n,) each."""
    rows, given = np.arange(len(leads)), (world.state, leads)
    columns = {name: world.observed_leads[name](given, rows, now) for name in REMEMBERED}
    return columns | {"uplift": added_decisions(world, leads, now)}
