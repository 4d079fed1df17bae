"""What the columns of the insurer's book mean: their names, and the values they may hold."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import numpy as np

from lifesim.population.book_cells import Cells, Complaints, Floats
from lifesim.population.columns import ORPHAN, REFUSES_TARGETING
from lifesim.population.consent import HEALTH_DATA, by_purpose, withholds_health_data
from lifesim.scenario import STAGES, Scenario
from lifesim.scenario.behaviour import Trait
from lifesim.scenario.channels import SENDING
from lifesim.scenario.contents import PURPOSES
from lifesim.scenario.people import Book, Population
from lifesim.scenario.quantities import parse_date, parse_name
from lifesim.scenario.wording import shown, suggest

Parse = Callable[[str], float]

POLICY_COLUMNS = ("product", "issued", "due", "premium")
#: Switches with their bit among the marks of a customer.
MARKED = {"orphan": ORPHAN, "refuses_targeting": REFUSES_TARGETING}
SWITCHES = (
    *MARKED,
    *(f"{mask}_{channel}" for mask in ("consent", "reach") for channel in SENDING),
)

#: Consents beside those to channels, with the place of their bit among what a customer refuses.
OTHER_CONSENTS = {
    **{f"consent_{purpose}": bit for bit, purpose in enumerate(PURPOSES)}, "consent_health_data": HEALTH_DATA,
}  # fmt: skip

#: Policies of a customer, leaving room in a byte for those that are bought later.
MOST_POLICIES = 100

_MOST_BRANCHES = 255

_ALIKE = 0.82  # an unused column so similar to a name that is lacking is taken for a misspelling
_EARLIEST = date(1950, 1, 1)
_CLOCK_REACH = timedelta(days=68 * 365)  # the past that fits into 32-bit seconds
_HIGHEST_PREMIUM_CNY = 1e9
_FARTHEST = 20.0  # scales between a trait and its centre; beyond, hazards lose all meaning
_BOUNDS = {"age": (0.0, 120.0), "income": (0.0, math.inf)}
_MIDNIGHT = re.compile(r"[T ]00:00(:00(\.0+)?)?(Z|\+00:00)?$")
_TRUTH = {"true": 1.0, "yes": 1.0, "1": 1.0, "是": 1.0} | {
    "false": 0.0, "no": 0.0, "0": 0.0, "否": 0.0,
}  # fmt: skip


def find_columns(scenario: Scenario, book: Book, cells: Cells, complaints: Complaints) -> dict[str, str]:
    """Name in the file of every column that the book gives, by its name in lifesim."""
    known = ["customer", "segment", "branch", "stage", *POLICY_COLUMNS, *SWITCHES, *OTHER_CONSENTS]
    known += [trait for trait in scenario.behaviour.traits if trait not in known]
    wanted = {name: book.columns.get(name, name) for name in known}
    headers = {name: header for name, header in wanted.items() if header in cells.columns}
    unused = [header for header in cells.columns if header not in headers.values()]
    for name, header in book.columns.items():
        place = f"population.book.columns.{name}"
        if name not in known:
            complaints.about_file(f"unknown name{suggest(name, known)}", place)
        elif name not in headers:
            hint = _among(header, unused)
            complaints.about_file(f"the file has no column {shown(header)}{hint}", place)
    required = {"customer"} if book.segment is not None else {"customer", "segment"}
    if any(name in headers for name in POLICY_COLUMNS):
        required |= {"product", "issued"}
    absent = [name for name in known if name not in headers and name not in book.columns]
    for name in absent:
        if name in required:
            complaints.about_file(f"the file lacks this column{_among(name, unused)}", name)
    _refuse_misspelt(unused, [name for name in absent if name not in required], complaints)
    _refuse_unasked(scenario, headers, complaints)
    return headers


def _refuse_unasked(scenario: Scenario, headers: dict[str, str], complaints: Complaints) -> None:
    """Consents that a world would not keep; those who join later need shares too."""
    for name, bit in OTHER_CONSENTS.items():
        key = "health_data: 70%" if bit == HEALTH_DATA else f"purposes: {{{PURPOSES[bit]}: 60%}}"
        kept = withholds_health_data(scenario) if bit == HEALTH_DATA else by_purpose(scenario)
        if name in headers and not kept:
            message = f"the scenario knows no such consent, which those who join need too; write {key} in its segments"
            complaints.about_file(message, headers[name])


def _among(name: str, unused: list[str]) -> str:
    return suggest(name, unused) if unused else ""


def _refuse_misspelt(unused: list[str], lacking: list[str], complaints: Complaints) -> None:
    """A column that is nearly one of those lacking would be drawn at random, unnoticed."""
    for header in unused:
        plain = re.sub(r"[ -]+", "_", header.lower())
        near = difflib.get_close_matches(plain, lacking, n=1, cutoff=_ALIKE)
        if near:
            complaints.about_file(f"unknown column; did you mean '{near[0]}'?", header)


def possible_branches(scenario: Scenario, cells: Cells, headers: dict[str, str], complaints: Complaints) -> list[str]:
    """Branches that rows may name, sorted: the scenario's own; where it names none, the file's."""
    declared = scenario.population.branches
    if "branch" not in headers:
        if len(declared) > 1:
            message = "the file lacks this column, and the scenario has several branches"
            complaints.about_file(message, "branch")
        return sorted(declared)
    if declared != Population.model_fields["branches"].default:
        return sorted(declared)
    _, texts = cells.distinct(headers["branch"], complaints)
    names = sorted({text for text in texts if text})
    if len(names) > _MOST_BRANCHES:
        message = f"names {len(names)} branches; at most {_MOST_BRANCHES} fit into a world"
        complaints.about_file(message, headers["branch"])
    return names


def parse_rows(
    scenario: Scenario,
    cells: Cells,
    headers: dict[str, str],
    branches: list[str],
    complaints: Complaints,
) -> dict[str, Floats]:
    """Value in each row of the columns given, NaN where there is none. Shape of each (rows,).

    Names become places in the scenario's lists, truth 0 or 1, dates seconds from the start of the
    warm-up, premiums fen. The further column ``held`` is 1 in rows with a policy.
    """
    parsers: dict[str, Parse] = {
        "segment": _one_of("segment", list(scenario.segments)),
        "branch": _one_of("branch", branches, parse_name),
        "stage": _one_of("stage", list(STAGES)),
        "product": _one_of("product", list(scenario.products)),
        "issued": _issued(scenario),
        "due": _due(scenario),
        "premium": _premium,
        **dict.fromkeys((*SWITCHES, *OTHER_CONSENTS), _truth),
    }
    for name, trait in scenario.behaviour.traits.items():
        parsers.setdefault(name, _trait(name, trait))
    held = np.zeros(len(cells.rows), bool)
    for name in POLICY_COLUMNS:
        if name in headers:
            held |= ~cells.blank(headers[name], complaints)
    values = {"held": held.astype(float)}
    for name, parse in parsers.items():
        if name in headers:
            where = held if name in POLICY_COLUMNS else None
            if name == "due":  # a policy that is paid up has none
                where = held & ~cells.blank(headers[name], complaints)
            values[name] = cells.parsed(headers[name], parse, complaints, where)
    return values


def _one_of(what: str, names: list[str], check: Callable[[str], object] = str) -> Parse:
    places = {name: float(place) for place, name in enumerate(names)}

    def parse(text: str) -> float:
        if text not in places:
            raise ValueError(f"unknown {what} {shown(text)}{suggest(text, names)}")
        check(text)
        return places[text]

    return parse


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        hint = "; write it without separators and units" if re.search(r"\d", text) else ""
        raise ValueError(f"{shown(text)} is not a number{hint}") from None
    if not math.isfinite(value):
        raise ValueError(f"{shown(text)} is not a finite number")
    return value


def _trait(name: str, trait: Trait) -> Parse:
    low, high = _BOUNDS.get(name, (0.0 if trait.log else -math.inf, math.inf))

    def parse(text: str) -> float:
        value = _number(text)
        if value < low:
            raise ValueError(f"{shown(text)} is below {low:g}")
        if value > high:
            raise ValueError(f"{shown(text)} is above {high:g}")
        # The logarithm of a small number is cut at the segment's lowest value later.
        far = math.log(max(value / trait.center, 1.0)) if trait.log else abs(value - trait.center)
        if far > _FARTHEST * trait.scale:
            raise ValueError(f"{shown(text)} is too far from {trait.center:g}; the unit is {trait.unit}")
        return value

    return parse


def _premium(text: str) -> float:
    value = _number(text)
    if value < 0:
        raise ValueError(f"{shown(text)} is negative; a premium is CNY a year")
    if value > _HIGHEST_PREMIUM_CNY:
        raise ValueError(f"{shown(text)} is above {_HIGHEST_PREMIUM_CNY:,.0f} CNY a year")
    return float(round(value * 100))


def _truth(text: str) -> float:
    value = _TRUTH.get(text.lower())
    if value is None:
        raise ValueError(f"{shown(text)} is neither true nor false")
    return value


def world_start(scenario: Scenario) -> datetime:
    """Time 0 of the world: the start of the warm-up."""
    return datetime.combine(scenario.start, time()) - timedelta(seconds=scenario.warm_up)


def _since_start(text: str, start: datetime) -> tuple[date, timedelta]:
    """A date, and how long after the start of the warm-up it is."""
    day = parse_date(_MIDNIGHT.sub("", text))
    return day, datetime.combine(day, time()) - start


def _due(scenario: Scenario) -> Parse:
    start = world_start(scenario)

    def parse(text: str) -> float:
        return _since_start(text, start)[1].total_seconds()

    return parse


def _issued(scenario: Scenario) -> Parse:
    start = world_start(scenario)
    earliest = max(_EARLIEST, (start - _CLOCK_REACH).date())

    def parse(text: str) -> float:
        day, since = _since_start(text, start)
        if since >= timedelta():
            raise ValueError(f"{day} is not before {start.date()}, the start of the warm-up")
        if day < earliest:
            raise ValueError(f"{day} is before {earliest}, the earliest that can be placed")
        return since.total_seconds()

    return parse
