"""Who has a date of their own on a day: a premium due, an anniversary, a birthday, a maturity, short cover ending."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np

from lifesim.dates import first_day, maturities, next_dues
from lifesim.population.columns import DAY, IN_FORCE, NOTICE, NOTICED, STANDING
from lifesim.population.memory import count
from lifesim.population.tags import birthdays
from lifesim.world.world import World


def having(world: World, date: str, since: int) -> Any:
    """Rows of the customers who have a date of a kind within the 24 hours from ``since`` on, in ascending order.

    Of premiums, and of short cover that ends, the next date of each policy is known.

    Parameters
    ----------
    date
        One of ``scenario.journeys.texts.CUSTOMER_DATES``.
    """
    if date == "birthday":
        return np.flatnonzero(
            birthdays(world.streams, _keys(world)) == _day_of_year(world.date(-(-since // DAY) * DAY))
        )
    pool = world.state.policies
    policies = pool[(pool["customer"] >= 0) & np.isin(pool["status"], STANDING)]
    of = {"policy_anniversary": _anniversaries, "maturity": _maturities}.get(date, _dues)
    if date == "renewal":
        short = [product.payment is None for product in world.scenario.products.values()]
        policies = policies[np.array(short)[policies["product"]]]
    at = of(world, policies, since)
    return np.unique(policies["customer"][(at >= since) & (at < since + DAY)]).astype(np.int64)


def _keys(world: World) -> Any:
    return world.state.customers["key"][: count(world.state)]


def _day_of_year(date: datetime.date) -> int:
    """Day of a year that begins on the first of March, from 0."""
    return (date - datetime.date(date.year - (date.month < 3), 3, 1)).days


def _dues(world: World, policies: Any, since: int) -> Any:
    at = policies["at"].astype(np.int64) + np.where(policies["status"] == IN_FORCE, NOTICE, 0)
    return np.where(np.isin(policies["status"], (IN_FORCE, NOTICED)), at, -1)


def _anniversaries(world: World, policies: Any, since: int) -> Any:
    """The first anniversary of each policy from the day before ``since`` on."""
    zero = since // DAY - 1
    day = first_day(world.scenario.start, world.scenario.warm_up) + zero
    _, due = next_dues(policies["issued"].astype(np.int64) - zero * DAY, np.ones(len(policies)), day)
    return due + zero * DAY


def _maturities(world: World, policies: Any, since: int) -> Any:
    products = world.scenario.products.values()
    after = np.array([product.maturity.after if product.maturity else 0 for product in products])[policies["product"]]
    day = first_day(world.scenario.start, world.scenario.warm_up)
    return np.where(after > 0, maturities(policies["issued"], after, day), -1)
