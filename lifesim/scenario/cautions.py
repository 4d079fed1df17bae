"""What is worth a second look in a scenario that can run: most often a slip, sometimes meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from lifesim.errors import Problem
from lifesim.scenario.contact_checks import no_time_for_calls, unknown_orchestrations
from lifesim.scenario.quantities import parse_money, parse_rate
from lifesim.scenario.units import PathError
from lifesim.scenario.workdays import not_announced
from lifesim.scenario.yaml_nodes import KeyPath, dotted

if TYPE_CHECKING:
    from lifesim.scenario.models import Arm, Scenario

FEW_CUSTOMERS = 1_000
#: A figure that differs from the one it overrides by more than this factor is probably in another unit.
FAR = 20


def cautions(scenario: Scenario) -> list[Problem]:
    """One line each, with its place; none for most scenarios."""
    checks = (
        silent_arms, few_customers, far_from_inherited, not_announced, sold_for_nothing, cuts_that_change_nothing,
        unknown_orchestrations, no_time_for_calls, nobody_takes_calls,
    )  # fmt: skip
    found = [each for check in checks for each in check(scenario)]
    return [Problem(scenario.place(*each.path), dotted(each.path), each.message) for each in found]


def silent_arms(scenario: Scenario) -> Iterator[PathError]:
    """Arms that lack what the control's practice does, perhaps because `use` was forgotten."""
    control = scenario.arms[scenario.experiment.control].use
    practice = control or next(iter(scenario.practices), None)
    for name, arm in scenario.arms.items():
        if practice is not None and arm.use is None and (lacks := _lacks(arm, scenario.practices[practice])):
            yield PathError(
                ("arms", name),
                f"has no `use`, so it has {', '.join(lacks)}; "
                f"write use: {practice}, or leave it if silence is what you want to compare with",
            )


def _lacks(arm: Arm, practice: Arm) -> list[str]:
    own = [_name(each) for each in arm.orchestration]
    lacks = [f"no {_name(each)}" for each in practice.orchestration if _name(each) not in own]
    nobody = practice.allocation is not None and arm.allocation is None
    return [*lacks, *(["nobody who answers inquiries"] if nobody else [])]


def _name(plug_in: object) -> str:
    return str(next(iter(plug_in))) if isinstance(plug_in, dict) else str(plug_in)


def few_customers(scenario: Scenario) -> Iterator[PathError]:
    """Populations in which chance covers what a strategy does."""
    total = scenario.population.total
    if 0 < total < FEW_CUSTOMERS:
        yield PathError(
            ("population", "size"),
            f"{total:,} customers are few: chance will cover what a strategy does; write 10_000 for a quick look",
        )


def far_from_inherited(scenario: Scenario) -> Iterator[PathError]:
    """Premiums, costs and rates far above or below what they override; zero turns something off and is meant."""
    overrides = scenario._source.merging.overrides if scenario._source is not None else []
    for path, inherited, given in overrides:
        parse = _parser(path)
        if parse is None:
            continue
        with suppress(ValueError):  # the model has said so
            before, after = parse(inherited.value), parse(given.value)
            if before and after and not 1 / FAR <= after / before <= FAR:
                times = f"{after / before:.3g} times" if after > before else f"1/{before / after:.3g} of"
                where = f"{inherited.place.file}:{inherited.place.line}"
                yield PathError(path, f"{given.text} is {times} the {inherited.text} of {where}; is the unit right?")


def sold_for_nothing(scenario: Scenario) -> Iterator[PathError]:
    """Products that have a premium and no margin: selling them is worth nothing."""
    for name, product in scenario.products.items():
        if product.premium.median > 0 and product.value.margin == 0 and product.value.renewal_margin == 0:
            yield PathError(
                ("products", name, "value", "margin"), f"is 0: what is sold of {name} is worth nothing to us"
            )


def cuts_that_change_nothing(scenario: Scenario) -> Iterator[PathError]:
    """Price wars about products that are free, or withdrawn before the war begins."""
    gone = {each.product: each.end for each in scenario.market.withdrawals.values()}
    for war, terms in scenario.market.price_wars.items():
        for place, name in enumerate(terms.products):
            path = ("market", "price_wars", war, "products", place)
            if name in scenario.products and scenario.products[name].premium.median == 0:
                yield PathError(path, f"{name} is free: there is nothing to cut")
            elif name in gone and gone[name] <= terms.start:
                yield PathError(path, f"{name} is withdrawn before {terms.start}: the cut changes nothing")


def nobody_takes_calls(scenario: Scenario) -> Iterator[PathError]:
    """Desks without capacity, where there are no agents either: whoever asks waits in vain."""
    desk, sizes = scenario.desk, scenario.population.branch_sizes()
    pools = {"in all branches together": sum(sizes.values())} if desk.scope == "national" else {
        f"in branch '{branch}' with {customers:,} customers": customers for branch, customers in sizes.items()
    }  # fmt: skip
    for where, customers in pools.items():
        able = any(seats.number(customers) * seats.calls_per_hour for seats in desk.seats.values())
        if customers and not able and scenario.workforce is None:
            message = f"nobody {where} can take a call; raise per_10k or calls_per_hour of a group of seats"
            yield PathError(("desk", "seats"), message)
            return


def _parser(path: KeyPath) -> Callable[[object], float] | None:
    """How a premium, cost or rate is read; None for other figures."""
    if path[-1:] == ("rate",):
        return parse_rate
    money = path[-1:] in (("cost",), ("benefit",)) or path[-2:] == ("premium", "median")
    return parse_money if money else None
