"""Metrics added up: numerators and denominators by scope, segment and metric."""

from __future__ import annotations

from typing import Any

import numpy as np

from lifesim.metrics.catalogue import METRICS
from lifesim.metrics.metric import Column, Customers, Metric
from lifesim.population.accounts import NOBODY, PRESENT_AT_FORK, Accounts

Outcomes = Any


def totals(segments: list[str], customers: Customers, outcomes: Outcomes, accounts: Accounts) -> list[dict[str, Any]]:
    """Numerators and denominators by scope, segment and metric.

    Scope ``present`` counts customers present at the fork. An ``amount`` counts besides what became of those whom they
    referred since, and of the friends of those: it is credited to the customer present at the fork from whom the chain
    goes out, and to the segment of that customer. Scope ``everyone`` counts all, by their own segment. The denominator
    of amounts and ``persons`` is fixed at the fork in both scopes: more friends never lower what is sold per customer.

    Parameters
    ----------
    customers
        Columns of the customers who have joined, shape (n,), see ``world.closing``.
    outcomes, accounts
        What became of customers, and whom it counts to; shape (m,) each.
    """
    n = len(segments)
    of_customer = customers["segment"].astype(np.intp)
    rows = []
    for scope in ("present", "everyone"):
        for metric in METRICS.values():
            counted, segment = _whom(metric, scope, accounts)

            def of_outcomes(column: Column, counted: Any = counted, segment: Any = segment) -> Any:
                return _sums(column(outcomes, accounts)[counted], segment[counted], n)

            def of_customers(column: Column) -> Any:
                return _sums(column(customers), of_customer, n)

            top = (of_customers if metric.kind == "persons" else of_outcomes)(metric.top)
            bottom = (of_outcomes if metric.kind in ("ratio", "chain") else of_customers)(metric.bottom)
            rows += [
                {"segment": name, "scope": scope, "metric": metric.name, "numerator": int(up), "denominator": int(down)}
                for name, up, down in zip(segments, top, bottom, strict=True)
            ]
    return rows


def _whom(metric: Metric, scope: str, accounts: Accounts) -> tuple[Any, Any]:
    """Which accounts a metric adds up, and under which segment each counts."""
    if scope == "everyone":
        return np.ones(len(accounts.segment), bool), accounts.segment
    if metric.kind in ("amount", "chain"):
        return accounts.credited != NOBODY, accounts.credited
    return accounts.kind == PRESENT_AT_FORK, accounts.segment


def _sums(column: Any, segment: Any, segments: int) -> Any:
    """Sum of a column of whole numbers by segment."""
    sums = np.zeros(segments, np.int64)
    # Only with these types does numpy add without converting them on the way.
    np.add.at(sums, segment.astype(np.intp, copy=False), column.astype(np.int64, copy=False))
    return sums
