"""What must hold between the script of the market and the rest of a scenario."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from lifesim.scenario.behaviour import unknown
from lifesim.scenario.units import PathError
from lifesim.scenario.wording import suggest
from lifesim.scenario.workdays import span

if TYPE_CHECKING:
    from lifesim.scenario.episodes import Conditions
    from lifesim.scenario.market import Season
    from lifesim.scenario.models import Scenario

Found = Iterator[PathError]
_ONE_DAY = datetime.timedelta(days=1)


def spells_exist(scenario: Scenario) -> Found:
    """Season and spells act on hazards, sources and products that exist."""
    hazards = [*scenario.behaviour.transitions, *scenario.behaviour.processes]
    market = scenario.market
    conditions: list[tuple[tuple[str, ...], Season | Conditions]] = [
        (("market", "season"), market.season),
        *market.spells(),
    ]
    for path, spell in conditions:
        yield from unknown(spell.hazards, hazards, (*path, "hazards"), "transition or process")
        yield from unknown(spell.arrivals, scenario.acquisition, (*path, "arrivals"), "source")
    for name, opening in market.openings.items():
        yield from unknown(opening.appeal, scenario.products, ("market", "openings", name, "appeal"), "product")
    for name, withdrawal in market.withdrawals.items():
        yield from _product(scenario, withdrawal.product, ("market", "withdrawals", name, "product"))
    for name, war in market.price_wars.items():
        for place, product in enumerate(war.products):
            yield from _product(scenario, product, ("market", "price_wars", name, "products", place))


def _product(scenario: Scenario, name: str, path: tuple[str | int, ...]) -> Found:
    if name not in scenario.products:
        yield PathError(path, f"unknown product '{name}'{suggest(name, scenario.products)}")


def something_is_sold(scenario: Scenario) -> Found:
    """No product is withdrawn twice, and not all of them are."""
    gone: list[str] = []
    for name, withdrawal in scenario.market.withdrawals.items():
        path = ("market", "withdrawals", name, "product")
        if withdrawal.product in gone:
            yield PathError(path, f"{withdrawal.product} is withdrawn twice; keep one of them")
        gone.append(withdrawal.product)
        if {each for each, product in scenario.products.items() if product.premium.median > 0} <= set(gone):
            yield PathError(path, "nothing would be sold any more; leave a product that has a premium")


def episodes_are_in_the_world(scenario: Scenario) -> Found:
    """Every episode happens, at least in part, between the start of the warm-up and the end."""
    first, last = span(scenario)
    for path, spell in scenario.market.spells():
        if not any(end > first for _, end in spell.occurrences(last)):
            key = "last_day" if path[1] == "withdrawals" else "start"
            yield PathError((*path, key), outside(spell.begins, spell.end - _ONE_DAY, first, last))

    others = [
        (("income_shocks", name, "start"), each.start, each.end) for name, each in scenario.market.income_shocks.items()
    ]
    for name, tightening in scenario.market.consent_tightenings.items():
        others.append((("consent_tightenings", name, "day"), tightening.day, tightening.day + _ONE_DAY))
    for below, start, end in others:
        if end <= first or start > last:
            yield PathError(("market", *below), outside(start, end - _ONE_DAY, first, last))


def shocks_hit_incomes(scenario: Scenario) -> Found:
    """Income shocks hit segments that exist, whose incomes are a trait."""
    income = scenario.behaviour.traits.get("income")
    for name, shock in scenario.market.income_shocks.items():
        path = ("market", "income_shocks", name)
        yield from unknown(shock.segments, scenario.segments, (*path, "segments"), "segment")
        if income is None or not income.log:
            yield PathError(path, "needs a trait `income` with `log: true`, of which a part is lost")


def outside(start: datetime.date, end: datetime.date, first: datetime.date, last: datetime.date) -> str:
    """What to say of an episode that nobody lives to see."""
    when = f"{start} to {end}" if end > start else f"{start}"
    return f"{when} is outside of the world, which goes from {first} to {last}, warm-up included"


EPISODE_CHECKS: tuple[Callable[[Scenario], Found], ...] = (
    spells_exist, something_is_sold, shocks_hit_incomes, episodes_are_in_the_world,
)  # fmt: skip
