"""Customers from the insurer's own book: a checked table, completed where the book is silent.

A row is a customer and a policy, or a customer without one. What the book does not know (traits,
reach, consent, premiums) is drawn for the customer as in synthesis, keyed by the customer's id, so
that neither the order of the rows nor another customer changes anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lifesim.errors import InputError
from lifesim.population.book_cells import (
    MOST_LINES,
    Bools,
    Cells,
    Complaints,
    Floats,
    Ints,
    read_cells,
)
from lifesim.population.book_checks import check_dues, check_sums_assured, check_terms
from lifesim.population.book_columns import (
    MARKED,
    MOST_POLICIES,
    OTHER_CONSENTS,
    POLICY_COLUMNS,
    SWITCHES,
    find_columns,
    parse_rows,
    possible_branches,
)
from lifesim.population.columns import AWARENESS, CHURN_WARNING, HOLDING, RENEWAL_UPSELL
from lifesim.population.synthesis import People, by_segment, complete, covariate
from lifesim.scenario import Scenario
from lifesim.scenario.market import CHANNELS
from lifesim.scenario.yaml_text import display_name
from lifesim.streams import Streams, name_key

#: Stages of those who hold a policy.
_HOLDERS = (HOLDING, RENEWAL_UPSELL, CHURN_WARNING)


@dataclass(frozen=True)
class BookPolicies:
    """Policies of a book, by customer and from the oldest on. Shape of each column (m,).

    Attributes
    ----------
    customer
        Place in the columns of the table.
    number
        0 for the customer's oldest policy, 1 for the next.
    product
        Place in ``scenario.products``.
    age
        Seconds from issue to the start of the warm-up.
    premium
        Fen a year; -1 where it is to be drawn.
    times
        Instalments a year, the fewest with which the next due date is that of the book; 0 where they are to be drawn.
    """

    customer: Ints
    number: Ints
    product: Ints
    age: Ints
    premium: Ints
    times: Ints


@dataclass(frozen=True)
class BookTable:
    """A checked book, in ascending order of the customers' keys. Shape of each column (n,).

    Attributes
    ----------
    keys
        64-bit blake2b of the customer's id as text.
    segment, stage
        Places in ``scenario.segments`` and ``STAGES``.
    branch
        Place in ``branches``, which is sorted.
    traits
        Values of the traits that the book gives, in their own units.
    switches
        Those of orphan, ``refuses_targeting``, ``consent_<channel>``, ``reach_<channel>``, ``consent_<purpose>`` and
        ``consent_health_data`` that the book gives.
    policies
        None where the book does not say who holds what.
    """

    keys: npt.NDArray[np.uint64]
    segment: Ints
    stage: Ints
    branch: Ints
    branches: tuple[str, ...]
    traits: dict[str, Floats]
    switches: dict[str, Bools]
    policies: BookPolicies | None

    def __len__(self) -> int:
        return len(self.keys)


def book_branches(table: BookTable) -> list[str]:
    """Branches that have customers in the book, sorted; ``People.branch`` counts places in them."""
    return list(table.branches)


def read_book(scenario: Scenario, folder: Path) -> BookTable:
    """Read and check the book of a scenario.

    Parameters
    ----------
    folder
        Folder that the path of the book starts from: that of the scenario file.

    Raises
    ------
    InputError
        With every problem of the file, one a line, as far as 20 lines go.
    """
    book = scenario.population.book
    if book is None:
        raise InputError(f"scenario {scenario.name}: population names no book to read")
    path = folder / book.path
    complaints = Complaints(display_name(path))
    cells = read_cells(path, complaints)
    headers = find_columns(scenario, book, cells, complaints)
    branches = possible_branches(scenario, cells, headers, complaints)
    values = parse_rows(scenario, cells, headers, branches, complaints)
    if book.segment is not None and "segment" not in headers:
        values["segment"] = np.full(len(cells.rows), list(scenario.segments).index(book.segment))
    values.setdefault("branch", np.zeros(len(cells.rows)))
    if "customer" not in headers:
        complaints.refuse()
    customers = _group(cells, headers["customer"], complaints)
    _check_between_rows(cells, headers, values, customers, complaints)
    check_sums_assured(scenario, cells, headers, values, complaints)
    check_terms(scenario, cells, headers, values, complaints)
    check_dues(scenario, cells, headers, values, complaints)
    complaints.refuse()
    return _table(scenario, values, customers, branches)


@dataclass(frozen=True)
class _Customers:
    """Which rows are whose.

    Attributes
    ----------
    keys, first, rows
        Shape (n,): keys in ascending order, place of the customer's first row, number of rows.
    member
        Shape (rows,): place of the row's customer in ``keys``.
    """

    keys: npt.NDArray[np.uint64]
    first: Ints
    rows: Ints
    member: Ints


def _group(cells: Cells, header: str, complaints: Complaints) -> _Customers:
    codes, texts = cells.distinct(header, complaints)
    nameless = np.flatnonzero(np.array([not text for text in texts])[codes])
    complaints.about_rows(cells.rows[nameless], header, "the value is missing")
    keys = np.array([name_key(text) for text in texts], np.uint64)[codes]
    keys[nameless] = nameless  # strangers to each other
    unique, first, member, rows = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    return _Customers(unique, first, rows, member)


def _check_between_rows(
    cells: Cells,
    headers: dict[str, str],
    values: dict[str, Floats],
    customers: _Customers,
    complaints: Complaints,
) -> None:
    """Rows of one customer agree, and the stage fits what the customer holds."""
    first = customers.first[customers.member]
    for name, header in headers.items():
        if name in values and name not in POLICY_COLUMNS:
            mine, theirs = values[name], values[name][first]
            places = np.flatnonzero((mine != theirs) & ~np.isnan(mine) & ~np.isnan(theirs))
            earlier = cells.rows[first[places[:MOST_LINES]]]
            messages = [f"disagrees with row {row} of the same customer" for row in earlier]
            complaints.about_rows(cells.rows[places], header, messages)
    held, rows = values["held"] == 1.0, customers.rows[customers.member]
    message = "this customer has other rows; each of several rows needs a policy"
    complaints.about_rows(cells.rows[(rows > 1) & ~held], headers["customer"], message)
    many = np.sort(customers.first[customers.rows > MOST_POLICIES])
    message = f"this customer has more than {MOST_POLICIES} policies"
    complaints.about_rows(cells.rows[many], headers["customer"], message)
    if "stage" in headers and "product" in headers:
        holder, known = np.isin(values["stage"], _HOLDERS), ~np.isnan(values["stage"])
        message = "this stage is one of policyholders, and the row has no policy"
        complaints.about_rows(cells.rows[known & holder & ~held], headers["stage"], message)
        message = "this stage is one without policies, and the row has one"
        complaints.about_rows(cells.rows[known & ~holder & held], headers["stage"], message)


def _table(scenario: Scenario, values: dict[str, Floats], customers: _Customers, branches: list[str]) -> BookTable:
    """The table of rows without problems."""
    each = {name: column[customers.first] for name, column in values.items()}
    used = np.unique(each["branch"]).astype(np.int64)
    stage = each.get("stage", np.where(each["held"] == 1.0, HOLDING, AWARENESS))
    return BookTable(
        keys=customers.keys,
        segment=each["segment"].astype(np.int64),
        stage=stage.astype(np.int64),
        branch=np.searchsorted(used, each["branch"]).astype(np.int64),
        branches=tuple(branches[place] for place in used),
        traits={name: each[name] for name in scenario.behaviour.traits if name in each},
        switches={name: each[name] == 1.0 for name in (*SWITCHES, *OTHER_CONSENTS) if name in each},
        policies=_policies(values, customers) if "product" in values else None,
    )


def _policies(values: dict[str, Floats], customers: _Customers) -> BookPolicies:
    held = np.flatnonzero(values["held"])
    drawn = np.full(len(values["held"]), -1.0)
    premium, product = values.get("premium", drawn), values["product"]
    # The order of the rows has no say: oldest first, then by product and premium.
    order = np.lexsort((premium[held], product[held], values["issued"][held], customers.member[held]))
    rows = held[order]
    customer = customers.member[rows].astype(np.int64)
    _, start, count = np.unique(customer, return_index=True, return_counts=True)
    return BookPolicies(
        customer=customer,
        number=np.arange(len(rows)) - np.repeat(start, count),
        product=product[rows].astype(np.int64),
        age=-values["issued"][rows].astype(np.int64),
        premium=premium[rows].astype(np.int64),
        times=values.get("times", np.zeros(len(drawn)))[rows].astype(np.int64),
    )


def people_from_book(scenario: Scenario, streams: Streams, table: BookTable, branch: str) -> People:
    """The customers of a branch of the book at the start of the warm-up.

    What the book lacks is drawn from the customer's segment; a trait is drawn without regard to
    those that the book gives.

    Parameters
    ----------
    branch
        One of `book_branches`.
    """
    place = table.branches.index(branch)
    rows = np.flatnonzero(table.branch == place)
    stage = table.stage[rows]
    people = complete(scenario, streams, table.keys[rows], table.segment[rows], stage, np.full(len(rows), place))
    _give_traits(scenario, people, {name: values[rows] for name, values in table.traits.items()})
    _give_switches(people, {name: values[rows] for name, values in table.switches.items()})
    if table.policies is not None:
        _give_policies(people, table.policies, rows, len(table))
    return people


def _give_traits(scenario: Scenario, people: People, given: dict[str, Floats]) -> None:
    """Replace drawn traits, and move the session rates that depend on them along."""
    traits, depends = scenario.behaviour.traits, scenario.behaviour.sessions.depends
    for place, name in enumerate(traits):
        if name in given:
            values = given[name]
            if traits[name].log:  # no income at all has no logarithm; the segment has a lowest value
                lowest = by_segment(scenario, people.segment, lambda kind, n=name: kind.traits[n].low)
                values = np.maximum(values, lowest)
            new = covariate(traits[name], values)
            shift = depends.get(name, 0.0) * (new - people.traits[:, place])
            people.session_rate *= np.exp(shift)
            people.traits[:, place] = new


def _give_switches(people: People, given: dict[str, Bools]) -> None:
    for name, on in given.items():
        if name in OTHER_CONSENTS:
            bit = 1 << OTHER_CONSENTS[name]
            people.refused = np.where(on, people.refused & ~np.uint8(bit), people.refused | np.uint8(bit))
            continue
        mask, _, channel = name.partition("_")
        column, bit = ("marks", MARKED[name]) if name in MARKED else (mask, 1 << CHANNELS.index(channel))
        old = getattr(people, column)
        setattr(people, column, np.where(on, old | bit, old & ~bit))


def _give_policies(people: People, policies: BookPolicies, rows: Ints, size: int) -> None:
    """Replace drawn policies and what follows from them: since when a holder is a customer."""
    local = np.full(size, -1)
    local[rows] = np.arange(len(rows))
    owner = local[policies.customer]
    people.policies = []
    for number in range(int(policies.number.max(initial=-1)) + 1):
        mine = np.flatnonzero((policies.number == number) & (owner >= 0))
        if len(mine):
            generation: dict[str, Any] = {"rows": owner[mine], "product": policies.product[mine]}
            generation |= {name: getattr(policies, name)[mine] for name in ("age", "premium", "times")}
            people.policies.append(generation)
    if people.policies:
        oldest = people.policies[0]
        people.joined[oldest["rows"]] = -oldest["age"]
    holding = people.stage == HOLDING
    since = np.maximum(people.joined, people.stage_since)
    people.stage_since = np.where(holding, people.joined, since)
