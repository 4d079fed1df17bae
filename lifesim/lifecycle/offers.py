"""What is on offer by day: which alternatives of a decision there are, how they appeal, what they cost and take."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np

from lifesim.lifecycle.season import dates, days_between
from lifesim.scenario import Scenario


def appeals(scenario: Scenario) -> Any:
    """Added to the utility of every alternative by day: products, competitor, not now. Shape (alternatives, days).

    Minus infinity for a product that is not sold any more: nobody chooses it.
    """
    products, calendar, market = list(scenario.products), dates(scenario), scenario.market
    added = np.zeros((len(products) + 2, len(calendar)))

    def add(alternative: int, start: datetime.date, end: datetime.date, appeal: float) -> None:
        added[alternative, days_between(scenario, start, end)] += appeal

    for opening in market.openings.values():
        for start, end in opening.occurrences(calendar[-1]):
            for name, appeal in opening.appeal.items():
                add(products.index(name), start, end, appeal)
    for withdrawal in market.withdrawals.values():
        product = products.index(withdrawal.product)
        add(product, withdrawal.announced, withdrawal.end, withdrawal.rush)
        add(product, withdrawal.end, datetime.date.max, -np.inf)
    for war in market.price_wars.values():
        for name in war.products:
            add(products.index(name), war.start, war.end, war.weight * war.cut)
        copied = (war.start, war.cut) if war.by == "competitor" else (war.copied_from, war.cut * war.copied)
        add(len(products), copied[0], war.end, war.weight * copied[1])
    return added


def price_cuts(scenario: Scenario) -> Any:
    """Share off the premium of new policies by day. Shape (products, days); without rows where nothing is cheaper."""
    products = list(scenario.products)
    wars = [war for war in scenario.market.price_wars.values() if war.products and war.cut > 0]
    left = np.ones((len(products) if wars else 0, len(dates(scenario))))
    for war in wars:
        for name in war.products:
            left[products.index(name), days_between(scenario, war.start, war.end)] *= 1.0 - war.cut
    return 1.0 - left


def difficulties(scenario: Scenario) -> Any:
    """How hard each product is to close, see ``scenario.closing_power``; zero where nothing depends on it."""
    power, products = scenario.closing_power, scenario.products.values()
    return np.array([power.difficulty(product) if power else 0.0 for product in products])
