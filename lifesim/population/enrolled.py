"""Who is enrolled in which journeys: enrolments do not say whose they are, the lists of customers do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from lifesim.population.columns import NONE
from lifesim.population.state import State


def enrolments_of(state: State, rows: Any) -> Iterator[tuple[Any, Any]]:
    """The enrolments of some customers: the latest of each, then the one before, and so on.

    Yields
    ------
    rows, places
        Those customers who have as many, and the places of their enrolments in the pool, each of shape (n,).
    """
    rows = np.asarray(rows)
    places = state.customers["first_enrolment"][rows]
    while (more := places != NONE).any():
        rows, places = rows[more], places[more]
        yield rows, places
        places = state.enrolments["next"][places]


def came_in(state: State, since: int, rows: Any) -> tuple[Any, Any]:
    """Which of some customers have come into which journeys since a time: rows and numbers of journeys, shape (n,)."""
    customers, journeys = [np.zeros(0, np.int32)], [np.zeros(0, np.uint8)]
    for of, places in enrolments_of(state, rows):
        records = state.enrolments[places]
        came = (records["entered"] >= since) & (records["entries"] > 0)
        customers.append(of[came])
        journeys.append(records["journey"][came])
    return np.concatenate(customers), np.concatenate(journeys)
